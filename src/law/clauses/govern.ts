/** Clauses of governing: filing clocks and how many persons a thing takes. */
import type { Duty, Grant, Limit, Need } from '../clause.ts';

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

export const fileStop = duty({
  id: 'govern.file-stop',
  duties: ['FI-08'],
  asks: { en: 'Within what time is the end of use filed?', zh: '停止使用后多久内备案？' },
});

/** What a filing's fields are; where the law names no time for a change, it is to be made at once. */
export const filingFields: Need = {
  shape: 'need',
  combine: 'union',
  id: 'govern.filing-fields',
  duties: ['FI-02', 'FI-09'],
  asks: { en: 'What does the filing tell?', zh: '备案须填报哪些内容？' },
};

export const fileGuards = duty({
  id: 'govern.file-guards',
  duties: ['FI-10'],
  asks: { en: 'Within what time are own guards filed?', zh: '自招保安员多久内备案？' },
});

export const fileFaces = duty({
  id: 'govern.file-faces',
  duties: ['FR-06'],
  asks: { en: 'Within what time are 100,000 faces filed?', zh: '人脸信息达到十万人后多久内备案？' },
});

export const registerFields: Need = {
  shape: 'need',
  combine: 'union',
  id: 'govern.register-fields',
  duties: ['US-08'],
  asks: { en: 'What does the register of use hold?', zh: '查阅、调取登记须记载哪些内容？' },
};

export const mayReceive: Grant = {
  shape: 'grant',
  combine: 'intersection',
  id: 'govern.may-receive',
  duties: ['US-12', 'US-13', 'US-17', 'US-24'],
  asks: { en: 'Who may be given footage?', zh: '可以向谁提供视频图像信息？' },
};

/** Empty: nobody outside the unit watches live. */
export const mayWatchFromOutside: Grant = {
  shape: 'grant',
  combine: 'intersection',
  id: 'govern.may-watch-from-outside',
  duties: ['US-26'],
  asks: { en: 'Who outside of the unit may watch live?', zh: '单位以外谁可以实时查看？' },
};

export const answerFilmedPerson = duty({
  id: 'govern.answer-filmed-person',
  duties: ['US-32', 'XI-03'],
  asks: { en: 'Within what time is a filmed person answered?', zh: '多久内答复被拍摄人的请求？' },
});

export const acknowledgeComplaint = duty({
  id: 'govern.acknowledge-complaint',
  duties: ['OV-06', 'XI-13'],
  asks: { en: 'Within what time is a complaint acknowledged?', zh: '多久内确认收到投诉？' },
});

export const reportBreach = duty({
  id: 'govern.report-breach',
  duties: ['OP-12', 'OP-13', 'CO-04', 'XI-07'],
  asks: { en: 'Within what time is a breach reported?', zh: '发生安全事件后多久内报告？' },
});

export const rectifyAudit = duty({
  id: 'govern.rectify-audit',
  duties: ['OV-13'],
  asks: { en: 'Within what time is a demanded audit answered?', zh: '要求审计后多久内报送整改情况？' },
});
