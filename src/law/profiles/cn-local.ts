/** Provinces and cities of China: what they add to the national law. */
import { days, workingDays, years } from '../calendar.ts';
import type { Profile } from '../clause.ts';
import { mandatoryPlace, maskOver, prohibitedInterior } from '../clauses/collect.ts';
import {
  fileAfterGoLive,
  fileChange,
  fileLegacy,
  fileStop,
  filingDocuments,
  registerFields,
} from '../clauses/govern.ts';
import { importantFloor, retentionFloor } from '../clauses/store.ts';
import { of, says } from './cite.ts';
import { article7 } from './cn.ts';
import { liaoning, liaoningRules, liaoningTrades, qingdao } from './instruments.ts';

export const cnLiaoning: Profile = {
  id: 'cn-liaoning',
  layer: 'law',
  parent: 'cn-national',
  name: { en: 'Liaoning', zh: '辽宁省' },
  answers: {
    [retentionFloor.id]: [
      says(days(15), of(liaoning)('14(7)', 'más de 15 días'), article7),
      says(days(60), of(liaoningTrades)('17', '视频监控录像资料保存期限不得少于60日'), {
        placeType: ['hotel', 'pawnshop', 'massage'],
      }),
    ],
    [importantFloor.id]: [
      says(
        years(1),
        of(liaoning)('14(7)', 'los datos de imágenes de valor importante deben conservarse durante un año'),
      ),
    ],
    [prohibitedInterior.id]: [
      says(
        ['guest-room', 'student-dormitory-room', 'bath', 'toilet', 'changing-room', 'other-private'],
        of(liaoning)('9', ''),
      ),
    ],
    [mandatoryPlace.id]: [
      says(['broadcaster', 'finance', 'archive', 'dangerous-goods', 'shopping'], of(liaoning)('6(1)', '')),
      says(['transport', 'bridge'], of(liaoning)('6(2)', '')),
      says(
        ['hotel', 'shopping', 'park', 'culture-sport', 'song-and-dance', 'school', 'hospital'],
        of(liaoning)('6(3)', ''),
      ),
      says(['energy'], of(liaoning)('6(4)', '')),
      says(['road'], of(liaoning)('6(5), 7(1)', '')),
      says(['designated'], of(liaoning)('6(6)', '')),
    ],
    [maskOver.id]: [says(['window', 'door', 'private-area'], of(liaoning)('8(1)', ''))],
    [registerFields.id]: [says(['name', 'time', 'purpose'], of(liaoning)('14(4)', ''), article7)],
    [fileAfterGoLive.id]: [
      says(days(30), of(liaoning)('12(1)', ''), article7),
      says(days(30), of(liaoningRules)('5', ''), article7),
    ],
    [fileLegacy.id]: [says(days(30), of({ ...liaoning, to: '2025-03-31' })('12(2)', ''), article7)],
    [fileChange.id]: [
      says(workingDays(3), of(liaoning)('12(1)', ''), article7),
      says(workingDays(3), of(liaoningRules)('6', ''), article7),
    ],
    [fileStop.id]: [says(workingDays(3), of(liaoningRules)('6', ''), article7)],
    [filingDocuments.id]: [
      says(
        [
          ...['registration-form', 'licence-and-code', 'builder-qualifications'],
          ...['implementation-plan', 'test-report', 'acceptance-report'],
        ],
        of(liaoningRules)('5', ''),
        article7,
      ),
    ],
  },
};

export const cnQingdao: Profile = {
  id: 'cn-qingdao',
  layer: 'law',
  parent: 'cn-national',
  name: { en: 'Qingdao', zh: '青岛市' },
  answers: {
    [prohibitedInterior.id]: [
      says(
        [
          ...['office-interior', 'ward', 'guest-room', 'student-dormitory-room', 'staff-dormitory-room'],
          ...['staff-rest-room', 'bath', 'toilet', 'changing-room', 'fitting-room'],
          ...['residential-hallway-or-window', 'other-private'],
        ],
        of(qingdao)('9', 'hallways and windows of residential homes'),
      ),
    ],
    [mandatoryPlace.id]: [
      says(['broadcaster'], of(qingdao)('7(1)', '')),
      says(['road', 'bridge', 'transport'], of(qingdao)('7(2)', '')),
      says(['finance'], of(qingdao)('7(3)', '')),
      says(['energy'], of(qingdao)('7(4)', '')),
      says(['shopping', 'reserve'], of(qingdao)('7(5)', '')),
      says(['archive', 'school', 'hospital', 'culture-sport'], of(qingdao)('7(6)', '')),
      says(['dangerous-goods'], of(qingdao)('7(7)', '')),
      says(['designated'], of(qingdao)('7(8)', '')),
      says(['key-unit-surroundings'], of(qingdao)('8', '')),
    ],
    [maskOver.id]: [
      says(['window', 'private-area'], of(qingdao)('9', 'measures should be taken to prevent')),
    ],
  },
};
