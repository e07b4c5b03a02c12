/** A sentence in both languages. */
export interface Said {
  readonly en: string;
  readonly zh: string;
}
