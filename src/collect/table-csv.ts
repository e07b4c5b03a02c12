/** A CSV file (RFC 4180) as people save it: UTF-8 with or without its mark, UTF-16, or GB18030; comma, semicolon or tab. */
import { refuse } from '../base/index.ts';
import {
  maxCellChars,
  maxColumns,
  maxRows,
  maxTableRows,
  type Progress,
  pause,
  type Table,
  type TableCell,
  type TableRow,
} from './table.ts';

const rowsATurn = 1_000;

export async function readCsv(bytes: Buffer, progress: Progress): Promise<Table> {
  const text = textOf(bytes);
  const rows: TableRow[] = [];
  let no = 0;
  for (const { fields, to } of records(text, separatorOf(text))) {
    no++;
    const cells = fields.map(asCell);
    if (cells.some(Boolean)) rows.push({ no, cells });
    if (rows.length > maxTableRows) refuse('import.too-many', { limit: maxRows });
    if (no % rowsATurn !== 0) continue;
    progress(to, text.length);
    await pause();
  }
  return { rows, merged: [], since1904: false };
}

/** GB18030 takes nearly any bytes for text, so it is the last that is tried; what holds NUL is no text at all. */
function textOf(bytes: Buffer): string {
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? 'utf-16le'
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? 'utf-16be'
        : null;
  const found = encoding ? decode(bytes, encoding) : (decode(bytes, 'utf-8') ?? decode(bytes, 'gb18030'));
  if (found === null || found.includes('\0')) return refuse('import.not-a-table');
  return found;
}

function decode(bytes: Buffer, encoding: string): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    // A TypeError is how a decoder says that these bytes are none of its text.
    return null;
  }
}

/** That which stands most often in the first line. */
function separatorOf(text: string): string {
  const end = text.search(/[\r\n]/);
  const line = (end < 0 ? text : text.slice(0, end)).slice(0, 10_000);
  const count = (mark: string) => line.split(mark).length;
  return [',', ';', '\t'].sort((a, b) => count(b) - count(a))[0] ?? ',';
}

/** One record after another, with where it ends. A quote that is never closed ends the reading. */
function* records(text: string, separator: string): Generator<{ fields: string[]; to: number }> {
  const stop = new RegExp(`[${separator}\\r\\n]`, 'g');
  let at = 0;
  while (at < text.length) {
    const fields: string[] = [];
    for (;;) {
      const field = text[at] === '"' ? quoted(text, at) : plain(text, at, stop);
      fields.push(field.value);
      if (fields.length > maxColumns) refuse('import.damaged', { what: 'columns' });
      at = field.to;
      if (text[at] !== separator) break;
      at++;
    }
    if (text[at] === '\r') at++;
    if (text[at] === '\n') at++;
    yield { fields, to: at };
  }
}

function plain(text: string, from: number, stop: RegExp): { value: string; to: number } {
  stop.lastIndex = from;
  const to = stop.exec(text)?.index ?? text.length;
  return { value: bounded(text.slice(from, to)), to };
}

function quoted(text: string, from: number): { value: string; to: number } {
  let value = '';
  let at = from + 1;
  for (;;) {
    const end = text.indexOf('"', at);
    if (end < 0) return refuse('import.damaged', { what: 'quotes' });
    value = bounded(value + text.slice(at, end));
    if (text[end + 1] !== '"') {
      const next = text[end + 1];
      if (next !== undefined && !/[,;\t\r\n]/.test(next)) return refuse('import.damaged', { what: 'quotes' });
      return { value, to: end + 1 };
    }
    value += '"';
    at = end + 2;
  }
}

const bounded = (value: string): string =>
  value.length > maxCellChars ? refuse('import.too-large', { limit: `${maxCellChars}` }) : value;

/** An apostrophe before what a spreadsheet would run is put there by our own export. */
function asCell(value: string): TableCell | undefined {
  if (value.trim() === '') return undefined;
  if (/^\s*=/.test(value)) return { kind: 'formula', text: '' };
  const text = /^'\s*[=+\-@\t|%]/.test(value) ? value.slice(1) : value;
  return { kind: 'text', text };
}
