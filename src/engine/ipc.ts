/**
 * What crosses between the supervisor and the engine's processes: orders, questions and facts over the fork's own
 * channel; video over a Unix socket that each process listens on. Both ends of both are here.
 *
 * Control: structured-clone messages (`serialization: 'advanced'`, so bytes go as bytes). A *tell* wants no answer; an
 * *ask* has a number, one answer (a value, a refusal or a fault) and a time limit. Every process answers `setup`,
 * `ping` and `close`; what else it answers is its own matter.
 *
 * Media: the supervisor connects and sends one length-prefixed JSON `Hello`. Then length-prefixed messages of
 * `contract/frames.ts` flow to it and length-prefixed wishes (UTF-8 JSON) come back. For a `read` hello the bare bytes
 * asked for flow to it, and the end of the stream is the end of the answer.
 */
import { chmod, rm } from 'node:fs/promises';
import { flushCompileCache } from 'node:module';
import { createServer, type Server, type Socket } from 'node:net';
import { type Because, Fault, type Log, Refusal, sayError, systemClock } from '../base/index.ts';
import type { GapCause } from '../contract/causes.ts';
import { decodeWish, maxFrameBytes, maxWishBytes, type Wish } from '../contract/frames.ts';
import type { BucketAccess, CarryAnswer, CarryOrder } from './bucket/index.ts';
import type {
  Fact,
  FilePlan,
  Footage,
  MissingSpan,
  ProbeResult,
  SegmentFacts,
  Source,
  SourceId,
  Ticket,
  TicketId,
  Volume,
} from './engine.ts';
import type { KeyAnswer, KeyQuestion } from './keys/index.ts';
import type { SuiteNumber } from './seal/index.ts';

/** The first thing a process is told. */
export interface Setup {
  readonly name: string;
  /** Where to listen for media; at most 107 bytes. */
  readonly socketPath: string;
  readonly ffmpeg: string | null;
  /** How new segments are sealed. */
  readonly suite: SuiteNumber;
}

export interface Gap {
  readonly cause: GapCause;
  readonly detail: Record<string, string | number>;
}

/** What was delivered so far to viewers that are still here: so that a crash does not lose the count. */
export interface Delivered {
  readonly ticket: TicketId;
  readonly deliveredS: number;
  readonly droppedPictures: number;
}

export interface Survey {
  readonly segments: readonly SegmentFacts[];
  readonly damaged: readonly { path: string; why: string }[];
}

/** Questions: [value asked with, answer]. */
export interface Asks {
  // to every process
  setup: [Setup, null];
  ping: [null, { lagMs: number }];
  /** Ends in order: viewers cut, segments closed and reported; the process exits after the answer. */
  close: [Gap, null];
  admit: [Ticket, null];
  still: [{ ticket: TicketId; atMs: number | null; width: number | null }, Uint8Array];
  // to an intake
  drop: [{ source: SourceId }, null];
  probe: [{ source: Source; timeoutMs: number }, ProbeResult];
  // to the reader
  plan: [{ ticket: TicketId }, FilePlan];
  missing: [{ ticket: TicketId; plan: string }, readonly MissingSpan[]];
  survey: [
    {
      volume: Volume;
      options: { sinceMs: number; untilMs?: number; repair: boolean; known: readonly string[] };
    },
    Survey,
  ];
  // to the mover
  carry: [CarryOrder, CarryAnswer];
  // to the supervisor
  footage: [{ ticket: TicketId; fromMs: number; toMs: number }, Footage];
  /** A key of the ring. Neither question nor answer is ever logged. */
  'day-key': [KeyQuestion, KeyAnswer];
  /** One of the transcodes that may run at once in the whole engine; given back by `transcode-ended`. */
  'transcode-may-start': [null, boolean];
}

/** Orders and reports that want no answer. */
export interface Tells {
  // to every process that serves tickets
  extend: { ticket: TicketId; expiresAtMs: number };
  revoke: { ticket: TicketId };
  /** A day's key was destroyed: it is forgotten here too. */
  'forget-key': { source: SourceId; day: string };
  /** How a bucket is reached; null: it is to be forgotten. Never logged. To the reader and the mover. */
  bucket: { volumeId: string; access: BucketAccess | null };
  // to an intake
  pull: Source;
  record: { source: SourceId; volume: Volume | null; gap: Gap | null };
  // to the supervisor
  facts: readonly Fact[];
  delivered: readonly Delivered[];
  'transcode-ended': null;
  log: { level: 'debug' | 'info' | 'warn' | 'error'; what: object; message: string };
}

export type AskOp = keyof Asks;
export type TellOp = keyof Tells;
type Later<T> = T | Promise<T>;

export type AskHandlers = { [K in AskOp]?: (value: Asks[K][0]) => Later<Asks[K][1]> };
export type TellHandlers = { [K in TellOp]?: (value: Tells[K]) => void };

type Message =
  | { readonly tell: TellOp; readonly value: unknown }
  | { readonly ask: number; readonly op: AskOp; readonly value: unknown }
  | { readonly answer: number; readonly value: unknown }
  | {
      readonly answer: number;
      readonly refusal: { code: string; values: Record<string, string | number>; because: Because[] };
    }
  | { readonly answer: number; readonly fault: string; readonly retry: boolean };

/** Questions under way at once, either direction; more is a fault at the asker. */
const maxInFlight = 512;
const defaultTimeoutMs = 10_000;

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
  readonly timer: NodeJS.Timeout;
}

/** One end of a control channel. Whoever owns the channel hands messages to `receive` and its end to `ended`. */
export class Peer {
  readonly #send: (message: Message) => void;
  readonly #asks: AskHandlers;
  readonly #tells: TellHandlers;
  readonly #pending = new Map<number, Pending>();
  #lastAsk = 0;
  #gone: string | null = null;

  constructor(send: (message: unknown) => void, handlers: { asks: AskHandlers; tells: TellHandlers }) {
    this.#send = send;
    this.#asks = handlers.asks;
    this.#tells = handlers.tells;
  }

  tell<K extends TellOp>(op: K, value: Tells[K]): void {
    if (this.#gone === null) this.#send({ tell: op, value });
  }

  /** Rejects with the other side's refusal or fault, with a retryable fault when it dies or does not answer in time. */
  ask<K extends AskOp>(op: K, value: Asks[K][0], timeoutMs = defaultTimeoutMs): Promise<Asks[K][1]> {
    if (this.#gone !== null) return Promise.reject(new Fault(this.#gone, { retry: true }));
    if (this.#pending.size >= maxInFlight)
      return Promise.reject(new Fault(`too many questions under way (${op})`, { retry: true }));
    const ask = ++this.#lastAsk;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(ask);
        reject(new Fault(`no answer to ${op} within ${timeoutMs} ms`, { retry: true }));
      }, timeoutMs);
      this.#pending.set(ask, { resolve: resolve as (value: unknown) => void, reject, timer });
      this.#send({ ask, op, value });
    });
  }

  receive(raw: unknown): void {
    const message = raw as Message;
    if ('tell' in message) {
      const handle = this.#tells[message.tell] as ((value: unknown) => void) | undefined;
      handle?.(message.value);
    } else if ('ask' in message) void this.#answer(message.ask, message.op, message.value);
    else if ('answer' in message) this.#settle(message);
  }

  /** The other side is gone: everything asked is a fault that may be retried. */
  ended(why: string): void {
    this.#gone = why;
    for (const [ask, pending] of this.#pending) {
      clearTimeout(pending.timer);
      this.#pending.delete(ask);
      pending.reject(new Fault(why, { retry: true }));
    }
  }

  async #answer(answer: number, op: AskOp, value: unknown): Promise<void> {
    try {
      const handle = this.#asks[op] as ((value: unknown) => unknown) | undefined;
      if (!handle) throw new Fault(`${op} is not answered here`);
      const said = await handle(value);
      if (this.#gone === null) this.#send({ answer, value: said ?? null });
    } catch (error) {
      if (this.#gone === null) this.#send(sayFailure(answer, error));
    }
  }

  #settle(message: Exclude<Message, { tell: TellOp } | { ask: number }>): void {
    const pending = this.#pending.get(message.answer);
    if (!pending) return;
    this.#pending.delete(message.answer);
    clearTimeout(pending.timer);
    if ('fault' in message) pending.reject(new Fault(message.fault, { retry: message.retry }));
    else if ('refusal' in message) {
      const { code, values, because } = message.refusal;
      pending.reject(new Refusal(code, values, because));
    } else pending.resolve(message.value);
  }
}

function sayFailure(answer: number, error: unknown): Message {
  if (error instanceof Refusal) {
    const { code, values, because } = error;
    return { answer, refusal: { code, values: { ...values }, because: [...because] } };
  }
  return { answer, fault: sayError(error), retry: error instanceof Fault && error.retry };
}

// ── the media socket ────────────────────────────────────────────────────────────────────────────────────────────────

export type Hello =
  | { readonly ticket: TicketId }
  | {
      readonly read: {
        readonly ticket: TicketId;
        readonly plan: string;
        readonly from: number;
        readonly to: number;
      };
    };

export class FramingError extends Error {}

/**
 * Cuts a byte stream into messages of a u32 big-endian length and that many bytes. A length over the bound, and
 * `push` after that, throws FramingError: the stream cannot be trusted any more. Never holds more than one message
 * and one chunk.
 */
export class LengthPrefixed {
  readonly #maxBytes: number;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #broken = false;

  constructor(maxBytes: number = maxFrameBytes) {
    this.#maxBytes = maxBytes;
  }

  /** The messages that are whole now; they may share memory with the chunk. */
  push(chunk: Uint8Array): Buffer[] {
    if (this.#broken) throw new FramingError('the stream was broken before');
    if (chunk.length > 0) {
      this.#held.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      this.#heldBytes += chunk.length;
    }
    const whole: Buffer[] = [];
    while (this.#heldBytes >= 4) {
      const wanted = 4 + this.#length();
      if (this.#heldBytes < wanted) break;
      const all = this.#join();
      whole.push(all.subarray(4, wanted));
      this.#held = all.length > wanted ? [all.subarray(wanted)] : [];
      this.#heldBytes -= wanted;
    }
    return whole;
  }

  #length(): number {
    const head = (this.#held[0] as Buffer).length >= 4 ? (this.#held[0] as Buffer) : this.#join();
    const length = head.readUInt32BE(0);
    if (length <= this.#maxBytes) return length;
    this.#broken = true;
    this.#held = [];
    throw new FramingError(`a message of ${length} bytes; at most ${this.#maxBytes} are allowed`);
  }

  #join(): Buffer {
    if (this.#held.length > 1) this.#held = [Buffer.concat(this.#held, this.#heldBytes)];
    return this.#held[0] as Buffer;
  }
}

/** `bytes` behind its length, as one buffer: for small messages. */
export function lengthPrefixed(bytes: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(4 + bytes.length);
  out.writeUInt32BE(bytes.length, 0);
  out.set(bytes, 4);
  return out;
}

/**
 * Sends one message made of several buffers without joining them. Returns what is waiting in the socket afterwards;
 * whoever sends decides when that is too much.
 */
export function sendFrame(socket: Socket, ...pieces: readonly Uint8Array[]): number {
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32BE(
    pieces.reduce((sum, piece) => sum + piece.length, 0),
    0,
  );
  socket.cork();
  socket.write(length);
  for (const piece of pieces) socket.write(piece);
  socket.uncork();
  return socket.writableLength;
}

export function encodeHello(hello: Hello): Buffer {
  return lengthPrefixed(Buffer.from(JSON.stringify(hello)));
}

function decodeHello(bytes: Buffer): Hello | null {
  try {
    const hello = JSON.parse(bytes.toString()) as Hello;
    if ('ticket' in hello) return typeof hello.ticket === 'string' ? hello : null;
    const { ticket, plan, from, to } = hello.read;
    const whole = typeof ticket === 'string' && typeof plan === 'string';
    return whole && Number.isSafeInteger(from) && Number.isSafeInteger(to) ? hello : null;
  } catch {
    return null;
  }
}

/** What one end of the media socket looks like to the process that serves it. */
export interface MediaConnection {
  readonly hello: Hello;
  readonly socket: Socket;
  /** Called for each wish; set it synchronously in `serve`. Whatever is no wish ends the connection. */
  onWish: (wish: Wish) => void;
}

const helloWithinMs = 5_000;
const maxHelloBytes = 4_096;
const maxConnections = 4_096;

/** Listens at `path` (0600 in a 0700 folder) and hands each greeted connection to `serve`. */
export async function listenForMedia(
  path: string,
  serve: (connection: MediaConnection) => void,
): Promise<Server> {
  await rm(path, { force: true });
  const server = createServer((socket) => greet(socket, serve));
  server.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve());
  });
  server.on('error', () => {});
  await chmod(path, 0o600);
  return server;
}

function greet(socket: Socket, serve: (connection: MediaConnection) => void): void {
  const framer = new LengthPrefixed(Math.max(maxHelloBytes, maxWishBytes));
  let connection: MediaConnection | undefined;
  const late = setTimeout(() => socket.destroy(), helloWithinMs);
  // Whoever serves watches 'close'; an error of the peer's end is always followed by it and says nothing more.
  socket.on('error', () => {});
  socket.on('close', () => clearTimeout(late));
  socket.on('data', (chunk) => {
    try {
      for (const message of framer.push(chunk as Buffer)) {
        if (connection) heed(connection, message);
        else {
          const hello = decodeHello(message);
          if (!hello) throw new FramingError('no hello');
          clearTimeout(late);
          connection = { hello, socket, onWish: () => {} };
          serve(connection);
        }
      }
    } catch (error) {
      if (!(error instanceof FramingError)) throw error;
      socket.destroy();
    }
  });
}

function heed(connection: MediaConnection, message: Buffer): void {
  const wish = decodeWish(message.toString());
  if (!wish) throw new FramingError('no wish');
  connection.onWish(wish);
}

// ── a process of the engine, seen from inside ───────────────────────────────────────────────────────────────────────

export interface Child {
  readonly setup: Setup;
  readonly log: Log;
  readonly peer: Peer;
}

export interface ChildRole {
  /** Builds the process's inner life; called once, before any other order. */
  start(child: Child): {
    readonly asks: AskHandlers;
    readonly tells: TellHandlers;
    serve(connection: MediaConnection): void;
    /**
     * Ends everything in order. `gap` says why recording ends; null when the supervisor is gone and nobody listens:
     * then only what keeps files whole is worth doing.
     */
    close(gap: Gap | null): Promise<void>;
  };
}

/** An orphan has this long to close its files; more and it would meet its successor. */
const orphanMs = 1_500;

/**
 * Runs this process as a child of the supervisor: `runChild({ start })` is the whole of a process's `main.ts`. It
 * never outlives its parent: when the channel closes it closes its files and exits.
 */
export function runChild(role: ChildRole): void {
  const send = process.send?.bind(process);
  if (!send) throw new Fault('this program is a part of Custos and is started by it');
  let inner: ReturnType<ChildRole['start']> | undefined;
  let server: Server | undefined;
  let lastTurn = systemClock.monoMs();
  let lagMs = 0;
  const peer: Peer = new Peer((message) => void send(message, undefined, {}, () => {}), {
    asks: new Proxy({} as AskHandlers, {
      get: (_target, op: AskOp) => ownAsks[op] ?? inner?.asks[op],
    }),
    tells: new Proxy({} as TellHandlers, { get: (_target, op: TellOp) => inner?.tells[op] }),
  });
  const ownAsks: AskHandlers = {
    setup: async (setup) => {
      const child: Child = { setup, log: logTo(peer), peer };
      inner = role.start(child);
      // Code that changed since it was last kept is kept now: a process that is killed writes nothing at its end.
      flushCompileCache();
      server = await listenForMedia(setup.socketPath, (connection) => inner?.serve(connection));
      return null;
    },
    ping: () => {
      const said = { lagMs };
      lagMs = 0;
      return said;
    },
    close: async (gap) => {
      server?.close();
      await inner?.close(gap);
      // After the answer has left. The supervisor disconnects; this is for one that does not.
      setTimeout(() => process.exit(0), 1_000);
      return null;
    },
  };
  // The worst delay of a half-second tick since the last ping: how long this process was deaf.
  setInterval(() => {
    const now = systemClock.monoMs();
    lagMs = Math.max(lagMs, Math.round(now - lastTurn - 500));
    lastTurn = now;
  }, 500).unref();
  process.on('message', (message) => peer.receive(message));
  process.once('disconnect', () => {
    peer.ended('the supervisor is gone');
    setTimeout(() => process.exit(0), orphanMs);
    void Promise.resolve(inner?.close(null)).finally(() => process.exit(0));
  });
  // A terminal's Ctrl-C reaches the whole process group: the supervisor alone decides when its children end.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
}

/** A child has no log of its own: its lines go through the supervisor, which knows level and place. */
function logTo(peer: Peer, of: object = {}): Log {
  const line = (level: Tells['log']['level']) => (what: object, message?: string) =>
    peer.tell('log', { level, what: JSON.parse(JSON.stringify({ ...of, ...what })), message: message ?? '' });
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: (more) => logTo(peer, { ...of, ...more }),
  };
}
