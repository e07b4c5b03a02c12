/**
 * Live viewers of one stream. A picture becomes one frame of the protocol, built once, when it comes, and only if
 * somebody watches; everyone gets the same bytes. The pictures since the newest key are kept, so that whoever comes
 * sees something at once.
 *
 * A viewer may be slow: what waits for him is never more than the limit, for then he skips to the next key.
 */
import type { Socket } from 'node:net';
import type { GapCause, Problem } from '../../contract/causes.ts';
import {
  encodeClock,
  encodeInit,
  encodeJson,
  encodePartHead,
  type InitJson,
  partFlags,
  type Wish,
} from '../../contract/frames.ts';
import { sendFrame } from '../ipc.ts';
import { partHead } from '../mp4/index.ts';
import type { Picture, Run, Sound } from './run.ts';
import type { Slab } from './slab.ts';

const maxWaitingBytes = 2 * 1024 * 1024;
const maxCachedBytes = 8 * 1024 * 1024;
const maxCachedPictures = 300;

/** One picture (or stretch of sound) on its way to viewers. */
export interface Entry {
  readonly run: LiveRun;
  readonly data: Uint8Array;
  readonly key: boolean;
  readonly audio: boolean;
  readonly decode: number;
  readonly ctsTicks: number;
  readonly ticks: number;
  readonly wallMs: number;
  readonly sequence: number;
  readonly slab: Slab | null;
  /** Frame head and part head; built for the first viewer. */
  head: Buffer | null;
}

export interface LiveRun {
  readonly epoch: number;
  readonly init: Uint8Array;
  readonly frame: Uint8Array;
}

/** Whoever gets a stream's pictures: a viewer, or a transcode on behalf of several. */
export interface Watcher {
  say(frame: Uint8Array): void;
  /** The pictures since the newest key. */
  begin(cached: readonly Entry[]): void;
  send(entry: Entry): void;
}

/** What a viewer was given, counted when it left for the kernel, not when it was queued. */
export class DeliveryMeter {
  readonly #socket: Socket;
  #pending: { end: number; ticks: number }[] = [];
  #ticks = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Just after a part of this many ticks was written to the socket. */
  wrote(ticks: number): void {
    if (this.#pending.length === 0 && this.#socket.writableLength === 0) this.#ticks += ticks;
    else {
      this.#pending.push({ end: this.#socket.bytesWritten, ticks });
      this.#settle();
    }
  }

  get deliveredS(): number {
    this.#settle();
    return this.#ticks / 90_000;
  }

  #settle(): void {
    const gone = this.#socket.bytesWritten - this.#socket.writableLength;
    let settled = 0;
    for (const part of this.#pending) {
      if (part.end > gone) break;
      this.#ticks += part.ticks;
      settled++;
    }
    if (settled > 0) this.#pending.splice(0, settled);
  }
}

/** One viewer of a live stream. */
export class Viewer implements Watcher {
  readonly socket: Socket;
  readonly #meter: DeliveryMeter;
  #epoch = -1;
  #needsKey = true;
  #discontinuity = true;
  #paused = false;
  /** What the cached pictures put into the socket at the start may wait there, on top of the limit. */
  #allowance = 0;
  droppedPictures = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    this.#meter = new DeliveryMeter(socket);
  }

  get deliveredS(): number {
    return this.#meter.deliveredS;
  }

  say(frame: Uint8Array): void {
    if (this.socket.writable && this.socket.writableLength < maxWaitingBytes) sendFrame(this.socket, frame);
  }

  /** From the newest key on. */
  begin(cached: readonly Entry[]): void {
    this.#needsKey = true;
    this.#discontinuity = true;
    this.#allowance = Number.POSITIVE_INFINITY;
    for (const entry of cached) this.send(entry);
    this.#allowance = this.socket.writableLength;
  }

  wish(wish: Wish, cached: () => readonly Entry[]): void {
    if (wish.op === 'pause') this.#paused = true;
    else if (wish.op === 'resume' && this.#paused) {
      this.#paused = false;
      this.begin(cached());
    }
  }

  send(entry: Entry): void {
    if (this.#paused || !this.socket.writable) return;
    const waiting = this.socket.writableLength;
    if (waiting < maxWaitingBytes && this.#allowance !== Number.POSITIVE_INFINITY) this.#allowance = 0;
    if (waiting > maxWaitingBytes + this.#allowance || (this.#needsKey && !entry.key)) {
      this.#skip(entry);
      return;
    }
    if (this.#epoch !== entry.run.epoch) {
      if (!entry.key) return;
      this.#epoch = entry.run.epoch;
      this.#discontinuity = true;
      sendFrame(this.socket, entry.run.frame);
    }
    this.#needsKey = false;
    this.#write(entry);
  }

  #skip(entry: Entry): void {
    if (entry.audio) return;
    this.#discontinuity = true;
    this.#needsKey = true;
    if (this.#epoch >= 0) this.droppedPictures++;
  }

  #write(entry: Entry): void {
    let head = headOf(entry);
    if (this.#discontinuity && !entry.audio) {
      this.#discontinuity = false;
      head = Buffer.from(head);
      head[5] = (head[5] as number) | partFlags.discontinuity;
    }
    this.socket.cork();
    this.socket.write(head);
    this.socket.write(entry.data);
    this.socket.uncork();
    this.#meter.wrote(entry.audio ? 0 : entry.ticks);
  }
}

/** The message's length, its head and moof+mdat head, in one buffer; the picture's own bytes follow. */
function headOf(entry: Entry): Buffer {
  if (entry.head) return entry.head;
  const { decode, ticks, ctsTicks, key, audio, data, sequence, wallMs } = entry;
  const sample = { bytes: data.length, ticks, key, ctsTicks };
  const part = audio
    ? partHead({ sequence, video: null, audio: { decodeTicks: decode, samples: [sample] } })
    : partHead({ sequence, video: { decodeTicks: decode, samples: [sample] } });
  const frame = encodePartHead({
    epoch: entry.run.epoch,
    key,
    discontinuity: false,
    audio,
    ticks,
    wallMs,
    decodeTicks: decode,
    payloadOffset: part.length,
  });
  const head = Buffer.allocUnsafe(4 + frame.length + part.length);
  head.writeUInt32BE(frame.length + part.length + data.length, 0);
  head.set(frame, 4);
  head.set(part, 4 + frame.length);
  entry.head = head;
  return head;
}

export class Hub {
  readonly #watchers = new Set<Watcher>();
  #run: Run | null = null;
  #liveRun: LiveRun | null = null;
  #epoch = 0;
  #sequence = 0;
  #cache: Entry[] = [];
  #cachedBytes = 0;
  #cachedPictures = 0;
  #nextDecode = 0;
  #lastTicks = 3_600;
  #lastWallMs: number | null = null;
  #trouble: Problem | null = null;
  #troubleCause: GapCause | null = null;

  get watchers(): number {
    return this.#watchers.size;
  }

  /** What is wrong with the camera now, for viewers that come later. */
  get trouble(): Problem | null {
    return this.#trouble;
  }

  /** Newest key picture, for a still. */
  get newestKey(): { readonly run: Run; readonly data: Uint8Array; readonly wallMs: number } | null {
    const entry = this.#cache[0];
    return entry && this.#run ? { run: this.#run, data: entry.data, wallMs: entry.wallMs } : null;
  }

  add(watcher: Watcher, nowMs: number): void {
    this.#watchers.add(watcher);
    watcher.say(encodeClock(nowMs));
    if (this.#trouble) watcher.say(encodeJson('problem', this.#trouble));
    for (const entry of this.#cache) entry.slab?.keep();
    watcher.begin(this.#cache);
  }

  remove(watcher: Watcher): void {
    this.#watchers.delete(watcher);
  }

  has(watcher: Watcher): boolean {
    return this.#watchers.has(watcher);
  }

  say(frame: Uint8Array): void {
    for (const watcher of this.#watchers) watcher.say(frame);
  }

  wish(viewer: Viewer, wish: Wish): void {
    viewer.wish(wish, () => this.#cache);
  }

  picture(run: Run, picture: Picture): void {
    const begins = run !== this.#run;
    if (begins) this.#begin(run);
    const wallMs = run.wallMs(picture.decode);
    if (this.#trouble) this.#over(wallMs);
    this.#lastWallMs = wallMs;
    // Chromium wants a key when a decode time is more than two durations ahead of the last one, and its duration was
    // only a guess: after a hole the decode times follow at less than that until they have caught up. What is shown
    // when stands in the presentation times and does not change.
    const ahead = this.#nextDecode + Math.floor(this.#lastTicks * 0.9);
    const decode = begins || picture.decode < ahead ? picture.decode : ahead;
    const entry = {
      run: this.#liveRun as LiveRun,
      data: picture.data,
      key: picture.key,
      audio: false,
      decode,
      ctsTicks: picture.ctsTicks + (picture.decode - decode),
      ticks: picture.ticks,
      wallMs: wallMs - (picture.decode - decode) / 90,
      sequence: ++this.#sequence,
      slab: picture.slab,
      head: null,
    };
    this.#nextDecode = decode + picture.ticks;
    this.#lastTicks = picture.ticks;
    this.#keep(entry);
    // What goes to viewers may wait in their sockets for any time.
    if (this.#watchers.size > 0) entry.slab?.keep();
    for (const watcher of this.#watchers) watcher.send(entry);
  }

  sound(run: Run, sound: Sound): void {
    if (run !== this.#run || !this.#liveRun) return;
    const { data, decode, ticks } = sound;
    const wallMs = run.wallMs(decode);
    const rest = { key: false, audio: true, ctsTicks: 0, wallMs, slab: null, head: null };
    const entry = { run: this.#liveRun, data, decode, ticks, sequence: ++this.#sequence, ...rest };
    if (this.#cache.length > 0) this.#keep(entry);
    for (const watcher of this.#watchers) watcher.send(entry);
  }

  /** The camera is gone: everyone is told, and the pictures of before are no longer live. */
  lost(problem: Problem, cause: GapCause): void {
    this.#trouble = problem;
    this.#troubleCause = cause;
    this.#forget();
    this.say(encodeJson('problem', problem));
  }

  /** Nobody watches and nothing is pulled any more. */
  rest(): void {
    this.#forget();
    this.#trouble = null;
    this.#lastWallMs = null;
  }

  #over(wallMs: number): void {
    const cause = this.#troubleCause;
    const problem = this.#trouble;
    this.#trouble = null;
    if (this.#lastWallMs === null || !cause || !problem) return;
    const detail = { problem: problem.code, ...problem.values };
    const frame = encodeJson('gap', { to: wallMs, cause, detail }, this.#lastWallMs);
    this.say(frame);
  }

  #begin(run: Run): void {
    this.#run = run;
    this.#forget();
    this.#epoch++;
    this.#liveRun = {
      epoch: this.#epoch,
      init: run.init,
      frame: encodeInit(this.#epoch, initJson(run), run.init),
    };
    this.#nextDecode = 0;
  }

  #keep(entry: Entry): void {
    if (entry.key) this.#forget();
    else if (this.#cache.length === 0) return;
    this.#cachedBytes += entry.data.length;
    if (!entry.audio) this.#cachedPictures++;
    entry.slab?.hold();
    this.#cache.push(entry);
    // A group this long is not kept: whoever comes then waits for the next key.
    if (this.#cachedBytes > maxCachedBytes || this.#cachedPictures > maxCachedPictures) this.#forget();
  }

  #forget(): void {
    for (const entry of this.#cache) entry.slab?.release();
    this.#cache = [];
    this.#cachedBytes = 0;
    this.#cachedPictures = 0;
  }
}

export function initJson(run: Run): InitJson {
  const { codecString: video, width, height } = run.video;
  const audio = run.audio === null ? null : run.audio.codec === 'aac' ? 'mp4a.40.2' : 'flac';
  const codecs = `video/mp4; codecs="${audio ? `${video},${audio}` : video}"`;
  return { codecs, video, audio, width, height, timescale: 90_000 };
}
