/** How a live picture is held behind the newest one: pure, so that it can be tried against any network. */

export interface Pace {
  /** What to set playbackRate to. */
  readonly rate: number;
  /** True: too far behind (or off the buffer) for a gentle correction. */
  readonly jump: boolean;
}

/** Held behind the newest picture on a calm network, s. Below 150 ms Chromium runs dry at 25 pictures a second. */
export const calmLagS = 0.2;
/** A network that keeps running dry gets this much at most, s. */
export const mostLagS = 1;
/** More than this behind is jumped, not caught up, s. */
export const jumpLagS = 2;

/** `lagS`: newest buffered minus shown. */
export function pace(lagS: number, targetS: number): Pace {
  if (lagS > Math.max(jumpLagS, targetS * 2)) return { rate: 1, jump: true };
  const off = lagS - targetS;
  // Inside of ±50 ms nothing is done: a rate that flutters is seen as judder.
  if (Math.abs(off) <= 0.05) return { rate: 1, jump: false };
  const rate = 1 + Math.sign(off) * Math.min(0.1, Math.abs(off) * 0.4);
  return { rate: Math.round(Math.min(1.1, Math.max(0.95, rate)) * 100) / 100, jump: false };
}

/** How far behind to hold: each time the picture ran dry adds, each calm while takes away. */
export class LagTarget {
  #targetS = calmLagS;
  #calmSinceMs = 0;

  get seconds(): number {
    return this.#targetS;
  }

  ranDry(nowMs: number): void {
    this.#targetS = Math.min(mostLagS, this.#targetS + 0.1);
    this.#calmSinceMs = nowMs;
  }

  beat(nowMs: number): void {
    if (this.#targetS <= calmLagS || nowMs - this.#calmSinceMs < 20_000) return;
    this.#targetS = Math.max(calmLagS, this.#targetS - 0.1);
    this.#calmSinceMs = nowMs;
  }
}
