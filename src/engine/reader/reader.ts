/** What the reader process does with its orders: playback, files made of stored spans, stills, surveys. */
import type { Socket } from 'node:net';
import { type Clock, refuse, sayError } from '../../base/index.ts';
import { knowBucket } from '../bucket/index.ts';
import type { Fact, FilePlan, Footage, TicketId } from '../engine.ts';
import type { AskHandlers, Child, Hello, MediaConnection, TellHandlers } from '../ipc.ts';
import { AskedKeys, NoKey } from '../keys/index.ts';
import { survey } from '../segment/index.ts';
import { Library } from './library.ts';
import { Outlet } from './outlet.ts';
import { makePlan, maxPlanHours, readPlan } from './plan.ts';
import { Playback } from './playback.ts';
import { DirectSink, TranscodeSink } from './sink.ts';
import { storedStill } from './stored-still.ts';
import { type Held, TicketBook } from './tickets.ts';

const tickMs = 500;
const ticksPerReport = 10;
/** The store is asked for so much at once. */
const askMs = 2 * 3600 * 1000;

export class Reader {
  readonly #child: Child;
  readonly #clock: Clock;
  readonly #keys: AskedKeys;
  readonly #library: Library;
  readonly #tickets: TicketBook;
  readonly #timer: NodeJS.Timeout;
  #ticks = 0;

  readonly asks: AskHandlers;
  readonly tells: TellHandlers;

  constructor(child: Child, clock: Clock) {
    this.#child = child;
    this.#clock = clock;
    this.#keys = new AskedKeys(clock, (question) => child.peer.ask('day-key', question));
    this.#library = new Library(this.#keys);
    this.#tickets = new TicketBook(clock, (fact: Fact) => child.peer.tell('facts', [fact]));
    this.#timer = setInterval(() => this.#tick(), tickMs);
    this.asks = {
      admit: (ticket) => {
        this.#tickets.admit(ticket);
        return null;
      },
      plan: ({ ticket }) => this.#plan(ticket),
      missing: ({ ticket, plan }) => this.#tickets.find(ticket).plans.get(plan)?.missing ?? [],
      still: ({ ticket, atMs, width }) => this.#still(ticket, atMs, width),
      survey: ({ volume, options }) => survey(volume, { ...options, keys: this.#keys }),
    };
    this.tells = {
      extend: ({ ticket, expiresAtMs }) => this.#tickets.extend(ticket, expiresAtMs),
      revoke: ({ ticket }) => this.#tickets.revoke(ticket),
      bucket: ({ volumeId, access }) => knowBucket(volumeId, access),
      'forget-key': ({ source, day }) => {
        this.#keys.forget(source, day);
        this.#library.forget(source, day);
      },
    };
  }

  /** Whoever comes without a ticket that is good is cut. */
  serve(connection: MediaConnection): void {
    const { hello, socket } = connection;
    try {
      const held = this.#tickets.find('ticket' in hello ? hello.ticket : hello.read.ticket);
      if ('ticket' in hello) this.#play(connection, held);
      else void this.#read(socket, held, hello.read);
    } catch (error) {
      this.#child.log.warn({ problem: sayError(error) }, 'a viewer was not served');
      socket.destroy();
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#tickets.revokeAll('engine');
    await this.#library[Symbol.asyncDispose]();
  }

  #tick(): void {
    this.#tickets.expire();
    if (++this.#ticks % ticksPerReport !== 0) return;
    const delivered = this.#tickets.delivered();
    if (delivered.length > 0) this.#child.peer.tell('delivered', delivered);
  }

  #footage(held: Held, fromMs: number, toMs: number): Promise<Footage> {
    return this.#child.peer.ask('footage', { ticket: held.ticket.id, fromMs, toMs });
  }

  #play(connection: MediaConnection, held: Held): void {
    const { socket } = connection;
    const left = this.#tickets.join(held, { cut: () => socket.destroy() });
    const outlet = new Outlet(socket, (seconds) => {
      held.deliveredS += seconds;
    });
    const { log, peer, setup } = this.#child;
    const leave = {
      ...{ ffmpeg: setup.ffmpeg, log },
      mayStart: () => peer.ask('transcode-may-start', null),
      ended: () => peer.tell('transcode-ended', null),
    };
    const sink = held.ticket.transcode ? new TranscodeSink(outlet, leave) : new DirectSink(outlet);
    const playback = new Playback({
      ...{ library: this.#library, outlet, sink, log },
      ...{ fromMs: held.ticket.fromMs, toMs: held.ticket.toMs },
      nowMs: () => this.#clock.wallMs(),
      footage: (fromMs, toMs) => this.#footage(held, fromMs, toMs),
    });
    connection.onWish = (wish) => playback.wish(wish);
    socket.once('close', () => {
      playback.cut();
      left();
      void (sink instanceof TranscodeSink ? sink.end() : sink.reset());
    });
    void playback.run();
  }

  async #plan(id: TicketId): Promise<FilePlan> {
    const held = this.#tickets.find(id);
    const { fromMs, toMs } = held.ticket;
    if (toMs - fromMs > maxPlanHours * 3600 * 1000) refuse('view.range', { hours: maxPlanHours });
    const segments = new Map<string, Footage['segments'][number]>();
    const gaps: Footage['gaps'][number][] = [];
    for (let at = fromMs; at < toMs; at += askMs) {
      const footage = await this.#footage(held, at, Math.min(toMs, at + askMs));
      for (const segment of footage.segments) segments.set(segment.id, segment);
      gaps.push(...footage.gaps);
    }
    const all = { segments: [...segments.values()], gaps };
    let noKey: NoKey | null = null;
    const leftOut = (ref: Footage['segments'][number], error: unknown): void => {
      if (error instanceof NoKey) noKey = error;
      this.#child.log.error({ problem: sayError(error), segment: ref.id }, 'a segment is left out of a file');
    };
    const plan = await makePlan(this.#library, all, { fromMs, toMs }, leftOut).catch((error: unknown) =>
      // Where nothing is left, that is why.
      refuseWithoutKey(noKey ?? error, error),
    );
    this.#tickets.keepPlan(held, plan);
    return plan.file;
  }

  async #read(socket: Socket, held: Held, wanted: Extract<Hello, { read: object }>['read']): Promise<void> {
    const plan = held.plans.get(wanted.plan);
    const isInside = plan !== undefined && wanted.from >= 0 && wanted.to <= plan.file.bytes;
    if (!isInside || wanted.from > wanted.to) {
      socket.destroy();
      return;
    }
    try {
      const left = this.#tickets.join(held, { cut: () => socket.destroy() });
      socket.once('close', left);
      const outlet = new Outlet(socket, (seconds) => {
        held.deliveredS += seconds;
      });
      for await (const piece of readPlan(this.#library, plan, wanted.from, wanted.to)) {
        if (!outlet.isOpen) return;
        await outlet.bytes([piece.bytes], piece.seconds);
      }
      socket.end();
    } catch (error) {
      // Fewer bytes than promised tell the other side that something is wrong.
      this.#child.log.error({ problem: sayError(error) }, 'a stored file could not be read to its end');
      socket.destroy();
    }
  }

  /** Without an instant: the first of the span. */
  async #still(id: TicketId, at: number | null, width: number | null): Promise<Uint8Array> {
    const held = this.#tickets.find(id);
    const { fromMs, toMs } = held.ticket;
    const atMs = at ?? fromMs;
    if (atMs < fromMs || atMs > toMs) refuse('view.nothing');
    if (this.#child.setup.ffmpeg === null) refuse('still.no-ffmpeg');
    const footage = await this.#footage(held, atMs, Math.min(toMs, atMs + 1));
    const how = { ffmpeg: this.#child.setup.ffmpeg, width };
    return storedStill(this.#library, footage, atMs, how).catch((error: unknown) =>
      refuseWithoutKey(error, error),
    );
  }
}

/** Says in words that there is no key; anything else goes on as it was. */
function refuseWithoutKey(why: unknown, otherwise: unknown): never {
  if (!(why instanceof NoKey)) throw otherwise;
  if (why.trouble === 'destroyed') refuse('view.key-destroyed');
  refuse('view.key-missing');
}
