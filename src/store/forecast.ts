/**
 * What will be, pure: from what the cameras record a day and how long the law keeps it, the day on which a camera can
 * no longer be kept for its floor. What lies past the floor goes first, as the reaper would; then the least important
 * camera falls short, as on the ladder.
 */
import { type Importance, inOrder } from './ladder.ts';

const dayMs = 86_400_000;

export interface DayBytes {
  /** How many days ago the day began: 0 is today. */
  readonly ago: number;
  readonly bytes: number;
}

/** Bytes a day by weekday, Sunday first. */
export type Week = readonly number[];

const patternDays = 14;
const recentDays = 28;
/** A bit rate that was raised counts at once, not when the mean has followed. */
const noticedRise = 1.15;

/**
 * What a camera records a day: by weekday once there are two weeks of it, else the mean of its whole days, else what
 * it sends now. Today and the first day are not whole.
 */
export function weekOf(history: readonly DayBytes[], presentBytesPerS: number, nowMs: number): Week {
  const first = history.reduce((most, { ago }) => Math.max(most, ago), 0);
  const whole = history.filter(({ ago }) => ago > 0 && ago < first && ago <= recentDays);
  if (whole.length === 0) return Array.from({ length: 7 }, () => presentBytesPerS * 86_400);
  // Yesterday must not hide itself in the mean that it is held against.
  const base = whole.length > patternDays ? whole.filter(({ ago }) => ago > 2) : whole;
  const overall = mean(base);
  const week = Array.from({ length: 7 }, (_, weekday) => {
    const same = base.filter(({ ago }) => weekdayOf(nowMs, -ago) === weekday);
    return whole.length >= patternDays && same.length > 0 ? mean(same) : overall;
  });
  const recent = whole.filter(({ ago }) => ago <= 2);
  const expected = recent.reduce((sum, { ago }) => sum + week[weekdayOf(nowMs, -ago)]!, 0);
  const rise = recent.reduce((sum, { bytes }) => sum + bytes, 0) / Math.max(1, expected);
  return rise > noticedRise ? week.map((bytes) => bytes * rise) : week;
}

const mean = (days: readonly DayBytes[]): number =>
  days.reduce((sum, { bytes }) => sum + bytes, 0) / Math.max(1, days.length);
const weekdayOf = (nowMs: number, days: number): number => new Date(nowMs + days * dayMs).getUTCDay();

export interface ForecastCamera {
  readonly cameraId: string;
  readonly importance: Importance;
  /** What may not be deleted before; null: nobody settled it, and nothing of it is ever deleted. */
  readonly floorDays: number | null;
  /** When it is deleted without any need of room; at least the floor. Null: never. */
  readonly keepDays: number | null;
  readonly week: Week;
  readonly stored: readonly DayBytes[];
}

export interface Forecast {
  /** UTC in ms at which a camera can no longer be kept for its floor; null within the horizon. */
  readonly fallsMs: ReadonlyMap<string, number | null>;
  /** When the first one falls. */
  readonly firstMs: number | null;
}

export const horizonDays = 400;

interface Pile {
  readonly camera: ForecastCamera;
  /** Bytes by age in days; what is older than it may be and still there is held. */
  days: number[];
  held: number;
  fallsMs: number | null;
}

/** `capacityBytes`: what all volumes hold and may still take. */
export function forecast(cameras: readonly ForecastCamera[], capacityBytes: number, nowMs: number): Forecast {
  const piles = cameras.toSorted(inOrder).map((camera) => pileOf(camera));
  for (let day = 0; day < horizonDays && piles.some((pile) => pile.fallsMs === null); day++)
    liveDay(piles, capacityBytes, nowMs, day);
  const fallsMs = new Map(piles.map(({ camera, fallsMs }) => [camera.cameraId, fallsMs]));
  const known = [...fallsMs.values()].filter((ms) => ms !== null);
  return { fallsMs, firstMs: known.length > 0 ? Math.min(...known) : null };
}

function pileOf(camera: ForecastCamera): Pile {
  const pile: Pile = { camera, days: [], held: 0, fallsMs: null };
  for (const { ago, bytes } of camera.stored) {
    if (camera.keepDays !== null && ago > camera.keepDays + 1) pile.held += bytes;
    else pile.days[ago] = (pile.days[ago] ?? 0) + bytes;
  }
  pile.days = Array.from(pile.days, (bytes) => bytes ?? 0);
  return pile;
}

function liveDay(piles: readonly Pile[], capacityBytes: number, nowMs: number, day: number): void {
  for (const pile of piles) {
    pile.days.unshift(0);
    if (pile.camera.keepDays !== null)
      pile.days.length = Math.min(pile.days.length, pile.camera.keepDays + 2);
  }
  const weekday = weekdayOf(nowMs, day);
  const inflow = (pile: Pile) => (pile.fallsMs === null ? pile.camera.week[weekday]! : 0);
  const stored = sum(piles, ({ days, held }) => held + sum(days, (bytes) => bytes));
  let missing = stored + sum(piles, inflow) - capacityBytes;
  if (missing > 0) missing -= giveWay(piles, missing);
  // From the least important on; each that falls leaves its share to the others.
  for (const pile of piles.toReversed()) {
    if (missing <= 0) break;
    const bytes = inflow(pile);
    if (bytes <= 0) continue;
    const share = Math.max(0, 1 - missing / Math.max(1, sum(piles, inflow)));
    pile.fallsMs = Math.round(nowMs + (day + share) * dayMs);
    missing -= bytes;
  }
  for (const pile of piles) pile.days[0] = inflow(pile);
}

/** What is past its floor goes, the oldest first; says how much that was. */
function giveWay(piles: readonly Pile[], wanted: number): number {
  let given = 0;
  const oldest = Math.max(0, ...piles.map(({ days }) => days.length));
  for (let age = oldest; age > 0 && given < wanted; age--)
    for (const { camera, days } of piles) {
      if (camera.floorDays === null || age <= camera.floorDays + 1 || given >= wanted) continue;
      given += days[age] ?? 0;
      if (age < days.length) days[age] = 0;
    }
  return given;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += of(item);
  return total;
}

/** Warned this far ahead; over once it lies further off again, so that a warning does not come and go. */
export const warnAheadMs = 7 * dayMs;
export const warnOverMs = 9 * dayMs;

export function isWarned(fallsMs: number | null, nowMs: number, wasWarned: boolean): boolean {
  return fallsMs !== null && fallsMs - nowMs < (wasWarned ? warnOverMs : warnAheadMs);
}
