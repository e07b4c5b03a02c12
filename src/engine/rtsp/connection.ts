/**
 * One RTSP connection: a socket, its parser, and requests that find their answers. All plain sockets of a process
 * read into one shared buffer: what comes is used up before the next read, so a camera owns no read buffer.
 */
import { connect, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { Clock } from '../../base/index.ts';
import type { Address } from './address.ts';
import { SignIn } from './digest.ts';
import type { LinkLimits } from './limits.ts';
import {
  encodeRequest,
  encodeResponse,
  header,
  type RtspMessage,
  type RtspRequest,
  type RtspResponse,
} from './message.ts';
import { RtspParser } from './parser.ts';
import { LinkProblem } from './problem.ts';

/** Reads end before the next begins (libuv asks for the buffer, fills it and calls back in one go). */
const sharedRead = Buffer.allocUnsafeSlow(256 * 1024);

/** What waits to be sent to a camera that does not read; beyond it reports are left out. */
const maxBacklogBytes = 64 * 1024;
const maxPending = 8;

export interface ConnectionSink {
  frame(channel: number, bytes: Buffer, from: number, to: number, arrivedMs: number): void;
  expects(channel: number): boolean;
  /** The connection broke by itself; nothing comes after. */
  failed(problem: LinkProblem): void;
}

type Headers = readonly (readonly [name: string, value: string | number])[];

interface Pending {
  readonly resolve: (response: RtspResponse) => void;
  readonly reject: (problem: LinkProblem) => void;
  readonly timer: NodeJS.Timeout;
}

export class Connection {
  readonly address: Address;
  readonly signIn: SignIn;
  readonly #limits: LinkLimits;
  readonly #clock: Clock;
  readonly #sink: ConnectionSink;
  readonly #socket: Socket;
  readonly #parser: RtspParser;
  readonly #pending = new Map<number, Pending>();
  #sequence = 0;
  #arrivedMs = 0;
  #over: LinkProblem | null = null;
  readonly ready: Promise<void>;

  constructor(address: Address, signIn: SignIn, limits: LinkLimits, clock: Clock, sink: ConnectionSink) {
    this.address = address;
    this.signIn = signIn;
    this.#limits = limits;
    this.#clock = clock;
    this.#sink = sink;
    this.#parser = new RtspParser(
      {
        frame: (channel, bytes, from, to) => sink.frame(channel, bytes, from, to, this.#arrivedMs),
        message: (message) => this.#message(message),
        expects: (channel) => sink.expects(channel),
      },
      limits,
    );
    this.#socket = this.#open();
    this.ready = this.#opened();
  }

  #open(): Socket {
    const { host, port, tls } = this.address;
    const onread = {
      buffer: sharedRead,
      callback: (length: number, bytes: Uint8Array): boolean => {
        this.#read(length, bytes as Buffer);
        return true;
      },
    };
    if (!tls) return connect({ host, port, onread, noDelay: true });
    // Cameras sign their own certificates: the line is private, the other end is not proven.
    const named = isIP(host) === 0 ? { servername: host } : {};
    // `onread` is documented for TLS too; its type was forgotten.
    const options: ConnectionOptions & { onread: typeof onread } = { host, port, onread, ...named };
    return connectTls({ ...options, rejectUnauthorized: false });
  }

  #opened(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => this.#fail(this.#noAnswer(this.#limits.connectMs)),
        this.#limits.connectMs,
      );
      this.#socket.once(this.address.tls ? 'secureConnect' : 'connect', () => {
        clearTimeout(timer);
        this.#connected = true;
        resolve();
      });
      this.#socket.once('error', (error: NodeJS.ErrnoException) => this.#fail(this.#broken(error)));
      this.#socket.once('end', () => this.#fail(new LinkProblem('closed')));
      this.#socket.once('close', () => {
        clearTimeout(timer);
        this.#fail(new LinkProblem('closed'));
        reject(this.#over);
      });
      // A second error after the first has nobody to hear it, and must not end the process.
      this.#socket.on('error', () => undefined);
    });
  }

  #connected = false;

  #broken(error: NodeJS.ErrnoException): LinkProblem {
    const { host, port, tls } = this.address;
    const code = error.code ?? '';
    if (/^(ENOTFOUND|EAI_AGAIN|EAI_NONAME|EAI_NODATA|ERR_INVALID_.*)$/.test(code)) {
      return new LinkProblem('host-unknown', { host }, error);
    }
    if (this.#connected) return new LinkProblem('closed', {}, error);
    if (/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|EADDRNOTAVAIL|EACCES)$/.test(code)) {
      return new LinkProblem('port-closed', { host, port }, error);
    }
    if (code === 'ETIMEDOUT') return this.#noAnswer(this.#limits.connectMs);
    if (tls) return new LinkProblem('tls-failed', { reason: tlsReason(error) }, error);
    return new LinkProblem('closed', {}, error);
  }

  #noAnswer(afterMs: number): LinkProblem {
    const { host, port } = this.address;
    return new LinkProblem('no-answer', { host, port, seconds: Math.round(afterMs / 100) / 10 });
  }

  #read(length: number, bytes: Buffer): void {
    if (this.#over) return;
    this.#arrivedMs = this.#clock.monoMs();
    try {
      this.#parser.push(bytes, length);
    } catch (error) {
      if (!(error instanceof LinkProblem)) throw error;
      const { host, port } = this.address;
      const notRtsp = error.problem.code === 'not-rtsp';
      this.#fail(notRtsp ? new LinkProblem('not-rtsp', { host, port }) : error);
    }
  }

  #message(message: RtspMessage): void {
    if (message.kind === 'request') {
      this.#answer(message);
      return;
    }
    const sequence = Number(header(message, 'cseq') ?? Number.NaN);
    // Answers without a number exist; only one request waits as a rule.
    const key = this.#pending.has(sequence)
      ? sequence
      : Number.isNaN(sequence)
        ? firstKey(this.#pending)
        : null;
    const pending = key === null ? undefined : this.#pending.get(key);
    if (key === null || pending === undefined) return;
    this.#pending.delete(key);
    clearTimeout(pending.timer);
    pending.resolve(message);
  }

  /** A camera may ask us: whether we live, or to end. */
  #answer(request: RtspRequest): void {
    const cseq = [['CSeq', header(request, 'cseq') ?? '0']] as const;
    const known = ['OPTIONS', 'GET_PARAMETER', 'SET_PARAMETER', 'ANNOUNCE', 'TEARDOWN'].includes(
      request.method,
    );
    this.send(known ? encodeResponse(200, 'OK', cseq) : encodeResponse(501, 'Not Implemented', cseq));
    if (request.method === 'TEARDOWN') this.#fail(new LinkProblem('closed'));
  }

  /** Asks and waits for the answer, signing in as often as that makes sense. Throws a LinkProblem. */
  async ask(method: string, uri: string, headers: Headers, timeoutMs?: number): Promise<RtspResponse> {
    for (let tries = 0; ; ) {
      const authorization = this.signIn.authorize(method, uri);
      if (authorization !== null) tries++;
      const response = await this.#exchange(method, uri, headers, authorization, timeoutMs);
      if (response.status !== 401) {
        this.signIn.accepted();
        return response;
      }
      const challenges = response.headers.get('www-authenticate') ?? [];
      const verdict = this.signIn.challenged(challenges, tries);
      if (verdict === 'unsupported') {
        throw new LinkProblem('auth-unsupported', { scheme: SignIn.schemes(challenges) });
      }
      if (verdict !== 'retry') throw new LinkProblem(verdict);
    }
  }

  #exchange(
    method: string,
    uri: string,
    headers: Headers,
    authorization: string | null,
    timeoutMs: number = this.#limits.answerMs,
  ): Promise<RtspResponse> {
    return new Promise((resolve, reject) => {
      if (this.#over) return reject(this.#over);
      if (this.#pending.size >= maxPending) return reject(this.#noAnswer(timeoutMs));
      const sequence = ++this.#sequence;
      const timer = setTimeout(() => {
        this.#pending.delete(sequence);
        reject(this.#noAnswer(timeoutMs));
      }, timeoutMs);
      this.#pending.set(sequence, { resolve, reject, timer });
      const all: (readonly [string, string | number])[] = [
        ['CSeq', sequence],
        ['User-Agent', 'Custos'],
        ...headers,
      ];
      if (authorization !== null) all.push(['Authorization', authorization]);
      this.#socket.write(encodeRequest(method, uri, all));
    });
  }

  /** Sends a frame or an answer, unless the camera has stopped reading. */
  send(bytes: Buffer): void {
    if (!this.#over && this.#socket.writableLength < maxBacklogBytes) this.#socket.write(bytes);
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get localAddress(): string | undefined {
    return this.#socket.localAddress;
  }

  #fail(problem: LinkProblem): void {
    if (this.#over) return;
    this.close(problem);
    this.#sink.failed(problem);
  }

  /** Ends the connection now; whoever waits for an answer is told why. */
  close(problem: LinkProblem = new LinkProblem('closed')): void {
    if (this.#over) return;
    this.#over = problem;
    this.#parser.end();
    for (const pending of this.#pending.values()) {
      clearTimeout(pending.timer);
      pending.reject(problem);
    }
    this.#pending.clear();
    this.#socket.destroy();
  }
}

const firstKey = (map: ReadonlyMap<number, unknown>): number | null => map.keys().next().value ?? null;

/** OpenSSL's reason in words (`wrong version number`), without its numbers and file names. */
function tlsReason(error: NodeJS.ErrnoException & { reason?: string }): string {
  return (error.reason ?? error.code ?? error.message).replace(/[^\w .-]/g, ' ').slice(0, 80);
}
