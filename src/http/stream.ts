/**
 * Server-sent events to signed-in persons. A client that reads too slowly is closed: it comes back by itself and asks
 * for the present state, which is worth more than a queue of the past.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Refusal, refuse } from '../base/index.ts';
import type { Action } from '../contract/index.ts';
import { type Ended, isWho, type Subject, type Who } from '../gate/index.ts';
import { calledBy, checkOrigin } from './caller.ts';
import type { Edge } from './route.ts';

const heartbeatMs = 15_000;
const maxWaitingBytes = 1024 * 1024;
const maxStreams = 1000;
const maxStreamsOfOne = 32;

/** Begins to send; returns what ends it. `send` takes JSON. */
export type StreamSource = (who: Who, send: (event: unknown) => void) => () => void;

interface Stream {
  readonly who: Who;
  close(): void;
}

export class Streams implements Disposable {
  readonly #edge: Edge;
  readonly #open = new Set<Stream>();
  readonly #stopListening: () => void;

  constructor(edge: Edge) {
    this.#edge = edge;
    this.#stopListening = edge.gate.onEnded((ended) => this.#end(ended));
  }

  mount(path: string, action: Action, subject: Subject, source: StreamSource): void {
    this.#edge.app.get(path, async (request, reply) => {
      const { caller } = await calledBy(this.#edge.gate, request.raw, this.#edge.around);
      try {
        checkOrigin(request.headers, this.#edge.around);
        await this.#edge.gate.admit(caller, action, subject, { call: `GET ${path}` });
        if (!isWho(caller)) refuse('session.needed');
        this.#checkRoom(caller);
        this.#run(caller, request, reply, source);
        return reply;
      } catch (error) {
        if (error instanceof Refusal) await this.#edge.gate.refused(caller, action, subject, error);
        throw error;
      }
    });
  }

  #checkRoom(who: Who): void {
    const own = [...this.#open].filter((stream) => stream.who.personId === who.personId).length;
    if (own >= maxStreamsOfOne || this.#open.size >= maxStreams) refuse('request.too-many', { seconds: 5 });
  }

  #run(who: Who, request: FastifyRequest, reply: FastifyReply, source: StreamSource): void {
    reply.hijack();
    const raw = reply.raw;
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) raw.setHeader(name, value);
    raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    const write = (text: string) => {
      if (raw.destroyed) return;
      if (raw.writableLength > maxWaitingBytes) raw.destroy();
      else raw.write(text);
    };
    write('retry: 2000\n\n');
    const heartbeat = setInterval(() => write(':\n\n'), heartbeatMs);
    const stop = source(who, (event) => write(`data: ${JSON.stringify(event)}\n\n`));
    const stream: Stream = { who, close: () => raw.end() };
    this.#open.add(stream);
    request.raw.socket.once('error', () => raw.destroy());
    raw.once('close', () => {
      clearInterval(heartbeat);
      this.#open.delete(stream);
      stop();
    });
  }

  #end(ended: Ended): void {
    for (const stream of this.#open) if (ended.sessionIds.includes(stream.who.sessionId)) stream.close();
  }

  get size(): number {
    return this.#open.size;
  }

  [Symbol.dispose](): void {
    this.#stopListening();
    for (const stream of this.#open) stream.close();
  }
}
