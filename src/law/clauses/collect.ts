/** Clauses of collecting: where no camera may be, where one must be, and what must be there before one records. */
import type { Ban, Duty, Grant, Level, Limit, Need } from '../clause.ts';

const need = (id: string, duties: readonly string[], en: string, zh: string): Need => ({
  ...{ shape: 'need', combine: 'union', id: `collect.${id}`, duties, asks: { en, zh } },
});

export const prohibitedInterior: Ban = {
  shape: 'ban',
  combine: 'union',
  id: 'collect.prohibited-interior',
  duties: ['PR-01', 'PR-02', 'PR-03', 'PR-04', 'PR-05', 'PR-06', 'PR-07', 'PR-08', 'PR-09'],
  asks: { en: 'Inside which rooms may there be no camera?', zh: '哪些区域内部禁止安装图像采集设备？' },
};

export const mandatoryPlace = need(
  'mandatory-place',
  ['IN-06', 'IN-07'],
  'Which kinds of places must have a system?',
  '哪些场所必须建设系统？',
);

/** Values are names of the register of records, and of facts: `place-class`, `room`. */
export const beforeApproved = need(
  'before-approved',
  ['IN-04', 'IN-05', 'IN-15', 'IN-16', 'PR-05', 'SC-08'],
  'What must be on record before a camera is approved?',
  '批准安装前须具备哪些材料？',
);

export const beforeOperating = need(
  'before-operating',
  ['SI-01', 'SI-02', 'SC-02', 'IN-05', 'IN-04', 'CO-12'],
  'What must be on record before a camera operates?',
  '图像采集设备投入使用前须具备哪些条件？',
);

export const beforeRetired = need(
  'before-retired',
  ['RE-16'],
  'What must be on record before a camera is retired?',
  '图像采集设备报废前须具备哪些材料？',
);

export const forEnforcement = need(
  'for-enforcement',
  ['SI-06'],
  'What does a camera need that collects evidence for penalties?',
  '用于执法取证的设备须具备哪些条件？',
);

export const soundBasis = need(
  'sound-basis',
  ['PR-15'],
  'What must be on record before sound is recorded?',
  '录音前须登记哪些依据？',
);

export const sound: Level = {
  shape: 'limit',
  combine: 'strictest',
  order: ['off', 'with-basis', 'on'],
  id: 'collect.sound',
  duties: ['PR-15'],
  asks: { en: 'May sound be recorded?', zh: '是否可以录音？' },
};

/** The law says "near" and gives no metres: how near is near stands with each protected neighbour in the register. */
export const nearProtectedNeighbour = need(
  'near-protected-neighbour',
  ['IN-10'],
  'What is needed before a camera near a protected neighbour?',
  '在保护单位周边安装前须取得什么？',
);

export const maskOver = need(
  'mask-over',
  ['PR-08', 'PR-10', 'PR-12'],
  'What must a mask cover where a camera sees it?',
  '画面涉及哪些区域时必须遮蔽？',
);

export const signContents = need(
  'sign-contents',
  ['SI-01', 'SI-03', 'SI-08'],
  'What do sign and notice tell?',
  '提示标识和告知须载明哪些内容？',
);

export const trialRun: Limit & { readonly combine: 'longest' } = {
  shape: 'limit',
  combine: 'longest',
  id: 'collect.trial-run',
  duties: ['CO-12', 'OP-16'],
  asks: { en: 'How long is a trial run at least?', zh: '试运行至少多久？' },
};

/** How often a unit searches its rooms for hidden cameras: the law asks for it "daily", policies give the number. */
export const sweepEvery: Duty = {
  shape: 'duty',
  combine: 'earliest',
  id: 'collect.sweep-every',
  duties: ['PR-13'],
  asks: { en: 'How often are rooms searched for hidden cameras?', zh: '多久排查一次偷拍设备？' },
};

/** Kinds of owners of the register. */
export const mayOwn: Grant = {
  shape: 'grant',
  combine: 'intersection',
  id: 'collect.may-own',
  duties: ['IN-01', 'IN-02', 'IN-03', 'IN-04'],
  asks: { en: 'Who may install a system here?', zh: '此处谁可以建设系统？' },
};
