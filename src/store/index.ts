/** Floor 8, store: what is kept, what is not and why. */
export { type Adopted, Adoption } from './adopt.ts';
export { type CalendarDay, type CalendarOfCamera, calendar, calendarOf } from './calendar.ts';
export {
  type CameraMonth,
  type Completeness,
  completeness,
  coverage,
  digestOfReport,
} from './completeness.ts';
export { CompletenessFiling, filedReport, fileWhatIsDue } from './completeness-filing.ts';
export type { Gap, Span } from './cover.ts';
export { Days, dropEmptyDays, listDays, makeDays, recountDays } from './days.ts';
export { footage } from './footage.ts';
export { type CameraGaps, camerasWithGaps, type GapSearch } from './gap-search.ts';
export { Keeper, type KeeperOptions } from './keeper.ts';
export { type ReconcileAt, Recovery, reconcileAtStart } from './reconcile.ts';
export { Run } from './runs.ts';
export { overlapping } from './segments.ts';
export { type StoreAt, type Timeline, timeline } from './timeline.ts';
export { openFootageVolume, type VolumeState, volumeStates } from './volumes.ts';
