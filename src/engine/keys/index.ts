/** Keys of footage: the ring that keeps them, and what whoever seals or opens needs of it. */
export { AskedKeys, answerKey, type KeyAnswer, type KeyQuestion } from './asked.ts';
export { type DayKey, type DayKeys, dayKeyBytes, dayOf, type KeyTrouble, NoKey, noKeys } from './day-key.ts';
export type { MasterChoice } from './master.ts';
export { type Destroyed, KeyRing, type KeyRingOptions, type ListedKey } from './ring.ts';
export { type RingThere, ringThere } from './there.ts';
export type { KeyWrapper } from './wrapper.ts';
