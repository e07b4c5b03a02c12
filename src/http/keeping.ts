/** The endpoints of keeping: a site's law and policy, holds, marks, erasure, certificates, and how the reaper is. */
import { rfc3339 } from '../base/index.ts';
import { type CameraRegister, findCamera, findSite } from '../collect/index.ts';
import { keeping as contract } from '../contract/index.ts';
import type { Subject } from '../gate/index.ts';
import { conflictName, type Reason } from '../law/index.ts';
import {
  addErasure,
  addHold,
  addMark,
  type CertifiedReason,
  certifiedReasons,
  classOf,
  confirmClock,
  conflictOfSite,
  decideConflict,
  type Erasure,
  findHold,
  findMark,
  type Hold,
  holdsOfSites,
  isHeld,
  isImportant,
  isInForce,
  type Keeper,
  keepingOfCamera,
  lawOf,
  listErasures,
  listHolds,
  listMarks,
  logFloorOn,
  logPeriod,
  type Mark,
  momentsOfSegment,
  type Reaper,
  releaseHold,
  removeMark,
  type SiteKeeping,
  setLogPeriod,
  settleKeeping,
  siteKeeping,
  siteKeepings,
} from '../store/index.ts';
import { mountCertificates } from './certificates.ts';
import { type Edge, mount } from './route.ts';

export interface KeepingParts {
  readonly reaper: Reaper;
  readonly keeper: Pick<Keeper, 'written'>;
  /** Told of a site whose law was settled: its cameras may have taken a step. */
  readonly cameras: CameraRegister;
}
type KeepingEdge = Edge & KeepingParts;

export function mountKeeping(server: Edge, parts: KeepingParts): void {
  const edge: KeepingEdge = { ...server, ...parts };
  mountSites(edge);
  mountReaper(edge);
  mountHolds(edge);
  mountMarks(edge);
  mountWhy(edge);
  mountErasures(edge);
  mountCertificates(edge);
}

const orNull = (ms: number | null): string | null => (ms === null ? null : rfc3339(Math.round(ms)));
const at = (ms: number): string => rfc3339(Math.round(ms));

const clauses = {
  floor: 'store.retention-floor',
  ceiling: 'store.retention-ceiling',
  important: 'store.important-value-floor',
  log: 'store.log-floor',
} as const;
const reasons = (clause: keyof typeof clauses, of: readonly Reason[]): CertifiedReason[] =>
  certifiedReasons(clauses[clause], of);

const ofSite =
  (edge: Edge) =>
  async ({ params }: { params: { id: string } }): Promise<Subject> => {
    const { id, name } = await findSite(edge.db.kysely, params.id);
    return { kind: 'site', id, name };
  };

/** A retired camera's footage is kept like any other. */
const cameraSubject = async (edge: Edge, id: string): Promise<Subject> => {
  const { name, siteId } = await findCamera(edge.db.kysely, id);
  return { kind: 'camera', id, name, siteId };
};
const ofCamera =
  (edge: Edge) =>
  ({ params }: { params: { id: string } }) =>
    cameraSubject(edge, params.id);

// ---- sites

function asSite(site: SiteKeeping, nowMs: number, holds: number) {
  const law = lawOf(site, nowMs);
  const found = site.settled ? conflictOfSite(site, nowMs) : null;
  return {
    siteId: site.siteId,
    siteName: site.siteName,
    profiles: [...site.profiles],
    placeClass: site.placeClass,
    placeType: site.placeType,
    keyTarget: site.keyTarget,
    period: site.policy.period as { n: number; unit: 'hour' | 'day' | 'month' | 'year' } | null,
    justification: site.policy.justification,
    givesWay: site.givesWay,
    settled: orNull(site.settled?.atMs ?? null),
    settledBy: site.settled?.by ?? null,
    floor: reasons('floor', law.floor.because),
    ceiling: reasons('ceiling', law.ceiling.because),
    important: reasons('important', law.important.because),
    unverified: [
      ...reasons('floor', law.floor.unverified),
      ...reasons('ceiling', law.ceiling.unverified),
      ...reasons('important', law.important.unverified),
    ],
    conflict: found && {
      name: conflictName(found.conflict),
      floor: reasons('floor', [found.conflict.floor])[0]!,
      ceiling: reasons('ceiling', [found.conflict.ceiling])[0]!,
      higher: found.conflict.higher,
    },
    decision:
      found?.isDecided && site.decided
        ? {
            keeps: site.decided.keeps,
            reason: site.decided.reason,
            by: site.decided.by,
            at: at(site.decided.atMs),
          }
        : null,
    holds,
  };
}

async function replySite(edge: Edge, id: string) {
  const nowMs = edge.clock.wallMs();
  const holds = await holdsOfSites(edge.db.kysely, nowMs);
  return asSite(await siteKeeping(edge.db.kysely, id), nowMs, holds.get(id) ?? 0);
}

function mountSites(edge: KeepingEdge): void {
  mount(edge, contract.settleSite, {
    subject: ofSite(edge),
    handle: async ({ who, params, body, grant, change }) => {
      await change((trx) => settleKeeping(trx, grant, body, edge.clock.wallMs()), {
        reason: body.justification || null,
        detail: { keeping: body },
      });
      await edge.cameras.siteChanged(params.id, who.name);
      edge.reaper.wake();
      return replySite(edge, params.id);
    },
  });
  mount(edge, contract.decideConflict, {
    subject: ofSite(edge),
    handle: async ({ params, body, grant, change }) => {
      await change(
        (trx) => decideConflict(trx, grant, body, edge.clock.wallMs()),
        () => ({ reason: body.reason, detail: { conflict: body.conflict, keeps: body.keeps } }),
      );
      edge.reaper.wake();
      return replySite(edge, params.id);
    },
  });
}

// ---- the reaper

function mountReaper(edge: KeepingEdge): void {
  mount(edge, contract.keeping, {
    handle: async () => {
      const nowMs = edge.clock.wallMs();
      const db = edge.db.kysely;
      const holds = await holdsOfSites(db, nowMs);
      const sites = await siteKeepings(db);
      const { belief, apartMs, lastPassMs, open, troubled } = await edge.reaper.state();
      const profiles = [...new Set(sites.flatMap((site) => site.profiles))];
      const floor = logFloorOn(profiles.length > 0 ? profiles : ['cn-national'], at(nowMs).slice(0, 10));
      return {
        sites: sites.map((site) => asSite(site, nowMs, holds.get(site.siteId) ?? 0)),
        reaper: {
          lastPass: orNull(lastPassMs),
          doubt: belief.doubt,
          proven: at(nowMs - apartMs),
          now: at(nowMs),
          open,
          troubled,
        },
        logPeriod: { ...(await logPeriod(db)) },
        logFloor: reasons('log', floor.because),
      };
    },
  });
  mount(edge, contract.confirmClock, {
    handle: async ({ body, grant, change }) => {
      const now = edge.reaper.reading();
      await change(
        (trx) => confirmClock(trx, grant, Date.parse(body.now), now),
        ({ provenMs, doubt }) => ({
          reason: body.reason,
          detail: { clock: at(now.wallMs), before: at(provenMs), doubt },
        }),
      );
      edge.reaper.wake();
      return { now: at(now.wallMs) };
    },
  });
  mount(edge, contract.setLogPeriod, {
    handle: async ({ body, grant, change }) => {
      await change((trx) => setLogPeriod(trx, grant, body.period, edge.reaper.reading()), {
        detail: { logPeriod: body.period },
      });
      return { period: body.period };
    },
  });
}

// ---- holds

const asHold = (hold: Hold, nowMs: number) => ({
  id: hold.id,
  cameraId: hold.cameraId,
  cameraName: hold.cameraName,
  siteName: hold.siteName,
  from: at(hold.fromMs),
  to: at(hold.toMs),
  until: orNull(hold.untilMs),
  reason: hold.reason,
  authority: hold.authority,
  reference: hold.reference,
  created: at(hold.createdMs),
  createdBy: hold.createdBy,
  released: orNull(hold.released?.atMs ?? null),
  releasedBy: hold.released?.by ?? null,
  releasedReason: hold.released?.reason ?? null,
  inForce: hold.released === null && isInForce(hold, nowMs),
});

/** One more than asked for tells whether there is a next page. */
function paged<T, R>(rows: readonly T[], limit: number, cursorOf: (row: T) => string, as: (row: T) => R) {
  const items = rows.slice(0, limit).map(as);
  const last = rows[limit - 1];
  return rows.length > limit && last !== undefined ? { items, next: cursorOf(last) } : { items };
}

function mountHolds(edge: KeepingEdge): void {
  const reply = async (id: string) => asHold(await findHold(edge.db.kysely, id), edge.clock.wallMs());
  mount(edge, contract.holds, {
    handle: async ({ query }) => {
      const nowMs = edge.clock.wallMs();
      const rows = await listHolds(edge.db.kysely, filterOf(query, nowMs));
      return paged(
        rows,
        query.limit,
        ({ id }) => id,
        (hold) => asHold(hold, nowMs),
      );
    },
  });
  mount(edge, contract.addHold, {
    subject: ofCamera(edge),
    handle: async ({ body, grant, change }) => {
      const { reason, authority, reference } = body;
      const untilMs = body.until ? Date.parse(body.until) : null;
      const span = { fromMs: Date.parse(body.from), toMs: Date.parse(body.to) };
      const given = { ...span, untilMs, reason, authority, reference };
      const id = await change(
        (trx) => addHold(trx, grant, given, edge.clock.wallMs()),
        (hold) => ({
          reason,
          detail: { hold, from: body.from, to: body.to, until: body.until ?? null, authority, reference },
        }),
      );
      return reply(id);
    },
  });
  mount(edge, contract.releaseHold, {
    subject: async ({ params }) => cameraSubject(edge, (await findHold(edge.db.kysely, params.id)).cameraId),
    handle: async ({ params, body, grant, change }) => {
      const given = { id: params.id, cameraId: grant.subject.id ?? '', reason: body.reason };
      await change((trx) => releaseHold(trx, grant, given, edge.clock.wallMs()), {
        reason: body.reason,
        detail: { hold: params.id, released: true },
      });
      edge.reaper.wake();
      return reply(params.id);
    },
  });
}

const filterOf = (
  query: {
    limit: number;
    cursor?: string | undefined;
    camera?: string | undefined;
    all: 'true' | 'false';
  },
  nowMs: number,
) => ({
  limit: query.limit + 1,
  beforeId: query.cursor ?? null,
  cameraId: query.camera ?? null,
  all: query.all === 'true',
  nowMs,
});

// ---- marks

const asMark = (mark: Mark) => ({
  id: mark.id,
  cameraId: mark.cameraId,
  cameraName: mark.cameraName,
  siteName: mark.siteName,
  from: at(mark.fromMs),
  to: at(mark.toMs),
  kind: mark.kind,
  period: mark.period && { ...mark.period },
  reason: mark.reason,
  created: at(mark.createdMs),
  createdBy: mark.createdBy,
  removed: orNull(mark.removed?.atMs ?? null),
  removedBy: mark.removed?.by ?? null,
});

function mountMarks(edge: KeepingEdge): void {
  const reply = async (id: string) => asMark(await findMark(edge.db.kysely, id));
  mount(edge, contract.marks, {
    handle: async ({ query }) => {
      const rows = await listMarks(edge.db.kysely, filterOf(query, edge.clock.wallMs()));
      return paged(rows, query.limit, ({ id }) => id, asMark);
    },
  });
  mount(edge, contract.addMark, {
    subject: ofCamera(edge),
    handle: async ({ body, grant, change }) => {
      const span = { fromMs: Date.parse(body.from), toMs: Date.parse(body.to) };
      const given = { ...span, kind: body.kind, period: body.period ?? null, reason: body.reason };
      const id = await change(
        (trx) => addMark(trx, grant, given, edge.clock.wallMs()),
        (mark) => ({
          reason: body.reason,
          detail: { mark, kind: body.kind, from: body.from, to: body.to, period: given.period },
        }),
      );
      return reply(id);
    },
  });
  mount(edge, contract.removeMark, {
    subject: async ({ params }) => cameraSubject(edge, (await findMark(edge.db.kysely, params.id)).cameraId),
    handle: async ({ params, body, grant, change }) => {
      const given = { id: params.id, cameraId: grant.subject.id ?? '', reason: body.reason };
      await change((trx) => removeMark(trx, grant, given, edge.clock.wallMs()), {
        reason: body.reason,
        detail: { mark: params.id, removed: true },
      });
      edge.reaper.wake();
      return reply(params.id);
    },
  });
}

// ---- why, and erasure

function mountWhy(edge: KeepingEdge): void {
  mount(edge, contract.whyKept, {
    subject: ofCamera(edge),
    handle: async ({ params, query }) => {
      const nowMs = edge.clock.wallMs();
      const atMs = Date.parse(query.at);
      const of = await keepingOfCamera(edge.db.kysely, params.id, nowMs);
      const instant = { startMs: atMs, endMs: atMs };
      const moments = momentsOfSegment(instant, of);
      return {
        at: at(atMs),
        settled: moments !== null,
        earliest: at(moments?.earliestMs ?? atMs),
        earliestBecause: reasons('floor', moments?.earliestBecause ?? []),
        due: orNull(moments?.dueMs ?? null),
        dueBecause: reasons('floor', moments?.dueBecause ?? []),
        latest: orNull(moments?.latestMs ?? null),
        latestBecause: reasons('ceiling', moments?.latestBecause ?? []),
        class: classOf(instant, of, nowMs),
        isHeld: isHeld(of, instant, nowMs),
        isImportant: isImportant(instant, of),
        isUndecided: moments?.undecided != null,
      };
    },
  });
}

const asErasure = (erasure: Erasure) => ({
  id: erasure.id,
  cameraId: erasure.cameraId,
  cameraName: erasure.cameraName,
  siteName: erasure.siteName,
  from: at(erasure.fromMs),
  to: at(erasure.toMs),
  requester: erasure.requester,
  reason: erasure.reason,
  created: at(erasure.createdMs),
  createdBy: erasure.createdBy,
  closed: orNull(erasure.closedMs),
  pieces: erasure.pieces.map((piece) => ({
    from: at(piece.fromMs),
    to: at(piece.toMs),
    outcome: piece.outcome,
    until: orNull(piece.untilMs),
    because: [...piece.because],
  })),
});

const rowsWithinMs = 5_000;

function mountErasures(edge: KeepingEdge): void {
  mount(edge, contract.erasures, {
    handle: async ({ query }) => {
      const rows = await listErasures(edge.db.kysely, {
        limit: query.limit + 1,
        beforeId: query.cursor ?? null,
      });
      return paged(rows, query.limit, ({ id }) => id, asErasure);
    },
  });
  mount(edge, contract.addErasure, {
    subject: ofCamera(edge),
    handle: async ({ body, grant, change }) => {
      const { requester, reason } = body;
      const given = { fromMs: Date.parse(body.from), toMs: Date.parse(body.to), requester, reason };
      // What was recorded a moment ago is part of the answer.
      await edge.keeper.written(rowsWithinMs);
      const made = await change(
        (trx) => addErasure(trx, grant, given, edge.clock.wallMs()),
        ({ id, pieces }) => ({
          reason,
          // Who asked stands in the register of requests, which can be corrected; the ledger cannot.
          detail: {
            ...{ erasure: id, from: body.from, to: body.to },
            outcomes: pieces.map(({ outcome }) => outcome).filter((each, i, all) => all.indexOf(each) === i),
          },
        }),
      );
      edge.reaper.wake();
      return asErasure(made);
    },
  });
}
