/**
 * Buckets: volumes of kind s3. Their rows and their sealed secrets, what a person may change of them, and in memory
 * whether each can be reached now. A bucket that cannot is marked away: what lies in it is away with it, by name and
 * cause, and everything else goes on.
 */
import { type Kysely, sql, type Transaction } from 'kysely';
import { type Clock, Fault, type Log, newId, refuse, type SecretBox, sayError } from '../base/index.ts';
import { type BucketProblem, bucketProblems } from '../contract/index.ts';
import { brokenConstraint, type Database, type Tables } from '../db/index.ts';
import {
  addressOf,
  type BucketAccess,
  BucketFault,
  type BucketFeatures,
  checkBucket,
  type Engine,
  featuresOf,
  isOfTheBucket,
  listObjects,
  Wire,
} from '../engine/index.ts';
import type { Grant } from '../gate/index.ts';
import { append, system } from '../ledger/index.ts';
import { pause } from './pause.ts';

export interface BucketSettings {
  readonly name: string;
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly style: 'path' | 'host';
  readonly accessKeyId: string;
  readonly ca: string | null;
  readonly lockMode: 'none' | 'governance' | 'compliance';
  readonly moveAfterDays: number | null;
  readonly moveAbovePercent: number | null;
  readonly bytesPerSecond: number;
}

export interface Bucket extends BucketSettings {
  readonly volumeId: string;
  readonly hasLock: boolean;
  readonly problem: BucketProblem | null;
  readonly awaySinceMs: number | null;
  readonly checkedMs: number;
  readonly segments: number;
  readonly bytes: number;
  readonly revision: number;
}

type Trx = Transaction<Tables>;
type Stored = Bucket & { readonly sealed: Uint8Array };

const secretContext = (volumeId: string): string => `bucket ${volumeId}`;
const maxBuckets = 20;

export interface BucketsAt {
  readonly db: Database;
  readonly box: SecretBox;
  readonly clock: Clock;
}

export const listBuckets = async (db: Kysely<Tables>): Promise<Bucket[]> =>
  (await selectBuckets(db).execute()).map(asBucket);

export async function findBucket(db: Kysely<Tables>, volumeId: string): Promise<Bucket> {
  return findStored(db, volumeId);
}

async function findStored(db: Kysely<Tables>, volumeId: string): Promise<Stored> {
  const row = await selectBuckets(db).where('bucket.volume_id', '=', volumeId).executeTakeFirst();
  return row ? asBucket(row) : refuse('bucket.unknown');
}

/** Tries what a person typed, without keeping it. `like`: the bucket whose stored secret is lent to its own host. */
export async function tryBucket(
  at: BucketsAt,
  given: Pick<BucketSettings, 'endpoint' | 'region' | 'bucket' | 'prefix' | 'style' | 'accessKeyId' | 'ca'>,
  secret: string | undefined,
  like: string | undefined,
): Promise<{ problem: BucketProblem | null; features: BucketFeatures | null }> {
  const known = like === undefined ? null : await findStored(at.db.kysely, like);
  const secretKey = secret ?? lentSecret(at.box, known, given);
  using wire = new Wire({ ...readTarget(given), secretKey }, at.clock);
  try {
    return { problem: null, features: await checkBucket(wire) };
  } catch (error) {
    if (error instanceof BucketFault) return { problem: error.problem, features: null };
    if (error instanceof Fault)
      return { problem: { code: 'refused', values: { status: 0, code: '' } }, features: null };
    throw error;
  }
}

/** A stored secret goes to the host it was typed for, with its key, and to no other. */
function lentSecret(
  box: SecretBox,
  known: Stored | null,
  given: Pick<BucketSettings, 'endpoint' | 'accessKeyId'>,
): string {
  const isSame =
    known !== null &&
    known.sealed.length > 0 &&
    new URL(known.endpoint).origin === originOf(given.endpoint) &&
    known.accessKeyId === given.accessKeyId;
  if (known === null || !isSame) refuse('bucket.secret-again');
  return box.open(known.sealed, secretContext(known.volumeId));
}

export async function addBucket(
  trx: Trx,
  grant: Grant<'storage.configure'>,
  given: BucketSettings & { secret: string; hasLock: boolean },
  at: BucketsAt,
): Promise<string> {
  const target = readTarget(given);
  const { n } = await trx
    .selectFrom('volume')
    .select(sql<number>`count(*)::int8`.as('n'))
    .where('kind', '=', 's3')
    .where('removed', 'is', null)
    .executeTakeFirstOrThrow();
  if (n >= maxBuckets) refuse('bucket.too-many', { limit: maxBuckets });
  const id = newId('vol', at.clock.wallMs());
  const now = new Date(grant.atMs);
  await orRefused(given.name, () =>
    trx
      .insertInto('volume')
      .values({
        id,
        kind: 's3',
        name: given.name,
        path: addressOf(target),
        created: now,
        added_by: grant.by.name,
      })
      .execute(),
  );
  await trx
    .insertInto('bucket')
    .values({
      volume_id: id,
      ...bucketRow(target),
      ...orderRow(given),
      has_lock: given.hasLock,
      secret_sealed: at.box.seal(given.secret, secretContext(id)),
      checked: now,
    })
    .execute();
  return id;
}

/** What was tried together is changed together: the connection as a whole, or only what is moved and when. */
export async function changeBucket(
  trx: Trx,
  volumeId: string,
  given: BucketSettings & { revision: number; secret?: string | undefined; hasLock: boolean },
  at: BucketsAt,
): Promise<void> {
  const before = await lockBucket(trx, volumeId);
  if (before.revision !== given.revision) refuse('camera.changed');
  const target = readTarget(given);
  const isMoved = addressOf(target) !== addressOf(before);
  // What lies there would be looked for where it is not.
  if (isMoved && before.segments > 0) refuse('bucket.moved', { segments: before.segments });
  const secret = given.secret ?? lentSecret(at.box, before, target);
  await orRefused(given.name, () =>
    trx
      .updateTable('volume')
      .set({ name: given.name, path: addressOf(target) })
      .where('id', '=', volumeId)
      .execute(),
  );
  await trx
    .updateTable('bucket')
    .set({
      ...bucketRow(target),
      ...orderRow(given),
      has_lock: given.hasLock,
      secret_sealed: at.box.seal(secret, secretContext(volumeId)),
      revision: before.revision + 1,
    })
    .where('volume_id', '=', volumeId)
    .execute();
}

/** Only an empty one: what lies in it would be lost to the index. Its secret goes at once. */
export async function removeBucket(
  trx: Trx,
  grant: Grant<'storage.configure'>,
  volumeId: string,
  reason: string,
): Promise<void> {
  const before = await lockBucket(trx, volumeId);
  const { n } = await trx
    .selectFrom('segment')
    .select(sql<number>`count(*)::int8`.as('n'))
    .where('volume_id', '=', volumeId)
    .executeTakeFirstOrThrow();
  if (n > 0) refuse('bucket.holds', { segments: n });
  await trx
    .updateTable('bucket')
    .set({ secret_sealed: Buffer.alloc(0), problem: null, revision: before.revision + 1 })
    .where('volume_id', '=', volumeId)
    .execute();
  const removed = { removed: new Date(grant.atMs), removed_by: grant.by.name, removed_reason: reason };
  await trx
    .updateTable('volume')
    .set({ ...removed, away: null, away_why: null })
    .where('id', '=', volumeId)
    .execute();
}

async function lockBucket(trx: Trx, volumeId: string): Promise<Stored> {
  const locked = await trx
    .selectFrom('volume')
    .select('id')
    .where('id', '=', volumeId)
    .where('kind', '=', 's3')
    .where('removed', 'is', null)
    .forUpdate()
    .executeTakeFirst();
  if (!locked) refuse('bucket.unknown');
  return findStored(trx, volumeId);
}

async function orRefused(name: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const broken = brokenConstraint(error);
    if (broken === 'volume_name') refuse('bucket.name-taken', { name });
    if (broken === 'volume_path') refuse('bucket.twice');
    throw error;
  }
}

type Target = Omit<BucketAccess, 'secretKey'>;

/** S3's own rules for names, and nothing in an address that could carry a secret or lead elsewhere. */
function readTarget(
  given: Pick<BucketSettings, 'endpoint' | 'region' | 'bucket' | 'prefix' | 'style' | 'accessKeyId' | 'ca'>,
): Target {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(given.bucket) || given.bucket.includes('..'))
    refuse('bucket.name', { bucket: given.bucket });
  const prefix = given.prefix.replace(/^\/+|\/+$/g, '');
  if (
    !/^[A-Za-z0-9!_.()'/-]{0,200}$/.test(prefix) ||
    prefix.split('/').some((part) => /^\.{0,2}$/.test(part) && prefix !== '')
  )
    refuse('bucket.prefix', { prefix: given.prefix });
  const { region, bucket, style, accessKeyId } = given;
  return {
    endpoint: originOf(given.endpoint),
    region,
    bucket,
    prefix,
    style,
    accessKeyId,
    ca: readCa(given.ca),
  };
}

function originOf(typed: string): string {
  const url = URL.parse(typed.trim());
  const isPlain =
    url !== null &&
    (url.protocol === 'https:' || url.protocol === 'http:') &&
    url.username === '' &&
    url.password === '' &&
    url.pathname === '/' &&
    url.search === '' &&
    url.hash === '';
  return isPlain ? url.origin : refuse('bucket.endpoint');
}

function readCa(ca: string | null): string | null {
  if (ca === null || ca.trim() === '') return null;
  const isCertificates =
    /^(?:\s*-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$/.test(ca);
  return isCertificates ? ca.trim() : refuse('bucket.ca');
}

const bucketRow = ({ accessKeyId, ...target }: Target) => ({ ...target, access_key_id: accessKeyId });
const orderRow = (given: BucketSettings) => ({
  lock_mode: given.lockMode,
  move_after_days: given.moveAfterDays,
  move_above_percent: given.moveAbovePercent,
  bytes_per_second: given.bytesPerSecond,
});

const selectBuckets = (db: Kysely<Tables>) =>
  db
    .selectFrom('bucket')
    .innerJoin('volume', 'volume.id', 'bucket.volume_id')
    .selectAll('bucket')
    .select(['volume.name', 'volume.segments', 'volume.bytes', 'volume.away'])
    .where('volume.removed', 'is', null)
    .orderBy('volume.created')
    .limit(maxBuckets);

type Row = Awaited<ReturnType<ReturnType<typeof selectBuckets>['executeTakeFirstOrThrow']>>;

const asBucket = (row: Row): Stored => ({
  volumeId: row.volume_id,
  name: row.name,
  endpoint: row.endpoint,
  region: row.region,
  bucket: row.bucket,
  prefix: row.prefix,
  style: row.style,
  accessKeyId: row.access_key_id,
  ca: row.ca,
  lockMode: row.lock_mode,
  hasLock: row.has_lock,
  moveAfterDays: row.move_after_days,
  moveAbovePercent: row.move_above_percent,
  bytesPerSecond: row.bytes_per_second,
  problem: row.problem && row.problem.code in bucketProblems ? (row.problem as BucketProblem) : null,
  awaySinceMs: row.away?.getTime() ?? null,
  checkedMs: row.checked.getTime(),
  segments: row.segments,
  bytes: row.bytes,
  revision: row.revision,
  sealed: row.secret_sealed,
});

export type FoundBucket = BucketAccess & { readonly name: string; readonly id: string | null };

/** A bucket that a rebuild reads becomes a volume again, from which nothing is moved or to which until a person says so. */
export async function adoptBucket(
  at: BucketsAt,
  { name, id: wanted, ...access }: FoundBucket,
): Promise<string> {
  const { secretKey, ...given } = access;
  const target = readTarget(given);
  const path = addressOf(target);
  const known = await at.db.kysely
    .selectFrom('volume')
    .select('id')
    .where('kind', '=', 's3')
    .where('removed', 'is', null)
    .where((is) => is.or([is('path', '=', path), ...(wanted === null ? [] : [is('id', '=', wanted)])]))
    .executeTakeFirst();
  if (known) return known.id;
  using wire = new Wire({ ...target, secretKey }, at.clock);
  const { hasLock } = await featuresOf(wire, 1);
  const id = wanted ?? newId('vol', at.clock.wallMs());
  const now = new Date(at.clock.wallMs());
  await at.db.kysely.transaction().execute(async (trx) => {
    await trx
      .insertInto('volume')
      .values({ id, kind: 's3', name, path, created: now, added_by: 'custos fsck --rebuild' })
      .execute();
    await trx
      .insertInto('bucket')
      .values({
        ...{ volume_id: id, ...bucketRow(target), has_lock: hasLock, checked: now, lock_mode: 'none' },
        secret_sealed: at.box.seal(secretKey, secretContext(id)),
      })
      .execute();
  });
  return id;
}

/** How each bucket is reached, its secret open: for a process beside the server that reads what is stored. */
export async function bucketAccesses({
  db,
  box,
}: Pick<BucketsAt, 'box'> & { readonly db: Kysely<Tables> }): Promise<Map<string, BucketAccess>> {
  const rows = await selectBuckets(db).limit(maxBuckets).execute();
  const accesses = new Map<string, BucketAccess>();
  for (const { sealed, ...bucket } of rows.map(asBucket)) {
    if (sealed.length === 0) continue;
    const { endpoint, region, bucket: name, prefix, style, accessKeyId, ca } = bucket;
    const secretKey = box.open(sealed, secretContext(bucket.volumeId));
    accesses.set(bucket.volumeId, {
      endpoint,
      region,
      bucket: name,
      prefix,
      style,
      accessKeyId,
      secretKey,
      ca,
    });
  }
  return accesses;
}

// ---- whether they are there

const lookEveryMs = 30_000;
const lookAgainMs = 5_000;

/** All buckets, as committed, with their secrets open for the engine; and the watch over them. */
export class Buckets implements AsyncDisposable {
  readonly #at: BucketsAt & { readonly engine: Engine; readonly log: Log };
  readonly #known = new Map<string, { bucket: Bucket; wire: Wire }>();
  readonly #ending = new AbortController();
  #watching: Promise<void> = Promise.resolve();
  #turn: Promise<void> = Promise.resolve();

  static async open(at: BucketsAt & { readonly engine: Engine; readonly log: Log }): Promise<Buckets> {
    const buckets = new Buckets(at);
    await buckets.changed();
    buckets.#watching = buckets.#watch();
    return buckets;
  }

  private constructor(at: BucketsAt & { readonly engine: Engine; readonly log: Log }) {
    this.#at = at;
  }

  /** To be called after a commit that added, changed or removed one. */
  async changed(): Promise<void> {
    const { db, engine, clock } = this.#at;
    const rows = (await selectBuckets(db.kysely).execute()).map(asBucket);
    for (const [id, { wire }] of this.#known) {
      if (rows.some((row) => row.volumeId === id)) continue;
      wire[Symbol.dispose]();
      this.#known.delete(id);
      engine.bucket(id, null);
    }
    for (const { sealed, ...bucket } of rows) {
      const known = this.#known.get(bucket.volumeId);
      if (known?.bucket.revision === bucket.revision) continue;
      known?.wire[Symbol.dispose]();
      const access = this.#accessOf(bucket, sealed);
      if (access === null) continue;
      this.#known.set(bucket.volumeId, { bucket, wire: new Wire(access, clock) });
      engine.bucket(bucket.volumeId, access);
    }
  }

  #accessOf(bucket: Bucket, sealed: Uint8Array): BucketAccess | null {
    const { endpoint, region, prefix, style, accessKeyId, ca } = bucket;
    try {
      const secretKey = this.#at.box.open(sealed, secretContext(bucket.volumeId));
      return { endpoint, region, bucket: bucket.bucket, prefix, style, accessKeyId, ca, secretKey };
    } catch (error) {
      this.#at.log.error(
        { volume: bucket.volumeId, error: sayError(error) },
        "a bucket's secret cannot be opened",
      );
      return null;
    }
  }

  all(): Bucket[] {
    return [...this.#known.values()].map(({ bucket }) => bucket);
  }

  /** For requests that carry no video; null for what is no bucket, or is none any more. */
  wire(volumeId: string): Wire | null {
    return this.#known.get(volumeId)?.wire ?? null;
  }

  isAway(volumeId: string): boolean {
    const known = this.#known.get(volumeId);
    return known === undefined || known.bucket.awaySinceMs !== null;
  }

  /** Something was tried and this came of it; null: it went well. */
  found(volumeId: string, problem: BucketProblem | null): Promise<void> {
    this.#turn = this.#turn
      .then(() => this.#note(volumeId, problem))
      .catch((error: unknown) => {
        this.#at.log.warn(
          { volume: volumeId, error: sayError(error) },
          "a bucket's state could not be written",
        );
      });
    return this.#turn;
  }

  /** Tries each one now. */
  async look(): Promise<void> {
    await Promise.all([...this.#known].map(([id, { wire }]) => this.#try(id, wire)));
  }

  async #try(volumeId: string, wire: Wire): Promise<void> {
    try {
      for await (const _ of listObjects(wire, { signal: this.#ending.signal })) break;
      // A bucket that can be listed may still be full: only an upload that went well says that it is not.
      const before = this.#known.get(volumeId)?.bucket.problem ?? null;
      await this.found(volumeId, before !== null && !keepsAllAway(before) ? before : null);
    } catch (error) {
      if (this.#ending.signal.aborted || this.#known.get(volumeId)?.wire !== wire) return;
      if (error instanceof BucketFault) await this.found(volumeId, error.problem);
      else this.#at.log.warn({ volume: volumeId, error: sayError(error) }, 'a bucket answers strangely');
    }
  }

  /** Away and back again are written down once each, with the cause, in the transaction of the change. */
  async #note(volumeId: string, problem: BucketProblem | null): Promise<void> {
    const known = this.#known.get(volumeId);
    if (!known) return;
    const { bucket } = known;
    const isAway = problem !== null && keepsAllAway(problem);
    const wasAway = bucket.awaySinceMs !== null;
    const isSame = bucket.problem?.code === problem?.code && isAway === wasAway;
    if (isSame) return;
    const nowMs = this.#at.clock.wallMs();
    const awaySinceMs = isAway ? (bucket.awaySinceMs ?? nowMs) : null;
    await this.#at.db.kysely.transaction().execute(async (trx) => {
      await trx
        .updateTable('volume')
        .set({
          away: awaySinceMs === null ? null : new Date(awaySinceMs),
          away_why: isAway ? problem.code : null,
        })
        .where('id', '=', volumeId)
        .execute();
      await trx
        .updateTable('bucket')
        .set({ problem: problem && JSON.stringify(problem), checked: new Date(nowMs) })
        .where('volume_id', '=', volumeId)
        .execute();
      if (isAway !== wasAway)
        await append(trx, {
          ...{ atMs: nowMs, actor: system, action: isAway ? 'volume.away' : 'volume.back', outcome: 'done' },
          subject: { kind: 'volume', id: volumeId, name: bucket.name },
          detail: problem ? { problem: problem.code } : {},
        });
    });
    known.bucket = { ...bucket, problem, awaySinceMs, checkedMs: nowMs };
    this.#at.log[isAway ? 'error' : 'info']({ volume: volumeId, problem }, 'the state of a bucket changed');
  }

  async #watch(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      await this.look();
      const someAway = this.all().some((bucket) => bucket.awaySinceMs !== null);
      await pause(someAway ? lookAgainMs : lookEveryMs, this.#ending.signal);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    for (const { wire } of this.#known.values()) wire[Symbol.dispose]();
    await this.#watching;
    await this.#turn;
  }
}

/** A problem that keeps everything in the bucket from us, not only what would be written. */
const keepsAllAway = ({ code }: BucketProblem): boolean =>
  isOfTheBucket(code) || code === 'denied-list' || code === 'denied-read';
