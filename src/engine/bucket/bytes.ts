/**
 * A stored object as bytes for whoever plays or surveys it: read by ranges, with a bounded window kept and the next
 * one fetched ahead while it is read in order, because each request costs a round trip and readers ask for small pieces.
 */
import type { Clock } from '../../base/index.ts';
import { Fault } from '../../base/index.ts';
import type { SegmentBytes } from '../terms.ts';
import type { BucketAccess } from './access.ts';
import { type End, headOf, isCode, readEnd, readRange } from './objects.ts';
import { BucketFault } from './problem.ts';
import { Wire } from './wire.ts';

/** One request's worth: at 4 Mbit/s four seconds of video. */
const windowBytes = 2 * 1024 * 1024;
/** Windows kept of one object. */
const windowsKept = 3;
/** Windows kept of all objects of a process: past it the one that was not read for longest goes. */
const allWindowsKept = 48;

interface Window {
  readonly at: number;
  readonly bytes: Promise<Buffer>;
  usedAt: number;
  drop(): void;
}

const wires = new Map<BucketAccess, { readonly wire: Wire; users: number }>();

/** One set of connections for all that this process reads of a bucket. */
function borrowWire(access: BucketAccess, clock: Clock): { wire: Wire; giveBack: () => void } {
  const entry = wires.get(access) ?? { wire: new Wire(access, clock), users: 0 };
  wires.set(access, entry);
  entry.users++;
  let isBack = false;
  const giveBack = () => {
    if (isBack) return;
    isBack = true;
    if (--entry.users > 0) return;
    wires.delete(access);
    entry.wire[Symbol.dispose]();
  };
  return { wire: entry.wire, giveBack };
}

let uses = 0;
const kept = new Set<Window>();

function keep(window: Window): void {
  kept.add(window);
  if (kept.size <= allWindowsKept) return;
  let oldest = window;
  for (const one of kept) if (one.usedAt < oldest.usedAt) oldest = one;
  oldest.drop();
}

/** Who a segment is and its first head; the index of its parts. */
const startBytes = 16 * 1024;
const tailBytes = 32 * 1024;

/**
 * Both ends of an object at once: in them stands how long it is, and of a closed segment all that must be known to play
 * it. One round trip, where asking for its size and walking it would be one for each 2 MiB.
 */
export async function endsOf(wire: Wire, path: string): Promise<Ends | null> {
  try {
    const [start, tail] = await Promise.all([
      readEnd(wire, path, { from: 'start', bytes: startBytes }),
      readEnd(wire, path, { from: 'end', bytes: tailBytes }),
    ]);
    if (start === null || tail === null) return null;
    if (start.etag === tail.etag && start.objectBytes === tail.objectBytes) return { start, tail };
    throw new Fault(`${path} changed while it was opened`, { retry: true });
  } catch (error) {
    // Of nothing there is no range (RFC 9110 §14.1.2).
    if (!isCode(error, 'refused')) throw error;
    const head = await headOf(wire, path);
    if (head === null) return null;
    if (head.bytes > 0) throw error;
    const none: End = { bytes: Buffer.alloc(0), objectBytes: 0, etag: head.etag };
    return { start: none, tail: none };
  }
}

export interface Ends {
  readonly start: End;
  readonly tail: End;
}

/** Faults when it is not there, with `ENOENT` as its cause as a folder has it, or cannot be reached. */
export async function openObject(access: BucketAccess, path: string, clock: Clock): Promise<SegmentBytes> {
  const { wire, giveBack } = borrowWire(access, clock);
  try {
    const ends = await endsOf(wire, path);
    if (ends === null) throw notThere(path);
    return new ObjectBytes(wire, path, ends, giveBack);
  } catch (error) {
    giveBack();
    throw error;
  }
}

const notThere = (path: string): Fault =>
  new Fault(`${path} is not in the bucket`, {
    cause: Object.assign(new Error('no object'), { code: 'ENOENT' }),
  });

class ObjectBytes implements SegmentBytes {
  readonly isFar = true;
  readonly #wire: Wire;
  readonly #path: string;
  readonly #bytes: number;
  readonly #etag: string;
  readonly #ends: Ends;
  readonly #giveBack: () => void;
  readonly #closing = new AbortController();
  readonly #windows = new Map<number, Window>();
  #lastIndex = -1;

  constructor(wire: Wire, path: string, ends: Ends, giveBack: () => void) {
    this.#wire = wire;
    this.#path = path;
    this.#ends = ends;
    this.#bytes = ends.start.objectBytes;
    this.#etag = ends.start.etag;
    this.#giveBack = giveBack;
  }

  async size(): Promise<number> {
    return this.#bytes;
  }

  async read(into: Uint8Array, at: number): Promise<number> {
    const end = Math.min(at + into.length, this.#bytes);
    const near = this.#near(at, end);
    if (near !== null) {
      into.set(near);
      return near.length;
    }
    // What lies across two windows is asked for at once.
    for (
      let i = Math.floor(at / windowBytes);
      i * windowBytes < end && i < at / windowBytes + windowsKept;
      i++
    )
      this.#fetch(i).catch(() => {});
    let filled = 0;
    while (at + filled < end) {
      const position = at + filled;
      const index = Math.floor(position / windowBytes);
      const window = await this.#window(index);
      const from = position - index * windowBytes;
      const piece = window.subarray(from, Math.min(window.length, from + end - position));
      if (piece.length === 0) throw new Fault(`${this.#path} ends at ${position} in the bucket`);
      into.set(piece, filled);
      filled += piece.length;
    }
    return filled;
  }

  /** What lies wholly in one of the two ends is here already. */
  #near(at: number, end: number): Buffer | null {
    const { start, tail } = this.#ends;
    if (end <= start.bytes.length) return start.bytes.subarray(Math.min(at, end), end);
    const tailAt = this.#bytes - tail.bytes.length;
    return at >= tailAt && at <= end ? tail.bytes.subarray(at - tailAt, end - tailAt) : null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    for (const window of [...this.#windows.values()]) window.drop();
    this.#giveBack();
  }

  /** The window, and when reading goes on in order, the next one on its way already. */
  async #window(index: number): Promise<Buffer> {
    const isOrderly = index === this.#lastIndex + 1 || index === this.#lastIndex;
    this.#lastIndex = index;
    const bytes = this.#fetch(index);
    if (isOrderly && (index + 1) * windowBytes < this.#bytes) this.#fetch(index + 1).catch(() => {});
    return bytes;
  }

  #fetch(index: number): Promise<Buffer> {
    const known = this.#windows.get(index);
    if (known) {
      known.usedAt = ++uses;
      return known.bytes;
    }
    const from = index * windowBytes;
    const to = Math.min(this.#bytes, from + windowBytes);
    const range = { from, to, ...(this.#etag === '' ? {} : { etag: this.#etag }) };
    const drop = () => {
      kept.delete(window);
      if (this.#windows.get(index) === window) this.#windows.delete(index);
    };
    const bytes = readRange(this.#wire, this.#path, range, this.#closing.signal);
    const window: Window = { at: from, bytes, usedAt: ++uses, drop };
    // What failed is asked for anew by the next reader; this one has the error.
    bytes.catch(drop);
    this.#windows.set(index, window);
    this.#evict();
    keep(window);
    return bytes;
  }

  #evict(): void {
    while (this.#windows.size > windowsKept) {
      let oldest: Window | null = null;
      for (const one of this.#windows.values())
        if (oldest === null || one.usedAt < oldest.usedAt) oldest = one;
      oldest?.drop();
    }
  }
}

/** Why a stored file could not be read, when a bucket is the reason. */
export function bucketProblemOf(error: unknown): BucketFault | null {
  for (let at: unknown = error; at instanceof Error; at = at.cause) if (at instanceof BucketFault) return at;
  return null;
}
