/**
 * The live player: makes a picture inside of an element, keeps it a fifth of a second behind the newest, and says
 * "live" only while parts arrive. Framework-free; it lives until it is disposed.
 */
import type { Frame, InitJson } from '../../../src/contract/frames.ts';
import { MediaBuffer } from './buffer.ts';
import { Feed, type FeedState, type Refused, type ViewDoor } from './feed.ts';
import { LagTarget, pace } from './pace.ts';
import { canPaint, Painter } from './painter.ts';
import { nowMs, onPulse } from './time.ts';

export type LiveMode = 'mediasource' | 'webcodecs';

export type LiveState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'stalled'; readonly seconds: number }
  /** The camera's own trouble, or a refusal that came with the stream. */
  | { readonly kind: 'problem'; readonly code: string; readonly values: Refused['values'] }
  | { readonly kind: 'refused'; readonly refused: Refused; readonly again: boolean }
  | { readonly kind: 'hidden' }
  | { readonly kind: 'ended' };

export interface LiveStatus {
  readonly state: LiveState;
  readonly mode: LiveMode;
  /** Why WebCodecs was left for MediaSource. */
  readonly fellBack: string | null;
  readonly transcoded: boolean;
  readonly stream: 'main' | 'sub' | null;
  readonly init: InitJson | null;
  readonly muted: boolean;
}

export interface LiveOptions {
  /** The picture is put in here and fills it. */
  readonly host: HTMLElement;
  readonly door: ViewDoor;
  readonly mode: LiveMode;
  readonly onStatus: (status: LiveStatus) => void;
  /** Every picture, or about twice a second: how often `data-shown-wall-ms` is written. */
  readonly marks: 'every-picture' | 'seldom';
}

/** Parts of a live stream come one picture at a time; a second and a half without one is not live. */
const stalledAfterMs = 1500;
/** After joining, what the server had kept comes in bursts: until then the picture jumps to the newest, not glides. */
const joiningMs = 2000;
const jumpAtMostEveryMs = 400;
/** Watching goes on from the buffer's end; what is behind is kept only as long as removing it is cheap. */
const keepBehindS = 10;
const trimAboveS = 25;
const seldomMs = 500;

export class LivePlayer implements Disposable {
  readonly #options: LiveOptions;
  readonly #feed: Feed;
  readonly #stopPulse: () => void;
  readonly #startedMs = nowMs();
  readonly #target = new LagTarget();
  #video: HTMLVideoElement | null = null;
  #buffer: MediaBuffer | null = null;
  #painter: Painter | null = null;
  #init: Extract<Frame, { kind: 'init' }> | null = null;
  #feedState: FeedState = { kind: 'opening' };
  #problem: { code: string; values: Refused['values'] } | null = null;
  #mode: LiveMode;
  #fellBack: string | null = null;
  #muted = true;
  #lastPartMs: number | null = null;
  #joinedMs = 0;
  #jumpedMs = 0;
  #dry = false;
  #shownWallMs: number | null = null;
  #markedMs = 0;
  #status: LiveStatus;
  #breaks = 0;
  #over = false;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#mode = options.mode === 'webcodecs' && canPaint() ? 'webcodecs' : 'mediasource';
    if (options.mode === 'webcodecs' && this.#mode !== 'webcodecs') this.#fellBack = 'insecure';
    this.#feed = new Feed({
      door: options.door,
      pauses: true,
      onFrame: (frame) => this.#take(frame),
      onState: (state) => this.#onFeed(state),
    });
    this.#status = this.#read();
    this.#makePicture();
    this.#stopPulse = onPulse(() => this.#beat());
    this.#feed.start();
  }

  get status(): LiveStatus {
    return this.#status;
  }

  /** UTC of the picture on the screen, ms since 1970. */
  get shownWallMs(): number | null {
    return this.#shownWallMs;
  }

  /** How old the picture on the screen is, by the server's clock, ms. */
  get delayMs(): number | null {
    return this.#shownWallMs === null ? null : this.#feed.serverNowMs - this.#shownWallMs;
  }

  /** The open view, for a still of what is seen. */
  get view() {
    return this.#feed.view;
  }

  [Symbol.dispose](): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopPulse();
    this.#feed[Symbol.dispose]();
    this.#dropPicture();
  }

  setVisible(visible: boolean): void {
    this.#feed.setVisible(visible);
  }

  setMuted(muted: boolean): void {
    this.#muted = muted;
    if (this.#video) this.#video.muted = muted;
    this.#tell();
  }

  setMode(mode: LiveMode): void {
    if (mode === this.#mode) return;
    this.#fellBack = null;
    this.#switchTo(mode);
  }

  #switchTo(mode: LiveMode): void {
    this.#mode = mode;
    this.#dropPicture();
    this.#makePicture();
    this.#tell();
    // The newest key and all after it come again with a new connection; the view stays.
    this.#feed.reopen();
  }

  #makePicture(): void {
    if (this.#mode === 'webcodecs') this.#makeCanvas();
    else this.#makeVideo();
  }

  #makeCanvas(): void {
    const canvas = document.createElement('canvas');
    this.#options.host.append(canvas);
    this.#painter = new Painter({
      canvas,
      onPicture: (wallMs) => this.#onPicture(wallMs),
      onBroken: (why) => {
        this.#fellBack = why;
        this.#switchTo('mediasource');
      },
    });
  }

  #makeVideo(): void {
    const video = document.createElement('video');
    video.muted = this.#muted;
    video.autoplay = true;
    video.playsInline = true;
    video.disablePictureInPicture = true;
    this.#video = video;
    this.#options.host.append(video);
    video.addEventListener('waiting', () => this.#onDry());
    this.#watchPictures(video);
    this.#makeBuffer(video);
  }

  #makeBuffer(video: HTMLVideoElement): void {
    this.#buffer?.[Symbol.dispose]();
    this.#buffer = new MediaBuffer({
      video,
      baseMs: null,
      place: 'forward',
      onAppended: () => this.#follow(),
      onBroken: () => this.#onBroken(video),
    });
  }

  /** The browser's decoder gave up: a new one gets a new beginning, with a pause that grows if it does so again. */
  #onBroken(video: HTMLVideoElement): void {
    this.#breaks += 1;
    setTimeout(
      () => {
        if (this.#over || this.#video !== video) return;
        this.#makeBuffer(video);
        this.#feed.reopen();
      },
      Math.min(10_000, 250 * 2 ** this.#breaks),
    );
  }

  #dropPicture(): void {
    this.#painter?.[Symbol.dispose]();
    this.#painter = null;
    this.#buffer?.[Symbol.dispose]();
    this.#buffer = null;
    this.#video = null;
    this.#options.host.replaceChildren();
  }

  #watchPictures(video: HTMLVideoElement): void {
    const onPicture: VideoFrameRequestCallback = (_, picture) => {
      if (this.#over || this.#video !== video) return;
      const wallMs = this.#buffer?.map.wallAt(picture.mediaTime) ?? null;
      if (wallMs !== null) this.#onPicture(wallMs);
      video.requestVideoFrameCallback(onPicture);
    };
    video.requestVideoFrameCallback(onPicture);
  }

  #onPicture(wallMs: number): void {
    const { host, marks } = this.#options;
    const isFirst = this.#shownWallMs === null;
    this.#shownWallMs = wallMs;
    const now = nowMs();
    if (isFirst) {
      host.dataset.firstFrameMs = String(Math.round(now - this.#startedMs));
      host.dispatchEvent(new CustomEvent('custos:first-frame', { bubbles: true }));
      // The key was shown to have something at once; now to the newest.
      this.#joinedMs = now;
      this.#follow();
    }
    if (marks === 'seldom' && now - this.#markedMs < seldomMs) return;
    this.#markedMs = now;
    host.dataset.shownWallMs = String(Math.round(wallMs));
  }

  #take(frame: Frame): void {
    switch (frame.kind) {
      case 'init':
        this.#init = frame;
        if (this.#painter) this.#painter.init(frame);
        else this.#buffer?.init(frame);
        this.#tell();
        return;
      case 'part':
        this.#lastPartMs = nowMs();
        this.#problem = null;
        if (this.#painter) this.#painter.part(frame);
        else this.#buffer?.part(frame);
        return;
      case 'problem':
        this.#problem = frame.json;
        this.#lastPartMs = null;
        this.#tell();
        return;
      default:
        return;
    }
  }

  #onFeed(state: FeedState): void {
    this.#feedState = state;
    if (state.kind === 'opening') this.#problem = null;
    if (state.kind === 'open') this.#joinedMs = nowMs();
    this.#tell();
  }

  #onDry(): void {
    // Running dry because nothing comes is not the network's jitter.
    if (nowMs() - this.#joinedMs > joiningMs) this.#dry = true;
  }

  #follow(): void {
    const video = this.#video;
    const newest = this.#buffer?.newest;
    if (!video || !newest) return;
    if (this.#shownWallMs === null) {
      // The first key at once, wherever the clock put it.
      if (video.currentTime < newest.startS || video.currentTime > newest.endS)
        video.currentTime = newest.startS;
      if (video.paused) video.play().catch(() => undefined);
      return;
    }
    const lagS = newest.endS - video.currentTime;
    const next = pace(lagS, this.#target.seconds);
    const isOff = video.currentTime < newest.startS - 0.1 || lagS < -0.1;
    const now = nowMs();
    const isJoining = now - this.#joinedMs < joiningMs && lagS > this.#target.seconds + 0.3;
    if (isOff || ((next.jump || isJoining) && now - this.#jumpedMs > jumpAtMostEveryMs)) {
      this.#jumpedMs = now;
      video.currentTime = Math.max(newest.startS, newest.endS - this.#target.seconds);
      video.playbackRate = 1;
    } else if (video.playbackRate !== next.rate) {
      video.playbackRate = next.rate;
    }
    if (video.paused && !document.hidden) video.play().catch(() => undefined);
  }

  #beat(): void {
    const now = nowMs();
    const arrives = this.#lastPartMs !== null && now - this.#lastPartMs < stalledAfterMs;
    if (this.#dry && arrives) this.#target.ranDry(now);
    if (arrives) this.#dry = false;
    this.#target.beat(now);
    if (arrives) this.#follow();
    this.#trim();
    this.#tell();
  }

  #trim(): void {
    const video = this.#video;
    const buffer = this.#buffer;
    const range = buffer?.rangeAt(video?.currentTime ?? 0);
    if (!video || !buffer || !range) return;
    const firstS = buffer.map.first?.startS ?? range.startS;
    if (video.currentTime - firstS > trimAboveS) buffer.keep(video.currentTime - keepBehindS);
  }

  #state(): LiveState {
    const feed = this.#feedState;
    if (feed.kind === 'over') return { kind: 'ended' };
    if (feed.kind === 'hidden') return { kind: 'hidden' };
    if (feed.kind === 'refused')
      return { kind: 'refused', refused: feed.refused, again: feed.retryInMs !== null };
    if (this.#problem) return { kind: 'problem', ...this.#problem };
    if (feed.kind !== 'open' || this.#lastPartMs === null || this.#shownWallMs === null)
      return { kind: 'connecting' };
    const silentMs = nowMs() - this.#lastPartMs;
    if (silentMs > stalledAfterMs) return { kind: 'stalled', seconds: Math.floor(silentMs / 1000) };
    return { kind: 'live' };
  }

  #read(): LiveStatus {
    return {
      state: this.#state(),
      mode: this.#mode,
      fellBack: this.#fellBack,
      transcoded: this.#feed.view?.transcoded ?? false,
      stream: this.#feed.view?.stream ?? null,
      init: this.#init?.json ?? null,
      muted: this.#muted,
    };
  }

  #tell(): void {
    const next = this.#read();
    if (isSame(this.#status, next)) return;
    this.#status = next;
    this.#options.host.dataset.state = next.state.kind;
    this.#options.host.dataset.mode = next.mode;
    this.#options.onStatus(next);
  }
}

function isSame(before: LiveStatus, after: LiveStatus): boolean {
  if (JSON.stringify(before.state) !== JSON.stringify(after.state)) return false;
  return (
    before.mode === after.mode &&
    before.fellBack === after.fellBack &&
    before.transcoded === after.transcoded &&
    before.stream === after.stream &&
    before.init === after.init &&
    before.muted === after.muted
  );
}
