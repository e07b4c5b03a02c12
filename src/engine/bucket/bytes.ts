/**
 * A stored object as bytes for whoever plays or surveys it: read by ranges, with a bounded window kept and the next
 * one fetched ahead while it is read in order, because each request costs a round trip and readers ask for small pieces.
 */
import type { Clock } from '../../base/index.ts';
import { Fault } from '../../base/index.ts';
import type { SegmentBytes } from '../segment/index.ts';
import type { BucketAccess } from './access.ts';
import { headOf, readRange } from './objects.ts';
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

/** Faults when it is not there, with `ENOENT` as its cause as a folder has it, or cannot be reached. */
export async function openObject(access: BucketAccess, path: string, clock: Clock): Promise<SegmentBytes> {
  const { wire, giveBack } = borrowWire(access, clock);
  try {
    const head = await headOf(wire, path);
    if (head === null) throw notThere(path);
    return new ObjectBytes(wire, path, head, giveBack);
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
  readonly #wire: Wire;
  readonly #path: string;
  readonly #bytes: number;
  readonly #etag: string;
  readonly #giveBack: () => void;
  readonly #closing = new AbortController();
  readonly #windows = new Map<number, Window>();
  #lastIndex = -1;

  constructor(wire: Wire, path: string, head: { bytes: number; etag: string }, giveBack: () => void) {
    this.#wire = wire;
    this.#path = path;
    this.#bytes = head.bytes;
    this.#etag = head.etag;
    this.#giveBack = giveBack;
  }

  async size(): Promise<number> {
    return this.#bytes;
  }

  async read(into: Uint8Array, at: number): Promise<number> {
    const end = Math.min(at + into.length, this.#bytes);
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
