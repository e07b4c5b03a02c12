/**
 * What a closed segment says of itself at its two ends: who it is in its header, how long it is in its end record.
 * Nothing between is read and no key is needed, so that millions of them are an index within minutes. Read by calls
 * that block, in a thread of their own: five awaits a file had cost six times as much as the reading itself.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { SegmentFacts, Volume } from '../engine/index.ts';
import { readHeader } from '../engine/seal/index.ts';
import { endIn } from '../engine/segment/index.ts';

/** A header is about 350 bytes and stands twice. */
const startBytes = 1_024;
/** The end record: 64 bytes in the clear, about 140 sealed, and the index of the parts with 80 bytes for each. */
const endBytes = 16 * 1024;
const longEndBytes = 1024 * 1024;
const buffer = Buffer.allocUnsafe(startBytes + endBytes);
/** As `digestNotRead` of the store, which a thread that only reads does not load. */
const notRead = '0'.repeat(64);

/** Null: the file has no end record, or its header needs a closer look; then it has to be walked. */
export function factsByHeads(volume: Volume, path: string): SegmentFacts | null {
  const file = openSync(join(volume.path, path), 'r');
  try {
    const { size } = fstatSync(file);
    const start = buffer.subarray(0, readSync(file, buffer, 0, Math.min(startBytes, size), 0));
    const wanted = Math.min(endBytes, size);
    const tail = buffer.subarray(
      startBytes,
      startBytes + readSync(file, buffer, startBytes, wanted, size - wanted),
    );
    if (tail.length < wanted) return null;
    return factsOf({ start, tail, size }, volume, path) ?? byLongTail(file, { start, size }, volume, path);
  } finally {
    closeSync(file);
  }
}

/** Of a camera with a key every picture a minute has more parts than the usual tail holds. */
function byLongTail(
  file: number,
  { start, size }: { start: Buffer; size: number },
  volume: Volume,
  path: string,
): SegmentFacts | null {
  if (size <= endBytes) return null;
  const tail = Buffer.allocUnsafe(Math.min(longEndBytes, size));
  if (readSync(file, tail, 0, tail.length, size - tail.length) < tail.length) return null;
  return factsOf({ start, tail, size }, volume, path);
}

/** `start` and `tail` are the two ends of a file of `size` bytes, wherever they were read from. */
export function factsOf(
  { start, tail, size }: { start: Buffer; tail: Buffer; size: number },
  volume: Pick<Volume, 'id'>,
  path: string,
): SegmentFacts | null {
  const end = endIn(tail, size);
  if (end === null || !end.totals || end.totals.parts === 0) return null;
  const { identity, damage } = readHeader(start);
  if (damage !== null) return null;
  const { id, cameraId, stream, run, codec, width, height } = identity;
  return {
    ...{ id, cameraId, stream, volumeId: volume.id, path, run, codec, width, height },
    ...{ startMs: Math.round(identity.startMs), endMs: Math.round(end.wallMs) },
    ...{ startTicks: end.decodeTicks, durationTicks: end.ticks, pictures: end.pictures, bytes: size },
    ...end.totals,
    digest: notRead,
  };
}
