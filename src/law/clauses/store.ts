/** Clauses of keeping: how long at least, how long at most, and what else is kept. */
import type { Limit } from '../clause.ts';

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
