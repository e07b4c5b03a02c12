/**
 * A stream's picture in H.264, made by one FFmpeg for all who cannot play what the camera sends. It watches the
 * stream like any viewer and feeds a hub of its own; it lives while somebody watches it.
 */
import { type Log, sayError } from '../../base/index.ts';
import { encodeJson } from '../../contract/frames.ts';
import type { Mp4Video } from '../mp4/index.ts';
import { partHead } from '../mp4/index.ts';
import { type PartOut, Transcode } from '../transcode.ts';
import { type Entry, Hub, type LiveRun, type Watcher } from './live.ts';
import type { Run } from './run.ts';

export interface TranscodedContext {
  readonly ffmpeg: string | null;
  readonly log: Log;
  /** What the camera sends, for the sentence that says why it cannot be shown. */
  codec(): string;
  /** One of the transcodes that may run at once; `ended` gives it back. */
  mayStart(): Promise<boolean>;
  ended(): void;
}

export class Transcoded implements Watcher {
  readonly hub = new Hub();
  readonly #at: TranscodedContext;
  #transcode: Transcode | null = null;
  #of: LiveRun | null = null;
  #out: Run | null = null;
  #held: Entry | null = null;
  #sequence = 0;
  /** Where FFmpeg's last picture stood: what is between is counted on from there. */
  #last = { decode: 0, wallMs: 0 };
  #slot: 'none' | 'asked' | 'held' = 'none';
  #over = false;

  constructor(at: TranscodedContext) {
    this.#at = at;
  }

  /** Asks for leave; false says so to the viewers and the stream forgets this. */
  async start(): Promise<boolean> {
    if (!this.#at.ffmpeg) return this.#refuse('FFmpeg');
    this.#slot = 'asked';
    const may = await this.#at.mayStart().catch(() => false);
    this.#slot = may ? 'held' : 'none';
    if (may && this.#over) this.#release();
    return may ? !this.#over : this.#refuse('limit');
  }

  /** The clock is said to each viewer when it comes; everything else concerns them all. */
  say(frame: Uint8Array): void {
    this.hub.say(frame);
  }

  begin(cached: readonly Entry[]): void {
    for (const entry of cached) this.send(entry);
  }

  /** A picture goes in when the next one tells how long it lasts: FFmpeg's times must not creep. */
  send(entry: Entry): void {
    if (entry.audio || this.#over || this.#slot !== 'held') return;
    const held = this.#held;
    this.#held = entry;
    if (entry.run !== this.#of) {
      if (entry.key) this.#begin(entry.run);
      else this.#held = null;
    } else if (held) this.#offer(held, entry.decode - held.decode);
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    void this.#transcode?.[Symbol.asyncDispose]();
    this.#transcode = null;
    this.#release();
  }

  #begin(run: LiveRun): void {
    void this.#transcode?.[Symbol.asyncDispose]();
    this.#of = run;
    const transcode: Transcode = new Transcode({
      ffmpeg: this.#at.ffmpeg as string,
      init: run.init,
      onInit: (init, video) => this.#transcode === transcode && this.#begun(init, video),
      onPart: (part) => {
        if (this.#transcode === transcode) this.#picture(part);
      },
      onEnd: (why) => this.#transcode === transcode && why !== null && this.#failed(why),
    });
    this.#transcode = transcode;
  }

  #offer(entry: Entry, ticks: number): void {
    const { data, key, ctsTicks, decode: decodeTicks, wallMs } = entry;
    const sample = { bytes: data.length, ticks, key, ctsTicks };
    const head = partHead({ sequence: ++this.#sequence, video: { decodeTicks, samples: [sample] } });
    this.#transcode?.offer({ pieces: [head, data], key, decodeTicks, ticks, wallMs });
  }

  #begun(init: Uint8Array, video: Mp4Video): void {
    this.#out = {
      id: '',
      video: { ...video, reorderDepth: 0 },
      audio: null,
      init,
      wallMs: (ticks) => this.#last.wallMs + (ticks - this.#last.decode) / 90,
    };
  }

  #picture({ bytes, payloadOffset, key, ticks, decodeTicks, wallMs }: PartOut): void {
    const run = this.#out;
    if (!run) return;
    this.#last = { decode: decodeTicks, wallMs };
    const data = bytes.subarray(payloadOffset);
    this.hub.picture(run, {
      data,
      bytes: data.length,
      key,
      decode: decodeTicks,
      ctsTicks: 0,
      ticks,
      slab: null,
    });
  }

  #failed(why: string): void {
    this.#at.log.error({ problem: sayError(why) }, 'a transcode ended');
    this.#refuse(why.slice(0, 200));
    this.end();
  }

  #refuse(reason: string): false {
    const values = { codec: this.#at.codec(), reason };
    this.hub.say(encodeJson('problem', { code: 'view.cannot-play', values }));
    return false;
  }

  #release(): void {
    if (this.#slot !== 'held') return;
    this.#slot = 'none';
    this.#at.ended();
  }
}
