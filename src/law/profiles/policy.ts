/** Rule books that a unit makes its own. They can only tighten: what a policy asks for and a law does not is said so. */
import { months } from '../calendar.ts';
import type { Profile } from '../clause.ts';
import {
  beforeApproved,
  beforeOperating,
  beforeRetired,
  maskOver,
  prohibitedInterior,
  signContents,
} from '../clauses/collect.ts';
import { mayReceive, registerFields } from '../clauses/govern.ts';
import { logFloor, whenPurposeIsMet } from '../clauses/store.ts';
import { of, says } from './cite.ts';
import { cityPolicy, companyPolicy, schoolPolicy } from './instruments.ts';

export const smartCity: Profile = {
  id: 'smart-city',
  layer: 'policy',
  name: { en: 'Smart-city rules', zh: '智慧城市管理制度' },
  answers: {
    [prohibitedInterior.id]: [says(['other-private'], of(cityPolicy)('3.2', '禁止在隐私场所或敏感区域'))],
    [beforeOperating.id]: [
      says(['public-notice'], of(cityPolicy)('3.2', '事先公示监控区域和目的')),
      says(['trial-run'], of(cityPolicy)('4.1', '系统测试')),
    ],
    [signContents.id]: [says(['area', 'purpose'], of(cityPolicy)('3.2', '事先公示监控区域和目的'))],
    [whenPurposeIsMet.id]: [says(['delete'], of(cityPolicy)('3.3, 4.3', '不必要的及时删除'))],
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
    [beforeApproved.id]: [
      says(['siting-evaluation'], of(schoolPolicy)('', '严格的评估和论证')),
      says(['security-office-approval'], of(schoolPolicy)('三(一)', '')),
    ],
    [beforeOperating.id]: [says(['posters'], of(schoolPolicy)('六', '候车区、学校大门张贴公告'))],
    [registerFields.id]: [says(['incident'], of(schoolPolicy)('', '仅在必要时用于校园安全事件'))],
    [mayReceive.id]: [
      says(
        [
          ...['police', 'court-or-procuratorate', 'state-security', 'emergency-body'],
          ...['filmed-person', 'relative-or-guardian', 'own-staff'],
        ],
        of(schoolPolicy)('五(三)', '只有法定人员才能查阅'),
      ),
    ],
    [whenPurposeIsMet.id]: [says(['delete'], of(schoolPolicy)('', '不得长期保留'))],
  },
};

export const companyInternal: Profile = {
  id: 'company-policy',
  layer: 'policy',
  name: { en: "Company's own rules", zh: '公司内部规定' },
  answers: {
    [prohibitedInterior.id]: [says(['toilet', 'changing-room'], of(companyPolicy)('s.3(2)', ''))],
    [beforeApproved.id]: [
      says(['second-approval'], of(companyPolicy)('s.2(2)', '公共区域监控和私人领域监控'), {
        privateZone: true,
      }),
    ],
    [beforeRetired.id]: [says(['destruction'], of(companyPolicy)('s.6(2)', '应进行安全销毁'))],
    [maskOver.id]: [says(['window', 'door'], of(companyPolicy)('s.3(3)', '不得直接对准窗户、门'))],
    [logFloor.id]: [says(months(6), of(companyPolicy)('s.4(3)', ''))],
  },
};
