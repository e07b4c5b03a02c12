/** Writes what a table shows as CSV that a spreadsheet opens without running anything in it. */

export type CsvCell = string | number | null;

/** Excel knows UTF-8 by its mark only. */
const byteOrderMark = '\uFEFF';

export function toCsv(head: readonly string[], rows: readonly (readonly CsvCell[])[]): string {
  const lines = [head, ...rows].map((row) => row.map(cell).join(','));
  return `${byteOrderMark}${lines.join('\r\n')}\r\n`;
}

/**
 * A spreadsheet takes a text that begins with one of these for a formula, and a camera's name is typed by people:
 * such a text gets an apostrophe before it (OWASP, CSV injection). A number is a number and stays one.
 */
const startsFormula = /^[\s]*[=+\-@\t\r|%]/;

function cell(value: CsvCell): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = startsFormula.test(value) ? `'${value}` : value;
  return /[",\r\n']/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function offerFile(name: string, text: string, type = 'text/csv;charset=utf-8'): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken hold of the data once the click was handled.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
