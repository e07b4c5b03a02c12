/**
 * Carries one closed segment from a folder into a bucket. It goes up in parts, each with its MD5 and its SHA-256, and an
 * upload that was cut is taken up where it stopped: the storage says which parts it has. Then the whole object is read
 * back and digested; only what lies there with the digest of the index counts as carried, because a storage may say
 * "stored" of other bytes than were sent (Ceph accepts a wrong x-amz-checksum-sha256). The lock is set last, so that
 * nothing wrong is locked in.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Clock, Fault } from '../../base/index.ts';
import type { BucketProblem } from '../../contract/bucket-problems.ts';
import { NoAnswer } from '../segment/lane.ts';
import { openLocal } from '../segment/local-file.ts';
import type { SegmentBytes } from '../terms.ts';
import { knownBucket } from './access.ts';
import {
  abortUpload,
  beginUpload,
  deleteObject,
  endUpload,
  headOf,
  listUploads,
  lockUntil,
  partsOf,
  putObject,
  putPart,
  type Retention,
  readRange,
  retentionOf,
  type Upload,
} from './objects.ts';
import { BucketFault } from './problem.ts';
import { md5, Wire } from './wire.ts';

/** S3 allows 5 MiB and more, 10,000 of them; two are in memory at once. */
export const partBytes = 8 * 1024 * 1024;
const partsAtOnce = 2;

export interface CarryOrder {
  readonly from: { readonly id: string; readonly path: string };
  /** Id of the bucket's volume, which this process was told of. */
  readonly to: string;
  /** The same in both. */
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of the file, hex, as the index has it. */
  readonly digest: string;
  readonly lock: Retention | null;
  /** Bytes a second in each direction; 0: as fast as it goes. */
  readonly bytesPerSecond: number;
}

export interface Carried {
  /** Bytes that went over the wire this time: what lay there already is not sent again. */
  readonly sent: number;
  readonly readBack: number;
}

/** What the mover answers. `problem` null: not the bucket's; it may be tried again. */
export type CarryAnswer =
  | ({ readonly ok: true } & Carried)
  | {
      readonly ok: false;
      readonly problem: BucketProblem | null;
      readonly why: string;
      readonly retry: boolean;
    };

/** BucketFault or Fault when it does not lie there, whole and as it should be. */
export async function carry(order: CarryOrder, clock: Clock, signal: AbortSignal): Promise<Carried> {
  const access = knownBucket(order.to);
  if (access === null)
    throw new Fault(`the bucket ${order.to} is not known to this process`, { retry: true });
  using wire = new Wire(access, clock);
  const pace = new Pace(order.bytesPerSecond, clock, signal);
  const at = { wire, order, pace, signal };
  const present = await headOf(wire, order.path, signal);
  if (present !== null && present.bytes === order.bytes) {
    // An earlier try came so far before it was cut, or someone put the file there.
    if ((await digestThere(at)) === order.digest) {
      await lockIt(at);
      return { sent: 0, readBack: order.bytes };
    }
    await deleteObject(wire, order.path, signal);
  }
  const sent = await upload(at);
  const digest = await digestThere(at);
  if (digest !== order.digest) {
    await deleteObject(wire, order.path, signal);
    throw new BucketFault('digest', {}, { retry: true });
  }
  await lockIt(at);
  return { sent, readBack: order.bytes };
}

interface CarryAt {
  readonly wire: Wire;
  readonly order: CarryOrder;
  readonly pace: Pace;
  readonly signal: AbortSignal;
}

async function upload(at: CarryAt): Promise<number> {
  const { order } = at;
  const root = order.from.path;
  await using file = await ofDisk(openLocal(root, join(root, order.path)));
  const size = await ofDisk(file.size());
  if (size !== order.bytes) throw new BucketFault('local-file', { what: `${size} B` });
  if (order.bytes > partBytes) return await uploadParts(at, file);
  const body = await readLocal(file, 0, order.bytes);
  await at.pace.spend(body.length);
  await putObject(at.wire, order.path, body, at.signal);
  return body.length;
}

async function uploadParts(at: CarryAt, local: SegmentBytes): Promise<number> {
  const { wire, order, signal } = at;
  const begun = await begunUpload(at);
  const upload = begun ?? { path: order.path, uploadId: await beginUpload(wire, order.path, signal) };
  const there =
    begun === null ? new Map<number, { etag: string; bytes: number }>() : await partsOf(wire, upload, signal);
  const count = Math.ceil(order.bytes / partBytes);
  const etags: string[] = new Array(count).fill('');
  let next = 0;
  let sent = 0;
  const work = async () => {
    for (let i = next++; i < count; i = next++) {
      const body = await readLocal(local, i * partBytes, Math.min(order.bytes, (i + 1) * partBytes));
      const own = `"${md5(body).toString('hex')}"`;
      const known = there.get(i + 1);
      if (known !== undefined && known.bytes === body.length && sameTag(known.etag, own))
        etags[i] = known.etag;
      else {
        await at.pace.spend(body.length);
        etags[i] = await putPart(wire, upload, i + 1, body, signal);
        sent += body.length;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(partsAtOnce, count) }, work));
  await endUpload(wire, upload, etags, signal);
  return sent;
}

const sameTag = (a: string, b: string): boolean => a.replaceAll('"', '') === b.replaceAll('"', '');

/** The newest upload of this very object that was not ended; older ones are given up. */
async function begunUpload({ wire, order, signal }: CarryAt): Promise<Upload | null> {
  let newest: Upload | null = null;
  for await (const upload of listUploads(wire, order.path, signal)) {
    if (upload.path !== order.path) continue;
    const older: Upload | null =
      newest !== null && newest.initiatedMs >= upload.initiatedMs ? upload : newest;
    if (older !== upload) newest = upload;
    if (older !== null) await abortUpload(wire, older, signal);
  }
  return newest;
}

async function readLocal(file: SegmentBytes, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(to - from);
  const filled = await ofDisk(file.read(bytes, from));
  if (filled < bytes.length) throw new BucketFault('local-file', { what: `${from + filled} B` });
  return bytes;
}

/** A disk that fails, or answers no more, is the file's trouble and not the bucket's. */
const ofDisk = <T>(operation: Promise<T>): Promise<T> =>
  operation.catch((cause: NodeJS.ErrnoException) => {
    const what = cause instanceof NoAnswer ? 'ETIMEDOUT' : (cause.code ?? 'EIO');
    throw new BucketFault('local-file', { what }, { cause });
  });

/** SHA-256 of what lies in the bucket, all of it. */
async function digestThere({ wire, order, pace, signal }: CarryAt): Promise<string> {
  const hash = createHash('sha256');
  for (let from = 0; from < order.bytes; from += partBytes) {
    const to = Math.min(order.bytes, from + partBytes);
    await pace.spend(to - from);
    const bytes = await readRange(wire, order.path, { from, to }, signal);
    if (bytes.length !== to - from) return 'shorter';
    hash.update(bytes);
  }
  return hash.digest('hex');
}

/** Set and read again: a storage that takes the order and forgets it has not locked anything. */
async function lockIt({ wire, order, signal }: CarryAt): Promise<void> {
  const { lock, path } = order;
  if (lock === null) return;
  await lockUntil(wire, path, lock, signal);
  const held = await retentionOf(wire, path, null, signal);
  if (held === null || held.untilMs < lock.untilMs) throw new BucketFault('no-lock');
}

/** So many bytes a second on average, a part at a time. */
class Pace {
  readonly #perMs: number;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #freeAtMs: number;

  constructor(bytesPerSecond: number, clock: Clock, signal: AbortSignal) {
    this.#perMs = bytesPerSecond / 1000;
    this.#clock = clock;
    this.#signal = signal;
    this.#freeAtMs = clock.monoMs();
  }

  async spend(bytes: number): Promise<void> {
    if (this.#signal.aborted) throw new Fault('carrying was ended', { retry: true });
    if (this.#perMs <= 0) return;
    const nowMs = this.#clock.monoMs();
    const beginMs = Math.max(nowMs, this.#freeAtMs);
    this.#freeAtMs = beginMs + bytes / this.#perMs;
    if (beginMs > nowMs) await this.#pause(beginMs - nowMs);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        this.#signal.removeEventListener('abort', end);
        if (this.#signal.aborted) reject(new Fault('carrying was ended', { retry: true }));
        else resolve();
      };
      const timer = setTimeout(end, ms);
      this.#signal.addEventListener('abort', end);
    });
  }
}
