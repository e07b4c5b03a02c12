/**
 * Which instant of the day every buffered picture shows: parts in the order they are shown, each with its media time
 * (seconds on the video element) and its wall time (UTC, ms). The two run apart by the camera's drift, so neither is
 * computed from the other across parts.
 */

export interface MappedPart {
  readonly startS: number;
  readonly endS: number;
  readonly wallMs: number;
  /** Media times at which its pictures begin, ascending. */
  readonly picturesS: readonly number[];
}

/** More than an hour of live parts of one picture each is never kept: the buffer is trimmed long before. */
const maxParts = 20_000;
const sliverS = 0.1;

export class TimeMap {
  #parts: MappedPart[] = [];

  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  get first(): MappedPart | undefined {
    return this.#parts[0];
  }

  get last(): MappedPart | undefined {
    return this.#parts.at(-1);
  }

  clear(): void {
    this.#parts = [];
  }

  /** Adds a part; one that was there for the same time is replaced. */
  add(part: MappedPart): void {
    const at = this.#indexAfter(part.startS - 0.0005);
    const known = this.#parts[at];
    const replaces = known !== undefined && Math.abs(known.startS - part.startS) <= 0.0005;
    this.#parts.splice(at, replaces ? 1 : 0, part);
    if (this.#parts.length > maxParts) this.#parts.shift();
  }

  /** Forgets all parts that end before `fromS` or begin after `toS`. */
  keep(fromS: number, toS = Number.POSITIVE_INFINITY): void {
    const begin = this.#parts.findIndex((part) => part.endS > fromS);
    if (begin !== 0) this.#parts = begin < 0 ? [] : this.#parts.slice(begin);
    if (this.last && this.last.startS > toS) this.#parts = this.#parts.filter((part) => part.startS <= toS);
  }

  /** Index of the first part that begins after `atS`. */
  #indexAfter(atS: number): number {
    let low = 0;
    let high = this.#parts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#parts[middle] as MappedPart).startS > atS) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The part shown at a media time, or the one before it. */
  partAt(atS: number): MappedPart | undefined {
    return this.#parts[this.#indexAfter(atS + 0.0005) - 1];
  }

  /** The first part that begins after a media time. */
  partAfter(atS: number): MappedPart | undefined {
    return this.#parts[this.#indexAfter(atS + 0.0005)];
  }

  /** UTC of what is shown at a media time; null when nothing is known of it. */
  wallAt(atS: number): number | null {
    const part = this.partAt(atS) ?? this.first;
    return part ? part.wallMs + (atS - part.startS) * 1000 : null;
  }

  /** As `wallAt`, but only for what is really among the parts. */
  wallWithin(atS: number): number | null {
    const part = this.partAt(atS);
    return part && atS < part.endS + 0.5 ? part.wallMs + (atS - part.startS) * 1000 : null;
  }

  /**
   * Media time at which an instant is shown; null when it is not among the parts. Wall times of parts waver by some
   * milliseconds: a sliver between two parts belongs to the first, but not behind the last, where more may come.
   */
  mediaAt(wallMs: number): number | null {
    let low = 0;
    let high = this.#parts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#parts[middle] as MappedPart).wallMs > wallMs) high = middle;
      else low = middle + 1;
    }
    const part = this.#parts[low - 1];
    if (!part) return null;
    const atS = part.startS + (wallMs - part.wallMs) / 1000;
    if (atS < part.endS - 0.0005) return atS;
    const next = this.#parts[low];
    return next && next.startS - part.endS < sliverS ? part.endS - 0.001 : null;
  }

  /** When the picture begins that is shown at a media time. */
  pictureAt(atS: number): number | null {
    const part = this.partAt(atS);
    const before = part?.picturesS.findLast((each) => each <= atS + 0.0005);
    return before ?? part?.picturesS[0] ?? null;
  }

  pictureAfter(atS: number): number | null {
    const later = this.partAt(atS)?.picturesS.find((each) => each > atS + 0.0005);
    return later ?? this.partAfter(atS)?.picturesS[0] ?? null;
  }

  pictureBefore(atS: number): number | null {
    for (let index = this.#indexAfter(atS + 0.0005) - 1; index >= 0; index -= 1) {
      const found = this.#parts[index]?.picturesS.findLast((each) => each < atS - 0.0005);
      if (found !== undefined) return found;
    }
    return null;
  }
}
