/** Buckets: a client for S3-compatible storage, what it stores and locks, and how a segment is carried there. */
export {
  addressOf,
  type BucketAccess,
  bucketOf,
  knowBucket,
  knownBucket,
  knownBuckets,
} from './access.ts';
export { bucketProblemOf, endsOf, openObject } from './bytes.ts';
export { type Carried, type CarryAnswer, type CarryOrder, carry, partBytes } from './carry.ts';
export { checkBucket } from './check.ts';
export {
  abortUpload,
  type BucketFeatures,
  deleteObject,
  featuresOf,
  headOf,
  type LockMode,
  listLevel,
  listObjects,
  listUploads,
  lockUntil,
  type Retention,
  retentionOf,
  type Stored,
} from './objects.ts';
export { BucketFault, isOfTheBucket } from './problem.ts';
export { Wire } from './wire.ts';
