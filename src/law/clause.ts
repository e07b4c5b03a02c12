/**
 * A clause is a question of the law, written once. It has one of five shapes: a limit (how much at least or at most),
 * a ban (what must not be), a duty (what is due within a period of an event), a need (what must be there first) and a
 * grant (who may). A profile holds one jurisdiction's answers to it; `rule` combines them.
 */
import type { Day, Period } from './calendar.ts';

export interface Both {
  readonly en: string;
  readonly zh: string;
}

export type Rank =
  | 'law'
  | 'adminRegulation'
  | 'deptRule'
  | 'localRegulation'
  | 'localRule'
  | 'standard'
  | 'policy'
  | 'guidance';

/** V: read in a copy of the instrument. V2: confirmed by a quotation or notice. S: a seed's text. M: from memory. */
export type Confidence = 'V' | 'V2' | 'S' | 'M';

/** Where an answer stands in the law. */
export interface Cite {
  readonly instrument: string;
  readonly article: string;
  readonly quote: string;
  readonly lang: 'zh' | 'en' | 'es' | 'fr';
  readonly rank: Rank;
  readonly confidence: Confidence;
  /** First and last day on which it is the law. */
  readonly from: Day;
  readonly to?: Day;
}

export type PlaceClass =
  | 'art7.1-government'
  | 'art7.2-operator'
  | 'art9-other-public'
  | 'art33-non-public'
  | 'state-security';

/** What is known of the site and camera that a rule may look at. */
export interface Facts {
  readonly placeClass?: PlaceClass;
  readonly placeType?: string;
  readonly keyTarget?: boolean;
  /** The camera looks at an area that is not open to the public. */
  readonly privateZone?: boolean;
  /** Who asks for footage, where that is the question. */
  readonly request?: RequestKind;
  /** What stands on record: `retention-justification`. */
  readonly recorded?: readonly string[];
}

/** Who asks for footage: rules about one kind say nothing about another. */
export type RequestKind =
  | 'police'
  | 'court-or-procuratorate'
  | 'state-security'
  | 'other-authority'
  | 'emergency-body'
  | 'filmed-person'
  | 'relative-or-guardian'
  | 'insurer'
  | 'media'
  | 'own-staff';

/** To whom an answer applies; everything named must hold. Absent: to everybody under the profile. */
export interface Scope {
  readonly placeClass?: readonly PlaceClass[];
  readonly placeType?: readonly string[];
  readonly keyTarget?: true;
  readonly privateZone?: true;
  readonly request?: readonly RequestKind[];
  /** Only where this profile binds the site too: a trade under the rules of one province. */
  readonly within?: string;
  /** The answer falls away once this is on record. */
  readonly unlessRecorded?: string;
}

export interface Answer<T> {
  readonly value: T;
  readonly cite: Cite;
  readonly scope?: Scope;
}

interface ClauseBase {
  /** `store.retention-floor`: domain and question. */
  readonly id: string;
  /** Rows of the table of duties that it answers. */
  readonly duties: readonly string[];
  readonly asks: Both;
}

/** `longest` and `shortest` choose among periods, `most` and `fewest` among numbers. */
export interface Limit extends ClauseBase {
  readonly shape: 'limit';
  readonly combine: 'longest' | 'shortest' | 'most' | 'fewest';
}
/** A limit on what may be switched on: the words of `order` from the strictest on. */
export interface Level extends ClauseBase {
  readonly shape: 'limit';
  readonly combine: 'strictest';
  readonly order: readonly string[];
}
export interface Ban extends ClauseBase {
  readonly shape: 'ban';
  readonly combine: 'union';
}
export interface Duty extends ClauseBase {
  readonly shape: 'duty';
  readonly combine: 'earliest';
}
export interface Need extends ClauseBase {
  readonly shape: 'need';
  readonly combine: 'union';
}
export interface Grant extends ClauseBase {
  readonly shape: 'grant';
  readonly combine: 'intersection';
}
export type Clause = Limit | Level | Ban | Duty | Need | Grant;

/** What an answer to a clause of each shape looks like. */
export type ValueOf<C extends Clause> = C extends { combine: 'most' | 'fewest' }
  ? number
  : C extends { combine: 'longest' | 'shortest' | 'earliest' }
    ? Period
    : C extends { combine: 'strictest' }
      ? string
      : readonly string[];

export type Value = Period | number | string | readonly string[];

export interface Profile {
  readonly id: string;
  readonly layer: 'law' | 'sector' | 'policy' | 'foreign';
  readonly parent?: string;
  readonly name: Both;
  /** By clause id. */
  readonly answers: Readonly<Record<string, readonly Answer<Value>[]>>;
}
