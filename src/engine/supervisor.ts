/**
 * The engine as its user sees it: knows what every process was told, so that one that dies can be told again; passes
 * facts up and viewers through. It touches no byte of video.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect as connectSocket, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { type Clock, FactQueue, Fault, type Log } from '../base/index.ts';
import type { BucketAccess, CarryAnswer, CarryOrder } from './bucket/index.ts';
import type {
  Engine,
  EngineOptions,
  EngineProcess,
  Fact,
  FilePlan,
  MissingSpan,
  ProbeResult,
  Source,
  SourceId,
  Ticket,
  TicketId,
  Volume,
} from './engine.ts';
import {
  type AskHandlers,
  type Delivered,
  encodeHello,
  type Gap,
  type Hello,
  type Survey,
  type TellHandlers,
} from './ipc.ts';
import { answerKey } from './keys/index.ts';
import { OnDemand } from './on-demand.ts';
import { suites } from './seal/index.ts';
import { warmedCode } from './warmed.ts';
import { Worker } from './worker.ts';

export type CreateOptions = EngineOptions & { readonly clock: Clock; readonly log: Log };

/** Facts wait here while the store is busy; an hour of 64 quiet cameras, or minutes of many in trouble. */
const maxFacts = 100_000;
const endWithinMs = 5_000;
const stillWithinMs = 12_000;
const surveyWithinMs = 30 * 60_000;
/** Linux takes socket paths of 107 bytes. */
const maxSocketPath = 107;

const intakeScript = new URL('./intake/main.ts', import.meta.url);
const readerScript = new URL('./reader/main.ts', import.meta.url);
/**
 * Pictures live outside of the heap and are given back by hand (`intake/slab.ts`); what remains are small objects that
 * live for a group of pictures. A young generation that is 8 MB from the start is collected every five seconds, later
 * than they live, so that nothing grows old: 3 collections of 3 ms in 15 s at 32 cameras and none of the whole heap,
 * which had been 40 % of the main thread. Without the second flag V8 answers every 64 MB of slabs with a full one.
 */
const intakeFlags = [
  '--min-semi-space-size=8',
  '--max-semi-space-size=8',
  '--external-memory-accounted-in-global-limit',
];
const moverScript = new URL('./bucket/main.ts', import.meta.url);
const readerFlags: readonly string[] = [];

interface Told {
  source: Source;
  readonly worker: Worker;
  recording: { volume: Volume | null; gap: Gap | null } | null;
  /** The gap that is open by what was reported. */
  gap: Gap | null;
  recordedToMs: number | null;
}

interface Admitted {
  ticket: Ticket;
  readonly worker: Worker;
  done: Promise<unknown>;
  joined: boolean;
  delivered: Delivered | null;
}

export class Supervisor implements Engine {
  readonly #options: CreateOptions;
  readonly #runDir: string;
  readonly #ownRunDir: boolean;
  readonly #codeFolder: string;
  readonly #facts = new FactQueue<Fact>(maxFacts);
  readonly #sources = new Map<SourceId, Told>();
  readonly #tickets = new Map<TicketId, Admitted>();
  readonly #intakes: Worker[] = [];
  readonly #reader: OnDemand;
  readonly #mover: OnDemand;
  readonly #buckets = new Map<string, BucketAccess>();
  readonly #transcodes = new Map<Worker, number>();
  readonly #forgetKeys: () => void;
  #ended = false;

  static async create(options: CreateOptions): Promise<Supervisor> {
    const longest = join(options.runDir, 'intake-9999.sock');
    const own = Buffer.byteLength(longest) > maxSocketPath;
    const runDir = own ? await mkdtemp(join(tmpdir(), 'custos-')) : options.runDir;
    await mkdir(runDir, { recursive: true, mode: 0o700 });
    const codeFolder = await warmedCode(runDir, options.log);
    const supervisor = new Supervisor(options, { runDir, own, codeFolder });
    try {
      // Recording waits for nobody; whoever wants to read waits for the reader then.
      await supervisor.#intakes[0]?.ready(startWithinMs);
    } catch (error) {
      await supervisor[Symbol.asyncDispose]();
      throw error;
    }
    return supervisor;
  }

  constructor(options: CreateOptions, at: { runDir: string; own: boolean; codeFolder: string }) {
    this.#options = options;
    this.#runDir = at.runDir;
    this.#ownRunDir = at.own;
    this.#codeFolder = at.codeFolder;
    this.#reader = new OnDemand({
      clock: options.clock,
      start: (nth) => this.#work('reader', readerScript, readerFlags, `reader-${nth}`),
      inUse: () => this.#isLookedAt(),
    });
    this.#mover = new OnDemand({
      clock: options.clock,
      start: (nth) => this.#work('mover', moverScript, [], `mover-${nth}`),
      inUse: () => false,
    });
    this.#intakes.push(this.#work('intake-1', intakeScript, intakeFlags));
    this.#forgetKeys = options.keys.onDestroyed((source, day) => {
      for (const worker of [this.#reader.worker, ...this.#intakes])
        worker?.peer?.tell('forget-key', { source, day });
    });
  }

  get facts(): AsyncIterable<Fact> {
    return this.#facts;
  }

  // ── sources ────────────────────────────────────────────────────────────────────────────────────────────────────────

  pull(source: Source): void {
    const known = this.#sources.get(source.id);
    if (known) known.source = source;
    else {
      const worker = this.#assign();
      const nothing = { recording: null, gap: null, recordedToMs: null };
      this.#sources.set(source.id, { source, worker, ...nothing });
    }
    this.#sources.get(source.id)?.worker.peer?.tell('pull', source);
  }

  async drop(id: SourceId): Promise<void> {
    const told = this.#sources.get(id);
    if (!told) return;
    this.#sources.delete(id);
    try {
      await told.worker.peer?.ask('drop', { source: id });
    } catch (error) {
      // Its process died meanwhile: with it went the connection, and what it wrote is found by the survey.
      if (!(error instanceof Fault && error.retry)) throw error;
    }
  }

  record(id: SourceId, volume: Volume | null, gap?: Gap): void {
    const told = this.#sources.get(id);
    if (!told) throw new Fault(`${id} is not pulled`);
    told.recording = { volume, gap: gap ?? null };
    told.worker.peer?.tell('record', { source: id, volume, gap: gap ?? null });
  }

  async probe(source: Source, timeoutMs: number): Promise<ProbeResult> {
    const worker = this.#intakes.find((intake) => intake.up) ?? (this.#intakes[0] as Worker);
    return worker.ask('probe', { source, timeoutMs }, timeoutMs + 5_000);
  }

  // ── viewers ────────────────────────────────────────────────────────────────────────────────────────────────────────

  admit(ticket: Ticket): void {
    // Whoever watches live looks back next: the reader is there by then.
    const reader = this.#reader.need();
    const worker = ticket.kind === 'playback' ? reader : this.#sources.get(ticket.source)?.worker;
    if (!worker) throw new Fault('a ticket for a source that is not pulled');
    const admitted: Admitted = {
      ticket,
      worker,
      done: Promise.resolve(),
      joined: false,
      delivered: null,
    };
    this.#tickets.set(ticket.id, admitted);
    this.#tellTicket(admitted);
    this.#forgetExpired();
  }

  extend(id: TicketId, expiresAtMs: number): void {
    const admitted = this.#tickets.get(id);
    if (!admitted) return;
    admitted.ticket = { ...admitted.ticket, expiresAtMs };
    admitted.worker.peer?.tell('extend', { ticket: id, expiresAtMs });
  }

  revoke(id: TicketId): void {
    const admitted = this.#tickets.get(id);
    admitted?.worker.peer?.tell('revoke', { ticket: id });
    // One that is watched is forgotten when its end was reported.
    if (admitted && !admitted.joined) this.#tickets.delete(id);
    else if (admitted) admitted.ticket = { ...admitted.ticket, expiresAtMs: 0 };
  }

  async connect(id: TicketId): Promise<Duplex> {
    return this.#greet(await this.#good(id), { ticket: id });
  }

  async plan(id: TicketId): Promise<FilePlan> {
    const { worker } = await this.#good(id);
    return worker.ask('plan', { ticket: id }, 60_000);
  }

  async missing(id: TicketId, plan: string): Promise<readonly MissingSpan[]> {
    const { worker } = await this.#good(id);
    return worker.ask('missing', { ticket: id, plan }, 10_000);
  }

  async read(id: TicketId, plan: string, from: number, to: number): Promise<Readable> {
    return this.#greet(await this.#good(id), { read: { ticket: id, plan, from, to } });
  }

  async still(id: TicketId, atMs: number | null, width: number | null): Promise<Uint8Array> {
    const { worker } = await this.#good(id);
    return worker.ask('still', { ticket: id, atMs, width }, stillWithinMs);
  }

  survey(
    volume: Volume,
    options: { sinceMs: number; repair: boolean; known: readonly string[] },
  ): Promise<Survey> {
    return this.#reader.use((reader) => reader.ask('survey', { volume, options }, surveyWithinMs));
  }

  // ── buckets ────────────────────────────────────────────────────────────────────────────────────────────────────────

  bucket(volumeId: string, access: BucketAccess | null): void {
    if (access === null) this.#buckets.delete(volumeId);
    else this.#buckets.set(volumeId, access);
    for (const { worker } of [this.#reader, this.#mover]) worker?.peer?.tell('bucket', { volumeId, access });
  }

  carry(order: CarryOrder): Promise<CarryAnswer> {
    const withinMs = carryWithinMs + order.bytes / carryBytesPerMs + slowed(order);
    return this.#mover.use((worker) => worker.ask('carry', order, withinMs));
  }

  // ── the whole ──────────────────────────────────────────────────────────────────────────────────────────────────────

  processes(): readonly EngineProcess[] {
    return this.#workers().map((worker) => ({
      name: worker.name,
      pid: worker.pid,
      up: worker.up,
      sinceMs: worker.sinceMs,
      restarts: worker.restarts,
      sources: this.#of(worker).length,
    }));
  }

  transcodes(): { running: number; limit: number } {
    let running = 0;
    for (const count of this.#transcodes.values()) running += count;
    return { running, limit: this.#options.transcodeLimit };
  }

  /** Open segments are closed and reported, viewers cut, processes gone; then the facts end. At most 5 s. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const gap: Gap = { cause: 'system-stopped', detail: {} };
    await Promise.all([
      this.#reader.end(gap),
      this.#mover.end(gap),
      ...this.#intakes.map((worker) => worker.end(gap, endWithinMs)),
    ]);
    this.#forgetKeys();
    this.#facts.end();
    if (this.#ownRunDir) await rm(this.#runDir, { recursive: true, force: true });
  }

  // ── processes ──────────────────────────────────────────────────────────────────────────────────────────────────────

  #workers(): Worker[] {
    const reader = this.#reader.worker;
    return reader ? [reader, ...this.#intakes] : this.#intakes;
  }

  #isLookedAt(): boolean {
    this.#forgetExpired();
    return this.#tickets.size > 0;
  }

  #work(name: string, script: URL, flags: readonly string[], socket = name): Worker {
    const { clock, log, ffmpeg } = this.#options;
    const suite = suites[this.#options.suite ?? 'aes-256-gcm'];
    const worker: Worker = new Worker({
      setup: { name, socketPath: join(this.#runDir, `${socket}.sock`), ffmpeg, suite },
      script,
      flags,
      codeFolder: this.#codeFolder,
      clock,
      log,
      asks: this.#answers(() => worker),
      tells: this.#hears(() => worker),
      up: (first) => this.#up(worker, first),
      down: (why) => this.#down(worker, why),
    });
    return worker;
  }

  #answers(worker: () => Worker): AskHandlers {
    return {
      footage: ({ ticket, fromMs, toMs }) => this.#options.footage(ticket, fromMs, toMs),
      'day-key': (question) => answerKey(this.#options.keys, question),
      'transcode-may-start': () => {
        const { running, limit } = this.transcodes();
        if (running >= limit) return false;
        this.#transcodes.set(worker(), (this.#transcodes.get(worker()) ?? 0) + 1);
        return true;
      },
    };
  }

  #hears(worker: () => Worker): TellHandlers {
    return {
      facts: (facts) => {
        for (const fact of facts) this.#heard(fact);
      },
      delivered: (all) => {
        for (const delivered of all) {
          const admitted = this.#tickets.get(delivered.ticket);
          if (admitted) admitted.delivered = delivered;
        }
      },
      'transcode-ended': () => {
        this.#transcodes.set(worker(), Math.max(0, (this.#transcodes.get(worker()) ?? 0) - 1));
      },
      log: ({ level, what, message }) =>
        this.#options.log[level]({ process: worker().name, ...what }, message),
    };
  }

  #up(worker: Worker, first: boolean): void {
    if (worker === this.#reader.worker || worker === this.#mover.worker)
      for (const [volumeId, access] of this.#buckets) worker.peer?.tell('bucket', { volumeId, access });
    for (const told of this.#of(worker)) this.#tellSource(told, first);
    for (const admitted of this.#tickets.values()) if (admitted.worker === worker) this.#tellTicket(admitted);
    const atMs = this.#options.clock.wallMs();
    if (!first) this.#facts.push({ kind: 'engine-up', name: worker.name, atMs });
  }

  #tellSource({ source, worker, recording }: Told, first: boolean): void {
    worker.peer?.tell('pull', source);
    if (!recording) return;
    const { volume } = recording;
    const gap = first || volume === null ? recording.gap : restarted;
    worker.peer?.tell('record', { source: source.id, volume, gap });
  }

  /** From the last part that was reported nothing is recorded, and whoever watched sees nothing. */
  #down(worker: Worker, why: string): void {
    const atMs = this.#options.clock.wallMs();
    this.#transcodes.delete(worker);
    const all = this.#of(worker);
    const sources = all.map((told) => told.source.id);
    this.#facts.push({ kind: 'engine-down', name: worker.name, atMs, sources, why });
    for (const told of all) {
      if (!told.recording?.volume || told.gap) continue;
      const fromMs = told.recordedToMs ?? atMs;
      this.#heard({ kind: 'gap-opened', source: told.source.id, atMs: fromMs, ...restarted });
    }
    for (const admitted of this.#tickets.values()) {
      if (admitted.worker === worker && admitted.joined) this.#abandoned(admitted, atMs);
    }
  }

  #abandoned(admitted: Admitted, atMs: number): void {
    const { ticket, delivered } = admitted;
    const deliveredS = delivered?.deliveredS ?? 0;
    const droppedPictures = delivered?.droppedPictures ?? 0;
    this.#heard({
      kind: 'viewer-left',
      ticket: ticket.id,
      atMs,
      deliveredS,
      droppedPictures,
      why: 'engine',
    });
  }

  /** What is passed up is also what a process must be told when it starts again. */
  #heard(fact: Fact): void {
    if (fact.kind === 'viewer-joined' || fact.kind === 'viewer-left') this.#heardOfViewer(fact);
    const told = 'source' in fact ? this.#sources.get(fact.source) : undefined;
    if (told && fact.kind === 'gap-opened') {
      const gap = { cause: fact.cause, detail: fact.detail };
      // A process that starts again says once more what is known already.
      if (told.gap && JSON.stringify(told.gap) === JSON.stringify(gap)) return;
      told.gap = gap;
    }
    if (told && fact.kind === 'gap-closed') told.gap = null;
    if (told && fact.kind === 'recorded') told.recordedToMs = fact.endMs;
    if (told && fact.kind === 'segment-opened') told.recordedToMs = fact.segment.endMs;
    if (told && fact.kind === 'segment-closed')
      told.recordedToMs = Math.max(told.recordedToMs ?? 0, fact.segment.endMs);
    this.#facts.push(fact);
  }

  #heardOfViewer(fact: Extract<Fact, { kind: 'viewer-joined' | 'viewer-left' }>): void {
    const admitted = this.#tickets.get(fact.ticket);
    if (!admitted) return;
    admitted.joined = fact.kind === 'viewer-joined';
    const over = fact.kind === 'viewer-left' && (fact.why === 'revoked' || fact.why === 'expired');
    if (over) this.#tickets.delete(fact.ticket);
  }

  /** Sources stay with their process for as long as they are pulled: to move one would cut its recording. */
  #assign(): Worker {
    const free = this.#intakes.find((worker) => this.#of(worker).length < this.#options.perProcess);
    if (free) return free;
    const worker = this.#work(`intake-${this.#intakes.length + 1}`, intakeScript, intakeFlags);
    this.#intakes.push(worker);
    return worker;
  }

  #of(worker: Worker): Told[] {
    return [...this.#sources.values()].filter((told) => told.worker === worker);
  }

  // ── tickets ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #tellTicket(admitted: Admitted): void {
    const told = admitted.worker.peer?.ask('admit', admitted.ticket) ?? Promise.resolve(null);
    // Heard by whoever connects; nobody may, and a process that died is told again when it is back.
    told.catch(() => {});
    admitted.done = told;
  }

  async #good(id: TicketId): Promise<Admitted> {
    const admitted = this.#tickets.get(id);
    if (!admitted || admitted.ticket.expiresAtMs <= this.#options.clock.wallMs())
      throw new Fault('the ticket is unknown or has ended');
    await admitted.worker.ready(5_000);
    await admitted.done;
    return admitted;
  }

  #forgetExpired(): void {
    const nowMs = this.#options.clock.wallMs();
    for (const [id, { ticket, joined }] of this.#tickets)
      if (!joined && ticket.expiresAtMs <= nowMs) this.#tickets.delete(id);
  }

  #greet({ worker }: Admitted, hello: Hello): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connectSocket(worker.socketPath);
      const failed = (error: Error) =>
        reject(new Fault(`${worker.name} takes no viewers`, { cause: error, retry: true }));
      socket.once('error', failed);
      socket.once('connect', () => {
        socket.off('error', failed);
        // An error after this is the process's end: 'close' follows, and that is what the relay watches.
        socket.on('error', () => {});
        socket.write(encodeHello(hello));
        resolve(socket);
      });
    });
  }
}

/** Retries and their waits; besides, what the slowest line takes that is still of use: 32 KiB a second, both ways. */
const carryWithinMs = 5 * 60_000;
const carryBytesPerMs = 16;
/** Four may share the pace that was ordered. */
const slowed = ({ bytes, bytesPerSecond }: CarryOrder): number =>
  bytesPerSecond > 0 ? (bytes * 2 * 4 * 1000) / bytesPerSecond : 0;
const startWithinMs = 20_000;
const restarted: Gap = { cause: 'engine-restart', detail: {} };
