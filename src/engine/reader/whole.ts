/**
 * What of a fragment is as it was sealed. A file that is being read has promised its bytes already; where pictures
 * turn out to be changed, what is good before them is told, the rest of the GOP is left out, and a box that every
 * player passes over (`free`) stands in its place, so that all that follows is where it should be.
 */
import type { GapCause } from '../../contract/causes.ts';
import type { MissingSpan, SegmentRef } from '../engine.ts';
import { joinedHeadBytes, Mp4Error, type PartHead, readPartHead, u32 } from '../mp4/index.ts';
import { SealError } from '../seal/index.ts';
import type { IndexedPart, SegmentFile } from '../segment/index.ts';

/** Parts that lie one behind the other in one file, from a key up to the next. */
export interface Fragment {
  readonly ref: SegmentRef;
  readonly firstPart: number;
  readonly parts: number;
  /** False only where something is missing before: the fragment goes on with the GOP before it. */
  readonly key: boolean;
  /** Where it stands in the planned file, and how long its head and all of it are, with what is inserted. */
  at: number;
  readonly headBytes: number;
  bytes: number;
  /** Stands in front of the first picture's data; empty where the picture's settings do not change. */
  insert: Uint8Array;
  readonly shiftTicks: number;
  /** From its beginning to that of the next. */
  ticks: number;
  readonly wallMs: number;
  /** UTC at the end of its last picture. */
  readonly endMs: number;
  readonly video: number;
  readonly audioEntry: number;
}

export interface Good {
  /** Up to the first that is not as it was sealed. */
  readonly parts: readonly IndexedPart[];
  readonly heads: readonly PartHead[];
  /** Why there are not more. */
  readonly cause: GapCause;
  /** Bytes [from, to) of the part of this number. */
  read(part: number, from: number, to: number): Promise<Uint8Array>;
}

/** A GOP of two seconds at 16 Mb/s; a larger one is read twice, first to see whether all of it opens. */
const maxHeldBytes = 4 * 1024 * 1024;

/** Opens up to `most` parts of a fragment. A Fault when they cannot be read now. */
export async function whatIsGood(file: SegmentFile, fragment: Fragment, most: number): Promise<Good> {
  const planned = file.parts.slice(fragment.firstPart, fragment.firstPart + fragment.parts);
  const heads: PartHead[] = [];
  const held: Buffer[] | null = fragment.bytes <= maxHeldBytes ? [] : null;
  const read = async (part: number, from: number, to: number): Promise<Uint8Array> => {
    const { offset } = planned[part]!;
    return held?.[part]?.subarray(from, to) ?? (await file.read(offset + from, offset + to));
  };
  // A file that was opened anew and found damaged has other parts than those that were planned.
  for (const part of isAsPlanned(fragment, planned) ? planned.slice(0, most) : []) {
    try {
      const bytes = await file.read(part.offset, part.offset + part.bytes);
      heads.push(readPartHead(bytes));
      held?.push(bytes);
    } catch (error) {
      if (!isOfThePart(error)) throw error;
      break;
    }
  }
  return { parts: planned.slice(0, heads.length), heads, cause: 'damaged', read };
}

function isAsPlanned(fragment: Fragment, parts: readonly IndexedPart[]): boolean {
  if (parts.length < fragment.parts || parts[0]!.wallMs !== fragment.wallMs) return false;
  const media = parts.reduce((sum, part) => sum + part.bytes - part.headBytes, 0);
  return joinedHeadBytes(parts) + media + fragment.insert.length === fragment.bytes;
}

/** Changed since it was sealed, or on a sector that the disk does not give back. */
function isOfThePart(error: unknown): boolean {
  if (error instanceof SealError || error instanceof Mp4Error) return true;
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'EIO';
}

/** Where the media data of a fragment lies in its parts: all pictures, then all sounds. */
export function dataRanges(parts: readonly IndexedPart[]): { part: number; from: number; bytes: number }[] {
  const pictures = parts.map(({ bytes, headBytes, soundBytes }, part) => ({
    ...{ part, from: headBytes, bytes: bytes - headBytes - soundBytes },
  }));
  const sounds = parts.map(({ bytes, soundBytes }, part) => ({
    ...{ part, from: bytes - soundBytes, bytes: soundBytes },
  }));
  return [...pictures, ...sounds].filter((range) => range.bytes > 0);
}

interface Told {
  readonly fragments: readonly Fragment[];
  readonly broken: Map<number, number>;
  readonly missing: MissingSpan[];
}

/** More than anyone would want to read about. */
export const maxMissing = 1_000;

/** Remembers what a fragment lacks, and with it what builds on it up to the next key; said once. */
export function lost({ fragments, broken, missing }: Told, index: number, found: Good): void {
  const isNew = !broken.has(index);
  broken.set(index, found.parts.length);
  const last = found.parts.at(-1);
  const fromMs = last === undefined ? fragments[index]!.wallMs : last.wallMs + last.ticks / 90;
  let behind = index + 1;
  for (; behind < fragments.length && !fragments[behind]!.key; behind++) broken.set(behind, 0);
  const toMs = fragments[behind - 1]!.endMs;
  if (isNew && missing.length < maxMissing) missing.push({ fromMs, toMs, cause: found.cause });
}

/** A box has a head of 8 bytes; where so many are missing there is at least one picture less in the head. */
const freeHeadBytes = 8;
const zeros = new Uint8Array(64 * 1024);

/** Bytes [from, to) of the box that fills a fragment from `begin` to `end`. */
export function* fill(begin: number, end: number, from: number, to: number): Generator<Uint8Array> {
  if (begin >= end) return;
  const head = u32(end - begin, 0x66726565);
  const headEnd = begin + freeHeadBytes;
  if (from < headEnd && from < to) yield head.subarray(from - begin, Math.min(to, headEnd) - begin);
  for (let at = Math.max(from, headEnd); at < Math.min(to, end); at += zeros.length)
    yield zeros.subarray(0, Math.min(zeros.length, Math.min(to, end) - at));
}
