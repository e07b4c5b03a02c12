/** What a person marked on a camera's time: holds, which beat every deletion, and marks of value or alarm. */
import type { Kysely, Transaction } from 'kysely';
import { newId, refuse } from '../base/index.ts';
import type { Tables } from '../db/index.ts';
import type { Grant } from '../gate/index.ts';
import type { Span } from './cover.ts';
import { keepingOfCamera, lockKeeping } from './retention.ts';
import { importanceOf } from './retention-plan.ts';

type UnitOfMark = 'hour' | 'day' | 'month' | 'year';

interface OnCamera extends Span {
  readonly id: string;
  readonly cameraId: string;
  readonly cameraName: string;
  readonly siteName: string;
  readonly reason: string;
  readonly createdMs: number;
  readonly createdBy: string;
}

export interface Hold extends OnCamera {
  /** Null: until it is released. */
  readonly untilMs: number | null;
  readonly authority: string;
  readonly reference: string;
  readonly released: { readonly atMs: number; readonly by: string; readonly reason: string } | null;
}

export interface Mark extends OnCamera {
  readonly kind: 'important' | 'alarm';
  readonly period: { readonly n: number; readonly unit: UnitOfMark } | null;
  readonly removed: { readonly atMs: number; readonly by: string } | null;
}

const maxSpanDays = 366;

/** Refuses what is no span, or one that nobody means. */
export function checkSpan({ fromMs, toMs }: Span): void {
  if (!(toMs > fromMs) || toMs - fromMs > maxSpanDays * 86_400_000)
    refuse('keeping.span', { days: maxSpanDays });
}

// ---- holds

export async function addHold(
  trx: Transaction<Tables>,
  grant: Grant<'footage.hold'>,
  given: Span & {
    readonly untilMs: number | null;
    readonly reason: string;
    readonly authority: string;
    readonly reference: string;
  },
  nowMs: number,
): Promise<string> {
  checkSpan(given);
  if (given.untilMs !== null && given.untilMs <= nowMs) refuse('hold.until');
  const cameraId = grant.subject.id ?? '';
  await lockKeeping(trx, cameraId);
  const id = newId('hold', nowMs);
  await trx
    .insertInto('hold')
    .values({
      ...{ id, camera_id: cameraId, from_ms: Math.floor(given.fromMs), to_ms: Math.ceil(given.toMs) },
      ...{ until: given.untilMs === null ? null : new Date(given.untilMs), reason: given.reason },
      ...{ authority: given.authority, reference: given.reference },
      ...{ created: new Date(nowMs), created_by: grant.by.name },
    })
    .execute();
  return id;
}

export async function releaseHold(
  trx: Transaction<Tables>,
  grant: Grant<'footage.hold'>,
  { id, cameraId, reason }: { id: string; cameraId: string; reason: string },
  nowMs: number,
): Promise<void> {
  await lockKeeping(trx, cameraId);
  const now = new Date(nowMs);
  const done = await trx
    .updateTable('hold')
    .set({ released: now, released_by: grant.by.name, released_reason: reason })
    .where('id', '=', id)
    .where('released', 'is', null)
    .where((or) => or.or([or('until', 'is', null), or('until', '>', now)]))
    .returning('id')
    .executeTakeFirst();
  if (!done) refuse('hold.over');
}

const selectHolds = (db: Kysely<Tables>) =>
  db
    .selectFrom('hold')
    .innerJoin('camera', 'camera.id', 'hold.camera_id')
    .innerJoin('site', 'site.id', 'camera.site_id')
    .selectAll('hold')
    .select(['camera.name as camera_name', 'site.name as site_name']);
type HoldRow = Awaited<ReturnType<ReturnType<typeof selectHolds>['executeTakeFirstOrThrow']>>;

const asHold = (row: HoldRow): Hold => ({
  ...{ id: row.id, cameraId: row.camera_id, cameraName: row.camera_name, siteName: row.site_name },
  ...{ fromMs: row.from_ms, toMs: row.to_ms, untilMs: row.until?.getTime() ?? null, reason: row.reason },
  ...{ authority: row.authority, reference: row.reference },
  ...{ createdMs: row.created.getTime(), createdBy: row.created_by },
  released:
    row.released && row.released_by !== null
      ? { atMs: row.released.getTime(), by: row.released_by, reason: row.released_reason ?? '' }
      : null,
});

export async function findHold(db: Kysely<Tables>, id: string): Promise<Hold> {
  const row = await selectHolds(db).where('hold.id', '=', id).executeTakeFirst();
  return row ? asHold(row) : refuse('hold.unknown');
}

export interface KeptFilter {
  readonly limit: number;
  /** Ids are sortable by birth: the page goes on before this one. */
  readonly beforeId: string | null;
  readonly cameraId: string | null;
  /** With those that are over. */
  readonly all: boolean;
  readonly nowMs: number;
}

export async function listHolds(db: Kysely<Tables>, filter: KeptFilter): Promise<Hold[]> {
  const rows = await selectHolds(db)
    .$if(filter.beforeId !== null, (query) => query.where('hold.id', '<', filter.beforeId ?? ''))
    .$if(filter.cameraId !== null, (query) => query.where('camera_id', '=', filter.cameraId ?? ''))
    .$if(!filter.all, (query) =>
      query
        .where('released', 'is', null)
        .where((or) => or.or([or('until', 'is', null), or('until', '>', new Date(filter.nowMs))])),
    )
    .orderBy('hold.id', 'desc')
    .limit(filter.limit)
    .execute();
  return rows.map(asHold);
}

/** How many are in force at each site. */
export async function holdsOfSites(db: Kysely<Tables>, nowMs: number): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('hold')
    .innerJoin('camera', 'camera.id', 'hold.camera_id')
    .select('camera.site_id')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('released', 'is', null)
    .where((or) => or.or([or('until', 'is', null), or('until', '>', new Date(nowMs))]))
    .groupBy('camera.site_id')
    .execute();
  return new Map(rows.map((row) => [row.site_id, row.count]));
}

// ---- marks

export async function addMark(
  trx: Transaction<Tables>,
  grant: Grant<'footage.mark'>,
  given: Span & {
    readonly kind: 'important' | 'alarm';
    readonly period: { readonly n: number; readonly unit: UnitOfMark } | null;
    readonly reason: string;
  },
  nowMs: number,
): Promise<string> {
  checkSpan(given);
  const cameraId = grant.subject.id ?? '';
  await lockKeeping(trx, cameraId);
  const { keeping } = await keepingOfCamera(trx, cameraId, nowMs);
  if (given.kind === 'important' && !given.period && !keeping?.important.value) refuse('mark.period');
  const id = newId('mark', nowMs);
  await trx
    .insertInto('mark')
    .values({
      ...{ id, camera_id: cameraId, from_ms: Math.floor(given.fromMs), to_ms: Math.ceil(given.toMs) },
      ...{ kind: given.kind, period_n: given.period?.n ?? null, period_unit: given.period?.unit ?? null },
      ...{ reason: given.reason, created: new Date(nowMs), created_by: grant.by.name },
    })
    .execute();
  return id;
}

export async function removeMark(
  trx: Transaction<Tables>,
  grant: Grant<'footage.mark'>,
  { id, cameraId, reason }: { id: string; cameraId: string; reason: string },
  nowMs: number,
): Promise<void> {
  await lockKeeping(trx, cameraId);
  const done = await trx
    .updateTable('mark')
    .set({ removed: new Date(nowMs), removed_by: grant.by.name, removed_reason: reason })
    .where('id', '=', id)
    .where('removed', 'is', null)
    .returning('id')
    .executeTakeFirst();
  if (!done) refuse('mark.over');
}

const selectMarks = (db: Kysely<Tables>) =>
  db
    .selectFrom('mark')
    .innerJoin('camera', 'camera.id', 'mark.camera_id')
    .innerJoin('site', 'site.id', 'camera.site_id')
    .selectAll('mark')
    .select(['camera.name as camera_name', 'site.name as site_name']);
type MarkRow = Awaited<ReturnType<ReturnType<typeof selectMarks>['executeTakeFirstOrThrow']>>;

const asMark = (row: MarkRow): Mark => ({
  ...{ id: row.id, cameraId: row.camera_id, cameraName: row.camera_name, siteName: row.site_name },
  ...{ fromMs: row.from_ms, toMs: row.to_ms, kind: row.kind, reason: row.reason },
  period: row.period_n !== null && row.period_unit ? { n: row.period_n, unit: row.period_unit } : null,
  ...{ createdMs: row.created.getTime(), createdBy: row.created_by },
  removed:
    row.removed && row.removed_by !== null ? { atMs: row.removed.getTime(), by: row.removed_by } : null,
});

export async function findMark(db: Kysely<Tables>, id: string): Promise<Mark> {
  const row = await selectMarks(db).where('mark.id', '=', id).executeTakeFirst();
  return row ? asMark(row) : refuse('mark.unknown');
}

export async function listMarks(db: Kysely<Tables>, filter: KeptFilter): Promise<Mark[]> {
  const rows = await selectMarks(db)
    .$if(filter.beforeId !== null, (query) => query.where('mark.id', '<', filter.beforeId ?? ''))
    .$if(filter.cameraId !== null, (query) => query.where('camera_id', '=', filter.cameraId ?? ''))
    .$if(!filter.all, (query) => query.where('removed', 'is', null))
    .orderBy('mark.id', 'desc')
    .limit(filter.limit)
    .execute();
  return rows.map(asMark);
}

// ---- on the timeline

const maxOnTimeline = 1_000;

export async function keptIn(
  db: Kysely<Tables>,
  cameraId: string,
  span: Span,
  nowMs: number,
): Promise<{ holds: ({ id: string } & Span)[]; marks: ({ id: string; kind: Mark['kind'] } & Span)[] }> {
  const holds = await db
    .selectFrom('hold')
    .select(['id', 'from_ms', 'to_ms'])
    .where('camera_id', '=', cameraId)
    .where('released', 'is', null)
    .where((or) => or.or([or('until', 'is', null), or('until', '>', new Date(nowMs))]))
    .where('to_ms', '>', Math.floor(span.fromMs))
    .where('from_ms', '<', Math.ceil(span.toMs))
    .orderBy('from_ms')
    .limit(maxOnTimeline)
    .execute();
  const marks = await db
    .selectFrom('mark')
    .select(['id', 'from_ms', 'to_ms', 'kind'])
    .where('camera_id', '=', cameraId)
    .where('removed', 'is', null)
    .where('to_ms', '>', Math.floor(span.fromMs))
    .where('from_ms', '<', Math.ceil(span.toMs))
    .orderBy('from_ms')
    .limit(maxOnTimeline)
    .execute();
  return {
    holds: holds.map((row) => ({ id: row.id, fromMs: row.from_ms, toMs: row.to_ms })),
    marks: marks.map((row) => ({ id: row.id, kind: row.kind, fromMs: row.from_ms, toMs: row.to_ms })),
  };
}

/** For "why is this kept": whether a mark of importance covers an instant. */
export const isImportant = (
  segment: { startMs: number; endMs: number },
  of: Parameters<typeof importanceOf>[1],
): boolean => importanceOf(segment, of) !== null;
