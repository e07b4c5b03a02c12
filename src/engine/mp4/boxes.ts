/**
 * MP4 boxes (ISO 14496-12 §4.2): a small writer for what is written once, and bounded walking for what is read.
 * Whatever the bytes, reading ends in a value or in an `Mp4Error` that names what is wrong and where.
 */

/** What is wrong with a file, and at which byte. Nothing else is ever thrown by the readers of this folder. */
export class Mp4Error extends Error {
  override readonly name = 'Mp4Error';
  readonly what: string;
  readonly at: number;

  constructor(what: string, at: number) {
    super(`${what} at byte ${at}`);
    this.what = what;
    this.at = at;
  }
}

/** Every track of ours counts in 1/90000 s, sound too: one scale from the packet to the player. */
export const timescale = 90000;
export const videoTrackId = 1;
export const audioTrackId = 2;

export function putU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Whole numbers up to 2^53. */
export function putU64(bytes: Uint8Array, at: number, value: number): void {
  putU32(bytes, at, Math.floor(value / 0x1_0000_0000));
  putU32(bytes, at + 4, value % 0x1_0000_0000);
}

/** The reading functions below are called only where the caller has checked that the bytes are there. */
export const getU16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;
export const getU24 = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
export const getU32 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
export const getI32 = (bytes: Uint8Array, at: number): number => getU32(bytes, at) | 0;

export function getU64(bytes: Uint8Array, at: number): number {
  const value = getU32(bytes, at) * 0x1_0000_0000 + getU32(bytes, at + 4);
  if (value > Number.MAX_SAFE_INTEGER) throw new Mp4Error('a number beyond 2^53', at);
  return value;
}

export const u8 = (...values: number[]): Uint8Array => Uint8Array.from(values);
export const u16 = (...values: number[]): Uint8Array =>
  Uint8Array.from(values.flatMap((value) => [(value >>> 8) & 255, value & 255]));
export function u32(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  for (const [i, value] of values.entries()) putU32(bytes, i * 4, value);
  return bytes;
}
export function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  putU64(bytes, 0, value);
  return bytes;
}

export function fourCc(type: string): Uint8Array {
  return Uint8Array.from(type, (letter) => letter.charCodeAt(0));
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function box(type: string, ...body: readonly Uint8Array[]): Uint8Array {
  const bytes = concat([u32(0), fourCc(type), ...body]);
  putU32(bytes, 0, bytes.length);
  return bytes;
}

/** A box with a version and flags (§4.2, FullBox). */
export function fullBox(
  type: string,
  version: number,
  flags: number,
  ...body: readonly Uint8Array[]
): Uint8Array {
  return box(type, u32(((version << 24) | flags) >>> 0), ...body);
}

export interface BoxHead {
  readonly type: string;
  /** Where the box begins, where its body begins, and the first byte behind it. */
  readonly at: number;
  readonly bodyAt: number;
  readonly end: number;
}

/** The head of the box at `at`. Its end may lie behind `limit`: the caller decides whether that is an error. */
export function readBoxHead(bytes: Uint8Array, at: number, limit: number = bytes.length): BoxHead {
  if (at + 8 > limit) throw new Mp4Error('a box head is cut off', at);
  const type = String.fromCharCode(bytes[at + 4]!, bytes[at + 5]!, bytes[at + 6]!, bytes[at + 7]!);
  if (!/^[ -~©]{4}$/.test(type)) throw new Mp4Error('something that is no box', at);
  let size = getU32(bytes, at);
  let bodyAt = at + 8;
  if (size === 1) {
    if (at + 16 > limit) throw new Mp4Error(`the head of ${type} is cut off`, at);
    size = getU64(bytes, at + 8);
    bodyAt = at + 16;
  }
  if (size < bodyAt - at) throw new Mp4Error(`${type} with the impossible size ${size}`, at);
  return { type, at, bodyAt, end: at + size };
}

/** The boxes that lie one behind the other in [from, to), each whole. */
export function* walkBoxes(
  bytes: Uint8Array,
  from: number = 0,
  to: number = bytes.length,
): Generator<BoxHead, void, undefined> {
  for (let at = from; at < to; ) {
    const head = readBoxHead(bytes, at, to);
    if (head.end > to) throw new Mp4Error(`${head.type} is cut off`, at);
    yield head;
    at = head.end;
  }
}

/** The only child of a type; an error when it is missing or comes twice. */
export function childOf(bytes: Uint8Array, parent: BoxHead, type: string, skip = 0): BoxHead {
  const found = findChild(bytes, parent, type, skip);
  if (found === null) throw new Mp4Error(`${parent.type} without ${type}`, parent.at);
  return found;
}

export function findChild(bytes: Uint8Array, parent: BoxHead, type: string, skip = 0): BoxHead | null {
  let found: BoxHead | null = null;
  if (parent.bodyAt + skip > parent.end) throw new Mp4Error(`${parent.type} is too short`, parent.at);
  for (const head of walkBoxes(bytes, parent.bodyAt + skip, parent.end)) {
    if (head.type !== type) continue;
    if (found !== null) throw new Mp4Error(`${parent.type} with two ${type}`, head.at);
    found = head;
  }
  return found;
}

/** Checks that a body has at least so many bytes. */
export function need(head: BoxHead, bodyBytes: number): void {
  if (head.end - head.bodyAt < bodyBytes) throw new Mp4Error(`${head.type} is too short`, head.at);
}
