/** Floor 5, the gate: who calls, whether they may, and the proof that they may. */
export { type Account, type ChangeAt, change, note } from './change.ts';
export {
  type Context,
  type Decision,
  decide,
  type Principal,
  type Rule,
  roleActions,
  rules,
  videoActions,
} from './decide.ts';
export {
  type Credentials,
  type Ended,
  Gate,
  type GateOptions,
  newPasswordHash,
  openGate,
  plainActor,
} from './gate.ts';
export { Grant, type Subject } from './grant.ts';
export { type AtLeaving, type Left, leave } from './leaving.ts';
export { forgetSignIns } from './old-sessions.ts';
export { minPasswordLength } from './passwords.ts';
export {
  addFounding,
  addPersonRecord,
  checkPersonRecord,
  endPersonRecord,
  findPersonRecord,
  listPersonRecords,
  type NewPersonRecord,
  recordsOf,
  settleClearance,
  type WrittenRecord,
} from './person-records.ts';
export {
  addPerson,
  changePerson,
  findPerson,
  listPersons,
  type NewPerson,
  type Person,
  type PersonChange,
  type PersonStanding,
} from './persons.ts';
export { type Caller, type EndedWhy, isWho, maxSessions, sameSecret, type Who } from './sessions.ts';
export { addressKey } from './throttle.ts';
