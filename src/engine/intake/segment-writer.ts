/**
 * The one place where bytes of footage go to disk: a file that only grows, part after part, each by one `writev`. What
 * it wrote whole is hashed as it goes; a part that the disk did not take whole is cut off again. Sealing will wrap
 * exactly this.
 */
import { createHash } from 'node:crypto';
import { close, fdatasync, ftruncate, open, writev } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Syncer, syncFolder } from './syncer.ts';

export interface SegmentFile {
  /** Of the volume. */
  readonly root: string;
  /** Within it. */
  readonly path: string;
  readonly syncer: Syncer;
  /** The disk refused; nothing more is taken. Called at most once. */
  failed(error: NodeJS.ErrnoException): void;
}

/** What a closed file is; null when no part of it was written (then there is no file). */
export type Written = { readonly bytes: number; readonly digest: string } | null;

interface Chunk {
  readonly buffers: readonly Uint8Array[];
  readonly bytes: number;
  readonly done: (() => void) | null;
}

/** Linux takes at most 1024 buffers at once (IOV_MAX). */
const maxBuffers = 1_000;
/** Parts that one `writev` may join when the disk is behind. */
const maxJoinedBytes = 4 * 1024 * 1024;

export class SegmentWriter {
  readonly #file: SegmentFile;
  readonly #hash = createHash('sha256');
  readonly #queue: Chunk[] = [];
  #fd: number | null = null;
  #writing = false;
  #dirty = false;
  #syncing = false;
  #bytes = 0;
  #parts = 0;
  #failed = false;
  #idle: (() => void) | null = null;
  /** Bytes that were given and are not in the file yet. */
  pendingBytes = 0;

  /** `head` is what stands before the first part. */
  constructor(file: SegmentFile, head: Uint8Array) {
    this.#file = file;
    this.#push({ buffers: [head], bytes: head.length, done: null });
    void this.#open();
  }

  /** Takes a part; `done` when it is in the file (not on the platter). Nothing is taken after a failure. */
  append(buffers: readonly Uint8Array[], bytes: number, done: () => void): void {
    if (this.#failed) return;
    this.#push({ buffers, bytes, done });
    this.#pump();
  }

  /** Asks for what is written to be made durable; does nothing while asked already or nothing is new. */
  sync(): void {
    const fd = this.#fd;
    if (!this.#dirty || this.#syncing || fd === null) return;
    this.#syncing = true;
    this.#file.syncer.add(async () => {
      this.#dirty = false;
      const error = this.#fd === null ? null : await tryTo(() => sync(fd));
      this.#syncing = false;
      if (error) this.#fail(error);
    });
  }

  /** Writes what waits, makes the file and its name durable, and says what it is. */
  async close(): Promise<Written> {
    await this.#drained();
    return new Promise((resolve) => this.#file.syncer.add(async () => resolve(await this.#finish())));
  }

  async #finish(): Promise<Written> {
    const fd = this.#fd;
    this.#fd = null;
    if (fd === null) return null;
    const full = join(this.#file.root, this.#file.path);
    // A part that is there by halves would have to be cut off by whoever reads the file after us.
    if (this.#failed) await tryTo(() => promisify(ftruncate)(fd, this.#bytes));
    await tryTo(() => sync(fd));
    await tryTo(() => promisify(close)(fd));
    if (this.#parts === 0) await tryTo(() => rm(full, { force: true }));
    await tryTo(() => syncFolder(dirname(full)));
    return this.#parts === 0 ? null : { bytes: this.#bytes, digest: this.#hash.digest('hex') };
  }

  async #open(): Promise<void> {
    const full = join(this.#file.root, this.#file.path);
    try {
      const made = await mkdir(dirname(full), { recursive: true });
      if (made !== undefined) await syncFolder(dirname(made));
      // wx: an id never names two files; what stands there already is not ours to write into.
      this.#fd = await promisify(open)(full, 'wx', 0o640);
      this.#pump();
    } catch (error) {
      this.#fail(error as NodeJS.ErrnoException);
    }
  }

  #push(chunk: Chunk): void {
    this.#queue.push(chunk);
    this.pendingBytes += chunk.bytes;
  }

  #pump(): void {
    if (this.#writing || this.#fd === null || this.#failed) return;
    const chunks = this.#take();
    if (chunks.length === 0) {
      this.#idle?.();
      return;
    }
    this.#writing = true;
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
    const buffers = chunks.length === 1 ? (chunks[0] as Chunk).buffers : chunks.flatMap((c) => c.buffers);
    this.#write(chunks, buffers, bytes, 0);
  }

  #take(): Chunk[] {
    let buffers = 0;
    let bytes = 0;
    let count = 0;
    for (const chunk of this.#queue) {
      buffers += chunk.buffers.length;
      bytes += chunk.bytes;
      if (count > 0 && (buffers > maxBuffers || bytes > maxJoinedBytes)) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  #write(chunks: readonly Chunk[], buffers: readonly Uint8Array[], bytes: number, already: number): void {
    const some = buffers.length > maxBuffers ? buffers.slice(0, maxBuffers) : buffers;
    writev(this.#fd as number, some as NodeJS.ArrayBufferView[], this.#bytes + already, (error, written) => {
      const so = already + (error ? 0 : written);
      if (so === bytes) this.#wrote(chunks);
      else if (!error && written > 0) this.#write(chunks, rest(buffers, written), bytes, so);
      else this.#stuck(chunks, so, error ?? Object.assign(new Error('nothing was written'), { code: 'EIO' }));
    });
  }

  /** The disk took so many bytes and no more: the parts that lie whole in them count. */
  #stuck(chunks: readonly Chunk[], bytes: number, error: NodeJS.ErrnoException): void {
    let reach = 0;
    const whole = chunks.filter((chunk) => {
      reach += chunk.bytes;
      return reach <= bytes;
    });
    this.#note(whole);
    this.#writing = false;
    this.#idle?.();
    this.#fail(error);
  }

  #wrote(chunks: readonly Chunk[]): void {
    this.#writing = false;
    if (this.#failed) {
      this.#idle?.();
      return;
    }
    this.#note(chunks);
    this.#pump();
  }

  /** These are in the file. */
  #note(chunks: readonly Chunk[]): void {
    if (this.#failed) return;
    this.#dirty = true;
    for (const chunk of chunks) {
      this.#bytes += chunk.bytes;
      this.pendingBytes -= chunk.bytes;
      for (const buffer of chunk.buffers) this.#hash.update(buffer);
      if (chunk.done === null) continue;
      this.#parts++;
      chunk.done();
    }
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#queue.length = 0;
    this.pendingBytes = 0;
    if (!this.#writing) this.#idle?.();
    this.#file.failed(error);
  }

  #drained(): Promise<void> {
    if (this.#failed ? !this.#writing : this.#queue.length === 0 && !this.#writing && this.#fd !== null)
      return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }
}

const sync = promisify(fdatasync);

/** What a partial write left over. */
function rest(buffers: readonly Uint8Array[], written: number): Uint8Array[] {
  let skip = written;
  const left: Uint8Array[] = [];
  for (const buffer of buffers) {
    if (skip >= buffer.length) skip -= buffer.length;
    else {
      left.push(buffer.subarray(skip));
      skip = 0;
    }
  }
  return left;
}

async function tryTo(work: () => Promise<unknown>): Promise<NodeJS.ErrnoException | null> {
  try {
    await work();
    return null;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}
