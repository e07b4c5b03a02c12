/** Reading the index of segments: by camera and span, always along its primary key. */
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../db/index.ts';
import type { SegmentRef } from '../engine/index.ts';
import type { Span } from './cover.ts';
import { touchMs } from './gaps.ts';

export interface StoredSegment extends SegmentRef {
  readonly condition: 'good' | 'missing' | 'damaged';
  readonly bytes: number;
  readonly codec: string;
}

/**
 * Segments last about a minute; one that is longer than this is only found when it is the last that began before the
 * span, which the query asks for besides.
 */
const longestMs = 15 * 60_000;

/** Where to begin reading so that nothing that reaches into the span is missed. */
const since = (
  cameraId: string,
  fromMs: number,
) => sql<number>`least(${fromMs}::int8 - ${longestMs}, coalesce((
  select start_ms from segment
  where camera_id = ${cameraId} and stream = 'main' and start_ms <= ${fromMs}::int8
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
    .select(['volume.id as volume_id', 'volume.path as volume_path'])
    .where('camera_id', '=', cameraId)
    .where('stream', '=', 'main')
    .where('start_ms', '>=', since(cameraId, Math.floor(span.fromMs)))
    .where('start_ms', '<', Math.ceil(span.toMs))
    .where('end_ms', '>', Math.floor(span.fromMs))
    .orderBy('start_ms')
    .orderBy('segment.id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    volume: { id: row.volume_id, path: row.volume_path },
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
  const { rows } = await sql<{ from_ms: number; to_ms: number; condition: Island['condition'] }>`
    select min(start_ms) as from_ms, max(end_ms) as to_ms, condition from (
      select start_ms, end_ms, condition, sum(fresh) over (partition by condition order by start_ms, id) as island
      from (
        select start_ms, end_ms, condition, id,
          case when start_ms > ${touchMs} + max(end_ms) over (
            partition by condition order by start_ms, id rows between unbounded preceding and 1 preceding
          ) then 1 else 0 end as fresh
        from segment
        where camera_id = ${cameraId} and stream = 'main'
          and start_ms >= ${since(cameraId, Math.floor(span.fromMs))}
          and start_ms < ${Math.ceil(span.toMs)} and end_ms > ${Math.floor(span.fromMs)}
      ) as marked
    ) as numbered
    group by condition, island
    order by from_ms
    limit 100000
  `.execute(db);
  return rows.map((row) => ({ fromMs: row.from_ms, toMs: row.to_ms, condition: row.condition }));
}

export async function bounds(
  db: Kysely<Tables>,
  cameraId: string,
): Promise<{ oldestMs: number; newestMs: number } | null> {
  const first = endOf(db, cameraId, 'asc').select('start_ms');
  const last = endOf(db, cameraId, 'desc').select(['start_ms', 'end_ms']);
  const [oldest, newest] = await Promise.all([first.executeTakeFirst(), last.executeTakeFirst()]);
  return oldest && newest ? { oldestMs: oldest.start_ms, newestMs: newest.end_ms } : null;
}

const endOf = (db: Kysely<Tables>, cameraId: string, way: 'asc' | 'desc') =>
  db
    .selectFrom('segment')
    .where('camera_id', '=', cameraId)
    .where('stream', '=', 'main')
    .orderBy('start_ms', way)
    .orderBy('id', way)
    .limit(1);
