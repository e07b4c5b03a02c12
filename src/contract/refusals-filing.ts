/** Refusals of filing and of the desk that receives filings. */
import type { Said } from './said.ts';

export const filingRefusals = {
  'filing.unknown': { status: 404, en: 'There is no such filing.', zh: '该备案不存在。' },
  'filing.draft-there': {
    status: 409,
    en: 'A draft for this site is there already. Submit it or drop it.',
    zh: '该场所已有备案草稿，请提交或删除该草稿。',
  },
  'filing.not-draft': {
    status: 409,
    en: 'This filing is no draft any more: what was submitted stays as it is.',
    zh: '该备案已不是草稿：已提交的内容不得更改。',
  },
  'filing.register-changed': {
    status: 409,
    en: 'The register was changed since you read this. Read it again before you declare it true.',
    zh: '在您阅读之后登记内容已变更，请重新核对后再作真实性声明。',
  },
  'filing.facts': {
    status: 422,
    en: 'The filing must tell more than the register knows: {facts}.',
    zh: '登记内容不全，尚缺：{facts}。',
  },
  'filing.documents': {
    status: 422,
    en: 'Documents that the law asks for are missing: {documents}.',
    zh: '缺少依法应当提交的材料：{documents}。',
  },
  'filing.nothing-new': {
    status: 409,
    en: 'Nothing differs from what was filed: there is nothing to file.',
    zh: '与已备案内容一致，无需办理变更备案。',
  },
  'filing.not-submitted': {
    status: 409,
    en: 'This filing does not wait for an answer.',
    zh: '该备案不在待受理状态。',
  },
  'filing.day': {
    status: 422,
    en: '{day} is no day between {from} and {to}.',
    zh: '{day} 不是 {from} 至 {to} 之间的日期。',
  },
  'filing.no-pdf': { status: 422, en: 'This file is no PDF.', zh: '该文件不是 PDF 文件。' },
  'filing.no-document': { status: 404, en: 'There is no such document.', zh: '该材料不存在。' },
  'filing.too-many-documents': {
    status: 409,
    en: 'A site has at most {limit} documents on record.',
    zh: '每个场所最多保存 {limit} 份材料。',
  },
  'filing.no-answer': {
    status: 422,
    en: 'This is no answer of an organ’s desk.',
    zh: '该文件不是公安机关受理端的回执文件。',
  },
  'filing.answer-unknown': {
    status: 404,
    en: 'This answer is of no filing of this unit.',
    zh: '该回执与本单位的备案均不对应。',
  },
  'filing.organ-key': {
    status: 422,
    en: 'The key of this organ’s desk is not on record: enter it with the site first.',
    zh: '尚未登记该公安机关受理端的公钥，请先在场所中登记。',
  },
  'filing.answer-altered': {
    status: 422,
    en: 'This answer was altered or is not of the organ whose key is on record.',
    zh: '该回执被改动，或并非由已登记的公安机关签发。',
  },
  'filing.key': { status: 422, en: 'This is no key: name+id+key.', zh: '公钥格式不正确（名称+编号+密钥）。' },
  'desk.no-pack': { status: 422, en: 'This file is no filing pack.', zh: '该文件不是备案包。' },
  'desk.altered': {
    status: 422,
    en: 'The pack was altered after it was signed.',
    zh: '备案包在签名后被改动。',
  },
  'desk.unknown-key': {
    status: 422,
    en: 'The pack is signed by a key that is not registered here: {key}.',
    zh: '备案包的签名密钥未在此登记：{key}。',
  },
  'desk.other-unit': {
    status: 422,
    en: 'The pack is not of the unit that it was brought for.',
    zh: '备案包不属于所申报的单位。',
  },
  'desk.content': {
    status: 422,
    en: 'The pack does not tell what a filing tells: {what}.',
    zh: '备案包内容不符合要求：{what}。',
  },
  'desk.documents': {
    status: 422,
    en: 'The documents in the pack are not those that it names, or one of them is no PDF.',
    zh: '备案包中的材料与清单不符，或其中有文件不是 PDF。',
  },
  'desk.replayed': {
    status: 409,
    en: 'This pack came already, or a newer one of the same place did.',
    zh: '该备案包已受理过，或同一场所已有更新的备案包。',
  },
  'desk.unknown': { status: 404, en: 'This is not at the desk.', zh: '受理端没有该记录。' },
  'desk.unit-there': {
    status: 409,
    en: 'A unit of this name or with this key is registered already.',
    zh: '该单位名称或公钥已登记。',
  },
  'desk.roles': {
    status: 409,
    en: 'The database account may not make roles, which keep units apart. Ask its administrator for CREATEROLE.',
    zh: '数据库账户无权创建角色，无法隔离各单位数据，请管理员授予 CREATEROLE 权限。',
  },
  'desk.answered': { status: 409, en: 'This filing was answered already.', zh: '该备案已作出答复。' },
  'desk.receipt-taken': {
    status: 409,
    en: 'The receipt number {receipt} is given out already.',
    zh: '回执编号 {receipt} 已被使用。',
  },
  'desk.incomplete': {
    status: 422,
    en: 'The filing is not complete: {facts}{documents}. Return it with reasons.',
    zh: '备案材料不齐全：{facts}{documents}，请说明理由后退回。',
  },
  'desk.officers': {
    status: 422,
    en: 'An inspection takes two officers: this is one person twice.',
    zh: '检查须由两名民警实施，所填为同一人。',
  },
  'desk.delegate': {
    status: 403,
    en: 'You are not registered as a delegate of a unit at this desk.',
    zh: '您未登记为任何单位的经办人。',
  },
  'desk.no-person': {
    status: 422,
    en: 'There is no person of this sign-in name with the role of a delegate.',
    zh: '没有该登录名的人员，或该人员不是经办人。',
  },
  'desk.recorded': {
    status: 409,
    en: 'The result of this inspection is on record already.',
    zh: '该检查结果已登记。',
  },
  'desk.correct-by': {
    status: 422,
    en: 'What is to be corrected needs a last day, and what is in order has none.',
    zh: '责令改正须填写期限；检查合格的不填期限。',
  },
} as const satisfies Record<string, Said & { readonly status: number }>;
