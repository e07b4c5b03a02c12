/** The gaps that the server told of since the last seek: which one lies at an instant, and where footage goes on. Pure. */

export interface KnownGap {
  readonly fromMs: number;
  readonly toMs: number;
  readonly cause: string;
  readonly detail: Readonly<Record<string, string | number>>;
}

/** A hole this small is a lost packet, not a gap worth a word, ms. */
const smallHoleMs = 500;
const mostGaps = 500;
/** A gap and the footage beside it are timed apart by this much at most, ms. */
const nearMs = 1000;

export const isWorthAWord = ({ fromMs, toMs }: { fromMs: number; toMs: number }): boolean =>
  toMs - fromMs > smallHoleMs;

/** The server told of no gap here: mostly nothing was to be recorded yet. */
export const untold = (fromMs: number, toMs: number): KnownGap => ({
  ...{ fromMs, toMs },
  ...{ cause: 'untold', detail: {} },
});

export class KnownGaps {
  #gaps: readonly KnownGap[] = [];

  forget(): void {
    this.#gaps = [];
  }

  /** Told anew, it replaces what was told of the same beginning. */
  add(gap: KnownGap): void {
    this.#gaps = [...this.#gaps.filter((each) => each.fromMs !== gap.fromMs), gap].slice(-mostGaps);
  }

  at(atMs: number): KnownGap | undefined {
    return this.#gaps.find((each) => each.fromMs <= atMs && atMs < each.toMs);
  }

  /** The gap that begins at or soon after an instant. */
  ahead(atMs: number, withinMs: number): KnownGap | undefined {
    return this.#gaps.find((each) => each.fromMs - withinMs <= atMs && atMs < each.toMs);
  }

  /** What lies between an instant and where footage goes on: the longest gap that was told, else an untold one. */
  between(atMs: number, untilMs: number): KnownGap {
    const told = this.#gaps
      .filter((each) => each.fromMs < untilMs && atMs - nearMs < each.toMs)
      .toSorted((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs));
    return told[0] ?? untold(atMs, untilMs);
  }

  /** Where footage goes on from an instant. */
  past(atMs: number): number {
    let fromMs = atMs;
    for (const gap of this.#gaps) if (gap.fromMs <= fromMs + nearMs && fromMs < gap.toMs) fromMs = gap.toMs;
    return fromMs;
  }
}
