/** So many a minute and key, for what does not pass through Fastify. Memory is bounded. */
import { BoundedMap, type Clock, refuse } from '../base/index.ts';

const minuteMs = 60_000;
const maxKeys = 10_000;

export class Rate {
  readonly #seen = new BoundedMap<string, { sinceMs: number; count: number }>(maxKeys);
  readonly #limit: number;
  readonly #clock: Clock;

  constructor(limit: number, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /** Counts one, or refuses it. */
  count(key: string): void {
    const nowMs = this.#clock.monoMs();
    const seen = this.#seen.get(key);
    if (!seen || nowMs - seen.sinceMs >= minuteMs) {
      this.#seen.set(key, { sinceMs: nowMs, count: 1 });
      return;
    }
    seen.count++;
    if (seen.count > this.#limit) {
      refuse('request.too-many', { seconds: Math.ceil((seen.sinceMs + minuteMs - nowMs) / 1000) });
    }
  }
}
