/**
 * The one place where bytes of footage go to disk: a file that only grows, record after record, each by one `writev`
 * and each sealed before. What it wrote whole is hashed as it goes; a record that the disk did not take whole is cut
 * off again. Steps are numbered as in docs/storage.md, "Creating a segment".
 */
import { createHash } from 'node:crypto';
import { close, fdatasync, ftruncate, open, writev } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type DayKey, dayKeyBytes } from '../keys/index.ts';
import {
  type Ending,
  encodeHeader,
  encodeRecordHeader,
  giveBack,
  type RecordHeader,
  type SegmentIdentity,
  type SegmentSeal,
  type SuiteNumber,
  segmentSeal,
  type Totals,
} from '../seal/index.ts';
import { checkMark } from '../segment/mark.ts';
import { IndexWriter, type PartShape } from '../segment/part-index.ts';
import { type Syncer, syncFolder } from './syncer.ts';

export interface SegmentFile {
  /** Of the volume. */
  readonly root: string;
  /** What the volume's marker must say. */
  readonly mark?: string | undefined;
  /** Within it. */
  readonly path: string;
  readonly syncer: Syncer;
  /** The disk refused, or there is no key; nothing more is taken. Called at most once. */
  failed(error: NodeJS.ErrnoException): void;
  /** Called before each numbered step. For tests. */
  readonly beforeStep?: (step: string) => void;
}

export interface Sealing {
  readonly suite: SuiteNumber;
  readonly identity: Omit<SegmentIdentity, 'format' | 'suite' | 'keyDay' | 'keyId'>;
  /** ftyp + moov. */
  readonly init: Uint8Array;
  readonly keyDay: string;
  /** Until it is there parts wait in memory; when it cannot be had the segment fails. */
  readonly key: Promise<DayKey>;
}

export interface Part {
  /** prft + moof + the head of mdat. */
  readonly head: Uint8Array;
  /** Pictures, then sound. */
  readonly media: readonly Uint8Array[];
  readonly mediaBytes: number;
  readonly key: boolean;
  readonly hasSound: boolean;
  readonly wallMs: number;
  readonly decodeTicks: number;
  readonly ticks: number;
  readonly pictures: number;
  /** For the index in the end record. */
  readonly shape: PartShape;
  /** Its plain bytes are needed no more. */
  sealed(): void;
  /** It is in the file (not on the platter). */
  written(): void;
}

/** What a closed file is; null when no part of it was written (then there is no file). */
export type Written = { readonly bytes: number; readonly digest: string } | null;

interface Chunk {
  readonly buffers: readonly Uint8Array[];
  readonly bytes: number;
  readonly sequence: number;
  readonly part: Part | null;
}

/** A part that a disk did not take. */
export type Rescued = Omit<Part, 'sealed' | 'written'> & { readonly sealed?: () => void };

/** Linux takes at most 1024 buffers at once (IOV_MAX). */
const maxBuffers = 1_000;
/** Records that one `writev` may join when the disk is behind. */
const maxJoinedBytes = 4 * 1024 * 1024;
const initCopies = 2;

export class SegmentWriter {
  readonly #file: SegmentFile;
  readonly #sealing: Sealing;
  readonly #hash = createHash('sha256');
  /** Not sealed yet: the key is not there. */
  #waiting: Part[] = [];
  readonly #queue: Chunk[] = [];
  /** What is being written. */
  #underWay: readonly Chunk[] = [];
  #seal: SegmentSeal | null = null;
  #sequence = 0;
  readonly #index = new IndexWriter();
  /** Where the next record will stand. */
  #sealedBytes = 0;
  #fd: number | null = null;
  #isNamed = false;
  #writing = false;
  #dirty = false;
  #syncing = false;
  #bytes = 0;
  #parts = 0;
  #pictures = 0;
  #first: Part | null = null;
  #last: Part | null = null;
  #failed = false;
  #idle: (() => void) | null = null;
  /** Bytes that were given and are not in the file yet. */
  pendingBytes = 0;

  constructor(file: SegmentFile, sealing: Sealing) {
    this.#file = file;
    this.#sealing = sealing;
    void this.#begin();
  }

  /** Takes a part. Nothing is taken after a failure. */
  append(part: Part): void {
    if (this.#failed) {
      part.sealed();
      return;
    }
    if (this.#seal) this.#sealPart(part, this.#seal);
    else {
      this.#waiting.push(part);
      this.pendingBytes += part.mediaBytes;
    }
    this.#pump();
  }

  /**
   * Leaves the file as it is, for its disk does not answer: what it did not take is for another file. From the first
   * key on, since nothing before it could be played there.
   */
  giveUp(): Rescued[] {
    if (this.#failed) return [];
    this.#failed = true;
    const waiting: Rescued[] = this.#waiting.splice(0);
    const sealed = [...this.#underWay, ...this.#queue.splice(0)].flatMap((chunk) => this.#opened(chunk));
    this.pendingBytes = 0;
    const all = [...sealed, ...waiting];
    const first = all.findIndex((part) => part.key);
    const kept = first < 0 ? [] : all.slice(first);
    for (const part of waiting) if (!kept.includes(part)) part.sealed?.();
    return kept;
  }

  #opened({ part, sequence, buffers }: Chunk): Rescued[] {
    if (!part) return [];
    const seal = this.#seal as SegmentSeal;
    const [clear, ...rest] = buffers as [Uint8Array, ...Uint8Array[]];
    const body = Buffer.concat(rest).subarray(part.head.length + seal.tagBytes);
    const media = seal.open(2, sequence, clear, body);
    const { sealed: _, written: __, ...what } = part;
    return media ? [{ ...what, media: [media] }] : [];
  }

  /** Asks for what is written to be made durable; does nothing while asked already or nothing is new. */
  sync(): void {
    const fd = this.#fd;
    if (!this.#dirty || this.#syncing || fd === null) return;
    this.#syncing = true;
    this.#file.syncer.add(async () => {
      this.#dirty = false;
      const error = this.#fd === null ? null : await tryTo(() => this.#makeDurable(fd));
      this.#syncing = false;
      if (error) this.#fail(error);
    });
  }

  /** Writes what waits, makes the file and its name durable, and says what it is. */
  async close(counts: Omit<Totals, 'parts'>): Promise<Written> {
    await this.#drained();
    return new Promise((resolve) => this.#file.syncer.add(async () => resolve(await this.#finish(counts))));
  }

  async #finish(counts: Omit<Totals, 'parts'>): Promise<Written> {
    const fd = this.#fd;
    this.#fd = null;
    if (fd === null) return null;
    const full = join(this.#file.root, this.#file.path);
    if (!this.#failed && this.#parts > 0) await this.#writeEnd(fd, counts);
    // A record that is there by halves would have to be cut off by whoever reads the file after us.
    if (this.#failed) await tryTo(() => promisify(ftruncate)(fd, this.#bytes));
    this.#step('create 7');
    await tryTo(() => sync(fd));
    await tryTo(() => promisify(close)(fd));
    if (this.#parts === 0) await tryTo(() => rm(full, { force: true }));
    this.#step('create 8');
    await tryTo(() => syncFolder(dirname(full)));
    return this.#parts === 0 ? null : { bytes: this.#bytes, digest: this.#hash.digest('hex') };
  }

  /** The last record: what the whole segment is, so that a cut between two records is noticed too; and its parts. */
  async #writeEnd(fd: number, counts: Omit<Totals, 'parts'>): Promise<void> {
    const first = this.#first as Part;
    const last = this.#last as Part;
    const ending: Ending = { bytes: this.#bytes, digest: this.#hash.copy().digest('hex') };
    const endTicks = last.decodeTicks + last.ticks;
    const index = this.#index.bytes();
    const buffers = this.#record(
      {
        ...{ type: 'end', key: false, hasSound: false, wallMs: last.wallMs + last.ticks / 90 },
        ...{ decodeTicks: first.decodeTicks, ticks: endTicks - first.decodeTicks, pictures: this.#pictures },
        totals: { parts: this.#parts, ...counts },
      },
      Buffer.from(JSON.stringify(ending)),
      [index],
      this.#seal as SegmentSeal,
      index.length,
    ).buffers;
    this.#step('create 6');
    const end = Buffer.concat(buffers);
    const error = await tryTo(async () => {
      const { bytesWritten } = await promisify(writev)(fd, [end], this.#bytes);
      if (bytesWritten !== end.length) throw Object.assign(new Error('the end was cut'), { code: 'EIO' });
    });
    if (error) {
      this.#fail(error);
      return;
    }
    this.#bytes += end.length;
    this.#hash.update(end);
  }

  async #begin(): Promise<void> {
    const full = join(this.#file.root, this.#file.path);
    try {
      // No file without a key that is durable: it could never be read.
      const key = await this.#sealing.key;
      this.#fd = await this.#open(full);
      const seal = this.#sealHead(key);
      for (const part of this.#waiting.splice(0)) {
        this.pendingBytes -= part.mediaBytes;
        this.#sealPart(part, seal);
      }
      this.#pump();
    } catch (error) {
      this.#fail(error as NodeJS.ErrnoException);
    }
  }

  async #open(full: string): Promise<number> {
    this.#step('create 2');
    return new Promise((resolve, reject) =>
      this.#file.syncer.run((done) => void this.#make(full).then(resolve, reject).finally(done)),
    );
  }

  async #make(full: string): Promise<number> {
    await checkMark({ path: this.#file.root, ...(this.#file.mark && { mark: this.#file.mark }) });
    const made = await mkdir(dirname(full), { recursive: true });
    if (made !== undefined) await syncFolder(dirname(made));
    // wx: an id never names two files; what stands there already is not ours to write into.
    return promisify(open)(full, 'wx', 0o640);
  }

  // ── sealing ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #sealHead({ key, keyId }: DayKey): SegmentSeal {
    const { suite, identity, init, keyDay } = this.#sealing;
    if (key.length !== dayKeyBytes) throw new Error('a key of the wrong length');
    const header = encodeHeader({ format: 2, ...identity, suite, keyDay, keyId });
    const seal = segmentSeal(suite, key, header);
    this.#seal = seal;
    const none = { key: false, hasSound: false, decodeTicks: 0, ticks: 0, pictures: 0 };
    const of = { type: 'init' as const, ...none, wallMs: identity.startMs };
    const copies = Array.from({ length: initCopies }, () => this.#record(of, init, [], seal).buffers);
    this.#push([header, header, ...copies.flat()], 0, null);
    return seal;
  }

  #sealPart(part: Part, seal: SegmentSeal): void {
    const { key, hasSound, wallMs, decodeTicks, ticks, pictures, shape } = part;
    const of = { type: 'part' as const, key, hasSound, wallMs, decodeTicks, ticks, pictures };
    const { header, buffers } = this.#record(of, part.head, part.media, seal, part.mediaBytes);
    part.sealed();
    this.#index.add({ at: this.#sealedBytes, header, shape });
    this.#push(buffers, header.sequence, part);
  }

  #record(
    of: Omit<RecordHeader, 'sequence' | 'headBytes' | 'bodyBytes'>,
    head: Uint8Array,
    media: readonly Uint8Array[],
    seal: SegmentSeal,
    mediaBytes = 0,
  ): { header: RecordHeader; buffers: Uint8Array[] } {
    const sequence = this.#sequence++;
    const headBytes = head.length + seal.tagBytes;
    const bodyBytes = mediaBytes > 0 ? mediaBytes + seal.tagBytes : 0;
    const header: RecordHeader = { ...of, sequence, headBytes, bodyBytes };
    const clear = encodeRecordHeader(header);
    const buffers = [clear, ...seal.seal(1, sequence, clear, [head])];
    if (bodyBytes > 0) buffers.push(...seal.seal(2, sequence, clear, media));
    return { header, buffers };
  }

  #push(buffers: readonly Uint8Array[], sequence: number, part: Part | null): void {
    const bytes = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
    this.#queue.push({ buffers, bytes, sequence, part });
    this.pendingBytes += bytes;
    this.#sealedBytes += bytes;
  }

  // ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #pump(): void {
    if (this.#writing || this.#fd === null || this.#seal === null || this.#failed) return;
    const chunks = this.#take();
    if (chunks.length === 0) {
      this.#idle?.();
      return;
    }
    this.#step(this.#bytes === 0 ? 'create 3' : 'create 4');
    this.#writing = true;
    this.#underWay = chunks;
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
    const fd = this.#fd as number;
    this.#file.syncer.run((done) =>
      writev(fd, some as NodeJS.ArrayBufferView[], this.#bytes + already, (error, written) => {
        done();
        const so = already + (error ? 0 : written);
        if (so === bytes) this.#wrote(chunks);
        else if (!error && written > 0) this.#write(chunks, rest(buffers, written), bytes, so);
        else
          this.#stuck(chunks, so, error ?? Object.assign(new Error('nothing was written'), { code: 'EIO' }));
      }),
    );
  }

  /** The disk took so many bytes and no more: the records that lie whole in them count. */
  #stuck(chunks: readonly Chunk[], bytes: number, error: NodeJS.ErrnoException): void {
    let reach = 0;
    const whole = chunks.filter((chunk) => {
      reach += chunk.bytes;
      return reach <= bytes;
    });
    this.#note(whole);
    this.#writing = false;
    this.#underWay = [];
    this.#idle?.();
    this.#fail(error);
  }

  #wrote(chunks: readonly Chunk[]): void {
    this.#writing = false;
    this.#underWay = [];
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
    for (const { bytes, buffers, part } of chunks) {
      this.#bytes += bytes;
      this.pendingBytes -= bytes;
      for (const buffer of buffers) this.#hash.update(buffer);
      giveBack(buffers);
      if (part === null) continue;
      this.#parts++;
      this.#pictures += part.pictures;
      this.#first ??= part;
      this.#last = part;
      part.written();
    }
  }

  /** The first time the name is made durable too: the data of a file that nobody finds are lost. */
  async #makeDurable(fd: number): Promise<void> {
    this.#step('create 5');
    await sync(fd);
    if (this.#isNamed) return;
    await syncFolder(dirname(join(this.#file.root, this.#file.path)));
    this.#isNamed = true;
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#queue.length = 0;
    for (const part of this.#waiting.splice(0)) part.sealed();
    this.pendingBytes = 0;
    if (!this.#writing) this.#idle?.();
    this.#file.failed(error);
  }

  #drained(): Promise<void> {
    const isReady = this.#fd !== null && this.#seal !== null;
    if (this.#failed ? !this.#writing : this.#queue.length === 0 && !this.#writing && isReady)
      return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }

  #step(step: string): void {
    this.#file.beforeStep?.(step);
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
