/**
 * Our own timeline of one connection: a camera's presentation times made into decode times that only go forward,
 * whatever the camera's clock does.
 *
 * RTP tells when a picture is shown, MP4 wants to know when it is decoded. With pictures reordered by at most D, the
 * decode time of the i-th picture is the (i−D)-th smallest presentation time: a heap of D+1 times gives it, and the
 * first D are extrapolated backwards. D comes from the parameter sets, which often say nothing; when pictures come out
 * of order all the same, times are squeezed until the next key, where a new run begins with a greater depth.
 *
 * Cameras' clocks jump: single frames hours away (Intelbras), steps back when the camera is set by NTP (Dahua). A
 * picture that is more than 5 s away from where its arrival says it should be, or more than a second back, is put
 * where it was expected. Three in a row mean it: then the whole timeline moves with them, so that nothing is lost,
 * and a new run begins at the next key. Sender reports never move this timeline.
 */

export const ticksPerMs = 90;

/** Where a picture stands, 1/90000 s. `decode` counts from the connection's first picture. */
export interface Placed {
  readonly decode: number;
  /** Presentation minus decode; negative only while order is found to be broken. */
  readonly cts: number;
  /** Picture time that is missing just before this one; 0 when it follows on. */
  readonly missing: number;
}

/** Deeper than this no level of H.264 or H.265 goes. */
export const maxReorderDepth = 16;
const jumpMs = 5_000;
const backwardTicks = 90_000;
const jumpsThatCount = 3;
const guessTicks = 3_600;
const noticedMissingTicks = 18_000;

export class Timeline {
  #depth: number;
  readonly #waiting: number[] = [];
  #shift = 0;
  #latest = Number.NEGATIVE_INFINITY;
  #lastDecode = Number.NEGATIVE_INFINITY;
  #lastArrivedMs = 0;
  #jumps = 0;
  #typical = 0;
  /** True: the camera's clock jumped for good; a new run is due at the next key. */
  jumped = false;
  /** True: pictures come in another order than the parameter sets said; a greater depth is due at the next key. */
  disordered = false;

  constructor(reorderDepth: number) {
    this.#depth = Math.max(0, Math.min(maxReorderDepth, reorderDepth));
  }

  /** How long a picture usually lasts. */
  get typicalTicks(): number {
    return this.#typical || guessTicks;
  }

  /** Places the next picture in decoding order. `pts` is the camera's, `arrivedMs` our monotonic clock's. */
  place(pts: number, arrivedMs: number, key: boolean): Placed {
    const shown = this.#steady(pts, arrivedMs);
    const missing = this.#missing(shown);
    // At a key after a hole nothing from before is still to be shown: old times in the heap would bend the new ones.
    if (missing > 0 && key) this.#waiting.length = 0;
    const decode = this.#decodeTime(shown);
    if (shown > this.#latest) this.#latest = shown;
    this.#lastDecode = decode;
    return { decode, cts: shown - decode, missing };
  }

  get reorderDepth(): number {
    return this.#depth;
  }

  /** A new run begins with the next picture, a key: what made it due is over. */
  beginRun(): void {
    if (this.disordered) this.#depth = Math.min(maxReorderDepth, this.#depth + 1);
    this.disordered = false;
    this.jumped = false;
    this.#waiting.length = 0;
  }

  /** The place of anything else on the camera's clock (sound, sender reports). */
  shift(pts: number): number {
    return pts + this.#shift;
  }

  #steady(pts: number, arrivedMs: number): number {
    const shown = pts + this.#shift;
    const elapsedMs = arrivedMs - this.#lastArrivedMs;
    this.#lastArrivedMs = arrivedMs;
    if (!Number.isFinite(this.#latest)) return shown;
    const moved = shown - this.#latest;
    const back = moved < -Math.max(backwardTicks, maxReorderDepth * this.typicalTicks);
    const away = moved > jumpMs * ticksPerMs && moved / ticksPerMs - elapsedMs > jumpMs;
    if (!back && !away) {
      this.#jumps = 0;
      return shown;
    }
    const expected = this.#latest + Math.round(this.typicalTicks);
    if (++this.#jumps >= jumpsThatCount) {
      this.#shift = expected - pts;
      this.#jumps = 0;
      this.jumped = true;
    }
    return expected;
  }

  #missing(shown: number): number {
    if (this.#typical === 0) return 0;
    const hole = shown - this.#latest - this.typicalTicks * (this.#depth + 1);
    return hole > noticedMissingTicks ? shown - this.#latest - this.typicalTicks : 0;
  }

  #decodeTime(shown: number): number {
    // Without reordering, as nearly all cameras send, every picture is due when it comes.
    if (this.#depth === 0) return this.#inOrder(shown);
    const waiting = this.#waiting;
    let at = waiting.length;
    while (at > 0 && (waiting[at - 1] as number) > shown) at--;
    waiting.splice(at, 0, shown);
    const full = waiting.length > this.#depth;
    const due = full
      ? (waiting.shift() as number)
      : Math.round((waiting[0] as number) - (this.#depth + 1 - waiting.length) * this.typicalTicks);
    if (full && Number.isFinite(this.#lastDecode)) this.#learn(due - this.#lastDecode);
    if (due > this.#lastDecode) return due;
    // After a hole the extrapolated times may reach back over the last picture: that is no disorder.
    if (shown <= this.#lastDecode) this.disordered = true;
    return this.#lastDecode + 1;
  }

  #inOrder(shown: number): number {
    if (Number.isFinite(this.#lastDecode)) this.#learn(shown - this.#lastDecode);
    if (shown > this.#lastDecode) return shown;
    this.disordered = true;
    return this.#lastDecode + 1;
  }

  /** A moving mean that a single hole or burst does not move much. */
  #learn(ticks: number): void {
    if (ticks <= 1) return;
    if (this.#typical === 0) this.#typical = Math.min(ticks, 90_000);
    else this.#typical += (Math.min(ticks, 4 * this.#typical) - this.#typical) / 16;
  }
}
