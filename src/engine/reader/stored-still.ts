/** The stored picture of an instant: its parts from the key before it on, handed to FFmpeg. */
import { refuse } from '../../base/index.ts';
import type { Footage } from '../engine.ts';
import type { SegmentFile } from '../segment/index.ts';
import { takeStill } from '../still.ts';
import type { Library } from './library.ts';

export async function storedStill(
  library: Library,
  footage: Footage,
  atMs: number,
  how: { ffmpeg: string; width: number | null },
): Promise<Uint8Array> {
  const ref = footage.segments
    .toSorted((a, b) => a.startMs - b.startMs)
    .findLast((segment) => segment.startMs <= atMs && (segment.open || segment.endMs > atMs));
  if (ref === undefined) refuse('view.nothing');
  using loan = await library.borrow(ref);
  const { file } = loan;
  const key = file.keyAt(atMs);
  const last = file.parts.findLastIndex((part) => part.wallMs <= atMs);
  if (key < 0 || last < key) refuse('view.nothing');
  const end = file.parts[last]!;
  if (end.wallMs + end.ticks / 90 + 1 < atMs) refuse('view.nothing');
  const begin = file.parts[key]!;
  return takeStill(how.ffmpeg, {
    init: file.initBytes,
    parts: await readParts(file, key, last),
    // Rounded up: an instant that is a picture's own means that picture, not the one before.
    shownTicks: begin.decodeTicks + begin.firstCtsTicks + Math.ceil((atMs - begin.wallMs) * 90),
    width: how.width,
  });
}

/** One part more: with reordered pictures the wanted one may need it. */
async function readParts(file: SegmentFile, from: number, to: number): Promise<Uint8Array[]> {
  const wanted = file.parts.slice(from, Math.min(file.parts.length, to + 2));
  const parts: Uint8Array[] = [];
  for (const [i, part] of wanted.entries()) {
    const before = wanted[i - 1];
    if (before !== undefined && before.offset + before.bytes !== part.offset) break;
    parts.push(await file.read(part.offset + part.prftBytes, part.offset + part.bytes));
  }
  return parts;
}
