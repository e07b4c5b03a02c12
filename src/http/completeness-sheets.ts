/** The completeness report as tables, in one language: for the spreadsheet and for CSV. */
import { fill, gapCauses } from '../contract/index.ts';
import type { Completeness } from '../store/index.ts';
import type { Cell, Sheet } from './xlsx.ts';

export type Language = 'zh' | 'en';

const words = {
  en: {
    ...{ cameras: 'Cameras', gaps: 'Longest gaps', days: 'Days', causes: 'Causes' },
    ...{
      camera: 'Camera',
      id: 'Number',
      from: 'From',
      to: 'Until',
      coverage: 'Coverage (%)',
      whole: 'Whole (s)',
    },
    away: 'Recorded, not reachable now (s)',
    ...{ recorded: 'Recorded (s)', served: 'Kept for its term and deleted (s)', missing: 'Missing (s)' },
    ...{
      seconds: 'Seconds',
      cause: 'Cause',
      day: 'Day',
      hours: 'Hours of the day',
      count: 'Gaps',
      retired: 'retired',
    },
    all: 'Whole site',
  },
  zh: {
    ...{ cameras: '摄像机', gaps: '最长缺口', days: '逐日', causes: '缺失原因' },
    ...{ camera: '摄像机', id: '编号', from: '起', to: '止', coverage: '完整率（%）', whole: '应录（秒）' },
    away: '已录，目前无法访问（秒）',
    ...{ recorded: '已录（秒）', served: '期满已删除（秒）', missing: '缺失（秒）' },
    ...{
      seconds: '秒数',
      cause: '原因',
      day: '日期',
      hours: '当日小时数',
      count: '缺口数',
      retired: '已停用',
    },
    all: '全场所',
  },
} as const;

const seconds = (ms: number): number => ms / 1000;
const percent = (share: number): number => Math.floor(share * 1_000_000) / 10_000;

const figures = (of: Completeness | Completeness['cameras'][number]): Cell[] => [
  percent(of.coverage),
  ...[of.wholeMs, of.recordedMs, of.awayMs, of.servedMs, of.missingMs].map(seconds),
];

export function sheetsOf(report: Completeness, lang: Language): Sheet[] {
  const t = words[lang];
  const zone = report.site.timeZone;
  const named = (camera: { name: string; retired: boolean }) =>
    camera.retired ? `${camera.name} (${t.retired})` : camera.name;
  const { cameras } = report;
  return [
    {
      name: t.cameras,
      head: [
        t.camera,
        t.coverage,
        t.whole,
        t.recorded,
        t.away,
        t.served,
        t.missing,
        t.count,
        t.from,
        t.to,
        t.id,
      ],
      rows: [
        ...cameras.map((one) => [
          named(one),
          ...figures(one),
          one.gaps,
          local(one.from, zone),
          local(one.to, zone),
          one.id,
        ]),
        [
          t.all,
          ...figures(report),
          null,
          local(report.from, zone),
          local(report.until, zone),
          report.site.id,
        ],
      ],
    },
    causesSheet(report, lang),
    {
      name: t.gaps,
      head: [t.camera, t.from, t.to, t.seconds, t.cause],
      rows: cameras.flatMap((one) =>
        one.longest.map((gap) => [
          named(one),
          local(gap.from, zone),
          local(gap.to, zone),
          seconds(gap.ms),
          causeIn(gap.cause, gap.detail, lang),
        ]),
      ),
    },
    {
      name: t.days,
      head: [t.day, t.hours, t.coverage, t.whole, t.missing],
      rows: report.days.map((one) => [
        one.day,
        one.hours,
        percent(one.coverage),
        seconds(one.wholeMs),
        seconds(one.missingMs),
      ]),
    },
  ];
}

function causesSheet({ cameras }: Completeness, lang: Language): Sheet {
  const t = words[lang];
  return {
    name: t.causes,
    head: [t.camera, t.cause, t.seconds],
    rows: cameras.flatMap((one) =>
      one.causes.map(({ cause, ms }) => [nameIn(one, lang), causeIn(cause, {}, lang), seconds(ms)]),
    ),
  };
}

const nameIn = (camera: { name: string; retired: boolean }, lang: Language): string =>
  camera.retired ? `${camera.name} (${words[lang].retired})` : camera.name;

/** Where a sum of many gaps is told, nobody is named: the sentence goes without its values. */
export function causeIn(
  cause: keyof typeof gapCauses,
  detail: Readonly<Record<string, string | number>>,
  lang: Language,
): string {
  const sentence = fill(gapCauses[cause][lang], detail);
  return sentence
    .replace(/(被 |，删除证书第 )?\{\w+\}( 号| )?| by \{\w+\}|, certificate \{\w+\}/g, '')
    .trim();
}

/** Clock time of the site, with its distance from UTC: a day of 25 hours has an hour twice. */
export function local(instant: string, timeZone: string): string {
  const of: Record<string, string> = {};
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'shortOffset' },
  });
  for (const { type, value } of format.formatToParts(new Date(instant))) of[type] = value;
  return `${of.year}-${of.month}-${of.day} ${of.hour}:${of.minute}:${of.second} ${of.timeZoneName?.replace('GMT', 'UTC')}`;
}

/** Excel knows UTF-8 by its mark only; a text that a spreadsheet would run gets an apostrophe (OWASP, CSV injection). */
export function csv({ head, rows }: Sheet): string {
  const cell = (value: Cell): string => {
    if (value === null || typeof value === 'number') return String(value ?? '');
    const text = /^[\s]*[=+\-@\t\r|%]/.test(value) ? `'${value}` : value;
    return /[",\r\n']/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `\uFEFF${[head, ...rows].map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
}
