/** The completeness report as the data of its template: every figure as a person reads it on paper. */
import { readFileSync } from 'node:fs';
import { inWholeSeconds } from '../contract/index.ts';
import type { Completeness } from '../store/index.ts';
import { causeIn, type Language, local } from './completeness-sheets.ts';

export const completenessTemplate = readFileSync(new URL('./completeness.typ', import.meta.url), 'utf8');

interface PaperSheet {
  readonly name: string;
  readonly head: readonly string[];
  readonly widths: readonly number[];
  /** Columns that stand to the right. */
  readonly numbers: readonly number[];
  readonly rows: readonly (readonly string[])[];
}

const words = {
  en: {
    ...{
      title: 'Completeness of recordings',
      site: 'Site',
      month: 'Month',
      zone: 'Time zone',
      coverage: 'Coverage',
    },
    ...{
      recorded: 'Recorded',
      away: 'Recorded, in storage that cannot be reached now',
      served: 'Kept for its term, then deleted',
      missing: 'Missing',
      until: 'Figures up to',
    },
    ...{
      digest: 'Digest on record',
      notFiled: 'not on record yet',
      cameras: 'Cameras',
      camera: 'Camera',
      gaps: 'Gaps',
    },
    ...{
      cause: 'Cause',
      longest: 'Longest gaps',
      from: 'From',
      lasts: 'Lasted',
      worst: 'Worst days',
      day: 'Day',
    },
    ...{
      hours: 'Hours',
      causes: 'Why it is missing',
      nothing: 'Nothing is missing.',
      retired: 'retired',
      days: 'Days with losses',
    },
    ...{
      basis: 'Basis',
      law: 'Regulation on the Management of Public Security Video Systems (State Council Decree 799), art. 15(1)',
    },
    ...{ made: 'Made by', checked: 'Checked by' },
  },
  zh: {
    ...{ title: '视频录像完整性月报', site: '场所', month: '月份', zone: '时区', coverage: '完整率' },
    away: '已录，所在存储目前无法访问',
    ...{ recorded: '已录', served: '期满已删', missing: '缺失', until: '统计截止' },
    ...{ digest: '存档摘要', notFiled: '尚未存档', cameras: '摄像机', camera: '摄像机', gaps: '缺口数' },
    ...{
      cause: '原因',
      longest: '最长缺口',
      from: '起始时间',
      lasts: '时长',
      worst: '缺失最多的日期',
      day: '日期',
    },
    ...{
      hours: '当日小时数',
      causes: '缺失原因',
      nothing: '没有缺失。',
      retired: '已停用',
      days: '有缺失的日期',
    },
    ...{ basis: '依据', law: '《公共安全视频图像信息系统管理条例》（国务院令第799号）第十五条第一款' },
    ...{ made: '制表人', checked: '审核人' },
  },
} as const;

const gapsShown = 30;

export function completenessPaper(exact: Completeness, filedDigest: string | null, lang: Language) {
  const t = words[lang];
  const report = inWholeSeconds(exact);
  const { site, month } = report;
  const facts: (readonly [string, string])[] = [
    [t.site, site.name],
    [t.month, `${month} (${report.hours} h)`],
    [t.zone, site.timeZone],
    [t.until, local(report.until, site.timeZone)],
    [t.coverage, share(report.coverage)],
    [t.recorded, span(report.recordedMs)],
    ...(report.awayMs > 0 ? [[t.away, span(report.awayMs)] as const] : []),
    [t.served, span(report.servedMs)],
    [t.missing, span(report.missingMs)],
    [t.digest, filedDigest ? filedDigest.replace(/(.{32})/g, '$1 ').trim() : t.notFiled],
    [t.basis, t.law],
  ];
  return {
    ...{
      lang,
      title: `${t.title} ${month}`,
      footer: `${site.name} · ${month}`,
      words: { nothing: t.nothing },
    },
    ...{ facts, sheets: sheetsOf(report, lang), signed: [t.made, t.checked] },
  };
}

function sheetsOf(report: Completeness, lang: Language): PaperSheet[] {
  const t = words[lang];
  const named = (camera: { name: string; retired: boolean }) =>
    camera.retired ? `${camera.name} (${t.retired})` : camera.name;
  const gaps = report.cameras
    .flatMap((camera) => camera.longest.map((gap) => ({ camera, gap })))
    .sort((a, b) => b.gap.ms - a.gap.ms)
    .slice(0, gapsShown);
  return [
    {
      ...{ name: t.cameras, head: [t.camera, t.coverage, t.missing, t.gaps, t.cause, t.worst] },
      ...{ widths: [3, 1.3, 1.6, 0.9, 3, 2], numbers: [1, 2, 3] },
      rows: report.cameras.map((one) => [
        ...[named(one), share(one.coverage), span(one.missingMs), String(one.gaps)],
        one.causes[0] ? causeIn(one.causes[0].cause, {}, lang) : '—',
        one.worst
          .slice(0, 3)
          .map(({ day }) => day.slice(5))
          .join(lang === 'zh' ? '、' : ', ') || '—',
      ]),
    },
    {
      ...{ name: t.causes, head: [t.cause, t.lasts, '%'], widths: [5, 2, 1], numbers: [1, 2] },
      rows: report.causes.map(({ cause, ms }) => [
        causeIn(cause, {}, lang),
        span(ms),
        share(ms / report.wholeMs),
      ]),
    },
    {
      ...{
        name: t.longest,
        head: [t.camera, t.from, t.lasts, t.cause],
        widths: [2.4, 2.6, 1.5, 3.5],
        numbers: [2],
      },
      rows: gaps.map(({ camera, gap }) => [
        ...[
          named(camera),
          local(gap.from, report.site.timeZone),
          span(gap.ms),
          causeIn(gap.cause, gap.detail, lang),
        ],
      ]),
    },
    {
      ...{
        name: t.days,
        head: [t.day, t.hours, t.coverage, t.missing],
        widths: [2, 1, 1, 2],
        numbers: [1, 2, 3],
      },
      rows: report.days
        .filter(({ coverage }) => coverage < 1)
        .map((one) => [one.day, String(one.hours), share(one.coverage), span(one.missingMs)]),
    },
  ];
}

/** Cut, not rounded: 99.9999 % is not all. */
const share = (of: number): string => `${(Math.floor(of * 100_000) / 1000).toFixed(3)} %`;

/** `743:59:58`, hours that may be many: nothing is rounded away but parts of a second. */
function span(ms: number): string {
  const s = Math.round(ms / 1000);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}
