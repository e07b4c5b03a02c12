/** A clock that stands still until a test moves it. */
import type { Clock } from '../../src/base/index.ts';

export class TestClock implements Clock {
  #wallMs: number;
  #monoMs = 1_000_000;

  constructor(start: string = '2026-11-22T08:00:00.000Z') {
    this.#wallMs = Date.parse(start);
  }

  wallMs(): number {
    return this.#wallMs;
  }

  monoMs(): number {
    return this.#monoMs;
  }

  pass(ms: number): void {
    this.#wallMs += ms;
    this.#monoMs += ms;
  }
}
