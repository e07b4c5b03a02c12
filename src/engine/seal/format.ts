/**
 * The clear side of a sealed segment, byte by byte: the file's header, which says who the segment is and which key
 * opens it, and the header of each record, which says where it ends and what time it is of. `docs/storage.md` is the
 * specification.
 */
import { crc32 } from 'node:zlib';
import { maxFrameBytes } from '../../contract/frames.ts';

/** What is not as the format says; `at` is the place in the file. */
export class SealError extends Error {
  override readonly name = 'SealError';
  readonly what: string;
  readonly at: number;

  constructor(what: string, at: number) {
    super(`${what} at byte ${at}`);
    this.what = what;
    this.at = at;
  }
}

export const formatNumber = 2;
/** 1: AES-256-GCM. 2: SM4-CTR with HMAC-SM3. */
export type SuiteNumber = 1 | 2;

export interface SegmentIdentity {
  readonly format: 2;
  /** `seg_…`. */
  readonly id: string;
  readonly cameraId: string;
  readonly stream: 'main' | 'sub';
  readonly run: string;
  /** UTC of the first picture. */
  readonly startMs: number;
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  readonly software: string;
  readonly suite: SuiteNumber;
  /** UTC day of the key, and which key. */
  readonly keyDay: string;
  readonly keyId: string;
}

const fileMagic = Buffer.from('\x89CVS\r\n\x1a\n', 'latin1');
export const recordMagic = Buffer.from('\x89CVR\r\n\x1a\n', 'latin1');
export const maxIdentityBytes = 4096;
/** Magic, format, suite, length; the checksum behind the identity. */
const fixedBytes = 16;
const checkBytes = 4;
export const maxHeaderBytes = fixedBytes + maxIdentityBytes + checkBytes;
export const recordHeaderBytes = 64;
/** An honest head has some hundred bytes. */
export const maxHeadBytes = 768 * 1024;
export const maxBodyBytes = maxFrameBytes;

/** One copy of the file's header; it stands twice at the beginning of the file. */
export function encodeHeader(identity: SegmentIdentity): Buffer {
  const json = Buffer.from(JSON.stringify(identity));
  const out = Buffer.alloc(fixedBytes + json.length + checkBytes);
  out.set(fileMagic, 0);
  out.writeUInt16BE(formatNumber, 8);
  out.writeUInt16BE(identity.suite, 10);
  out.writeUInt32BE(json.length, 12);
  out.set(json, fixedBytes);
  out.writeUInt32BE(crc32(out.subarray(0, -checkBytes)), out.length - checkBytes);
  return out;
}

export interface Header {
  readonly identity: SegmentIdentity;
  /** One copy as it stands in the file: the segment's key is bound to exactly these bytes. */
  readonly bytes: Buffer;
  readonly recordsAt: number;
  /** A copy that is damaged, when the other is not. */
  readonly damage: SealError | null;
}

/** Reads the header from the first bytes of a file, from either copy. SealError when neither is whole. */
export function readHeader(start: Buffer): Header {
  const first = tryCopy(start, 0);
  if (!(first instanceof SealError)) {
    const second = tryCopy(start, first.bytes.length);
    const same = !(second instanceof SealError) && second.bytes.equals(first.bytes);
    const damage = same
      ? null
      : new SealError('the second copy of the header is damaged', first.bytes.length);
    return { ...first, recordsAt: 2 * first.bytes.length, damage };
  }
  if (first.what === strangeFormat) throw first;
  const at = start.subarray(0, maxHeaderBytes + fileMagic.length).indexOf(fileMagic, 1);
  const second = at < 0 ? first : tryCopy(start, at);
  if (second instanceof SealError || second.bytes.length !== at) throw first;
  const damage = new SealError('the first copy of the header is damaged', 0);
  return { ...second, recordsAt: at + second.bytes.length, damage };
}

const strangeFormat = 'a segment of a format that is not known';

function tryCopy(start: Buffer, at: number): { identity: SegmentIdentity; bytes: Buffer } | SealError {
  if (start.length < at + fixedBytes + checkBytes) return new SealError('the header is cut off', at);
  if (!start.subarray(at, at + 8).equals(fileMagic)) return new SealError('not a segment of Custos', at);
  const jsonBytes = start.readUInt32BE(at + 12);
  if (jsonBytes > maxIdentityBytes) return new SealError('an identity larger than allowed', at);
  const end = at + fixedBytes + jsonBytes + checkBytes;
  if (end > start.length) return new SealError('the header is cut off', at);
  const bytes = Buffer.from(start.subarray(at, end));
  const check = bytes.readUInt32BE(bytes.length - checkBytes);
  if (crc32(bytes.subarray(0, -checkBytes)) !== check) return new SealError('a damaged header', at);
  if (bytes.readUInt16BE(8) !== formatNumber) return new SealError(strangeFormat, at);
  const identity = readIdentity(bytes.subarray(fixedBytes, -checkBytes).toString(), bytes.readUInt16BE(10));
  return identity === null ? new SealError('an identity without its names', at) : { identity, bytes };
}

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= 200;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function readIdentity(text: string, suite: number): SegmentIdentity | null {
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof json !== 'object' || json === null) return null;
  const { format, id, cameraId, stream, run, startMs, codec, width, height, software, keyDay, keyId } = json;
  if (format !== 2 || json['suite'] !== suite || (suite !== 1 && suite !== 2)) return null;
  if (!isText(id) || !isText(cameraId) || !isText(run) || !isText(software) || !isText(codec)) return null;
  if (!isText(keyId) || !isText(keyDay) || !/^\d{4}-\d{2}-\d{2}$/.test(keyDay)) return null;
  if ((stream !== 'main' && stream !== 'sub') || typeof startMs !== 'number' || !Number.isFinite(startMs))
    return null;
  if (!isCount(width) || !isCount(height)) return null;
  return {
    ...{ format, id, cameraId, stream, run, startMs, codec, width, height, software },
    ...{ suite, keyDay, keyId },
  };
}

// ── records ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export type RecordType = 'init' | 'part' | 'end';
const typeNumbers: Record<RecordType, number> = { init: 1, part: 2, end: 3 };
const types: readonly (RecordType | undefined)[] = [undefined, 'init', 'part', 'end'];

export interface RecordHeader {
  readonly type: RecordType;
  /** Decoding can begin here. */
  readonly key: boolean;
  readonly hasSound: boolean;
  /** From 0, one more with every record of the file. */
  readonly sequence: number;
  /** UTC of the first picture, to the microsecond. Of the end record: of the end of the last picture. */
  readonly wallMs: number;
  /** Of the first picture in its run, 1/90000 s. */
  readonly decodeTicks: number;
  readonly ticks: number;
  readonly pictures: number;
  /** With their tags; a body of 0 bytes is none. */
  readonly headBytes: number;
  readonly bodyBytes: number;
  /** Of the end record only, whose pictures and ticks are the whole segment's. */
  readonly totals?: Totals;
}

export interface Totals {
  readonly parts: number;
  readonly packetsLost: number;
  readonly damagedPictures: number;
}

export function encodeRecordHeader(record: RecordHeader): Buffer {
  const out = Buffer.alloc(recordHeaderBytes);
  out.set(recordMagic, 0);
  out[8] = typeNumbers[record.type];
  out[9] = (record.key ? 1 : 0) | (record.hasSound ? 2 : 0);
  out.writeUInt32BE(record.sequence, 12);
  putU64(out, Math.max(0, Math.round(record.wallMs * 1000)), 16);
  putU64(out, record.decodeTicks, 24);
  out.writeUInt32BE(Math.min(record.ticks, mostCount), 32);
  out.writeUInt32BE(record.pictures, 36);
  out.writeUInt32BE(record.headBytes, 40);
  out.writeUInt32BE(record.bodyBytes, 44);
  if (record.totals) putTotals(out, record.totals);
  out.writeUInt32BE(crc32(out.subarray(0, 60)), 60);
  return out;
}

const mostCount = 0xffff_ffff;

function putTotals(out: Buffer, { parts, packetsLost, damagedPictures }: Totals): void {
  out.writeUInt32BE(parts, 48);
  out.writeUInt32BE(Math.min(packetsLost, mostCount), 52);
  out.writeUInt32BE(Math.min(damagedPictures, mostCount), 56);
}

const getTotals = (bytes: Buffer, at: number): Totals => ({
  parts: bytes.readUInt32BE(at + 48),
  packetsLost: bytes.readUInt32BE(at + 52),
  damagedPictures: bytes.readUInt32BE(at + 56),
});

/** Reads the 64 bytes at `at`; a SealError, not thrown, when they are no header of a record of ours. */
export function readRecordHeader(bytes: Buffer, at: number, fileAt = at): RecordHeader | SealError {
  if (!bytes.subarray(at, at + 8).equals(recordMagic)) return new SealError('no record', fileAt);
  if (crc32(bytes.subarray(at, at + 60)) !== bytes.readUInt32BE(at + 60))
    return new SealError('a damaged header of a record', fileAt);
  const type = types[bytes[at + 8]!];
  const flags = bytes[at + 9]!;
  const wallUs = getU64(bytes, at + 16);
  const decodeTicks = getU64(bytes, at + 24);
  const headBytes = bytes.readUInt32BE(at + 40);
  const bodyBytes = bytes.readUInt32BE(at + 44);
  if (type === undefined || !Number.isSafeInteger(wallUs) || !Number.isSafeInteger(decodeTicks))
    return new SealError('a header of a record that says what cannot be', fileAt);
  if (headBytes === 0 || headBytes > maxHeadBytes || bodyBytes > maxBodyBytes)
    return new SealError('a record larger than allowed', fileAt);
  return {
    ...{ type, key: (flags & 1) !== 0, hasSound: (flags & 2) !== 0 },
    ...{ sequence: bytes.readUInt32BE(at + 12), wallMs: wallUs / 1000, decodeTicks },
    ...{ ticks: bytes.readUInt32BE(at + 32), pictures: bytes.readUInt32BE(at + 36), headBytes, bodyBytes },
    ...(type === 'end' && { totals: getTotals(bytes, at) }),
  };
}

function putU64(out: Buffer, value: number, at: number): void {
  out.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at);
  out.writeUInt32BE(value >>> 0, at + 4);
}

const getU64 = (bytes: Buffer, at: number): number =>
  bytes.readUInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4);

/** What the end record's sealed head says, as JSON: a file that was closed in order is known by it. */
export interface Ending {
  /** Bytes of the file before this record, and their SHA-256 in hex. */
  readonly bytes: number;
  readonly digest: string;
}

export function readEnding(json: Uint8Array): Ending | null {
  try {
    const { bytes, digest } = JSON.parse(Buffer.from(json).toString()) as Ending;
    return isCount(bytes) && isText(digest) ? { bytes, digest } : null;
  } catch {
    return null;
  }
}
