/**
 * How long footage is kept: what the law of a day and a site's own policy say of it together, and for one segment the
 * earliest and the latest moment of its deletion, each with its source. Pure: the form, the refusal and the reaper ask
 * the same functions. Every period is counted from a segment's end.
 */
import { addDays, type Day, type Period, periodMs } from './calendar.ts';
import type { Facts, PlaceClass } from './clause.ts';
import { importantFloor, retentionCeiling, retentionFloor } from './clauses/store.ts';
import { sitePolicy } from './instruments.ts';
import { profileOf, profilesOf } from './profiles/index.ts';
import { type Conflict, choosePeriod, conflictOf, type Reason, type Ruling, rule } from './rule.ts';

/** What the law has to know of a site. */
export interface SiteLaw {
  readonly profiles: readonly string[];
  readonly placeClass: PlaceClass;
  readonly placeType: string | null;
  readonly keyTarget: boolean;
}

/** What the unit decided for a site. */
export interface Policy {
  /** Null: no longer than the law asks for. */
  readonly period: Period | null;
  /** Why it is kept beyond what the law asks for; recorded, and asked for where a ceiling needs it. */
  readonly justification: string;
  /** What a named person decided about a floor above a ceiling: which of the two is kept. */
  readonly decision: { readonly conflict: string; readonly keeps: 'floor' | 'ceiling' } | null;
}

/** The law of one day for one site, asked once for many segments. */
export interface Keeping {
  readonly day: Day;
  readonly policy: Policy;
  readonly floor: Ruling<Period>;
  readonly ceiling: Ruling<Period>;
  /** Of footage of important value. */
  readonly important: Ruling<Period>;
}

const keyTargetProfile = 'key-target';
export const justificationRecorded = 'retention-justification';

/** True when every name is one of a profile. */
export const areProfiles = (ids: readonly string[]): boolean =>
  ids.every((id) => profileOf(id) !== undefined);

export function keepingOn(site: SiteLaw, policy: Policy, day: Day): Keeping {
  const named = site.profiles.filter((id) => id !== keyTargetProfile);
  const chain = profilesOf(site.keyTarget ? [...named, keyTargetProfile] : named);
  const facts: Facts = {
    placeClass: site.placeClass,
    ...(site.placeType === null ? {} : { placeType: site.placeType }),
    keyTarget: site.keyTarget,
    recorded: policy.justification.trim() === '' ? [] : [justificationRecorded],
  };
  return {
    day,
    policy,
    floor: rule(retentionFloor, chain, day, facts),
    ceiling: rule(retentionCeiling, chain, day, facts),
    important: rule(importantFloor, chain, day, facts),
  };
}

/** The unit's own period as a floor: a promise to keep, below every law. */
export function policyFloor(policy: Policy): Ruling<Period> {
  const because: readonly Reason[] = policy.period
    ? [
        {
          profile: 'site',
          layer: 'policy',
          answer: {
            value: policy.period,
            cite: {
              ...{ instrument: sitePolicy, article: '', quote: policy.justification, lang: 'en' },
              ...{ rank: 'policy', confidence: 'V', from: '2000-01-01' },
            },
          },
        },
      ]
    : [];
  const { id: clause } = retentionFloor;
  return { clause, value: policy.period, because, yielded: [], unverified: [], policyOnly: true };
}
/** One name for a conflict, so that a decision about one does not decide another. */
export const conflictName = ({ floor, ceiling }: Conflict): string =>
  [floor, ceiling]
    .map(({ answer: { value, cite } }) => {
      const { n, unit } = value as Period;
      return `${cite.instrument} ${cite.article} ${n} ${unit}`;
    })
    .join(' > ');

/** The longer of law's floor and policy against the ceiling, for footage that ends on `on`. */
export function conflictOn(keeping: Keeping, on: Day): Conflict | null {
  return (
    conflictOf(keeping.floor, keeping.ceiling, on) ??
    conflictOf(policyFloor(keeping.policy), keeping.ceiling, on)
  );
}

export type Verdict =
  | { readonly kind: 'fits' }
  /** Refused: what holds instead, and because of whom. */
  | {
      readonly kind: 'below-floor' | 'above-ceiling';
      readonly period: Period;
      readonly because: readonly Reason[];
    }
  /** A floor above a ceiling: lawful only once a named person has decided. */
  | { readonly kind: 'conflict'; readonly conflict: Conflict; readonly isDecided: boolean };

/** A month has four lengths, so a period is held against every day of a year. */
const daysAhead = 366;

/** Whether a site may be run so: asked before it is saved, by the form and by the server. */
export function judgePolicy(keeping: Keeping): Verdict {
  const { policy, floor, ceiling } = keeping;
  const days = Array.from({ length: daysAhead }, (_, i) => addDays(keeping.day, i));
  const judged = policy.period
    ? days.map((day) => choosePeriod(policy.period as Period, floor, ceiling, day))
    : [];
  for (const choice of judged)
    if (!choice.ok && choice.why === 'below-floor')
      return { kind: 'below-floor', period: choice.period, because: choice.because };
  const first = judged[0];
  const lawAgainstLaw = days
    .map((day) => conflictOf(floor, ceiling, day) ?? conflictOf(keeping.important, ceiling, day))
    .find((each) => each !== null);
  if (!lawAgainstLaw && first && judged.every((choice) => !choice.ok) && !first.ok)
    return { kind: 'above-ceiling', period: first.period, because: first.because };
  const conflict =
    lawAgainstLaw ?? days.map((day) => conflictOn(keeping, day)).find((each) => each !== null) ?? null;
  if (!conflict) return { kind: 'fits' };
  return { kind: 'conflict', conflict, isDecided: decided(policy, conflict) !== null };
}

function decided(policy: Policy, conflict: Conflict): 'floor' | 'ceiling' | null {
  return policy.decision?.conflict === conflictName(conflict) ? policy.decision.keeps : null;
}

/** When one segment may and must go. Moments in ms of UTC; null: no such moment is known. */
export interface Moments {
  /** Before this nothing and nobody deletes it. */
  readonly earliestMs: number;
  readonly earliestBecause: readonly Reason[];
  /** From here on it has served its purpose: the reaper takes it. Null: nobody has said so. */
  readonly dueMs: number | null;
  readonly dueBecause: readonly Reason[];
  /** After this it must not be there. */
  readonly latestMs: number | null;
  readonly latestBecause: readonly Reason[];
  /** A floor above a ceiling about which nobody has decided: it is kept until somebody does. */
  readonly undecided: Conflict | null;
}

/** A mark of important value that covers the segment; `period` where a person asked for one. */
export interface Important {
  readonly period: Period | null;
}

/** `on`: the day, at the site, on which the segment ends. */
export function momentsOf(
  keeping: Keeping,
  segment: { readonly endMs: number; readonly on: Day },
  important: Important | null = null,
): Moments {
  const { endMs, on } = segment;
  const after = (period: Period) => endMs + periodMs(period, on);
  const byLaw = [...keeping.floor.because, ...(important ? keeping.important.because : [])];
  const floor = longest(byLaw, on);
  const wanted = longest([...floor, ...policyFloor(keeping.policy).because], on);
  const floorMs = floor[0] ? after(floor[0].answer.value as Period) : endMs;
  const wantedMs = wanted[0] ? after(wanted[0].answer.value as Period) : null;
  const { ceiling } = keeping;
  const ceilingMs = ceiling.value ? after(ceiling.value) : null;
  const fits = ceilingMs === null || (wantedMs ?? endMs) <= ceilingMs;
  const moments: Moments = fits
    ? {
        ...{ earliestMs: floorMs, earliestBecause: floor },
        ...{ dueMs: wantedMs ?? ceilingMs, dueBecause: wanted.length > 0 ? wanted : ceiling.because },
        ...{ latestMs: ceilingMs, latestBecause: ceiling.because, undecided: null },
      }
    : contested({ keeping, floor, wanted, floorMs, wantedMs: wantedMs ?? endMs, ceilingMs });
  return important?.period ? asMarked(moments, after(important.period), important.period) : moments;
}

/** A person asked for longer: up to the ceiling, which only a hold passes. */
function asMarked(moments: Moments, askedMs: number, period: Period): Moments {
  const markMs = Math.min(askedMs, moments.latestMs ?? askedMs);
  const because = policyFloor({ period, justification: '', decision: null }).because;
  const isLonger = markMs > moments.earliestMs;
  const isDueLater = moments.dueMs !== null && markMs > moments.dueMs;
  return {
    ...moments,
    ...(isLonger ? { earliestMs: markMs, earliestBecause: because } : {}),
    ...(isDueLater ? { dueMs: markMs, dueBecause: because } : {}),
  };
}

/** What is wanted is longer than a ceiling allows: as the person decided, or not at all before one does. */
function contested({
  keeping,
  floor,
  wanted,
  floorMs,
  wantedMs,
  ceilingMs,
}: {
  keeping: Keeping;
  floor: readonly Reason[];
  wanted: readonly Reason[];
  floorMs: number;
  wantedMs: number;
  ceilingMs: number;
}): Moments {
  const [least, most] = [wanted[0], keeping.ceiling.because[0]];
  const conflict: Conflict | null = least && most ? { floor: least, ceiling: most, higher: 'none' } : null;
  const keeps = conflict ? decided(keeping.policy, conflict) : null;
  const earliest = { earliestMs: floorMs, earliestBecause: floor };
  if (keeps === 'floor')
    return {
      ...earliest,
      ...{ dueMs: wantedMs, dueBecause: wanted, latestMs: wantedMs, latestBecause: wanted, undecided: null },
    };
  if (keeps === 'ceiling')
    return {
      earliestMs: Math.min(floorMs, ceilingMs),
      earliestBecause: floorMs <= ceilingMs ? floor : keeping.ceiling.because,
      ...{ dueMs: ceilingMs, dueBecause: keeping.ceiling.because },
      ...{ latestMs: ceilingMs, latestBecause: keeping.ceiling.because, undecided: null },
    };
  return {
    earliestMs: wantedMs,
    earliestBecause: wanted,
    ...{ dueMs: null, dueBecause: [], latestMs: null, latestBecause: [], undecided: conflict },
  };
}

/** The reasons whose period is the longest on this day. */
function longest(reasons: readonly Reason[], on: Day): readonly Reason[] {
  const length = (reason: Reason) => periodMs(reason.answer.value as Period, on);
  const top = Math.max(...reasons.map(length));
  return reasons.filter((reason) => length(reason) === top);
}

/**
 * Footage younger than this is surely kept: where a planner need not look. `early`: where nothing but the law's floor
 * counts (somebody asked for erasure, a disk is full). Null: nothing is ever due.
 */
export function shortestMs({ floor, policy, ceiling }: Keeping, early: boolean): number | null {
  if (early) return floor.value ? leastMs(floor.value) : 0;
  const wanted = [floor.value, policy.period].flatMap((period) => (period ? [leastMs(period)] : []));
  const most = ceiling.value ? leastMs(ceiling.value) : null;
  if (wanted.length === 0) return most;
  return Math.min(Math.max(...wanted), most ?? Number.POSITIVE_INFINITY);
}

const dayMs = 86_400_000;
/** A period's least length, whatever month it begins in. */
function leastMs({ n, unit }: Period): number {
  const lengths = { hour: 3_600_000, day: dayMs, workingDay: dayMs, month: 28 * dayMs, year: 365 * dayMs };
  return n * lengths[unit];
}
