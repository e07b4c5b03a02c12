/** Spreadsheet files for tests, by hand: also such as no spreadsheet writes. */
import { crc32, deflateRawSync } from 'node:zlib';

interface Packed {
  readonly packed: Buffer;
  readonly bytes: number;
  readonly crc: number;
}
type Content = string | Buffer | Packed;

/** A ZIP of these files; `Packed` says of itself what it wants. */
export function zipOf(files: readonly (readonly [string, Content])[]): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const [name, content] of files) {
    const { packed, bytes, crc } = pack(content);
    const title = Buffer.from(name);
    const common = Buffer.alloc(26);
    for (const [value, where] of [
      [20, 0],
      [8, 4],
      [title.length, 22],
    ] as const)
      common.writeUInt16LE(value, where);
    for (const [value, where] of [
      [crc, 10],
      [packed.length, 14],
      [bytes, 18],
    ] as const)
      common.writeUInt32LE(value, where);
    local.push(Buffer.from([0x50, 0x4b, 3, 4]), common, title, packed);
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

function pack(content: Content): Packed {
  if (typeof content !== 'string' && !Buffer.isBuffer(content)) return content;
  const bytes = Buffer.from(content as string);
  return { packed: deflateRawSync(bytes), bytes: bytes.length, crc: crc32(bytes) };
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** A spreadsheet as Excel makes it, with shared strings; `instead` takes the place of single files. */
export function sheetFile(
  { rows, merged = [] }: { rows: readonly (readonly string[])[]; merged?: readonly string[] },
  instead: Readonly<Record<string, Content>> = {},
): Buffer {
  const strings = new Map<string, number>();
  const indexOf = (text: string): number => {
    const known = strings.get(text) ?? strings.size;
    strings.set(text, known);
    return known;
  };
  const cells = (row: readonly string[], no: number) =>
    row
      .map((text, i) => (text === '' ? '' : `<c r="${letters[i]}${no}" t="s"><v>${indexOf(text)}</v></c>`))
      .join('');
  const data = rows.map((row, i) => `<row r="${i + 1}">${cells(row, i + 1)}</row>`).join('');
  const merge = merged.length
    ? `<mergeCells count="${merged.length}">${merged.map((ref) => `<mergeCell ref="${ref}"/>`).join('')}</mergeCells>`
    : '';
  const files: Record<string, Content> = {
    '[Content_Types].xml': '<Types/>',
    'xl/workbook.xml':
      '<workbook><sheets><sheet name="old" sheetId="9" state="hidden" r:id="rId9"/><sheet name="cameras" sheetId="1" r:id="rId1"/></sheets></workbook>',
    'xl/_rels/workbook.xml.rels':
      '<Relationships><Relationship Id="rId9" Target="worksheets/none.xml"/><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>',
    'xl/sharedStrings.xml': `<sst>${[...strings.keys()].map((text) => `<si><t xml:space="preserve">${escaped(text)}</t></si>`).join('')}</sst>`,
    'xl/worksheets/sheet1.xml': `<worksheet><sheetData>${data}</sheetData>${merge}</worksheet>`,
  };
  return zipOf(Object.entries({ ...files, ...instead }));
}
