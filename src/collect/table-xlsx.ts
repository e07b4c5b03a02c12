/** The first visible sheet of a spreadsheet file (Office Open XML, ECMA-376), as rows of texts. Formulas are not believed. */
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
import { attribute, type Piece, pieces } from './table-xml.ts';
import { listZip, unzip, type ZipEntries } from './table-zip.ts';

const mib = 1024 * 1024;
const maxSheetBytes = 96 * mib;
const maxStringsBytes = 48 * mib;
const maxSmallBytes = 4 * mib;
const maxStrings = 500_000;
/** Rows between two turns for everybody else. */
const rowsATurn = 500;

const damaged = (what: string): never => refuse('import.damaged', { what });

export async function readXlsx(bytes: Buffer, progress: Progress): Promise<Table> {
  const entries = listZip(bytes);
  const text = async (name: string, max: number): Promise<string | null> =>
    (await unzip(bytes, entries, name, max))?.toString('utf8') ?? null;
  const workbook = await text('xl/workbook.xml', maxSmallBytes);
  if (workbook === null) return refuse('import.not-a-table');
  const relations = (await text('xl/_rels/workbook.xml.rels', maxSmallBytes)) ?? '';
  const { sheetPath, since1904 } = sheetOf(workbook, relations, entries);
  const strings = await stringsOf((await text('xl/sharedStrings.xml', maxStringsBytes)) ?? '');
  const sheet = await text(sheetPath, maxSheetBytes);
  if (sheet === null) return damaged('sheet-missing');
  return { ...(await readSheet(sheet, strings, progress)), since1904 };
}

function sheetOf(
  workbook: string,
  relations: string,
  entries: ZipEntries,
): { sheetPath: string; since1904: boolean } {
  let relation: string | undefined;
  let since1904 = false;
  for (const piece of pieces(workbook)) {
    if (piece.kind !== 'open') continue;
    if (piece.name === 'workbookPr') since1904 = /^(1|true)$/.test(attribute(piece, 'date1904') ?? '');
    if (piece.name !== 'sheet' || relation !== undefined) continue;
    if ((attribute(piece, 'state') ?? 'visible') !== 'visible') continue;
    relation = attribute(piece, '\\w+:id') ?? attribute(piece, 'id');
  }
  for (const piece of pieces(relations)) {
    if (piece.kind !== 'open' || piece.name !== 'Relationship' || attribute(piece, 'Id') !== relation)
      continue;
    const target = attribute(piece, 'Target') ?? '';
    const sheetPath = target.startsWith('/') ? target.slice(1) : `xl/${target}`;
    if (entries.has(sheetPath)) return { sheetPath, since1904 };
  }
  return entries.has('xl/worksheets/sheet1.xml')
    ? { sheetPath: 'xl/worksheets/sheet1.xml', since1904 }
    : damaged('sheet-missing');
}

/** What is written for reading aloud (`rPh`) is no part of a text. */
async function stringsOf(xml: string): Promise<readonly string[]> {
  const strings: string[] = [];
  let said = '';
  let isText = false;
  let aloud = 0;
  for (const piece of pieces(xml)) {
    if (piece.name === 'rPh' && !piece.isEmpty) aloud += piece.kind === 'open' ? 1 : -1;
    else if (piece.name === 't' && piece.kind !== 'text') isText = piece.kind === 'open' && !piece.isEmpty;
    else if (piece.name === 'si' && piece.kind === 'open') said = '';
    if (piece.kind === 'text' && isText && aloud === 0) said += piece.text;
    if (piece.name !== 'si' || (piece.kind === 'open' && !piece.isEmpty)) continue;
    strings.push(said);
    if (strings.length > maxStrings) damaged('strings');
    if (strings.length % 20_000 === 0) await pause();
  }
  return strings;
}

interface Reading {
  readonly strings: readonly string[];
  readonly rows: TableRow[];
  readonly merged: { range: string; from: number; to: number }[];
  /** `next`: the column of a cell that does not say its own. */
  row: { no: number; cells: (TableCell | undefined)[]; next: number } | null;
  cell: { column: number; type: string; value: string; inline: string; isFormula: boolean } | null;
  /** The element whose text counts: `v` or `t`. */
  into: 'value' | 'inline' | null;
}

async function readSheet(xml: string, strings: readonly string[], progress: Progress) {
  const reading: Reading = { strings, rows: [], merged: [], row: null, cell: null, into: null };
  // The file's own count, where it has one: it is only shown.
  const said = Number(/<dimension ref="[A-Z]+\d+:[A-Z]+(\d+)"/.exec(xml.slice(0, 4_096))?.[1] ?? 0);
  let turn = 0;
  for (const piece of pieces(xml)) {
    if (piece.kind === 'text') take(reading, piece.text);
    else if (piece.kind === 'open') opened(reading, piece);
    if (piece.kind === 'close' || piece.isEmpty) closed(reading, piece.name);
    if (reading.rows.length - turn < rowsATurn) continue;
    turn = reading.rows.length;
    progress(turn, said);
    await pause();
  }
  return { rows: reading.rows, merged: reading.merged };
}

function take({ cell, into }: Reading, text: string): void {
  if (cell === null || into === null) return;
  cell[into] += text;
  if (cell[into].length > maxCellChars) refuse('import.too-large', { limit: `${maxCellChars}` });
}

function opened(reading: Reading, piece: Piece): void {
  switch (piece.name) {
    case 'row': {
      const no = Number(attribute(piece, 'r') ?? (reading.rows.at(-1)?.no ?? 0) + 1);
      if (!Number.isSafeInteger(no) || no <= (reading.rows.at(-1)?.no ?? 0)) damaged('row-order');
      reading.row = { no, cells: [], next: 0 };
      return;
    }
    case 'c': {
      if (!reading.row) return;
      const ref = attribute(piece, 'r');
      const column = ref === undefined ? reading.row.next : columnOf(ref);
      if (column >= maxColumns) damaged('columns');
      reading.row.next = column + 1;
      const type = attribute(piece, 't') ?? 'n';
      reading.cell = { column, type, value: '', inline: '', isFormula: false };
      return;
    }
    case 'f':
      if (reading.cell) reading.cell.isFormula = true;
      return;
    case 'v':
      reading.into = piece.isEmpty ? null : 'value';
      return;
    case 't':
      reading.into = piece.isEmpty ? null : 'inline';
      return;
    case 'mergeCell':
      merge(reading, attribute(piece, 'ref') ?? '');
  }
}

function closed(reading: Reading, name: string): void {
  if (name === 'v' || name === 't') reading.into = null;
  else if (name === 'c' && reading.cell && reading.row) {
    const cell = asCell(reading.cell, reading.strings);
    if (cell) reading.row.cells[reading.cell.column] = cell;
    reading.cell = null;
  } else if (name === 'row' && reading.row) {
    // A spreadsheet keeps rows that only have a colour.
    if (reading.row.cells.some(Boolean)) reading.rows.push({ no: reading.row.no, cells: reading.row.cells });
    if (reading.rows.length > maxTableRows) refuse('import.too-many', { limit: maxRows });
    reading.row = null;
  }
}

const maxMerged = 10_000;

function merge({ merged }: Reading, range: string): void {
  const found = /^[A-Z]{1,3}(\d{1,7}):[A-Z]{1,3}(\d{1,7})$/.exec(range);
  if (!found || merged.length >= maxMerged) damaged('merged');
  else merged.push({ range, from: Number(found[1]), to: Number(found[2]) });
}

function columnOf(ref: string): number {
  const letters = /^([A-Z]{1,3})\d/.exec(ref)?.[1] ?? damaged('cell');
  return [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

function asCell(cell: NonNullable<Reading['cell']>, strings: readonly string[]): TableCell | undefined {
  const { type, value, inline, isFormula } = cell;
  if (isFormula) return { kind: 'formula', text: '' };
  if (type === 'e') return { kind: 'error', text: '' };
  const text =
    type === 's' ? (strings[Number(value)] ?? damaged('strings')) : type === 'inlineStr' ? inline : value;
  if (text.trim() === '') return undefined;
  if (type === 'b') return { kind: 'text', text: text.trim() === '1' ? 'yes' : 'no' };
  return { kind: type === 'n' ? 'number' : 'text', text };
}
