/** Buckets: S3-compatible storage for closed segments; what may be wrong with one, and how a person keeps it. */
import { z } from 'zod';
import { type BucketProblemCode, bucketProblems } from './bucket-problems.ts';
import { endpoint } from './endpoint.ts';
import { byId, can, id, instant, listOf, name, note } from './shapes.ts';

export { bucketProblems };

export const bucketProblem = z.object({
  code: z.enum(Object.keys(bucketProblems) as [BucketProblemCode]),
  values: z.record(z.string(), z.union([z.string(), z.number()])),
});

const target = {
  /** http(s)://host[:port]. */
  endpoint: z.string().trim().min(8).max(300),
  region: z
    .string()
    .trim()
    .regex(/^[A-Za-z0-9-]{1,64}$/)
    .default('us-east-1'),
  bucket: z.string().trim().min(3).max(63),
  /** In front of every object's name. */
  prefix: z.string().trim().max(200).default(''),
  /** path: endpoint/bucket/key; host: bucket.endpoint/key. */
  style: z.enum(['path', 'host']).default('path'),
  accessKeyId: z
    .string()
    .trim()
    .regex(/^[\x21-\x7e]{1,128}$/),
  /** PEM of the authorities that may have signed the storage's certificate; null: those the machine trusts. */
  ca: z.string().max(65_536).nullable().default(null),
};
const order = {
  name,
  /** Object lock that each segment gets until its earliest deletion. */
  lockMode: z.enum(['none', 'governance', 'compliance']).default('none'),
  /** Segments older than this are moved here; null: not by age. */
  moveAfterDays: z.number().int().min(0).max(3660).nullable().default(null),
  /** A folder fuller than this is relieved, oldest first; null: not for room. */
  moveAbovePercent: z.number().int().min(10).max(99).nullable().default(null),
  /** Of moving, in each direction; 0: no bound. */
  bytesPerSecond: z.number().int().min(0).max(10_000_000_000).default(0),
};
const secret = z
  .string()
  .regex(/^[\x20-\x7e]{1,256}$/)
  .optional();

export const bucket = z.object({
  id,
  name: z.string(),
  endpoint: z.string(),
  region: z.string(),
  bucket: z.string(),
  prefix: z.string(),
  style: z.enum(['path', 'host']),
  accessKeyId: z.string(),
  ca: z.string().nullable(),
  lockMode: z.enum(['none', 'governance', 'compliance']),
  hasLock: z.boolean(),
  moveAfterDays: z.number().int().nullable(),
  moveAbovePercent: z.number().int().nullable(),
  bytesPerSecond: z.number().int(),
  segments: z.number().int(),
  bytes: z.number(),
  /** What is wrong with it now. */
  problem: bucketProblem.nullable(),
  /** Since when it cannot be reached; null: it can. */
  away: instant.nullable(),
  revision: z.number().int(),
  can,
});

export const buckets = endpoint({
  method: 'GET',
  path: '/api/buckets',
  action: 'system.read',
  ledger: 'none',
  reply: listOf(bucket),
  says: 'Buckets for closed segments, with their state; without secrets.',
});
export const testBucket = endpoint({
  method: 'POST',
  path: '/api/buckets/test',
  action: 'storage.configure',
  ledger: 'change',
  body: z.object({ ...target, secret, like: id.optional() }).strict(),
  reply: z.object({
    ok: z.boolean(),
    problem: bucketProblem.nullable(),
    hasLock: z.boolean().nullable(),
  }),
  says: 'Tries a bucket without keeping it: lists, writes, reads back and deletes. `like` lends the stored secret of that bucket to its own address.',
});
export const addBucket = endpoint({
  method: 'POST',
  path: '/api/buckets',
  action: 'storage.configure',
  ledger: 'change',
  body: z.object({ ...target, ...order, secret: secret.unwrap() }).strict(),
  reply: bucket,
  says: 'Adds a bucket once it was tried and found to be in order.',
});
export const changeBucket = endpoint({
  method: 'PUT',
  path: '/api/buckets/:id',
  action: 'storage.configure',
  ledger: 'change',
  params: byId,
  body: z.object({ ...target, ...order, secret, revision: z.number().int() }).strict(),
  reply: bucket,
  says: 'Changes a bucket; an absent secret keeps the present one, for its own address only.',
});
export const removeBucket = endpoint({
  method: 'DELETE',
  path: '/api/buckets/:id',
  action: 'storage.configure',
  ledger: 'change',
  params: byId,
  body: z.object({ reason: note.min(1) }).strict(),
  reply: z.object({}).strict(),
  says: 'Removes an empty bucket; its secret is forgotten.',
});
