/** What tests know of the queue of `npm test`. */
export const longFirst: readonly string[];
export const calm: readonly string[];
export function isCalm(file: string): boolean;
export function inOrder(files: readonly string[]): string[];
export class Jobs {
  constructor(isOver?: () => boolean);
  add(work: () => Promise<readonly unknown[]>, isCalm?: boolean): void;
  results(): Promise<unknown[]>;
}
