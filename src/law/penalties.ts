/**
 * What a breach costs, for the risk panel. Penalties are never merged: a local rule cannot fine more than its superior
 * (APL art. 14), and one act is fined once, by the higher amount (APL art. 29), so every band is shown with its source.
 */
import type { Day } from './calendar.ts';
import type { Both, Cite, Rank } from './clause.ts';
import { of } from './profiles/cite.ts';
import {
  csl,
  ctl,
  dsl,
  er,
  liaoningTrades,
  o421,
  order799,
  pipl,
  psapl,
  ssr,
} from './profiles/instruments.ts';

export const breaches = {
  'no-standing': { en: 'Installing without standing', zh: '无权安装' },
  'prohibited-interior': { en: 'Camera in a forbidden room', zh: '在禁止区域安装' },
  'rooms-not-searched': { en: "Not searching one's rooms", zh: '未履行日常管理和检查义务' },
  'no-consent': { en: 'No consent of a protected neighbour', zh: '未经保护单位同意安装' },
  'not-filed': { en: 'Not filed, or filed falsely', zh: '未备案或者备案信息不真实' },
  'device-altered': { en: 'Altering, moving or covering devices', zh: '擅自改动、迁移、遮挡设备' },
  security: { en: 'Network security duties', zh: '违反网络安全义务' },
  data: { en: 'Data security duties', zh: '违反数据安全义务' },
  'personal-information': { en: 'Personal information', zh: '违反个人信息保护义务' },
  'key-target': { en: 'Duties of a key target', zh: '违反重点目标防范义务' },
  'internal-security': { en: 'Internal security hazards', zh: '存在治安隐患' },
  'not-kept': { en: 'Footage not kept', zh: '未按期保存录像' },
  'deleted-or-spread': { en: 'Footage deleted or spread', zh: '删改或者扩散录像' },
  'venue-gap': { en: 'Venue without cameras or with gaps', zh: '娱乐场所未安装或者中断监控' },
} satisfies Record<string, Both>;
export type Breach = keyof typeof breaches;

type Band = readonly [number, number];

/** Yuan; a band from 0 says "up to". */
export interface Penalty {
  readonly breach: Breach;
  readonly cite: Cite;
  readonly individual?: Band;
  readonly unit?: Band;
  readonly responsible?: Band;
  /** Only after an order to correct was refused, or where the result is serious. */
  readonly afterRefusal: boolean;
  readonly alsoOrder: readonly ('correct' | 'delete' | 'confiscate' | 'suspend' | 'warn' | 'detain')[];
}

type Rest = Partial<Omit<Penalty, 'breach' | 'cite'>>;
const penalty = (breach: Breach, cite: Cite, rest: Rest): Penalty => ({
  ...{ breach, cite, afterRefusal: false, alsoOrder: [] },
  ...rest,
});
const o799 = of(order799);
const upTo = (yuan: number): Band => [0, yuan];
const middle: Rest = {
  individual: [5_000, 10_000],
  unit: [10_000, 20_000],
  responsible: [5_000, 10_000],
};

export const penalties: readonly Penalty[] = [
  penalty('no-standing', o799('26', ''), {
    ...{ individual: upTo(5_000), unit: upTo(20_000), responsible: upTo(5_000) },
    ...{ afterRefusal: true, alsoOrder: ['correct', 'delete', 'confiscate'] },
  }),
  penalty('prohibited-interior', o799('27(1)', ''), { ...middle, alsoOrder: ['confiscate', 'delete'] }),
  penalty('prohibited-interior', of(psapl)('50(6)', ''), { individual: upTo(1_000), alsoOrder: ['detain'] }),
  penalty('rooms-not-searched', o799('27(2)', ''), {
    ...middle,
    ...{ afterRefusal: true, alsoOrder: ['correct', 'suspend'] },
  }),
  penalty('no-consent', o799('28', ''), { ...middle, alsoOrder: ['confiscate', 'delete'] }),
  penalty('not-filed', o799('29', ''), { unit: upTo(10_000), afterRefusal: true, alsoOrder: ['correct'] }),
  penalty('device-altered', o799('30', ''), {
    ...{ individual: upTo(5_000), unit: [5_000, 10_000], responsible: upTo(5_000) },
    ...{ afterRefusal: true, alsoOrder: ['warn'] },
  }),
  penalty('security', of({ ...csl, from: '2026-01-01' })('61', ''), {
    ...{ unit: [10_000, 10_000_000], responsible: upTo(1_000_000) },
  }),
  penalty('data', of(dsl)('45', ''), { unit: [50_000, 10_000_000] }),
  penalty('personal-information', of(pipl)('66', ''), {
    ...{ unit: upTo(50_000_000), responsible: [10_000, 1_000_000] },
  }),
  penalty('key-target', of(ctl)('88', ''), {
    ...{ unit: upTo(100_000), responsible: upTo(10_000), alsoOrder: ['warn'] },
  }),
  penalty('internal-security', of(o421)('19', ''), {
    ...{ unit: [10_000, 100_000], responsible: [500, 5_000], alsoOrder: ['warn'] },
  }),
  penalty('not-kept', of(ssr)('42', ''), { unit: [10_000, 50_000], afterRefusal: true, alsoOrder: ['warn'] }),
  penalty('not-kept', of(liaoningTrades)('33', ''), { unit: [500, 2_000] }),
  penalty('deleted-or-spread', of(ssr)('43', ''), { unit: [20_000, 100_000] }),
  penalty('deleted-or-spread', of(liaoningTrades)('33', ''), { unit: [5_000, 20_000] }),
  penalty('venue-gap', of(er)('44', ''), { alsoOrder: ['warn', 'suspend'] }),
];

const order: readonly Rank[] = ['law', 'adminRegulation', 'localRegulation', 'deptRule', 'localRule'];

/** Every band that was the law on this day, the highest instrument first. */
export const penaltiesFor = (breach: Breach, day: Day): readonly Penalty[] =>
  penalties
    .filter((each) => each.breach === breach && each.cite.from <= day && day <= (each.cite.to ?? '9999'))
    .sort((a, b) => order.indexOf(a.cite.rank) - order.indexOf(b.cite.rank));
