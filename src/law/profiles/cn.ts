/** China: the national instruments, Liaoning, Qingdao. */
import { days, months, workingDays, years } from '../calendar.ts';
import type { PlaceClass, Profile } from '../clause.ts';
import {
  beforeOperating,
  nearProtectedNeighbour,
  prohibitedInterior,
  soundBasis,
} from '../clauses/collect.ts';
import {
  auditTermsInARow,
  fileAfterGoLive,
  fileChange,
  fileLegacy,
  filingDocuments,
} from '../clauses/govern.ts';
import { importantFloor, logFloor, provisionRecordFloor, retentionFloor } from '../clauses/store.ts';
import { type Instrument, of, says } from './cite.ts';

const zh = 'zh' as const;
const order799: Instrument = {
  instrument: '公共安全视频图像信息系统管理条例 (State Council Order 799)',
  rank: 'adminRegulation',
  lang: zh,
  from: '2025-04-01',
};
const csl: Instrument = { instrument: '中华人民共和国网络安全法', rank: 'law', lang: zh, from: '2017-06-01' };
const pipl: Instrument = {
  instrument: '中华人民共和国个人信息保护法',
  rank: 'law',
  lang: zh,
  from: '2021-11-01',
};
const ndr: Instrument = {
  instrument: '网络数据安全管理条例',
  rank: 'adminRegulation',
  lang: zh,
  from: '2025-01-01',
};
const cam: Instrument = {
  instrument: '个人信息保护合规审计管理办法',
  rank: 'deptRule',
  lang: zh,
  from: '2025-05-01',
};
const liaoning: Instrument = {
  instrument: '辽宁省公共安全视频图像信息系统管理办法 (Order 211)',
  rank: 'localRule',
  lang: 'es',
  from: '2008-01-01',
  confidence: 'S',
};
const liaoningRules: Instrument = {
  instrument: '辽宁省公共安全视频图像信息系统管理办法实施细则（试行）',
  rank: 'localRule',
  lang: zh,
  from: '2008-01-01',
  confidence: 'V2',
};
const liaoningTrades: Instrument = {
  instrument: '辽宁省特种行业治安管理办法',
  rank: 'localRule',
  lang: zh,
  from: '2020-01-01',
  confidence: 'V2',
};
const qingdao: Instrument = {
  instrument: '青岛市公共安全视频图像信息系统管理办法 (Order 204)',
  rank: 'localRule',
  lang: 'en',
  from: '2010-03-01',
  confidence: 'S',
};

/** Art. 9 frees other public places from arts 11, 14, 15, 16(2) and 17. */
const article7: { placeClass: readonly PlaceClass[] } = {
  placeClass: ['art7.1-government', 'art7.2-operator'],
};
const article7And9: { placeClass: readonly PlaceClass[] } = {
  placeClass: ['art7.1-government', 'art7.2-operator', 'art9-other-public'],
};

export const cnNational: Profile = {
  id: 'cn-national',
  layer: 'law',
  name: { en: 'China', zh: '全国' },
  answers: {
    [retentionFloor.id]: [says(days(30), of(order799)('17', '应当保存不少于30日'), article7)],
    [logFloor.id]: [
      says(months(6), of({ ...csl, to: '2025-12-31' })('21', '留存相关的网络日志不少于六个月')),
      says(months(6), of({ ...csl, from: '2026-01-01' })('23(3)', '留存相关的网络日志不少于六个月')),
    ],
    [provisionRecordFloor.id]: [
      says(years(3), of(pipl)('56', '个人信息保护影响评估报告和处理情况记录应当至少保存三年')),
      says(years(3), of(ndr)('12', '')),
    ],
    [prohibitedInterior.id]: [
      says(
        ['guest-room', 'private-dining-room'],
        of(order799)('8(1)(1)', '旅馆、饭店、宾馆、招待所、民宿等经营接待食宿场所的客房或者包间内部'),
      ),
      says(
        ['student-dormitory-room', 'staff-dormitory-room', 'staff-rest-room'],
        of(order799)('8(1)(2)', '学生宿舍的房间内部'),
      ),
      says(
        ['bath', 'toilet', 'changing-room', 'lactation-room', 'fitting-room'],
        of(order799)('8(1)(3)', '公共的浴室、卫生间、更衣室、哺乳室、试衣间的内部'),
      ),
      says(['other-private'], of(order799)('8(1)(4)', '拍摄、窥视、窃听他人隐私')),
    ],
    [beforeOperating.id]: [
      says(['place-class'], of(order799)('7, 9, 33', '')),
      says(['necessity'], of(order799)('7(3), 9(1)', '应当为维护公共安全所必需'), article7And9),
      says(['sign'], of(order799)('13', '设置显著的提示标识'), article7And9),
    ],
    [soundBasis.id]: [says(['sound-basis'], of(order799)('8(1)(4)', '拍摄、窥视、窃听他人隐私'))],
    [nearProtectedNeighbour.id]: [says(['neighbour-consent'], of(order799)('10', ''))],
    [fileAfterGoLive.id]: [says(days(30), of(order799)('14(1)', '在系统投入使用之日起30日内'), article7)],
    [fileLegacy.id]: [says(days(90), of(order799)('14(1)', ''), article7)],
    [filingDocuments.id]: [
      says(
        ['unit-facts', 'positions', 'number-and-types', 'storage-period'],
        of(order799)('14(1)', ''),
        article7,
      ),
    ],
    [auditTermsInARow.id]: [says(2, of(cam)('15', '不得连续三次以上'))],
  },
};

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
    [fileAfterGoLive.id]: [says(days(30), of(liaoningRules)('5', ''), article7)],
    [fileChange.id]: [says(workingDays(3), of(liaoningRules)('6', ''), article7)],
    [filingDocuments.id]: [
      says(
        [
          'registration-form',
          'licence-and-code',
          'builder-qualifications',
          'implementation-plan',
          'test-report',
          'acceptance-report',
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
          'office-interior',
          'ward',
          'guest-room',
          'student-dormitory-room',
          'staff-dormitory-room',
          'bath',
          'toilet',
          'changing-room',
          'fitting-room',
          'residential-hallway-or-window',
          'other-private',
        ],
        of(qingdao)('9', 'hallways and windows of residential homes'),
      ),
    ],
  },
};
