/**
 * A stored span as one MP4 file that exists nowhere: a head, then a fragment for each GOP, made of byte ranges of
 * segment files behind a head that follows from theirs. So its length is known beforehand and any of its bytes can be
 * told again at any time.
 *
 * Its timeline starts at 0 and has no holes: where nothing was recorded, or a part is damaged, the next picture
 * follows at once (players stop or freeze in a hole). The wall time stays with each fragment, in its prft. Only what
 * turns out to be damaged while the file is read leaves one: its bytes are promised, and `whole.ts` fills them.
 *
 * A fragment is a GOP, not a part: FFmpeg, and Chromium with it, loses its way after a few seeks when the index names
 * something else than each fragment. Nor do they heed the sample entry that a fragment names: where the picture's
 * settings change within the span, every key picture gets its parameter sets in front, and the file says so (avc3,
 * hev1). All other media data is what was recorded.
 */
import { newId, refuse } from '../../base/index.ts';
import type { GapCause } from '../../contract/causes.ts';
import { bucketProblemOf } from '../bucket/index.ts';
import type { FilePlan, Footage, MissingSpan, SegmentRef } from '../engine.ts';
import { NoKey } from '../keys/index.ts';
import {
  audioTrackId,
  concat,
  describeInit,
  fullBox,
  initSegment,
  joinedHeadBytes,
  joinParts,
  type Mp4Audio,
  type Mp4Video,
  parameterSets,
  timescale,
  u16,
  u32,
  u64,
  videoTrackId,
} from '../mp4/index.ts';
import type { IndexedPart, SegmentFile } from '../segment/index.ts';
import type { Library, Loan } from './library.ts';
import { dataRanges, type Fragment, fill, type Good, lost, maxMissing, whatIsGood } from './whole.ts';

export interface Plan {
  readonly file: FilePlan;
  /** ftyp + moov + sidx. */
  readonly prefix: Uint8Array;
  readonly fragments: readonly Fragment[];
  /** Fragments that turned out not to be whole: how many of their parts are good. */
  readonly broken: Map<number, number>;
  /** What of the span cannot be shown: known at first, and found since. */
  readonly missing: MissingSpan[];
}

/** Longer spans are asked for in several files. */
export const maxPlanHours = 24;
const indexedAtOnce = 8;
const nothing = new Uint8Array(0);
/** Segment files that cannot be read are passed over like gaps: the clip holds what there is. */
type OpenFailure = (ref: SegmentRef, error: unknown) => void;

export async function makePlan(
  library: Library,
  footage: Footage,
  span: { fromMs: number; toMs: number },
  onFailure: OpenFailure,
): Promise<Plan> {
  const layout = new Layout();
  for (const { fromMs, toMs, cause } of footage.gaps)
    if (storedCauses.has(cause)) layout.lose(fromMs, toMs, cause, span);
  const refs = footage.segments.toSorted((a, b) => a.startMs - b.startMs);
  for (let i = 0; i < refs.length; i += indexedAtOnce) {
    const loans = await Promise.all(
      refs.slice(i, i + indexedAtOnce).map(async (ref) => ({
        ref,
        loan: await library.borrow(ref).catch((error: unknown) => {
          onFailure(ref, error);
          layout.lose(ref.startMs, ref.endMs, causeOf(error), span);
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

/** Gaps of what is stored, and cannot be shown; where nothing was recorded, a file lacks nothing. */
const storedCauses: ReadonlySet<GapCause> = new Set([
  ...(['bucket-away', 'damaged', 'missing', 'key-missing', 'key-destroyed'] as const),
]);

/** Lays fragment after fragment behind each other. */
class Layout {
  readonly #fragments: Fragment[] = [];
  readonly #videos: Mp4Video[] = [];
  readonly #audios: Mp4Audio[] = [];
  readonly #missing: MissingSpan[] = [];
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
    const first = this.#fragments.length === 0 ? this.#begin(file, span.fromMs) : 0;
    if (first < 0 || first > last) return;
    this.#sayDamage(ref, file, span);
    const video = this.#video(file.init.videos[0]!);
    const audio = file.init.audios[0];
    const audioEntry = audio === undefined ? 1 : entryOf(this.#audios, audio);
    for (let i = first; i <= last; ) {
      // Pictures that turned out to be damaged are left out, and what builds on them.
      if (file.spoilt(parts[i]!) !== null) {
        const fromMs = parts[i]!.wallMs;
        do i++;
        while (i <= last && !parts[i]!.key);
        this.lose(fromMs, parts[i]?.wallMs ?? endOf(parts.at(-1)!), 'damaged', span);
        continue;
      }
      let end = i + 1;
      const goesOn = (part: IndexedPart) => !part.key && follows(parts[end - 1]!, part) && !file.spoilt(part);
      while (end <= last && goesOn(parts[end]!)) end++;
      this.#lay(ref, file, i, end, { video, audioEntry });
      i = end;
    }
  }

  /** Something is stored there, and cannot be shown. */
  lose(fromMs: number, toMs: number, cause: GapCause, within: { fromMs: number; toMs: number }): void {
    const lost = { fromMs: Math.max(fromMs, within.fromMs), toMs: Math.min(toMs, within.toMs), cause };
    if (lost.toMs > lost.fromMs && this.#missing.length < maxMissing) this.#missing.push(lost);
  }

  /** What the walk found damaged. */
  #sayDamage(ref: SegmentRef, file: SegmentFile, span: { fromMs: number; toMs: number }): void {
    for (const { fromMs, toMs } of file.damage) this.lose(fromMs, toMs, 'damaged', span);
    const isCut = file.brokenEnd !== null || file.tail !== null;
    if (isCut && !ref.open) this.lose(endOf(file.parts.at(-1)!), ref.endMs, 'damaged', span);
  }

  /** The first part wanted: the key at or before the span, unless all of the file ends before it. */
  #begin(file: SegmentFile, fromMs: number): number {
    const last = file.parts.at(-1);
    return last === undefined || last.wallMs + last.ticks / 90 <= fromMs ? -1 : file.keyAt(fromMs);
  }

  #video(video: Mp4Video): number {
    const first = this.#videos[0];
    if (first !== undefined && first.codec !== video.codec)
      refuse('view.mixed-codecs', { from: first.codecString, to: video.codecString });
    return entryOf(this.#videos, video) - 1;
  }

  #lay(
    ref: SegmentRef,
    file: SegmentFile,
    from: number,
    to: number,
    entries: { video: number; audioEntry: number },
  ): void {
    const parts = file.parts.slice(from, to);
    const first = parts[0]!;
    const last = parts.at(-1)!;
    if (file.identity.run !== this.#run || first.decodeTicks !== this.#runTicks) this.#join(first);
    if (this.#fragments.length === 0) this.#fromMs = first.wallMs;
    const headBytes = joinedHeadBytes(parts);
    const ticks = last.decodeTicks + last.ticks - first.decodeTicks;
    this.#fragments.push({
      ...{ ref, firstPart: from, parts: to - from, key: first.key, at: 0, headBytes, insert: nothing },
      bytes: headBytes + parts.reduce((sum, part) => sum + part.bytes - part.headBytes, 0),
      ...{ shiftTicks: this.#shiftTicks, ticks, wallMs: first.wallMs, endMs: endOf(last), ...entries },
    });
    this.#run = file.identity.run;
    this.#runTicks = last.decodeTicks + last.ticks;
    this.#endTicks = this.#runTicks + this.#shiftTicks;
    this.#toMs = endOf(last);
    for (const part of parts) {
      this.#pictures += part.pictures;
      const shown = part.decodeTicks + this.#shiftTicks + part.lastShownTicks;
      this.#shownTicks = Math.max(this.#shownTicks, shown);
    }
  }

  /** What does not follow on begins where the last ended, and not before its last picture was shown to its end. */
  #join(first: IndexedPart): void {
    const startTicks = Math.max(this.#endTicks, this.#shownTicks - first.firstShownTicks);
    const before = this.#fragments.at(-1);
    if (before !== undefined) before.ticks += startTicks - this.#endTicks;
    this.#shiftTicks = startTicks - first.decodeTicks;
  }

  finish(): Plan {
    if (this.#fragments.length === 0) refuse('view.nothing');
    this.#missing.sort((a, b) => a.fromMs - b.fromMs);
    const setsInBand = this.#videos.length > 1;
    if (setsInBand) this.#insertSets();
    const audios = this.#audios.length === 0 ? null : this.#audios;
    const init = initSegment(this.#videos[0]!, audios, { durationTicks: this.#endTicks, setsInBand });
    const prefix = concat([init, ...segmentIndexes(this.#fragments, audios !== null)]);
    let at = prefix.length;
    for (const fragment of this.#fragments) {
      fragment.at = at;
      at += fragment.bytes;
    }
    const file: FilePlan = {
      ...{ id: newId('plan'), bytes: at, codecs: this.#codecs(), initBytes: init.length },
      ...{ chunks: chunksOf(this.#fragments), pictures: this.#pictures },
      ...{ fromMs: this.#fromMs, toMs: this.#toMs, missing: [...this.#missing] },
    };
    return { file, prefix, fragments: this.#fragments, broken: new Map(), missing: this.#missing };
  }

  /** The settings change: every key picture brings its own parameter sets. */
  #insertSets(): void {
    const sets = this.#videos.map(parameterSets);
    for (const fragment of this.#fragments) {
      if (!fragment.key) continue;
      fragment.insert = sets[fragment.video]!;
      fragment.bytes += fragment.insert.length;
    }
  }

  #codecs(): string {
    const told = this.#videos.map((video) => describeInit(video, this.#audios[0] ?? null));
    const codecs = told.flatMap(({ video, audio }) => [video, audio].filter((one) => one !== null));
    return [...new Set(codecs)].join(',');
  }
}

const endOf = (part: IndexedPart): number => part.wallMs + part.ticks / 90;

/** How the gap is called that a file leaves which cannot be opened. */
function causeOf(error: unknown): GapCause {
  if (error instanceof NoKey) return error.trouble === 'destroyed' ? 'key-destroyed' : 'key-missing';
  if (bucketProblemOf(error) !== null) return 'bucket-away';
  const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
  return code === 'ENOENT' ? 'missing' : 'damaged';
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

function chunksOf(fragments: readonly Fragment[]): FilePlan['chunks'] {
  const chunks: { offset: number; bytes: number; seconds: number; wallMs: number }[] = [];
  for (const { at, bytes, ticks, wallMs, key } of fragments) {
    const last = chunks.at(-1);
    if (key || last === undefined) chunks.push({ offset: at, bytes, seconds: ticks / timescale, wallMs });
    else {
      last.bytes += bytes;
      last.seconds += ticks / timescale;
    }
  }
  return chunks;
}

/** As many as the field holds. A file of more fragments has no index: players read it through. */
const maxReferences = 65_535;

/**
 * §8.16.3: where each fragment is, so that a player finds an instant without reading all before it. One index for each
 * track, with the same content: FFmpeg looks for sound in the index of sound, and reads everything when it has none.
 */
function segmentIndexes(fragments: readonly Fragment[], hasSound: boolean): Uint8Array[] {
  if (fragments.length > maxReferences) return [];
  const references = fragments.map(({ bytes, ticks, key }) => u32(bytes, ticks, key ? 0x90000000 : 0));
  const index = (trackId: number, behind: number): Uint8Array => {
    const head = [u32(trackId, timescale), u64(0), u64(behind), u16(0, references.length)];
    return fullBox('sidx', 1, 0, ...head, ...references);
  };
  if (!hasSound) return [index(videoTrackId, 0)];
  const sound = index(audioTrackId, 0);
  return [index(videoTrackId, sound.length), sound];
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
  const { prefix, fragments } = plan;
  if (from < to && from < prefix.length)
    yield { bytes: prefix.subarray(from, Math.min(to, prefix.length)), seconds: 0 };
  for (let i = firstBehind(fragments, from); i < fragments.length; i++) {
    const fragment = fragments[i]!;
    if (fragment.at >= to) return;
    const begin = Math.max(0, from - fragment.at);
    const end = Math.min(fragment.bytes, to - fragment.at);
    if (begin < end) yield* readFragment(library, plan, i, begin, end);
  }
}

/** The first fragment that ends behind a position. */
function firstBehind(fragments: readonly Fragment[], position: number): number {
  let low = 0;
  for (let high = fragments.length; low < high; ) {
    const middle = (low + high) >> 1;
    const { at, bytes } = fragments[middle]!;
    if (at + bytes <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Bytes [begin, end) of one fragment: its head, what is inserted, the media data of its parts. All of them are opened
 * before the first byte is told, for a head that lists pictures which do not come is worse than none.
 */
async function* readFragment(
  library: Library,
  plan: Plan,
  index: number,
  begin: number,
  end: number,
): AsyncGenerator<Piece, void, undefined> {
  const fragment = plan.fragments[index]!;
  const known = plan.broken.get(index) ?? fragment.parts;
  using loan = known === 0 ? null : await borrowed(library, plan, index);
  const found = loan === null ? nothingGood : await whatIsGood(loan.file, fragment, known);
  if (found.parts.length < known) lost(plan, index, found);
  const share = found.parts.length / fragment.parts;
  const perByte = (share * fragment.ticks) / timescale / fragment.bytes;
  for await (const bytes of bytesOf(fragment, found, index + 1, begin, end))
    yield { bytes, seconds: bytes.length * perByte };
}

/** Null: the file cannot be opened any more, and no later try would change that. */
async function borrowed(library: Library, plan: Plan, index: number): Promise<Loan | null> {
  try {
    return await library.borrow(plan.fragments[index]!.ref);
  } catch (error) {
    const cause = causeOf(error);
    if (cause === 'bucket-away') throw error;
    lost(plan, index, { ...nothingGood, cause });
    return null;
  }
}

const nothingGood: Good = { parts: [], heads: [], cause: 'damaged', read: async () => nothing };

async function* bytesOf(
  fragment: Fragment,
  { parts, heads, read }: Good,
  sequence: number,
  begin: number,
  end: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let at = 0;
  if (parts.length > 0) {
    const { shiftTicks, audioEntry, wallMs, insert } = fragment;
    const how = { sequence, shiftTicks, audioEntry, wallMs, insertedBytes: insert.length };
    const head = concat([joinParts(heads, how), insert]);
    at = head.length;
    if (begin < at) yield head.subarray(begin, Math.min(end, at));
    for (const range of dataRanges(parts)) {
      const until = Math.min(end, at + range.bytes);
      for (let next = Math.max(begin, at); next < until; next += pieceBytes)
        yield await read(
          range.part,
          range.from + next - at,
          range.from + Math.min(until, next + pieceBytes) - at,
        );
      at += range.bytes;
    }
  }
  yield* fill(at, fragment.bytes, Math.max(begin, at), end);
}
