/**
 * Moves closed segments into a bucket, oldest first: by age, and when a folder is fuller than ordered. The steps of one
 * move, each of which a crash may follow:
 *
 * 1. The file goes up, in parts; what was begun is taken up again. (engine/bucket/carry.ts)
 * 2. All of it is read back and digested, then locked where the bucket locks.
 * 3. In one transaction the row names the bucket, the file here is written down as one to remove, and the ledger has an
 *    entry. Rows that are gone or elsewhere by then are left alone, and what lies in the bucket for nothing goes.
 * 4. The file here is removed, its folder forced to the disk.
 * 5. It is written down no more.
 *
 * After 1 or 2 the next pass finds the object and only reads it back; after 3 or 4 the next start goes on with 4.
 */
import { dirname } from 'node:path';
import { type RawBuilder, sql } from 'kysely';
import { type Clock, Fault, type Log, sayError } from '../base/index.ts';
import type { BucketProblem } from '../contract/index.ts';
import type { Database } from '../db/index.ts';
import { abortUpload, BucketFault, deleteObject, type Engine, listUploads } from '../engine/index.ts';
import { append, system } from '../ledger/index.ts';
import type { Bucket, Buckets } from './buckets.ts';
import type { Disks } from './disks.ts';
import { pause } from './pause.ts';
import { keepingOfAll, lockKeeping } from './retention.ts';
import { momentsOfSegment } from './retention-plan.ts';

/** The steps, told as each is done: for tests that end the process there. */
export type MoveStep = 'carried' | 'rowed' | 'unlinked';

export interface ArchiveOptions {
  readonly db: Database;
  readonly engine: Engine;
  readonly buckets: Buckets;
  readonly disks: Disks;
  readonly clock: Clock;
  readonly log: Log;
  readonly everyMs?: number;
  readonly step?: (step: MoveStep, path: string) => void | Promise<void>;
}

export interface MovedSum {
  readonly segments: number;
  readonly bytes: number;
}

interface Candidate {
  readonly cameraId: string;
  readonly stream: 'main' | 'sub';
  readonly startMs: number;
  readonly endMs: number;
  readonly id: string;
  readonly volumeId: string;
  readonly root: string;
  readonly path: string;
  readonly bytes: number;
  readonly digest: string;
}

const everyMs = 60_000;
/** What ended so shortly ago may be played from its file by whoever watches right behind the present. */
const youngestMs = 5 * 60_000;
const perStream = 20;
const perPass = 400;
const atOnce = 3;
/** Rows that change in one transaction: so many, or what was carried in so long. */
const perCommit = 50;
const commitEveryMs = 5_000;
/** A full bucket is tried again after this, a segment that did not arrive whole after that. */
const fullPauseMs = 10 * 60_000;
const segmentPauseMs = 60 * 60_000;
const maxPaused = 10_000;
/** An upload that nobody took up for so long is given up: parts of it cost room and are seen by nobody. */
const staleUploadMs = 7 * 86_400_000;
const sweepEveryMs = 86_400_000;
/** A folder is relieved to so far below its mark, so that it is not at it again with the next segment. */
const relief = 0.01;

export class Archive implements AsyncDisposable {
  readonly #at: ArchiveOptions;
  readonly #ending = new AbortController();
  #wake = new AbortController();
  #running: Promise<void> | null = null;
  #fullUntilMs = new Map<string, number>();
  readonly #paused = new Map<string, number>();
  #sweptAtMs = Number.NEGATIVE_INFINITY;

  readonly #endAsked: Promise<'ended'>;

  constructor(options: ArchiveOptions) {
    this.#at = options;
    this.#endAsked = new Promise((resolve) => {
      this.#ending.signal.addEventListener('abort', () => resolve('ended'));
    });
  }

  /** Begins to look every minute; the first time at once. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Something was ordered anew: look now. */
  wake(): void {
    this.#fullUntilMs.clear();
    this.#paused.clear();
    this.#wake.abort();
  }

  async #run(): Promise<void> {
    const { log, everyMs: every = everyMs } = this.#at;
    while (!this.#ending.signal.aborted) {
      this.#wake = new AbortController();
      let moved: MovedSum = { segments: 0, bytes: 0 };
      try {
        moved = await this.pass();
        if (moved.segments > 0) log.info({ ...moved }, 'segments were moved to a bucket');
      } catch (error) {
        log.warn({ error: sayError(error) }, 'moving to buckets stopped; it will go on');
      }
      // While there is more, there is nothing to wait for.
      if (moved.segments >= perPass / 2) continue;
      await pause(every, AbortSignal.any([this.#ending.signal, this.#wake.signal]));
    }
  }

  /** One look at everything that is to be moved, and the move. */
  async pass(): Promise<MovedSum> {
    await this.#removeMoved();
    const sum = { segments: 0, bytes: 0 };
    for (const bucket of this.#at.buckets.all()) {
      if (this.#ending.signal.aborted || !this.#mayMove(bucket)) continue;
      const moved = await this.#moveTo(bucket);
      sum.segments += moved.segments;
      sum.bytes += moved.bytes;
    }
    await this.#sweepUploads();
    return sum;
  }

  #mayMove(bucket: Bucket): boolean {
    const { buckets, clock } = this.#at;
    const isFull = (this.#fullUntilMs.get(bucket.volumeId) ?? 0) > clock.monoMs();
    const isOrdered = bucket.moveAfterDays !== null || bucket.moveAbovePercent !== null;
    return isOrdered && !isFull && !buckets.isAway(bucket.volumeId);
  }

  // ---- which

  async #moveTo(bucket: Bucket): Promise<MovedSum> {
    const sum = { segments: 0, bytes: 0 };
    const nowMs = this.#at.clock.wallMs();
    for (const folder of await this.#folders()) {
      const beforeMs = cutoff(bucket, folder, nowMs);
      if (beforeMs === null) continue;
      const candidates = await this.#candidates(folder, beforeMs);
      const byAgeMs = bucket.moveAfterDays === null ? null : nowMs - bucket.moveAfterDays * 86_400_000;
      const chosen = upTo(candidates, folder.overBytes, byAgeMs);
      const moved = await this.#move(bucket, chosen);
      sum.segments += moved.segments;
      sum.bytes += moved.bytes;
    }
    return sum;
  }

  async #folders(): Promise<Folder[]> {
    const rows = await this.#at.db.kysely
      .selectFrom('volume')
      .select(['id', 'path', 'bytes', 'limit_bytes'])
      .where('kind', '=', 'folder')
      .where('removed', 'is', null)
      .where('away', 'is', null)
      .where('state', '<>', 'read-only')
      .orderBy('id')
      .limit(200)
      .execute();
    const above = this.#at.buckets.all().map((bucket) => bucket.moveAbovePercent ?? 100);
    const percent = Math.min(100, ...above);
    return Promise.all(rows.map((row) => measured(this.#at.disks, row, percent / 100)));
  }

  /** The oldest of each stream, then the oldest of all. Those that failed a while ago wait. */
  async #candidates(folder: Folder, beforeMs: number): Promise<Candidate[]> {
    const { rows } = await candidatesQuery(folder.id, Math.floor(beforeMs)).execute(this.#at.db.kysely);
    const nowMs = this.#at.clock.monoMs();
    for (const [id, untilMs] of this.#paused) if (untilMs <= nowMs) this.#paused.delete(id);
    return rows
      .filter((row) => !this.#paused.has(row.id))
      .map((row) => ({
        cameraId: row.camera_id,
        stream: row.stream,
        startMs: row.start_ms,
        endMs: row.end_ms,
        id: row.id,
        volumeId: folder.id,
        root: folder.path,
        path: row.path,
        bytes: row.bytes,
        digest: Buffer.from(row.digest).toString('hex'),
      }));
  }

  // ---- steps 1 to 3

  async #move(bucket: Bucket, candidates: readonly Candidate[]): Promise<MovedSum> {
    const { clock } = this.#at;
    const lockUntil = await this.#lockMoments(bucket, candidates);
    const sum = { segments: 0, bytes: 0 };
    let carried: Candidate[] = [];
    let committedMs = clock.monoMs();
    const commit = async () => {
      const batch = carried;
      carried = [];
      committedMs = clock.monoMs();
      const moved = await this.#commit(bucket, batch);
      sum.segments += moved.length;
      sum.bytes += moved.reduce((bytes, one) => bytes + one.bytes, 0);
    };
    let next = 0;
    let isStopped = false;
    const work = async () => {
      while (!isStopped && !this.#ending.signal.aborted && next < candidates.length) {
        const one = candidates[next++]!;
        const outcome = await this.#carry(bucket, one, lockUntil.get(one.id) ?? null);
        if (outcome === 'stop') isStopped = true;
        if (outcome !== 'carried') continue;
        carried.push(one);
        if (carried.length >= perCommit || clock.monoMs() - committedMs > commitEveryMs) await commit();
      }
    };
    const ended = await Promise.allSettled(Array.from({ length: atOnce }, work));
    await commit();
    for (const one of ended) if (one.status === 'rejected') throw one.reason;
    return sum;
  }

  /** Until when nobody may delete each one, where this bucket locks. */
  async #lockMoments(bucket: Bucket, candidates: readonly Candidate[]): Promise<Map<string, number>> {
    const moments = new Map<string, number>();
    if (bucket.lockMode === 'none' || candidates.length === 0) return moments;
    const nowMs = this.#at.clock.wallMs();
    const keeping = await keepingOfAll(this.#at.db.kysely, nowMs);
    for (const one of candidates) {
      const of = keeping.get(one.cameraId);
      const earliestMs = of ? (momentsOfSegment(one, of)?.earliestMs ?? null) : null;
      if (earliestMs !== null && earliestMs > nowMs) moments.set(one.id, earliestMs);
    }
    return moments;
  }

  async #carry(bucket: Bucket, one: Candidate, lockMs: number | null): Promise<'carried' | 'skip' | 'stop'> {
    const { engine, buckets, log } = this.#at;
    const lock =
      bucket.lockMode === 'none' || lockMs === null ? null : { mode: bucket.lockMode, untilMs: lockMs };
    const asked = engine
      .carry({
        from: { id: one.volumeId, path: one.root },
        to: bucket.volumeId,
        ...{ path: one.path, bytes: one.bytes, digest: one.digest, lock },
        bytesPerSecond: Math.ceil(bucket.bytesPerSecond / atOnce),
      })
      .catch((error: unknown) => {
        if (!(error instanceof Fault && error.retry)) throw error;
        return { ok: false as const, problem: null, why: error.message, retry: true };
      });
    // The mover ends after us: whoever ends does not wait for the rest of an upload.
    const answer = await Promise.race([asked, this.#endAsked]);
    if (answer === 'ended') return 'stop';
    if (answer.ok) {
      await buckets.found(bucket.volumeId, null);
      await this.#at.step?.('carried', one.path);
      return 'carried';
    }
    log.warn({ segment: one.id, bucket: bucket.name, why: answer.why }, 'a segment was not moved');
    return this.#failed(bucket, one, answer.problem);
  }

  async #failed(bucket: Bucket, one: Candidate, problem: BucketProblem | null): Promise<'skip' | 'stop'> {
    if (this.#ending.signal.aborted) return 'stop';
    const isOfThisFile =
      problem?.code === 'local-file' || problem?.code === 'digest' || problem?.code === 'locked';
    if (problem === null || isOfThisFile) {
      if (this.#paused.size < maxPaused) this.#paused.set(one.id, this.#at.clock.monoMs() + segmentPauseMs);
      return 'skip';
    }
    await this.#at.buckets.found(bucket.volumeId, problem);
    // Whatever it is, it is the bucket's: the others would meet the same.
    if (!this.#at.buckets.isAway(bucket.volumeId))
      this.#fullUntilMs.set(bucket.volumeId, this.#at.clock.monoMs() + fullPauseMs);
    return 'stop';
  }

  /** Step 3, then 4 and 5. Returns those whose row was moved. */
  async #commit(bucket: Bucket, carried: readonly Candidate[]): Promise<Candidate[]> {
    if (carried.length === 0) return [];
    const moved = await this.#row(bucket, carried);
    const isMoved = new Set(moved);
    for (const one of carried) {
      if (isMoved.has(one)) await this.#at.step?.('rowed', one.path);
      else await this.#takeBack(bucket, one);
    }
    await this.#removeMoved();
    return moved;
  }

  #row(bucket: Bucket, carried: readonly Candidate[]): Promise<Candidate[]> {
    const { db, clock } = this.#at;
    const nowMs = clock.wallMs();
    return db.kysely.transaction().execute(async (trx) => {
      // In one order for all, and the reaper's: of two who want the same camera none waits for the other's second.
      for (const cameraId of [...new Set(carried.map((one) => one.cameraId))].sort())
        await lockKeeping(trx, cameraId);
      const moved: Candidate[] = [];
      for (const one of carried) {
        const { numUpdatedRows } = await trx
          .updateTable('segment')
          .set({ volume_id: bucket.volumeId })
          .where('camera_id', '=', one.cameraId)
          .where('stream', '=', one.stream)
          .where('start_ms', '=', one.startMs)
          .where('id', '=', one.id)
          .where('volume_id', '=', one.volumeId)
          .where('path', '=', one.path)
          .executeTakeFirst();
        if (numUpdatedRows > 0n) moved.push(one);
      }
      for (const [from, ones] of Map.groupBy(moved, (one) => one.volumeId)) {
        const bytes = ones.reduce((sum, one) => sum + one.bytes, 0);
        for (const [id, sign] of [
          [from, -1],
          [bucket.volumeId, 1],
        ] as const)
          await trx
            .updateTable('volume')
            .set({
              segments: sql<number>`segments + ${sign * ones.length}::int8`,
              bytes: sql<number>`bytes + ${sign * bytes}::int8`,
            })
            .where('id', '=', id)
            .execute();
        await trx
          .insertInto('moved_file')
          .values(
            ones.map(({ volumeId, path, id, bytes: size }) => ({
              ...{ volume_id: volumeId, path, segment_id: id, bytes: size, moved: new Date(nowMs) },
            })),
          )
          .onConflict((conflict) => conflict.columns(['volume_id', 'path']).doNothing())
          .execute();
        await append(trx, {
          ...{ atMs: nowMs, actor: system, action: 'segment.moved', outcome: 'done' },
          subject: { kind: 'volume', id: bucket.volumeId, name: bucket.name },
          detail: { from, bytes, segments: ones.map((one) => one.id) },
        });
      }
      return moved;
    });
  }

  /** Its row went, or went elsewhere, while it was carried: nothing of the index names the object. */
  async #takeBack(bucket: Bucket, one: Candidate): Promise<void> {
    const wire = this.#at.buckets.wire(bucket.volumeId);
    try {
      if (wire) await deleteObject(wire, one.path, this.#ending.signal);
    } catch (error) {
      this.#at.log.error(
        { segment: one.id, error: sayError(error) },
        'an object without a row stays in a bucket',
      );
    }
  }

  // ---- steps 4 and 5

  async #removeMoved(): Promise<void> {
    const { db } = this.#at;
    const rows = await db.kysely
      .selectFrom('moved_file')
      .innerJoin('volume', 'volume.id', 'moved_file.volume_id')
      .select(['moved_file.volume_id', 'moved_file.path', 'moved_file.bytes', 'volume.path as root'])
      .where('volume.away', 'is', null)
      .orderBy('moved_file.moved')
      .limit(1_000)
      .execute();
    for (const row of rows) {
      if (this.#ending.signal.aborted) return;
      if (!(await this.#removeFile(row))) continue;
      await this.#at.step?.('unlinked', row.path);
      await db.kysely
        .deleteFrom('moved_file')
        .where('volume_id', '=', row.volume_id)
        .where('path', '=', row.path)
        .execute();
    }
  }

  /** True when it is not there any more, for good. */
  async #removeFile({ root, path, bytes }: { root: string; path: string; bytes: number }): Promise<boolean> {
    const { disks, log } = this.#at;
    try {
      const [size = null] = await disks.sizes(root, [path]);
      // Without its folders the whole disk may be missing, and the file come back with it: removing asks for that.
      if (size === bytes || size === null) await disks.remove(root, path);
      // Not the file that was moved: it is left alone, and nobody waits for it.
      else log.error({ root, path, size, bytes }, 'a file that was moved has another size; it stays');
      await disks.settle(root, [dirname(path)]);
      return true;
    } catch (error) {
      log.warn({ root, path, error: sayError(error) }, 'a file that was moved could not be removed');
      return false;
    }
  }

  // ---- what was begun and left

  async #sweepUploads(): Promise<void> {
    const { buckets, clock, log } = this.#at;
    if (clock.monoMs() - this.#sweptAtMs < sweepEveryMs) return;
    this.#sweptAtMs = clock.monoMs();
    for (const { volumeId } of buckets.all()) {
      const wire = buckets.wire(volumeId);
      if (wire === null || buckets.isAway(volumeId)) continue;
      try {
        for await (const upload of listUploads(wire, '', this.#ending.signal))
          if (clock.wallMs() - upload.initiatedMs > staleUploadMs && segmentName.test(upload.path))
            await abortUpload(wire, upload, this.#ending.signal);
      } catch (error) {
        if (!(error instanceof BucketFault)) throw error;
        log.warn({ volume: volumeId, error: sayError(error) }, 'old uploads could not be given up');
      }
    }
  }

  /** What is being carried is cut; the next start takes it up. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }
}

/** What we name; an upload of anything else is somebody else's. */
const segmentName =
  /^[A-Za-z0-9_-]{1,64}\.(?:main|sub)\/\d{4}-\d{2}-\d{2}\/\d{1,15}-[A-Za-z0-9_-]{1,64}\.[a-z0-9]{1,8}$/;

interface Folder {
  readonly id: string;
  readonly path: string;
  /** How much has to go until it is below its mark; 0: it is. */
  readonly overBytes: number;
}

async function measured(
  disks: Disks,
  row: { id: string; path: string; bytes: number; limit_bytes: number | null },
  mark: number,
): Promise<Folder> {
  const space = await disks.space(row.path).catch(() => null);
  const total = space ? space.totalBytes : 0;
  const used = space ? space.totalBytes - space.freeBytes : 0;
  const target = Math.max(0, mark - relief);
  const ofDisk = total > 0 && used > total * mark ? used - total * target : 0;
  const limit = row.limit_bytes;
  const ofLimit = limit !== null && row.bytes > limit * mark ? row.bytes - limit * target : 0;
  return { id: row.id, path: row.path, overBytes: Math.ceil(Math.max(ofDisk, ofLimit)) };
}

/** Segments that ended before this may be moved; null: none. */
function cutoff(bucket: Bucket, folder: Folder, nowMs: number): number | null {
  const forRoom = bucket.moveAbovePercent !== null && folder.overBytes > 0;
  if (forRoom) return nowMs - youngestMs;
  if (bucket.moveAfterDays === null) return null;
  return nowMs - Math.max(youngestMs, bucket.moveAfterDays * 86_400_000);
}

/** Oldest first: those that are due by age, and as many more as make the room that is wanted. */
function upTo(candidates: readonly Candidate[], wantedBytes: number, byAgeMs: number | null): Candidate[] {
  let freed = 0;
  return candidates.slice(0, perPass).filter((one) => {
    const isDue = byAgeMs !== null && one.endMs < byAgeMs;
    const isWanted = freed < wantedBytes;
    if (isDue || isWanted) freed += one.bytes;
    return isDue || isWanted;
  });
}

interface CandidateRow {
  camera_id: string;
  stream: 'main' | 'sub';
  start_ms: number;
  end_ms: number;
  id: string;
  path: string;
  bytes: number;
  digest: Uint8Array;
}

/** Stream by stream along the primary key, the oldest of each. */
const candidatesQuery = (volumeId: string, beforeMs: number): RawBuilder<CandidateRow> => sql<CandidateRow>`
  select found.* from (
    select camera.id, kind from camera cross join (values ('main'), ('sub')) as kinds (kind)
  ) as source cross join lateral (
    select camera_id, stream, start_ms, end_ms, id, path, bytes, digest from segment
    where camera_id = source.id and stream = source.kind and start_ms < ${beforeMs}::int8
      and end_ms < ${beforeMs}::int8 and volume_id = ${volumeId} and condition = 'good'
      -- One that a rebuild took in unread has no digest yet that a carried copy could be held against.
      and digest <> decode(repeat('00', 32), 'hex')
    order by start_ms limit ${perStream}
  ) as found
  order by start_ms limit ${perPass}
`;
