/** Reading the index of segments: by camera and span, always along its primary key. */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Database, Tables } from '../db/index.ts';
import type { SegmentRef, StreamKind } from '../engine/index.ts';
import type { Span } from './cover.ts';
import { touchMs } from './gaps.ts';

/** Why nothing can be read from a folder; one that only takes no writes, or fails now and then, is read on. */
export const unreadable: readonly string[] = ['missing', 'unmarked', 'foreign', 'stuck'];

export interface StoredSegment extends SegmentRef {
  /** It lies in a bucket that cannot be reached now. */
  readonly isAway: boolean;
  readonly stream: StreamKind;
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
  stream: StreamKind,
) => sql<number>`least(${fromMs}::int8 - ${longestMs}::int8, coalesce((
  select start_ms from segment
  where camera_id = ${cameraId} and stream = ${sql.lit(stream)} and start_ms <= ${fromMs}::int8 and start_ms >= ${fromMs - dayMs}::int8
  order by start_ms desc limit 1
), ${fromMs}::int8))`;

/** Segments of a stream that reach into the span, oldest first. */
export async function overlapping(
  db: Kysely<Tables>,
  cameraId: string,
  span: Span,
  limit: number,
  stream: StreamKind = 'main',
): Promise<StoredSegment[]> {
  const rows = await db
    .selectFrom('segment')
    .innerJoin('volume', 'volume.id', 'segment.volume_id')
    .select(['segment.id', 'start_ms', 'end_ms', 'condition', 'segment.path', 'segment.bytes', 'codec'])
    .select(['volume.id as volume_id', 'volume.path as volume_path', 'volume.kind', 'volume.away'])
    .select('away_why')
    .where('camera_id', '=', cameraId)
    .where('stream', '=', stream)
    .where('start_ms', '>=', since(sql`${cameraId}`, Math.floor(span.fromMs), stream))
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
    ...{ path: row.path, stream },
    startMs: row.start_ms,
    endMs: row.end_ms,
    open: false,
    condition: row.condition,
    bytes: row.bytes,
    codec: row.codec,
  }));
}

/** Codec of what is stored in a span; of two the one that fewer browsers play. Null: nothing is. */
export const storedCodecIn =
  (db: Kysely<Tables>) =>
  async (cameraId: string, fromMs: number, toMs: number): Promise<string | null> => {
    const main = await overlapping(db, cameraId, { fromMs, toMs }, 1);
    const sub = await overlapping(db, cameraId, { fromMs, toMs }, 1, 'sub');
    const codecs = [...main, ...sub].map(({ codec }) => codec);
    return codecs.find((codec) => !codec.startsWith('avc')) ?? codecs[0] ?? null;
  };

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
  stream: StreamKind = 'main',
): Promise<Map<string, Island[]>> {
  const { rows } = await islandsQuery(cameraIds, span, stream).execute(db);
  return new Map(rows.map((row) => [row.camera_id, islandsFrom(row)]));
}

const conditions = ['good', 'missing', 'damaged'] as const;

type IslandsRow = { camera_id: string } & Readonly<Record<Island['condition'], string | null>>;

const islandsFrom = (row: IslandsRow): Island[] =>
  conditions
    .flatMap((condition) => stretches(row[condition]).map((span) => ({ ...span, condition })))
    .sort((a, b) => a.fromMs - b.fromMs);

/** From what `reachAgg` gives. */
const stretches = (multirange: string | null): Span[] =>
  Array.from((multirange ?? '').matchAll(/\[(\d+),(\d+)\)/g), ([, from, to]) => ({
    fromMs: Number(from),
    toMs: Number(to) - touchMs,
  }));

/** Each file reaches a moment further than it does, so that what touches becomes one range. */
const reachAgg = sql.raw<string | null>(
  `range_agg(int8range(start_ms, greatest(start_ms, end_ms) + ${touchMs}::int8))`,
);

/** One pass in the order of the index; of a day that is whole it gives a single range. */
export function islandsQuery(
  cameraIds: readonly string[],
  span: Span,
  stream: StreamKind = 'main',
): RawBuilder<IslandsRow> {
  const [fromMs, toMs] = [Math.floor(span.fromMs), Math.ceil(span.toMs)];
  const of = (condition: Island['condition']) =>
    sql`${reachAgg} filter (where condition = ${sql.lit(condition)}) as ${sql.ref(condition)}`;
  return sql<IslandsRow>`
    select wanted.camera as camera_id, found.* from unnest(${cameraIds}::text[]) as wanted (camera) cross join lateral (
      select ${sql.join(conditions.map(of))}
      from segment
      where camera_id = wanted.camera and stream = ${sql.lit(stream)}
        and start_ms >= ${since(sql`wanted.camera`, fromMs, stream)} and start_ms >= ${fromMs - dayMs}::int8
        and start_ms < ${toMs}::int8 and end_ms > ${fromMs}::int8
    ) as found
    where coalesce(good, missing, damaged) is not null
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
  const { rows } = await sql<{ reach: string | null }>`
    select ${reachAgg} as reach from segment
    where camera_id = ${cameraId} and stream = 'main' and volume_id = ${volumeId}
      and start_ms >= ${fromMs - longestMs}::int8 and start_ms < ${toMs}::int8 and end_ms > ${fromMs}::int8
  `.execute(db);
  return stretches(rows[0]?.reach ?? null);
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

/** Camera by camera, each by its index; over all rows at once it would read them all. */
export async function oldestSegment(db: Database): Promise<number | null> {
  const row = await db.kysely
    .selectFrom('camera')
    .select((select) =>
      select.fn
        .min<number | null>(
          select
            .selectFrom('segment')
            .select('segment.start_ms')
            .whereRef('segment.camera_id', '=', 'camera.id')
            .where('segment.stream', '=', 'main')
            .orderBy('segment.start_ms')
            .limit(1)
            .$asScalar(),
        )
        .as('oldest'),
    )
    .executeTakeFirst();
  return row?.oldest ?? null;
}
