/** Sectors: what a kind of place adds, whoever runs it. */
import { days } from '../calendar.ts';
import type { Profile } from '../clause.ts';
import { prohibitedInterior } from '../clauses/collect.ts';
import { fileGuards, mayWatchFromOutside } from '../clauses/govern.ts';
import { businessLogFloor, retentionFloor } from '../clauses/store.ts';
import { of, says } from './cite.ts';
import { beijingNursery, ctl, er, fr19, gb29315, liaoningTrades, order799, ssr } from './instruments.ts';

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
  answers: { [retentionFloor.id]: [says(days(30), of(gb29315)('', ''))] },
};

export const nursery: Profile = {
  id: 'nursery',
  layer: 'sector',
  name: { en: 'Nursery', zh: '托育机构' },
  answers: {
    [retentionFloor.id]: [says(days(90), of(beijingNursery)('', ''))],
    [mayWatchFromOutside.id]: [says([], of(beijingNursery)('', ''))],
  },
};

/** The sixty days are Liaoning's and bite in Liaoning only. */
export const hotel: Profile = {
  id: 'hotel',
  layer: 'sector',
  name: { en: 'Hotel', zh: '旅馆业' },
  answers: {
    [retentionFloor.id]: [
      says(days(60), of(liaoningTrades)('17', '视频监控录像资料保存期限不得少于60日'), {
        within: 'cn-liaoning',
      }),
    ],
    [prohibitedInterior.id]: [
      says(['guest-room', 'private-dining-room'], of(order799)('8(1)(1)', '客房或者包间内部')),
      says(['guest-room', 'bath', 'changing-room', 'toilet'], of(fr19)('13', '')),
    ],
  },
};

export const guardService: Profile = {
  id: 'guard-service',
  layer: 'sector',
  name: { en: 'Guard service', zh: '保安服务' },
  answers: {
    [retentionFloor.id]: [says(days(30), of(ssr)('25', '至少留存30日备查'))],
    [fileGuards.id]: [says(days(30), of(ssr)('14', ''))],
  },
};

export const songAndDance: Profile = {
  id: 'song-and-dance',
  layer: 'sector',
  name: { en: 'Song-and-dance venue', zh: '歌舞娱乐场所' },
  answers: {
    [retentionFloor.id]: [says(days(30), of(er)('15', ''))],
    [businessLogFloor.id]: [says(days(60), of(er)('25', ''))],
  },
};
