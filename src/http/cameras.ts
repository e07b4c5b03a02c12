/** The endpoints of cameras: the register, what is done with one, and the recording that a person pauses. */
import { rfc3339 } from '../base/index.ts';
import {
  type Camera,
  changeCamera,
  makeCamera,
  pauseCamera,
  readAddress,
  resumeCamera,
  retireCamera,
} from '../collect/index.ts';
import { type Action, collect } from '../contract/index.ts';
import type { Subject, Who } from '../gate/index.ts';
import { cameraRecords, describeFacts, describeLife } from './life.ts';
import { mount } from './route.ts';
import { subjectOf, type VideoEdge } from './video-edge.ts';

/** Retired ones are not there any more for whoever would change them. */
const present =
  (edge: VideoEdge) =>
  ({ params }: { params: { id: string } }): Subject =>
    subjectOf(edge.cameras.require(params.id));

const cameraActions = [
  'camera.configure',
  'camera.pause',
  'view.live',
  'view.playback',
  'footage.still',
  'footage.download',
] as const satisfies readonly Action[];

export function describe(edge: VideoEdge, camera: Camera, who: Who) {
  const subject = subjectOf(camera);
  const recordedMs = edge.keeper.recordedUntilMs(camera.id);
  return {
    id: camera.id,
    number: camera.number,
    name: camera.name,
    siteId: camera.siteId,
    siteName: camera.siteName,
    url: camera.url,
    subUrl: camera.subUrl,
    user: camera.main.user,
    hasPassword: camera.main.sealed !== null,
    transport: camera.transport,
    soundBasis: camera.soundBasis,
    recording: camera.paused ? ('paused' as const) : ('on' as const),
    pausedBy: camera.paused?.by ?? null,
    pausedReason: camera.paused?.reason ?? null,
    status: edge.states.status(camera),
    facts: describeFacts(camera.facts),
    records: cameraRecords(camera),
    life: describeLife(camera, edge.clock.wallMs()),
    streams: edge.states.streams(camera.id).map(({ sinceMs, ...stream }) => ({
      ...stream,
      problem: stream.problem && { code: stream.problem.code, values: { ...stream.problem.values } },
      since: sinceMs === null ? null : rfc3339(sinceMs),
    })),
    recordedUntil: recordedMs === null ? null : rfc3339(recordedMs),
    importance: camera.importance,
    revision: camera.revision,
    can: Object.fromEntries(cameraActions.map((action) => [action, edge.gate.can(who, action, subject)])),
  };
}

export function mountCameras(edge: VideoEdge): void {
  mount(edge, collect.cameras, {
    handle: ({ who, query }) => {
      const mayRead = (camera: Camera) => edge.gate.can(who, 'camera.read', subjectOf(camera)) === true;
      const items = edge.cameras
        .all()
        .filter((camera) => (query.site === undefined || camera.siteId === query.site) && mayRead(camera))
        .map((camera) => describe(edge, camera, who));
      return { items };
    },
  });
  mount(edge, collect.cameraById, {
    subject: present(edge),
    handle: ({ who, params }) => describe(edge, edge.cameras.require(params.id), who),
  });
  mount(edge, collect.addCamera, {
    handle: async ({ who, body, grant, change }) => {
      const { id } = await change(
        (trx) => makeCamera(trx, grant, body, { box: edge.box, nowMs: edge.clock.wallMs() }),
        (made) => ({
          subject: { kind: 'camera', id: made.id, name: body.name, siteId: body.siteId },
          detail: {
            ...{ url: readAddress(body.url).url, step: made.step, ...soundDetail(body.soundBasis) },
            ...(body.facts?.room ? { room: body.facts.room } : {}),
            ...(body.records?.length ? { records: body.records } : {}),
          },
        }),
      );
      return describe(edge, await edge.cameras.changed(id, who.name), who);
    },
  });
  mount(edge, collect.changeCamera, {
    subject: present(edge),
    handle: async ({ who, params, body, grant, change }) => {
      const { revision: _, ...fields } = body;
      await change((trx) => changeCamera(trx, grant, body, edge.box), {
        detail: {
          changed: Object.keys(fields),
          ...(body.facts ? { facts: body.facts } : {}),
          ...soundDetail(body.soundBasis),
        },
      });
      return describe(edge, await edge.cameras.changed(params.id, who.name), who);
    },
  });
}

/** Why sound is recorded is for the ledger as it was given; a password never is. */
const soundDetail = (basis: string | null | undefined): object =>
  basis === undefined ? {} : { soundBasis: basis };

export function mountRecording(edge: VideoEdge): void {
  mount(edge, collect.retireCamera, {
    subject: present(edge),
    handle: async ({ who, params, body, grant, change }) => {
      await change((trx) => retireCamera(trx, grant, body.reason), {
        reason: body.reason,
        detail: { retired: true },
      });
      await edge.cameras.changed(params.id, who.name);
      return {};
    },
  });
  mount(edge, collect.pauseCamera, {
    subject: present(edge),
    handle: async ({ who, params, body, grant, change }) => {
      await change((trx) => pauseCamera(trx, grant, body.reason), {
        reason: body.reason,
        detail: { recording: 'paused' },
      });
      return describe(edge, await edge.cameras.changed(params.id, who.name), who);
    },
  });
  mount(edge, collect.resumeCamera, {
    subject: present(edge),
    handle: async ({ who, params, grant, change }) => {
      await change((trx) => resumeCamera(trx, grant), { detail: { recording: 'on' } });
      return describe(edge, await edge.cameras.changed(params.id, who.name), who);
    },
  });
}
