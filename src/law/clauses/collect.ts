/** Clauses of collecting: where no camera may be, and what must be there before one records. */
import type { Ban, Need } from '../clause.ts';

export const prohibitedInterior: Ban = {
  shape: 'ban',
  combine: 'union',
  id: 'collect.prohibited-interior',
  duties: ['PR-01', 'PR-02', 'PR-03', 'PR-04', 'PR-05', 'PR-06', 'PR-07', 'PR-08', 'PR-09'],
  asks: { en: 'Inside which rooms may there be no camera?', zh: '哪些区域内部禁止安装图像采集设备？' },
};

export const beforeOperating: Need = {
  shape: 'need',
  combine: 'union',
  id: 'collect.before-operating',
  duties: ['SI-01', 'SC-02', 'IN-05', 'IN-04'],
  asks: {
    en: 'What must be on record before a camera operates?',
    zh: '图像采集设备投入使用前须具备哪些条件？',
  },
};

export const soundBasis: Need = {
  shape: 'need',
  combine: 'union',
  id: 'collect.sound-basis',
  duties: ['PR-15'],
  asks: { en: 'What must be on record before sound is recorded?', zh: '录音前须登记哪些依据？' },
};

/** The law says "near" and gives no metres: how near is near stands with each protected neighbour in the register. */
export const nearProtectedNeighbour: Need = {
  shape: 'need',
  combine: 'union',
  id: 'collect.near-protected-neighbour',
  duties: ['IN-10'],
  asks: {
    en: 'What is needed before a camera near a protected neighbour?',
    zh: '在保护单位周边安装前须取得什么？',
  },
};
