/**
 * A lane: so many operations at a time, the others wait in order, and nobody waits longer than he said. An operation
 * that takes longer keeps its place until it ends, for the thread that it waits with is still taken.
 */
import type { Fault } from './fault.ts';

export class Lane {
  readonly #width: number;
  readonly #mostWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(width: number, mostWaiting: number) {
    this.#width = width;
    this.#mostWaiting = mostWaiting;
  }

  /** The operation's own outcome; the Fault that `late` makes when it, or those before it, take too long. */
  async run<T>(operation: () => Promise<T>, withinMs: number, late: () => Fault): Promise<T> {
    const over = Promise.withResolvers<never>();
    const timer = setTimeout(() => over.reject(late()), withinMs);
    try {
      await this.#turn(over.promise, late);
      return await Promise.race([operation().finally(() => this.#next()), over.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #turn(over: Promise<never>, late: () => Fault): Promise<void> {
    if (this.#running < this.#width) {
      this.#running++;
      return;
    }
    if (this.#waiting.length >= this.#mostWaiting) throw late();
    const turn = Promise.withResolvers<void>();
    this.#waiting.push(turn.resolve);
    try {
      await Promise.race([turn.promise, over]);
    } catch (error) {
      const at = this.#waiting.indexOf(turn.resolve);
      if (at >= 0) this.#waiting.splice(at, 1);
      // The place came in the same moment: it is the next one's.
      else this.#next();
      throw error;
    }
  }

  /** A place that is free goes to whoever waits longest, before anybody who comes now. */
  #next(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running--;
  }
}
