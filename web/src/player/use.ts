/** What a view is opened for, as the register wants it: why, for whom, and by which letter where there is one. */
export interface Use {
  readonly purpose: string;
  readonly forWhom?: string;
  readonly authority?: string;
}

/** One text, so that it is remembered for the visit and handed from page to player as one thing. */
export const packUse = (use: Use): string => JSON.stringify(use);

export function unpackUse(text: string): Use {
  try {
    const { purpose, forWhom, authority } = JSON.parse(text) as Partial<Use>;
    return {
      purpose: String(purpose),
      ...(forWhom === undefined ? {} : { forWhom }),
      ...(authority === undefined ? {} : { authority }),
    };
  } catch {
    // Said by an older page, before the register asked for whom.
    return { purpose: text };
  }
}
