/** Floor 1: the law as data. Pure; the server and the console ask the same functions. */
export {
  addDays,
  addMonths,
  CalendarError,
  calendarYears,
  type Day,
  type Deadline,
  days,
  deadline,
  hours,
  isWorkingDay,
  months,
  type Period,
  parseDay,
  periodMs,
  workingDays,
  years,
} from './calendar.ts';
export type { Answer, Both, Cite, Clause, Facts, PlaceClass, Profile, Rank } from './clause.ts';
export * as collect from './clauses/collect.ts';
export * as govern from './clauses/govern.ts';
export * as store from './clauses/store.ts';
export {
  areProfiles,
  conflictName,
  conflictOn,
  type Important,
  judgePolicy,
  justificationRecorded,
  type Keeping,
  keepingOn,
  type Moments,
  momentsOf,
  type Policy,
  policyFloor,
  type SiteLaw,
  shortestMs,
  sitePolicy,
  type Verdict,
} from './keeping.ts';
export { type PlaceType, placeClasses, placeTypeOf, placeTypes } from './places.ts';
export { profileOf, profiles, profilesOf } from './profiles/index.ts';
export {
  type Choice,
  type Conflict,
  choosePeriod,
  conflictOf,
  type Reason,
  type Ruling,
  rule,
} from './rule.ts';
