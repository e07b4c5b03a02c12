/**
 * Pictures turned into H.264 by an FFmpeg child: fragmented MP4 in, fragmented MP4 out, a part a picture. Every
 * picture that comes out knows the decode time and the wall time of the one that went in.
 *
 * One child has one head (`init`): when the camera's settings change, a new one is made. It runs at nice 10, is killed
 * with its viewer, and ends by itself when our process dies, for its input ends then. Sound is not passed on.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { childEnvironment, sayError } from '../base/index.ts';
import {
  changePart,
  concat,
  initExtent,
  Mp4Error,
  type Mp4Video,
  type PartHead,
  partHead,
  partHeadExtent,
  readBoxHead,
  readInit,
  readPartHead,
  type TrackDefaults,
  timescale,
} from './mp4/index.ts';

/** A part that goes in: moof + mdat, in pieces or whole; the first piece holds all of the head. */
export interface PartIn {
  readonly pieces: readonly Uint8Array[];
  readonly key: boolean;
  /** As in its tfdt. */
  readonly decodeTicks: number;
  readonly ticks: number;
  readonly wallMs: number;
}

/** A part that comes out: one picture. */
export interface PartOut {
  /** moof + mdat; its tfdt is `decodeTicks`. */
  readonly bytes: Uint8Array;
  readonly payloadOffset: number;
  readonly key: boolean;
  /** What went in did not follow on before this picture. */
  readonly discontinuity: boolean;
  readonly ticks: number;
  readonly decodeTicks: number;
  readonly wallMs: number;
}

export interface TranscodeOptions {
  readonly ffmpeg: string;
  /** ftyp + moov of what goes in. */
  readonly init: Uint8Array;
  readonly maxWidth?: number;
  onInit(init: Uint8Array, video: Mp4Video): void;
  /** A promise makes FFmpeg wait until it is kept: for viewers that must get every picture. */
  onPart(part: PartOut): void | Promise<void>;
  /** Once, also after disposal. null: it ended because it was told to. */
  onEnd(why: string | null): void;
}

/** Live: more than this waiting in front of FFmpeg, and it is too slow: on with the next key. */
const maxWaitingBytes = 4 * 1024 * 1024;
/** No picture of 1280 at this quality comes near it. */
const maxOutBytes = 16 * 1024 * 1024;
const maxMarks = 4096;
/** Put between stretches that do not follow on, so that reordered pictures of one never meet those of the next. */
const apartTicks = timescale;

/** Where a stretch that went in without a break begins: in FFmpeg's time, in the run's, on the wall. */
interface Mark {
  readonly ticks: number;
  readonly decodeTicks: number;
  readonly wallMs: number;
  readonly discontinuity: boolean;
}

export class Transcode implements AsyncDisposable {
  readonly #options: TranscodeOptions;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #exited: Promise<void>;
  #marks: Mark[] = [];
  /** FFmpeg's time at which the next part goes in, and what it must be to follow on. */
  #inTicks = 0;
  #lastIn: { decodeTicks: number; run: number } | null = null;
  #run = 0;
  #waitsForKey = true;
  #held: Buffer = Buffer.alloc(0);
  #defaults: ReadonlyMap<number, TrackDefaults> | null = null;
  #lastMark: Mark | null = null;
  #sequence = 0;
  #complaint = '';
  #isEnding = false;
  #ended = false;
  /** Pictures that were not taken because FFmpeg was too slow (`offer`). */
  dropped = 0;

  constructor(options: TranscodeOptions) {
    this.#options = options;
    this.#child = spawn(options.ffmpeg, ffmpegArguments(options.maxWidth ?? 1280), {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: childEnvironment(),
    });
    this.#exited = new Promise((resolve) => this.#watch(resolve));
    this.#child.stdin.write(options.init);
    void this.#read();
  }

  /** The next part does not follow on the one before, whatever its decode time says. */
  breakHere(): void {
    this.#run++;
  }

  /** Live: takes the part or drops it, and then everything up to the next key that it can take. */
  offer(part: PartIn): boolean {
    const waiting = this.#child.stdin.writableLength;
    if (this.#ended || waiting > maxWaitingBytes) this.#waitsForKey = true;
    if (this.#ended || (this.#waitsForKey && (!part.key || waiting > maxWaitingBytes / 4))) {
      this.dropped++;
      return false;
    }
    this.#put(part);
    return true;
  }

  /** Playback: takes every part from a key on, and resolves when FFmpeg can take the next. */
  async feed(part: PartIn): Promise<void> {
    if (this.#ended || (this.#waitsForKey && !part.key)) return;
    if (this.#put(part)) return;
    await Promise.race([
      new Promise<void>((resolve) => this.#child.stdin.once('drain', resolve)),
      this.#exited,
    ]);
  }

  /** Nothing more goes in; resolves when all that went in has come out. */
  async finish(): Promise<void> {
    this.#isEnding = true;
    this.#child.stdin.end();
    await this.#exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnding = true;
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** False: the input is full. */
  #put(part: PartIn): boolean {
    const last = this.#lastIn;
    const follows = last !== null && last.run === this.#run && last.decodeTicks === part.decodeTicks;
    const [head, ...data] = part.pieces as [Uint8Array, ...Uint8Array[]];
    const copy = Uint8Array.from(head);
    const read = readPartHead(copy);
    if (!follows || this.#waitsForKey) this.#mark(part, read);
    this.#waitsForKey = false;
    const shiftTicks = this.#inTicks - part.decodeTicks;
    changePart(copy, read, { sequence: read.sequence, shiftTicks, videoEntry: 1, audioEntry: 1 });
    this.#inTicks += part.ticks;
    this.#lastIn = { decodeTicks: part.decodeTicks + part.ticks, run: this.#run };
    const stdin = this.#child.stdin;
    stdin.cork();
    let hasRoom = stdin.write(copy);
    for (const piece of data) hasRoom = stdin.write(piece);
    process.nextTick(() => stdin.uncork());
    return hasRoom;
  }

  #mark(part: PartIn, head: PartHead): void {
    if (this.#lastIn !== null) this.#inTicks += apartTicks;
    const ticks = this.#inTicks + (head.video?.samples[0]?.ctsTicks ?? 0);
    const discontinuity = this.#lastIn !== null;
    this.#marks.push({ ticks, decodeTicks: part.decodeTicks, wallMs: part.wallMs, discontinuity });
    if (this.#marks.length > maxMarks) this.#marks.shift();
  }

  #watch(exited: () => void): void {
    const child = this.#child;
    // A closed pipe is said by the exit, which follows.
    child.stdin.on('error', () => {});
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-500);
    });
    const end = (why: string | null): void => {
      if (this.#ended) return;
      this.#ended = true;
      exited();
      this.#options.onEnd(why);
    };
    child.once('error', (error) => end(`FFmpeg does not start: ${error.message}`));
    child.once('spawn', () => {
      try {
        if (child.pid !== undefined) setPriority(child.pid, 10);
      } catch (error) {
        this.#complaint = sayError(error);
      }
    });
    child.once('close', (code, signal) =>
      end(this.#isEnding ? null : `FFmpeg ended (${signal ?? code}): ${this.#complaint.trim()}`),
    );
  }

  async #read(): Promise<void> {
    try {
      for await (const chunk of this.#child.stdout) {
        this.#held =
          this.#held.length === 0 ? (chunk as Buffer) : Buffer.concat([this.#held, chunk as Buffer]);
        if (this.#held.length > maxOutBytes) throw new Mp4Error('more than a picture from FFmpeg', 0);
        for (let took = true; took; ) took = await this.#takeOne();
      }
    } catch (error) {
      this.#complaint = sayError(error);
      this.#child.kill('SIGKILL');
    }
  }

  /** Hands on one head or part of what has come, if it is whole. */
  async #takeOne(): Promise<boolean> {
    if (this.#defaults === null) return this.#takeInit();
    if (this.#held.length < 8) return false;
    const first = readBoxHead(this.#held, 0, Math.max(16, this.#held.length));
    if (first.type !== 'moof') {
      if (first.end > this.#held.length) return false;
      this.#held = this.#held.subarray(first.end);
      return true;
    }
    if (partHeadExtent(this.#held) > this.#held.length) return false;
    const head = readPartHead(this.#held, 0, this.#defaults);
    if (head.end > this.#held.length) return false;
    const data = Uint8Array.from(this.#held.subarray(head.dataAt, head.end));
    this.#held = this.#held.subarray(head.end);
    const part = this.#placed(data, head);
    if (part !== null) await this.#options.onPart(part);
    return true;
  }

  #takeInit(): boolean {
    const extent = initExtent(this.#held);
    if (extent === null || extent > this.#held.length) return false;
    const bytes = Uint8Array.from(this.#held.subarray(0, extent));
    this.#held = this.#held.subarray(extent);
    const init = readInit(bytes);
    this.#defaults = init.defaults;
    this.#options.onInit(bytes, init.videos[0]!);
    return true;
  }

  /** The picture behind a head of our own, with the times of the one that went in. */
  #placed(data: Uint8Array, { video: run }: PartHead): PartOut | null {
    const mark = run === null ? undefined : this.#markOf(run.decodeTicks);
    if (run === null || mark === undefined) return null;
    const since = run.decodeTicks - mark.ticks;
    const decodeTicks = Math.max(0, mark.decodeTicks + since);
    const video = { decodeTicks, samples: run.samples };
    const head = partHead({ sequence: ++this.#sequence, video });
    const discontinuity = mark !== this.#lastMark && mark.discontinuity;
    this.#lastMark = mark;
    return {
      ...{ bytes: concat([head, data]), payloadOffset: head.length, key: run.samples[0]!.key },
      ...{ discontinuity, ticks: run.ticks, decodeTicks, wallMs: mark.wallMs + since / 90 },
    };
  }

  #markOf(ticks: number): Mark | undefined {
    while (this.#marks.length > 1 && this.#marks[1]!.ticks <= ticks) this.#marks.shift();
    return this.#marks[0];
  }
}

function ffmpegArguments(maxWidth: number): string[] {
  const even = `scale=w='min(${maxWidth},iw)':h=-2:flags=fast_bilinear,format=yuv420p`;
  return [
    ...['-hide_banner', '-loglevel', 'error', '-nostdin'],
    // The head says all there is to know: reading pictures ahead to guess at it only costs time.
    // (Not `nobuffer`: it throws away what was read ahead all the same, for H.264 a whole GOP.)
    ...['-probesize', '32', '-analyzeduration', '0', '-copyts'],
    ...['-threads', '2', '-thread_type', 'slice', '-f', 'mp4', '-i', 'pipe:0'],
    ...['-map', '0:v:0', '-an', '-vf', even, '-fps_mode', 'passthrough', '-enc_time_base', '-1'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-threads', '1'],
    ...['-crf', '24', '-maxrate', '4M', '-bufsize', '2M', '-g', '100', '-force_key_frames', 'source'],
    ...['-video_track_timescale', `${timescale}`, '-flush_packets', '1'],
    // With these three the times come out exactly as they went in.
    ...['-avoid_negative_ts', 'disabled', '-use_editlist', '0', '-f', 'mp4', '-movflags'],
    ...['+empty_moov+default_base_moof+frag_every_frame+frag_discont', 'pipe:1'],
  ];
}
