/** China: what holds everywhere. Provinces and cities stand in `cn-local.ts`. */
import { days, hours, months, workingDays, years } from '../calendar.ts';
import type { PlaceClass, Profile } from '../clause.ts';
import {
  beforeApproved,
  beforeOperating,
  forEnforcement,
  mandatoryPlace,
  maskOver,
  mayOwn,
  nearProtectedNeighbour,
  prohibitedInterior,
  signContents,
  sound,
  soundBasis,
  trialRun,
} from '../clauses/collect.ts';
import {
  auditTermsInARow,
  fileAfterGoLive,
  fileFaces,
  fileLegacy,
  filingDocuments,
  filingFields,
  mayReceive,
  officersToRelease,
  rectifyAudit,
  registerFields,
  reportBreach,
} from '../clauses/govern.ts';
import {
  logFloor,
  preservationDecision,
  provisionRecordFloor,
  retentionFloor,
  whenPurposeIsMet,
} from '../clauses/store.ts';
import { of, says } from './cite.ts';
import { apl, cam, csl, fr19, gb55029, mpsp, ndr, order799, pipl } from './instruments.ts';

/** Art. 9 frees other public places from arts 11, 14, 15, 16(2) and 17. */
export const article7: { placeClass: readonly PlaceClass[] } = {
  placeClass: ['art7.1-government', 'art7.2-operator'],
};
const article9: { placeClass: readonly PlaceClass[] } = { placeClass: ['art9-other-public'] };
const article7And9: { placeClass: readonly PlaceClass[] } = {
  placeClass: ['art7.1-government', 'art7.2-operator', 'art9-other-public'],
};

const privacy = of(order799)('8(1)(4)', '拍摄、窥视、窃听他人隐私');
const necessary = of(order799)('7(3), 9(1)', '应当为维护公共安全所必需');

const collecting: Profile['answers'] = {
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
    says(['other-private'], privacy),
  ],
  [mandatoryPlace.id]: [
    says(['road', 'boundary', 'bridge', 'key-unit-surroundings'], of(order799)('7(1)', '')),
    says(
      ['shopping', 'park', 'culture-sport', 'song-and-dance', 'school', 'hospital', 'service-hall'],
      of(order799)('7(2)(1)', '等人员聚集场所'),
    ),
    says(['transport'], of(order799)('7(2)(2)', '')),
    says(['vehicle'], of(order799)('7(2)(3)', '')),
    says(['service-area'], of(order799)('7(2)(4)', '')),
  ],
  [mayOwn.id]: [
    says(['government'], of(order799)('7(1), 7(3)', '其他任何单位或者个人不得安装'), {
      placeClass: ['art7.1-government'],
    }),
    says(['operator'], of(order799)('7(2), 7(3)', '其他任何单位或者个人不得安装'), {
      placeClass: ['art7.2-operator'],
    }),
    says(['operator', 'security-duty-holder'], of(order799)('9(1)', ''), article9),
  ],
  [beforeApproved.id]: [
    says(['room'], of(order799)('8(1)', '')),
    says(['necessity'], necessary, article7And9),
    says(['security-duty-basis'], of(order799)('9', ''), article9),
    says(['privacy-risk-review'], privacy),
    says(
      ['approved-view'],
      of(order799)('13', '合理确定图像采集设备的安装位置、角度和采集范围'),
      article7And9,
    ),
  ],
  [beforeOperating.id]: [
    says(['place-class'], of(order799)('7, 9, 33', '')),
    says(['necessity'], necessary, article7And9),
    says(['sign'], of(order799)('13', '设置显著的提示标识'), article7And9),
    says(['public-notice'], of(pipl)('17', ''), article7And9),
    says(['trial-run'], of(gb55029)('4.0.7', ''), article7),
  ],
  [trialRun.id]: [says(days(30), of(gb55029)('4.0.7', ''), article7)],
  [forEnforcement.id]: [
    says(
      ['legal-review', 'technical-review', 'published-places'],
      of(apl)('41(1)', '标志明显，设置地点应当向社会公布'),
    ),
  ],
  [soundBasis.id]: [says(['sound-basis'], privacy)],
  [sound.id]: [says('with-basis', privacy)],
  [nearProtectedNeighbour.id]: [says(['neighbour-consent'], of(order799)('10', ''))],
  [maskOver.id]: [says(['private-area', 'window'], privacy)],
  [signContents.id]: [
    says(['sign'], of(order799)('13', '设置显著的提示标识'), article7And9),
    says(['name-and-contact', 'purpose', 'manner', 'kinds', 'storage-period', 'rights'], of(pipl)('17', '')),
  ],
};

const keeping: Profile['answers'] = {
  [retentionFloor.id]: [says(days(30), of(order799)('17', '应当保存不少于30日'), article7)],
  [whenPurposeIsMet.id]: [
    says(['delete'], of(order799)('17', '30日后，对已经实现处理目的的视频图像信息，应当予以删除'), article7),
    says(['delete'], of(pipl)('19, 47', '')),
  ],
  [logFloor.id]: [
    says(months(6), of({ ...csl, to: '2025-12-31' })('21', '留存相关的网络日志不少于六个月')),
    says(months(6), of({ ...csl, from: '2026-01-01' })('23(3)', '留存相关的网络日志不少于六个月')),
  ],
  [provisionRecordFloor.id]: [
    says(years(3), of(pipl)('56', '个人信息保护影响评估报告和处理情况记录应当至少保存三年')),
    says(years(3), of(fr19)('9', '')),
    says(years(3), of(ndr)('12', '')),
  ],
  [preservationDecision.id]: [says(workingDays(7), of(apl)('56, 85', ''))],
};

const governing: Profile['answers'] = {
  [fileAfterGoLive.id]: [says(days(30), of(order799)('14(1)', '在系统投入使用之日起30日内'), article7)],
  [fileLegacy.id]: [says(days(90), of(order799)('14(1)', ''), article7)],
  [filingFields.id]: [
    says(
      ['unit-facts', 'positions', 'number-and-types', 'storage-period'],
      of(order799)('14(1)', ''),
      article7,
    ),
  ],
  [filingDocuments.id]: [
    says(
      ['authorisation-letter', 'registration-form', 'licence-and-code'],
      of(order799)('14(1)', '', 'V2'),
      article7,
    ),
  ],
  [registerFields.id]: [
    says(
      ['reason', 'content', 'unit', 'name'],
      of(order799)('16(2)(3)', '如实记录查阅、调取视频图像信息的事由、内容及调用人员的单位、姓名'),
      article7,
    ),
  ],
  [officersToRelease.id]: [
    says(2, of(mpsp)('52', '等调查取证工作'), { request: ['police'] }),
    says(2, of(apl)('42', ''), { request: ['police', 'other-authority'] }),
  ],
  [mayReceive.id]: [
    says(
      [
        ...['police', 'court-or-procuratorate', 'state-security', 'other-authority', 'emergency-body'],
        ...['filmed-person', 'relative-or-guardian', 'own-staff'],
      ],
      of(order799)('20, 21, 23(1)', '违反法律法规规定'),
    ),
  ],
  [fileFaces.id]: [says(workingDays(30), of(fr19)('15', ''))],
  [reportBreach.id]: [says(hours(24), of(ndr)('10', ''))],
  [auditTermsInARow.id]: [says(2, of(cam)('15', '不得连续三次以上'))],
  [rectifyAudit.id]: [says(workingDays(15), of(cam)('11', ''))],
};

export const cnNational: Profile = {
  id: 'cn-national',
  layer: 'law',
  name: { en: 'China', zh: '全国' },
  answers: { ...collecting, ...keeping, ...governing },
};
