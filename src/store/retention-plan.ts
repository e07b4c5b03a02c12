/**
 * What is to become of one segment, pure: kept or deleted, why and because of whom. The order is the law's floor, then
 * a hold, then the unit's policy, then space. The reaper, the answer to an erasure request and the console's "why is
 * this still there" ask here; nothing else decides about a deletion.
 */
import {
  type Important,
  type Keeping,
  localDay,
  type Moments,
  momentsOf,
  type Period,
  type Reason,
} from '../law/index.ts';
import type { Span } from './cover.ts';
import type { Behind } from './reaper-clock.ts';

export interface HoldSpan extends Span {
  readonly id: string;
  /** Null: until it is released. */
  readonly untilMs: number | null;
}

export interface MarkSpan extends Span {
  readonly id: string;
  readonly kind: 'important' | 'alarm';
  readonly period: Period | null;
}

/** All that decides about one camera's footage. */
export interface CameraKeeping {
  /** Null: nobody has settled how long this site keeps. */
  readonly keeping: Keeping | null;
  readonly givesWay: boolean;
  readonly timeZone: string;
  readonly holds: readonly HoldSpan[];
  readonly marks: readonly MarkSpan[];
  /** Spans that somebody asked to be erased. */
  readonly erasures: readonly Span[];
  /** Times in which the clock ran behind, by the clock as it was. */
  readonly behind: readonly Behind[];
}

export interface Stored {
  readonly startMs: number;
  readonly endMs: number;
}

export type KeptBy = 'unsettled' | 'undecided' | 'floor' | 'hold' | 'policy' | 'nothing-said' | 'day';
export type DeletedBy = 'ceiling' | 'erasure' | 'served' | 'room';

export type Sentence =
  | {
      readonly kind: 'keep';
      readonly why: KeptBy;
      /** When it should be looked at again; null: only once somebody did something. */
      readonly untilMs: number | null;
      readonly because: readonly Reason[];
    }
  | { readonly kind: 'delete'; readonly why: DeletedBy; readonly because: readonly Reason[] };

export interface PlanAt {
  readonly nowMs: number;
  /** Nobody looks again before this: what passes its ceiling until then goes now. */
  readonly aheadMs: number;
  /** A disk is full: what the law allows goes before its policy's day. */
  readonly needsRoom?: boolean;
}

const dayMs = 86_400_000;
const touches = (span: Span, { startMs, endMs }: Stored): boolean =>
  span.fromMs < Math.max(endMs, startMs + 1) && span.toMs > startMs;

export const isHeld = (of: CameraKeeping, segment: Stored, nowMs: number): boolean =>
  of.holds.some((hold) => isInForce(hold, nowMs) && touches(hold, segment));
export const isInForce = (hold: { readonly untilMs: number | null }, nowMs: number): boolean =>
  hold.untilMs === null || hold.untilMs > nowMs;

export function sentenceOf(segment: Stored, of: CameraKeeping, at: PlanAt): Sentence {
  const moments = momentsOfSegment(segment, of);
  if (!moments) return keep('unsettled', null, []);
  const { nowMs } = at;
  if (moments.undecided) return keep('undecided', null, [moments.undecided.floor, moments.undecided.ceiling]);
  // Where no law sets a floor there is no age to reach, and a proven time a moment behind the clock does not matter.
  const hasFloor = moments.earliestBecause.length > 0;
  if (hasFloor && nowMs < moments.earliestMs)
    return keep('floor', moments.earliestMs, moments.earliestBecause);
  if (isHeld(of, segment, nowMs)) return keep('hold', holdEndsMs(of, segment, nowMs), []);
  return pastFloorAndHold(segment, of, at, moments);
}

function pastFloorAndHold(segment: Stored, of: CameraKeeping, at: PlanAt, moments: Moments): Sentence {
  const { nowMs, aheadMs } = at;
  if (moments.latestMs !== null && nowMs + aheadMs >= moments.latestMs)
    return { kind: 'delete', why: 'ceiling', because: moments.latestBecause };
  if (of.erasures.some((span) => touches(span, segment)))
    return { kind: 'delete', why: 'erasure', because: moments.earliestBecause };
  if (at.needsRoom && of.givesWay) return { kind: 'delete', why: 'room', because: moments.earliestBecause };
  if (moments.dueMs === null) return keep('nothing-said', null, []);
  if (nowMs < moments.dueMs) return keep('policy', moments.dueMs, moments.dueBecause);
  const dayIsDueMs = moments.dueMs + restOfDayMs(segment);
  // What has no ceiling goes by whole days: one certificate and one key for each, not one a minute.
  if (moments.latestMs === null && nowMs < dayIsDueMs) return keep('day', dayIsDueMs, moments.dueBecause);
  return { kind: 'delete', why: 'served', because: moments.dueBecause };
}

const keep = (why: KeptBy, untilMs: number | null, because: readonly Reason[]): Sentence => ({
  kind: 'keep',
  why,
  untilMs,
  because,
});

/** From a segment's end to the end of the UTC day it began in. */
const restOfDayMs = ({ startMs, endMs }: Stored): number =>
  Math.max(0, Math.floor(startMs / dayMs) * dayMs + dayMs - endMs);

/** When the last hold on it ends; null: one of them is open-ended. */
export function holdEndsMs(of: CameraKeeping, segment: Stored, nowMs: number): number | null {
  const ends = of.holds
    .filter((hold) => isInForce(hold, nowMs) && touches(hold, segment))
    .map((hold) => hold.untilMs);
  return ends.some((end) => end === null) ? null : Math.max(...(ends as number[]));
}

/** Null when nobody settled how long. */
export function momentsOfSegment(segment: Stored, of: CameraKeeping): Moments | null {
  if (!of.keeping) return null;
  const endMs = segment.endMs + behindAt(segment, of);
  return momentsOf(of.keeping, { endMs, on: localDay(endMs, of.timeZone) }, importanceOf(segment, of));
}

/** By how much a segment may be younger than its date: the clock was wrong when it was recorded. */
const behindAt = (segment: Stored, of: CameraKeeping): number =>
  of.behind.reduce((most, span) => (touches(span, segment) ? Math.max(most, span.byMs) : most), 0);

/** The longest that was asked for of all marks on it; an alarm's record shares the ordinary floor (RE-07). */
export function importanceOf(segment: Stored, of: CameraKeeping): Important | null {
  const marks = of.marks.filter((mark) => mark.kind === 'important' && touches(mark, segment));
  if (marks.length === 0) return null;
  const periods = marks.flatMap(({ period }) => (period ? [period] : []));
  const longest = periods.toSorted((a, b) => roughMs(b) - roughMs(a))[0];
  return { period: longest ?? null };
}

const unitMs: Readonly<Record<Period['unit'], number>> = {
  hour: 3_600_000,
  day: dayMs,
  workingDay: dayMs,
  month: 30.4 * dayMs,
  year: 365.25 * dayMs,
};
const roughMs = ({ n, unit }: Period): number => n * unitMs[unit];

export type SegmentClass = 'ordinary' | 'important' | 'evidence' | 'alarm';

/**
 * What a segment is kept as. It follows from the holds and marks on its time, and is nowhere written down: a hold that
 * ends by the clock would make every copy of it wrong.
 */
export function classOf(segment: Stored, of: CameraKeeping, nowMs: number): SegmentClass {
  if (isHeld(of, segment, nowMs)) return 'evidence';
  const kinds = of.marks.filter((mark) => touches(mark, segment)).map(({ kind }) => kind);
  return kinds.includes('important') ? 'important' : kinds.includes('alarm') ? 'alarm' : 'ordinary';
}

/**
 * Where to look on behind a segment that is kept: whatever lies before this touches the same hold or mark and is kept
 * with it. Null: right behind it.
 */
export function skipTo(segment: Stored, of: CameraKeeping, why: KeptBy, nowMs: number): number | null {
  if (why === 'hold')
    return Math.max(
      ...of.holds.filter((hold) => isInForce(hold, nowMs) && touches(hold, segment)).map((hold) => hold.toMs),
    );
  if (why !== 'floor' && why !== 'policy') return null;
  const marks = of.marks.filter((mark) => mark.kind === 'important' && touches(mark, segment));
  return marks.length === 0 ? null : Math.min(...marks.map((mark) => mark.toMs));
}
