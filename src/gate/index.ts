/** Floor 5, the gate: who calls, whether they may, and the proof that they may. */

export { wayBetween } from './approvals.ts';
export { type Account, type ChangeAt, change, note } from './change.ts';
export {
  type Context,
  type Decision,
  decide,
  mayHold,
  type Principal,
  type Rule,
  roleActions,
  rules,
  videoActions,
} from './decide.ts';
export { declareAgain } from './declare.ts';
export { delegate, endDelegation, listDelegations } from './delegations.ts';
export {
  type Assertion,
  addPasskey,
  addTotp,
  type ConsoleAt,
  endFactor,
  type Factor,
  factorsOf,
  newRecoveryCodes,
  passkeysOf,
  recoveryCodesLeft,
  type Second,
  sayTotp,
} from './factors.ts';
export {
  type Credentials,
  type Ended,
  Gate,
  type GateOptions,
  newPasswordHash,
  openGate,
  plainActor,
} from './gate.ts';
export { Grant, type Obligation, type Subject, type Terms } from './grant.ts';
export { type AtLeaving, type Left, leave } from './leaving.ts';
export { forgetSignIns } from './old-sessions.ts';
export { passkeyAlgorithms, readAssertion, readRegistration } from './passkey.ts';
export { minPasswordLength } from './passwords.ts';
export { type Permission, type PermissionAction, standing, type VideoAction } from './permission.ts';
export { PermissionBook } from './permission-book.ts';
export { endOverdue } from './permission-ends.ts';
export { findingsOf, permissionFindings } from './permission-findings.ts';
export { findRow, listRows, type PermissionRow } from './permission-rows.ts';
export { foundPermission, openEmergency, reviewEmergency } from './permission-special.ts';
export {
  type Asked,
  approvePermission,
  askPermission,
  endPermission,
  recertifyPermission,
  refusePermission,
} from './permissions.ts';
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
export { approveRecovery, askRecovery, personOfRecovery, recoveries } from './recovery.ts';
export {
  isDemanded,
  isOffSite,
  readNetwork,
  type SecondRule,
  secondRule,
  setSecondRule,
} from './second-rule.ts';
export {
  type Caller,
  type EndedWhy,
  isWho,
  maxSessions,
  runningTokens,
  sameSecret,
  strengthen,
  type Who,
} from './sessions.ts';
export { accountRules, addressKey, addressRules, Throttle, type ThrottleRules } from './throttle.ts';
export { endOwnSession, isForTokens, makeToken } from './tokens.ts';
export { base32, codeOf, stepAt, stepOfCode, totpUri } from './totp.ts';
