/** What an intake process does with its orders. */
import { type Clock, Fault } from '../../base/index.ts';
import type { Source, SourceId, TicketId, Volume } from '../engine.ts';
import type { AskHandlers, Child, Gap, MediaConnection, TellHandlers } from '../ipc.ts';
import { AskedKeys } from '../keys/index.ts';
import { partHead } from '../mp4/index.ts';
import { Moderation } from '../rtsp/index.ts';
import { takeStill } from '../still.ts';
import { Viewer } from './live.ts';
import { Outbox } from './outbox.ts';
import { probe } from './probe.ts';
import { Stream, type StreamContext } from './stream.ts';
import { Syncer } from './syncer.ts';
import { TicketBook } from './tickets.ts';
import { StepWatch } from './wallclock.ts';

const tickMs = 500;
/** 1.5 s: with the wait in the queue of the volume it stays within the 2 s that are promised. */
const ticksPerSync = 3;
const ticksPerKey = 120;
const ticksPerMeasure = 10;
/** Connections are begun this far apart: 64 handshakes in one turn would make all of them late. */
const turnMs = 20;
const maxProbes = 8;
const maxProbeMs = 60_000;

export class Intake {
  readonly #child: Child;
  readonly #clock: Clock;
  readonly #streams = new Map<SourceId, Stream>();
  readonly #syncers = new Map<string, Syncer>();
  readonly #outbox: Outbox;
  readonly #keys: AskedKeys;
  readonly #tickets: TicketBook;
  readonly #steps: StepWatch;
  readonly #moderation: Moderation;
  readonly #timer: NodeJS.Timeout;
  readonly #context: StreamContext;
  #ticks = 0;
  #nextTurnAtMs = 0;
  #probes = 0;

  readonly asks: AskHandlers;
  readonly tells: TellHandlers;

  constructor(child: Child, clock: Clock) {
    this.#child = child;
    this.#clock = clock;
    this.#outbox = new Outbox((facts) => child.peer.tell('facts', facts));
    this.#tickets = new TicketBook(clock, (fact) => this.#outbox.add(fact));
    this.#steps = new StepWatch(clock);
    this.#keys = new AskedKeys(clock, (question) => child.peer.ask('day-key', question));
    this.#moderation = new Moderation(clock);
    this.#context = {
      clock,
      log: child.log,
      moderation: this.#moderation,
      emit: (fact) => this.#outbox.add(fact),
      syncer: (volume) => this.#syncer(volume),
      keys: this.#keys,
      suite: child.setup.suite,
      anchorMs: () => this.#steps.anchorMs,
      turnMs: () => this.#turnMs(),
      ffmpeg: child.setup.ffmpeg,
      transcodeMayStart: () => child.peer.ask('transcode-may-start', null),
      transcodeEnded: () => child.peer.tell('transcode-ended', null),
    };
    this.#timer = setInterval(() => this.#tick(), tickMs);
    this.asks = {
      drop: ({ source }) => this.#drop(source),
      probe: (what) => this.#probe(what.source, what.timeoutMs),
      admit: (ticket) => {
        this.#tickets.admit(ticket);
        return null;
      },
      still: ({ ticket, width }) => this.#still(ticket, width),
    };
    this.tells = {
      pull: (source) => this.#pull(source),
      record: ({ source, volume, gap }) => this.#stream(source)?.order(volume, gap),
      extend: ({ ticket, expiresAtMs }) => this.#tickets.extend(ticket, expiresAtMs),
      revoke: ({ ticket }) => this.#tickets.revoke(ticket),
      'forget-key': ({ source, day }) => this.#keys.forget(source, day),
    };
  }

  /** A viewer comes with a ticket; whoever has none that is good is cut. */
  serve(connection: MediaConnection): void {
    const { hello, socket } = connection;
    const ticket = 'ticket' in hello ? this.#tickets.find(hello.ticket) : null;
    const stream = ticket && this.#streams.get(ticket.source);
    if (!ticket || !stream) {
      socket.destroy();
      return;
    }
    const viewer = new Viewer(socket);
    const left = this.#tickets.join(ticket.id, {
      get deliveredS() {
        return viewer.deliveredS;
      },
      get droppedPictures() {
        return viewer.droppedPictures;
      },
      cut: () => socket.destroy(),
    });
    connection.onWish = (wish) => stream.wish(viewer, wish, ticket.transcode);
    const hurry = this.#moderation.hurry();
    socket.once('close', () => {
      hurry[Symbol.dispose]();
      stream.unwatch(viewer);
      left();
    });
    stream.watch(viewer, ticket.transcode);
  }

  async close(gap: Gap | null): Promise<void> {
    clearInterval(this.#timer);
    for (const { ticket } of this.#tickets.delivered()) this.#tickets.revoke(ticket, 'engine');
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    await Promise.all(streams.map((stream) => stream.close(gap)));
    this.#outbox.flush();
  }

  #stream(id: SourceId): Stream | undefined {
    return this.#streams.get(id);
  }

  #pull(source: Source): void {
    const known = this.#streams.get(source.id);
    if (known) known.change(source);
    else this.#streams.set(source.id, new Stream(source, this.#context));
  }

  async #drop(id: SourceId): Promise<null> {
    const stream = this.#streams.get(id);
    this.#streams.delete(id);
    await stream?.close(null);
    this.#outbox.flush();
    return null;
  }

  async #probe(source: Source, timeoutMs: number) {
    if (this.#probes >= maxProbes) throw new Fault('too many probes at once', { retry: true });
    this.#probes++;
    try {
      return await probe(source, Math.min(timeoutMs, maxProbeMs), {
        clock: this.#clock,
        log: this.#child.log,
      });
    } finally {
      this.#probes--;
    }
  }

  /** The newest key picture: at most a group of pictures old, and whole without any other. */
  async #still(id: TicketId, width: number | null): Promise<Uint8Array> {
    const ticket = this.#tickets.find(id);
    const newest = ticket && this.#streams.get(ticket.source)?.hub.newestKey;
    if (!newest) throw new Fault('the camera has sent no picture yet', { retry: true });
    const { run, data } = newest;
    const samples = [{ bytes: data.length, ticks: 3_600, key: true, ctsTicks: 0 }];
    const head = partHead({ sequence: 1, video: { decodeTicks: 0, samples } });
    const parts = [Buffer.concat([head, data])];
    return takeStill(this.#child.setup.ffmpeg, { init: run.init, parts, shownTicks: null, width });
  }

  #turnMs(): number {
    const nowMs = this.#clock.monoMs();
    const atMs = Math.max(nowMs, this.#nextTurnAtMs);
    this.#nextTurnAtMs = atMs + turnMs;
    return atMs - nowMs;
  }

  #syncer(volume: Volume): Syncer {
    const known = this.#syncers.get(volume.path) ?? new Syncer();
    this.#syncers.set(volume.path, known);
    return known;
  }

  #tick(): void {
    const byMs = this.#steps.check();
    const atMs = this.#clock.wallMs();
    if (byMs !== 0) this.#outbox.add({ kind: 'clock-stepped', atMs, byMs: Math.round(byMs) });
    this.#ticks++;
    let turn = this.#ticks;
    for (const stream of this.#streams.values()) {
      if (byMs !== 0) stream.stepped(this.#steps.anchorMs);
      stream.tick();
      // Spread over the ticks, so that the disk and the supervisor hear from a few streams at a time.
      if (turn % ticksPerSync === 0) stream.recorder.sync();
      if (turn % ticksPerKey === 0) stream.recorder.expectKey();
      if (turn % ticksPerMeasure === 0) stream.measure();
      turn++;
    }
    this.#tickets.expire();
    if (this.#ticks % ticksPerMeasure === 0) this.#sayDelivered();
    this.#outbox.flush();
  }

  #sayDelivered(): void {
    const delivered = this.#tickets.delivered();
    if (delivered.length > 0) this.#child.peer.tell('delivered', delivered);
  }
}
