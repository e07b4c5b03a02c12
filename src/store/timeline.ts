/** What is recorded of a camera in a span and what is not, from the index and from memory; and the same by days. */
import { sql } from 'kysely';
import { Temporal } from 'temporal-polyfill';
import { type Clock, refuse } from '../base/index.ts';
import type { GapCause } from '../contract/index.ts';
import type { Database } from '../db/index.ts';
import { clip, cover, type Gap, type Span } from './cover.ts';
import type { Keeper } from './keeper.ts';
import { bounds, islands } from './segments.ts';

export interface StoreAt {
  readonly db: Database;
  readonly keeper: Keeper;
  readonly clock: Clock;
}

export interface Timeline {
  readonly spans: readonly Span[];
  readonly gaps: readonly Gap[];
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
  /** Recorded over all seconds since the camera was ordered, in the span, 0–1. */
  readonly coverage: number;
}

const maxSpanMs = 32 * 86_400_000;
/** A camera that comes and goes every second for days has more; the oldest then show as unexplained. */
const maxGaps = 20_000;
/** What was received this shortly ago is on its way into a file, and no gap. */
const onItsWayMs = 10_000;
/** How long a reader waits for rows that are on their way. */
const settleMs = 500;

type CameraTime = { readonly id: string; readonly orderedMs: number };

export async function timeline(at: StoreAt, camera: CameraTime, span: Span): Promise<Timeline> {
  if (!(span.toMs > span.fromMs) || span.toMs - span.fromMs > maxSpanMs)
    refuse('view.range', { hours: 32 * 24 });
  const window = await recordedWindow(at, camera, span);
  const [{ spans, gaps }, ends] = await Promise.all([
    covered(at, camera.id, window),
    bounds(at.db.kysely, camera.id),
  ]);
  const recordedMs = spans.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  const fresh = at.keeper.freshOf(camera.id);
  return {
    spans,
    gaps,
    oldestMs: least([ends?.oldestMs, ...fresh.map((segment) => segment.startMs)]),
    newestMs: most([ends?.newestMs, ...fresh.map((segment) => segment.endMs)]),
    coverage: window.toMs > window.fromMs ? Math.min(1, recordedMs / (window.toMs - window.fromMs)) : 0,
  };
}

/** Of the span what lies between the camera's order and now, less what is still on its way into a file. */
async function recordedWindow({ keeper, clock }: StoreAt, camera: CameraTime, span: Span): Promise<Span> {
  await keeper.written(settleMs);
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
  { db, keeper, clock }: StoreAt,
  cameraId: string,
  window: Span,
): Promise<{ spans: Span[]; gaps: Gap[] }> {
  if (window.toMs <= window.fromMs) return { spans: [], gaps: [] };
  const [stored, told] = await Promise.all([
    islands(db.kysely, cameraId, window),
    gapsIn(db, cameraId, window, clock.wallMs()),
  ]);
  const fresh = keeper.freshOf(cameraId);
  const good = stored.filter((island) => island.condition === 'good');
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

async function gapsIn(db: Database, cameraId: string, window: Span, nowMs: number): Promise<Gap[]> {
  const rows = await db.kysely
    .selectFrom('gap')
    .select(['from_ms', 'to_ms', 'cause', 'detail', 'inside'])
    .where('camera_id', '=', cameraId)
    // As the index has it: an open gap ends after everything.
    .where(sql<number>`coalesce(to_ms, 9223372036854775807)`, '>', Math.floor(window.fromMs))
    .where('from_ms', '<', Math.ceil(window.toMs))
    .orderBy('from_ms', 'desc')
    .limit(maxGaps)
    .execute();
  return rows.map((row) => ({
    fromMs: row.from_ms,
    toMs: row.to_ms ?? Math.max(nowMs, row.from_ms + 1),
    cause: row.cause as GapCause,
    detail: row.detail,
    open: row.to_ms === null,
    inside: row.inside,
  }));
}

export interface CalendarDay {
  /** ISO date in the zone. */
  readonly day: string;
  readonly seconds: number;
  readonly gaps: number;
}

/** Each day of a month as the zone has it: 23, 24 or 25 hours. Days without footage and without gaps are left out. */
export async function calendar(
  at: StoreAt,
  camera: CameraTime,
  month: string,
  timeZone: string,
): Promise<CalendarDay[]> {
  const days = daysOf(month, timeZone);
  const whole = { fromMs: days[0]!.fromMs, toMs: days.at(-1)!.toMs };
  const window = await recordedWindow(at, camera, whole);
  const { spans, gaps } = await covered(at, camera.id, window);
  return days
    .map(({ day, ...within }) => ({
      day,
      seconds: Math.round(lengthIn(spans, within) / 1000),
      gaps: gaps.filter((gap) => gap.fromMs < within.toMs && gap.toMs > within.fromMs).length,
    }))
    .filter(({ seconds, gaps: count }) => seconds > 0 || count > 0);
}

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

function lengthIn(spans: readonly Span[], within: Span): number {
  return spans.reduce((sum, span) => {
    const { fromMs, toMs } = clip(span, within);
    return sum + Math.max(0, toMs - fromMs);
  }, 0);
}

const some = (values: readonly (number | undefined)[]): number[] =>
  values.filter((value) => value !== undefined);
const least = (values: readonly (number | undefined)[]): number | null =>
  some(values).length > 0 ? Math.min(...some(values)) : null;
const most = (values: readonly (number | undefined)[]): number | null =>
  some(values).length > 0 ? Math.max(...some(values)) : null;
