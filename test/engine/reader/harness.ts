/** A reader process as the supervisor runs it, with a store made of files that the test wrote. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '../../../src/base/index.ts';
import { decodeFrame, type Frame, type Wish } from '../../../src/contract/frames.ts';
import type { Fact, Footage, Ticket, Volume } from '../../../src/engine/engine.ts';
import {
  type AskHandlers,
  encodeHello,
  type Hello,
  LengthPrefixed,
  lengthPrefixed,
  Peer,
} from '../../../src/engine/ipc.ts';
import { answerKey, type DayKeys } from '../../../src/engine/keys/index.ts';
import { knownKeys } from '../../support/keys.ts';

export const clockStart = Date.UTC(2026, 10, 22, 8);

/** Waits for a fact; the bound is generous, for machines that are busy. */
export async function until<T>(find: () => T | undefined | false | null, what: string): Promise<T> {
  for (const deadline = performance.now() + 20_000; performance.now() < deadline; ) {
    const found = find();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`in vain: ${what}`);
}

export class Player implements AsyncDisposable {
  readonly frames: Frame[] = [];
  readonly socket: Socket;
  isClosed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    const framer = new LengthPrefixed();
    socket.on('data', (chunk) => {
      for (const message of framer.push(chunk as Buffer))
        this.frames.push(decodeFrame(Uint8Array.from(message)));
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
    });
  }

  wish(wish: Wish): void {
    this.socket.write(lengthPrefixed(Buffer.from(JSON.stringify(wish))));
  }

  get parts() {
    return this.frames.filter((frame) => frame.kind === 'part');
  }
  get gaps() {
    return this.frames.filter((frame) => frame.kind === 'gap');
  }
  ended(): Promise<unknown> {
    return until(() => this.frames.some((frame) => frame.kind === 'end'), 'an end frame');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    if (!this.isClosed) await once(this.socket, 'close');
  }
}

export class TestReader implements AsyncDisposable {
  readonly dir: string;
  readonly volume: Volume;
  readonly facts: Fact[] = [];
  readonly logs: unknown[] = [];
  readonly asked: { fromMs: number; toMs: number }[] = [];
  keys: DayKeys = knownKeys;
  footage: Footage = { segments: [], gaps: [] };
  transcodes = 0;
  mayTranscode = true;
  readonly child: ChildProcess;
  readonly peer: Peer;

  private constructor() {
    this.dir = mkdtempSync(join(tmpdir(), 'custos-reader-'));
    mkdirSync(join(this.dir, 'vol'));
    this.volume = { id: 'vol_1', path: join(this.dir, 'vol') };
    this.child = fork(join(import.meta.dirname, '../../../src/engine/reader/main.ts'), {
      serialization: 'advanced',
    });
    const asks: AskHandlers = {
      footage: ({ fromMs, toMs }) => this.#within(fromMs, toMs),
      'day-key': (question) => answerKey(this.keys, question),
      'transcode-may-start': () => {
        if (this.mayTranscode) this.transcodes++;
        return this.mayTranscode;
      },
    };
    this.peer = new Peer((message) => this.child.send(message as object), {
      asks,
      tells: {
        facts: (facts) => this.facts.push(...facts),
        log: (line) => this.logs.push(line),
        'transcode-ended': () => this.transcodes--,
      },
    });
    this.child.on('message', (message) => this.peer.receive(message));
  }

  static async start(ffmpeg: string | null = 'ffmpeg'): Promise<TestReader> {
    const reader = new TestReader();
    await reader.peer.ask('setup', { name: 'reader', socketPath: join(reader.dir, 's'), ffmpeg, suite: 1 });
    return reader;
  }

  #within(fromMs: number, toMs: number): Footage {
    this.asked.push({ fromMs, toMs });
    return {
      // Only what the store would say: the test's own copies of the bytes stay here.
      segments: this.footage.segments
        .filter((one) => one.startMs < toMs && (one.open || one.endMs > fromMs))
        .map(({ id, volume, path, startMs, endMs, open }) => ({ id, volume, path, startMs, endMs, open })),
      gaps: this.footage.gaps.filter((one) => one.fromMs < toMs && one.toMs > fromMs),
    };
  }

  async admit(span: { fromMs: number; toMs: number }, options: { transcode?: boolean; forMs?: number } = {}) {
    const { transcode = false, forMs = 600_000 } = options;
    const expiresAtMs = Date.now() + forMs;
    const ticket: Ticket = { id: newId('tkt'), kind: 'playback', expiresAtMs, transcode, ...span };
    await this.peer.ask('admit', ticket);
    return ticket;
  }

  async connect(hello: Hello): Promise<Socket> {
    const socket = connect(join(this.dir, 's'));
    await once(socket, 'connect');
    socket.write(encodeHello(hello));
    return socket;
  }

  async play(ticket: Ticket): Promise<Player> {
    return new Player(await this.connect({ ticket: ticket.id }));
  }

  async read(ticket: Ticket, plan: string, from: number, to: number): Promise<Buffer> {
    const socket = await this.connect({ read: { ticket: ticket.id, plan, from, to } });
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.child, 'exit');
    await this.peer.ask('close', { cause: 'system-stopped', detail: {} });
    this.child.disconnect();
    await gone;
    rmSync(this.dir, { recursive: true });
  }
}
