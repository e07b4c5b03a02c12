/**
 * When a picture was taken, by our clock. A picture's arrival is its time plus a delay that is never negative and
 * changes from picture to picture (encoder, network, scheduling); its RTP time is steady but counts by the camera's
 * crystal, from nowhere. So: the smallest of (arrival − RTP time) over the last 3 to 6 s is the delay-free offset
 * between the two, and we add it to the RTP time. The offset is followed slowly (a time constant of 20 s, faster when
 * far off, never by more than a quarter of the time that passes): wall times within a run only go forward, and
 * neither jitter nor a burst at the start is seen in them. Sender reports are not used for this: cameras' dates are
 * wrong by anything from milliseconds to years, and a court asks what *our* clock said. They are measured instead
 * (`CameraClock`).
 *
 * Our own clock may be set. A slow correction by NTP is followed like drift; a step of more than a second is not
 * smoothed but named, and a new run begins (`StepWatch`).
 */
import type { Clock } from '../../base/index.ts';
import { ticksPerMs } from './timeline.ts';

const bucketMs = 3_000;
const timeConstantMs = 20_000;
/** At this error the pull doubles: a camera whose clock runs at 0.84 of real time stays within a second. */
const stiffenMs = 250;
const maxSlew = 0.25;

export class WallClock {
  /** Wall minus monotonic clock of this machine, as it was when the run began; follows NTP's slow corrections. */
  anchorMs: number;
  #offsetMs = 0;
  #lowest = Number.POSITIVE_INFINITY;
  #lowestBefore = Number.POSITIVE_INFINITY;
  #bucketEndsMs = 0;
  #reachedMs = Number.NaN;

  constructor(anchorMs: number) {
    this.anchorMs = anchorMs;
  }

  /** Every picture in turn: `ticks` on our timeline, `arrivedMs` by the monotonic clock. */
  observe(ticks: number, arrivedMs: number): void {
    const mediaMs = ticks / ticksPerMs;
    const apart = arrivedMs - mediaMs;
    if (arrivedMs >= this.#bucketEndsMs) {
      this.#lowestBefore = this.#lowest;
      this.#lowest = Number.POSITIVE_INFINITY;
      this.#bucketEndsMs = arrivedMs + bucketMs;
    }
    if (apart < this.#lowest) this.#lowest = apart;
    const wanted = Math.min(this.#lowest, this.#lowestBefore) + this.anchorMs;
    if (Number.isNaN(this.#reachedMs)) {
      this.#offsetMs = wanted;
      this.#reachedMs = mediaMs;
      return;
    }
    const passedMs = mediaMs - this.#reachedMs;
    if (passedMs <= 0) return;
    this.#reachedMs = mediaMs;
    this.#slew(wanted - this.#offsetMs, passedMs);
  }

  #slew(errorMs: number, passedMs: number): void {
    const pull = (errorMs / timeConstantMs) * (1 + Math.abs(errorMs) / stiffenMs);
    const rate = Math.max(-maxSlew, Math.min(maxSlew, pull));
    const stepMs = rate * passedMs;
    this.#offsetMs += Math.abs(stepMs) > Math.abs(errorMs) ? errorMs : stepMs;
  }

  /** The machine's date was set: from here on time is told by the new one. Only between two runs. */
  restart(anchorMs: number): void {
    this.#offsetMs += anchorMs - this.anchorMs;
    this.anchorMs = anchorMs;
  }

  /** UTC at `ticks`; asked for times near the last one observed. */
  wallMs(ticks: number): number {
    return ticks / ticksPerMs + this.#offsetMs;
  }
}

const stepMs = 1_000;

/** Watches the machine's own date. One for a process: `check` twice a second. */
export class StepWatch {
  readonly #clock: Clock;
  anchorMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.anchorMs = clock.wallMs() - clock.monoMs();
  }

  /** By how much the date was set since the last check; 0 when it was not. */
  check(): number {
    const before = this.anchorMs;
    this.anchorMs = this.#clock.wallMs() - this.#clock.monoMs();
    const byMs = this.anchorMs - before;
    return Math.abs(byMs) > stepMs ? byMs : 0;
  }
}

/** Ten minutes: over less, the jitter of a busy machine looks like hundreds of parts per million. */
const readingsKept = 60;
const driftNeedsMs = 90_000;
const readingsApartMs = 10_000;

/**
 * The camera's own date against ours, by its sender reports: how far off it is, and how fast that changes (least
 * squares over the last minutes). It is shown to the maintainer and moves nothing.
 */
export class CameraClock {
  readonly #readings: { atMs: number; offsetMs: number }[] = [];

  /** `ourWallMs` is our time of the instant that the camera calls `cameraWallMs`. */
  observe(cameraWallMs: number, ourWallMs: number, arrivedMs: number): void {
    const last = this.#readings.at(-1);
    if (last && arrivedMs - last.atMs < readingsApartMs) return;
    const offsetMs = cameraWallMs - ourWallMs;
    // A camera that is set begins a new measurement: the step is no drift.
    if (last && Math.abs(offsetMs - last.offsetMs) > stepMs) this.#readings.length = 0;
    this.#readings.push({ atMs: arrivedMs, offsetMs });
    if (this.#readings.length > readingsKept) this.#readings.shift();
  }

  get offsetMs(): number | null {
    const last = this.#readings.at(-1);
    return last ? Math.round(last.offsetMs) : null;
  }

  get driftPpm(): number | null {
    const readings = this.#readings;
    const first = readings[0];
    const last = readings.at(-1);
    if (!first || !last || last.atMs - first.atMs < driftNeedsMs) return null;
    const meanAt = mean(readings.map((reading) => reading.atMs));
    const meanOffset = mean(readings.map((reading) => reading.offsetMs));
    let over = 0;
    let under = 0;
    for (const { atMs, offsetMs } of readings) {
      over += (atMs - meanAt) * (offsetMs - meanOffset);
      under += (atMs - meanAt) ** 2;
    }
    return Math.round((over / under) * 1e7) / 10;
  }
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
