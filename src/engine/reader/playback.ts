/**
 * One player of recorded footage. It asks (`seek`, `until`), it gets: the parts from the key at or before an instant,
 * a gap frame where nothing is recorded, `end` where nothing follows. Never further than its credit, never outside of
 * its ticket, never more in its socket than the outlet's bound.
 */
import { type Log, Refusal, sayError } from '../../base/index.ts';
import type { GapCause } from '../../contract/causes.ts';
import { encodeClock, encodeEnd, encodeJson, type Wish } from '../../contract/frames.ts';
import type { Footage, SegmentRef } from '../engine.ts';
import { NoKey } from '../keys/index.ts';
import { SealError } from '../seal/index.ts';
import type { IndexedPart, SegmentFile } from '../segment/index.ts';
import type { Library } from './library.ts';
import type { Outlet } from './outlet.ts';
import type { Sink, Wanted } from './sink.ts';

export interface PlaybackContext {
  readonly library: Library;
  readonly outlet: Outlet;
  readonly sink: Sink;
  readonly log: Log;
  /** Of the ticket. */
  readonly fromMs: number;
  readonly toMs: number;
  nowMs(): number;
  footage(fromMs: number, toMs: number): Promise<Footage>;
}

/** The store is asked for so much at once. */
const askMs = 2 * 3600 * 1000;
/** A seek wants its picture first: what lies around it is a small question. */
const firstAskMs = 10 * 60 * 1000;
/** How soon an open segment, or the store, is asked again whether there is more. */
const againMs = 500;
/** A hole between two segments that the store does not explain is told from this size on. */
const holeMs = 1_000;

type Seek = Extract<Wish, { op: 'seek' }>;
type Gap = Footage['gaps'][number];
type Item =
  | { readonly startMs: number; readonly gap: Gap }
  | { readonly startMs: number; readonly segment: SegmentRef };

/** Ends the loop of a seek that is of no interest any more. */
class Superseded extends Error {}

export class Playback {
  readonly #at: PlaybackContext;
  #seek: Seek | null = null;
  #untilMs = Number.NEGATIVE_INFINITY;
  #isCut = false;
  #wake: () => void = () => {};
  #wishes = 0;
  /** Where the playing stands: everything before is sent or said to be missing. */
  #atMs = 0;
  /** The last segment that was played to its end as far as it is written. */
  #segmentId = '';
  #partsSent = 0;

  constructor(at: PlaybackContext) {
    this.#at = at;
  }

  wish(wish: Wish): void {
    this.#wishes++;
    if (wish.op === 'seek') {
      this.#seek = wish;
      this.#untilMs = wish.untilMs;
      void this.#at.sink.reset();
    } else if (wish.op === 'until') this.#untilMs = wish.untilMs;
    this.#wake();
  }

  /** The viewer is gone. */
  cut(): void {
    this.#isCut = true;
    this.#wake();
  }

  /** Serves wishes until the viewer is gone. */
  async run(): Promise<void> {
    await this.#at.outlet.frame([encodeClock(this.#at.nowMs())]);
    while (!this.#isCut) {
      const seek = this.#seek;
      if (seek === null) await this.#change();
      else await this.#follow(seek);
    }
  }

  async #follow(seek: Seek): Promise<void> {
    try {
      await this.#at.sink.reset();
      await this.#play(seek);
    } catch (error) {
      if (error instanceof Superseded) return;
      if (this.#seek === seek) this.#seek = null;
      this.#at.log.error({ problem: sayError(error) }, 'playback failed');
      const said = error instanceof Refusal ? error : { code: 'system.restarting', values: {} };
      await this.#at.outlet.frame([encodeJson('problem', { code: said.code, values: said.values })]);
    }
  }

  /** Resolves at the next wish, or when the viewer goes, or after `withinMs`. */
  #change(withinMs?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = withinMs === undefined ? null : setTimeout(resolve, withinMs);
      this.#wake = () => {
        if (timer !== null) clearTimeout(timer);
        resolve();
      };
    });
  }

  #check(seek: Seek): void {
    if (this.#seek !== seek || this.#isCut || !this.#at.outlet.isOpen) throw new Superseded();
  }

  /** Waits until the player wants what begins at an instant. */
  async #credit(seek: Seek, wallMs: number): Promise<void> {
    this.#check(seek);
    while (wallMs >= this.#untilMs) {
      await this.#change();
      this.#check(seek);
    }
  }

  async #play(seek: Seek): Promise<void> {
    const { fromMs, toMs } = this.#at;
    this.#atMs = Math.min(Math.max(seek.atMs, fromMs), toMs);
    this.#segmentId = '';
    this.#partsSent = 0;
    let isFirst = true;
    for (let hasEnded = false; ; ) {
      const untilMs = Math.min(toMs, this.#atMs + (isFirst ? firstAskMs : askMs));
      isFirst = false;
      const footage = await this.#at.footage(this.#atMs, untilMs);
      this.#check(seek);
      const items = inOrder(footage);
      const partsBefore = this.#partsSent;
      for (const item of items) await this.#playItem(seek, item);
      const isOpen = footage.segments.some((segment) => segment.open) && this.#atMs < toMs;
      if (isOpen) {
        hasEnded = false;
        if (this.#partsSent === partsBefore) await this.#change(againMs);
      } else if (untilMs < toMs) this.#atMs = Math.max(this.#atMs, untilMs);
      else {
        const wishes = this.#wishes;
        if (!hasEnded || this.#partsSent > partsBefore) await this.#sayEnd(seek);
        hasEnded = true;
        if (wishes === this.#wishes && !this.#isCut) await this.#change();
      }
      this.#check(seek);
    }
  }

  async #sayEnd(seek: Seek): Promise<void> {
    await this.#at.sink.flush();
    this.#check(seek);
    await this.#at.outlet.frame([encodeEnd()]);
  }

  async #playItem(seek: Seek, item: Item): Promise<void> {
    if ('gap' in item) await this.#gap(seek, item.gap.fromMs, item.gap.toMs, item.gap.cause, item.gap.detail);
    else await this.#segment(seek, item.segment);
  }

  /** Says once that nothing is there, when the player comes to it. */
  async #gap(
    seek: Seek,
    fromMs: number,
    toMs: number,
    cause: GapCause,
    detail: Record<string, string | number>,
  ): Promise<void> {
    const from = Math.max(fromMs, this.#atMs);
    const to = Math.min(toMs, this.#at.toMs);
    if (to <= from) return;
    await this.#credit(seek, from);
    await this.#at.sink.flush();
    this.#check(seek);
    await this.#at.outlet.frame([encodeJson('gap', { to, cause, detail }, from)]);
    this.#atMs = to;
  }

  async #problem(code: string, values: Record<string, string | number>): Promise<void> {
    await this.#at.outlet.frame([encodeJson('problem', { code, values })]);
  }

  async #segment(seek: Seek, ref: SegmentRef): Promise<void> {
    const isSame = ref.id === this.#segmentId;
    if (!isSame && !ref.open && ref.endMs <= this.#atMs) return;
    if (!isSame && this.#partsSent > 0 && ref.startMs - this.#atMs > holeMs)
      await this.#gap(seek, this.#atMs, ref.startMs, 'unexplained', {});
    await this.#credit(seek, Math.max(ref.startMs, this.#at.fromMs));
    try {
      using loan = await this.#at.library.borrow(ref);
      await this.#parts(seek, ref, loan.file, isSame);
    } catch (error) {
      if (error instanceof Superseded) throw error;
      await this.#unreadable(seek, ref, error);
    }
  }

  /** A file that does not open is a gap; one that was only just begun is none yet. */
  async #unreadable(seek: Seek, ref: SegmentRef, error: unknown): Promise<void> {
    if (ref.open) return;
    this.#at.log.error({ problem: sayError(error), segment: ref.id }, 'a segment cannot be read');
    const { cause, code, values } = unreadable(error);
    await this.#problem(code, values);
    await this.#gap(seek, Math.max(this.#atMs, ref.startMs), ref.endMs, cause, {});
  }

  async #parts(seek: Seek, ref: SegmentRef, file: SegmentFile, isSame: boolean): Promise<void> {
    const { parts } = file;
    const first = isSame ? this.#nextPart(file) : this.#partsSent === 0 ? file.keyAt(this.#atMs) : 0;
    this.#segmentId = ref.id;
    for (let i = Math.max(0, first); i < parts.length; i++) {
      const part = parts[i]!;
      if (part.wallMs >= this.#at.toMs) {
        this.#atMs = this.#at.toMs;
        return;
      }
      await this.#damageBefore(seek, file, i);
      if (seek.keysOnly === true && !part.key) continue;
      await this.#credit(seek, part.wallMs);
      const keyTicks = seek.keysOnly === true ? ticksToNextKey(parts, i) : null;
      const spoilt = await this.#send(seek, { file, part, keyTicks });
      if (spoilt === null) this.#atMs = Math.max(this.#atMs, part.wallMs + part.ticks / 90);
      else i = (await this.#passSpoilt(seek, parts, i, spoilt)) - 1;
    }
    const end = parts.at(-1);
    if (end !== undefined) this.#atMs = Math.max(this.#atMs, end.wallMs + end.ticks / 90);
    if (!ref.open) await this.#brokenEnd(seek, ref, file);
  }

  /** null, or why its pictures cannot be shown. */
  async #send(seek: Seek, wanted: Wanted): Promise<string | null> {
    try {
      await this.#at.sink.send(wanted);
    } catch (error) {
      if (error instanceof SealError) return error.message;
      throw error;
    }
    this.#check(seek);
    this.#partsSent++;
    return null;
  }

  /** What builds on pictures that cannot be shown is left out with them; gives where playing goes on. */
  async #passSpoilt(seek: Seek, parts: readonly IndexedPart[], index: number, why: string): Promise<number> {
    this.#check(seek);
    const next = parts.findIndex((part, i) => i > index && part.key);
    const last = parts.at(-1)!;
    const toMs = next < 0 ? last.wallMs + last.ticks / 90 : parts[next]!.wallMs;
    await this.#problem('view.damaged', { why });
    await this.#gap(seek, parts[index]!.wallMs, toMs, 'damaged', {});
    return next < 0 ? parts.length : next;
  }

  /** In a segment that has grown: the part behind the last one that was sent. */
  #nextPart(file: SegmentFile): number {
    const found = file.parts.findIndex((part) => part.wallMs + part.ticks / 90 > this.#atMs + 1);
    return found < 0 ? file.parts.length : found;
  }

  /** Bytes before this part could not be played. */
  async #damageBefore(seek: Seek, file: SegmentFile, index: number): Promise<void> {
    const part = file.parts[index]!;
    const damage = file.damage.find((one) => one.to === part.record.at);
    if (damage === undefined || damage.toMs <= this.#atMs) return;
    await this.#credit(seek, Math.max(damage.fromMs, this.#atMs));
    await this.#problem('view.damaged', { why: damage.why });
    await this.#gap(seek, damage.fromMs, damage.toMs, 'damaged', {});
  }

  async #brokenEnd(seek: Seek, ref: SegmentRef, file: SegmentFile): Promise<void> {
    const why = file.brokenEnd?.why ?? file.tail?.why;
    if (why === undefined || ref.endMs - this.#atMs < 1) return;
    await this.#problem('view.damaged', { why });
    await this.#gap(seek, Math.max(this.#atMs, ref.startMs), ref.endMs, 'damaged', {});
  }
}

/** What a player is told of a file that cannot be opened, and what the gap is called. */
function unreadable(error: unknown): {
  cause: GapCause;
  code: string;
  values: Record<string, string | number>;
} {
  if (error instanceof NoKey) {
    return error.trouble === 'destroyed'
      ? { cause: 'key-destroyed', code: 'view.key-destroyed', values: {} }
      : { cause: 'key-missing', code: 'view.key-missing', values: {} };
  }
  const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
  if (code === 'ENOENT') return { cause: 'missing', code: 'view.missing', values: {} };
  const why = error instanceof SealError ? error.message : (code ?? 'disk');
  return { cause: 'damaged', code: 'view.damaged', values: { why } };
}

function inOrder(footage: Footage): Item[] {
  const gaps = footage.gaps.map((gap) => ({ startMs: gap.fromMs, gap }));
  const segments = footage.segments.map((segment) => ({ startMs: segment.startMs, segment }));
  return [...gaps, ...segments].sort((a, b) => a.startMs - b.startMs);
}

function ticksToNextKey(parts: readonly IndexedPart[], index: number): number {
  const next = parts.findIndex((part, i) => i > index && part.key);
  const last = parts.at(-1)!;
  const endTicks = next < 0 ? last.decodeTicks + last.ticks : parts[next]!.decodeTicks;
  return endTicks - parts[index]!.decodeTicks;
}
