/**
 * Reads a ZIP that comes from outside. Only what is asked for is unpacked, each to at most what the asker allows and to
 * exactly what its entry says; encryption, ZIP64 and names that stand there twice are refused.
 */
import { crc32, inflateRaw } from 'node:zlib';
import { refuse } from '../base/index.ts';

interface Entry {
  readonly method: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly crc: number;
  readonly at: number;
}
export type ZipEntries = ReadonlyMap<string, Entry>;

const maxEntries = 1_000;
const endMark = 0x06054b50;
const directoryMark = 0x02014b50;
const fileMark = 0x04034b50;

export const isZip = (bytes: Buffer): boolean => bytes.length >= 22 && bytes.readUInt32LE(0) === fileMark;

const damaged = (what: string): never => refuse('import.damaged', { what });

export function listZip(zip: Buffer): ZipEntries {
  const end = endOf(zip);
  const count = zip.readUInt16LE(end + 10);
  const size = zip.readUInt32LE(end + 12);
  let at = zip.readUInt32LE(end + 16);
  if (count > maxEntries) damaged('zip-entries');
  if (at + size > end) damaged('zip-directory');
  const entries = new Map<string, Entry>();
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || zip.readUInt32LE(at) !== directoryMark) damaged('zip-directory');
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((one) => zip.readUInt16LE(at + one));
    const name = zip.toString('utf8', at + 46, at + 46 + nameBytes!);
    if (zip.readUInt16LE(at + 8) & 1) damaged('zip-encrypted');
    if (entries.has(name)) damaged('zip-name-twice');
    entries.set(name, {
      method: zip.readUInt16LE(at + 10),
      crc: zip.readUInt32LE(at + 16),
      packedBytes: zip.readUInt32LE(at + 20),
      bytes: zip.readUInt32LE(at + 24),
      at: zip.readUInt32LE(at + 42),
    });
    at += 46 + nameBytes! + extraBytes! + commentBytes!;
  }
  return entries;
}

/** A comment of at most 65,535 bytes may follow. */
function endOf(zip: Buffer): number {
  const first = Math.max(0, zip.length - 22 - 0xffff);
  for (let at = zip.length - 22; at >= first; at--) if (zip.readUInt32LE(at) === endMark) return at;
  return damaged('zip-end');
}

/** Null where there is none of this name. */
export async function unzip(
  zip: Buffer,
  entries: ZipEntries,
  name: string,
  maxBytes: number,
): Promise<Buffer | null> {
  const entry = entries.get(name);
  if (!entry) return null;
  if (entry.bytes > maxBytes) refuse('import.too-large', { limit: `${maxBytes >> 20} MiB` });
  if (entry.at + 30 > zip.length || zip.readUInt32LE(entry.at) !== fileMark) damaged('zip-file');
  const from = entry.at + 30 + zip.readUInt16LE(entry.at + 26) + zip.readUInt16LE(entry.at + 28);
  const packed = zip.subarray(from, from + entry.packedBytes);
  if (packed.length !== entry.packedBytes) damaged('zip-file');
  const bytes = await unpacked(packed, entry);
  if (bytes.length !== entry.bytes || crc32(bytes) !== entry.crc) damaged('zip-digest');
  return bytes;
}

/** No byte more than the entry says is made: what says little and holds much is stopped there. */
function unpacked(packed: Buffer, { method, bytes }: Entry): Promise<Buffer> {
  if (method === 0) return Promise.resolve(packed);
  if (method !== 8) return damaged('zip-method');
  return new Promise((resolve, reject) => {
    inflateRaw(packed, { maxOutputLength: Math.max(1, bytes) }, (error, made) => {
      if (!error) return resolve(made);
      try {
        damaged('zip-data');
      } catch (refusal) {
        reject(refusal);
      }
    });
  });
}
