/**
 * Footage whose every picture carries its own number in black and white bars, made once by FFmpeg, and a small server
 * that speaks the frame protocol over it: enough of an engine to hold a player to its promises, down to the picture.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  decodeWish,
  encodeClock,
  encodeEnd,
  encodeInit,
  encodeJson,
  encodePartHead,
  type Wish,
} from '../../../src/contract/frames.ts';

export const pictureMs = 40;
export const bits = 14;
const barWidth = 16;
const width = bits * barWidth;
const height = 64;
const pictureTicks = 3600;

/** One part as the engine would send it, without its place in time. */
export interface Cut {
  readonly bytes: Buffer;
  readonly decodeTicks: number;
  readonly pictures: number;
  readonly key: boolean;
}
export interface Clip {
  readonly init: Buffer;
  readonly codec: string;
  readonly cuts: readonly Cut[];
}

function picture(number: number): Buffer {
  const raw = Buffer.alloc((width * height * 3) / 2, 128);
  for (let x = 0; x < width; x += 1) {
    const isLight = (number >> Math.floor(x / barWidth)) & 1;
    for (let y = 0; y < height; y += 1) raw[y * width + x] = isLight ? 235 : 16;
  }
  return raw;
}

export interface ClipOptions {
  readonly pictures: number;
  /** How FFmpeg cuts: a picture a part (live) or half a second (recorded). */
  readonly cut: 'picture' | 'half-second';
  readonly reordered?: boolean;
}

/** Numbered pictures, a key each two seconds, 25 a second. */
export async function makeClip(options: ClipOptions): Promise<Clip> {
  const cutFlags = options.cut === 'picture' ? 'frag_every_frame' : 'frag_keyframe';
  const child = spawn(
    'ffmpeg',
    [
      ...'-v error -f rawvideo -pix_fmt yuv420p -r 25'.split(' '),
      ...['-s', `${width}x${height}`, '-i', '-', '-c:v', 'libx264', '-preset', 'ultrafast'],
      ...['-g', '50', '-keyint_min', '50', '-sc_threshold', '0', '-bf', options.reordered ? '2' : '0'],
      ...['-video_track_timescale', '90000', '-frag_duration', '500000', '-f', 'mp4'],
      ...['-movflags', `${cutFlags}+empty_moov+default_base_moof+negative_cts_offsets`, '-'],
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const out: Buffer[] = [];
  child.stdout.on('data', (data: Buffer) => out.push(data));
  const ended = once(child, 'close');
  for (let number = 0; number < options.pictures; number += 1) {
    if (!child.stdin.write(picture(number))) await once(child.stdin, 'drain');
  }
  child.stdin.end();
  const [code] = (await ended) as [number];
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}`);
  return cutClip(Buffer.concat(out));
}

export function cutClip(file: Buffer): Clip {
  const cuts: Cut[] = [];
  let init: Buffer = Buffer.alloc(0);
  let moof: Buffer = Buffer.alloc(0);
  for (let at = 0; at + 8 <= file.length; ) {
    const size = file.readUInt32BE(at);
    const type = file.toString('latin1', at + 4, at + 8);
    const box = file.subarray(at, at + size);
    if (type === 'ftyp' || type === 'moov') init = Buffer.concat([init, box]);
    if (type === 'moof') moof = box;
    if (type === 'mdat') cuts.push(cutOf(moof, box));
    at += size;
  }
  const avcC = init.indexOf('avcC') + 4;
  return { init, codec: `avc1.${init.toString('hex', avcC + 1, avcC + 4)}`, cuts };
}

function cutOf(moof: Buffer, mdat: Buffer): Cut {
  const tfdt = moof.indexOf('tfdt') + 4;
  const decodeTicks = moof[tfdt] === 1 ? Number(moof.readBigUInt64BE(tfdt + 4)) : moof.readUInt32BE(tfdt + 4);
  const pictures = moof.readUInt32BE(moof.indexOf('trun') + 8);
  return {
    bytes: Buffer.concat([moof, mdat]),
    decodeTicks,
    pictures,
    key: (decodeTicks / pictureTicks) % 50 === 0,
  };
}

/** A stretch of the day: recorded from `fromMs`, the clip's pictures in order, except for the gaps. */
export interface Recorded {
  readonly clip: Clip;
  readonly fromMs: number;
  readonly gaps: readonly { readonly fromMs: number; readonly toMs: number; readonly cause: string }[];
}

export class FootageServer implements AsyncDisposable {
  readonly wishes: Wish[] = [];
  readonly sockets = new Set<WebSocket>();
  /** While true, live parts are held back. */
  stalls = false;
  connections = 0;
  readonly #http: Server;
  readonly #doors = new WebSocketServer({ noServer: true });
  readonly #recorded: Recorded;
  readonly #live: Clip;
  readonly #timers = new Set<ReturnType<typeof setInterval>>();

  private constructor(recorded: Recorded, live: Clip) {
    this.#recorded = recorded;
    this.#live = live;
    this.#http = createServer((request, response) => void answer(request.url ?? '/', response));
    this.#http.on('upgrade', (request, socket, head) =>
      this.#doors.handleUpgrade(request, socket, head, (line) => this.#open(request.url ?? '', line)),
    );
  }

  static async open(recorded: Recorded, live: Clip): Promise<FootageServer> {
    const server = new FootageServer(recorded, live);
    server.#http.listen(0, '127.0.0.1');
    await once(server.#http, 'listening');
    return server;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    for (const socket of this.sockets) socket.terminate();
    this.#http.close();
    this.#http.closeAllConnections();
    await once(this.#http, 'close');
  }

  /** Cuts every line, as a network does. */
  cut(): void {
    for (const socket of this.sockets) socket.terminate();
  }

  problem(code: string, values: object): void {
    for (const socket of this.sockets) socket.send(encodeJson('problem', { code, values }));
  }

  #open(url: string, line: WebSocket): void {
    this.connections += 1;
    this.sockets.add(line);
    line.on('close', () => this.sockets.delete(line));
    line.send(encodeClock(Date.now()));
    if (url.endsWith('/live')) this.#openLive(line);
    else
      this.#openPlayback(
        line,
        Number(new URL(url, 'ws://here').searchParams.get('to') ?? Number.POSITIVE_INFINITY),
      );
  }

  /** The newest key and all after it at once, then each picture at its time; the clip goes round for ever. */
  #openLive(line: WebSocket): void {
    const { cuts } = this.#live;
    const clipTicks = cuts.length * pictureTicks;
    const startMs = Date.now() - 3000;
    let next = 50;
    let paused = false;
    let leftOut = true;
    line.send(encodeInit(1, initJson(this.#live), this.#live.init));
    line.on('message', (data) => {
      const wish = decodeWish(String(data));
      if (wish) this.wishes.push(wish);
      if (wish?.op === 'pause') paused = true;
      if (wish?.op === 'resume') paused = false;
    });
    const send = () => {
      for (; startMs + next * pictureMs <= Date.now(); next += 1) {
        const cut = cuts[next % cuts.length] as Cut;
        if (paused || this.stalls) leftOut = true;
        if (paused || this.stalls || (leftOut && !cut.key)) continue;
        const round = Math.floor(next / cuts.length) * clipTicks;
        const wallMs = startMs + next * pictureMs;
        line.send(partFrame(1, shifted(cut, round), wallMs, leftOut));
        leftOut = false;
      }
    };
    send();
    const timer = setInterval(send, 20);
    this.#timers.add(timer);
    line.on('close', () => clearInterval(timer));
  }

  /** As the engine does it: nothing at or after the end of the view is sent, and the end is said there. */
  #openPlayback(line: WebSocket, toMs: number): void {
    const { clip, fromMs, gaps } = this.#recorded;
    const wallOf = (cut: Cut) => fromMs + (cut.decodeTicks / pictureTicks) * pictureMs;
    const inGap = (atMs: number) => gaps.find((gap) => gap.fromMs <= atMs && atMs < gap.toMs);
    let next = 0;
    let sentInit = false;
    let afterHole = true;
    const goOn = (untilMs: number, keysOnly: boolean) => {
      for (; next < clip.cuts.length; next += 1) {
        const cut = clip.cuts[next] as Cut;
        const wallMs = wallOf(cut);
        if (wallMs >= toMs) break;
        if (wallMs >= untilMs) return;
        const gap = inGap(wallMs);
        if (gap && !afterHole)
          line.send(encodeJson('gap', { to: gap.toMs, cause: gap.cause, detail: {} }, gap.fromMs));
        if (gap) {
          afterHole = true;
          continue;
        }
        if ((afterHole || keysOnly) && !cut.key) continue;
        line.send(partFrame(7, cut, wallMs, afterHole));
        afterHole = false;
      }
      line.send(encodeEnd());
    };
    line.on('message', (data) => {
      const wish = decodeWish(String(data));
      if (!wish) return;
      this.wishes.push(wish);
      if (!sentInit) line.send(encodeInit(7, initJson(clip), clip.init));
      sentInit = true;
      if (wish.op === 'until') goOn(wish.untilMs, false);
      if (wish.op !== 'seek') return;
      const gap = inGap(wish.atMs);
      if (gap) line.send(encodeJson('gap', { to: gap.toMs, cause: gap.cause, detail: {} }, gap.fromMs));
      const begin = clip.cuts.findLastIndex((cut) => cut.key && wallOf(cut) <= wish.atMs);
      next = gap ? clip.cuts.findIndex((cut) => cut.key && wallOf(cut) >= gap.toMs) : Math.max(0, begin);
      afterHole = true;
      goOn(wish.untilMs, wish.keysOnly === true);
    });
  }
}

const initJson = (clip: Clip) => ({
  codecs: `video/mp4; codecs="${clip.codec}"`,
  video: clip.codec,
  audio: null,
  width,
  height,
  timescale: 90000 as const,
});

function shifted(cut: Cut, ticks: number): Cut {
  const bytes = Buffer.from(cut.bytes);
  const tfdt = bytes.indexOf('tfdt') + 4;
  bytes.writeBigUInt64BE(BigInt(cut.decodeTicks + ticks), tfdt + 4);
  return { ...cut, bytes, decodeTicks: cut.decodeTicks + ticks };
}

function partFrame(epoch: number, cut: Cut, wallMs: number, discontinuity: boolean): Buffer {
  const payloadOffset = cut.bytes.readUInt32BE(0) + 8;
  const head = encodePartHead({
    epoch,
    key: cut.key,
    discontinuity,
    audio: false,
    ticks: cut.pictures * pictureTicks,
    wallMs,
    decodeTicks: cut.decodeTicks,
    payloadOffset,
  });
  return Buffer.concat([head, cut.bytes]);
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
const pageHtml = `<!doctype html><meta charset="utf-8"><title>player</title>
<style>#host video, #host canvas { width: 448px; height: 128px }</style>
<div id="host"></div><script type="module" src="/test/player/support/page.ts"></script>`;

/** The player's own files, as the browser takes them: types stripped, nothing bundled. */
async function answer(url: string, response: import('node:http').ServerResponse): Promise<void> {
  if (url === '/') {
    response.setHeader('content-type', 'text/html').end(pageHtml);
    return;
  }
  if (!/^\/(web\/src\/player|src\/contract|test\/player\/support)\/[\w-]+\.ts$/.test(url)) {
    response.writeHead(404).end();
    return;
  }
  const source = await readFile(`${root}${url}`, 'utf8');
  response.setHeader('content-type', 'text/javascript').end(stripTypeScriptTypes(source));
}
