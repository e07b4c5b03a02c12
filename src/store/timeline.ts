/** What is recorded of a camera in a span and what is not, from the index and from memory. */
import { type Kysely, sql } from 'kysely';
import { Temporal } from 'temporal-polyfill';
import { type Clock, refuse } from '../base/index.ts';
import type { GapCause } from '../contract/index.ts';
import type { Database, Tables } from '../db/index.ts';
import { clip, cover, type Gap, merge, type Span, without } from './cover.ts';
import { type Detail, touchMs } from './gaps.ts';
import type { Keeper } from './keeper.ts';
import { lostRingSpans } from './key-rings.ts';
import { bounds, type Island, islands, islandsIn, islandsOf, unreadable } from './segments.ts';

export interface StoreAt {
  readonly db: Database;
  readonly keeper: Keeper;
  readonly clock: Clock;
}

export interface Timeline {
  readonly spans: readonly Span[];
  /** Where of what the spans leave out at least the sub-stream was recorded. It stands in the gaps as well. */
  readonly small: readonly Span[];
  readonly gaps: readonly Gap[];
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
  /** Recorded over all seconds since the camera was ordered, in the span, 0–1; what cannot be reached now counts. */
  readonly coverage: number;
}

const maxSpanMs = 32 * 86_400_000;
/** A camera that comes and goes every second for days has more; the oldest then show as unexplained. */
const maxGaps = 20_000;
/** What was received this shortly ago is on its way into a file, and no gap. */
const onItsWayMs = 10_000;
/** How long a reader waits for rows that are on their way. */
const settleMs = 500;

export type CameraTime = { readonly id: string; readonly orderedMs: number };

export async function timeline(at: StoreAt, camera: CameraTime, span: Span): Promise<Timeline> {
  if (!(span.toMs > span.fromMs) || span.toMs - span.fromMs > maxSpanMs)
    refuse('view.range', { hours: 32 * 24 });
  const window = await recordedWindow(at, camera, span);
  const [{ spans, gaps }, ends, sub, lost] = await Promise.all([
    covered(at, camera.id, window),
    bounds(at.db.kysely, camera.id),
    islandsOf(at.db.kysely, [camera.id], window, 'sub'),
    lostRingSpans(at.db.kysely),
  ]);
  const small = smallOf(at, camera.id, window, { spans, lost, stored: sub.get(camera.id) ?? [] });
  const away = gaps.filter(({ cause }) => cause === 'bucket-away');
  const recordedMs = lengthOf(spans) + lengthOf(away);
  const fresh = at.keeper.freshOf(camera.id);
  return {
    spans,
    small,
    gaps,
    oldestMs: least([ends?.oldestMs, ...fresh.map((segment) => segment.startMs)]),
    newestMs: most([ends?.newestMs, ...fresh.map((segment) => segment.endMs), small.at(-1)?.toMs]),
    coverage: window.toMs > window.fromMs ? Math.min(1, recordedMs / (window.toMs - window.fromMs)) : 0,
  };
}

/** What the sub-stream has of a window where the main stream's `spans` have nothing. */
export async function smallIn(
  at: StoreAt,
  cameraId: string,
  window: Span,
  spans: readonly Span[],
): Promise<Span[]> {
  const stored = (await islandsOf(at.db.kysely, [cameraId], window, 'sub')).get(cameraId) ?? [];
  return smallOf(at, cameraId, window, { spans, lost: await lostRingSpans(at.db.kysely), stored });
}

function smallOf(
  at: StoreAt,
  cameraId: string,
  window: Span,
  of: { spans: readonly Span[]; lost: readonly Span[]; stored: readonly Island[] },
): Span[] {
  const fresh = at.keeper.freshOf(cameraId, 'sub');
  const all = [
    ...of.stored.filter(isGood).flatMap((island) => without(island, of.lost)),
    ...fresh.map(({ startMs, endMs }) => ({ fromMs: startMs, toMs: endMs })),
  ].map((span) => clip(span, window));
  const recorded = merge(
    all.filter(({ fromMs, toMs }) => toMs > fromMs),
    touchMs,
  );
  return recorded.flatMap((span) => without(span, of.spans));
}

const isGood = ({ condition }: Island): boolean => condition === 'good';

export async function recordedWindow(at: StoreAt, camera: CameraTime, span: Span): Promise<Span> {
  await at.keeper.written(settleMs);
  return windowOf(at, camera, span);
}

/** Of the span what lies between the camera's order and now, less what is still on its way into a file. */
export function windowOf({ keeper, clock }: StoreAt, camera: CameraTime, span: Span): Span {
  const nowMs = clock.wallMs();
  const recordedMs = keeper.recordedUntilMs(camera.id);
  const isOnItsWay =
    !keeper.track(camera.id)?.open &&
    recordedMs !== null &&
    recordedMs <= nowMs &&
    nowMs - recordedMs < onItsWayMs;
  return clip(span, { fromMs: camera.orderedMs, toMs: isOnItsWay ? recordedMs : nowMs });
}

/** Footage and gaps of a window that ends no later than now. */
export async function covered(
  at: StoreAt,
  cameraId: string,
  window: Span,
): Promise<{ spans: Span[]; gaps: Gap[] }> {
  if (window.toMs <= window.fromMs) return { spans: [], gaps: [] };
  const [stored, told, away, lost] = await Promise.all([
    islands(at.db.kysely, cameraId, window),
    gapsIn(at.db, [cameraId], window, at.clock.wallMs()),
    awayIn(at.db, cameraId, window),
    lostRingSpans(at.db.kysely),
  ]);
  const known = [...(told.get(cameraId) ?? []), ...away, ...keylessOf(stored, lost)];
  return coverWith(at, cameraId, window, stored, known);
}

/** What was sealed under a key ring that is lost: it lies there, and nobody can read it. */
export const keylessOf = (stored: readonly Island[], lost: readonly Span[]): Gap[] =>
  stored
    .filter(isGood)
    .flatMap((island) => lost.map((span) => clip(island, span)))
    .filter(({ fromMs, toMs }) => toMs > fromMs)
    .map((span) => ({ ...span, cause: 'key-missing', detail: {}, open: false, inside: true }));

/** A volume from which nothing can be read now, and why: values of the sentence of `bucket-away`. */
export interface AwayVolume {
  readonly id: string;
  readonly detail: Detail;
}

/** Usually none. */
export async function volumesAway(db: Kysely<Tables>): Promise<AwayVolume[]> {
  const rows = await db
    .selectFrom('volume')
    .leftJoin('bucket', 'bucket.volume_id', 'volume.id')
    .select(['volume.id', 'volume.name', 'volume.away_why', 'bucket.problem'])
    .where('away', 'is not', null)
    .where((or) => or.or([or('kind', '=', 's3'), or('away_why', 'in', unreadable)]))
    .limit(100)
    .execute();
  return rows.map(({ id, name, away_why: why, problem }) => ({
    id,
    detail: { ...problem?.values, name, awayWhy: why ?? '' },
  }));
}

/** What lies where nothing can be read now: recorded, and not to be had. */
export async function awayIn(
  { kysely }: Database,
  cameraId: string,
  window: Span,
  among?: readonly AwayVolume[],
): Promise<Gap[]> {
  const away = among ?? (await volumesAway(kysely));
  const gaps: Gap[] = [];
  for (const { id, detail } of away)
    for (const span of await islandsIn(kysely, cameraId, id, window))
      gaps.push({ ...span, cause: 'bucket-away', detail, open: false, inside: true });
  return gaps;
}

const lengthOf = (spans: readonly Span[]): number =>
  spans.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);

/** The same of what the index says, with what memory has besides. */
export function coverWith(
  { keeper }: StoreAt,
  cameraId: string,
  window: Span,
  stored: readonly Island[],
  told: readonly Gap[],
): { spans: Span[]; gaps: Gap[] } {
  const fresh = keeper.freshOf(cameraId);
  const good = stored.filter(isGood);
  const bad = stored
    .filter((island) => island.condition !== 'good')
    .map(({ fromMs, toMs, condition }) => ({
      fromMs,
      toMs,
      cause: condition as GapCause,
      detail: {},
      open: false,
      inside: false,
    }));
  const footage = [...good, ...fresh.map(({ startMs, endMs }) => ({ fromMs: startMs, toMs: endMs }))];
  return cover(window, footage, [...told, ...bad]);
}

export async function gapsIn(
  db: Database,
  cameraIds: readonly string[],
  window: Span,
  nowMs: number,
): Promise<Map<string, Gap[]>> {
  const rows = await gapRows(db.kysely, cameraIds, window).execute();
  const found = new Map<string, Gap[]>();
  for (const row of rows) {
    const gap = {
      fromMs: row.from_ms,
      toMs: row.to_ms ?? Math.max(nowMs, row.from_ms + 1),
      cause: row.cause as GapCause,
      detail: row.detail,
      open: row.to_ms === null,
      inside: row.inside,
    };
    const known = found.get(row.camera_id);
    if (known) known.push(gap);
    else found.set(row.camera_id, [gap]);
  }
  return found;
}

export const gapRows = (db: Kysely<Tables>, cameraIds: readonly string[], window: Span) =>
  db
    .selectFrom('gap')
    .select(['camera_id', 'from_ms', 'to_ms', 'cause', 'detail', 'inside'])
    .where(sql<boolean>`camera_id = any(${cameraIds}::text[])`)
    // As the index has it: an open gap ends after everything.
    .where(sql<number>`coalesce(to_ms, 9223372036854775807)`, '>', Math.floor(window.fromMs))
    .where('from_ms', '<', Math.ceil(window.toMs))
    .orderBy('from_ms', 'desc')
    .limit(maxGaps);

/** Refuses what is no month or no zone. */
export function daysOf(month: string, timeZone: string): ({ day: string } & Span)[] {
  try {
    const yearMonth = Temporal.PlainYearMonth.from(month);
    return Array.from({ length: yearMonth.daysInMonth }, (_, index) => {
      const date = yearMonth.toPlainDate({ day: index + 1 });
      return {
        day: date.toString(),
        fromMs: date.toZonedDateTime(timeZone).epochMilliseconds,
        toMs: date.add({ days: 1 }).toZonedDateTime(timeZone).epochMilliseconds,
      };
    });
  } catch {
    return refuse('site.time-zone', { zone: timeZone });
  }
}

const some = (values: readonly (number | undefined)[]): number[] =>
  values.filter((value) => value !== undefined);
const least = (values: readonly (number | undefined)[]): number | null =>
  some(values).length > 0 ? Math.min(...some(values)) : null;
const most = (values: readonly (number | undefined)[]): number | null =>
  some(values).length > 0 ? Math.max(...some(values)) : null;
