/**
 * A refusal: an expected "no" that has a code of the catalogue (`contract/refusals.ts`), the values its sentence
 * needs, and, where a rule is the reason, the rule. It is not a fault: nothing is broken.
 */

export interface Because {
  readonly clause: string;
  readonly instrument?: string;
  readonly article?: string;
}

export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: string;
  readonly values: Readonly<Record<string, string | number>>;
  readonly because: readonly Because[];

  constructor(
    code: string,
    values: Readonly<Record<string, string | number>> = {},
    because: readonly Because[] = [],
  ) {
    super(code);
    this.code = code;
    this.values = values;
    this.because = because;
  }
}

/** Ends the call with a refusal: `if (!found) refuse('camera.unknown')`. */
export function refuse(
  code: string,
  values: Readonly<Record<string, string | number>> = {},
  because: readonly Because[] = [],
): never {
  throw new Refusal(code, values, because);
}
