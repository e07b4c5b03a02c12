/**
 * What a closed segment says of itself at its two ends: who it is in its header, how long it is in its end record.
 * Nothing between is read and no key is needed, so that millions of them are an index within minutes.
 */
import type { SegmentFacts, Volume } from '../engine/index.ts';
import { readHeader, readRecordHeader, recordHeaderBytes, recordMagic } from '../engine/seal/index.ts';
import { openBytes } from '../engine/segment/index.ts';
import { digestNotRead } from '../store/index.ts';

/** A header is about 350 bytes and stands twice. */
const startBytes = 2_048;
/** The end record: 64 bytes in the clear, about 120 sealed. */
const endBytes = 512;

/** Null: the file has no end record, or its header needs a closer look; then it has to be walked. */
export async function factsByHeads(volume: Volume, path: string): Promise<SegmentFacts | null> {
  await using bytes = await openBytes(volume, path);
  const size = await bytes.size();
  const start = Buffer.allocUnsafe(Math.min(startBytes, size));
  const tail = Buffer.allocUnsafe(Math.min(endBytes, size));
  const [startRead, tailRead] = await Promise.all([
    bytes.read(start, 0),
    bytes.read(tail, size - tail.length),
  ]);
  if (startRead < start.length || tailRead < tail.length) return null;
  const end = endIn(tail);
  if (end === null) return null;
  const { identity, damage } = readHeader(start);
  if (damage !== null) return null;
  const { id, cameraId, stream, run, codec, width, height } = identity;
  return {
    ...{ id, cameraId, stream, volumeId: volume.id, path, run, codec, width, height },
    ...{ startMs: Math.round(identity.startMs), endMs: Math.round(end.wallMs) },
    ...{ startTicks: end.decodeTicks, durationTicks: end.ticks, pictures: end.pictures, bytes: size },
    ...end.totals,
    digest: digestNotRead,
  };
}

/** The end record, when the file ends with exactly one. */
function endIn(tail: Buffer) {
  const at = tail.lastIndexOf(recordMagic);
  if (at < 0 || at + recordHeaderBytes > tail.length) return null;
  const header = readRecordHeader(tail, at);
  if (header instanceof Error || header.type !== 'end' || !header.totals) return null;
  const isLast = at + recordHeaderBytes + header.headBytes + header.bodyBytes === tail.length;
  return isLast && header.totals.parts > 0 ? { ...header, totals: header.totals } : null;
}
