/**
 * The records of a sealed file, found by their clear headers alone: no key is needed to say where each begins, of what
 * time it is and whether it is all there. What lies between records that can be read is damaged, and named.
 */
import {
  maxHeaderBytes,
  type RecordHeader,
  readRecordHeader,
  recordHeaderBytes,
  recordMagic,
  SealError,
} from '../seal/index.ts';
import type { SegmentBytes } from './bytes.ts';

/** A whole record and where it lies. */
export interface RecordAt extends RecordHeader {
  readonly at: number;
  /** First byte behind it. */
  readonly end: number;
}

/** What a walk meets, in the order of the file. */
export type Met =
  | { readonly record: RecordAt }
  | { readonly broken: { readonly at: number; readonly to: number; readonly why: string } };

/** Bytes behind the last whole record: of one that is being written, or was when the power went. */
export interface Tail {
  readonly at: number;
  readonly bytes: number;
  readonly why: string;
}

const scanBytes = 256 * 1024;

export class RecordWalk {
  readonly #bytes: SegmentBytes;
  readonly #window: Window;
  /** First byte behind the last whole record. */
  next: number;
  fileBytes = 0;
  tail: Tail | null = null;
  #sequence = 0;
  #hasEnded = false;

  constructor(bytes: SegmentBytes, recordsAt: number) {
    this.#bytes = bytes;
    this.#window = new Window(bytes);
    this.next = recordsAt;
  }

  /** All records are known from the index in the last of them: there is nothing to walk. */
  settle(fileBytes: number, end: RecordAt): void {
    this.fileBytes = fileBytes;
    this.next = end.end;
    this.#sequence = end.sequence + 1;
    this.#hasEnded = true;
  }

  /** Bytes [at, at + wanted), fewer where the file ends; cheap for what lies just behind a record's header. */
  near(at: number, wanted: number): Promise<Buffer> {
    return this.#window.at(at, wanted);
  }

  /** What came since the last walk. */
  async *grow(): AsyncGenerator<Met, void, undefined> {
    this.fileBytes = await this.#bytes.size();
    this.#window.forget(this.fileBytes);
    this.tail = null;
    let isBroken = false;
    for (let at = this.next; at < this.fileBytes; ) {
      const header = this.#hasEnded
        ? new SealError('something behind the end', at)
        : await this.#headerAt(at);
      if (header instanceof SealError) {
        const next = await this.#scan(at + 1);
        if (next === null) return this.#stop(header.message);
        yield { broken: { at, to: next, why: header.message } };
        isBroken = true;
        at = next;
        continue;
      }
      const end = at + recordHeaderBytes + header.headBytes + header.bodyBytes;
      if (end > this.fileBytes) return this.#stop(`the last record is cut off at byte ${at}`);
      if (header.sequence > this.#sequence && !isBroken) {
        const why = `the records from ${this.#sequence} to ${header.sequence - 1} are missing at byte ${at}`;
        yield { broken: { at, to: at, why } };
      }
      yield this.#inOrder({ ...header, at, end });
      isBroken = false;
      at = end;
      this.next = at;
    }
  }

  #stop(why: string): void {
    this.tail = { at: this.next, bytes: this.fileBytes - this.next, why };
  }

  /** A record that stands where it does not belong is none. */
  #inOrder(record: RecordAt): Met {
    const { at, end, sequence } = record;
    if (sequence < this.#sequence)
      return { broken: { at, to: end, why: `the record ${sequence} for the second time at byte ${at}` } };
    this.#sequence = sequence + 1;
    this.#hasEnded = record.type === 'end';
    return { record };
  }

  async #headerAt(at: number): Promise<RecordHeader | SealError> {
    const bytes = await this.#window.at(at, recordHeaderBytes);
    if (bytes.length < recordHeaderBytes) return new SealError('a record is cut off', at);
    return readRecordHeader(bytes, 0, at);
  }

  /** The next position where a record's header is whole, and so is the record. */
  async #scan(from: number): Promise<number | null> {
    if (this.#hasEnded) return null;
    const bytes = Buffer.allocUnsafe(scanBytes);
    for (
      let base = from;
      base + recordHeaderBytes <= this.fileBytes;
      base += scanBytes - recordMagic.length
    ) {
      const scanned = bytes.subarray(0, await this.#bytes.read(bytes, base));
      for (let i = scanned.indexOf(recordMagic); i >= 0; i = scanned.indexOf(recordMagic, i + 1)) {
        const header = await this.#headerAt(base + i);
        if (header instanceof SealError) continue;
        const end = base + i + recordHeaderBytes + header.headBytes + header.bodyBytes;
        if (header.sequence >= this.#sequence && end <= this.fileBytes) return base + i;
      }
    }
    return null;
  }
}

/** A header and a head have some 600 bytes; larger reads only fetch media data that is not asked for. */
const windowBytes = 2 * 1024;

/** Reads ahead in one file by small windows. */
class Window {
  readonly #source: SegmentBytes;
  #fileBytes = 0;
  #from = 0;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(source: SegmentBytes) {
    this.#source = source;
  }

  /** The file has grown. */
  forget(fileBytes: number): void {
    this.#fileBytes = fileBytes;
    this.#bytes = Buffer.alloc(0);
  }

  async at(at: number, wanted: number): Promise<Buffer> {
    const there = at >= this.#from ? this.#bytes.subarray(at - this.#from) : this.#bytes.subarray(0, 0);
    if (there.length >= wanted) return there.subarray(0, wanted);
    const length = Math.min(Math.max(wanted, windowBytes), Math.max(0, this.#fileBytes - at));
    const bytes = Buffer.allocUnsafe(length);
    this.#from = at;
    this.#bytes = bytes.subarray(0, await this.#source.read(bytes, at));
    return this.#bytes.subarray(0, wanted);
  }
}

/** The first bytes of a file, as far as its header can reach. */
export async function readStart(bytes: SegmentBytes): Promise<Buffer> {
  const start = Buffer.alloc(2 * maxHeaderBytes);
  return start.subarray(0, await bytes.read(start, 0));
}

/**
 * The end record, told from the last bytes of a file of `fileBytes`; null: they do not end with one, or do not reach
 * back to where it begins.
 */
export function endIn(tail: Buffer, fileBytes: number): RecordAt | null {
  for (
    let i = tail.lastIndexOf(recordMagic);
    i >= 0;
    i = i === 0 ? -1 : tail.lastIndexOf(recordMagic, i - 1)
  ) {
    if (i + recordHeaderBytes > tail.length) continue;
    const at = fileBytes - tail.length + i;
    const header = readRecordHeader(tail, i, at);
    if (header instanceof SealError) continue;
    const end = at + recordHeaderBytes + header.headBytes + header.bodyBytes;
    return header.type === 'end' && header.totals && end === fileBytes ? { ...header, at, end } : null;
  }
  return null;
}

/** One whole record. */
export async function readRecord(bytes: SegmentBytes, { at, end }: RecordAt): Promise<Buffer> {
  const record = Buffer.allocUnsafeSlow(end - at);
  if ((await bytes.read(record, at)) < record.length) throw new SealError('a record that is gone', at);
  return record;
}
