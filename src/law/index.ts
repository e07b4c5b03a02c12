/** Floor 1: the law as data. Pure; the server and the console ask the same functions. */
export { type Board, type BoardRow, boardOf, countRows, withCamera, withoutCamera } from './board.ts';
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
export type {
  Answer,
  Both,
  Cite,
  Clause,
  Facts,
  PlaceClass,
  Profile,
  Rank,
  RequestKind,
  Value,
} from './clause.ts';
export * as collect from './clauses/collect.ts';
export * as govern from './clauses/govern.ts';
export * as store from './clauses/store.ts';
export {
  bd09FromGcj02,
  type Datum,
  datums,
  fromWgs84,
  gcj02FromBd09,
  gcj02FromWgs84,
  type Recognised,
  recognise,
  toWgs84,
  wgs84FromGcj02,
} from './datum.ts';
export { duties, dutyOf } from './duties.ts';
export { type BookDuty, bound, type Chapter, chapters, type DutyScope } from './duty.ts';
export { enforced } from './enforced.ts';
export {
  type CameraFacts,
  type CameraPurpose,
  type CameraStep,
  type Capability,
  cameraPurposes,
  cameraSteps,
  capabilities,
  type FiledChange,
  type FiledField,
  type FilingFacts,
  filedFields,
  type Open,
  type OpenItems,
  type OwnerKind,
  ownerKinds,
  type PrivateArea,
  type ProjectFacts,
  type ProtectedNeighbour,
  type Recorded,
  type Records,
  type SiteFacts,
  type SiteFunction,
  siteFunctions,
} from './facts.ts';
export {
  daysBetween,
  type FilingClock,
  filingClocks,
  type WarningDays,
  warningDays,
  warningOf,
  warningsBefore,
} from './filing.ts';
export {
  crossesItself,
  distanceM,
  distanceToAreaM,
  flatten,
  isPoint,
  type Point,
  sees,
  sharedShare,
  type View,
} from './geometry.ts';
export { isNamedInstrument, sayArticle, sayInstrument, sayRule, sitePolicy } from './instruments.ts';
export { judge } from './judge.ts';
export type { Judgement, State, Why, WhyCode } from './judgement.ts';
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
  type Verdict,
} from './keeping.ts';
export {
  isRecordedIn,
  type Lack,
  lacks,
  necessityUntil,
  needName,
  nextSteps,
  type StepVerdict,
  stand,
  step,
  stepNames,
} from './life.ts';
export { localDay } from './local-day.ts';
export { type GapState, gapOf, gapStates, type KeyPosition, type PlaceGap } from './mandatory.ts';
export { type Breach, breaches, type Penalty, penalties, penaltiesFor } from './penalties.ts';
export {
  clearedUntil,
  type Employment,
  foundingDays,
  isPersonRecordKind,
  lastDayOfRecord,
  neededOf,
  owedOf,
  type PersonRecord,
  type PersonRecordKind,
  passMark,
  personRecordKinds,
  recordKindsOfPersons,
  type Standing,
  standingsOf,
  usualEnd,
} from './person-records.ts';
export { type Classified, mandatoryBecause, placeClass, type Step } from './place-class.ts';
export { type PlaceType, placeClasses, placeTypeOf, placeTypes } from './places.ts';
export { profileOf, profiles, profilesOf } from './profiles/index.ts';
export {
  isOpenKind,
  isRecordKind,
  type OpenKind,
  openKinds,
  type RecordKind,
  recordKinds,
} from './records.ts';
export { farM, type Misplaced, misplaced, regionName } from './region.ts';
export { drawnKinds, drawnName, isRoom, type Room, rooms } from './rooms.ts';
export {
  type Choice,
  type Conflict,
  choosePeriod,
  conflictOf,
  type Reason,
  type Ruling,
  rule,
} from './rule.ts';
export { type Evidence, evidenceOf, sayWhy, stateNames, whatToDo } from './say-why.ts';
export {
  chainOf,
  interiorObjection,
  isHolding,
  lawFacts,
  near,
  type Objection,
  objectionsTo,
  privateAreasSeen,
  recordOf,
  sharable,
  viewOf,
} from './siting.ts';
