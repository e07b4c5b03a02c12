/**
 * One track's own time: RTP timestamps unwrapped into ticks since the first packet. Cameras jump (hours away for
 * single frames: mediamtx PR6255; for good, when their clock is set: moonfire-nvr#36); a picture's time never does.
 */

/** Farther than this from the last frame is a jump. */
const jumpSeconds = 5;
/** So many frames in a row on the other side of a jump are a new beginning. */
const persistent = 3;

export class Timeline {
  readonly rate: number;
  readonly #limit: number;
  #last = 0;
  #ticks = 0;
  #arrivedMs = 0;
  /** The last small step forward: what a frame of unknown time is given. */
  #step: number;
  #odd = 0;
  #oddLast = 0;
  #oddTicks = 0;
  started = false;
  jumps = 0;

  constructor(rate: number) {
    this.rate = rate;
    this.#limit = jumpSeconds * rate;
    this.#step = Math.max(1, Math.round(rate / 25));
  }

  /** Ticks of a frame since the first one. `timestamp` is the RTP timestamp as a signed 32-bit number. */
  at(timestamp: number, arrivedMs: number): number {
    if (!this.started) {
      this.started = true;
      return this.#settle(timestamp, 0, arrivedMs);
    }
    const delta = (timestamp - this.#last) | 0;
    if (this.#near(delta, arrivedMs)) {
      this.#odd = 0;
      if (delta > 0) this.#step = Math.min(delta, this.rate);
      return this.#settle(timestamp, this.#ticks + delta, arrivedMs);
    }
    return this.#jumped(timestamp, arrivedMs);
  }

  /** Ticks of an RTP timestamp near the present, for a sender report; null when it is nowhere near. */
  ticksOf(timestamp: number): number | null {
    const delta = (timestamp - this.#last) | 0;
    return this.started && Math.abs(delta) <= 2 * this.#limit ? this.#ticks + delta : null;
  }

  /** While single frames stand elsewhere, the stream itself goes on: what passed meanwhile is no jump. */
  #near(delta: number, arrivedMs: number): boolean {
    const passed = this.#odd === 0 ? 0 : ((arrivedMs - this.#arrivedMs) * this.rate) / 1000;
    return delta >= -this.#limit && delta <= this.#limit + passed;
  }

  #jumped(timestamp: number, arrivedMs: number): number {
    const delta = (timestamp - this.#oddLast) | 0;
    const goesOn = this.#odd > 0 && Math.abs(delta) <= this.#limit;
    const base = this.#odd > 0 ? this.#oddTicks : this.#ticks;
    const ticks = goesOn ? this.#oddTicks + delta : base + this.#step;
    this.#odd = goesOn ? this.#odd + 1 : 1;
    this.#oddLast = timestamp;
    this.#oddTicks = ticks;
    if (this.#odd >= persistent) {
      this.#odd = 0;
      this.jumps++;
      return this.#settle(timestamp, ticks, arrivedMs);
    }
    return ticks;
  }

  #settle(timestamp: number, ticks: number, arrivedMs: number): number {
    this.#last = timestamp;
    this.#ticks = ticks;
    this.#arrivedMs = arrivedMs;
    return ticks;
  }
}
