/** Reading the index of segments: by camera and span, always along its primary key. */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Tables } from '../db/index.ts';
import type { SegmentRef } from '../engine/index.ts';
import type { Span } from './cover.ts';
import { touchMs } from './gaps.ts';

/** Why nothing can be read from a folder; one that only takes no writes, or fails now and then, is read on. */
export const unreadable: readonly string[] = ['missing', 'unmarked', 'foreign', 'stuck'];

export interface StoredSegment extends SegmentRef {
  /** It lies in a bucket that cannot be reached now. */
  readonly isAway: boolean;
  readonly condition: 'good' | 'missing' | 'damaged';
  readonly bytes: number;
  readonly codec: string;
}

/**
 * Segments last about a minute; one that is longer than this is only found when it is the last that began before the
 * span, which the query asks for besides.
 */
const longestMs = 15 * 60_000;
/** And none lasts longer than this: a bound that the planner sees, so that it leaves all older days alone. */
const dayMs = 86_400_000;

/** Where to begin reading so that nothing that reaches into the span is missed. */
const since = (
  cameraId: RawBuilder<unknown>,
  fromMs: number,
) => sql<number>`least(${fromMs}::int8 - ${longestMs}::int8, coalesce((
  select start_ms from segment
  where camera_id = ${cameraId} and stream = 'main' and start_ms <= ${fromMs}::int8 and start_ms >= ${fromMs - dayMs}::int8
  order by start_ms desc limit 1
), ${fromMs}::int8))`;

/** Segments of the main stream that reach into the span, oldest first. */
export async function overlapping(
  db: Kysely<Tables>,
  cameraId: string,
  span: Span,
  limit: number,
): Promise<StoredSegment[]> {
  const rows = await db
    .selectFrom('segment')
    .innerJoin('volume', 'volume.id', 'segment.volume_id')
    .select(['segment.id', 'start_ms', 'end_ms', 'condition', 'segment.path', 'segment.bytes', 'codec'])
    .select(['volume.id as volume_id', 'volume.path as volume_path', 'volume.kind', 'volume.away'])
    .select('away_why')
    .where('camera_id', '=', cameraId)
    .where('stream', '=', 'main')
    .where('start_ms', '>=', since(sql`${cameraId}`, Math.floor(span.fromMs)))
    .where('start_ms', '>=', Math.floor(span.fromMs) - dayMs)
    .where('start_ms', '<', Math.ceil(span.toMs))
    .where('end_ms', '>', Math.floor(span.fromMs))
    .orderBy('start_ms')
    .orderBy('segment.id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    volume: { id: row.volume_id, path: row.volume_path },
    isAway: row.away !== null && (row.kind === 's3' || unreadable.includes(row.away_why ?? '')),
    path: row.path,
    startMs: row.start_ms,
    endMs: row.end_ms,
    open: false,
    condition: row.condition,
    bytes: row.bytes,
    codec: row.codec,
  }));
}

export interface Island extends Span {
  readonly condition: 'good' | 'missing' | 'damaged';
}

/** The same as unbroken stretches: the database merges what touches, so that a month is a few rows. */
export async function islands(db: Kysely<Tables>, cameraId: string, span: Span): Promise<Island[]> {
  return (await islandsOf(db, [cameraId], span)).get(cameraId) ?? [];
}

/** Of many cameras at once; those without any are left out. */
export async function islandsOf(
  db: Kysely<Tables>,
  cameraIds: readonly string[],
  span: Span,
): Promise<Map<string, Island[]>> {
  const found = new Map<string, Island[]>();
  const { rows } = await shoresQuery(cameraIds, span).execute(db);
  for (const camera of Map.groupBy(rows, (row) => row.camera_id))
    found.set(camera[0], islandsBetween(camera[1]));
  return found;
}

const conditions = ['good', 'missing', 'damaged'] as const;

/** A file that begins an island of its condition, with where the one before it ended; and the last file of all. */
interface Shore {
  camera_id: string;
  start_ms: number;
  end_ms: number;
  condition: Island['condition'];
  /** Up to where files of each condition reach before this one. */
  good_ms: number | null;
  missing_ms: number | null;
  damaged_ms: number | null;
  is_last: boolean;
}

function islandsBetween(shores: readonly Shore[]): Island[] {
  const open = new Map<Island['condition'], number>();
  const closed: Island[] = [];
  const close = (condition: Island['condition'], toMs: number | null) => {
    const fromMs = open.get(condition);
    if (fromMs !== undefined && toMs !== null) closed.push({ fromMs, toMs, condition });
    open.delete(condition);
  };
  for (const { start_ms, end_ms, condition, is_last, ...reach } of shores) {
    const before = reach[`${condition}_ms`];
    if (before === null || start_ms > before + touchMs) {
      close(condition, before);
      open.set(condition, start_ms);
    }
    if (is_last)
      for (const one of conditions)
        close(one, one === condition ? Math.max(end_ms, before ?? end_ms) : reach[`${one}_ms`]);
  }
  return closed.sort((a, b) => a.fromMs - b.fromMs);
}

/** One pass in the order of the index, and of a day that is whole two rows: the first file and the last. */
export function shoresQuery(cameraIds: readonly string[], span: Span): RawBuilder<Shore> {
  const [fromMs, toMs] = [Math.floor(span.fromMs), Math.ceil(span.toMs)];
  const reach = (condition: Island['condition']) =>
    sql`max(case when condition = ${sql.lit(condition)} then end_ms end) over before`;
  return sql<Shore>`
    select shore.* from unnest(${cameraIds}::text[]) as wanted (camera) cross join lateral (
      select * from (
        select camera_id, start_ms, end_ms, condition, ${reach('good')} as good_ms, ${reach('missing')} as missing_ms,
          ${reach('damaged')} as damaged_ms, lead(start_ms) over before is null as is_last
        from segment
        where camera_id = wanted.camera and stream = 'main'
          and start_ms >= ${since(sql`wanted.camera`, fromMs)} and start_ms >= ${fromMs - dayMs}::int8
          and start_ms < ${toMs}::int8 and end_ms > ${fromMs}::int8
        window before as (order by start_ms rows between unbounded preceding and 1 preceding)
      ) as files
      where is_last or coalesce(start_ms > ${touchMs}::int8 +
        case condition when 'good' then good_ms when 'missing' then missing_ms else damaged_ms end, true)
      order by start_ms
    ) as shore
    limit 100000
  `;
}

/** What of a camera lies in one volume, as unbroken stretches. */
export async function islandsIn(
  db: Kysely<Tables>,
  cameraId: string,
  volumeId: string,
  span: Span,
): Promise<Span[]> {
  const [fromMs, toMs] = [Math.floor(span.fromMs), Math.ceil(span.toMs)];
  const { rows } = await sql<{ from_ms: number; to_ms: number }>`
    select min(start_ms) as from_ms, max(end_ms) as to_ms from (
      select *, sum(fresh) over (order by start_ms, id) as island from (
        select start_ms, end_ms, id, case when start_ms > ${touchMs}::int8 + max(end_ms) over (
          order by start_ms, id rows between unbounded preceding and 1 preceding
        ) then 1 else 0 end as fresh
        from segment
        where camera_id = ${cameraId} and stream = 'main' and volume_id = ${volumeId}
          and start_ms >= ${fromMs - longestMs}::int8 and start_ms < ${toMs}::int8 and end_ms > ${fromMs}::int8
      ) as marked
    ) as numbered
    group by island order by from_ms limit 100000
  `.execute(db);
  return rows.map((row) => ({ fromMs: row.from_ms, toMs: row.to_ms }));
}

/** By the counted days, so that the first and the last day are read and not all between. */
export async function bounds(
  db: Kysely<Tables>,
  cameraId: string,
): Promise<{ oldestMs: number; newestMs: number } | null> {
  const days = await boundsQuery(db, cameraId).executeTakeFirstOrThrow();
  if (days.first_ms === null || days.last_ms === null) return null;
  // A day of any zone lies within a day before and two after its name's midnight in UTC.
  const [first, last] = [days.first_ms - dayMs, days.last_ms + 2 * dayMs];
  const [oldest, newest] = await Promise.all([
    endOf(db, cameraId, 'asc', { fromMs: first, toMs: first + 3 * dayMs }),
    endOf(db, cameraId, 'desc', { fromMs: last - 3 * dayMs, toMs: last }),
  ]);
  return oldest && newest ? { oldestMs: oldest.start_ms, newestMs: newest.end_ms } : null;
}

const boundsQuery = (db: Kysely<Tables>, cameraId: string) =>
  db
    .selectFrom('recorded_day')
    .select([
      sql<number | null>`(extract(epoch from min(day)) * 1000)::int8`.as('first_ms'),
      sql<number | null>`(extract(epoch from max(day)) * 1000)::int8`.as('last_ms'),
    ])
    .where('camera_id', '=', cameraId);

/** There first; and if that day has the sub-stream only, anywhere. */
async function endOf(db: Kysely<Tables>, cameraId: string, way: 'asc' | 'desc', there: Span) {
  const all = db
    .selectFrom('segment')
    .select(['start_ms', 'end_ms'])
    .where('camera_id', '=', cameraId)
    .where('stream', '=', 'main')
    .orderBy('start_ms', way)
    .orderBy('id', way)
    .limit(1);
  const near = all.where('start_ms', '>=', there.fromMs).where('start_ms', '<', there.toMs);
  return (await near.executeTakeFirst()) ?? (await all.executeTakeFirst());
}
