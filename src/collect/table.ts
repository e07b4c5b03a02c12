/**
 * A table that somebody sent, CSV or XLSX, as rows of texts. Whatever it is, what it may take of memory and time is
 * bounded: bytes unpacked, rows, columns, characters of a cell. What is beyond a bound is refused, never cut short.
 */

export interface TableCell {
  readonly text: string;
  /** `number`: as the spreadsheet keeps it, also a day; `formula`, `error`: nothing to be believed. */
  readonly kind: 'text' | 'number' | 'formula' | 'error';
}

export interface TableRow {
  /** As the spreadsheet counts, from 1. */
  readonly no: number;
  /** By column from 0; what is empty is absent. */
  readonly cells: readonly (TableCell | undefined)[];
}

export interface Table {
  readonly rows: readonly TableRow[];
  /** `B3:C4`, each with the rows that it covers. */
  readonly merged: readonly { readonly range: string; readonly from: number; readonly to: number }[];
  /** Days are counted from 1904 on. */
  readonly since1904: boolean;
}

/** A unit has no more cameras on one machine; the rows above the head come on top. */
export const maxRows = 20_000;
export const maxTableRows = maxRows + 10;
export const maxColumns = 200;
export const maxCellChars = 8_000;

export type Progress = (done: number, of: number) => void;

/** `0` → A, `27` → AB. */
export function columnLetter(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : columnLetter(Math.floor(index / 26) - 1) + last;
}

/** Lets everybody else have a turn. */
export const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
