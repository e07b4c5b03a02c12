/**
 * What time it is for certain, pure. The clock may be set, by hand, by a time server, or by a dead battery; how long
 * the machine runs cannot. So the time that counts for a deletion is the last reading that somebody confirmed and what
 * the machine has run since: steps of the clock are not in it, neither one of a year nor thirty of an hour each, and
 * nor is the time for which the machine was off. It is never later than the truth, so nothing goes before its day.
 * Where the clock is too far from it, deletion waits for a person or a time server; recording waits for nothing.
 *
 * A clock that ran behind dated what was recorded then too early. Those spans are remembered, and kept so much longer.
 */
import type { Uptime } from '../base/index.ts';
import type { Span } from './cover.ts';

export interface Reading extends Uptime {
  readonly wallMs: number;
}

/** For so long, by its own word, the clock stood so far ahead of the machine's running time. */
export interface Standing extends Span {
  readonly offsetMs: number;
  /** It was too far ahead of what is proven to be the measure of anything. */
  readonly isDoubted: boolean;
}

/** What is dated in the span, by the clock as it was, is younger than its date by so much. */
export interface Behind extends Span {
  readonly byMs: number;
}

export interface ClockBelief {
  /** At the last look it was at least so late. */
  readonly provenMs: number;
  /** Null: nobody has looked since this is kept. */
  readonly last: Reading | null;
  /** How the clock stood since the machine was started, or since it was confirmed, oldest first. */
  readonly stood: readonly Standing[];
  readonly doubt: 'back' | 'forward' | null;
  /** The clock runs behind now. */
  readonly behind: Behind | null;
  /** Times that ended with this look; to be written down, and then forgotten here. */
  readonly ended: readonly Behind[];
}

/** So much may lie between what is proven and a clock ahead of it: Custos was off for a night, and for another. */
export const forwardMs = 86_400_000;
/** A clock so far behind what is proven was set wrong, now or before. */
export const backMs = 3_600_000;
/** Less is no step: two readings are not taken in one moment. Both clocks of a machine are slewed alike. */
const stepMs = 1_000;
/** Steps of the clock between two confirmations that are told apart. */
const maxStood = 100;

export function look(belief: ClockBelief, now: Reading): ClockBelief {
  const { last } = belief;
  const isSame = last !== null && isSameRun(last, now);
  const elapsedMs = last === null ? 0 : isSame ? now.upMs - last.upMs : now.upMs;
  const provenMs = belief.provenMs + elapsedMs;
  const apartMs = now.wallMs - provenMs;
  const isStep = Math.abs(apartMs - ((last?.wallMs ?? belief.provenMs) - belief.provenMs)) > stepMs;
  const isBehind = apartMs < -stepMs;
  const isOther = belief.behind !== null && (isStep || !isBehind);
  const going = isOther ? null : belief.behind;
  const doubt = apartMs > forwardMs ? 'forward' : apartMs < -backMs ? 'back' : null;
  const standing = { offsetMs: now.wallMs - now.upMs, isDoubted: doubt === 'forward' };
  return {
    ...{ provenMs, doubt, last: now },
    stood: stoodOn(isSame ? belief.stood : [], { now, elapsedMs, lastWallMs: last?.wallMs ?? 0, standing }),
    behind: isBehind ? { ...grown(going, now.wallMs, elapsedMs), byMs: ageOf(going, -apartMs) } : null,
    ended: [
      ...(isOther && belief.behind ? [until(belief.behind, (last?.wallMs ?? now.wallMs) + elapsedMs)] : []),
      ...(isSame ? [] : behindOf(belief.stood, greatest(belief.stood))),
    ],
  };
}

const ageOf = (behind: Behind | null, byMs: number): number =>
  Math.max(behind?.byMs ?? 0, Math.ceil(byMs) + stepMs);

function stoodOn(
  stood: readonly Standing[],
  at: {
    readonly now: Reading;
    readonly elapsedMs: number;
    readonly lastWallMs: number;
    readonly standing: Omit<Standing, keyof Span>;
  },
): readonly Standing[] {
  const { now, elapsedMs, lastWallMs, standing } = at;
  const last = stood.at(-1);
  const isOn = last !== undefined && Math.abs(last.offsetMs - standing.offsetMs) <= stepMs;
  if (isOn) return [...stood.slice(0, -1), { ...last, ...grown(last, now.wallMs, elapsedMs) }];
  const before = last ? [...stood.slice(0, -1), until(last, lastWallMs + elapsedMs)] : [];
  return bounded([...before, { ...grown(null, now.wallMs, elapsedMs), ...standing }]);
}

/** A clock that is set and set again: the two oldest count as one, by the lower of the two. */
function bounded(stood: readonly Standing[]): readonly Standing[] {
  const [one, two, ...rest] = stood;
  if (!one || !two || stood.length <= maxStood) return stood;
  const span = { fromMs: Math.min(one.fromMs, two.fromMs), toMs: Math.max(one.toMs, two.toMs) };
  const offsetMs = Math.min(one.offsetMs, two.offsetMs);
  return [{ ...span, offsetMs, isDoubted: one.isDoubted && two.isDoubted }, ...rest];
}

/** Where the clock stood lower than it should have, what was recorded is younger than its date. */
const behindOf = (stood: readonly Standing[], rightMs: number | null): Behind[] =>
  stood.flatMap(({ fromMs, toMs, offsetMs }) =>
    rightMs !== null && rightMs - offsetMs > stepMs
      ? [{ fromMs, toMs, byMs: Math.ceil(rightMs - offsetMs) + stepMs }]
      : [],
  );

/** Nobody said which was right: the latest that may be believed is. */
function greatest(stood: readonly Standing[]): number | null {
  const offsets = stood.filter(({ isDoubted }) => !isDoubted).map(({ offsetMs }) => offsetMs);
  return offsets.length > 0 ? Math.max(...offsets) : null;
}

/** A container that is started anew counts from nothing though the machine below went on. */
const isSameRun = (a: Reading, b: Reading): boolean => a.boot === b.boot && b.upMs >= a.upMs;

/** It may have been set right after the last look. */
function grown(span: Span | null, wallMs: number, elapsedMs: number): Span {
  return {
    fromMs: Math.min(span?.fromMs ?? wallMs, wallMs - elapsedMs - stepMs),
    toMs: Math.max(span?.toMs ?? wallMs, wallMs + stepMs),
  };
}

const until = <S extends Span>(span: S, toMs: number): S => ({
  ...span,
  toMs: Math.max(span.toMs, toMs + stepMs),
});

/** How far the clock is ahead of what is proven; negative where it is behind. */
export const apartMs = ({ provenMs, last }: ClockBelief): number => (last ? last.wallMs - provenMs : 0);

/**
 * The two times that the law is held against, when there is no doubt: for "it may go" the earlier one, for "it must be
 * gone" the later.
 */
export function timesOf({ provenMs, last }: ClockBelief): { earliestMs: number; latestMs: number } {
  const wallMs = last?.wallMs ?? provenMs;
  return { earliestMs: Math.min(provenMs, wallMs), latestMs: Math.max(provenMs, wallMs) };
}

/** The first look of all, and the first after the database was lost: the newest moment on record is what is proven. */
export const firstBelief = (now: Reading, newestMs: number | null): ClockBelief =>
  look(
    { ...startOf(newestMs ?? now.wallMs), last: newestMs === null ? null : { ...now, wallMs: newestMs } },
    now,
  );

const startOf = (provenMs: number): ClockBelief => ({
  ...{ provenMs, last: null, stood: [], doubt: null, behind: null, ended: [] },
});

/**
 * A person or a time server says that the clock is right now. Where it was set forward while the machine ran, it was
 * behind before that: what was recorded then is younger than its date. Where it was set back and stands so, it had been
 * ahead: what is recorded now is dated rightly after all.
 */
export function confirmed(now: Reading, before: ClockBelief | null = null): ClockBelief {
  const seen = before && look(before, now);
  const ended = seen ? [...seen.ended, ...behindOf(seen.stood, now.wallMs - now.upMs)] : [];
  return { ...look({ ...startOf(now.wallMs), last: now }, now), ended };
}
