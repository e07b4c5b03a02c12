/** The use register of a month as tables for the spreadsheet and as the data of its template for paper. */
import { completenessTemplate } from './completeness-paper.ts';
import { type Language, local } from './completeness-sheets.ts';
import type { Month } from './uses.ts';
import type { Cell, Sheet } from './xlsx.ts';

export type { Language } from './completeness-sheets.ts';

/** Title, facts, tables, two lines to sign on: the same paper. */
export const templateOfUse = completenessTemplate;

const words = {
  en: {
    ...{
      title: 'Register of use of video',
      unit: 'Unit',
      month: 'Month',
      zone: 'Time zone',
      rows: 'Entries',
    },
    ...{ seconds: 'Seconds delivered', digest: 'SHA-256 on the ledger', basis: 'Basis' },
    law: 'Regulation on the Management of Public Security Video Systems (State Council Decree 799), art. 16(2)(3)',
    ...{ nothing: 'Nothing was looked at.', made: 'Made by', checked: 'Checked by', uses: 'Register' },
    ...{ at: 'Time', who: 'Unit and name', what: 'Content', why: 'Reason', whom: 'For whom, authority' },
    ...{ live: 'live', playback: 'recording', files: 'files', stills: 'pictures', shift: 'shift' },
    ...{ person: 'Name', camera: 'Camera', site: 'Site', from: 'From', to: 'Until', kind: 'Kind' },
    ...{ forWhom: 'For whom', authority: 'Authority', ended: 'Ended', id: 'Number', digestOf: 'Digest' },
  },
  zh: {
    ...{ title: '视频图像信息查阅、调取登记簿', unit: '单位', month: '月份', zone: '时区', rows: '登记条数' },
    ...{ seconds: '实际播放秒数', digest: '账本存证摘要（SHA-256）', basis: '依据' },
    law: '《公共安全视频图像信息系统管理条例》（国务院令第799号）第十六条第二款第三项',
    ...{ nothing: '本月无查阅、调取。', made: '制表人', checked: '审核人', uses: '登记' },
    ...{ at: '时间', who: '单位、姓名', what: '内容', why: '事由', whom: '为谁、凭证' },
    ...{ live: '实时', playback: '回放', files: '份文件', stills: '张图片', shift: '值班' },
    ...{ person: '姓名', camera: '摄像机', site: '场所', from: '起', to: '止', kind: '方式' },
    ...{ forWhom: '为谁', authority: '凭证', ended: '结束', id: '编号', digestOf: '摘要' },
  },
} as const;

const at = (ms: number, zone: string): string => local(new Date(ms).toISOString(), zone);
const tenth = (seconds: number): number => Math.round(seconds * 10) / 10;

export function paperOfUse(of: Month, lang: Language) {
  const t = words[lang];
  const total = of.rows.reduce((sum, row) => sum + row.delivered_s, 0);
  const facts = [
    ...[[t.unit, of.unit] as const, [t.month, of.month] as const, [t.zone, of.zone] as const],
    ...[[t.rows, String(of.rows.length)] as const, [t.seconds, String(tenth(total))] as const],
    [t.digest, of.digest.replace(/(.{32})/g, '$1 ').trim()] as const,
    [t.basis, t.law] as const,
  ];
  const rows = of.rows.map((row) => [
    at(row.opened.getTime(), of.zone),
    `${row.unit_name} ${row.name}`,
    [
      `${row.camera_name} (${t[row.kind]})`,
      ...(row.from_ms === null || row.to_ms === null
        ? []
        : [`${at(row.from_ms, of.zone)} – ${at(row.to_ms, of.zone)}`]),
      ...(row.exports > 0 ? [`${row.exports} ${t.files}`] : []),
      ...(row.stills > 0 ? [`${row.stills} ${t.stills}`] : []),
    ].join('; '),
    row.purpose,
    [row.post === null ? row.for_whom : `${t.shift}: ${row.post}`, row.authority]
      .filter(Boolean)
      .join('; ') || '—',
    String(tenth(row.delivered_s)),
  ]);
  const sheet = {
    ...{ name: t.uses, head: [t.at, t.who, t.what, t.why, t.whom, 's'] },
    ...{ widths: [2, 2, 4, 2.4, 2, 0.9], numbers: [5], rows },
  };
  return {
    ...{
      lang,
      title: `${t.title} ${of.month}`,
      footer: `${of.unit} · ${of.month} · ${of.digest.slice(0, 16)}`,
    },
    ...{ words: { nothing: t.nothing }, facts, sheets: [sheet], signed: [t.made, t.checked] },
  };
}

export function sheetsOfUse(of: Month, lang: Language): Sheet[] {
  const t = words[lang];
  const when = (ms: number | null | undefined): Cell =>
    ms === null || ms === undefined ? null : at(ms, of.zone);
  return [
    {
      name: t.uses,
      head: [
        ...[t.at, t.ended, t.unit, t.person, t.site, t.camera, t.kind, t.from, t.to, t.why, t.forWhom],
        ...[t.authority, t.shift, t.seconds, t.stills, t.files, t.id],
      ],
      rows: of.rows.map((row) => [
        ...[when(row.opened.getTime()), when(row.ended?.getTime()), row.unit_name, row.name, row.site_name],
        ...[row.camera_name, t[row.kind], when(row.from_ms), when(row.to_ms), row.purpose, row.for_whom],
        ...[row.authority, row.post, tenth(row.delivered_s), row.stills, row.exports, row.id],
      ]),
    },
    { name: t.digestOf, head: [t.month, t.digest], rows: [[of.month, of.digest]] },
  ];
}
