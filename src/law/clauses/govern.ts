/** Clauses of governing: filing clocks and how many persons a thing takes. */
import type { Duty, Limit, Need } from '../clause.ts';

const duty = (rest: Omit<Duty, 'shape' | 'combine'>): Duty => ({
  shape: 'duty',
  combine: 'earliest',
  ...rest,
});

export const fileAfterGoLive = duty({
  id: 'govern.file-after-go-live',
  duties: ['FI-01'],
  asks: {
    en: 'Within what time after going live must the system be filed?',
    zh: '系统投入使用后多久内备案？',
  },
});

export const fileLegacy = duty({
  id: 'govern.file-legacy',
  duties: ['FI-03'],
  asks: {
    en: 'Within what time must a system be filed that was there before the law?',
    zh: '既有系统须在多久内备案？',
  },
});

export const fileChange = duty({
  id: 'govern.file-change',
  duties: ['FI-04', 'FI-08'],
  asks: {
    en: 'Within what time must a change of what was filed be filed?',
    zh: '备案事项变更后多久内办理变更？',
  },
});

export const filingDocuments: Need = {
  shape: 'need',
  combine: 'union',
  id: 'govern.filing-documents',
  duties: ['FI-02', 'FI-07'],
  asks: { en: 'What does the filing consist of?', zh: '备案须提交哪些材料？' },
};

export const officersToRelease = {
  shape: 'limit' as const,
  combine: 'most' as const,
  id: 'govern.officers-to-release',
  duties: ['US-15'],
  asks: {
    en: 'How many officers must show who they are before footage is given out?',
    zh: '调取视频时须有几名执法人员出示证件？',
  },
} satisfies Limit;

export const auditTermsInARow = {
  shape: 'limit' as const,
  combine: 'fewest' as const,
  id: 'govern.audit-terms-in-a-row',
  duties: ['OV-14'],
  asks: { en: 'How many times in a row may the same firm audit?', zh: '同一审计机构最多可连续审计几次？' },
} satisfies Limit;
