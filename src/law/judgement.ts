/** What a duty comes to: its state, the day it is about, and why. */
import type { Day } from './calendar.ts';
import type { Facts, Profile } from './clause.ts';
import type { CameraFacts, SiteFacts } from './facts.ts';
import type { FilingClock } from './filing.ts';
import type { Objection } from './siting.ts';

export type State = 'met' | 'due' | 'overdue' | 'not-applicable' | 'unknown';

/** Why a duty is as it is; `sayWhy` has the sentence. `what` names a record, an open kind, a profile, a number. */
export interface Why {
  readonly code: WhyCode;
  readonly what: string;
}
export type WhyCode =
  | 'no-profile'
  | 'other-class'
  | 'other-place'
  | 'no-key-target'
  | 'other-owner'
  | 'other-purpose'
  | 'no-private-zone'
  | 'no-camera'
  | 'retired'
  | 'not-retired'
  | 'nothing-to-do'
  | 'no-faces'
  | 'between-people'
  | 'not-in-this-version'
  | 'by-system'
  | 'on-record'
  | 'not-on-record'
  | 'ran-out'
  | 'too-old'
  | 'only-where'
  | 'none-open'
  | 'open'
  | 'not-counted'
  | 'filed'
  | 'not-owed'
  | 'to-file'
  | 'calendar-missing'
  | 'told'
  | 'not-told'
  | 'contradicts-law'
  | 'objection'
  | 'none-drawn'
  | 'no-neighbour'
  | 'within-law'
  | 'outside-law'
  | 'conflict'
  | 'drift'
  | 'late';

export interface Judgement {
  readonly state: State;
  /** The last day of what is due, or since when it is overdue. Null: no date is known. */
  readonly at: Day | null;
  /** Days to `at` of what is due. */
  readonly inDays: number | null;
  readonly why: Why;
}

/** A site on a day, prepared once for all of its duties and cameras. */
export interface Judged {
  readonly site: SiteFacts;
  readonly cameras: readonly CameraFacts[];
  readonly day: Day;
  readonly chain: readonly Profile[];
  readonly names: ReadonlySet<string>;
  readonly facts: Facts;
  readonly clocks: readonly FilingClock[];
}
/** One camera of it, with what stands against its operating. */
export interface JudgedCamera {
  readonly camera: CameraFacts;
  readonly objections: readonly Objection[];
}

export const result = (
  state: State,
  code: WhyCode,
  what = '',
  at: Day | null = null,
  inDays: number | null = null,
): Judgement => ({ state, at, inDays, why: { code, what } });

/** Missing: due before it operates, overdue since it does. */
export function unmet(
  code: WhyCode,
  what: string,
  { site, day }: Judged,
  one: JudgedCamera | null,
): Judgement {
  const since = one ? one.camera.operatingSince : site.liveSince;
  const runs = one
    ? one.camera.step !== 'planned' && since !== null && since <= day
    : since !== null && since <= day;
  return runs ? result('overdue', code, what, since) : result('due', code, what);
}

const rank: Readonly<Record<State, number>> = { overdue: 0, due: 1, unknown: 2, met: 3, 'not-applicable': 4 };

/** The one to look at first: overdue, then due, each the earliest. */
export function worst(judgements: readonly Judgement[]): Judgement {
  let found = judgements[0] ?? result('not-applicable', 'no-camera');
  for (const each of judgements) if (isWorse(each, found)) found = each;
  return found;
}
export const isWorse = (a: Judgement, b: Judgement): boolean =>
  a.state === b.state ? (a.at ?? '0000') < (b.at ?? '0000') : rank[a.state] < rank[b.state];
