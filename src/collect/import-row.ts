/**
 * A row of a spreadsheet as what it says of a camera. Pure: nothing is asked of the register here. A cell that cannot
 * be read is named with its row and column; every cell is looked at, so that a person mends them all at once.
 */
import { refuse } from '../base/index.ts';
import { imports } from '../contract/index.ts';
import {
  type CameraPurpose,
  type Capability,
  cameraPurposes,
  capabilities,
  type Datum,
  type Day,
  isRoom,
  type OwnerKind,
  ownerKinds,
  rooms,
} from '../law/index.ts';
import { readAddress } from './address.ts';
import { columnLetter, type Table, type TableCell, type TableRow } from './table.ts';

type ImportColumnId = imports.ImportColumnId;
type ImportProblemCode = imports.ImportProblemCode;
const { importColumns } = imports;

export interface Found<Code extends string> {
  readonly row: number;
  readonly column: ImportColumnId | null;
  readonly letter: string | null;
  readonly code: Code;
  readonly values: Readonly<Record<string, string | number>>;
}
export type RowProblem = Found<ImportProblemCode>;
export type RowNote = Found<imports.ImportNoteCode>;

/** What a row says; absent: its column or cell is empty. */
export interface Said {
  number?: string;
  name?: string;
  site?: string;
  url?: string;
  user?: string;
  password?: string;
  subUrl?: string;
  room?: string;
  lat?: number;
  lon?: number;
  datum?: Datum;
  azimuthDeg?: number;
  angleDeg?: number;
  rangeM?: number;
  turns?: boolean;
  owner?: OwnerKind;
  dutyBasis?: string;
  purpose?: CameraPurpose;
  capabilities?: Capability[];
  masked?: string[];
  necessity?: string;
  privacyReview?: string;
  approvedView?: string;
  saidOn?: Day;
  trialFrom?: Day;
  soundBasis?: string;
  endOfSupport?: Day;
}

export interface ImportRow {
  readonly no: number;
  readonly said: Said;
  readonly problems: readonly RowProblem[];
  /** Where each column stands, for what is found out later. */
  readonly letters: Letters;
}
export type Letters = Readonly<Partial<Record<ImportColumnId, string>>>;

export interface Head {
  /** Of the row with the names of the columns. */
  readonly no: number;
  readonly columns: readonly (ImportColumnId | null)[];
  readonly letters: Letters;
  /** Names that say nothing here. */
  readonly unread: readonly string[];
}

// ---- the head

const folded = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s*＊:_]/g, '');

const idByName = new Map<string, ImportColumnId>(
  importColumns.flatMap(({ id, en, zh, ...column }) =>
    [id, en, zh, ...('also' in column ? column.also : [])].map((name) => [folded(name), id] as const),
  ),
);

const rowsBeforeHead = 10;

/** Some tables have a title above their columns. */
export function findHead({ rows }: Table): Head {
  for (const { no, cells } of rows.slice(0, rowsBeforeHead)) {
    const columns = Array.from(cells, (cell) => (cell && idByName.get(folded(cell.text))) ?? null);
    if (columns.filter(Boolean).length >= 2) return headOf(no, cells, columns);
  }
  return refuse('import.no-head');
}

function headOf(no: number, cells: TableRow['cells'], columns: readonly (ImportColumnId | null)[]): Head {
  const letters: Partial<Record<ImportColumnId, string>> = {};
  const unread: string[] = [];
  columns.forEach((id, i) => {
    if (id === null) {
      if (cells[i]) unread.push(cells[i].text.trim().slice(0, 60));
    } else if (letters[id] === undefined) letters[id] = columnLetter(i);
    else refuse('import.column-twice', { column: cells[i]?.text.trim().slice(0, 60) ?? id });
  });
  if (letters.number === undefined) refuse('import.no-column', { column: '编号 / Number' });
  return { no, columns, letters, unread: unread.slice(0, 20) };
}

// ---- a row

interface Reading {
  readonly said: Said;
  readonly say: (code: ImportProblemCode, values?: Found<string>['values']) => undefined;
  readonly since1904: boolean;
}

export function readRow(row: TableRow, head: Head, since1904: boolean): ImportRow {
  const said: Said = {};
  const problems: RowProblem[] = [];
  head.columns.forEach((id, i) => {
    const cell = row.cells[i];
    if (id === null || cell === undefined) return;
    const say = (code: ImportProblemCode, values: Found<string>['values'] = {}): undefined => {
      problems.push({ row: row.no, column: id, letter: columnLetter(i), code, values });
    };
    readCell(id, cell, { said, say, since1904 });
  });
  return { no: row.no, said, problems, letters: head.letters };
}

function readCell(id: ImportColumnId, cell: TableCell, reading: Reading) {
  const { say } = reading;
  if (cell.kind === 'formula') return say('formula');
  if (cell.kind === 'error') return say('cell-error');
  // A line break inside of a cell is how people write lists; every other control character was not typed.
  const text = cell.text.replace(/[\t\r\n]+/g, ' ').trim();
  if (/[\p{Cc}\p{Cf}]/u.test(text)) return say('control');
  if (text !== '') readers[id]?.(text, reading, cell);
}

type Reader = (text: string, reading: Reading, cell: TableCell) => void;

/** `<img`, `=1+1`, `@SUM(`, `+cmd|`, and `-2+cmd|` of those that begin with a minus; a floor `-1层` is a name. */
const isMarkup = (text: string): boolean =>
  /<\s*[/!?]|<\s*[a-z]+(\s+[a-z-]+\s*=|\s*\/?>)/i.test(text) ||
  /^[=@+]/.test(text) ||
  (text.startsWith('-') && /[|!(]/.test(text));

const short =
  (key: 'number' | 'name' | 'site', max: number): Reader =>
  (text, { said, say }) => {
    if (text.length > max) return say('too-long', { max });
    if (isMarkup(text)) return say('markup');
    said[key] = text;
  };

const long =
  (key: 'dutyBasis' | 'necessity' | 'privacyReview' | 'approvedView' | 'soundBasis'): Reader =>
  (text, { said, say }) => {
    if (text.length > 2_000) return say('too-long', { max: 2_000 });
    if (isMarkup(text)) return say('markup');
    said[key] = text;
  };

const address =
  (key: 'url' | 'subUrl'): Reader =>
  (text, { said, say }) => {
    if (text.length > 1_024) return say('too-long', { max: 1_024 });
    try {
      readAddress(text);
    } catch {
      // The only thing it ever says is that this is no address.
      return say('url');
    }
    said[key] = text;
  };

const secret =
  (key: 'user' | 'password', max: number): Reader =>
  (text, { said, say }) => {
    if (text.length > max) return say('too-long', { max });
    said[key] = text;
  };

/** `41,8` could be two numbers, so a comma is none; a sign for degrees behind is. */
const plainNumber = (text: string): number => {
  const plain = text
    .normalize('NFKC')
    .replace(/[°度米m]$/i, '')
    .trim();
  return /^[+-]?\d{1,12}(\.\d{1,18})?(e[+-]?\d{1,2})?$/i.test(plain) ? Number(plain) : Number.NaN;
};

const number =
  (key: 'azimuthDeg' | 'angleDeg' | 'rangeM', min: number, max: number): Reader =>
  (text, { said, say }) => {
    const value = plainNumber(text);
    if (Number.isNaN(value)) return say('number');
    if (value < min || value > max) return say('range', { min, max });
    // A full turn is north again.
    said[key] = key === 'azimuthDeg' && value === 360 ? 0 : value;
  };

/** `123.4315`, `123°25′53″`, `123 25 53.4 E`. */
function degrees(text: string): number {
  const plain = plainNumber(text);
  if (!Number.isNaN(plain)) return plain;
  const found =
    /^([+-]?\d{1,3})[°度\s]\s*(\d{1,2}(?:\.\d+)?)['′分\s]?\s*(?:(\d{1,2}(?:\.\d+)?)["″秒]?)?\s*([NSEW北南东西])?$/i.exec(
      text,
    );
  if (!found) return Number.NaN;
  const [, whole = '', minutes = '0', seconds = '0', side = ''] = found;
  if (Number(minutes) >= 60 || Number(seconds) >= 60) return Number.NaN;
  const size = Math.abs(Number(whole)) + Number(minutes) / 60 + Number(seconds) / 3_600;
  return whole.startsWith('-') || /[SW南西]/i.test(side) ? -size : size;
}

const coordinate =
  (key: 'lat' | 'lon', max: number): Reader =>
  (text, { said, say }) => {
    const value = degrees(text);
    if (Number.isNaN(value)) return say('number');
    // A longitude in the column of latitudes is told as what it is once both are there.
    if (Math.abs(value) > 180) return say('range', { min: -max, max });
    said[key] = value;
  };

const choices = <V extends string | boolean>(all: readonly (readonly [V, readonly string[]])[]) =>
  new Map(all.flatMap(([value, names]) => names.map((name) => [folded(name), value] as const)));

const oneOf =
  <V extends string | boolean>(from: ReadonlyMap<string, V>, put: (said: Said, value: V) => void): Reader =>
  (text, { said, say }) => {
    const value = from.get(folded(text));
    if (value === undefined) return say('choice', { value: text.slice(0, 40) });
    put(said, value);
  };

const list =
  (put: (said: Said, items: string[]) => string | null): Reader =>
  (text, { said, say }) => {
    const items = text.split(/[;；,，、]/).flatMap((each) => each.trim() || []);
    const strange = items.length > 500 ? items[500] : put(said, items);
    if (strange) say('choice', { value: strange.slice(0, 40) });
  };

const roomNames = choices(
  Object.entries(rooms).map(([id, { en, zh }]) => [
    id,
    [id, en, zh, ...`${en},${zh}`.split(/[,、，]/).map((part) => part.trim())],
  ]),
);
const ownerNames = choices<OwnerKind>(
  ownerKinds.map((kind) => [
    kind,
    {
      government: [kind, 'Government', '政府'],
      operator: [kind, 'The unit that runs the place', '经营管理单位', '场所经营管理单位'],
      'security-duty-holder': [
        kind,
        'Security duty holder',
        '安全防范义务人',
        '负有安全防范义务的单位或个人',
      ],
      other: [kind, 'Someone else', '其他'],
    }[kind],
  ]),
);
const purposeNames = choices<CameraPurpose>(
  cameraPurposes.map((purpose) => [
    purpose,
    {
      'public-safety': [purpose, 'Public safety', '公共安全'],
      enforcement: [purpose, 'Evidence for penalties', '执法取证'],
      other: [purpose, 'Another purpose', '其他', '其他用途'],
    }[purpose],
  ]),
);
const capabilityNames = choices<Capability>(
  capabilities.map((one) => [
    one,
    {
      'high-definition': [one, 'HD', '高清'],
      'wide-dynamic-range': [one, 'WDR', '宽动态', '宽动态范围'],
      'night-vision': [one, 'IR', '夜视', '红外'],
    }[one],
  ]),
);
const datumNames = choices<Datum>([
  ['wgs84', ['WGS-84', 'WGS84', 'GPS']],
  ['gcj02', ['GCJ-02', 'GCJ02', 'Amap', 'Tencent', '高德', '腾讯', '火星坐标', '高德地图', '腾讯地图']],
  ['bd09', ['BD-09', 'BD09', 'Baidu', '百度', '百度地图']],
]);
const yesNo = choices<boolean>([
  [true, ['yes', 'true', 'y', '1', '是', '有']],
  [false, ['no', 'false', 'n', '0', '否', '无']],
]);

const day =
  (key: 'saidOn' | 'trialFrom' | 'endOfSupport'): Reader =>
  (text, { said, say, since1904 }, { kind }) => {
    const value = text.slice(0, 40);
    const read = kind === 'number' ? dayOfSerial(Number(text), since1904) : dayOf(text);
    if (read === 'era') return say('date-era', { value });
    if (read === null) return say('date', { value });
    if (read < '2000-01-01' || read > '2100-01-01') return say('date-era', { value });
    said[key] = read;
  };

const otherEra = /民国|昭和|平成|令和|大正|佛历|佛曆|พ\.ศ|B\.?E\.?|光绪|宣统/i;

function dayOf(text: string): Day | 'era' | null {
  const plain = text.normalize('NFKC');
  if (otherEra.test(plain)) return 'era';
  const found = /^(\d{1,4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:\s+0{1,2}:00(?::00)?)?$/.exec(
    plain,
  );
  if (!found) return null;
  const [year, month, date] = [Number(found[1]), Number(found[2]), Number(found[3])];
  // Two or three digits are a year of another calendar, or of a century that has to be guessed.
  if (found[1]!.length < 4) return 'era';
  return dayOfParts(year, month, date);
}

function dayOfParts(year: number, month: number, date: number): Day | null {
  const day = new Date(Date.UTC(year, month - 1, date));
  if (day.getUTCMonth() !== month - 1 || day.getUTCDate() !== date) return null;
  return day.toISOString().slice(0, 10);
}

/** Days since 1899-12-30, or since 1904-01-01: a spreadsheet's own count. `20261122` is how some people write a day. */
function dayOfSerial(serial: number, since1904: boolean): Day | 'era' | null {
  if (!Number.isFinite(serial) || serial < 0) return null;
  if (serial > 19_000_000 && serial < 22_000_000)
    return dayOfParts(Math.floor(serial / 10_000), Math.floor(serial / 100) % 100, serial % 100);
  if (serial > 100_000) return 'era';
  const base = since1904 ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, 30);
  return new Date(base + Math.floor(serial) * 86_400_000).toISOString().slice(0, 10);
}

const readers: Readonly<Record<ImportColumnId, Reader>> = {
  number: (text, reading, cell) => {
    // `2.1010200001320001E+19`: of a long number a spreadsheet keeps 15 digits.
    if (cell.kind === 'number' && !/^\d{1,15}$/.test(text)) return reading.say('digits-lost');
    return short('number', 40)(text, reading, cell);
  },
  name: short('name', 80),
  site: short('site', 80),
  url: address('url'),
  user: secret('user', 128),
  password: secret('password', 256),
  subUrl: address('subUrl'),
  room: oneOf(roomNames, (said, value) => {
    if (isRoom(value)) said.room = value;
  }),
  lat: coordinate('lat', 90),
  lon: coordinate('lon', 180),
  datum: oneOf(datumNames, (said, value) => {
    said.datum = value;
  }),
  azimuthDeg: number('azimuthDeg', 0, 360),
  angleDeg: number('angleDeg', 1, 360),
  rangeM: number('rangeM', 1, 10_000),
  turns: oneOf(yesNo, (said, value) => {
    said.turns = value;
  }),
  owner: oneOf(ownerNames, (said, value) => {
    said.owner = value;
  }),
  dutyBasis: long('dutyBasis'),
  purpose: oneOf(purposeNames, (said, value) => {
    said.purpose = value;
  }),
  capabilities: list((said, items) => {
    const known = items.map((item) => capabilityNames.get(folded(item)));
    const strange = items.find((_item, i) => known[i] === undefined);
    if (strange === undefined) said.capabilities = [...new Set(known as Capability[])];
    return strange ?? null;
  }),
  masked: list((said, items) => {
    const strange = items.find((item) => !/^[a-z0-9-]{1,40}$/i.test(item));
    if (strange === undefined) said.masked = [...new Set(items)];
    return strange ?? null;
  }),
  necessity: long('necessity'),
  privacyReview: long('privacyReview'),
  approvedView: long('approvedView'),
  saidOn: day('saidOn'),
  trialFrom: day('trialFrom'),
  soundBasis: long('soundBasis'),
  endOfSupport: day('endOfSupport'),
};
