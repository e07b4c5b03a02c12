/**
 * Which cameras have gaps in a span, a page of cameras at a time: first those that may have, by one sum a camera over
 * the index and by the told gaps, then what exactly is missing of these.
 */
import { type RawBuilder, sql } from 'kysely';
import { refuse } from '../base/index.ts';
import type { Gap, Span } from './cover.ts';
import { touchMs } from './gaps.ts';
import { islandsOf } from './segments.ts';
import { coverWith, gapsIn, type StoreAt, windowOf } from './timeline.ts';

export interface GapSearch extends Span {
  readonly siteId?: string | undefined;
  /** Of these cameras only: those that the asker may see. */
  readonly cameraIds?: readonly string[] | undefined;
  /** Cameras behind this one. */
  readonly after?: string | undefined;
  /** Cameras a page. */
  readonly limit: number;
}

export interface CameraGaps {
  readonly cameraId: string;
  readonly gaps: readonly Gap[];
  readonly lostMs: number;
}

/** More than a day is what the report of a month is for. */
const maxSpanMs = 86_400_000;
const settleMs = 500;

/** In the order of cameras' ids. `next` is the last camera that was looked at, absent when none is left. */
export async function camerasWithGaps(
  at: StoreAt,
  search: GapSearch,
): Promise<{ items: CameraGaps[]; next?: string }> {
  if (!(search.toMs > search.fromMs) || search.toMs - search.fromMs > maxSpanMs)
    refuse('view.range', { hours: maxSpanMs / 3_600_000 });
  await at.keeper.written(settleMs);
  const nowMs = at.clock.wallMs();
  const span = { fromMs: search.fromMs, toMs: Math.min(search.toMs, nowMs) };
  if (span.toMs <= span.fromMs) return { items: [] };
  const candidates = await candidatesOf(at, { ...search, ...span });
  const page = candidates.slice(0, search.limit);
  const items = (await exactly(at, page, span, nowMs)).filter(({ gaps }) => gaps.length > 0);
  const last = page.at(-1);
  return candidates.length > search.limit && last ? { items, next: last.id } : { items };
}

interface Candidate {
  readonly id: string;
  readonly ordered_ms: number;
}

/** Half of the cameras each, over a connection each: the work is the database's own, a few rows for every camera. */
const lanes = [0, 1];

async function candidatesOf({ db }: StoreAt, search: GapSearch): Promise<Candidate[]> {
  const found = await Promise.all(lanes.map((lane) => candidatesQuery(search, lane).execute(db.kysely)));
  return found.flatMap(({ rows }) => rows).sort((a, b) => (a.id < b.id ? -1 : 1));
}

async function exactly(
  at: StoreAt,
  cameras: readonly Candidate[],
  span: Span,
  nowMs: number,
): Promise<CameraGaps[]> {
  const ids = cameras.map(({ id }) => id);
  const [stored, told] = await Promise.all([
    islandsOf(at.db.kysely, ids, span),
    gapsIn(at.db, ids, span, nowMs),
  ]);
  return cameras.map(({ id, ordered_ms: orderedMs }) => {
    const window = windowOf(at, { id, orderedMs }, span);
    const { gaps } = coverWith(at, id, window, stored.get(id) ?? [], told.get(id) ?? []);
    return { cameraId: id, gaps, lostMs: gaps.reduce((sum, gap) => sum + gap.toMs - gap.fromMs, 0) };
  });
}

/**
 * A camera may have gaps when one was told, or when its files do not follow each other from end to end of the span. A
 * retired one has no duty any more.
 */
export function candidatesQuery(search: GapSearch, lane: number): RawBuilder<Candidate> {
  const [fromMs, toMs] = [Math.floor(search.fromMs), Math.ceil(search.toMs)];
  return sql`
    with told as materialized (
      select distinct camera_id from gap
      where int8range(from_ms, to_ms) && int8range(${fromMs}::int8, ${toMs}::int8)
    )
    select camera.id, camera.ordered_ms
    from camera left join told on told.camera_id = camera.id
    where abs(hashtext(camera.id)::int8) % ${sql.lit(lanes.length)} = ${sql.lit(lane)}
      and camera.ordered_ms < ${toMs}::int8
      and (camera.retired_at is null or camera.retired_at > to_timestamp(${fromMs / 1000}::float8))
      and ${search.after === undefined ? sql`true` : sql`camera.id > ${search.after}`}
      and ${search.siteId === undefined ? sql`true` : sql`camera.site_id = ${search.siteId}`}
      and ${search.cameraIds === undefined ? sql`true` : sql`camera.id = any(${search.cameraIds}::text[])`}
      and (told.camera_id is not null or (
        select count(*) = 0 or max(hole_ms) > ${touchMs}::int8 or max(end_ms) < ${toMs}::int8 - ${touchMs}::int8
        from (
          select end_ms, start_ms - coalesce(
            max(end_ms) over (order by start_ms rows between unbounded preceding and 1 preceding),
            greatest(camera.ordered_ms, ${fromMs}::int8)
          ) as hole_ms
          from segment
          where segment.camera_id = camera.id and stream = 'main' and condition = 'good'
            and start_ms >= ${fromMs - longestMs}::int8 and start_ms < ${toMs}::int8 and end_ms > ${fromMs}::int8
        ) as files
      ))
    order by camera.id
    limit ${search.limit + 1}
  `;
}
/** A segment that is longer makes its camera one to look at exactly, which finds it. */
const longestMs = 3 * 60_000;
