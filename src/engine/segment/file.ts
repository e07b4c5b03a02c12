/**
 * One segment file, open for reading: shown as the plain MP4 that was sealed, its head and then its parts, without
 * what is damaged. Heads are opened while the file is walked, pictures only when they are read. What is damaged is
 * named and left out, its neighbours stay; an open segment is walked on as it grows.
 */
import { Fault } from '../../base/index.ts';
import { maxFrameBytes } from '../../contract/frames.ts';
import type { DayKeys } from '../keys/index.ts';
import { type Init, Mp4Error, type PartHead, readInit, readPartHead } from '../mp4/index.ts';
import {
  type Ending,
  type Header,
  readEnding,
  readHeader,
  recordHeaderBytes,
  SealError,
  type SegmentIdentity,
  type SegmentSeal,
  segmentSeal,
} from '../seal/index.ts';
import type { Volume } from '../terms.ts';
import { openBytes, type SegmentBytes } from './bytes.ts';
import { fits, type IndexEntry, type PartShape, readIndex, shapeOf } from './part-index.ts';
import { endIn, type RecordAt, RecordWalk, readRecord, readStart, type Tail } from './records.ts';

/** A whole part. Offsets and sizes are of the plain file, in bytes; `…Ticks` in 1/90000 s. */
export interface IndexedPart extends PartShape {
  readonly offset: number;
  readonly bytes: number;
  /** From `offset` to the media data. */
  readonly headBytes: number;
  readonly decodeTicks: number;
  readonly ticks: number;
  /** UTC of the first picture. */
  readonly wallMs: number;
  /** Decoding can begin here. */
  readonly key: boolean;
  readonly pictures: number;
  /** Where it is sealed in the file. */
  readonly record: RecordAt;
}

/** A stretch of a file that cannot be played, from byte `at` to `to` as stored, between two instants. */
export interface Damage {
  readonly at: number;
  readonly to: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly why: string;
}

/** A minute at 60 pictures a second, each a part and a key: no honest segment has more. */
const maxParts = 20_000;
const maxDamages = 1_000;
/** The end of a usual file holds its index; of one with a key every picture, the second try does. */
const tailBytes = [32 * 1024, 1024 * 1024];
/** A part travels as one frame; a larger one is no part of ours. */
const maxPartBytes = maxFrameBytes - 1024;

export class SegmentFile implements AsyncDisposable {
  readonly path: string;
  readonly identity: SegmentIdentity;
  readonly init: Init;
  /** ftyp + moov. */
  readonly initBytes: Uint8Array;
  #parts: IndexedPart[] = [];
  #damage: Damage[] = [];
  /** Parts whose pictures turned out not to be what was sealed, by their offset. */
  readonly #spoilt = new Map<number, string>();
  #ending: Ending | null = null;
  /** Where the next part stands in the plain file. */
  #plainBytes: number;
  /** Where unplayable bytes began whose end is not known yet, and why. */
  #broken: { at: number; why: string } | null = null;
  #walking: Promise<void> = Promise.resolve();
  readonly #bytes: SegmentBytes;
  readonly #seal: SegmentSeal;
  readonly #walk: RecordWalk;

  private constructor(path: string, bytes: SegmentBytes, seal: SegmentSeal, header: Header, head: Head) {
    const { init } = head;
    this.path = path;
    this.#bytes = bytes;
    this.#seal = seal;
    this.identity = header.identity;
    this.init = readInit(init);
    this.initBytes = Uint8Array.from(init);
    this.#plainBytes = init.length;
    this.#walk = new RecordWalk(bytes, header.recordsAt);
    for (const damage of [header.damage, head.damage]) if (damage !== null) this.#sayHarmless(damage);
  }

  /**
   * Opens and walks a file. SealError: it is not one of ours, or its head is damaged. NoKey: it cannot be opened.
   * Fault: it cannot be read.
   */
  static async open(volume: Volume, path: string, keys: DayKeys): Promise<SegmentFile> {
    const bytes = await openBytes(volume, path);
    try {
      const header = readHeader(await readStart(bytes));
      const { cameraId, stream, keyDay, keyId, suite } = header.identity;
      const { key } = await keys.toOpen(`${cameraId}.${stream}`, keyDay, keyId);
      const seal = segmentSeal(suite, key, header.bytes);
      const file = new SegmentFile(path, bytes, seal, header, await openInit(bytes, header, seal));
      // Near by it is walked: that finds what is damaged before anything of it is shown.
      if (!(bytes.isFar && (await file.#openByIndex()))) await file.grow();
      return file;
    } catch (error) {
      await bytes[Symbol.asyncDispose]();
      throw error;
    }
  }

  get parts(): readonly IndexedPart[] {
    return this.#parts;
  }
  get damage(): readonly Damage[] {
    return this.#damage;
  }
  /** What lies behind the last whole record; null when the file ends with it. */
  get tail(): Tail | null {
    return this.#walk.tail;
  }
  /** As of the last walk. */
  get fileBytes(): number {
    return this.#walk.fileBytes;
  }
  /** First byte behind the last whole record. */
  get wholeUntil(): number {
    return this.#walk.next;
  }
  /** What the end record says; null while the segment is open, and for one that was not closed in order. */
  get ending(): Ending | null {
    return this.#ending;
  }
  /** Size of the plain file. */
  get plainBytes(): number {
    return this.#plainBytes;
  }
  /** Damage that reaches to the end of the whole parts: there was no key behind it. */
  get brokenEnd(): { at: number; why: string } | null {
    return this.#broken;
  }

  /** Why the pictures of a part cannot be shown, as far as was found out by reading them. */
  spoilt(part: IndexedPart): string | null {
    return this.#spoilt.get(part.offset) ?? null;
  }

  /** Walks what came behind the last whole record since. One walk at a time. */
  grow(): Promise<void> {
    const walk = this.#walking.then(() => this.#grow());
    this.#walking = walk.catch(() => {});
    return walk;
  }

  /**
   * Bytes [from, to) of the plain file. SealError when they are not what was sealed: then `spoilt` knows the part. A
   * Fault when they are not there any more.
   */
  async read(from: number, to: number): Promise<Buffer> {
    const init = this.initBytes.length;
    const pieces: Uint8Array[] = from < init ? [this.initBytes.subarray(from, Math.min(to, init))] : [];
    for (let i = this.#partAt(from); i < this.#parts.length; i++) {
      const part = this.#parts[i]!;
      if (part.offset >= to) break;
      const begin = Math.max(0, from - part.offset);
      pieces.push(...(await this.#readPart(part, begin, Math.min(part.bytes, to - part.offset))));
    }
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (bytes !== to - from) throw new Fault(`${this.path} has no bytes from ${from} to ${to}`);
    return pieces.length === 1 ? asBuffer(pieces[0]!) : Buffer.concat(pieces, bytes);
  }

  /** Index of the last part that begins at or before an instant and with a key; the first key else; -1: none. */
  keyAt(atMs: number): number {
    let found = this.#parts.findIndex((part) => part.key);
    for (let i = found + 1; i > 0 && i < this.#parts.length; i++) {
      if (this.#parts[i]!.wallMs > atMs) break;
      if (this.#parts[i]!.key) found = i;
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#walking;
    bodies.forget(this);
    await this.#bytes[Symbol.asyncDispose]();
  }

  // ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The first part that ends behind a position. */
  #partAt(position: number): number {
    let low = 0;
    for (let high = this.#parts.length; low < high; ) {
      const middle = (low + high) >> 1;
      const { offset, bytes } = this.#parts[middle]!;
      if (offset + bytes <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  async #readPart(part: IndexedPart, begin: number, end: number): Promise<Uint8Array[]> {
    const { headBytes } = part;
    const pieces: Uint8Array[] = [];
    const held = bodies.find(this, part.offset);
    if (held !== null && begin >= headBytes) return [held.subarray(begin - headBytes, end - headBytes)];
    const { at, end: recordEnd, headBytes: sealedBytes } = part.record;
    const until = end > headBytes ? recordEnd : at + recordHeaderBytes + sealedBytes;
    const record = await readRecord(this.#bytes, { ...part.record, end: until });
    if (begin < headBytes)
      pieces.push(this.#openOf(part, 1, record).subarray(begin, Math.min(end, headBytes)));
    if (end > headBytes) {
      const body = this.#openBody(part, record);
      pieces.push(body.subarray(Math.max(0, begin - headBytes), end - headBytes));
    }
    return pieces;
  }

  #openBody(part: IndexedPart, record: Buffer): Buffer {
    const body = this.#openOf(part, 2, record);
    // Only where a part is read in pieces is it worth being held.
    bodies.hold(this, part.offset, body);
    return body;
  }

  /** A half of a part; one that does not open is remembered. */
  #openOf(part: IndexedPart, half: 1 | 2, record: Buffer): Buffer {
    try {
      return this.#open(part.record, half, record);
    } catch (error) {
      if (error instanceof SealError) this.#spoilt.set(part.offset, error.message);
      throw error;
    }
  }

  /** `record` are the bytes of a record from its header on. */
  #open(of: RecordAt, half: 1 | 2, record: Buffer): Buffer {
    return openHalf(this.#seal, of, half, record);
  }

  // ── by its own index ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Takes the parts from the end record, without a look at their heads; false: there is no index that fits the file. */
  async #openByIndex(): Promise<boolean> {
    const fileBytes = await this.#bytes.size();
    for (const most of tailBytes) {
      const tail = Buffer.alloc(Math.min(most, fileBytes));
      if ((await this.#bytes.read(tail, fileBytes - tail.length)) < tail.length) return false;
      const end = endIn(tail, fileBytes);
      if (end !== null)
        return this.#takeIndex(end, tail.subarray(end.at - (fileBytes - tail.length)), fileBytes);
      if (tail.length === fileBytes) break;
    }
    return false;
  }

  #takeIndex(end: RecordAt, record: Buffer, fileBytes: number): boolean {
    if (end.bodyBytes === 0) return false;
    try {
      const entries = readIndex(this.#open(end, 2, record));
      const ending = readEnding(this.#open(end, 1, record));
      const of = { at: end.at, sequence: end.sequence, parts: end.totals!.parts };
      if (entries === null || !fits(entries, of) || entries.length > maxParts) return false;
      for (const entry of entries) this.#parts.push(this.#entered(entry));
      this.#ending = ending;
      this.#walk.settle(fileBytes, end);
      return true;
    } catch (error) {
      // What the walk finds instead says what is wrong.
      if (error instanceof SealError) return false;
      throw error;
    }
  }

  #entered({ at, header, shape }: IndexEntry): IndexedPart {
    const {
      headBytes: sealedHead,
      bodyBytes: sealedBody,
      wallMs,
      decodeTicks,
      ticks,
      key,
      pictures,
    } = header;
    const { tagBytes } = this.#seal;
    const headBytes = sealedHead - tagBytes;
    const bytes = headBytes + Math.max(0, sealedBody - tagBytes);
    const offset = this.#plainBytes;
    this.#plainBytes += bytes;
    const record = { ...header, at, end: at + recordHeaderBytes + sealedHead + sealedBody };
    return { ...shape, offset, bytes, headBytes, decodeTicks, ticks, wallMs, key, pictures, record };
  }

  // ── walking ────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #grow(): Promise<void> {
    for await (const met of this.#walk.grow()) {
      if ('broken' in met) this.#break(met.broken.at, met.broken.why);
      else if (met.record.type === 'part') await this.#takePart(met.record);
      else if (met.record.type === 'end') await this.#takeEnd(met.record);
      if (this.#parts.length >= maxParts) return;
    }
  }

  async #takePart(record: RecordAt): Promise<void> {
    try {
      const near = await this.#walk.near(record.at, recordHeaderBytes + record.headBytes);
      this.#take(checkedHead(this.#open(record, 1, near), record, this.#seal), record);
    } catch (error) {
      if (!(error instanceof SealError) && !(error instanceof Mp4Error)) throw error;
      this.#break(
        record.at,
        error instanceof SealError ? error.message : `${error.what} at byte ${record.at}`,
      );
    }
  }

  async #takeEnd(record: RecordAt): Promise<void> {
    const whole = await this.#walk.near(record.at, record.end - record.at);
    try {
      this.#ending = readEnding(this.#open(record, 1, whole));
      // The walk needs no index; one that was changed is named all the same.
      if (record.bodyBytes > 0) this.#open(record, 2, whole);
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      this.#sayHarmless(error);
    }
  }

  #break(at: number, why: string): void {
    this.#broken ??= { at, why };
  }

  /** Named, though nothing is missing for it. */
  #sayHarmless(error: SealError): void {
    const { startMs } = this.identity;
    this.#damage.push({ at: error.at, to: error.at, fromMs: startMs, toMs: startMs, why: error.message });
  }

  /** A whole part: into the index, unless the pictures it builds on are lost. */
  #take(head: PartHead, record: RecordAt): void {
    const isKey = head.video!.samples[0]!.key;
    if (!isKey && (this.#broken !== null || this.#parts.length === 0)) {
      this.#break(record.at, `a part without the key before it at byte ${record.at}`);
      return;
    }
    // One byte that nobody can read: what stands on both sides of a damage does not follow on.
    if (this.#broken !== null && this.#parts.length > 0) this.#plainBytes++;
    const part = indexed(head, record, this.#plainBytes);
    if (this.#broken !== null) this.#mend(part);
    this.#parts.push(part);
    this.#plainBytes += part.bytes;
  }

  /** Playing goes on here: what was broken is a damage with an end. */
  #mend(part: IndexedPart): void {
    const last = this.#parts.at(-1);
    const fromMs = last === undefined ? this.identity.startMs : last.wallMs + last.ticks / 90;
    const { at, why } = this.#broken!;
    this.#broken = null;
    if (this.#damage.length >= maxDamages) return;
    const to = part.record.at;
    this.#damage.push({ at, to, fromMs: Math.min(fromMs, part.wallMs), toMs: part.wallMs, why });
  }
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Opens a half of the record whose bytes, from its header on, are given. */
export function openHalf(seal: SegmentSeal, of: RecordAt, half: 1 | 2, record: Buffer): Buffer {
  const clear = record.subarray(0, recordHeaderBytes);
  const headEnd = recordHeaderBytes + of.headBytes;
  const sealed = half === 1 ? record.subarray(recordHeaderBytes, headEnd) : record.subarray(headEnd);
  const content = seal.open(half, of.sequence, clear, sealed);
  if (content !== null) return content;
  const pictures = of.type === 'end' ? 'the index of the parts' : 'the pictures of a part';
  const what = half === 1 ? 'the head of a part' : pictures;
  throw new SealError(`${what}: changed since they were sealed, or of another segment`, of.at);
}

interface Head {
  /** ftyp + moov. */
  readonly init: Buffer;
  /** A copy before this one that does not open. */
  readonly damage: SealError | null;
}

/** The first of the head's copies that opens. */
async function openInit(bytes: SegmentBytes, header: Header, seal: SegmentSeal): Promise<Head> {
  const walk = new RecordWalk(bytes, header.recordsAt);
  let problem: SealError | null = null;
  for await (const met of walk.grow()) {
    if ('broken' in met) {
      problem ??= new SealError(met.broken.why, met.broken.at);
      continue;
    }
    if (met.record.type !== 'init') break;
    const near = await walk.near(met.record.at, recordHeaderBytes + met.record.headBytes);
    try {
      return { init: openHalf(seal, met.record, 1, near), damage: problem };
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      problem ??= new SealError('the head does not open with the key of its day', met.record.at);
    }
  }
  throw problem ?? new SealError(walk.tail?.why ?? 'a segment without a head', header.recordsAt);
}

/** The head of a part, with its media data where the record says. */
function checkedHead(bytes: Buffer, record: RecordAt, seal: SegmentSeal): PartHead {
  const head = readPartHead(bytes);
  const media = record.bodyBytes === 0 ? 0 : record.bodyBytes - seal.tagBytes;
  if (head.at !== 0 || head.dataAt !== bytes.length || head.end - head.dataAt !== media)
    throw new SealError('the head of a part does not fit its pictures', record.at);
  if (head.end > maxPartBytes) throw new SealError('a part larger than allowed', record.at);
  if (head.video === null) throw new SealError('a stored part without a picture', record.at);
  if (head.video.decodeTicks !== record.decodeTicks)
    throw new SealError('a part whose times do not agree', record.at);
  return head;
}

function indexed(head: PartHead, record: RecordAt, offset: number): IndexedPart {
  const run = head.video!;
  return {
    ...shapeOf(head.moofAt, run.samples, head.audio?.samples ?? []),
    ...{ offset, bytes: head.end, headBytes: head.dataAt },
    ...{ decodeTicks: run.decodeTicks, ticks: run.ticks, wallMs: record.wallMs },
    ...{ key: run.samples[0]!.key, pictures: run.samples.length, record },
  };
}

/** The pictures of a part are opened whole; whoever reads them in pieces finds the last few here. */
class Bodies {
  readonly #held: { file: SegmentFile; offset: number; body: Buffer }[] = [];

  find(file: SegmentFile, offset: number): Buffer | null {
    return this.#held.find((one) => one.file === file && one.offset === offset)?.body ?? null;
  }

  hold(file: SegmentFile, offset: number, body: Buffer): void {
    if (this.#held.length >= maxBodies) this.#held.shift();
    this.#held.push({ file, offset, body });
  }

  forget(file: SegmentFile): void {
    for (let i = this.#held.length - 1; i >= 0; i--)
      if (this.#held[i]!.file === file) this.#held.splice(i, 1);
  }
}
/** At most 16 MB. */
const maxBodies = 4;
const bodies = new Bodies();
