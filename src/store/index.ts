/** Floor 8, store: what is kept, what is not and why. */
export { type Adopted, Adoption } from './adopt.ts';
export type { Gap, Span } from './cover.ts';
export { makeDays } from './days.ts';
export { footage } from './footage.ts';
export { Keeper, type KeeperOptions } from './keeper.ts';
export { type ReconcileAt, Recovery, reconcileAtStart } from './reconcile.ts';
export { Run } from './runs.ts';
export { overlapping } from './segments.ts';
export { type CalendarDay, calendar, type StoreAt, type Timeline, timeline } from './timeline.ts';
export { openFootageVolume, type VolumeState, volumeStates } from './volumes.ts';
