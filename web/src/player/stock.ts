/**
 * How far ahead the server is asked to send. Until the picture that is sought is on the screen no more than `soughtMs`
 * is asked for behind it, and after it the stock grows slowly: to take in half a minute costs the page as much as to
 * decode the way from the key to the picture, and whoever looks for a moment seeks again at once, when all that is still
 * under way comes before the next answer.
 */
import type { KnownGaps } from './known-gaps.ts';
import type { Speed } from './playback-status.ts';

const soughtMs = 1500;
const fullAheadS = 24;
const fullAfterMs = 8000;
const leastShare = 1 / 8;

export class Stock {
  #untilMs = 0;
  /** When the picture that was sought last came to the screen. */
  #grewFromMs = 0;

  /** What was asked for ends here. */
  get untilMs(): number {
    return this.#untilMs;
  }

  /** A new place: what begins at `until` is not sent any more, so one key at or before the instant, and no further. */
  beginAt(atMs: number, keysOnly: boolean): number {
    this.#untilMs = atMs + (keysOnly ? 1 : soughtMs);
    return this.#untilMs;
  }

  growFrom(nowMs: number): void {
    this.#grewFromMs = nowMs;
  }

  askedFor(untilMs: number): void {
    this.#untilMs = untilMs;
  }

  /** Until when to ask now; null while enough is under way. Over a gap it is counted from its end. */
  wanted(positionMs: number, gaps: KnownGaps, speed: Speed, nowMs: number): number | null {
    const aheadMs = this.#aheadMs(speed, nowMs);
    let fromMs = gaps.past(positionMs);
    const lastGap = gaps.at(this.#untilMs);
    if (lastGap && lastGap.fromMs < fromMs + aheadMs) fromMs = Math.max(fromMs, lastGap.toMs);
    const wantedMs = fromMs + aheadMs;
    return wantedMs - this.#untilMs < aheadMs / 4 ? null : wantedMs;
  }

  #aheadMs(speed: Speed, nowMs: number): number {
    const share = Math.min(1, Math.max(leastShare, (nowMs - this.#grewFromMs) / fullAfterMs));
    return Math.max(fullAheadS, 10 * speed) * 1000 * share;
  }
}
