/** The endpoints of a camera's life: its steps, what stands on record, and how both are told. */
import type { z } from 'zod';
import { Refusal, rfc3339 } from '../base/index.ts';
import {
  addRecord,
  askStanding,
  type Camera,
  type CameraRegister,
  type DocumentType,
  documentsOf,
  endRecord,
  findCamera,
  findRecord,
  findSite,
  judgeCameras,
  type LegalRecord,
  lawfulSite,
  listRecords,
  type Site,
  stepCamera,
} from '../collect/index.ts';
import { collect } from '../contract/index.ts';
import type { Subject, Who } from '../gate/index.ts';
import {
  type CameraFacts,
  type CameraStep,
  type Lack,
  localDay,
  nextSteps,
  type Records,
} from '../law/index.ts';
import { type Edge, mount } from './route.ts';

export interface LifeEdge extends Edge {
  readonly cameras: CameraRegister;
}

// ---- told

const plainRecords = (records: Records) =>
  Object.fromEntries(
    Object.entries(records).map(([kind, { on, until, text, by }]) => [
      kind,
      { on, ...(until ? { until } : {}), ...(text ? { text } : {}), ...(by ? { by } : {}) },
    ]),
  );

export const describeSite = (site: Site) => ({
  id: site.id,
  name: site.name,
  address: site.address,
  timeZone: site.timeZone,
  cameras: site.cameras,
  law: {
    profiles: [...site.law.profiles],
    placeClass: site.law.placeClass,
    decided: site.decided && {
      ...{ at: rfc3339(site.decided.atMs), by: site.decided.by, why: site.decided.why },
    },
    placeType: site.law.placeType,
    keyTarget: site.law.keyTarget,
    owner: site.law.owner,
    functions: [...site.law.functions],
    area: [...site.law.area],
    neighbours: site.law.neighbours.map((each) => ({ ...each, outline: [...each.outline] })),
    privateAreas: site.law.privateAreas.map((each) => ({ ...each, outline: [...each.outline] })),
    records: plainRecords(site.law.records),
  },
});

export const describeFacts = (facts: CameraFacts) => ({
  room: facts.room,
  zone: facts.zone,
  owner: facts.owner,
  purpose: facts.purpose,
  position: facts.at,
  azimuthDeg: facts.azimuthDeg,
  angleDeg: facts.angleDeg,
  rangeM: facts.rangeM,
  turns: facts.turns,
  masked: [...facts.masked],
  capabilities: [...facts.capabilities],
  endOfSupport: facts.endOfSupport,
});

interface Judged {
  readonly day: string;
  readonly step: CameraStep;
  readonly missing: readonly Lack[];
  readonly next: { to: CameraStep; lacking: string[]; no?: string }[];
}

/** A camera's judgement of a day stands until the camera is read anew. */
const judged = new WeakMap<Camera, Judged>();

function judge(camera: Camera, nowMs: number): Judged {
  const day = localDay(nowMs, camera.timeZone);
  const known = judged.get(camera);
  if (known?.day === day) return known;
  const operating = askStanding(camera.facts, camera.site, 'operating', day);
  const missing = operating.kind === 'lacking' ? operating.lacking : [];
  // Between midnight and the hourly look a camera whose necessity went stale is shown as what it is by then.
  const isOver = camera.step === 'operating' && !camera.carriedOver && operating.kind !== 'ok';
  const next = nextSteps(camera.step).map((to) => answer(camera, to, day));
  const made = { day, step: isOver ? ('tested' as const) : camera.step, missing, next };
  judged.set(camera, made);
  return made;
}

function answer(camera: Camera, to: CameraStep, day: string): Judged['next'][number] {
  const verdict = askStanding(camera.facts, camera.site, to, day);
  switch (verdict.kind) {
    case 'ok':
    case 'order':
      return { to, lacking: [] };
    case 'lacking':
      return { to, lacking: verdict.lacking.map(({ need }) => need) };
    case 'prohibited':
      return { to, lacking: [], no: 'camera.prohibited-here' };
    case 'no-ruling':
      return { to, lacking: [], no: 'camera.no-ruling' };
  }
}

export function describeLife(camera: Camera, nowMs: number) {
  const { step, missing, next } = judge(camera, nowMs);
  return {
    step,
    since: camera.stepped === null ? null : rfc3339(camera.stepped.atMs),
    by: camera.stepped?.by || null,
    reason: camera.stepped?.reason || null,
    operatingSince: camera.facts.operatingSince,
    carriedOver: camera.carriedOver,
    missing: missing.map(({ need, because }) => ({
      need,
      because: because.map(({ answer: { cite } }) => ({
        instrument: cite.instrument,
        article: cite.article,
        quote: cite.quote,
      })),
    })),
    next: next.map(({ to, lacking, no }) => ({ to, lacking: [...lacking], ...(no ? { no } : {}) })),
  };
}

export const cameraRecords = (camera: Camera) => plainRecords(camera.facts.records);

const asRecord = (record: LegalRecord, document: { name: string; type: DocumentType } | null = null) => ({
  id: record.id,
  siteId: record.siteId,
  cameraId: record.cameraId,
  kind: record.kind,
  on: record.on,
  until: record.until,
  said: record.said,
  written: rfc3339(record.writtenMs),
  writtenBy: record.writtenBy,
  ended: record.ended === null ? null : rfc3339(record.ended.atMs),
  endedBy: record.ended?.by ?? null,
  endedReason: record.ended?.reason ?? null,
  document: document && { ...document },
});

// ---- done

type Describe = (camera: Camera, who: Who) => z.input<typeof collect.camera>;

export function mountLife(edge: LifeEdge, describe: Describe): void {
  mountSteps(edge, describe);
  mountRecords(edge);
}

/** A retired camera can be brought back, so it is looked for in the rows and not among those in use. */
const ofCamera =
  (edge: LifeEdge) =>
  async ({ params }: { params: { id: string } }): Promise<Subject> => {
    const { id, name, siteId } = await findCamera(edge.db.kysely, params.id);
    return { kind: 'camera', id, name, siteId };
  };

function mountSteps(edge: LifeEdge, describe: Describe): void {
  mount(edge, collect.stepCamera, {
    subject: ofCamera(edge),
    handle: async ({ who, params, body, grant, change }) => {
      await change(
        (trx) => stepCamera(trx, grant, body),
        ({ from }) => ({ reason: body.reason || null, detail: { step: { from, to: body.to } } }),
      );
      return describe(await edge.cameras.changed(params.id, who.name), who);
    },
  });
}

function mountRecords(edge: LifeEdge): void {
  const db = edge.db.kysely;
  mount(edge, collect.legalRecords, {
    handle: async ({ query }) => {
      const found = await listRecords(db, { siteId: query.site, cameraId: query.camera });
      const documents = await documentsOf(
        db,
        found.map(({ id }) => id),
      );
      return { items: found.map((each) => asRecord(each, documents.get(each.id) ?? null)) };
    },
  });
  mount(edge, collect.addSiteRecord, {
    subject: async ({ params }) => {
      const { id, name } = await findSite(db, params.id);
      return { kind: 'site', id, name };
    },
    handle: async ({ who, params, body, grant, change }) => {
      const of = { siteId: params.id, cameraId: null };
      const id = await change(
        (trx) => addRecord(trx, grant, of, body),
        (record) => ({ detail: { record, ...body } }),
      );
      await edge.cameras.siteChanged(params.id, who.name);
      return asRecord(await findRecord(db, id));
    },
  });
  mount(edge, collect.addCameraRecord, {
    subject: ofCamera(edge),
    handle: async ({ who, params, body, grant, change }) => {
      const siteId = grant.subject.siteId ?? '';
      const id = await change(
        (trx) => addRecord(trx, grant, { siteId, cameraId: params.id }, body),
        (record) => ({ detail: { record, ...body } }),
      );
      await edge.cameras.siteChanged(siteId, who.name);
      return asRecord(await findRecord(db, id));
    },
  });
  mountEnding(edge);
}

function mountEnding(edge: LifeEdge): void {
  const db = edge.db.kysely;
  mount(edge, collect.endRecord, {
    subject: async ({ params }) => {
      const { cameraId, siteId } = await findRecord(db, params.id);
      if (cameraId === null) return { kind: 'site', id: siteId, name: (await findSite(db, siteId)).name };
      return { kind: 'camera', id: cameraId, name: (await findCamera(db, cameraId)).name, siteId };
    },
    handle: async ({ who, params, body, grant, change }) => {
      const { siteId } = await findRecord(db, params.id);
      await change(
        async (trx) => {
          await endRecord(trx, grant, { id: params.id, reason: body.reason });
          const site = await lawfulSite(trx, siteId);
          if (!site) throw new Refusal('site.unknown');
          await judgeCameras(trx, grant, site, 'suspend');
        },
        { reason: body.reason, detail: { record: params.id, ended: true } },
      );
      await edge.cameras.siteChanged(siteId, who.name);
      const document = (await documentsOf(db, [params.id])).get(params.id) ?? null;
      return asRecord(await findRecord(db, params.id), document);
    },
  });
}
