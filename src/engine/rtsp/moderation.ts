/**
 * Interrupt moderation, as network cards have it. 32 cameras wake a process 500 times a second, each time for a packet
 * or two, and waking costs more than reading: so after a turn of the event loop that brought media the thread sleeps
 * until `periodMs` after it last woke, and finds what came meanwhile in the sockets' buffers, all at once. Measured at
 * 32 cameras of 4 Mb/s (2026-11-22), CPU-seconds a camera-hour: 19.9 without it, 14.0 with 10 ms, 12.4 with 20 ms; with
 * sealing on top 16.8 with 20 ms, 13.5 with 40 ms.
 *
 * A turn that works for longer than the period is not followed by sleep, and a single camera, which is silent for
 * about as long between two pictures, hardly waits. Nobody sleeps while someone watches live, nor while media comes by UDP,
 * whose buffers do not hold a large picture back but lose it.
 */
import type { Clock } from '../../base/index.ts';

const periodMs = 40;

export class Moderation {
  readonly #clock: Clock;
  readonly #sleep: (ms: number) => void;
  #wokeMs: number;
  #armed = false;
  #hurried = 0;

  /** `sleep` holds the whole thread. */
  constructor(clock: Clock, sleep: (ms: number) => void = sleepThread) {
    this.#clock = clock;
    this.#sleep = sleep;
    this.#wokeMs = clock.monoMs();
  }

  /** Media came in this turn. */
  came(): void {
    if (this.#armed || this.#hurried > 0) return;
    this.#armed = true;
    setImmediate(() => this.#rest());
  }

  /** Someone waits for every packet, until the disposal. */
  hurry(): Disposable {
    this.#hurried++;
    let over = false;
    return {
      [Symbol.dispose]: () => {
        if (!over) this.#hurried--;
        over = true;
      },
    };
  }

  #rest(): void {
    this.#armed = false;
    const leftMs = periodMs - (this.#clock.monoMs() - this.#wokeMs);
    if (leftMs >= 1 && this.#hurried === 0) this.#sleep(leftMs);
    this.#wokeMs = this.#clock.monoMs();
  }
}

const bed = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

function sleepThread(ms: number): void {
  Atomics.wait(bed, 0, 0, ms);
}
