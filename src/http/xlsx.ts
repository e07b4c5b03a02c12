/**
 * A spreadsheet file of plain tables (Office Open XML, ECMA-376): sheets of texts and numbers, the first row bold and
 * kept in sight. A text is always a text: nothing that a person typed is ever run as a formula.
 */
import { crc32, deflateRawSync } from 'node:zlib';

export type Cell = string | number | null;
export interface Sheet {
  readonly name: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const packaged = 'http://schemas.openxmlformats.org/package/2006';

export function xlsx(sheets: readonly Sheet[]): Buffer {
  const numbered = sheets.map((sheet, i) => ({ ...sheet, no: i + 1 }));
  const type = 'application/vnd.openxmlformats-officedocument.spreadsheetml';
  return zip([
    [
      '[Content_Types].xml',
      `<Types xmlns="${packaged}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${type}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="${type}.styles+xml"/>${numbered.map(({ no }) => `<Override PartName="/xl/worksheets/sheet${no}.xml" ContentType="${type}.worksheet+xml"/>`).join('')}</Types>`,
    ],
    [
      '_rels/.rels',
      `<Relationships xmlns="${packaged}/relationships"><Relationship Id="r1" Type="${relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    ],
    [
      'xl/workbook.xml',
      `<workbook xmlns="${main}" xmlns:r="${relations}"><sheets>${numbered.map(({ name, no }) => `<sheet name="${escaped(name.slice(0, 31))}" sheetId="${no}" r:id="r${no}"/>`).join('')}</sheets></workbook>`,
    ],
    [
      'xl/_rels/workbook.xml.rels',
      `<Relationships xmlns="${packaged}/relationships">${numbered.map(({ no }) => `<Relationship Id="r${no}" Type="${relations}/worksheet" Target="worksheets/sheet${no}.xml"/>`).join('')}<Relationship Id="r${sheets.length + 1}" Type="${relations}/styles" Target="styles.xml"/></Relationships>`,
    ],
    [
      'xl/styles.xml',
      `<styleSheet xmlns="${main}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="1"><fill><patternFill patternType="none"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf fontId="0"/><xf fontId="1" applyFont="1"/></cellXfs></styleSheet>`,
    ],
    ...numbered.map((sheet): [string, string] => [`xl/worksheets/sheet${sheet.no}.xml`, worksheet(sheet)]),
  ]);
}

function worksheet({ head, rows }: Sheet): string {
  const widths = head.map((title, i) =>
    Math.min(60, 3 + Math.max(widthOf(title), ...rows.slice(0, 500).map((row) => widthOf(row[i] ?? '')))),
  );
  const cols = widths
    .map((width, i) => `<col min="${i + 1}" max="${i + 1}" width="${width}" customWidth="1"/>`)
    .join('');
  const all = [head.map((title) => cell(title, 1)), ...rows.map((row) => row.map((one) => cell(one, 0)))];
  const data = all.map((cells) => `<row>${cells.join('')}</row>`).join('');
  const frozen =
    '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>';
  return `<worksheet xmlns="${main}">${frozen}<cols>${cols}</cols><sheetData>${data}</sheetData></worksheet>`;
}

/** A Chinese character takes the room of two. */
const widthOf = (value: Cell): number =>
  [...String(value)].reduce((sum, one) => sum + (one > '\u2e7f' ? 2 : 1), 0);

function cell(value: Cell, style: number): string {
  if (value === null) return '<c/>';
  if (typeof value === 'number') return `<c s="${style}"><v>${value}</v></c>`;
  return `<c s="${style}" t="inlineStr"><is><t xml:space="preserve">${escaped(value)}</t></is></c>`;
}

/** Control characters are not allowed in XML at all. */
const escaped = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');

/** ZIP without anything that is not needed; the date of every file is 1980-01-01, so that equal tables are equal files. */
function zip(files: readonly (readonly [string, string])[]): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const [name, text] of files) {
    const bytes = Buffer.from(declaration + text);
    const packed = deflateRawSync(bytes);
    const title = Buffer.from(name);
    // From "version needed" to the length of the extra field: the same in both heads.
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x0800, 2);
    common.writeUInt16LE(8, 4);
    common.writeUInt16LE(0x21, 8);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(title.length, 22);
    const before = Buffer.from([0x50, 0x4b, 3, 4]);
    local.push(before, common, title, packed);
    const behind = Buffer.alloc(14);
    behind.writeUInt32LE(at, 10);
    central.push(Buffer.from([0x50, 0x4b, 1, 2, 20, 0]), common, behind, title);
    at += 30 + title.length + packed.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...local, directory, end]);
}
