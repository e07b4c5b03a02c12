/** Time zero of a link, shared by its tracks: the first unit of any. A track that begins later begins that much later. */
export class Origin {
  #firstMs: number | null = null;

  /** 1/90000 s from the link's first unit to now; 0 for the very first. */
  offsetTicks(arrivedMs: number): number {
    this.#firstMs ??= arrivedMs;
    return Math.round((arrivedMs - this.#firstMs) * 90);
  }
}
