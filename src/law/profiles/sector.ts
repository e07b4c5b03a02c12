/** Sectors and policies: what a kind of place or a unit's own rule book adds. A policy may only tighten. */
import { days } from '../calendar.ts';
import type { Profile } from '../clause.ts';
import { prohibitedInterior } from '../clauses/collect.ts';
import { logFloor, retentionFloor } from '../clauses/store.ts';
import { type Instrument, of, says } from './cite.ts';

const zh = 'zh' as const;
const ctl: Instrument = {
  instrument: '中华人民共和国反恐怖主义法',
  rank: 'law',
  lang: zh,
  from: '2016-01-01',
};
const ssr: Instrument = {
  instrument: '保安服务管理条例',
  rank: 'adminRegulation',
  lang: zh,
  from: '2010-01-01',
};
const er: Instrument = {
  instrument: '娱乐场所管理条例',
  rank: 'adminRegulation',
  lang: zh,
  from: '2006-03-01',
};
const schoolPage: Instrument = {
  instrument: 'GB/T 29315-2022',
  rank: 'standard',
  lang: zh,
  from: '2022-06-01',
  confidence: 'V2',
};
const nurseryNews: Instrument = {
  instrument: '北京市托育服务标准',
  rank: 'standard',
  lang: zh,
  from: '2024-01-01',
  confidence: 'V2',
};
const schoolPolicy: Instrument = {
  instrument: '学校监控管理规定',
  rank: 'policy',
  lang: zh,
  from: '2000-01-01',
  confidence: 'S',
};
const companyPolicy: Instrument = {
  instrument: '公司监控管理规定',
  rank: 'policy',
  lang: zh,
  from: '2000-01-01',
  confidence: 'S',
};

export const keyTarget: Profile = {
  id: 'key-target',
  layer: 'sector',
  name: { en: 'Key target of counter-terrorism', zh: '防范恐怖袭击重点目标' },
  answers: {
    [retentionFloor.id]: [says(days(90), of(ctl)('32', '采集的视频图像信息保存期限不得少于九十日'))],
  },
};

export const school: Profile = {
  id: 'school',
  layer: 'sector',
  name: { en: 'School', zh: '学校' },
  answers: { [retentionFloor.id]: [says(days(30), of(schoolPage)('', ''))] },
};

export const nursery: Profile = {
  id: 'nursery',
  layer: 'sector',
  name: { en: 'Nursery', zh: '托育机构' },
  answers: { [retentionFloor.id]: [says(days(90), of(nurseryNews)('', ''))] },
};

export const guardService: Profile = {
  id: 'guard-service',
  layer: 'sector',
  name: { en: 'Guard service', zh: '保安服务' },
  answers: { [retentionFloor.id]: [says(days(30), of(ssr)('25', '至少留存30日备查'))] },
};

export const songAndDance: Profile = {
  id: 'song-and-dance',
  layer: 'sector',
  name: { en: 'Song-and-dance venue', zh: '歌舞娱乐场所' },
  answers: {
    [retentionFloor.id]: [says(days(30), of(er)('15', ''))],
    [logFloor.id]: [says(days(60), of(er)('25', ''))],
  },
};

export const schoolInternal: Profile = {
  id: 'school-policy',
  layer: 'policy',
  name: { en: "School's own rules", zh: '学校内部规定' },
  answers: {
    [prohibitedInterior.id]: [
      says(['classroom', 'student-dormitory-room', 'other-private'], of(schoolPolicy)('', '')),
    ],
  },
};

export const companyInternal: Profile = {
  id: 'company-policy',
  layer: 'policy',
  name: { en: "Company's own rules", zh: '公司内部规定' },
  answers: { [prohibitedInterior.id]: [says(['toilet', 'changing-room'], of(companyPolicy)('s.3(2)', ''))] },
};
