/**
 * The playback player: any recorded instant, at any speed, picture by picture. It asks the server for some seconds
 * ahead and no more, shows gaps with their cause and skips them or waits through them, and seeks inside of what it
 * holds without asking anyone. Framework-free; it lives until it is disposed.
 */
import type { Frame, InitJson } from '../../../src/contract/frames.ts';
import { MediaBuffer } from './buffer.ts';
import { Feed, type FeedState, type OpenedView, type Refused } from './feed.ts';
import { isWorthAWord, type KnownGap, KnownGaps, untold } from './known-gaps.ts';
import {
  type GapPolicy,
  type PlaybackOptions,
  type PlaybackState,
  type PlaybackStatus,
  type Speed,
  stateOf,
} from './playback-status.ts';
import { answers, type Sought, sought } from './sought.ts';
import { Stock } from './stock.ts';
import { nowMs, onPulse } from './time.ts';
import type { MappedPart } from './timemap.ts';

/** An instant's media time has room for this much before and after the first one that was asked for. */
const roomS = 60 * 86_400;
const soughtPatienceMs = 400;
const keepBehindS = 20;
const trimAboveS = 45;
/** At the end of what is held, a gap that begins so soon is the one that playing runs into. */
const gapAheadMs = 1500;
const starvedAfterMs = 3000;
const pollEndMs = 1000;
const scrubPatienceMs = 400;
/** A picture begins a moment after its time, so that rounding never shows the one before. */
const insidePictureS = 0.001;

export class PlaybackPlayer implements Disposable {
  readonly #options: PlaybackOptions;
  readonly #feed: Feed;
  readonly #video: HTMLVideoElement;
  readonly #stopPulse: () => void;
  #buffer: MediaBuffer;
  #baseMs: number;
  #span: { fromMs: number; toMs: number };
  #feedState: FeedState = { kind: 'opening' };
  #init: InitJson | null = null;
  #problem: { code: string; values: Refused['values'] } | null = null;
  #pending: Sought | null;
  #wantsToPlay: boolean;
  #speed: Speed = 1;
  #gapPolicy: GapPolicy;
  readonly #gaps = new KnownGaps();
  readonly #stock = new Stock();
  #skipped: KnownGap | null = null;
  #inGap: { gap: KnownGap; atMs: number; beatMs: number } | null = null;
  #muted = true;
  #positionMs: number;
  #shownS: number | null = null;
  #awaitsAnswer = false;
  #ended = false;
  #endPolledMs = 0;
  #starvedSinceMs: number | null = null;
  #scrub: { wantedMs: number; askedMs: number; busySinceMs: number | null; remote: boolean } | null = null;
  #seeks = 0;
  #breaks = 0;
  #status: PlaybackStatus;
  #over = false;

  constructor(options: PlaybackOptions) {
    this.#options = options;
    this.#gapPolicy = options.gaps;
    this.#wantsToPlay = options.plays;
    this.#positionMs = options.atMs;
    this.#span = options.spanOf(options.atMs);
    this.#baseMs = options.atMs - (roomS / 2) * 1000;
    this.#pending = sought(options.atMs);
    this.#video = this.#makeVideo();
    this.#buffer = this.#makeBuffer();
    this.#feed = new Feed({
      door: {
        open: () => options.door.open(this.#span.fromMs, this.#span.toMs),
        renew: (ticket) => options.door.renew(ticket),
        close: (ticket) => options.door.close(ticket),
      },
      pauses: false,
      onFrame: (frame) => this.#take(frame),
      onState: (state) => this.#onFeed(state),
    });
    this.#status = this.#read();
    this.#watchPictures();
    this.#stopPulse = onPulse(() => this.#beat());
    this.#feed.start();
  }

  [Symbol.dispose](): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopPulse();
    this.#feed[Symbol.dispose]();
    this.#buffer[Symbol.dispose]();
    this.#options.host.replaceChildren();
  }

  get status(): PlaybackStatus {
    return this.#status;
  }

  /** UTC of what is shown (or is being sought), ms since 1970. */
  get positionMs(): number {
    return this.#positionMs;
  }

  get view(): OpenedView | null {
    return this.#feed.view;
  }

  #makeVideo(): HTMLVideoElement {
    const video = document.createElement('video');
    video.muted = true;
    video.playsInline = true;
    video.disablePictureInPicture = true;
    this.#options.host.append(video);
    return video;
  }

  #makeBuffer(): MediaBuffer {
    return new MediaBuffer({
      video: this.#video,
      baseMs: this.#baseMs,
      place: 'by-wall',
      durationS: roomS,
      onAppended: () => this.#beat(),
      onBroken: () => this.#onBroken(),
    });
  }

  #onBroken(): void {
    this.#breaks += 1;
    const again = () => {
      if (this.#over) return;
      this.#buffer = this.#makeBuffer();
      this.#pending = sought(this.#positionMs);
      // A new connection begins with its init.
      this.#feed.reopen();
    };
    setTimeout(again, Math.min(10_000, 250 * 2 ** this.#breaks));
  }

  // What a person can do.

  play(): void {
    this.#wantsToPlay = true;
    // More may have been recorded since the end was reached.
    if (this.#status.state.kind === 'end') {
      this.#pending = sought(this.#positionMs);
      this.#askServer(this.#positionMs, false);
    }
    this.#goOn();
    this.#tell();
  }

  pause(): void {
    this.#wantsToPlay = false;
    this.#video.pause();
    this.#tell();
  }

  setSpeed(speed: Speed): void {
    this.#speed = speed;
    this.#video.playbackRate = speed;
    this.#askAhead();
    this.#tell();
  }

  setGaps(gaps: GapPolicy): void {
    this.#gapPolicy = gaps;
    if (gaps === 'skip' && this.#inGap) this.leaveGap();
    this.#tell();
  }

  setMuted(muted: boolean): void {
    this.#muted = muted;
    this.#video.muted = muted;
    this.#tell();
  }

  setVisible(visible: boolean): void {
    if (!visible) this.#video.pause();
    this.#feed.setVisible(visible);
    if (visible) this.#goOn();
  }

  /** Shows an instant. Inside of what is held nothing is asked of the server. */
  seek(atMs: number): void {
    const wasRemote = this.#scrub?.remote === true;
    this.#scrub = null;
    this.#inGap = null;
    this.#skipped = null;
    this.#positionMs = atMs;
    this.#pending = sought(atMs);
    const targetS = wasRemote ? null : this.#buffer.map.mediaAt(atMs);
    if (targetS !== null) this.#showAt(targetS);
    else this.#askServer(atMs, false);
    this.#options.onPosition(atMs);
    this.#tell();
  }

  /** While the playhead is dragged: key pictures, as fast as they come. End with `seek`. */
  scrub(atMs: number): void {
    this.#video.pause();
    this.#inGap = null;
    this.#skipped = null;
    this.#positionMs = atMs;
    this.#scrub ??= { wantedMs: atMs, askedMs: Number.NaN, busySinceMs: null, remote: false };
    this.#scrub.wantedMs = atMs;
    this.#scrubOn();
    this.#options.onPosition(atMs);
    this.#tell();
  }

  #scrubOn(): void {
    const scrub = this.#scrub;
    if (!scrub || scrub.askedMs === scrub.wantedMs) return;
    if (scrub.busySinceMs !== null && nowMs() - scrub.busySinceMs < scrubPatienceMs) return;
    scrub.askedMs = scrub.wantedMs;
    scrub.busySinceMs = nowMs();
    this.#pending = sought(scrub.wantedMs);
    const heldS = scrub.remote ? null : this.#buffer.map.mediaAt(scrub.wantedMs);
    if (heldS !== null) {
      this.#showAt(heldS);
      return;
    }
    scrub.remote = true;
    this.#askServer(scrub.wantedMs, true);
  }

  /** One picture on or back. */
  step(by: 1 | -1): void {
    this.pause();
    this.#inGap = null;
    const fromS = this.#pending?.targetS ?? this.#shownS;
    if (fromS === null) return;
    const map = this.#buffer.map;
    const pictureS = map.pictureAt(fromS) ?? fromS;
    const nextS = by > 0 ? map.pictureAfter(pictureS) : map.pictureBefore(pictureS);
    if (nextS === null) {
      // Before the first picture that is held: an instant just before it shows the one that preceded it.
      if (by < 0) this.seek(this.#positionMs - 15);
      return;
    }
    this.#pending = sought(map.wallAt(nextS) ?? this.#positionMs);
    this.#showAt(nextS);
    this.#tell();
  }

  /** Out of the gap that is being waited through. */
  leaveGap(): void {
    const gap = this.#inGap?.gap;
    if (!gap) return;
    this.#inGap = null;
    this.#skipped = gap;
    this.#landAfter(gap);
  }

  // What comes from the server.

  #onFeed(state: FeedState): void {
    this.#feedState = state;
    if (state.kind === 'open') this.#onOpen();
    this.#tell();
  }

  #onOpen(): void {
    this.#problem = null;
    this.#pending ??= sought(this.#positionMs);
    this.#askServer(this.#pending.atMs, false);
  }

  #take(frame: Frame): void {
    if (frame.kind === 'init') {
      this.#init = frame.json;
      this.#buffer.init(frame);
    } else if (frame.kind === 'part') this.#onPart(frame);
    else if (frame.kind === 'gap') this.#onGap(frame);
    else if (frame.kind === 'end') {
      this.#ended = true;
      if (this.#scrub) this.#scrub.busySinceMs = null;
    } else if (frame.kind === 'problem') this.#problem = frame.json;
    if (frame.kind !== 'part') this.#beat();
  }

  #onPart(frame: Extract<Frame, { kind: 'part' }>): void {
    // What was still under way for the place before is not the answer; the answer begins with a discontinuity.
    if (this.#awaitsAnswer && !frame.discontinuity) return;
    this.#awaitsAnswer = false;
    this.#ended = false;
    this.#problem = null;
    const part = this.#buffer.part(frame);
    if (part && this.#pending) this.#aim(this.#pending, part);
  }

  /** Points a pending seek at its picture as soon as it is known where that is. */
  #aim(pending: Sought, part: MappedPart): void {
    if (pending.targetS !== null) return;
    if (this.#scrub) {
      this.#showAt(part.startS);
      return;
    }
    const targetS = this.#buffer.map.mediaAt(pending.atMs);
    if (targetS !== null) {
      this.#showAt(targetS);
      return;
    }
    // Not yet: the answer begins with the key before the instant.
    if (part.wallMs <= pending.atMs) return;
    const gap = this.#gaps.between(pending.atMs, part.wallMs);
    if (this.#gapPolicy === 'wait' && isWorthAWord({ fromMs: pending.atMs, toMs: gap.toMs })) {
      this.#enterGap(gap, pending.atMs);
      return;
    }
    if (isWorthAWord(gap)) this.#skipped = gap;
    pending.atMs = part.wallMs;
    this.#showAt(part.startS);
  }

  #onGap(frame: Extract<Frame, { kind: 'gap' }>): void {
    const gap = {
      fromMs: frame.fromMs,
      toMs: frame.json.to,
      cause: frame.json.cause,
      detail: frame.json.detail,
    };
    if (!(gap.toMs > gap.fromMs)) return;
    this.#gaps.add(gap);
    // The gap says what a problem before it meant.
    this.#problem = null;
    if (this.#scrub) this.#scrub.busySinceMs = null;
    this.#askAhead();
  }

  #askServer(atMs: number, keysOnly: boolean): void {
    if (!this.#makeRoom(atMs)) return;
    this.#buffer.forget();
    this.#gaps.forget();
    this.#ended = false;
    this.#awaitsAnswer = true;
    this.#starvedSinceMs = nowMs();
    const untilMs = this.#stock.beginAt(atMs, keysOnly);
    this.#video.pause();
    this.#feed.wish({ op: 'seek', atMs, untilMs, ...(keysOnly ? { keysOnly } : {}) });
  }

  /** False: the instant is outside of the open view, another is being opened and will ask by itself. */
  #makeRoom(atMs: number): boolean {
    if (Math.abs((atMs - this.#baseMs) / 1000 - roomS / 2) > roomS / 2 - 86_400) {
      this.#baseMs = atMs - (roomS / 2) * 1000;
      this.#buffer[Symbol.dispose]();
      this.#buffer = this.#makeBuffer();
      this.#span = this.#options.spanOf(atMs);
      this.#feed.reopen();
      return false;
    }
    if (atMs >= this.#span.fromMs && atMs < this.#span.toMs) return true;
    this.#span = this.#options.spanOf(atMs);
    this.#feed.reopen();
    return false;
  }

  /** The picture that is sought comes first, unless there may be none near it. */
  get #isFirstAwaited(): boolean {
    const pending = this.#pending;
    return this.#awaitsAnswer || (pending !== null && nowMs() - pending.startedMs < soughtPatienceMs);
  }

  /** Moves the credit ahead of what is shown; over a gap, ahead of its end. */
  #askAhead(): void {
    if (this.#awaitsAnswer || this.#scrub) return;
    const wantedMs = this.#stock.wanted(this.#positionMs, this.#gaps, this.#speed, nowMs());
    if (wantedMs === null) return;
    if (this.#feed.wish({ op: 'until', untilMs: wantedMs })) this.#stock.askedFor(wantedMs);
  }

  // What is shown.

  /** Shows the picture of a media time that is among the parts. */
  #showAt(atS: number): void {
    const pictureS = this.#buffer.map.pictureAt(atS) ?? atS;
    this.#pending ??= sought(this.#positionMs);
    this.#pending.targetS = pictureS;
    this.#pending.placeS = Math.max(atS, pictureS + insidePictureS);
    this.#place();
  }

  /**
   * Sets the element, but not before the picture is in its buffer: Chromium takes a seek to a moment before a buffered
   * range for one to its beginning, and would show that picture for good.
   */
  #place(): void {
    const placeS = this.#pending?.placeS ?? null;
    if (!this.#pending || placeS === null || !this.#buffer.rangeAt(placeS)) return;
    this.#pending.placeS = null;
    const isShown = this.#shownS === this.#pending.targetS && !this.#video.seeking;
    // No new picture is announced for the one that is on the screen already.
    if (isShown && Math.abs(this.#video.currentTime - placeS) < 0.0004)
      this.#onPicture(this.#shownS ?? placeS);
    else this.#video.currentTime = placeS;
    this.#goOn();
  }

  #watchPictures(): void {
    const onPicture: VideoFrameRequestCallback = (_, picture) => {
      if (this.#over) return;
      this.#onPicture(picture.mediaTime);
      this.#video.requestVideoFrameCallback(onPicture);
    };
    this.#video.requestVideoFrameCallback(onPicture);
  }

  #onPicture(mediaS: number): void {
    const wallMs = this.#buffer.map.wallWithin(mediaS + 0.0005);
    if (wallMs === null) return;
    const pending = this.#pending;
    if (pending) {
      const plays = this.#wantsToPlay && !this.#video.seeking;
      if (!answers(pending, mediaS, plays ? this.#speed : null)) return;
      this.#onSought(pending);
    }
    this.#shownS = mediaS;
    this.#positionMs = Math.round(wallMs - 0.5);
    this.#starvedSinceMs = null;
    this.#options.host.dataset.shownWallMs = String(this.#positionMs);
    if (!this.#scrub) this.#options.onPosition(this.#positionMs);
  }

  #onSought(pending: Sought): void {
    const { host } = this.#options;
    this.#pending = null;
    this.#stock.growFrom(nowMs());
    this.#seeks += 1;
    this.#breaks = 0;
    const tookMs = Math.round(nowMs() - pending.startedMs);
    if (host.dataset.firstFrameMs === undefined) host.dataset.firstFrameMs = String(tookMs);
    host.dataset.seekMs = String(tookMs);
    host.dataset.seeks = String(this.#seeks);
    host.dispatchEvent(new CustomEvent('custos:sought', { bubbles: true, detail: { tookMs } }));
    if (this.#scrub) {
      this.#scrub.busySinceMs = null;
      this.#scrubOn();
      return;
    }
    // Only now, so that the picture before stays until this one is there: the places before are let go.
    const { first, last } = this.#buffer.map;
    if (first && last) this.#buffer.keep(first.startS - 0.02, last.endS + 1);
    this.#goOn();
    this.#tell();
  }

  #goOn(): void {
    const video = this.#video;
    const waits = this.#pending !== null && (this.#pending.targetS === null || this.#pending.placeS !== null);
    if (!this.#wantsToPlay || this.#scrub || this.#inGap || waits || document.hidden) return;
    video.playbackRate = this.#speed;
    if (video.paused) video.play().catch(() => undefined);
  }

  #beat(): void {
    if (this.#over || this.#feedState.kind === 'hidden') {
      this.#tell();
      return;
    }
    if (this.#scrub) {
      this.#place();
      this.#scrubOn();
    } else if (this.#inGap) this.#waitInGap(this.#inGap);
    else if (this.#pending?.targetS === null) this.#lookForGap(this.#pending);
    else if (this.#pending) this.#place();
    else if (!this.#pending) this.#crossHole();
    if (!this.#isFirstAwaited) this.#askAhead();
    this.#pollEnd();
    this.#feedStarved();
    this.#trim();
    this.#tell();
  }

  /** A seek into a gap: nothing will come for this instant. */
  #lookForGap(pending: Sought): void {
    const gap = this.#gaps.at(pending.atMs);
    const last = this.#buffer.map.last;
    // Behind the newest picture: that one is what there is to show.
    if (!gap && last && this.#ended && last.wallMs < pending.atMs) {
      pending.atMs = last.wallMs;
      this.#showAt(last.picturesS.at(-1) ?? last.startS);
      return;
    }
    if (!gap) return;
    if (this.#gapPolicy === 'wait') {
      this.#enterGap(gap, pending.atMs);
      return;
    }
    this.#awaitsAnswer = false;
    this.#askAhead();
  }

  #enterGap(gap: KnownGap, atMs: number): void {
    this.#pending = null;
    this.#video.pause();
    this.#inGap = { gap, atMs, beatMs: nowMs() };
    this.#positionMs = atMs;
  }

  /** A gap is waited through at the chosen speed: the clock runs, the picture is empty. */
  #waitInGap(inGap: { gap: KnownGap; atMs: number; beatMs: number }): void {
    const now = nowMs();
    if (this.#wantsToPlay) inGap.atMs += (now - inGap.beatMs) * this.#speed;
    inGap.beatMs = now;
    this.#positionMs = Math.round(Math.min(inGap.atMs, inGap.gap.toMs));
    this.#options.onPosition(this.#positionMs);
    if (inGap.atMs < inGap.gap.toMs) return;
    this.#inGap = null;
    this.#landAfter(inGap.gap);
  }

  #landAfter(gap: KnownGap): void {
    const part = this.#buffer.map.partAfter((gap.toMs - this.#baseMs) / 1000 - 1);
    const pending = sought(part?.wallMs ?? gap.toMs);
    this.#pending = pending;
    this.#positionMs = pending.atMs;
    if (part) this.#showAt(part.startS);
    else this.#askServer(gap.toMs, false);
    this.#tell();
  }

  /** At the end of what is held in one piece: on to the next piece, through the gap between. */
  #crossHole(): void {
    const video = this.#video;
    if (!this.#wantsToPlay || video.seeking || this.#awaitsAnswer) return;
    const range = this.#buffer.rangeAt(video.currentTime);
    const endS = range?.endS ?? video.currentTime;
    const atEnd =
      endS - video.currentTime < 0.06 || (video.readyState < 3 && endS - video.currentTime < 0.25);
    if (!atEnd) return;
    const next = this.#buffer.rangeAfter(video.currentTime + 0.001);
    const told = this.#gaps.ahead(this.#positionMs, gapAheadMs);
    if (told && this.#gapPolicy === 'wait' && isWorthAWord(told)) {
      this.#enterGap(told, Math.max(told.fromMs, this.#positionMs));
      return;
    }
    if (!next) return;
    const part = this.#buffer.map.partAt(next.startS + 0.01);
    if (told) this.#skipped = told;
    else if (isWorthAWord({ fromMs: endS * 1000, toMs: next.startS * 1000 }) && part)
      this.#skipped = untold(this.#positionMs, part.wallMs);
    this.#pending = sought(part?.wallMs ?? this.#positionMs);
    this.#showAt(part?.startS ?? next.startS);
  }

  /** At the newest: what is being recorded now comes a little later. At a view's end: on to the next view. */
  #pollEnd(): void {
    const now = nowMs();
    if (!this.#ended || now - this.#endPolledMs < pollEndMs) return;
    this.#endPolledMs = now;
    const next = this.#options.spanOf(this.#positionMs);
    if (this.#wantsToPlay && next.toMs > this.#span.toMs) {
      this.#span = next;
      this.#feed.reopen();
      return;
    }
    const { untilMs } = this.#stock;
    if (untilMs > this.#positionMs) this.#feed.wish({ op: 'until', untilMs });
  }

  /** Nothing came for what was asked (an answer crossed a question): ask again. */
  #feedStarved(): void {
    const isDry = this.#wantsToPlay && this.#video.readyState < 3 && !this.#ended;
    const isStarved = (this.#pending !== null && !this.#ended) || (isDry && !this.#inGap);
    if (!isStarved || !this.#feed.isOpen || this.#scrub) {
      if (!isStarved) this.#starvedSinceMs = null;
      return;
    }
    this.#starvedSinceMs ??= nowMs();
    if (nowMs() - this.#starvedSinceMs < starvedAfterMs) return;
    const atMs = this.#pending?.atMs ?? this.#positionMs;
    this.#pending = { ...sought(atMs), startedMs: this.#pending?.startedMs ?? nowMs() };
    this.#askServer(atMs, false);
  }

  #trim(): void {
    const firstS = this.#buffer.map.first?.startS;
    if (this.#pending || firstS === undefined) return;
    const atS = this.#video.currentTime;
    if (atS - firstS > trimAboveS) this.#buffer.keep(atS - keepBehindS);
  }

  // What is said.

  #state(): PlaybackState {
    const pending = this.#pending;
    return stateOf({
      feed: this.#feedState,
      waitedGap: this.#inGap?.gap ?? null,
      sought: pending && {
        hasTarget: pending.targetS !== null,
        gap: this.#gaps.at(pending.atMs) ?? null,
      },
      wantsToPlay: this.#wantsToPlay,
      canPlay: this.#video.readyState >= 3,
      ended: this.#ended,
      hasShown: this.#shownS !== null,
      problem: this.#problem,
    });
  }

  #read(): PlaybackStatus {
    return {
      state: this.#state(),
      wantsToPlay: this.#wantsToPlay,
      speed: this.#speed,
      gaps: this.#gapPolicy,
      skipped: this.#skipped,
      transcoded: this.#feed.view?.transcoded ?? false,
      init: this.#init,
      muted: this.#muted,
    };
  }

  #tell(): void {
    if (this.#over) return;
    const next = this.#read();
    if (JSON.stringify(next) === JSON.stringify(this.#status)) return;
    this.#status = next;
    this.#options.host.dataset.state = next.state.kind;
    this.#options.onStatus(next);
  }
}
