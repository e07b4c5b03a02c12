/** The timeline's arithmetic: what is where on a strip of so many pixels, and which times get a mark. Pure. */
import { clockAt, daysIn } from './zone.ts';

export interface Scale {
  readonly fromMs: number;
  readonly toMs: number;
  readonly widthPx: number;
}

export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

export const narrowestMs = 30 * second;
export const widestMs = 31 * day;

export const msPerPx = (scale: Scale): number => (scale.toMs - scale.fromMs) / Math.max(1, scale.widthPx);
export const xOf = (scale: Scale, ms: number): number => (ms - scale.fromMs) / msPerPx(scale);
export const msAt = (scale: Scale, x: number): number => scale.fromMs + x * msPerPx(scale);

/** Wider or narrower by a factor, with the instant under the cursor staying where it is. */
export function zoomed(scale: Scale, factor: number, aroundMs: number): { fromMs: number; toMs: number } {
  const width = scale.toMs - scale.fromMs;
  const next = Math.min(widestMs, Math.max(narrowestMs, width * factor));
  const left = (aroundMs - scale.fromMs) / width;
  const fromMs = Math.round(aroundMs - next * left);
  return { fromMs, toMs: Math.round(fromMs + next) };
}

/** A window of a width around an instant. */
export function windowAround(atMs: number, widthMs: number): { fromMs: number; toMs: number } {
  const width = Math.min(widestMs, Math.max(narrowestMs, widthMs));
  return { fromMs: Math.round(atMs - width / 2), toMs: Math.round(atMs + width / 2) };
}

export interface Tick {
  readonly ms: number;
  readonly label: string;
  /** A new day begins here: the label is its date. */
  readonly isDay: boolean;
}

const steps = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * second),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * minute),
  ...[1, 2, 3, 6, 12].map((count) => count * hour),
  day,
  2 * day,
  7 * day,
];

/** The smallest step whose marks are at least so many pixels apart. */
export function stepFor(scale: Scale, atLeastPx: number): number {
  const wanted = msPerPx(scale) * atLeastPx;
  return steps.find((step) => step >= wanted) ?? 7 * day;
}

const two = (value: number) => String(value).padStart(2, '0');

/** Marks at round times of the site's own clock, also across the hours that summer time adds or takes. */
export function ticksOf(scale: Scale, zone: string, atLeastPx = 84): readonly Tick[] {
  const step = stepFor(scale, atLeastPx);
  const ticks: Tick[] = [];
  const days = daysIn(scale.fromMs, scale.toMs, zone);
  for (const [index, each] of days.entries()) {
    if (step >= day) {
      if (index % (step / day) === 0) ticks.push(dayTick(each.fromMs, each.day));
      continue;
    }
    ticks.push(dayTick(each.fromMs, each.day));
    // By the half hour from one midnight to the next: what is round by the clock is found, not assumed.
    const stride = Math.min(step, hour / 2);
    const first = each.fromMs + stride * Math.max(1, Math.floor((scale.fromMs - each.fromMs) / stride));
    for (let ms = first; ms < Math.min(each.toMs, scale.toMs + stride); ms += stride) {
      const tick = clockTick(ms, step, zone);
      if (tick) ticks.push(tick);
    }
  }
  return ticks.filter((tick) => tick.ms >= scale.fromMs - step && tick.ms <= scale.toMs + step);
}

const dayTick = (ms: number, date: string): Tick => ({ ms, label: date.slice(5), isDay: true });

function clockTick(ms: number, step: number, zone: string): Tick | null {
  const at = clockAt(ms, zone);
  const ofDay = at.hour * hour + at.minute * minute + at.second * second;
  if (ofDay % step !== 0 || ofDay === 0) return null;
  const label = `${two(at.hour)}:${two(at.minute)}${step < minute ? `:${two(at.second)}` : ''}`;
  return { ms, label, isDay: false };
}

export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Stretches in order, with those that touch made one. */
export function merged<S extends Stretch>(
  all: readonly S[],
  slackMs: number,
  isSame?: (a: S, b: S) => boolean,
): S[] {
  const found: S[] = [];
  for (const each of all.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = found.at(-1);
    const joins = last && each.fromMs <= last.toMs + slackMs && (!isSame || isSame(last, each));
    if (joins) found[found.length - 1] = { ...last, toMs: Math.max(last.toMs, each.toMs) };
    else found.push(each);
  }
  return found;
}

/** The windows in which a timeline is asked for, so that a pan finds most of them known. */
export function chunksOf(fromMs: number, toMs: number, zone: string): readonly Stretch[] {
  if (toMs - fromMs <= 3 * day)
    return daysIn(fromMs, toMs, zone).map(({ fromMs, toMs }) => ({ fromMs, toMs }));
  const wide = 8 * day;
  const chunks: Stretch[] = [];
  for (let at = Math.floor(fromMs / wide) * wide; at < toMs; at += wide)
    chunks.push({ fromMs: at, toMs: at + wide });
  return chunks;
}
