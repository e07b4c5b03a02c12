/** Floor 3, packets: one engine, entered here. */
import type { Engine } from './engine.ts';
import { type CreateOptions, Supervisor } from './supervisor.ts';

export {
  abortUpload,
  addressOf,
  type BucketAccess,
  BucketFault,
  type BucketFeatures,
  bucketProblemOf,
  type CarryAnswer,
  type CarryOrder,
  checkBucket,
  deleteObject,
  featuresOf,
  isOfTheBucket,
  knowBucket,
  type LockMode,
  listObjects,
  listUploads,
  type Stored,
  Wire,
} from './bucket/index.ts';
export type {
  Engine,
  EngineOptions,
  EngineProcess,
  Fact,
  FilePlan,
  Footage,
  MissingSpan,
  ProbeResult,
  SegmentFacts,
  SegmentRef,
  Source,
  SourceId,
  StreamFacts,
  StreamKind,
  Ticket,
  TicketId,
  Volume,
} from './engine.ts';
export { FramingError, LengthPrefixed, lengthPrefixed } from './ipc.ts';
export {
  type Destroyed,
  dayOf,
  KeyRing,
  type KeyRingOptions,
  type KeyTrouble,
  type KeyWrapper,
  type ListedKey,
  type MasterChoice,
  NoKey,
  type RingThere,
  ringThere,
} from './keys/index.ts';
export type { SuiteName } from './seal/index.ts';
export { markName, markOf, probeName } from './segment/mark.ts';
export type { CreateOptions } from './supervisor.ts';
export { maxFolders } from './threads.ts';

/** Starts the engine's processes and waits until they are there. */
export const createEngine = (options: CreateOptions): Promise<Engine> => Supervisor.create(options);
