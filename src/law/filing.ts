/**
 * The clocks of filing (备案): which filings a site owes, until when, and how urgent that is. Each period is counted in
 * its own calendar and the dates are compared, never the numbers; where the law says "promptly" there is no date, and
 * where the official calendar of a year is missing that is said instead of guessed.
 */
import {
  addDays,
  CalendarError,
  type Day,
  type Deadline,
  deadline,
  type Period,
  parseDay,
} from './calendar.ts';
import type { Clause, Facts } from './clause.ts';
import { fileAfterGoLive, fileChange, fileLegacy, fileStop } from './clauses/govern.ts';
import type { FiledChange, SiteFacts } from './facts.ts';
import { type Reason, rule } from './rule.ts';
import { chainOf, lawFacts } from './siting.ts';

/** Days before the last one on which somebody is told. */
export const warningDays = [15, 7, 3, 1] as const;
export type WarningDays = (typeof warningDays)[number];

export interface FilingClock {
  readonly kind: 'go-live' | 'legacy' | 'change' | 'stop';
  /** Of the event; that day itself is not counted. */
  readonly from: Day;
  /** The last day; null: at once, the law names no number, or `missingYear` says why nobody knows. */
  readonly last: Day | null;
  /** The same moved to the next working day; the earlier one is watched. Null: that year's calendar is not known. */
  readonly rolled: Day | null;
  readonly missingYear: number | null;
  /** Calendar days to `last`; negative when it is over. */
  readonly daysLeft: number | null;
  readonly state: 'due' | 'overdue';
  /** The smallest threshold that is reached. */
  readonly warning: WarningDays | null;
  readonly because: readonly Reason[];
  readonly change: FiledChange | null;
}

/** Order 799's first day: what ran before it is filed as legacy. */
const order799From: Day = '2025-04-01';

/** What the site owes on this day; empty: all is filed, or nothing has to be. */
export function filingClocks(site: SiteFacts, day: Day): readonly FilingClock[] {
  const facts = lawFacts(site);
  const isFiled = site.filing.state === 'submitted' || site.filing.state === 'accepted';
  const first =
    isFiled || site.liveSince === null || site.liveSince > day ? [] : firstFiling(site, day, facts);
  // What was never filed has no change to file: the first filing tells all.
  const wasFiled = isFiled || site.filing.acceptedOn !== null;
  const changes = wasFiled ? site.filing.unfiled.filter(({ on }) => on <= day) : [];
  return [...first, ...changes.flatMap((change) => changeClock(site, change, day, facts))];
}

function firstFiling(site: SiteFacts, day: Day, facts: Facts): readonly FilingClock[] {
  const from = site.liveSince ?? day;
  if (from >= order799From || day < order799From)
    return clock({ kind: 'go-live', clause: fileAfterGoLive, site, from, day, facts });
  return clock({ kind: 'legacy', clause: fileLegacy, site, from: order799From, day, facts });
}

function changeClock(site: SiteFacts, change: FiledChange, day: Day, facts: Facts): readonly FilingClock[] {
  const kind = change.field === 'stop' ? 'stop' : 'change';
  const clause = kind === 'stop' ? fileStop : fileChange;
  const timed = clock({ kind, clause, site, from: change.on, day, facts }).map((each) => ({
    ...each,
    change,
  }));
  if (timed.length > 0) return timed;
  // National law: "promptly". It binds whom the first filing binds, and names no number.
  const { because } = rule(fileAfterGoLive, chainOf(site), change.on, facts);
  if (because.length === 0) return [];
  return [{ ...noDate(kind, change.on, because), change }];
}

const noDate = (kind: FilingClock['kind'], from: Day, because: readonly Reason[]): FilingClock => ({
  ...{ kind, from, last: null, rolled: null, missingYear: null, daysLeft: null },
  ...{ state: 'due', warning: 1, because, change: null },
});

function clock({
  kind,
  clause,
  site,
  from,
  day,
  facts,
}: {
  kind: FilingClock['kind'];
  clause: Clause;
  site: SiteFacts;
  from: Day;
  day: Day;
  facts: Facts;
}): readonly FilingClock[] {
  const chain = chainOf(site);
  try {
    const { value, because } = rule(clause, chain, from, facts);
    if (value === null) return [];
    return [running(kind, from, deadline(from, value as Period), because, day)];
  } catch (error) {
    if (!(error instanceof CalendarError) || error.year === null) throw error;
    return [{ ...noDate(kind, from, []), missingYear: error.year }];
  }
}

function running(
  kind: FilingClock['kind'],
  from: Day,
  { day: last, rolled }: Deadline,
  because: readonly Reason[],
  day: Day,
): FilingClock {
  const daysLeft = daysBetween(day, last);
  return {
    ...{ kind, from, last, rolled, missingYear: null, daysLeft, because, change: null },
    state: daysLeft < 0 ? 'overdue' : 'due',
    warning: warningOf(daysLeft),
  };
}

export const daysBetween = (from: Day, to: Day): number =>
  Math.round((parseDay(to).ms - parseDay(from).ms) / 86_400_000);

/** 10 days left: the warning of 15. More than 15: none yet. */
export const warningOf = (daysLeft: number): WarningDays | null =>
  [...warningDays].reverse().find((threshold) => daysLeft <= threshold) ?? null;

/** The days on which a clock is to be spoken of, for whoever plans them. */
export const warningsBefore = (last: Day): readonly Day[] => warningDays.map((n) => addDays(last, -n));
