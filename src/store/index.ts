/** Floor 8, store: what is kept, what is not and why. */
export { type Adopted, Adoption, adoptVolume, digestNotRead, setDigest } from './adopt.ts';
export { Archive, type ArchiveOptions, type MovedSum, type MoveStep } from './archive.ts';
export { bucketShelf } from './archive-shelf.ts';
export {
  addBucket,
  adoptBucket,
  type Bucket,
  type BucketSettings,
  Buckets,
  bucketAccesses,
  changeBucket,
  type FoundBucket,
  findBucket,
  listBuckets,
  removeBucket,
  tryBucket,
} from './buckets.ts';
export { type CalendarDay, type CalendarOfCamera, calendar, calendarOf } from './calendar.ts';
export {
  type Certificate,
  type CertificateHead,
  type CertifiedReason,
  type CertifiedSegment,
  certifiedReasons,
  findCertificate,
  listCertificates,
} from './certificates.ts';
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
export { addErasure, type Erasure, type ErasurePiece, listErasures } from './erasures.ts';
export { footage } from './footage.ts';
export { openFootageVolume } from './footage-volume.ts';
export { type CameraGaps, camerasWithGaps, type GapSearch } from './gap-search.ts';
export {
  addHold,
  addMark,
  findHold,
  findMark,
  type Hold,
  holdsOfSites,
  isImportant,
  keptIn,
  listHolds,
  listMarks,
  type Mark,
  releaseHold,
  removeMark,
} from './holds.ts';
export { Keeper, type KeeperOptions } from './keeper.ts';
export {
  type Accepted,
  acceptRing,
  firstRing,
  isSealedIn,
  lostRingSpans,
  newestSealed,
  ringInForce,
} from './key-rings.ts';
export { rungs } from './ladder.ts';
export { type KeysToDestroy, Reaper, type ReaperOptions } from './reaper.ts';
export { folderShelf, type Shelf } from './reaper-files.ts';
export { confirmClock, endedBefore, logFloorOn, logPeriod, setLogPeriod } from './reaper-state.ts';
export { type ReconcileAt, Recovery, reconcileAtStart } from './reconcile.ts';
export {
  conflictOfSite,
  decideConflict,
  keepingOfCamera,
  lawOf,
  type NewKeeping,
  type SiteKeeping,
  settleKeeping,
  siteKeeping,
  siteKeepings,
} from './retention.ts';
export {
  type CameraKeeping,
  classOf,
  isHeld,
  isInForce,
  momentsOfSegment,
  type SegmentClass,
} from './retention-plan.ts';
export { Run } from './runs.ts';
export { oldestSegment, storedCodecIn } from './segments.ts';
export { tellOf } from './tell.ts';
export { daysOf, type StoreAt, type Timeline, timeline } from './timeline.ts';
export { Volumes } from './volumes.ts';
export type { MakesRoom } from './volumes-climb.ts';
export type { Place, VolumesOptions } from './volumes-held.ts';
export {
  type CameraOutlook,
  Outlook,
  type OutlookOptions,
  type VolumeWarning,
} from './volumes-outlook.ts';
export type { VolumeState } from './volumes-room.ts';
export {
  addVolume,
  changeVolume,
  checkFolder,
  openInstallation,
  removeVolume,
  type VolumeRow,
} from './volumes-rows.ts';
export type { Trouble } from './volumes-watch.ts';
