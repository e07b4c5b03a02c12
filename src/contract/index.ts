/** Floor 2: what the server offers, as values. Shared with the console; imports nothing of Node. */

export * as account from './account.ts';
export { awayReasons } from './away.ts';
export { type BucketProblem, type BucketProblemCode, bucketProblems } from './bucket-problems.ts';
export * as buckets from './buckets.ts';
export {
  type CameraProblem,
  cameraProblems,
  fill,
  type GapCause,
  gapCauses,
  nothingRecorded,
  type Problem,
  sayPeriod,
  somewhereAway,
} from './causes.ts';
export * as collect from './collect.ts';
export * as desk from './desk.ts';
export * as display from './display.ts';
export * as duties from './duties.ts';
export {
  type Action,
  actions,
  type Deed,
  deeds,
  type Endpoint,
  endpoint,
  type LedgerMode,
  type Method,
} from './endpoint.ts';
export * as filing from './filing.ts';
export {
  clockWords,
  factWords,
  fieldWords,
  kindWords,
  partWords,
  sayNames,
  unitWords,
  yesNoWords,
} from './filing-words.ts';
export * as frames from './frames.ts';
export * as gate from './gate.ts';
export * as govern from './govern.ts';
export * as imports from './imports.ts';
export * as keeping from './keeping.ts';
export * as people from './people.ts';
export * as permissions from './permissions.ts';
export * as places from './places.ts';
export { type RefusalCode, type RefusalText, refusals } from './refusals.ts';
export type { Said } from './said.ts';
export { lawInWords } from './say-law.ts';
export { type Role, roles } from './shapes.ts';
export * as storage from './storage.ts';
export * as uses from './uses.ts';
export { inWholeSeconds, roundTogether } from './whole-seconds.ts';
