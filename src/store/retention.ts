/** How long each site keeps: what a person settled, held against the law before it is saved, and read for the reaper. */
import { type Kysely, sql, type Transaction } from 'kysely';
import { type Because, refuse } from '../base/index.ts';
import { classifySite } from '../collect/index.ts';
import type { Tables } from '../db/index.ts';
import type { Grant } from '../gate/index.ts';
import {
  areProfiles,
  type Conflict,
  conflictName,
  judgePolicy,
  type Keeping,
  keepingOn,
  localDay,
  type Period,
  type Policy,
  type Reason,
  type SiteLaw,
} from '../law/index.ts';
import type { Behind } from './reaper-clock.ts';
import type { CameraKeeping } from './retention-plan.ts';

type UnitOfPolicy = 'hour' | 'day' | 'month' | 'year';

export interface SiteKeeping extends SiteLaw {
  readonly siteId: string;
  readonly siteName: string;
  readonly timeZone: string;
  readonly givesWay: boolean;
  readonly policy: Policy;
  /** Null: nobody has said how long. */
  readonly settled: { readonly atMs: number; readonly by: string } | null;
  readonly decided: {
    readonly keeps: 'floor' | 'ceiling';
    readonly reason: string;
    readonly by: string;
    readonly atMs: number;
  } | null;
}

/** What a person settles. */
export interface NewKeeping extends SiteLaw {
  readonly period: { readonly n: number; readonly unit: UnitOfPolicy } | null;
  readonly justification: string;
  readonly givesWay: boolean;
  /** Why it is of this class; absent: as it was said before. */
  readonly why?: string | undefined;
}

const maxSites = 2_000;

const selectSites = (db: Kysely<Tables>) =>
  db
    .selectFrom('site')
    .leftJoin('retention', 'retention.site_id', 'site.id')
    .select(['site.id', 'site.name', 'site.time_zone', 'profiles', 'place_class', 'place_type', 'key_target'])
    .select(['period_n', 'period_unit', 'justification', 'gives_way', 'settled', 'settled_by'])
    .select(['decided_conflict', 'decided_keeps', 'decided_reason', 'decided_by', 'decided']);

type Row = Awaited<ReturnType<ReturnType<typeof selectSites>['executeTakeFirstOrThrow']>>;

const asSite = (row: Row): SiteKeeping => ({
  siteId: row.id,
  siteName: row.name,
  timeZone: row.time_zone,
  profiles: row.profiles,
  placeClass: row.place_class,
  placeType: row.place_type,
  keyTarget: row.key_target,
  givesWay: row.gives_way ?? true,
  policy: {
    period: row.period_n !== null && row.period_unit ? { n: row.period_n, unit: row.period_unit } : null,
    justification: row.justification ?? '',
    decision:
      row.decided_conflict !== null && row.decided_keeps
        ? { conflict: row.decided_conflict, keeps: row.decided_keeps }
        : null,
  },
  settled: row.settled && row.settled_by ? { atMs: row.settled.getTime(), by: row.settled_by } : null,
  decided:
    row.decided_keeps && row.decided
      ? {
          keeps: row.decided_keeps,
          reason: row.decided_reason ?? '',
          by: row.decided_by ?? '',
          atMs: row.decided.getTime(),
        }
      : null,
});

export async function siteKeepings(db: Kysely<Tables>): Promise<SiteKeeping[]> {
  return (await selectSites(db).orderBy('site.name').limit(maxSites).execute()).map(asSite);
}

export async function siteKeeping(db: Kysely<Tables>, siteId: string): Promise<SiteKeeping> {
  const row = await selectSites(db).where('site.id', '=', siteId).executeTakeFirst();
  return row ? asSite(row) : refuse('site.unknown');
}

/** The law of today at the site, and its policy. */
export const lawOf = (site: SiteKeeping, nowMs: number): Keeping =>
  keepingOn(site, site.policy, localDay(nowMs, site.timeZone));

/** Refuses, with the article, what the law does not allow. A conflict is saved: a named person decides it. */
export function checkKeeping(given: NewKeeping, timeZone: string, nowMs: number): Keeping {
  for (const profile of given.profiles) if (!areProfiles([profile])) refuse('keeping.profile', { profile });
  const policy = { period: given.period, justification: given.justification, decision: null };
  const keeping = keepingOn(given, policy, localDay(nowMs, timeZone));
  const verdict = judgePolicy(keeping);
  if (verdict.kind === 'below-floor' || verdict.kind === 'above-ceiling') {
    const { instrument = '', article = '' } = verdict.because[0]?.answer.cite ?? {};
    const values = { period: isoPeriod(verdict.period), instrument, article };
    const because = verdict.because.map(becauseOf(verdict.kind));
    if (verdict.kind === 'below-floor') refuse('keeping.below-floor', values, because);
    refuse('keeping.above-ceiling', values, because);
  }
  if (isLonger(given.period, keeping) && given.justification.trim() === '') refuse('keeping.justification');
  return keeping;
}

/** ISO 8601 (`P30D`, `PT72H`): each sentence says it in its own language. */
export const isoPeriod = ({ n, unit }: Period): string =>
  unit === 'hour' ? `PT${n}H` : `P${n}${{ day: 'D', workingDay: 'D', month: 'M', year: 'Y' }[unit]}`;

const becauseOf =
  (kind: 'below-floor' | 'above-ceiling') =>
  ({ answer: { cite } }: Reason): Because => ({
    clause: kind === 'below-floor' ? 'store.retention-floor' : 'store.retention-ceiling',
    instrument: cite.instrument,
    article: cite.article,
  });

/** A policy beyond the law's own floor has a reason; where no law names a floor, the period itself is the unit's word. */
function isLonger(period: Period | null, { floor }: Keeping): boolean {
  if (!period || !floor.value) return false;
  return period.n !== floor.value.n || period.unit !== floor.value.unit;
}

/** Settles how long the site of the grant keeps. A decision about a conflict that is no more falls with it. */
export async function settleKeeping(
  trx: Transaction<Tables>,
  grant: Grant<'site.configure'>,
  given: NewKeeping,
  nowMs: number,
): Promise<void> {
  const siteId = grant.subject.id ?? '';
  const site = await trx
    .selectFrom('site')
    .select(['time_zone'])
    .where('id', '=', siteId)
    .forUpdate()
    .executeTakeFirst();
  if (!site) refuse('site.unknown');
  checkKeeping(given, site.time_zone, nowMs);
  await classifySite(trx, grant, given);
  const settled = {
    period_n: given.period?.n ?? null,
    period_unit: given.period?.unit ?? null,
    justification: given.justification.trim(),
    gives_way: given.givesWay,
    settled: new Date(nowMs),
    settled_by: grant.by.name,
  };
  await trx
    .insertInto('retention')
    .values({ site_id: siteId, ...settled })
    .onConflict((conflict) => conflict.column('site_id').doUpdateSet(settled))
    .execute();
}

/** The conflict that a site is in now, whether decided or not. */
export function conflictOfSite(
  site: SiteKeeping,
  nowMs: number,
): { conflict: Conflict; isDecided: boolean } | null {
  const verdict = judgePolicy(lawOf(site, nowMs));
  return verdict.kind === 'conflict' ? { conflict: verdict.conflict, isDecided: verdict.isDecided } : null;
}

/** A named person decides which of the two is kept. */
export async function decideConflict(
  trx: Transaction<Tables>,
  grant: Grant<'retention.decide'>,
  given: { readonly conflict: string; readonly keeps: 'floor' | 'ceiling'; readonly reason: string },
  nowMs: number,
): Promise<Conflict> {
  const siteId = grant.subject.id ?? '';
  await trx.selectFrom('site').select('id').where('id', '=', siteId).forUpdate().executeTakeFirst();
  const site = await siteKeeping(trx, siteId);
  const found = conflictOfSite(site, nowMs);
  if (!found || !site.settled || conflictName(found.conflict) !== given.conflict)
    refuse('keeping.no-conflict');
  await trx
    .updateTable('retention')
    .set({
      decided_conflict: given.conflict,
      decided_keeps: given.keeps,
      decided_reason: given.reason,
      decided_by: grant.by.name,
      decided: new Date(nowMs),
    })
    .where('site_id', '=', siteId)
    .execute();
  return found.conflict;
}

// ---- of a camera, all together

/** One lock a camera: whoever holds it sees every hold, and no hold comes between the look and the deletion. */
export async function lockKeeping(trx: Transaction<Tables>, cameraId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('custos.keeping.' || ${cameraId}, 0))`.execute(trx);
}

export async function siteOfCamera(db: Kysely<Tables>, cameraId: string): Promise<SiteKeeping> {
  const row = await selectSites(db)
    .where('site.id', '=', (select) =>
      select.selectFrom('camera').select('camera.site_id').where('camera.id', '=', cameraId),
    )
    .executeTakeFirst();
  return row ? asSite(row) : refuse('camera.unknown');
}

/** All that decides about a camera's footage, by the law of `nowMs`. */
export async function keepingOfCamera(
  db: Kysely<Tables>,
  cameraId: string,
  nowMs: number,
): Promise<CameraKeeping> {
  const site = await siteOfCamera(db, cameraId);
  return joined(site, site.settled ? lawOf(site, nowMs) : null, {
    holds: await selectHolds(db).where('camera_id', '=', cameraId).execute(),
    marks: await selectMarks(db).where('camera_id', '=', cameraId).execute(),
    erasures: await selectErasures(db).where('camera_id', '=', cameraId).execute(),
    behind: await readBehind(db),
  });
}

/** The same for every camera there is or was, in few queries. */
export async function keepingOfAll(db: Kysely<Tables>, nowMs: number): Promise<Map<string, CameraKeeping>> {
  const sites = new Map((await siteKeepings(db)).map((site) => [site.siteId, site]));
  const laws = new Map([...sites].map(([id, site]) => [id, site.settled ? lawOf(site, nowMs) : null]));
  const holds = Map.groupBy(await selectHolds(db).execute(), (row) => row.camera_id);
  const marks = Map.groupBy(await selectMarks(db).execute(), (row) => row.camera_id);
  const erasures = Map.groupBy(await selectErasures(db).execute(), (row) => row.camera_id);
  const behind = await readBehind(db);
  const cameras = await db.selectFrom('camera').select(['id', 'site_id']).orderBy('id').execute();
  return new Map(
    cameras.flatMap(({ id, site_id }) => {
      const site = sites.get(site_id);
      if (!site) return [];
      const rows = {
        holds: holds.get(id) ?? [],
        marks: marks.get(id) ?? [],
        erasures: erasures.get(id) ?? [],
        behind,
      };
      return [[id, joined(site, laws.get(site_id) ?? null, rows)] as const];
    }),
  );
}

const selectHolds = (db: Kysely<Tables>) =>
  db
    .selectFrom('hold')
    .select(['camera_id', 'id', 'from_ms', 'to_ms', 'until'])
    .where('released', 'is', null);
const selectMarks = (db: Kysely<Tables>) =>
  db
    .selectFrom('mark')
    .select(['camera_id', 'id', 'from_ms', 'to_ms', 'kind', 'period_n', 'period_unit'])
    .where('removed', 'is', null);
const selectErasures = (db: Kysely<Tables>) =>
  db.selectFrom('erasure').select(['camera_id', 'from_ms', 'to_ms']).where('closed', 'is', null);

type Rows<Q extends (db: Kysely<Tables>) => { execute(): Promise<unknown> }> = Awaited<
  ReturnType<ReturnType<Q>['execute']>
>;

function joined(
  site: SiteKeeping,
  keeping: Keeping | null,
  rows: {
    holds: Rows<typeof selectHolds>;
    marks: Rows<typeof selectMarks>;
    erasures: Rows<typeof selectErasures>;
    behind: readonly Behind[];
  },
): CameraKeeping {
  const span = (row: { from_ms: number; to_ms: number }) => ({ fromMs: row.from_ms, toMs: row.to_ms });
  return {
    keeping,
    givesWay: site.givesWay,
    timeZone: site.timeZone,
    holds: rows.holds.map((row) => ({ ...span(row), id: row.id, untilMs: row.until?.getTime() ?? null })),
    marks: rows.marks.map((row) => ({
      ...span(row),
      id: row.id,
      kind: row.kind,
      period: row.period_n !== null && row.period_unit ? { n: row.period_n, unit: row.period_unit } : null,
    })),
    erasures: rows.erasures.map(span),
    behind: rows.behind,
  };
}

/** Every time that is known in which the clock ran behind. */
export async function readBehind(db: Kysely<Tables>): Promise<Behind[]> {
  const rows = await db.selectFrom('clock_behind').selectAll().orderBy('no').execute();
  return rows.map((row) => ({ fromMs: row.from_ms, toMs: row.to_ms, byMs: row.by_ms }));
}
