/** The endpoints of storage: volumes, the forecast, what is wrong, and the addresses that are told. */
import { refuse, rfc3339 } from '../base/index.ts';
import { type Action, storage } from '../contract/index.ts';
import { markOf } from '../engine/index.ts';
import type { Subject, Who } from '../gate/index.ts';
import {
  addVolume,
  type Buckets,
  changeVolume,
  checkFolder,
  lostRingSpans,
  type Outlook,
  oldestSegment,
  removeVolume,
  rungs,
  type VolumeState,
  type VolumeWarning,
} from '../store/index.ts';
import type { Delivery, Webhook, Webhooks } from '../transmit/index.ts';
import { mount } from './route.ts';
import type { VideoEdge } from './video-edge.ts';

export interface VolumeParts {
  readonly outlook: Outlook;
  readonly webhooks: Webhooks;
  readonly dataDir: string;
  readonly buckets: Pick<Buckets, 'all'>;
}

type VolumesEdge = VideoEdge & VolumeParts;

export function mountVolumePages(edge: VideoEdge, parts: VolumeParts): void {
  const whole = { ...edge, ...parts };
  mountOverview(whole);
  mountVolumes(whole);
  mountMark(whole);
  mountWebhooks(whole);
}

const orNull = (ms: number | null): string | null => (ms === null ? null : rfc3339(Math.round(ms)));

// ---- what is

function mountOverview(edge: VolumesEdge): void {
  mount(edge, storage.overview, {
    handle: async ({ who }) => ({
      volumes: edge.volumes.states().map((volume) => asVolume(edge, volume)),
      cameras: camerasByUrgency(edge, who),
      warnings: warnings(edge, who),
      lostKeys: await lostKeys(edge),
      forecast: orNull(edge.outlook.madeMs),
      can: Object.fromEntries(
        (['storage.configure', 'webhook.configure'] as const).map(
          (action): [Action, true | { no: string }] => [
            action,
            edge.gate.can(who, action, { kind: 'storage' }),
          ],
        ),
      ),
    }),
  });
  mount(edge, storage.warnings, { handle: ({ who }) => ({ items: warnings(edge, who) }) });
}

/** Times of which there still is footage, sealed under a key ring that is lost. */
async function lostKeys({ db }: VolumesEdge): Promise<{ from: string | null; to: string }[]> {
  const spans = await lostRingSpans(db.kysely);
  const oldestMs = spans.length === 0 ? null : await oldestSegment(db);
  return spans
    .filter(({ toMs }) => oldestMs !== null && oldestMs < toMs)
    .map(({ fromMs, toMs }) => ({ from: orNull(fromMs === 0 ? null : fromMs), to: rfc3339(toMs) }));
}

const most = 1e15;

function asVolume(edge: VolumesEdge, volume: VolumeState) {
  const { createdMs, fullMs, away, rung, ...rest } = volume;
  const here = edge.cameras.all().filter(({ id }) => edge.volumes.placementOf(id)?.volumeId === volume.id);
  return {
    ...{
      id: rest.id,
      kind: rest.kind,
      name: rest.name,
      path: rest.path,
      state: rest.state,
      isSlow: rest.isSlow,
    },
    ...{ totalBytes: rest.totalBytes, freeBytes: rest.freeBytes, reservedBytes: rest.reservedBytes },
    ...{ reserveBytes: rest.reserveBytes, limitBytes: rest.limitBytes, roomBytes: rest.roomBytes },
    ...{ segments: rest.segments, bytes: rest.bytes, bytesPerS: rest.bytesPerS, addedBy: rest.addedBy },
    away: away && { why: away.why, since: rfc3339(away.sinceMs) },
    cameras: here.length,
    rung: rungs[rung],
    // Further off than a date can say is never.
    full: orNull(fullMs !== null && fullMs < most ? fullMs : null),
    sameDeviceAs: [...rest.sameDeviceAs],
    added: rfc3339(createdMs),
  };
}

function camerasByUrgency(edge: VolumesEdge, who: Who) {
  const names = new Map(edge.volumes.states().map(({ id, name }) => [id, name]));
  return edge.cameras
    .all()
    .filter(({ id, siteId }) => edge.gate.can(who, 'camera.read', { kind: 'camera', id, siteId }) === true)
    .map((camera) => {
      const { volumeId = null, mode = 'full' } = edge.volumes.placementOf(camera.id) ?? {};
      const outlook = edge.outlook.of(camera.id);
      return {
        ...{
          cameraId: camera.id,
          name: camera.name,
          siteName: camera.siteName,
          importance: camera.importance,
        },
        volume: volumeId === null ? null : (names.get(volumeId) ?? null),
        mode,
        bytesPerDay: Math.round(outlook?.bytesPerDay ?? (edge.volumes.measuredRate(camera.id) ?? 0) * 86_400),
        bytes: outlook?.bytes ?? 0,
        floorDays: outlook?.floorDays ?? null,
        fallsMs: outlook?.fallsMs ?? null,
      };
    })
    .sort((a, b) => (a.fallsMs ?? most) - (b.fallsMs ?? most) || b.bytesPerDay - a.bytesPerDay)
    .map(({ fallsMs, ...camera }) => ({ ...camera, falls: orNull(fallsMs) }));
}

function warnings(edge: VolumesEdge, who: Who) {
  // Why a bucket is away is a sentence with values of its own.
  const valuesOf = ({ kind, volumeId }: VolumeWarning) =>
    kind === 'volume-away'
      ? edge.buckets.all().find((one) => one.volumeId === volumeId)?.problem?.values
      : undefined;
  const names = new Map(edge.volumes.states().map(({ id, name }) => [id, name]));
  const mayKnow = ({ cameraId }: VolumeWarning) => {
    const camera = cameraId === null ? null : edge.cameras.get(cameraId);
    if (!camera) return cameraId === null;
    const { id, siteId } = camera;
    return edge.gate.can(who, 'camera.read', { kind: 'camera', id, siteId }) === true;
  };
  return edge.outlook
    .warnings()
    .filter(mayKnow)
    .map((warning) => ({ ...warning, detail: { ...valuesOf(warning), ...warning.detail } }))
    .map(({ kind, volumeId, cameraId, sinceMs, dueMs, detail }) => ({
      ...{ kind, cameraId, since: rfc3339(sinceMs), due: orNull(dueMs), detail },
      volume: volumeId === null ? null : (names.get(volumeId) ?? volumeId),
      camera: cameraId === null ? null : (edge.cameras.get(cameraId)?.name ?? null),
    }));
}

// ---- what is ordered

const stateOf = (edge: VolumesEdge, id: string): VolumeState =>
  edge.volumes.states().find((volume) => volume.id === id) ?? refuse('volume.unknown');

const volumeSubject =
  (edge: VolumesEdge) =>
  ({ params }: { params: { id: string } }): Subject => {
    const { id, name } = stateOf(edge, params.id);
    return { kind: 'volume', id, name };
  };

function mountVolumes(edge: VolumesEdge): void {
  mount(edge, storage.addVolume, {
    handle: async ({ body, grant, change }) => {
      const { watch, installationId } = edge.volumes;
      const known = { volumes: edge.volumes.states(), dataDir: edge.dataDir };
      const found = await checkFolder(watch, body.path, known);
      const at = { found, watch, installationId, nowMs: edge.clock.wallMs() };
      const id = await change(
        (trx) => addVolume(trx, grant, body, at),
        (made) => ({ subject: { kind: 'volume', id: made, name: body.name }, detail: { path: found.path } }),
      );
      await edge.volumes.reread();
      return asVolume(edge, stateOf(edge, id));
    },
  });
  mount(edge, storage.changeVolume, {
    subject: volumeSubject(edge),
    handle: async ({ params, body, grant, change }) => {
      const { reason, ...fields } = body;
      await change((trx) => changeVolume(trx, grant, fields), { reason, detail: fields });
      await edge.volumes.reread();
      return asVolume(edge, stateOf(edge, params.id));
    },
  });
  mount(edge, storage.removeVolume, {
    subject: volumeSubject(edge),
    handle: async ({ body, grant, change }) => {
      const { reason } = body;
      await change((trx) => removeVolume(trx, grant, reason, edge.clock.wallMs()), {
        ...{ reason, detail: { removed: true } },
      });
      await edge.volumes.reread();
      return {};
    },
  });
}

function mountMark(edge: VolumesEdge): void {
  mount(edge, storage.markVolume, {
    subject: volumeSubject(edge),
    handle: async ({ params, body, change }) => {
      const volume = stateOf(edge, params.id);
      const { watch, installationId } = edge.volumes;
      if (volume.away?.why !== 'unmarked') refuse('volume.is-there', { name: volume.name });
      // Written first: a row that says so without the marker would be a lie, the other way round only a second try.
      await change(() => watch.mark(volume.path, markOf({ volumeId: volume.id, installationId })), {
        ...{ reason: body.reason, detail: { path: volume.path, marked: true } },
      });
      return asVolume(edge, stateOf(edge, params.id));
    },
  });
}

// ---- who is told

const asWebhook = ({ id, url, reaches, addedMs, addedBy, waiting }: Webhook) => ({
  ...{ id, url, reaches, addedBy, waiting },
  added: rfc3339(addedMs),
});

const asDelivery = (delivery: Delivery) => ({
  ...{ id: delivery.id, webhookId: delivery.webhookId, kind: delivery.kind, state: delivery.state },
  ...{ tries: delivery.tries, status: delivery.status, problem: delivery.problem },
  ...{ made: rfc3339(delivery.madeMs), tried: orNull(delivery.triedMs) },
  due: delivery.state === 'waiting' ? rfc3339(delivery.dueMs) : null,
});

function mountWebhooks(edge: VolumesEdge): void {
  const { webhooks } = edge;
  const subject = async ({ params }: { params: { id: string } }): Promise<Subject> => {
    const found = await webhooks.find(params.id);
    return { kind: 'webhook', id: found.id, name: new URL(found.url).host };
  };
  mount(edge, storage.webhooks, {
    handle: async () => ({ items: (await webhooks.list()).map(asWebhook) }),
  });
  mount(edge, storage.deliveries, {
    handle: async () => ({ items: (await webhooks.deliveries()).map(asDelivery) }),
  });
  mount(edge, storage.addWebhook, {
    handle: async ({ body, grant, change }) => {
      const found = await webhooks.look(body.url);
      const { id, secret } = await change(
        (trx) => webhooks.add(trx, grant, found),
        (made) => ({
          subject: { kind: 'webhook', id: made.id, name: found.host },
          detail: { host: found.host },
        }),
      );
      return { webhook: asWebhook(await webhooks.find(id)), secret };
    },
  });
  mount(edge, storage.removeWebhook, {
    subject,
    handle: async ({ grant, change }) => {
      await change((trx) => webhooks.remove(trx, grant), { detail: { removed: true } });
      return {};
    },
  });
  mount(edge, storage.testWebhook, {
    subject,
    handle: async ({ params, note }) => {
      const tried = await webhooks.test(params.id);
      await note({ detail: { test: tried.state, problem: tried.problem ?? 'none' } });
      return asDelivery(tried);
    },
  });
}
