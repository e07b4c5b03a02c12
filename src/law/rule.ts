/**
 * `rule` asks one clause of a site's profiles on one day and gives the combined answer with its reasons. It never
 * guesses: what is only remembered is never enforced, what contradicts itself is returned for a named person to
 * decide, and an act is judged by the law of its day.
 */
import { type Day, type Period, periodMs } from './calendar.ts';
import type { Answer, Clause, Facts, Profile, Rank, Scope, Value, ValueOf } from './clause.ts';

export interface Reason {
  readonly profile: string;
  readonly layer: Profile['layer'];
  readonly answer: Answer<Value>;
}

export interface Ruling<V> {
  readonly clause: string;
  /** Null: no profile says anything. */
  readonly value: V | null;
  /** The answers that decided. */
  readonly because: readonly Reason[];
  /** In force, but another one is stricter. */
  readonly yielded: readonly Reason[];
  /** Known from memory only: shown as a question to counsel, never enforced. */
  readonly unverified: readonly Reason[];
  /** True when only policy asks for it: no law is broken without it. */
  readonly policyOnly: boolean;
}

const inForce = ({ from, to }: { from: Day; to?: Day }, day: Day): boolean =>
  from <= day && (to === undefined || day <= to);

function applies(scope: Scope | undefined, facts: Facts, profiles: readonly Profile[]): boolean {
  if (!scope) return true;
  if (scope.within && !profiles.some(({ id }) => id === scope.within)) return false;
  if (scope.request && !(facts.request && scope.request.includes(facts.request))) return false;
  if (scope.placeClass && !(facts.placeClass && scope.placeClass.includes(facts.placeClass))) return false;
  if (scope.placeType && !(facts.placeType && scope.placeType.includes(facts.placeType))) return false;
  if (scope.keyTarget && !facts.keyTarget) return false;
  if (scope.privateZone && !facts.privateZone) return false;
  return !(scope.unlessRecorded && facts.recorded?.includes(scope.unlessRecorded));
}

/** A profile never changes, so its answers become reasons once. */
const asReasons = new WeakMap<Profile, Map<string, readonly Reason[]>>();
function reasonsOf(profile: Profile, clause: string): readonly Reason[] {
  let of = asReasons.get(profile);
  if (!of) {
    of = new Map();
    asReasons.set(profile, of);
  }
  let reasons = of.get(clause);
  if (!reasons) {
    const { id, layer } = profile;
    reasons = (profile.answers[clause] ?? []).map((answer) => ({ profile: id, layer, answer }));
    of.set(clause, reasons);
  }
  return reasons;
}

/** `facts` decide which answers reach this site; `day` decides which of them are the law. */
export function rule<C extends Clause>(
  clause: C,
  profiles: readonly Profile[],
  day: Day,
  facts: Facts = {},
): Ruling<ValueOf<C>> {
  const reached: Reason[] = [];
  const unverified: Reason[] = [];
  for (const profile of profiles)
    for (const reason of reasonsOf(profile, clause.id)) {
      const { answer } = reason;
      if (!inForce(answer.cite, day) || !applies(answer.scope, facts, profiles)) continue;
      if (answer.cite.confidence === 'M') unverified.push(reason);
      else reached.push(reason);
    }
  const { value, because } = combine(clause, reached, day);
  return {
    clause: clause.id,
    value: value as ValueOf<C> | null,
    because,
    yielded: because.length === reached.length ? [] : reached.filter((reason) => !because.includes(reason)),
    unverified,
    policyOnly: because.length > 0 && because.every(({ layer }) => layer === 'policy'),
  };
}

function combine(
  clause: Clause,
  reasons: readonly Reason[],
  day: Day,
): { value: unknown; because: readonly Reason[] } {
  if (reasons.length === 0) return { value: null, because: [] };
  switch (clause.combine) {
    case 'longest':
      return best(reasons, (reason) => periodMs(reason.answer.value as Period, day));
    case 'shortest':
    case 'earliest':
      return best(reasons, (reason) => -periodMs(reason.answer.value as Period, day));
    case 'most':
      return best(reasons, (reason) => reason.answer.value as number);
    case 'fewest':
      return best(reasons, (reason) => -(reason.answer.value as number));
    case 'strictest': {
      const { order } = clause;
      return best(reasons, (reason) => -order.indexOf(reason.answer.value as string));
    }
    case 'union': {
      const value: string[] = [];
      for (const { answer } of reasons)
        for (const item of answer.value as readonly string[]) if (!value.includes(item)) value.push(item);
      return { value, because: reasons };
    }
    case 'intersection':
      return {
        value: intersection(reasons.map((reason) => reason.answer.value as readonly string[])),
        because: reasons,
      };
  }
}

function best(
  reasons: readonly Reason[],
  weigh: (reason: Reason) => number,
): { value: unknown; because: readonly Reason[] } {
  // Who says the same needs no comparing: a period in working days of a year to come has no length yet.
  if (reasons.every((reason) => isSame(reason.answer.value, reasons[0]?.answer.value)))
    return { value: reasons[0]?.answer.value, because: reasons };
  const weights = reasons.map(weigh);
  const top = Math.max(...weights);
  const because = reasons.filter((_, i) => weights[i] === top);
  return { value: because[0]?.answer.value, because };
}

function isSame(a: Value | undefined, b: Value | undefined): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a === b;
  return 'unit' in a && 'unit' in b && a.n === b.n && a.unit === b.unit;
}

const intersection = (lists: readonly (readonly string[])[]): readonly string[] =>
  (lists[0] ?? []).filter((item) => lists.every((list) => list.includes(item)));

/** Order 799, art. 17 lets laws and administrative regulations prevail, and names no other rank: the rest follows. */
const tierOf: Readonly<Record<Rank, number>> = {
  law: 0,
  adminRegulation: 0,
  localRegulation: 1,
  deptRule: 1,
  localRule: 1,
  standard: 1,
  policy: 2,
  guidance: 3,
};

export interface Conflict {
  readonly floor: Reason;
  readonly ceiling: Reason;
  /** Which of the two ranks higher, for the person who decides; `none` when they rank alike. */
  readonly higher: 'floor' | 'ceiling' | 'none';
}

/** A floor above a ceiling cannot both be kept. Null when they fit for footage that begins on `day`. */
export function conflictOf(floor: Ruling<Period>, ceiling: Ruling<Period>, day: Day): Conflict | null {
  const [least, most] = [floor.because[0], ceiling.because[0]];
  if (!floor.value || !ceiling.value || !least || !most) return null;
  if (periodMs(floor.value, day) <= periodMs(ceiling.value, day)) return null;
  const order = tierOf[least.answer.cite.rank] - tierOf[most.answer.cite.rank];
  return { floor: least, ceiling: most, higher: order < 0 ? 'floor' : order > 0 ? 'ceiling' : 'none' };
}

export type Choice =
  | { readonly ok: true; readonly period: Period }
  | {
      readonly ok: false;
      readonly why: 'below-floor' | 'above-ceiling';
      readonly period: Period;
      readonly because: readonly Reason[];
    };

/** A period that a unit wishes, held against floor and ceiling: refused with the reason, and what holds instead. */
export function choosePeriod(
  wanted: Period,
  floor: Ruling<Period>,
  ceiling: Ruling<Period>,
  day: Day,
): Choice {
  const length = periodMs(wanted, day);
  if (floor.value && length < periodMs(floor.value, day))
    return { ok: false, why: 'below-floor', period: floor.value, because: floor.because };
  if (ceiling.value && length > periodMs(ceiling.value, day))
    return { ok: false, why: 'above-ceiling', period: ceiling.value, because: ceiling.because };
  return { ok: true, period: wanted };
}
