/** The endpoints of sites, cameras, timelines, views and the system, and the events that keep a console current. */
import { sql } from 'kysely';
import { Refusal, rfc3339, type SecretBox } from '../base/index.ts';
import {
  addCamera,
  addSite,
  type Camera,
  type CameraRegister,
  type CameraStates,
  changeCamera,
  changeSite,
  findCamera,
  findSite,
  listSites,
  openPassword,
  pauseCamera,
  readAddress,
  resumeCamera,
  retireCamera,
} from '../collect/index.ts';
import { type Action, collect, display, govern } from '../contract/index.ts';
import type { View, Views } from '../display/index.ts';
import type { Engine, EngineProcess, Source } from '../engine/index.ts';
import type { Subject, Who } from '../gate/index.ts';
import {
  calendar,
  type Gap,
  type Keeper,
  keptIn,
  oldestSegment,
  timeline,
  type Volumes,
} from '../store/index.ts';
import { mountCompleteness } from './completeness.ts';
import { mountMediaDoors } from './media.ts';
import { mountRecorded } from './recorded.ts';
import { type Edge, mount } from './route.ts';
import type { Server } from './server.ts';
import { usageOf } from './usage.ts';

export interface VideoParts {
  readonly box: SecretBox;
  readonly cameras: CameraRegister;
  readonly states: CameraStates;
  readonly engine: Engine;
  readonly keeper: Keeper;
  readonly views: Views;
  readonly volumes: Volumes;
  readonly version: string;
  readonly startedMs: number;
  readonly ffmpeg: { readonly path: string; readonly version: string } | null;
}

export type VideoEdge = Edge & VideoParts;

export function mountVideo(server: Server, parts: VideoParts): void {
  const edge: VideoEdge = { ...server, ...parts };
  mountSites(edge);
  mountCameras(edge);
  mountRecording(edge);
  mountProbe(edge);
  mountFootage(edge);
  mountRecorded(edge);
  mountViews(edge);
  mountCompleteness(edge);
  mountSystem(edge);
  mountMediaDoors(server, edge);
  streamEvents(server, edge);
}

// ---- sites

const asSite = async (edge: VideoEdge, id: string) => findSite(edge.db.kysely, id);

function mountSites(edge: VideoEdge): void {
  mount(edge, collect.sites, { handle: async () => ({ items: await listSites(edge.db.kysely) }) });
  mount(edge, collect.addSite, {
    handle: async ({ body, grant, change }) => {
      const id = await change(
        (trx) => addSite(trx, grant, body),
        (made) => ({ subject: { kind: 'site', id: made, name: body.name } }),
      );
      return asSite(edge, id);
    },
  });
  mount(edge, collect.changeSite, {
    subject: async ({ params }) => {
      const site = await findSite(edge.db.kysely, params.id);
      return { kind: 'site', id: site.id, name: site.name };
    },
    handle: async ({ params, body, grant, change }) => {
      await change((trx) => changeSite(trx, grant, body), { detail: { changed: Object.keys(body) } });
      await edge.cameras.siteChanged(params.id);
      return asSite(edge, params.id);
    },
  });
}

// ---- cameras

const subjectOf = (camera: Camera): Subject => ({
  kind: 'camera',
  id: camera.id,
  name: camera.name,
  siteId: camera.siteId,
});

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

function describe(edge: VideoEdge, camera: Camera, who: Who) {
  const subject = subjectOf(camera);
  const recordedMs = edge.keeper.recordedUntilMs(camera.id);
  return {
    id: camera.id,
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

function mountCameras(edge: VideoEdge): void {
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
      const id = await change(
        (trx) => addCamera(trx, grant, body, { box: edge.box, nowMs: edge.clock.wallMs() }),
        (made) => ({
          subject: { kind: 'camera', id: made, name: body.name, siteId: body.siteId },
          detail: { url: readAddress(body.url).url, ...soundDetail(body.soundBasis) },
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
        detail: { changed: Object.keys(fields), ...soundDetail(body.soundBasis) },
      });
      return describe(edge, await edge.cameras.changed(params.id, who.name), who);
    },
  });
}

/** Why sound is recorded is for the ledger as it was given; a password never is. */
const soundDetail = (basis: string | null | undefined): object =>
  basis === undefined ? {} : { soundBasis: basis };

function mountRecording(edge: VideoEdge): void {
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

// ---- probe

const probeWithinMs = 12_000;
const maxProbes = 8;
let probes = 0;

function mountProbe(edge: VideoEdge): void {
  mount(edge, collect.probe, {
    handle: async ({ body, note }) => {
      const source = probeSource(edge, body);
      const beganMs = edge.clock.monoMs();
      const found = await bounded(() => edge.engine.probe(source, probeWithinMs));
      await note({ detail: { probe: source.url, found: found.problem?.code ?? 'ok' } });
      const { problem, codec, width, height, audioCodec, transport } = found;
      return {
        ok: problem === null,
        problem: problem && { code: problem.code, values: { ...problem.values } },
        codec,
        width,
        height,
        audioCodec,
        transport,
        tookMs: Math.round(edge.clock.monoMs() - beganMs),
      };
    },
  });
}

/** A probe holds a connection to somewhere for seconds: a few at once are a form, more are a scan of the network. */
async function bounded<T>(work: () => Promise<T>): Promise<T> {
  if (probes >= maxProbes) throw new Refusal('request.too-many', { seconds: 5 });
  probes++;
  try {
    return await work();
  } finally {
    probes--;
  }
}

type ProbeBody = {
  url: string;
  user?: string | undefined;
  password?: string | undefined;
  transport: 'auto' | 'tcp' | 'udp';
  cameraId?: string | undefined;
};

function probeSource(edge: VideoEdge, body: ProbeBody): Source {
  const address = readAddress(body.url);
  const lender = body.cameraId === undefined ? null : edge.cameras.require(body.cameraId);
  const typed = body.password ?? address.password;
  const user = body.user ?? address.user ?? lender?.main.user ?? '';
  const password = typed ?? lent(edge, lender, address.url, user);
  const id = 'probe.main';
  return {
    id,
    cameraId: 'probe',
    stream: 'main',
    url: address.url,
    user,
    password,
    transport: body.transport,
    sound: false,
    always: false,
  };
}

/** A stored password goes to its own camera only: whoever may configure must not have it sent to a host of theirs. */
function lent(edge: VideoEdge, lender: Camera | null, url: string, user: string): string {
  if (!lender || new URL(lender.url).hostname !== new URL(url).hostname) return '';
  return user === lender.main.user ? openPassword(edge.box, lender, 'main') : '';
}

// ---- what is recorded

export const asGap = (gap: Gap) => ({
  from: rfc3339(Math.round(gap.fromMs)),
  to: rfc3339(Math.round(gap.toMs)),
  cause: gap.cause,
  detail: { ...gap.detail },
  open: gap.open,
});

const asSpan = (span: { fromMs: number; toMs: number }) => ({
  from: rfc3339(Math.round(span.fromMs)),
  to: rfc3339(Math.round(span.toMs)),
});

/** A retired camera's footage stays, and so does its timeline. */
const everKept =
  (edge: VideoEdge) =>
  async ({ params }: { params: { id: string } }): Promise<Subject> =>
    subjectOf(edge.cameras.get(params.id) ?? (await findCamera(edge.db.kysely, params.id)));

function mountFootage(edge: VideoEdge): void {
  mount(edge, display.timeline, {
    subject: everKept(edge),
    handle: async ({ params, query }) => {
      const camera = edge.cameras.get(params.id) ?? (await findCamera(edge.db.kysely, params.id));
      const span = { fromMs: Date.parse(query.from), toMs: Date.parse(query.to) };
      const { spans, gaps, oldestMs, newestMs, coverage } = await timeline(edge, camera, span);
      const kept = await keptIn(edge.db.kysely, camera.id, span, edge.clock.wallMs());
      return {
        ...asSpan(span),
        spans: spans.map(asSpan),
        gaps: gaps.map(asGap),
        holds: kept.holds.map(({ id, ...held }) => ({ id, ...asSpan(held) })),
        marks: kept.marks.map(({ id, kind, ...marked }) => ({ id, kind, ...asSpan(marked) })),
        oldest: oldestMs === null ? null : rfc3339(oldestMs),
        newest: newestMs === null ? null : rfc3339(newestMs),
        coverage,
      };
    },
  });
  mount(edge, display.calendar, {
    subject: everKept(edge),
    handle: async ({ params, query }) => {
      const camera = edge.cameras.get(params.id) ?? (await findCamera(edge.db.kysely, params.id));
      return { days: await calendar(edge, camera, query.month, query.timeZone) };
    },
  });
}

// ---- views

export const viewAction = (kind: 'live' | 'playback') => `view.${kind}` as const;

function mountViews(edge: VideoEdge): void {
  mount(edge, display.openView, {
    deed: 'view.open',
    misfits: { 'body.purpose': 'view.purpose' },
    handle: async ({ who, body, written }) => {
      const camera = await cameraToView(edge, body.camera, body.kind);
      const detail = { purpose: body.purpose };
      const grant = await edge.gate.admit(who, viewAction(body.kind), subjectOf(camera), detail);
      const view = await edge.views.open(who, grant, camera, {
        kind: body.kind,
        fromMs: body.kind === 'playback' && body.from ? Date.parse(body.from) : null,
        toMs: body.kind === 'playback' && body.to ? Date.parse(body.to) : null,
        purpose: body.purpose,
        stream: body.stream,
        h265: body.abilities?.h265 ?? false,
      });
      written();
      return opened(view);
    },
  });
  mount(edge, display.views, {
    handle: ({ who }) => ({ items: edge.views.of(who).map(asView) }),
  });
  mount(edge, display.closeView, {
    deed: 'view.close',
    handle: async ({ who, params, note }) => {
      const view = edge.views.find(params.ticket, who);
      edge.views.end(view, 'closed');
      await note({ action: 'view.close', subject: subjectOf(view.camera), detail: { view: view.id } });
      return {};
    },
  });
  mount(edge, display.renewView, {
    deed: 'view.renew',
    handle: async ({ who, params }) => {
      const view = edge.views.find(params.ticket, who);
      const grant = await edge.gate.admit(who, viewAction(view.kind), subjectOf(view.camera), {
        view: view.id,
      });
      return { expires: rfc3339(await edge.views.renew(view, grant)) };
    },
  });
}

async function cameraToView(edge: VideoEdge, id: string, kind: 'live' | 'playback'): Promise<Camera> {
  const camera = edge.cameras.get(id);
  if (camera) return camera;
  return kind === 'playback' ? findCamera(edge.db.kysely, id) : edge.cameras.require(id);
}

const orNull = (ms: number | null): string | null => (ms === null ? null : rfc3339(ms));

const opened = (view: View) => ({
  ticket: view.id,
  url: `/media/${view.id}`,
  expires: rfc3339(view.expiresMs),
  stream: view.stream,
  transcoded: view.transcoded,
  from: orNull(view.fromMs),
  to: orNull(view.toMs),
});

const asView = (view: View) => ({
  ticket: view.id,
  camera: view.camera.id,
  cameraName: view.camera.name,
  kind: view.kind,
  person: view.who.name,
  purpose: view.purpose,
  opened: rfc3339(view.openedMs),
  expires: rfc3339(view.expiresMs),
  deliveredS: view.deliveredS,
});

// ---- the system

/** What is off without FFmpeg, as the console names it. */
const needsFfmpeg = ['stills', 'h265-transcode'];

function mountSystem(edge: VideoEdge): void {
  mount(edge, govern.system, {
    handle: async () => {
      const oldest = orNull(await oldestSegment(edge.db));
      return {
        version: edge.version,
        started: rfc3339(edge.startedMs),
        now: rfc3339(edge.clock.wallMs()),
        node: process.versions.node,
        database: { version: edge.db.version, embedded: edge.db.embedded, bytes: await databaseBytes(edge) },
        ffmpeg: {
          found: edge.ffmpeg !== null,
          version: edge.ffmpeg?.version ?? null,
          off: edge.ffmpeg ? [] : needsFfmpeg,
        },
        volumes: edge.volumes.states().map(({ id, path, totalBytes, freeBytes, segments, bytes }) => ({
          ...{ id, path, totalBytes, freeBytes, segments, bytes, oldest },
        })),
        engine: await Promise.all(edge.engine.processes().map((one) => asProcess(edge, one))),
        transcodes: edge.engine.transcodes(),
      };
    },
  });
}

async function databaseBytes(edge: VideoEdge): Promise<number> {
  const { rows } = await sql<{ bytes: number }>`select pg_database_size(current_database()) as bytes`.execute(
    edge.db.kysely,
  );
  return rows[0]?.bytes ?? 0;
}

async function asProcess(edge: VideoEdge, { sinceMs, ...rest }: EngineProcess) {
  const usage = rest.pid === null ? null : await usageOf(rest.pid, edge.clock);
  return {
    ...rest,
    since: orNull(sinceMs),
    memoryMb: usage?.memoryMb ?? null,
    cpuPercent: usage?.cpuPercent ?? null,
  };
}

// ---- events

const flushEveryMs = 500;
/** A camera that falls silent changes its status by time alone, and no fact says so. */
const lookEveryMs = 2_000;

function streamEvents(server: Server, edge: VideoEdge): void {
  server.stream('/api/events', 'camera.read', { kind: 'camera' }, (who, send) => {
    const changed = new Set<string>();
    const sent = new Map<string, string>();
    const flush = setInterval(() => {
      for (const id of changed) sendCamera(edge, who, id, sent, send);
      changed.clear();
    }, flushEveryMs);
    const look = setInterval(() => {
      for (const camera of edge.cameras.all())
        if (sent.get(camera.id) !== edge.states.status(camera)) changed.add(camera.id);
    }, lookEveryMs);
    const mark = (id: string) => void changed.add(id);
    const stops = [
      edge.states.onChange(mark),
      edge.cameras.onChange(({ after }) => mark(after.id)),
      edge.keeper.onGap((cameraId, gap) => send({ kind: 'gap', cameraId, gap: asGap(gap) })),
      edge.states.onEngine((up) => send({ kind: 'engine', up })),
    ];
    return () => {
      clearInterval(flush);
      clearInterval(look);
      for (const stop of stops) stop();
    };
  });
}

function sendCamera(
  edge: VideoEdge,
  who: Who,
  id: string,
  sent: Map<string, string>,
  send: (event: unknown) => void,
): void {
  const camera = edge.cameras.get(id);
  if (!camera) {
    sent.delete(id);
    send({ kind: 'camera-gone', id });
  } else if (edge.gate.can(who, 'camera.read', subjectOf(camera)) === true) {
    const described = describe(edge, camera, who);
    sent.set(id, described.status);
    send({ kind: 'camera', camera: described });
  }
}
