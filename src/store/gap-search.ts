/**
 * Which cameras have gaps in a span, a page of cameras at a time: first those that may have, by one sum a camera over
 * the index and by the told gaps, then what exactly is missing of these.
 */
import { type RawBuilder, sql } from 'kysely';
import { refuse } from '../base/index.ts';
import type { Gap, Span } from './cover.ts';
import { account, setApart } from './coverage.ts';
import { touchMs } from './gaps.ts';
import { lostRingSpans } from './key-rings.ts';
import { islandsOf } from './segments.ts';
import {
  type AwayVolume,
  awayIn,
  coverWith,
  gapsIn,
  keylessOf,
  type StoreAt,
  volumesAway,
  windowOf,
} from './timeline.ts';

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
  /** Missing: neither kept nor served its term. */
  readonly lostMs: number;
  /** Recorded, and kept where nothing can be read now. */
  readonly awayMs: number;
}

/** What lies there and cannot be read: usually nothing. */
interface Unread {
  readonly volumes: readonly AwayVolume[];
  readonly lost: readonly Span[];
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
  const [volumes, lost] = await Promise.all([volumesAway(at.db.kysely), lostRingSpans(at.db.kysely)]);
  const candidates = await candidatesOf(at, { ...search, ...span }, { volumes, lost });
  const page = candidates.slice(0, search.limit);
  const items = (await exactly(at, page, { ...span, nowMs }, { volumes, lost })).filter(
    ({ gaps }) => gaps.length > 0,
  );
  const last = page.at(-1);
  return candidates.length > search.limit && last ? { items, next: last.id } : { items };
}

interface Candidate {
  readonly id: string;
  readonly ordered_ms: number;
}

/** Half of the cameras each, over a connection each: the work is the database's own, a few rows for every camera. */
const lanes = [0, 1];

async function candidatesOf({ db }: StoreAt, search: GapSearch, unread: Unread): Promise<Candidate[]> {
  const asked = lanes.map((lane) => candidatesQuery(search, lane, unread).execute(db.kysely));
  const found = await Promise.all(asked);
  return found.flatMap(({ rows }) => rows).sort((a, b) => (a.id < b.id ? -1 : 1));
}

async function exactly(
  at: StoreAt,
  cameras: readonly Candidate[],
  { nowMs, ...span }: Span & { nowMs: number },
  { volumes, lost }: Unread,
): Promise<CameraGaps[]> {
  const ids = cameras.map(({ id }) => id);
  const [stored, told] = await Promise.all([
    islandsOf(at.db.kysely, ids, span),
    gapsIn(at.db, ids, span, nowMs),
  ]);
  const found: CameraGaps[] = [];
  for (const { id, ordered_ms: orderedMs } of cameras) {
    const window = windowOf(at, { id, orderedMs }, span);
    const islands = stored.get(id) ?? [];
    const away = volumes.length === 0 ? [] : await awayIn(at.db, id, window, volumes);
    const known = [...(told.get(id) ?? []), ...away, ...keylessOf(islands, lost)];
    const { gaps } = coverWith(at, id, window, islands, known);
    const { missingMs: lostMs, awayMs } = account(setApart(window, gaps));
    found.push({ cameraId: id, gaps, lostMs, awayMs });
  }
  return found;
}

/**
 * A camera may have gaps when one was told, or when its files do not follow each other from end to end of the span. A
 * retired one has no duty any more.
 */
export function candidatesQuery(
  search: GapSearch,
  lane: number,
  unread: Unread = { volumes: [], lost: [] },
): RawBuilder<Candidate> {
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
      and (told.camera_id is not null or ${hasUnread(search, unread)} or (
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
/** Asked only while there is anything of the kind. */
function hasUnread({ fromMs, toMs }: Span, { volumes, lost }: Unread): RawBuilder<boolean> {
  const isLost = lost.some((span) => span.fromMs < toMs && span.toMs > fromMs);
  if (volumes.length === 0 && !isLost) return sql`false`;
  const ids = volumes.map(({ id }) => id);
  return sql`exists (
    select from segment
    where segment.camera_id = camera.id and stream = 'main' and end_ms > ${Math.floor(fromMs)}::int8
      and start_ms >= ${Math.floor(fromMs) - longestMs}::int8 and start_ms < ${Math.ceil(toMs)}::int8
      and ${isLost ? sql`true` : sql`volume_id = any(${ids}::text[])`}
  )`;
}

/** A segment that is longer makes its camera one to look at exactly, which finds it. */
const longestMs = 3 * 60_000;
