/**
 * Cameras read in from a spreadsheet: the columns it has, what can be wrong in a row, and the calls. A file is read and
 * checked first and changes nothing; taking it over is another call, and takes all of its rows or none.
 */
import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import type { Said } from './said.ts';
import { byId, id, instant, note } from './shapes.ts';

export interface ImportColumn extends Said {
  readonly id: string;
  /** Other names that it is known by. */
  readonly also?: readonly string[];
  /** Of every new camera. */
  readonly needed?: boolean;
  /** What stands in the template below its name. */
  readonly says: Said;
}

const column = (
  id: string,
  [en, zh]: readonly [string, string],
  says: readonly [string, string],
  more: { also?: readonly string[]; needed?: boolean } = {},
): ImportColumn => ({ id, en, zh, says: { en: says[0], zh: says[1] }, ...more });

export const importColumns = [
  column(
    'number',
    ['Number', '编号'],
    [
      'Your own number of the camera. A row whose number is there already changes that camera.',
      '本单位的设备编号。编号已存在时，该行更新对应设备。',
    ],
    { also: ['设备编号', '摄像机编号', 'Own number', 'No.'], needed: true },
  ),
  column(
    'name',
    ['Name', '名称'],
    ['1 to 80 characters, once at a site.', '1 至 80 个字符，同一场所内不重复。'],
    {
      also: ['设备名称', '摄像机名称', 'Camera'],
      needed: true,
    },
  ),
  column(
    'site',
    ['Site', '场所'],
    ['Name of the site; left out: the one that was chosen.', '场所名称；不填则为所选场所。'],
    { also: ['所属场所'] },
  ),
  column('url', ['Address (RTSP)', '视频地址（RTSP）'], ['rtsp://host:554/path', 'rtsp://主机:554/路径'], {
    also: ['视频地址', 'RTSP', 'Address', 'RTSP地址'],
    needed: true,
  }),
  column('user', ['User', '用户名'], ['At the camera.', '摄像机的用户名。'], { also: ['摄像机用户名'] }),
  column(
    'password',
    ['Password', '密码'],
    ['At the camera; kept encrypted. Empty keeps the present one.', '摄像机的密码，加密保存；留空则不变。'],
    { also: ['摄像机密码'] },
  ),
  column('subUrl', ['Sub-stream', '子码流地址'], ['May be left empty.', '可不填。'], { also: ['子码流'] }),
  column('room', ['Where it is', '所在区域'], ['One of the list “Rooms”.', '从“区域类型”表中选择。'], {
    also: ['区域类型', '安装区域', 'Room'],
  }),
  column('lat', ['Latitude', '纬度'], ['Degrees, e.g. 41.805699', '度，例如 41.805699'], { also: ['Lat'] }),
  column('lon', ['Longitude', '经度'], ['Degrees, e.g. 123.431472', '度，例如 123.431472'], {
    also: ['Lon', 'Lng'],
  }),
  column(
    'datum',
    ['Map', '坐标系'],
    [
      'WGS-84, GCJ-02 (Amap, Tencent) or BD-09 (Baidu); left out: what was chosen.',
      'WGS-84、GCJ-02（高德、腾讯）或 BD-09（百度）；不填则为所选坐标系。',
    ],
  ),
  column(
    'azimuthDeg',
    ['Direction (°)', '朝向（度）'],
    ['Clockwise from north, 0 to 359.', '自正北顺时针，0 至 359。'],
    {
      also: ['朝向', '方位角', 'Azimuth'],
    },
  ),
  column('angleDeg', ['Angle of view (°)', '视场角（度）'], ['1 to 360', '1 至 360'], {
    also: ['视场角', 'Angle'],
  }),
  column('rangeM', ['Range (m)', '监控距离（米）'], ['1 to 10,000', '1 至 10000'], {
    also: ['监控距离', 'Range'],
  }),
  column('turns', ['Turns', '可转动'], ['yes or no', '是 或 否'], { also: ['云台', 'PTZ'] }),
  column(
    'owner',
    ['Who runs it', '建设主体'],
    [
      'Government, operator, security duty holder, other; left out: as the site.',
      '政府、经营管理单位、安全防范义务人、其他；不填则与场所相同。',
    ],
    { also: ['建设管理主体', 'Owner'] },
  ),
  column(
    'dutyBasis',
    ['Basis of the duty to keep it safe', '安全防范义务依据'],
    ['Needed where Order 799, art. 9 applies.', '适用条例第九条的场所须填写。'],
  ),
  column(
    'purpose',
    ['Purpose', '用途'],
    ['Public safety, enforcement, other.', '公共安全、执法取证、其他。'],
  ),
  column(
    'capabilities',
    ['Capabilities', '设备能力'],
    [
      'High definition, wide dynamic range, night vision; with ; between them.',
      '高清、宽动态、夜视，用分号分隔。',
    ],
  ),
  column(
    'masked',
    ['Masked areas', '已遮挡区域'],
    [
      'Ids of the site’s windows and private areas that its mask covers; with ; between them.',
      '遮挡所覆盖的窗户、隐私区域的编号，用分号分隔。',
    ],
  ),
  column(
    'necessity',
    ['Why it is needed', '必要性说明'],
    ['Why public safety needs this camera.', '为维护公共安全所必需的理由。'],
    { also: ['必要性', 'Necessity'] },
  ),
  column(
    'privacyReview',
    ['Privacy review', '隐私风险评估'],
    ['What private life it could show, and what was done about it.', '可能涉及的隐私及采取的措施。'],
  ),
  column(
    'approvedView',
    ['Approved view', '经批准的画面范围'],
    ['What it may show, in words.', '经批准的画面范围（文字说明）。'],
  ),
  column(
    'saidOn',
    ['Day of these statements', '说明日期'],
    ['YYYY-MM-DD; left out: today.', 'YYYY-MM-DD；不填则为今天。'],
    { also: ['日期', 'Date'] },
  ),
  column('trialFrom', ['Trial run from', '试运行起始日'], ['YYYY-MM-DD', 'YYYY-MM-DD'], { also: ['试运行'] }),
  column('soundBasis', ['Basis for sound', '录音依据'], ['Empty: sound is dropped.', '不填则丢弃声音。']),
  column('endOfSupport', ['Support ends', '厂商支持截止日'], ['YYYY-MM-DD', 'YYYY-MM-DD'], {
    also: ['支持截止日'],
  }),
] as const satisfies readonly ImportColumn[];
export type ImportColumnId = (typeof importColumns)[number]['id'];

/** What stands against a row; nothing of a file with one of these is taken over. */
export const importProblems = {
  required: { en: 'Something has to stand here.', zh: '此项必填。' },
  'too-long': { en: 'Longer than {max} characters.', zh: '超过 {max} 个字符。' },
  control: { en: 'Holds characters that cannot be seen or printed.', zh: '含有不可见或不可打印的字符。' },
  markup: {
    en: 'Looks like markup or a formula, not like a name.',
    zh: '内容像网页标记或公式，不是正常文字。',
  },
  formula: { en: 'Holds a formula. Put its value there.', zh: '此格为公式，请改为数值或文字。' },
  merged: { en: 'Merged cells ({range}). Take them apart.', zh: '合并单元格（{range}），请取消合并。' },
  'cell-error': {
    en: 'The spreadsheet itself says that this is an error.',
    zh: '此格为表格软件报告的错误值。',
  },
  number: { en: 'Not a number.', zh: '不是数字。' },
  'digits-lost': {
    en: 'A spreadsheet keeps 15 digits of a number: format the column as text and type it again.',
    zh: '表格仅保留 15 位有效数字，请将该列设为文本格式后重新填写。',
  },
  range: { en: 'Must lie between {min} and {max}.', zh: '应在 {min} 与 {max} 之间。' },
  choice: { en: '“{value}” is none of what can stand here.', zh: '“{value}”不是可选内容。' },
  date: { en: '“{value}” is not a day. Write YYYY-MM-DD.', zh: '“{value}”不是有效日期，请写成 YYYY-MM-DD。' },
  'date-era': {
    en: '“{value}” is of another calendar or another century. Write YYYY-MM-DD.',
    zh: '“{value}”为其他纪年或年代有误，请写成公历 YYYY-MM-DD。',
  },
  'date-later': { en: '{value} lies in the future.', zh: '{value} 晚于今天。' },
  'position-half': {
    en: 'Latitude and longitude go together: one is missing.',
    zh: '经度和纬度须同时填写。',
  },
  'position-outside': {
    en: 'Lies outside of {region}: in another country or in the sea.',
    zh: '不在{region}范围内（可能在其他地区或海上）。',
  },
  'position-swapped': {
    en: 'Lies outside of {region}; the other way round it would not. Latitude and longitude are swapped.',
    zh: '不在{region}范围内，经度与纬度可能填反。',
  },
  'position-far': {
    en: 'Lies {km} km from the area of the site.',
    zh: '距场所范围 {km} 公里。',
  },
  'position-unclear': {
    en: 'It cannot be told from which map this is. Name the map, or draw the area of the site first.',
    zh: '无法判断坐标系，请注明坐标系，或先标绘场所范围。',
  },
  'site-unknown': { en: 'There is no site of this name.', zh: '没有该名称的场所。' },
  'site-missing': {
    en: 'No site stands here and none was chosen.',
    zh: '未填写场所，也未选择默认场所。',
  },
  duplicate: { en: 'The same number stands in row {row}.', zh: '编号与第 {row} 行重复。' },
  'name-twice': {
    en: 'The same name at the same site stands in row {row}.',
    zh: '与第 {row} 行的场所和名称重复。',
  },
  'name-taken': {
    en: 'Another camera at this site has this name (number {number}).',
    zh: '该场所另一台摄像机（编号 {number}）已使用此名称。',
  },
  url: {
    en: 'An address begins with rtsp:// or rtsps:// and names a host.',
    zh: '地址须以 rtsp:// 或 rtsps:// 开头并包含主机。',
  },
  'password-again': {
    en: 'The address is now at another host ({host}): give the password again.',
    zh: '地址已改为另一主机（{host}），须重新填写密码。',
  },
  'mask-unknown': {
    en: 'The site has no drawn area “{value}”.',
    zh: '该场所没有编号为“{value}”的标绘区域。',
  },
  prohibited: {
    en: 'No camera may be inside of this kind of room: {room} ({instrument}, {article}). Consent does not change that.',
    zh: '{room}内部禁止安装图像采集设备（{instrument} {article}），任何人同意均不例外。',
  },
  lacks: {
    en: 'It may not stand at “{step}”. What is missing: {needs}.',
    zh: '不能处于“{step}”阶段。缺少：{needs}。',
  },
  'no-ruling': {
    en: 'The rules of the site could not be read. Without an answer of the law there is no camera.',
    zh: '无法得出该场所的适用规则。没有明确结论时不得设置摄像机。',
  },
} as const satisfies Readonly<Record<string, Said>>;
export type ImportProblemCode = keyof typeof importProblems;

/** What a row is told beside; it stands in no way. */
export const importNotes = {
  mask: {
    en: 'Sees {area}: a mask is demanded before it operates ({instrument}, {article}).',
    zh: '画面涉及 {area}：正式运行前须设置遮挡（{instrument} {article}）。',
  },
  overlap: {
    en: 'Camera {camera} shows {percent} % of the same view: share it instead of building another (Order 799, art. 6).',
    zh: '摄像机 {camera} 已覆盖该画面的 {percent}%：可共用，避免重复建设（条例第六条）。',
  },
  converted: {
    en: 'Read as coordinates of {map} and converted.',
    zh: '已按 {map} 坐标识别并转换。',
  },
  password: {
    en: 'Passwords stand in this file in the clear. Delete it when the import is done.',
    zh: '文件中有明文密码，导入后请删除该文件。',
  },
} as const satisfies Readonly<Record<string, Said>>;
export type ImportNoteCode = keyof typeof importNotes;

const values = z.record(z.string(), z.union([z.string(), z.number()]));
const columnId = z.enum(importColumns.map(({ id: one }) => one) as [ImportColumnId, ...ImportColumnId[]]);
const found = {
  /** As the spreadsheet counts, from 1. */
  row: z.number().int(),
  /** Null: of the whole row. */
  column: columnId.nullable(),
  /** `C`; null with it. */
  letter: z.string().nullable(),
  values,
};
export const importProblem = z.object({
  ...found,
  code: z.enum(Object.keys(importProblems) as [ImportProblemCode, ...ImportProblemCode[]]),
});
export const importNote = z.object({
  ...found,
  code: z.enum(Object.keys(importNotes) as [ImportNoteCode, ...ImportNoteCode[]]),
});

export const importStates = [
  'reading',
  'checking',
  'checked',
  'writing',
  'done',
  'refused',
  'failed',
] as const;
export const importJob = z.object({
  id,
  state: z.enum(importStates),
  file: z.string(),
  at: instant,
  /** Of the phase that is under way; `of` 0 where the end is not known yet. */
  progress: z.object({ done: z.number().int(), of: z.number().int() }),
  rows: z.object({
    all: z.number().int(),
    added: z.number().int(),
    changed: z.number().int(),
    same: z.number().int(),
    wrong: z.number().int(),
  }),
  /** The first of them; `more` says how many there are besides. */
  problems: z.object({ items: z.array(importProblem), more: z.number().int() }),
  notes: z.object({ items: z.array(importNote), more: z.number().int() }),
  /** What the new and changed ones lack for operating, and how many of them each. */
  lacking: z.record(z.string(), z.number().int()),
  /** Columns whose name says nothing here: not read. */
  unread: z.array(z.string()),
  /** Why the whole file was refused. */
  refusal: z.object({ code: z.string(), values }).nullable(),
});

/** As text of base64 it is a third longer. */
export const maxFileBytes = 12 * 1024 * 1024;
const base64 = z
  .string()
  .min(4)
  .max(Math.ceil(maxFileBytes / 3) * 4)
  .regex(/^[A-Za-z0-9+/]*={0,2}$/);

export const datumChoices = ['wgs84', 'gcj02', 'bd09', 'recognise'] as const;

export const openImport = endpoint({
  method: 'POST',
  path: '/api/imports',
  action: 'camera.configure',
  ledger: 'none',
  maxBodyBytes: Math.ceil(maxFileBytes / 3) * 4 + 4096,
  body: z
    .object({
      file: z.string().trim().min(1).max(200),
      content: base64,
      /** Where a row names no site. */
      siteId: id.nullish(),
      datum: z.enum(datumChoices).default('wgs84'),
      /** `in-use`: new cameras operate where nothing lacks, else begin their trial run. */
      begin: z.enum(['planned', 'in-use']).default('in-use'),
    })
    .strict(),
  reply: importJob,
  says: 'Reads and checks a CSV or XLSX file of cameras; nothing is changed yet.',
});
export const importById = endpoint({
  method: 'GET',
  path: '/api/imports/:id',
  action: 'camera.configure',
  ledger: 'none',
  params: byId,
  reply: importJob,
  says: 'How far an import is, and what was found.',
});
export const takeImport = endpoint({
  method: 'POST',
  path: '/api/imports/:id/take',
  action: 'camera.configure',
  ledger: 'change',
  params: byId,
  body: z.object({ reason: note.default('') }).strict(),
  reply: importJob,
  says: 'Takes all rows of a checked file over, or none.',
});
export const dropImport = endpoint({
  method: 'DELETE',
  path: '/api/imports/:id',
  action: 'camera.configure',
  ledger: 'none',
  params: byId,
  reply: z.object({}).strict(),
  says: 'Forgets a file that was read.',
});
export const importTemplate = endpoint({
  method: 'GET',
  path: '/api/imports/template/:file',
  action: 'camera.configure',
  ledger: 'none',
  params: z.object({ file: z.enum(['cameras.xlsx', 'cameras.csv']) }),
  query: z.object({ lang: z.enum(['zh', 'en']).default('zh') }),
  reply: z.unknown(),
  says: 'An empty table with the names of the columns.',
});
