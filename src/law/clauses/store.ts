/** Clauses of keeping: how long at least, how long at most, and what else is kept. */
import type { Duty, Limit, Need } from '../clause.ts';

const limit = <C extends Limit['combine']>(combine: C, rest: Omit<Limit, 'shape' | 'combine'>) => ({
  shape: 'limit' as const,
  combine,
  ...rest,
});

export const retentionFloor = limit('longest', {
  id: 'store.retention-floor',
  duties: ['RE-01', 'RE-04', 'RE-05', 'RE-06', 'RE-07', 'RE-08', 'RE-09'],
  asks: { en: 'For how long must footage be kept at least?', zh: '视频图像信息至少保存多久？' },
});

export const retentionCeiling = limit('shortest', {
  id: 'store.retention-ceiling',
  duties: ['RE-02', 'RE-19', 'RE-20'],
  asks: { en: 'For how long may footage be kept at most?', zh: '视频图像信息最多保存多久？' },
});

export const importantFloor = limit('longest', {
  id: 'store.important-value-floor',
  duties: ['RE-05'],
  asks: {
    en: 'For how long must footage of important value be kept?',
    zh: '具有重要价值的视频资料至少保存多久？',
  },
});

export const logFloor = limit('longest', {
  id: 'store.log-floor',
  duties: ['RE-11', 'RE-18'],
  asks: { en: 'For how long must the log be kept at least?', zh: '相关网络日志至少保存多久？' },
});

export const provisionRecordFloor = limit('longest', {
  id: 'store.provision-record-floor',
  duties: ['RE-12', 'RE-13'],
  asks: {
    en: 'For how long must records of provision and impact assessments be kept?',
    zh: '提供记录与影响评估报告至少保存多久？',
  },
});

export const businessLogFloor = limit('longest', {
  id: 'store.business-log-floor',
  duties: ['RE-08'],
  asks: { en: 'For how long must the business log be kept?', zh: '营业日志至少保存多久？' },
});

/** Within this time after evidence was registered for preservation somebody decides about it. */
export const preservationDecision: Duty = {
  shape: 'duty',
  combine: 'earliest',
  id: 'store.preservation-decision',
  duties: ['RE-14'],
  asks: { en: 'Within what time is a preservation decided about?', zh: '先行登记保存后多久内作出处理决定？' },
};

export const whenPurposeIsMet: Need = {
  shape: 'need',
  combine: 'union',
  id: 'store.when-purpose-is-met',
  duties: ['RE-02'],
  asks: {
    en: 'What happens to footage that has served its purpose?',
    zh: '已实现处理目的的视频图像信息如何处理？',
  },
};
