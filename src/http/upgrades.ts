/** WebSocket upgrades: who registered a path gets them; everything else is answered with 404 and closed. */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { type Log, Refusal, sayError } from '../base/index.ts';
import { headersOf, languageOf, problemOf } from './problem.ts';

/** Takes the upgrade over, or throws a `Refusal`, which is then the answer. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>;

export class Upgrades implements Disposable {
  readonly #handlers: { prefix: string; handle: UpgradeHandler }[] = [];
  readonly #sockets = new Set<Duplex>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  on(prefix: string, handle: UpgradeHandler): void {
    this.#handlers.push({ prefix, handle });
  }

  listen(server: Server, before: (request: IncomingMessage) => void): void {
    server.on('upgrade', (request, socket, head) => {
      // Without a listener a reset connection would end the process.
      socket.on('error', () => socket.destroy());
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      this.#take(request, socket, head, before).catch((error: unknown) =>
        this.#refuse(request, socket, error),
      );
    });
  }

  /** The HTTP server forgets a socket once it is upgraded; whoever closes the server ends them here. */
  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async #take(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    before: (request: IncomingMessage) => void,
  ): Promise<void> {
    before(request);
    const found = this.#handlers.find(({ prefix }) => request.url?.startsWith(prefix));
    if (!found) throw new Refusal('request.unknown');
    await found.handle(request, socket, head);
  }

  #refuse(request: IncomingMessage, socket: Duplex, error: unknown): void {
    if (!(error instanceof Refusal)) this.#log.error({ error: sayError(error) }, 'an upgrade failed');
    const refusal = error instanceof Refusal ? error : new Refusal('internal.fault', { id: 'upgrade' });
    answerUpgrade(request, socket, refusal);
  }
}

/** A plain HTTP answer on a socket that asked for an upgrade, then the end. */
function answerUpgrade(request: IncomingMessage, socket: Duplex, refusal: Refusal): void {
  if (socket.destroyed) return;
  const problem = problemOf(refusal, languageOf(request.headers['accept-language']));
  const body = Buffer.from(JSON.stringify(problem));
  const headers = {
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': String(body.length),
    connection: 'close',
    ...headersOf(refusal),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  // The reason phrase is for people who read dumps; RFC 9112 lets it be empty.
  socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 ${problem.status} \r\n${lines.join('')}\r\n`), body]));
}

/** Ends a connection so that what still waits in it is not sent: a reader who is slow would else go on seeing. */
export function cutOff(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}
