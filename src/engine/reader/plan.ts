/**
 * A stored span as one MP4 file that exists nowhere: a head, then byte ranges of segment files in which only fields
 * of fixed size are changed. So its length is known beforehand and any of its bytes can be told again at any time.
 *
 * Its timeline starts at 0 and has no holes: where nothing was recorded, or a part is damaged, the next picture
 * follows at once (players stop or freeze in a hole). The wall time stays with each part, in its prft.
 *
 * The media data is what was recorded. One exception: where the picture's settings change within the span, every key
 * picture gets its parameter sets in front, because FFmpeg (and Chromium with it) does not heed the sample entry that
 * a fragment names, and cameras do not always repeat the sets.
 */
import { newId, refuse } from '../../base/index.ts';
import type { FilePlan, Footage, SegmentRef } from '../engine.ts';
import {
  changePart,
  concat,
  describeInit,
  fullBox,
  initSegment,
  type Mp4Audio,
  type Mp4Video,
  parameterSets,
  readPartHead,
  timescale,
  u16,
  u32,
  u64,
} from '../mp4/index.ts';
import type { IndexedPart, SegmentFile } from '../segment/index.ts';
import type { Library } from './library.ts';

/** Parts that lie one behind the other in one file and move by the same time. */
interface Stretch {
  readonly ref: SegmentRef;
  readonly firstPart: number;
  readonly parts: number;
  /** Where the segment file's bytes begin. They stand at `at` of the planned one, with what is inserted `bytes`. */
  readonly from: number;
  readonly bytes: number;
  readonly at: number;
  /** Stands in front of the first picture's data; empty where the picture's settings do not change. */
  readonly insert: Uint8Array;
  readonly sequence: number;
  readonly shiftTicks: number;
  readonly videoEntry: number;
  readonly audioEntry: number;
}

export interface Plan {
  readonly file: FilePlan;
  /** ftyp + moov + sidx. */
  readonly prefix: Uint8Array;
  readonly stretches: readonly Stretch[];
}

/** Longer spans are asked for in several files. */
export const maxPlanHours = 24;
const indexedAtOnce = 8;
/** Segment files that cannot be read are passed over like gaps: the clip holds what there is. */
type OpenFailure = (ref: SegmentRef, error: unknown) => void;

export async function makePlan(
  library: Library,
  footage: Footage,
  span: { fromMs: number; toMs: number },
  onFailure: OpenFailure,
): Promise<Plan> {
  const layout = new Layout();
  const refs = footage.segments.toSorted((a, b) => a.startMs - b.startMs);
  for (let i = 0; i < refs.length; i += indexedAtOnce) {
    const loans = await Promise.all(
      refs.slice(i, i + indexedAtOnce).map(async (ref) => ({
        ref,
        loan: await library.borrow(ref).catch((error: unknown) => {
          onFailure(ref, error);
          return null;
        }),
      })),
    );
    try {
      for (const { ref, loan } of loans) if (loan !== null) layout.add(ref, loan.file, span);
    } finally {
      for (const { loan } of loans) loan?.[Symbol.dispose]();
    }
  }
  return layout.finish();
}

/** As it is laid: with where the keys are, should it have to be split there. */
interface Laid extends Stretch {
  readonly keys: readonly { readonly part: number; readonly offset: number }[];
}

const nothing = new Uint8Array(0);

interface Chunk {
  at: number;
  bytes: number;
  ticks: number;
  readonly wallMs: number;
}

/** Lays segment after segment behind each other. Offsets count from the first part until the prefix is known. */
class Layout {
  #stretches: Laid[] = [];
  readonly #chunks: Chunk[] = [];
  readonly #videos: Mp4Video[] = [];
  readonly #audios: Mp4Audio[] = [];
  #at = 0;
  #parts = 0;
  #pictures = 0;
  #run = '';
  /** Where the last part ended: in its run, and in the file (decoding, showing). */
  #runTicks = 0;
  #endTicks = 0;
  #shownTicks = 0;
  #shiftTicks = 0;
  #fromMs = 0;
  #toMs = 0;

  add(ref: SegmentRef, file: SegmentFile, span: { fromMs: number; toMs: number }): void {
    const { parts } = file;
    const last = parts.findLastIndex((part) => part.wallMs < span.toMs);
    const first = this.#parts === 0 ? this.#begin(file, span.fromMs) : 0;
    if (first < 0 || first > last) return;
    const videoEntry = this.#videoEntry(file.init.videos[0]!);
    const audio = file.init.audios[0];
    const audioEntry = audio === undefined ? 1 : entryOf(this.#audios, audio);
    for (let i = first; i <= last; ) {
      let end = i + 1;
      while (end <= last && follows(parts[end - 1]!, parts[end]!)) end++;
      this.#lay(ref, file, i, end, videoEntry, audioEntry);
      i = end;
    }
  }

  /** The first part wanted: the key at or before the span, unless all of the file ends before it. */
  #begin(file: SegmentFile, fromMs: number): number {
    const last = file.parts.at(-1);
    return last === undefined || last.wallMs + last.ticks / 90 <= fromMs ? -1 : file.keyAt(fromMs);
  }

  #videoEntry(video: Mp4Video): number {
    const first = this.#videos[0];
    if (first !== undefined && first.codec !== video.codec)
      refuse('view.mixed-codecs', { from: first.codecString, to: video.codecString });
    return entryOf(this.#videos, video);
  }

  #lay(
    ref: SegmentRef,
    file: SegmentFile,
    from: number,
    to: number,
    videoEntry: number,
    audioEntry: number,
  ): void {
    const first = file.parts[from]!;
    const last = file.parts[to - 1]!;
    if (file.identity.run !== this.#run || first.decodeTicks !== this.#runTicks)
      this.#shiftTicks =
        Math.max(this.#endTicks, this.#shownTicks - first.firstShownTicks) - first.decodeTicks;
    this.#run = file.identity.run;
    if (this.#parts === 0) this.#fromMs = first.wallMs;
    const bytes = last.offset + last.bytes - first.offset;
    const keys: { part: number; offset: number }[] = [];
    for (let i = from; i < to; i++)
      if (file.parts[i]!.key) keys.push({ part: i, offset: file.parts[i]!.offset });
    this.#stretches.push({
      ...{ ref, firstPart: from, parts: to - from, from: first.offset, bytes, at: this.#at },
      ...{ insert: nothing, keys },
      ...{ sequence: this.#parts + 1, shiftTicks: this.#shiftTicks, videoEntry, audioEntry },
    });
    for (let i = from; i < to; i++)
      this.#count(file.parts[i]!, this.#at + file.parts[i]!.offset - first.offset);
    this.#at += bytes;
    this.#parts += to - from;
    this.#runTicks = last.decodeTicks + last.ticks;
    this.#toMs = last.wallMs + last.ticks / 90;
  }

  #count(part: IndexedPart, at: number): void {
    this.#pictures += part.pictures;
    if (part.key) this.#chunks.push({ at, bytes: 0, ticks: 0, wallMs: part.wallMs });
    const chunk = this.#chunks.at(-1)!;
    chunk.bytes += part.bytes;
    chunk.ticks += part.ticks;
    const decodeTicks = part.decodeTicks + this.#shiftTicks;
    this.#endTicks = decodeTicks + part.ticks;
    this.#shownTicks = Math.max(this.#shownTicks, decodeTicks + part.lastShownTicks);
  }

  /** The settings change: every key picture brings its own parameter sets. */
  #insertSets(): void {
    const sets = this.#videos.map(parameterSets);
    let chunk = 0;
    this.#at = 0;
    this.#stretches = this.#stretches.flatMap(splitAtKeys).map((stretch) => {
      const insert = stretch.keys.length > 0 ? sets[stretch.videoEntry - 1]! : nothing;
      const laid = { ...stretch, insert, at: this.#at, bytes: stretch.bytes + insert.length };
      if (stretch.keys.length > 0) {
        const begun = this.#chunks[chunk++]!;
        begun.at = this.#at;
        begun.bytes += insert.length;
      }
      this.#at += laid.bytes;
      return laid;
    });
  }

  finish(): Plan {
    if (this.#stretches.length === 0) refuse('view.nothing');
    const init = initSegment(this.#videos, this.#audios.length === 0 ? null : this.#audios, {
      durationTicks: this.#endTicks,
    });
    if (this.#videos.length > 1) this.#insertSets();
    const prefix = concat([init, segmentIndex(this.#chunks)]);
    const names = this.#videos.map((video) => describeInit(video, this.#audios[0] ?? null));
    const codecs = new Set(names.flatMap((name) => [name.video, name.audio].filter((one) => one !== null)));
    const file: FilePlan = {
      id: newId('plan'),
      bytes: prefix.length + this.#at,
      codecs: [...codecs].join(','),
      initBytes: init.length,
      chunks: this.#chunks.map(({ at, bytes, ticks, wallMs }) => ({
        ...{ offset: prefix.length + at, bytes, seconds: ticks / timescale, wallMs },
      })),
      pictures: this.#pictures,
      fromMs: this.#fromMs,
      toMs: this.#toMs,
    };
    const stretches = this.#stretches.map(({ keys: _, ...one }) => ({ ...one, at: one.at + prefix.length }));
    return { file, prefix, stretches };
  }
}

/** Cuts a stretch at its keys: each piece begins with one, except for what may come before the first. */
function splitAtKeys(stretch: Laid): Laid[] {
  const { firstPart, parts, from, bytes, keys } = stretch;
  const begins = keys.some((key) => key.part === firstPart)
    ? keys
    : [{ part: firstPart, offset: from }, ...keys];
  return begins.map((begin, i) => {
    const next = begins[i + 1] ?? { part: firstPart + parts, offset: from + bytes };
    return {
      ...stretch,
      firstPart: begin.part,
      parts: next.part - begin.part,
      from: begin.offset,
      bytes: next.offset - begin.offset,
      sequence: stretch.sequence + begin.part - firstPart,
      keys: keys.filter((key) => key.part === begin.part),
    };
  });
}

const follows = (before: IndexedPart, part: IndexedPart): boolean =>
  before.offset + before.bytes === part.offset && before.decodeTicks + before.ticks === part.decodeTicks;

/** The number (from 1 on) of a sample entry; the same settings are one entry. */
function entryOf<T extends Mp4Video | Mp4Audio>(entries: T[], wanted: T): number {
  const key = sayEntry(wanted);
  const found = entries.findIndex((entry) => sayEntry(entry) === key);
  return found >= 0 ? found + 1 : entries.push(wanted);
}

const sayEntry = (entry: Mp4Video | Mp4Audio): string =>
  JSON.stringify(entry, (_key, value: unknown) => (value instanceof Uint8Array ? [...value] : value));

const maxReferences = 65_535;

/** §8.16.3: where each key is, so that a player finds an instant without reading all before it. */
function segmentIndex(chunks: readonly Chunk[]): Uint8Array {
  const each = Math.ceil(chunks.length / maxReferences);
  const references: Uint8Array[] = [];
  for (let i = 0; i < chunks.length; i += each) {
    const group = chunks.slice(i, i + each);
    const bytes = group.reduce((sum, chunk) => sum + chunk.bytes, 0);
    const ticks = group.reduce((sum, chunk) => sum + chunk.ticks, 0);
    references.push(u32(bytes, ticks, 0x90000000));
  }
  const head = [u32(1, timescale), u64(0), u64(0), u16(0, references.length)];
  return fullBox('sidx', 1, 0, ...head, ...references);
}

/** A stretch of the planned file's bytes, and how much video it is. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly seconds: number;
}

/** Pictures are read in pieces of this size: what a slow reader makes us hold. */
const pieceBytes = 1024 * 1024;

/** Bytes [from, to) of a planned file, piece by piece. */
export async function* readPlan(
  library: Library,
  plan: Plan,
  from: number,
  to: number,
): AsyncGenerator<Piece, void, undefined> {
  if (from < plan.prefix.length)
    yield { bytes: plan.prefix.subarray(from, Math.min(to, plan.prefix.length)), seconds: 0 };
  let low = 0;
  for (let high = plan.stretches.length; low < high; ) {
    const middle = (low + high) >> 1;
    const stretch = plan.stretches[middle]!;
    if (stretch.at + stretch.bytes <= from) low = middle + 1;
    else high = middle;
  }
  for (const stretch of plan.stretches.slice(low)) {
    if (stretch.at >= to) return;
    yield* readStretch(library, stretch, from, to);
  }
}

async function* readStretch(
  library: Library,
  stretch: Stretch,
  from: number,
  to: number,
): AsyncGenerator<Piece, void, undefined> {
  using loan = await library.borrow(stretch.ref);
  const { file } = loan;
  const parts = file.parts.slice(stretch.firstPart, stretch.firstPart + stretch.parts);
  for (const [i, part] of parts.entries()) {
    const insert = i === 0 ? stretch.insert : nothing;
    const at = stretch.at + part.offset - stretch.from + stretch.insert.length - insert.length;
    if (at >= to) return;
    const bytes = part.bytes + insert.length;
    const begin = Math.max(0, from - at);
    const end = Math.min(bytes, to - at);
    const perByte = part.ticks / timescale / bytes;
    for await (const piece of readPart(file, part, begin, end, {
      stretch,
      sequence: stretch.sequence + i,
      insert,
    }))
      yield { bytes: piece, seconds: piece.length * perByte };
  }
}

/** Bytes [begin, end) of one part: its changed head, what is inserted, its media data. */
async function* readPart(
  file: SegmentFile,
  part: IndexedPart,
  begin: number,
  end: number,
  how: { stretch: Stretch; sequence: number; insert: Uint8Array },
): AsyncGenerator<Uint8Array, void, undefined> {
  const { insert } = how;
  if (begin >= end) return;
  const dataAt = part.headBytes + insert.length;
  if (begin < dataAt) {
    const head = await changedHead(file, part, how);
    yield concat([head, insert]).subarray(begin, Math.min(end, dataAt));
  }
  const shift = part.offset - insert.length;
  for (let next = Math.max(begin, dataAt); next < end; next += pieceBytes)
    yield await file.read(shift + next, shift + Math.min(end, next + pieceBytes));
}

async function changedHead(
  file: SegmentFile,
  part: IndexedPart,
  { stretch, sequence, insert }: { stretch: Stretch; sequence: number; insert: Uint8Array },
): Promise<Uint8Array> {
  const { shiftTicks, videoEntry, audioEntry } = stretch;
  const bytes = await file.read(part.offset, part.offset + part.headBytes);
  const insertedBytes = insert.length;
  changePart(bytes, readPartHead(bytes), { sequence, shiftTicks, videoEntry, audioEntry, insertedBytes });
  return bytes;
}
