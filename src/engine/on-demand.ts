/**
 * A process of the engine that is there while it is needed: a recorder that nobody looks into keeps no reader in
 * memory. It starts at the first need, or a little before when that can be foreseen, and ends after a while without.
 */
import type { Clock } from '../base/index.ts';
import type { Gap } from './ipc.ts';
import type { Worker } from './worker.ts';

const idleMs = 5 * 60_000;
const lookEveryMs = 30_000;
const endWithinMs = 5_000;
/** It records nothing, so no gap will say this. */
const idle: Gap = { cause: 'system-stopped', detail: {} };

export interface OnDemandOptions {
  readonly clock: Clock;
  /** Starts the `nth` of them; one that is ending may still have its socket. */
  start(nth: number): Worker;
  /** While true it is not ended, however long nobody asked. */
  inUse(): boolean;
}

export class OnDemand {
  readonly #at: OnDemandOptions;
  readonly #timer: NodeJS.Timeout;
  #worker: Worker | null = null;
  #neededAtMs = 0;
  #asking = 0;
  #started = 0;
  #ending: Promise<void> = Promise.resolve();
  #ended = false;

  constructor(options: OnDemandOptions) {
    this.#at = options;
    this.#timer = setInterval(() => this.#look(), lookEveryMs).unref();
  }

  /** The process, if it is there. */
  get worker(): Worker | null {
    return this.#worker;
  }

  /** The process, started when it was not there. */
  need(): Worker {
    this.#neededAtMs = this.#at.clock.monoMs();
    this.#worker ??= this.#at.start(++this.#started);
    return this.#worker;
  }

  /** As `need`, and it stays until `work` is done. */
  async use<T>(work: (worker: Worker) => Promise<T>): Promise<T> {
    this.#asking++;
    try {
      return await work(this.need());
    } finally {
      this.#asking--;
    }
  }

  #look(): void {
    const needed = this.#at.clock.monoMs() - this.#neededAtMs <= idleMs;
    if (needed || this.#ended || this.#asking > 0 || this.#at.inUse()) return;
    void this.#end(idle);
  }

  #end(gap: Gap): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    if (worker) this.#ending = Promise.all([this.#ending, worker.end(gap, endWithinMs)]).then(() => {});
    return this.#ending;
  }

  async end(gap: Gap): Promise<void> {
    this.#ended = true;
    clearInterval(this.#timer);
    await this.#end(gap);
  }
}
