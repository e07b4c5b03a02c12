/** A certificate of deletion on paper, in both languages at once: whoever is shown it need not have asked for theirs. */
import { readFileSync } from 'node:fs';
import { rfc3339 } from '../base/index.ts';
import { bucketProblems, fill, type Said, sayPeriod } from '../contract/index.ts';
import { sayRule } from '../law/index.ts';
import type { Certificate, CertificateHead } from '../store/index.ts';
import { local } from './completeness-sheets.ts';

export const certificateTemplate = readFileSync(new URL('./certificate.typ', import.meta.url), 'utf8');

type Whole = CertificateHead & Certificate;
type Words = Record<string, Said>;

const words = {
  title: { zh: '删除证书 第 {no} 号', en: 'Certificate of deletion No. {no}' },
  unit: { zh: '管理单位', en: 'Managing unit' },
  camera: { zh: '摄像机', en: 'Camera' },
  day: { zh: '录像日期（UTC）', en: 'Day of the recordings (UTC)' },
  why: { zh: '删除原因', en: 'Why' },
  rule: { zh: '依据', en: 'Rule' },
  noFloor: { zh: '无法定期限', en: 'no statutory period' },
  orderedBy: { zh: '删除决定', en: 'Ordered by' },
  system: { zh: '系统（按规则）', en: 'Custos, by its rules' },
  finished: { zh: '完成时间', en: 'Finished' },
  underWay: { zh: '进行中', en: 'under way' },
  trouble: { zh: '受阻', en: 'In the way' },
  segments: { zh: '录像段', en: 'Segments' },
  digest: { zh: '清单摘要（SHA-256）', en: 'Digest of the list (SHA-256)' },
  entry: { zh: '存证账本条目', en: 'Entry in the ledger' },
  keys: { zh: '已销毁的密钥', en: 'Destroyed keys' },
  none: { zh: '无', en: 'none' },
  kept: { zh: '保留的密钥', en: 'Keys that stay' },
  span: { zh: '时间', en: 'Time' },
  stream: { zh: '码流', en: 'Stream' },
  class: { zh: '类别', en: 'Class' },
  file: { zh: '文件与摘要', en: 'File and digest' },
  gone: { zh: '删除前文件已不存在', en: 'its file was gone before' },
  made: { zh: '经办人', en: 'Made by' },
  checked: { zh: '审核人', en: 'Checked by' },
} as const satisfies Words;

const reasons: Record<Whole['why'], Said> = {
  served: { zh: '已实现处理目的', en: 'has served its purpose' },
  ceiling: { zh: '达到法定上限', en: 'the limit of the law' },
  erasure: { zh: '有人请求删除', en: 'somebody asked for erasure' },
  room: { zh: '磁盘已满', en: 'the disk was full' },
  key: {
    zh: '仅销毁当日密钥（此前删除录像时须保留）',
    en: 'the key of a day, which had to stay when its footage went',
  },
};
const keptWhy: Words = {
  'unknown-files': {
    zh: '目录中有索引未登记的文件',
    en: 'files that the index does not know lie in the folder',
  },
  'day-not-over': { zh: '当日尚未结束', en: 'the day was not over' },
  'more-footage': { zh: '当日尚有其他录像', en: 'other footage of this day is still there' },
};
const streams: Record<'main' | 'sub', Said> = {
  main: { zh: '主码流', en: 'main' },
  sub: { zh: '子码流', en: 'sub' },
};
const classes: Words = {
  ordinary: { zh: '普通', en: 'ordinary' },
  important: { zh: '重要价值', en: 'important value' },
  evidence: { zh: '证据封存', en: 'evidence hold' },
  alarm: { zh: '报警记录', en: 'alarm record' },
};

type Line = { readonly text: string; readonly mono?: boolean };
const both = ({ zh, en }: Said): Line => ({ text: `${zh} · ${en}` });
const plain = (text: string): Line => ({ text });
const inLines = ({ zh, en }: Said): Line[] => [plain(zh), plain(en)];
const mono = (text: string): Line => ({ text, mono: true });

/** The data of the template: every text as a text. */
export function certificatePaper(of: Whole, unit: string) {
  const no = { no: of.no };
  const { title } = words;
  return {
    title: { zh: fill(title.zh, no), en: fill(title.en, no) },
    facts: factsOf(of, unit),
    segments: {
      name: words.segments,
      head: [words.span, words.stream, words.class, words.file],
      rows: of.segments.map((segment) => rowOf(segment, of)),
    },
    signed: [words.made, words.checked],
  };
}

function factsOf(of: Whole, unit: string): { name: Said; lines: Line[] }[] {
  const time = (ms: number) => local(rfc3339(ms), of.timeZone);
  const ordered = of.orderedBy === 'system' ? both(words.system) : plain(of.orderedBy);
  const trouble = troubleOf(of);
  return [
    { name: words.unit, lines: [plain(unit)] },
    { name: words.camera, lines: [plain(`${of.siteName} · ${of.cameraName}`)] },
    { name: words.day, lines: [plain(of.day)] },
    { name: words.why, lines: [both(reasons[of.why])] },
    { name: words.rule, lines: of.because.length === 0 ? [both(words.noFloor)] : of.because.flatMap(ruleOf) },
    { name: words.orderedBy, lines: [ordered, plain(time(of.orderedMs))] },
    {
      name: words.finished,
      lines: [of.finishedMs === null ? both(words.underWay) : plain(time(of.finishedMs))],
    },
    ...(trouble ? [{ name: words.trouble, lines: trouble }] : []),
    { name: words.segments, lines: [plain(`${of.count} · ${of.bytes} B`)] },
    { name: words.digest, lines: [mono(of.digest)] },
    { name: words.entry, lines: [plain(String(of.seq))] },
    {
      name: words.keys,
      lines:
        of.keys.length === 0
          ? [both(words.none)]
          : of.keys.map((key) => mono(`${key.keyId} (${key.source}) ${time(key.atMs)}`)),
    },
    ...(of.keysKept.length > 0 ? [{ name: words.kept, lines: of.keysKept.flatMap(keptOf) }] : []),
  ];
}

const ruleOf = (reason: Whole['because'][number]): Line[] => [
  plain(`${sayRule(reason, 'zh')}：${periodOf(reason.period, 'zh')}`),
  plain(`${sayRule(reason, 'en')}: ${periodOf(reason.period, 'en')}`),
];

const isoUnits: Readonly<Record<string, string>> = { day: 'D', workingDay: 'D', month: 'M', year: 'Y' };
const periodOf = ({ n, unit }: { n: number; unit: string }, language: 'zh' | 'en'): string =>
  sayPeriod(unit === 'hour' ? `PT${n}H` : `P${n}${isoUnits[unit] ?? 'D'}`, language);

function keptOf({ source, why }: Whole['keysKept'][number]): Line[] {
  const said = keptWhy[why];
  return said ? [mono(source), both(said)] : [mono(`${source} ${why}`)];
}

function troubleOf({ trouble, problem, timeZone }: Whole): Line[] | null {
  if (problem === null) return trouble === null ? null : [plain(trouble)];
  const { untilMs } = problem.values;
  const until = typeof untilMs === 'number' ? { until: local(rfc3339(untilMs), timeZone) } : {};
  const values = { ...problem.values, ...until };
  const said = bucketProblems[problem.code];
  return [plain(fill(said.zh, values)), plain(fill(said.en, values))];
}

function rowOf(segment: Whole['segments'][number], { timeZone, missing }: Whole): Line[][] {
  const time = (ms: number) => plain(local(rfc3339(Math.round(ms)), timeZone));
  const file = [mono(segment.path), mono(segment.digest)];
  return [
    [time(segment.startMs), time(segment.endMs)],
    inLines(streams[segment.stream]),
    segment.class ? inLines(classes[segment.class]!) : [plain('—')],
    missing.includes(segment.id) ? [...file, both(words.gone)] : file,
  ];
}
