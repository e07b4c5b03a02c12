/** Buckets, as a person keeps them: seen, tried, added, changed and removed. A secret goes in and never comes out. */
import { type Fault, refuse, rfc3339, type SecretBox, sayError } from '../base/index.ts';
import { buckets } from '../contract/index.ts';
import type { Who } from '../gate/index.ts';
import {
  type Archive,
  addBucket,
  type Bucket,
  type Buckets,
  changeBucket,
  findBucket,
  listBuckets,
  removeBucket,
  tryBucket,
  type Volumes,
} from '../store/index.ts';
import { type Edge, mount } from './route.ts';
import type { Server } from './server.ts';

export interface BucketParts {
  readonly buckets: Buckets;
  readonly archive: Archive;
  readonly box: SecretBox;
  /** Who keeps all volumes in mind is told of a change too. */
  readonly volumes: Pick<Volumes, 'reread'>;
}

type BucketEdge = Edge & BucketParts;

export function mountBuckets(server: Server, parts: BucketParts): void {
  const edge: BucketEdge = { ...server, ...parts };
  mount(edge, buckets.buckets, {
    handle: async ({ who }) => ({
      items: (await listBuckets(edge.db.kysely)).map((one) => shown(edge, one, who)),
    }),
  });
  mount(edge, buckets.testBucket, {
    handle: async ({ body, note }) => {
      const { secret, like, ...target } = body;
      const { problem, features } = await tryBucket(edge, target, secret, like);
      await note({
        detail: { endpoint: target.endpoint, bucket: target.bucket, problem: problem?.code ?? null },
      });
      return { ok: problem === null, problem: problem && open(problem), hasLock: features?.hasLock ?? null };
    },
  });
  mountChanges(edge);
}

function mountChanges(edge: BucketEdge): void {
  mount(edge, buckets.addBucket, {
    handle: async ({ body, grant, change, who }) => {
      const hasLock = await inOrder(edge, body, body.secret, undefined);
      const id = await change(
        (trx) => addBucket(trx, grant, { ...body, hasLock }, edge),
        (made) => ({
          subject: { kind: 'volume', id: made, name: body.name },
          detail: { added: 'bucket', endpoint: body.endpoint, bucket: body.bucket, lock: body.lockMode },
        }),
      );
      return taken(edge, id, who);
    },
  });
  const subject = async ({ params }: { params: { id: string } }) => {
    const { volumeId: id, name } = await findBucket(edge.db.kysely, params.id);
    return { kind: 'volume' as const, id, name };
  };
  mount(edge, buckets.changeBucket, {
    subject,
    handle: async ({ params, body, change, who }) => {
      const before = await findBucket(edge.db.kysely, params.id);
      const hasLock = await inOrder(edge, body, body.secret, params.id);
      await change((trx) => changeBucket(trx, params.id, { ...body, hasLock }, edge), {
        detail: { changed: differing(before, body), ...(body.secret ? { secret: 'new' } : {}) },
      });
      return taken(edge, params.id, who);
    },
  });
  mount(edge, buckets.removeBucket, {
    subject,
    handle: async ({ params, body, grant, change }) => {
      await change((trx) => removeBucket(trx, grant, params.id, body.reason), {
        reason: body.reason,
        detail: { removed: 'bucket' },
      });
      await told(edge);
      return {};
    },
  });
}

/** What cannot be used is not kept: a person would believe that footage is safe there. Returns whether it locks. */
async function inOrder(
  edge: BucketEdge,
  given: Parameters<typeof tryBucket>[1] & { lockMode: Bucket['lockMode'] },
  secret: string | undefined,
  like: string | undefined,
): Promise<boolean> {
  const { problem, features } = await tryBucket(edge, given, secret, like);
  if (problem) refuse('bucket.unusable', { problem: problem.code });
  if (given.lockMode !== 'none' && !features?.hasLock) refuse('bucket.lock');
  return features?.hasLock ?? false;
}

async function taken(edge: BucketEdge, id: string, who: Who) {
  await edge.buckets.changed();
  await edge.buckets
    .look()
    .catch((error: Fault) => edge.log.warn({ error: sayError(error) }, 'a bucket is away'));
  edge.archive.wake();
  return shown(edge, await findBucket(edge.db.kysely, id), who);
}

async function told({ buckets: all, volumes }: BucketEdge): Promise<void> {
  await all.changed();
  await volumes.reread();
}

const compared = [
  ...(['name', 'endpoint', 'region', 'bucket', 'prefix', 'style', 'accessKeyId', 'ca'] as const),
  ...(['lockMode', 'moveAfterDays', 'moveAbovePercent', 'bytesPerSecond'] as const),
];
const differing = (before: Bucket, after: Pick<Bucket, (typeof compared)[number]>): string[] =>
  compared.filter((each) => before[each] !== after[each]);

const open = (problem: NonNullable<Bucket['problem']>) => ({
  code: problem.code,
  values: { ...problem.values },
});

function shown(edge: BucketEdge, bucket: Bucket, who: Who) {
  const { volumeId, problem, awaySinceMs, checkedMs: _, ...fields } = bucket;
  const subject = { kind: 'volume' as const, id: volumeId, name: bucket.name };
  return {
    ...publicFields(fields),
    id: volumeId,
    problem: problem && open(problem),
    away: awaySinceMs === null ? null : rfc3339(awaySinceMs),
    can: { 'storage.configure': edge.gate.can(who, 'storage.configure', subject) },
  };
}

/** By name, so that what is added to a row is not shown by accident. */
function publicFields(bucket: Omit<Bucket, 'volumeId' | 'problem' | 'awaySinceMs' | 'checkedMs'>) {
  const {
    name,
    endpoint,
    region,
    bucket: inStorage,
    prefix,
    style,
    accessKeyId,
    ca,
    lockMode,
    hasLock,
  } = bucket;
  const { moveAfterDays, moveAbovePercent, bytesPerSecond, segments, bytes, revision } = bucket;
  return {
    ...{ name, endpoint, region, bucket: inStorage, prefix, style, accessKeyId, ca, lockMode, hasLock },
    ...{ moveAfterDays, moveAbovePercent, bytesPerSecond, segments, bytes, revision },
  };
}
