/**
 * The index of its parts that a closed segment carries in its end record: where each lies and what of it must be known
 * to play, without its head. Whoever reads a segment over a line opens it with one look at its end instead of one for
 * each part. It is sealed like everything else; `docs/storage.md` is its specification.
 */
import type { Sample, SoundSample } from '../mp4/index.ts';
import { type RecordHeader, recordHeaderBytes } from '../seal/index.ts';

/** What of a part is not in its clear header. Bytes; `…Ticks` in 1/90000 s. */
export interface PartShape {
  readonly prftBytes: number;
  /** The first picture alone: its size, duration and offset of presentation. */
  readonly firstBytes: number;
  readonly firstTicks: number;
  readonly firstCtsTicks: number;
  /** From the part's decode time to the first picture that is shown, and to the end of the one shown last. */
  readonly firstShownTicks: number;
  readonly lastShownTicks: number;
  readonly sounds: number;
  readonly soundBytes: number;
}

export interface IndexEntry {
  /** First byte of its record in the file. */
  readonly at: number;
  readonly header: RecordHeader;
  readonly shape: PartShape;
}

export function shapeOf(
  prftBytes: number,
  pictures: readonly Pick<Sample, 'bytes' | 'ticks' | 'ctsTicks'>[],
  sounds: readonly Pick<SoundSample, 'bytes'>[],
): PartShape {
  const first = pictures[0]!;
  let shown = 0;
  let firstShownTicks = Number.MAX_SAFE_INTEGER;
  let lastShownTicks = 0;
  for (const { ticks, ctsTicks } of pictures) {
    firstShownTicks = Math.min(firstShownTicks, shown + ctsTicks);
    lastShownTicks = Math.max(lastShownTicks, shown + ctsTicks + ticks);
    shown += ticks;
  }
  let soundBytes = 0;
  for (const { bytes } of sounds) soundBytes += bytes;
  return {
    ...{ prftBytes, firstBytes: first.bytes, firstTicks: first.ticks, firstCtsTicks: first.ctsTicks },
    ...{ firstShownTicks, lastShownTicks, sounds: sounds.length, soundBytes },
  };
}

const kind = 1;
const fixedBytes = 8;
export const entryBytes = 80;
/** A minute of parts of half a second, and some keys between. */
const usualEntries = 160;

/** The index as it is gathered while a segment is written. */
export class IndexWriter {
  #bytes: Buffer = Buffer.allocUnsafe(fixedBytes + usualEntries * entryBytes);
  #entries = 0;

  add({ at, header, shape }: IndexEntry): void {
    const offset = fixedBytes + this.#entries * entryBytes;
    if (offset + entryBytes > this.#bytes.length) this.#bytes = grown(this.#bytes);
    const out = this.#bytes;
    putU64(out, at, offset);
    putU64(out, Math.max(0, Math.round(header.wallMs * 1000)), offset + 8);
    putU64(out, header.decodeTicks, offset + 16);
    out.writeUInt32BE(u32(header.ticks), offset + 24);
    out.writeUInt32BE(header.pictures, offset + 28);
    out.writeUInt32BE(header.headBytes, offset + 32);
    out.writeUInt32BE(header.bodyBytes, offset + 36);
    out.writeUInt32BE(header.sequence, offset + 40);
    out.writeUInt32BE((header.key ? 1 : 0) | (header.hasSound ? 2 : 0), offset + 44);
    out.writeUInt32BE(shape.prftBytes, offset + 48);
    out.writeUInt32BE(shape.firstBytes, offset + 52);
    out.writeUInt32BE(u32(shape.firstTicks), offset + 56);
    out.writeInt32BE(i32(shape.firstCtsTicks), offset + 60);
    out.writeInt32BE(i32(shape.firstShownTicks), offset + 64);
    out.writeInt32BE(i32(shape.lastShownTicks), offset + 68);
    out.writeUInt32BE(shape.sounds, offset + 72);
    out.writeUInt32BE(shape.soundBytes, offset + 76);
    this.#entries++;
  }

  /** The whole of it; good until the next `add`. */
  bytes(): Buffer {
    this.#bytes.writeUInt16BE(kind, 0);
    this.#bytes.writeUInt16BE(entryBytes, 2);
    this.#bytes.writeUInt32BE(this.#entries, 4);
    return this.#bytes.subarray(0, fixedBytes + this.#entries * entryBytes);
  }
}

/** A camera whose clock leaps may claim times that no field holds. */
const u32 = (value: number): number => Math.min(Math.max(0, value), 0xffff_ffff);
const i32 = (value: number): number => Math.min(Math.max(-0x8000_0000, value), 0x7fff_ffff);

function grown(bytes: Buffer): Buffer {
  const larger = Buffer.allocUnsafe(2 * bytes.length);
  larger.set(bytes);
  return larger;
}

/** Null: an index of a kind that is not known, or none. What it says of the file is not checked here. */
export function readIndex(bytes: Buffer): IndexEntry[] | null {
  if (bytes.length < fixedBytes || bytes.readUInt16BE(0) !== kind) return null;
  const each = bytes.readUInt16BE(2);
  const count = bytes.readUInt32BE(4);
  if (each < entryBytes || bytes.length < fixedBytes + count * each) return null;
  return Array.from({ length: count }, (_, i) => readEntry(bytes, fixedBytes + i * each));
}

function readEntry(bytes: Buffer, at: number): IndexEntry {
  const flags = bytes.readUInt32BE(at + 44);
  return {
    at: getU64(bytes, at),
    header: {
      ...{ type: 'part', key: (flags & 1) !== 0, hasSound: (flags & 2) !== 0 },
      ...{ sequence: bytes.readUInt32BE(at + 40), wallMs: getU64(bytes, at + 8) / 1000 },
      ...{ decodeTicks: getU64(bytes, at + 16), ticks: bytes.readUInt32BE(at + 24) },
      pictures: bytes.readUInt32BE(at + 28),
      ...{ headBytes: bytes.readUInt32BE(at + 32), bodyBytes: bytes.readUInt32BE(at + 36) },
    },
    shape: {
      ...{ prftBytes: bytes.readUInt32BE(at + 48), firstBytes: bytes.readUInt32BE(at + 52) },
      ...{ firstTicks: bytes.readUInt32BE(at + 56), firstCtsTicks: bytes.readInt32BE(at + 60) },
      ...{ firstShownTicks: bytes.readInt32BE(at + 64), lastShownTicks: bytes.readInt32BE(at + 68) },
      ...{ sounds: bytes.readUInt32BE(at + 72), soundBytes: bytes.readUInt32BE(at + 76) },
    },
  };
}

/** Whether the parts it names fill the file without a hole from the first of them up to the end record. */
export function fits(
  entries: readonly IndexEntry[],
  end: { readonly at: number; readonly sequence: number; readonly parts: number },
): boolean {
  const first = entries[0];
  if (first === undefined || !first.header.key || entries.length !== end.parts) return false;
  let { at } = first;
  let { sequence } = first.header;
  for (const { at: there, header } of entries) {
    if (there !== at || header.sequence !== sequence || header.pictures === 0) return false;
    at += recordHeaderBytes + header.headBytes + header.bodyBytes;
    sequence++;
  }
  return at === end.at && sequence === end.sequence;
}

function putU64(out: Buffer, value: number, at: number): void {
  out.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at);
  out.writeUInt32BE(value >>> 0, at + 4);
}

const getU64 = (bytes: Buffer, at: number): number =>
  bytes.readUInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);
