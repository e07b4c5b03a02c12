/**
 * One MediaSource with one SourceBuffer, fed with frames of the protocol in order. Parts are placed so that media
 * time follows wall time: `timestampOffset` is set anew at every discontinuity. Lives as long as its video element
 * shows it; when the browser's decoder gives up, `onBroken` says so once and the owner makes a new one.
 */
import type { Frame } from '../../../src/contract/frames.ts';
import { describeVideo, readPictures } from './boxes.ts';
import { type MappedPart, TimeMap } from './timemap.ts';

type Init = Extract<Frame, { kind: 'init' }>;
type Part = Extract<Frame, { kind: 'part' }>;

type Step =
  | { readonly kind: 'init'; readonly mime: string; readonly bytes: Uint8Array }
  | { readonly kind: 'part'; readonly bytes: Uint8Array; readonly offsetS: number }
  | { readonly kind: 'remove'; readonly fromS: number; readonly toS: number };

export interface BufferOptions {
  readonly video: HTMLVideoElement;
  /** UTC that is media time 0; null: one second before the first part. */
  readonly baseMs: number | null;
  /**
   * forward: live; media time never goes back, whatever the clock does. by-wall: playback; an instant has one place.
   */
  readonly place: 'forward' | 'by-wall';
  /** A span the element may seek in, s; without it only what is buffered can be sought. */
  readonly durationS?: number;
  readonly onAppended: () => void;
  readonly onBroken: (why: string) => void;
}

const timescale = 90_000;
/** A tab that is held up by the browser piles parts up: past this the pile is dropped and the next key waited for. */
const maxQueuedBytes = 24 * 1024 * 1024;
const maxAppendBytes = 4 * 1024 * 1024;
/** Wall and decode time may drift apart this far before the place is computed anew, ms. */
const maxDriftMs = 500;

export class MediaBuffer implements Disposable {
  readonly map = new TimeMap();
  readonly #options: BufferOptions;
  readonly #source = new MediaSource();
  readonly #objectUrl: string;
  #sourceBuffer: SourceBuffer | null = null;
  #steps: Step[] = [];
  #queuedBytes = 0;
  #waitsForKey = false;
  #baseMs: number | null;
  #epoch = -1;
  #trackId = 1;
  #offsetS: number | null = null;
  #mime = '';
  #opened = false;
  #over = false;

  constructor(options: BufferOptions) {
    this.#options = options;
    this.#baseMs = options.baseMs;
    this.#objectUrl = URL.createObjectURL(this.#source);
    this.#source.addEventListener('sourceopen', this.#onOpen, { once: true });
    options.video.addEventListener('error', this.#onVideoError);
    options.video.src = this.#objectUrl;
  }

  [Symbol.dispose](): void {
    if (this.#over) return;
    this.#over = true;
    this.#steps = [];
    this.#options.video.removeEventListener('error', this.#onVideoError);
    this.#sourceBuffer?.removeEventListener('updateend', this.#onUpdateEnd);
    URL.revokeObjectURL(this.#objectUrl);
    this.#options.video.removeAttribute('src');
    this.#options.video.load();
  }

  #onOpen = (): void => {
    if (this.#over) return;
    this.#opened = true;
    if (this.#options.durationS !== undefined) this.#source.duration = this.#options.durationS;
    this.#next();
  };

  #onVideoError = (): void =>
    this.#break(this.#options.video.error?.message || 'the picture cannot be decoded');

  #break(why: string): void {
    if (this.#over) return;
    this[Symbol.dispose]();
    this.#options.onBroken(why);
  }

  #onUpdateEnd = (): void => {
    if (this.#over) return;
    this.#options.onAppended();
    this.#next();
  };

  init(frame: Init): void {
    if (this.#over) return;
    this.#epoch = frame.epoch;
    this.#offsetS = null;
    this.#waitsForKey = true;
    this.#mime = frame.json.codecs;
    this.#trackId = describeVideo(frame.bytes)?.trackId ?? 1;
    if (!MediaSource.isTypeSupported(this.#mime)) {
      this.#break(this.#mime);
      return;
    }
    this.#push({ kind: 'init', mime: this.#mime, bytes: frame.bytes });
  }

  /** Returns where the part was put; null when it was not taken. */
  part(frame: Part): MappedPart | null {
    if (this.#over || frame.epoch !== this.#epoch) return null;
    if (this.#queuedBytes > maxQueuedBytes) this.#dropQueued();
    if (this.#waitsForKey && !frame.key) return null;
    this.#waitsForKey = false;
    const pictures = readPictures(frame.bytes, this.#trackId);
    const firstShownS = (pictures?.shownTicks[0] ?? frame.decodeTicks) / timescale;
    const offsetS = this.#offsetFor(frame, firstShownS);
    this.#push({ kind: 'part', bytes: frame.bytes, offsetS });
    if (!pictures || pictures.shownTicks.length === 0) return null;
    const picturesS = pictures.shownTicks.map((ticks) => ticks / timescale + offsetS).sort((a, b) => a - b);
    const startS = picturesS[0] as number;
    const mapped = {
      startS,
      endS: startS + pictures.ticks / timescale,
      wallMs: frame.wallMs + (startS - offsetS - firstShownS) * 1000,
      picturesS,
    };
    this.map.add(mapped);
    return mapped;
  }

  #offsetFor(frame: Part, firstShownS: number): number {
    this.#baseMs ??= frame.wallMs - 1000;
    const wanted = (frame.wallMs - this.#baseMs) / 1000 - firstShownS;
    const present = this.#offsetS;
    if (present !== null && !frame.discontinuity && Math.abs(wanted - present) * 1000 < maxDriftMs)
      return present;
    // Going on exactly where the part before ended keeps one buffered range when only the clocks' drift is corrected.
    const last = this.map.last;
    const forward = this.#options.place === 'forward' && last !== undefined;
    this.#offsetS = forward ? Math.max(wanted, last.endS - firstShownS) : wanted;
    return this.#offsetS;
  }

  #push(step: Step): void {
    this.#steps.push(step);
    if (step.kind !== 'remove') this.#queuedBytes += step.bytes.length;
    this.#next();
  }

  #dropQueued(): void {
    this.#steps = this.#steps.filter((step) => step.kind !== 'part');
    this.#queuedBytes = this.#steps.reduce(
      (sum, step) => sum + (step.kind === 'init' ? step.bytes.length : 0),
      0,
    );
    this.#waitsForKey = true;
  }

  /** Forgets what lies outside of a span of media time. */
  keep(fromS: number, toS = Number.POSITIVE_INFINITY): void {
    const buffered = this.#sourceBuffer?.buffered;
    if (this.#over || !buffered || buffered.length === 0) return;
    if (buffered.start(0) < fromS) this.#push({ kind: 'remove', fromS: 0, toS: fromS });
    if (buffered.end(buffered.length - 1) > toS)
      this.#push({ kind: 'remove', fromS: toS, toS: Number.POSITIVE_INFINITY });
    this.map.keep(fromS, toS);
  }

  /** Forgets which instants are where; what is on screen stays until `keep` removes it. */
  forget(): void {
    this.map.clear();
    this.#offsetS = null;
    this.#waitsForKey = true;
  }

  /** The buffered range that holds a media time. */
  rangeAt(atS: number): { startS: number; endS: number } | null {
    const buffered = this.#sourceBuffer?.buffered;
    if (this.#over || !buffered) return null;
    for (let index = 0; index < buffered.length; index += 1) {
      if (buffered.start(index) <= atS && atS < buffered.end(index))
        return { startS: buffered.start(index), endS: buffered.end(index) };
    }
    return null;
  }

  rangeAfter(atS: number): { startS: number; endS: number } | null {
    const buffered = this.#sourceBuffer?.buffered;
    if (this.#over || !buffered) return null;
    for (let index = 0; index < buffered.length; index += 1) {
      if (buffered.start(index) > atS) return { startS: buffered.start(index), endS: buffered.end(index) };
    }
    return null;
  }

  get newest(): { startS: number; endS: number } | null {
    const buffered = this.#sourceBuffer?.buffered;
    if (this.#over || !buffered || buffered.length === 0) return null;
    return { startS: buffered.start(buffered.length - 1), endS: buffered.end(buffered.length - 1) };
  }

  #next(): void {
    if (this.#over || !this.#opened || this.#source.readyState !== 'open') return;
    if (this.#sourceBuffer?.updating) return;
    const step = this.#steps.shift();
    if (!step) return;
    try {
      if (step.kind === 'init') this.#appendInit(step);
      else if (step.kind === 'remove') this.#sourceBuffer?.remove(step.fromS, step.toS);
      else this.#appendParts(step);
    } catch (error) {
      this.#onThrown(step, error);
    }
  }

  #appendInit(step: Extract<Step, { kind: 'init' }>): void {
    this.#queuedBytes -= step.bytes.length;
    if (!this.#sourceBuffer) {
      this.#sourceBuffer = this.#source.addSourceBuffer(step.mime);
      this.#sourceBuffer.addEventListener('updateend', this.#onUpdateEnd);
    } else {
      this.#sourceBuffer.changeType(step.mime);
    }
    this.#sourceBuffer.appendBuffer(step.bytes as Uint8Array<ArrayBuffer>);
  }

  #appendParts(first: Extract<Step, { kind: 'part' }>): void {
    const sourceBuffer = this.#sourceBuffer;
    if (!sourceBuffer) return;
    const batch = [first.bytes];
    let bytes = first.bytes.length;
    for (let step = this.#steps[0]; step?.kind === 'part'; step = this.#steps[0]) {
      if (step.offsetS !== first.offsetS || bytes + step.bytes.length > maxAppendBytes) break;
      bytes += step.bytes.length;
      batch.push(step.bytes);
      this.#steps.shift();
    }
    if (sourceBuffer.timestampOffset !== first.offsetS) sourceBuffer.timestampOffset = first.offsetS;
    sourceBuffer.appendBuffer(joined(batch, bytes));
    this.#queuedBytes -= bytes;
  }

  #onThrown(step: Step, error: unknown): void {
    const full = error instanceof DOMException && error.name === 'QuotaExceededError';
    const atS = this.#options.video.currentTime;
    if (!full || step.kind !== 'part' || atS <= 1) {
      this.#break(error instanceof Error ? error.message : String(error));
      return;
    }
    // The browser's own limit is smaller than what we keep: make room behind the picture; the part is lost to a key.
    this.#dropQueued();
    this.#steps.unshift({ kind: 'remove', fromS: 0, toS: atS - 1 });
    this.map.keep(atS - 1);
    this.#next();
  }
}

function joined(batch: readonly Uint8Array[], bytes: number): Uint8Array<ArrayBuffer> {
  if (batch.length === 1) return batch[0] as Uint8Array<ArrayBuffer>;
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const each of batch) {
    all.set(each, at);
    at += each.length;
  }
  return all;
}
