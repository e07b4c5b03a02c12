/**
 * How complete a camera's recording is, as figures that add up exactly: every millisecond of a span is recorded, or
 * lies where it cannot be reached now, or was recorded and has served its term, or is missing with a cause. Pure.
 */
import type { GapCause } from '../contract/index.ts';
import { clip, type Gap, type Span } from './cover.ts';

/** Whole milliseconds. `recorded + away + served + missing` is the whole, and the causes add up to what is missing. */
export interface Account {
  readonly wholeMs: number;
  /** Recorded, and to be had. */
  readonly recordedMs: number;
  /** Recorded, and kept where nothing can be read now: not missing, and not to be seen until it is back. */
  readonly awayMs: number;
  /** Was recorded, and deleted when its term was over. */
  readonly servedMs: number;
  readonly missingMs: number;
  /** The longest first. */
  readonly causes: readonly { readonly cause: GapCause; readonly ms: number }[];
}

export interface Missing extends Span {
  readonly cause: GapCause;
  readonly detail: Gap['detail'];
}

/** What a window is made of. The gaps are those of `cover`: sorted and disjoint, so that they cover all that is no footage. */
export interface Made {
  readonly window: Span;
  readonly missing: readonly Missing[];
  readonly served: readonly Span[];
  readonly away: readonly Span[];
}

/** The cause under which a span stands that was recorded, kept for its term and then deleted, with a certificate. */
const servedCause: GapCause = 'deleted';
/** And that of one that lies in a volume which does not answer. */
const awayCause: GapCause = 'bucket-away';

/** Sets apart what is missing from what has served its term, and from what cannot be reached now. */
export function setApart(window: Span, gaps: readonly Gap[]): Made {
  const whole = rounded(window);
  const within = gaps.map((gap) => ({ ...gap, ...clip(rounded(gap), whole) })).filter(isSome);
  return {
    window: whole,
    missing: within
      .filter(({ cause }) => cause !== servedCause && cause !== awayCause)
      .map(({ fromMs, toMs, cause, detail }) => ({ fromMs, toMs, cause, detail })),
    served: spansOf(servedCause, within),
    away: spansOf(awayCause, within),
  };
}

const spansOf = (cause: GapCause, gaps: readonly Gap[]): Span[] =>
  gaps.filter((gap) => gap.cause === cause).map(({ fromMs, toMs }) => ({ fromMs, toMs }));

/** The figures of a made window, or of a part of it. */
export function account({ window, missing, served, away }: Made, within: Span = window): Account {
  const whole = clip(rounded(within), window);
  const wholeMs = Math.max(0, whole.toMs - whole.fromMs);
  const byCause = new Map<GapCause, number>();
  for (const gap of missing) {
    const ms = lengthOf(clip(gap, whole));
    if (ms > 0) byCause.set(gap.cause, (byCause.get(gap.cause) ?? 0) + ms);
  }
  const causes = [...byCause]
    .map(([cause, ms]) => ({ cause, ms }))
    .sort((a, b) => b.ms - a.ms || (a.cause < b.cause ? -1 : 1));
  const missingMs = sum(causes.map(({ ms }) => ms));
  const servedMs = sum(served.map((span) => lengthOf(clip(span, whole))));
  const awayMs = sum(away.map((span) => lengthOf(clip(span, whole))));
  const recordedMs = wholeMs - missingMs - servedMs - awayMs;
  return { wholeMs, recordedMs, awayMs, servedMs, missingMs, causes };
}

/** Several accounts as one: of all cameras of a site. */
export function together(accounts: readonly Account[]): Account {
  const byCause = new Map<GapCause, number>();
  for (const { causes } of accounts)
    for (const { cause, ms } of causes) byCause.set(cause, (byCause.get(cause) ?? 0) + ms);
  const of = (field: 'wholeMs' | 'recordedMs' | 'awayMs' | 'servedMs' | 'missingMs') =>
    sum(accounts.map((one) => one[field]));
  return {
    ...{
      wholeMs: of('wholeMs'),
      recordedMs: of('recordedMs'),
      awayMs: of('awayMs'),
      servedMs: of('servedMs'),
      missingMs: of('missingMs'),
    },
    causes: [...byCause]
      .map(([cause, ms]) => ({ cause, ms }))
      .sort((a, b) => b.ms - a.ms || (a.cause < b.cause ? -1 : 1)),
  };
}

/** 0 to 1; of nothing nothing is missing. */
export const coverageOf = ({ wholeMs, missingMs }: Account): number =>
  wholeMs === 0 ? 1 : (wholeMs - missingMs) / wholeMs;

const rounded = <T extends Span>(span: T): T => ({
  ...span,
  fromMs: Math.round(span.fromMs),
  toMs: Math.round(span.toMs),
});
const lengthOf = ({ fromMs, toMs }: Span): number => Math.max(0, toMs - fromMs);
const isSome = (span: Span): boolean => span.toMs > span.fromMs;
const sum = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0);
