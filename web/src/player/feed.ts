/**
 * The way footage comes to a player: a view is opened, its WebSocket read, the view renewed while someone looks and
 * closed when nobody does. A broken line is mended with a growing pause; a view that has ended is opened anew.
 */
import { decodeFrame, type Frame, type Wish } from '../../../src/contract/frames.ts';
import { wallNowMs } from './time.ts';

export interface OpenedView {
  readonly ticket: string;
  /** Path of the media door. */
  readonly url: string;
  /** RFC 3339. */
  readonly expires: string;
  readonly transcoded: boolean;
  readonly stream: 'main' | 'sub';
}

/** What the feed needs of the server. `open` and `renew` throw a `Refused` when the server says no. */
export interface ViewDoor {
  open(): Promise<OpenedView>;
  renew(ticket: string): Promise<{ readonly expires: string }>;
  close(ticket: string): Promise<void>;
}

/** A "no" of the server, as the console's calls throw it. */
export interface Refused {
  readonly code: string;
  readonly status: number;
  readonly values: Readonly<Record<string, string | number>>;
}

export type FeedState =
  | { readonly kind: 'opening' }
  | { readonly kind: 'open' }
  | { readonly kind: 'broken'; readonly retryInMs: number }
  | { readonly kind: 'refused'; readonly refused: Refused; readonly retryInMs: number | null }
  | { readonly kind: 'hidden' }
  | { readonly kind: 'over' };

export interface FeedOptions {
  readonly door: ViewDoor;
  readonly onFrame: (frame: Frame) => void;
  readonly onState: (state: FeedState) => void;
  /** Tells the server to pause while hidden; playback simply asks for no more. */
  readonly pauses: boolean;
}

/** A view that nobody sees is kept this long, so that a glance elsewhere costs nothing. */
const hiddenForMs = 30_000;
const firstRetryMs = 300;
const mostRetryMs = 10_000;
/** The server's closing code of a view that may not go on. */
const cutCode = 4403;
/** Tickets live about ten minutes; a browser's wrong clock must not make them look longer or shorter than this. */
const shortestLifeMs = 20_000;
const longestLifeMs = 15 * 60_000;
/** What may pass: the server is starting again, is full, or asks for a moment's patience. */
const passingStatus = new Set([0, 408, 410, 415, 429, 500, 502, 503, 504]);

const isRefused = (error: unknown): error is Refused =>
  typeof error === 'object' && error !== null && 'code' in error && 'status' in error;

export class Feed implements Disposable {
  readonly #options: FeedOptions;
  #view: OpenedView | null = null;
  #socket: WebSocket | null = null;
  #over = false;
  #visible = true;
  #hiddenTimer: ReturnType<typeof setTimeout> | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #renewTimer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #attempt = 0;
  #frames = 0;
  #serverAheadMs = 0;

  constructor(options: FeedOptions) {
    this.#options = options;
    globalThis.addEventListener('pagehide', this.#onPageHide);
  }

  get view(): OpenedView | null {
    return this.#view;
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** The server's clock, ms since 1970, as well as it is known. */
  get serverNowMs(): number {
    return wallNowMs() + this.#serverAheadMs;
  }

  start(): void {
    void this.#connect();
  }

  [Symbol.dispose](): void {
    if (this.#over) return;
    this.#over = true;
    globalThis.removeEventListener('pagehide', this.#onPageHide);
    this.#letGo();
    this.#options.onState({ kind: 'over' });
  }

  /** Gives the present view back and opens another (another span, another stream). */
  reopen(): void {
    this.#letGo();
    this.#failures = 0;
    if (this.#visible) void this.#connect();
  }

  wish(wish: Wish): boolean {
    if (!this.isOpen) return false;
    this.#socket?.send(JSON.stringify(wish));
    return true;
  }

  setVisible(visible: boolean): void {
    if (visible === this.#visible || this.#over) return;
    this.#visible = visible;
    clearTimeout(this.#hiddenTimer);
    if (!visible) {
      if (this.#options.pauses) this.wish({ op: 'pause' });
      this.#options.onState({ kind: 'hidden' });
      this.#hiddenTimer = setTimeout(() => this.#letGo(), hiddenForMs);
    } else if (this.isOpen) {
      this.#options.onState({ kind: 'open' });
      if (this.#options.pauses) this.wish({ op: 'resume' });
    } else {
      this.#letGo();
      void this.#connect();
    }
  }

  /** A page that is left must not keep its views open until they expire: they count. */
  #onPageHide = (): void => this.#letGo();

  #letGo(): void {
    this.#attempt += 1;
    clearTimeout(this.#hiddenTimer);
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#renewTimer);
    this.#socket?.close();
    this.#socket = null;
    const view = this.#view;
    this.#view = null;
    // Nobody waits for the answer: the view ends by itself when this does not arrive.
    if (view) this.#options.door.close(view.ticket).catch(() => undefined);
  }

  async #connect(): Promise<void> {
    this.#attempt += 1;
    const attempt = this.#attempt;
    const isStale = () => this.#over || attempt !== this.#attempt;
    this.#options.onState({ kind: 'opening' });
    try {
      const view = this.#view ?? (await this.#options.door.open());
      if (isStale()) {
        // Opened for someone who has gone: give it back at once.
        this.#options.door.close(view.ticket).catch(() => undefined);
        return;
      }
      this.#view = view;
      this.#renewLater(view.expires);
      this.#listen(view, isStale);
    } catch (error) {
      if (!isStale()) this.#refused(error);
    }
  }

  #listen(view: OpenedView, isStale: () => boolean): void {
    const url = new URL(view.url, globalThis.location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    this.#frames = 0;
    socket.onopen = () => {
      if (isStale()) return socket.close();
      this.#options.onState({ kind: this.#visible ? 'open' : 'hidden' });
    };
    socket.onmessage = (message: MessageEvent<ArrayBuffer>) => {
      if (isStale()) return;
      try {
        this.#take(message.data);
      } catch {
        // What cannot be read cannot be trusted to go on; the line is opened anew.
        socket.close();
      }
    };
    socket.onclose = ({ code }) => {
      if (isStale()) return;
      // Cut by the server: the ticket is dead, and asking anew gives the reason.
      if (code === cutCode) this.#dropView();
      this.#broken();
    };
  }

  #take(data: ArrayBuffer): void {
    const frame = decodeFrame(new Uint8Array(data));
    if (frame.kind === 'clock') this.#serverAheadMs = frame.wallMs - wallNowMs();
    if (frame.kind === 'part') {
      this.#frames += 1;
      this.#failures = 0;
    }
    this.#options.onFrame(frame);
  }

  #broken(): void {
    this.#socket = null;
    // A line that never gave a picture had a ticket that is no good any more; a good one is tried again first.
    if (this.#frames === 0) this.#dropView();
    this.#retry((retryInMs) => ({ kind: 'broken', retryInMs }));
  }

  #refused(error: unknown): void {
    const refused: Refused = isRefused(error) ? error : { code: 'network.down', status: 0, values: {} };
    if (passingStatus.has(refused.status))
      this.#retry((retryInMs) => ({ kind: 'refused', refused, retryInMs }));
    else this.#options.onState({ kind: 'refused', refused, retryInMs: null });
  }

  #retry(state: (retryInMs: number) => FeedState): void {
    const most = Math.min(mostRetryMs, firstRetryMs * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 10);
    // A wall of tiles must not come back in one instant.
    const retryInMs = Math.round(most * (0.5 + 0.5 * jitter()));
    this.#options.onState(state(retryInMs));
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => void this.#connect(), retryInMs);
  }

  #dropView(): void {
    const view = this.#view;
    this.#view = null;
    clearTimeout(this.#renewTimer);
    if (view) this.#options.door.close(view.ticket).catch(() => undefined);
  }

  #renewLater(expires: string): void {
    const left = Date.parse(expires) - this.serverNowMs;
    const lifeMs = Math.min(longestLifeMs, Math.max(shortestLifeMs, Number.isFinite(left) ? left : 0));
    clearTimeout(this.#renewTimer);
    this.#renewTimer = setTimeout(() => void this.#renew(), lifeMs * 0.4);
  }

  async #renew(): Promise<void> {
    const view = this.#view;
    if (!view || this.#over) return;
    const attempt = this.#attempt;
    try {
      const { expires } = await this.#options.door.renew(view.ticket);
      if (this.#view === view) this.#renewLater(expires);
    } catch (error) {
      if (attempt !== this.#attempt || this.#view !== view) return;
      const passes = !isRefused(error) || error.status === 0 || error.status >= 500;
      if (passes) this.#renewTimer = setTimeout(() => void this.#renew(), shortestLifeMs / 2);
      // Refused: the gate permits it no more. What runs is cut by the server; asking anew gives the reason.
      else this.reopen();
    }
  }
}

const jitter = (): number => (crypto.getRandomValues(new Uint8Array(1))[0] as number) / 255;
