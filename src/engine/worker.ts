/**
 * One process of the engine, kept alive: it is started, told who it is, asked every two seconds whether it is well,
 * and when it dies it is started again and its owner tells it everything anew.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { type Clock, childEnvironment, Fault, type Log, sayError } from '../base/index.ts';
import { type AskHandlers, type Asks, type Gap, Peer, type Setup, type TellHandlers } from './ipc.ts';
import { poolThreads } from './threads.ts';

const pingEveryMs = 2_000;
const deafMs = 10_000;
/** So many deaths are forgiven at once; each ten seconds of life forgive one more. */
const forgiven = 5;
const forgivenEveryMs = 10_000;
/** A process that did not even get up is likelier not to next time. */
const deathAtStart = 3;
/** A process that was killed is gone by then, if anything can end it. */
const deadMs = 1_000;
const firstWaitMs = 250;
const mostWaitMs = 2_000;
const setupMs = 15_000;

/**
 * Two of glibc's heaps are enough for a process whose threads only wait for the disk; each more holds memory. The slabs
 * of pictures (`intake/slab.ts`) are mapped one by one, so that what is given back is given back to the system: without
 * a fixed threshold glibc moves them into its heap, where the holes between them stayed: 14 MB at 32 cameras.
 */
const memory = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '262144' };

export interface WorkerOptions {
  readonly setup: Setup;
  readonly script: URL;
  readonly flags: readonly string[];
  /** Where Node keeps compiled code between starts. */
  readonly codeFolder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly asks: AskHandlers;
  readonly tells: TellHandlers;
  /** The process is there, for the first time or again: tell it everything. */
  up(first: boolean): void;
  down(why: string): void;
}

export class Worker {
  readonly #options: WorkerOptions;
  #process: ChildProcess | null = null;
  #peer: Peer | null = null;
  #ready: Promise<void>;
  #becameReady: () => void = () => {};
  #startedAtMs = 0;
  #deaths = 0;
  #ending = false;
  #again: NodeJS.Timeout | null = null;
  #killedBecause: string | null = null;
  #first = true;
  restarts = 0;
  sinceMs: number | null = null;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#ready = this.#expect();
    this.#start();
  }

  get name(): string {
    return this.#options.setup.name;
  }

  get socketPath(): string {
    return this.#options.setup.socketPath;
  }

  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  get up(): boolean {
    return this.#peer !== null;
  }

  /** The other end, or null while it is down: then `up` will come and everything is told again anyway. */
  get peer(): Peer | null {
    return this.#peer;
  }

  /** Waits for the process to be there; a retryable fault when it is not in time. */
  async ready(withinMs: number): Promise<Peer> {
    let late: NodeJS.Timeout | undefined;
    const lateness = new Promise<void>((resolve) => {
      late = setTimeout(resolve, withinMs);
    });
    await Promise.race([this.#ready, lateness]);
    clearTimeout(late);
    if (!this.#peer) throw new Fault(`${this.name} is not running`, { retry: true });
    return this.#peer;
  }

  async ask<K extends keyof Asks>(op: K, value: Asks[K][0], timeoutMs?: number): Promise<Asks[K][1]> {
    return (await this.ready(setupMs)).ask(op, value, timeoutMs);
  }

  /** Ends the process in order, by force after `withinMs`. */
  async end(gap: Gap, withinMs: number): Promise<void> {
    this.#ending = true;
    if (this.#again) clearTimeout(this.#again);
    const child = this.#process;
    if (!child) return;
    const gone = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
    });
    const force = setTimeout(() => child.kill('SIGKILL'), withinMs);
    try {
      await this.#peer?.ask('close', gap, withinMs);
    } catch (error) {
      this.#options.log.warn({ problem: sayError(error) }, `${this.name} did not end in order`);
    }
    // Its channel closed, a child exits by itself.
    if (child.connected) child.disconnect();
    // One that waits for a disk that answers no more cannot even be killed; it ends when the disk does.
    await Promise.race([gone, after(withinMs + deadMs)]);
    clearTimeout(force);
  }

  #expect(): Promise<void> {
    return new Promise((resolve) => {
      this.#becameReady = resolve;
    });
  }

  #start(): void {
    const { setup, script, flags, codeFolder, asks, tells, clock } = this.#options;
    this.#again = null;
    this.#killedBecause = null;
    this.#startedAtMs = clock.monoMs();
    const child = fork(script, [setup.name], {
      execArgv: [...flags],
      serialization: 'advanced',
      env: childEnvironment({
        ...memory,
        UV_THREADPOOL_SIZE: String(poolThreads),
        NODE_COMPILE_CACHE: codeFolder,
      }),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#process = child;
    const peer = new Peer((message) => child.connected && child.send(message as object, () => {}), {
      asks,
      tells,
    });
    let over = false;
    const ended = (why: string) => {
      if (over) return;
      over = true;
      peer.ended(`${this.name} ended`);
      this.#ended(child, why);
    };
    child.on('message', (message) => peer.receive(message));
    child.once('exit', (code, signal) =>
      ended(this.#killedBecause ?? (signal ? `killed by ${signal}` : `exit code ${code}`)),
    );
    child.once('error', (error) => ended(sayError(error)));
    this.#introduce(child, peer).catch((error) => this.#kill(child, sayError(error)));
  }

  async #introduce(child: ChildProcess, peer: Peer): Promise<void> {
    await peer.ask('setup', this.#options.setup, setupMs);
    this.#peer = peer;
    this.sinceMs = this.#options.clock.wallMs();
    const first = this.#first;
    this.#first = false;
    this.#options.up(first);
    this.#becameReady();
    await this.#watch(child, peer);
  }

  async #watch(child: ChildProcess, peer: Peer): Promise<void> {
    while (this.#peer === peer && !this.#ending) {
      try {
        const { lagMs } = await peer.ask('ping', null, deafMs);
        if (lagMs > 1_000) this.#options.log.warn({ name: this.name, lagMs }, 'a process was busy too long');
      } catch (error) {
        if (this.#peer === peer && !this.#ending) this.#kill(child, sayError(error));
        return;
      }
      await new Promise<void>((resolve) => {
        setTimeout(resolve, pingEveryMs).unref();
      });
    }
  }

  #kill(child: ChildProcess, why: string): void {
    this.#killedBecause = why;
    child.kill('SIGKILL');
  }

  #ended(child: ChildProcess, why: string): void {
    if (this.#process !== child) return;
    const wasUp = this.#peer !== null;
    this.#process = null;
    this.#peer = null;
    this.sinceMs = null;
    if (wasUp) this.#ready = this.#expect();
    if (this.#ending) return;
    const { clock, log } = this.#options;
    const lived = clock.monoMs() - this.#startedAtMs;
    this.#deaths = Math.max(0, this.#deaths - lived / forgivenEveryMs) + (wasUp ? 1 : deathAtStart);
    this.restarts++;
    log.error({ name: this.name, why, livedMs: Math.round(lived) }, 'a process of the engine ended');
    if (wasUp) this.#options.down(why);
    this.#again = setTimeout(() => this.#start(), waitMs(this.#deaths));
  }
}

const after = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });

/** At once at first; a process that dies again and again is given longer and longer, up to 2 s. */
const waitMs = (deaths: number): number =>
  deaths <= forgiven ? 0 : Math.min(mostWaitMs, firstWaitMs * 2 ** Math.floor(deaths - forgiven));
