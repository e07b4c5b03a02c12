/** Why a duty stands as it does, and what to do about it, in a clerk's words. */
import type { Both } from './clause.ts';
import type { BookDuty } from './duty.ts';
import type { Judgement, State, WhyCode } from './judgement.ts';
import { placeClasses, placeTypeOf } from './places.ts';
import { profileOf } from './profiles/index.ts';
import { isOpenKind, isRecordKind, openKinds, recordKinds } from './records.ts';
import { isRoom, rooms } from './rooms.ts';

const sentences: Readonly<Record<WhyCode, Both>> = {
  'no-profile': { en: 'Binds only under: {what}.', zh: '仅适用于：{what}。' },
  'other-class': { en: 'Does not bind this class of place: {what}.', zh: '不适用于该场所类别：{what}。' },
  'other-place': { en: 'Does not bind this kind of place: {what}.', zh: '不适用于该种类场所：{what}。' },
  'no-key-target': { en: 'Binds key targets only.', zh: '仅适用于重点目标。' },
  'other-owner': { en: 'Binds government systems only.', zh: '仅适用于政府系统。' },
  'other-purpose': { en: 'Binds cameras that collect evidence for penalties.', zh: '仅适用于执法取证设备。' },
  'no-private-zone': { en: 'The camera looks at no private area.', zh: '该设备不涉及私人领域。' },
  'no-camera': { en: 'The site has no camera.', zh: '该场所没有设备。' },
  retired: { en: 'The camera is retired.', zh: '该设备已报废。' },
  'not-retired': { en: 'Asked for when a camera is retired.', zh: '设备报废时须具备。' },
  'nothing-to-do': { en: 'There is nothing for a system to do.', zh: '无需系统处理。' },
  'no-faces': { en: 'This system recognises nobody.', zh: '本系统不进行人脸识别。' },
  'between-people': {
    en: 'Happens between people; nothing is kept about it here.',
    zh: '由人员线下落实，系统未作登记。',
  },
  'not-in-this-version': { en: 'This version does not see to it yet.', zh: '当前版本尚未实现。' },
  'by-system': { en: 'The system makes it so.', zh: '由系统强制落实。' },
  'on-record': { en: 'On record: {what}.', zh: '已登记：{what}。' },
  'not-on-record': { en: 'Not on record: {what}.', zh: '未登记：{what}。' },
  'ran-out': { en: 'Ran out: {what}.', zh: '已失效：{what}。' },
  'too-old': { en: 'To be renewed: {what}.', zh: '须更新：{what}。' },
  'only-where': {
    en: 'Only where there is one, and nobody has said so: {what}.',
    zh: '仅在有此情形时适用，尚未说明：{what}。',
  },
  'none-open': { en: 'None open: {what}.', zh: '无待处理项：{what}。' },
  open: { en: 'Open: {what}.', zh: '待处理：{what}。' },
  'not-counted': { en: 'Nobody counts it yet: {what}.', zh: '尚无统计：{what}。' },
  filed: { en: 'Filed.', zh: '已备案。' },
  'not-owed': { en: 'No filing is owed.', zh: '无需备案。' },
  'to-file': { en: 'To be filed.', zh: '须备案。' },
  'calendar-missing': {
    en: 'The official calendar of {what} is not known yet.',
    zh: '尚无 {what} 年的官方放假安排。',
  },
  told: { en: 'In the register: {what}.', zh: '已在册：{what}。' },
  'not-told': { en: 'Not in the register: {what}.', zh: '未在册：{what}。' },
  'contradicts-law': {
    en: 'The law names another class than was decided: {what}.',
    zh: '认定类别与法律列举不符：{what}。',
  },
  objection: { en: 'The law objects: {what}.', zh: '不符合法律要求：{what}。' },
  'none-drawn': { en: 'No windows, doors and private areas are drawn.', zh: '尚未标注窗户、门和隐私区域。' },
  'no-neighbour': { en: 'No protected neighbour is registered.', zh: '未登记周边保护单位。' },
  'within-law': { en: 'Within what the law allows.', zh: '符合法定期限。' },
  'outside-law': { en: 'Outside of what the law allows.', zh: '不符合法定期限。' },
  conflict: {
    en: 'A floor above a ceiling: a named person decides.',
    zh: '最短期限高于最长期限：须由责任人决定。',
  },
  drift: {
    en: 'Differs from what was filed (filed, now): {what}.',
    zh: '与备案不符（备案数、现有数）：{what}。',
  },
  late: { en: 'Late: {what}.', zh: '已逾期：{what}。' },
};

const facts: Readonly<Record<string, Both>> = {
  'place-class': { en: 'class of the place', zh: '场所类别' },
  'place-type': { en: 'kind of place', zh: '场所种类' },
  owner: { en: 'owner', zh: '建设主体' },
  room: { en: 'kind of room', zh: '区域种类' },
  functions: { en: 'functions of the system', zh: '系统功能' },
  project: { en: 'main project', zh: '主体工程' },
  cameras: { en: 'cameras', zh: '设备' },
  mask: { en: 'mask', zh: '遮蔽' },
  neighbour: { en: 'protected neighbours', zh: '周边保护单位' },
  sound: { en: 'sound', zh: '录音' },
  'end-of-support': { en: 'end of support', zh: '停止支持日期' },
  capabilities: { en: 'capabilities', zh: '设备能力' },
  position: { en: 'position, angle and range', zh: '位置、角度和范围' },
  'filed-count': { en: 'number of devices filed', zh: '备案设备数量' },
  'prohibited-interior': { en: 'a forbidden room', zh: '禁止安装区域' },
  'position-unknown': { en: 'its position is not told', zh: '位置未登记' },
  'sound-forbidden': { en: 'sound is forbidden', zh: '禁止录音' },
  missing: { en: 'missing', zh: '缺少' },
  stale: { en: 'ran out', zh: '已过期' },
  government: { en: 'the government', zh: '政府' },
  operator: { en: 'who runs the place', zh: '经营管理单位' },
  'security-duty-holder': { en: 'who has the duty to keep it safe', zh: '负有安全防范义务者' },
};

function nameOf(word: string): Both {
  if (isRecordKind(word)) return recordKinds[word].name;
  if (isOpenKind(word)) return openKinds[word].name;
  if (isRoom(word)) return rooms[word];
  return (
    facts[word] ??
    profileOf(word)?.name ??
    placeTypeOf(word)?.name ??
    (placeClasses as Readonly<Record<string, Both>>)[word] ?? { en: word, zh: word }
  );
}

export function sayWhy({ why: { code, what } }: Judgement): Both {
  const names = what === '' ? [] : what.split(' ').map(nameOf);
  const sentence = sentences[code];
  return {
    en: sentence.en.replace('{what}', names.map(({ en }) => en).join(', ')),
    zh: sentence.zh.replace('{what}', names.map(({ zh }) => zh).join('、')),
  };
}

/** How a duty stands, in a word. */
export const stateNames: Readonly<Record<State, Both>> = {
  met: { en: 'met', zh: '已落实' },
  due: { en: 'due', zh: '待落实' },
  overdue: { en: 'overdue', zh: '已逾期' },
  unknown: { en: 'not known', zh: '尚不明确' },
  'not-applicable': { en: 'does not apply', zh: '不适用' },
};

/** What kind of proof shows that a duty is met. */
export type Evidence = 'record' | 'count' | 'filing' | 'register' | 'system' | 'none';
const evidences: Readonly<Record<BookDuty['judged']['by'], Evidence>> = {
  record: 'record',
  'none-open': 'count',
  clock: 'filing',
  question: 'register',
  system: 'system',
  people: 'none',
  nobody: 'none',
};
export const evidenceOf = ({ judged }: BookDuty): Evidence => evidences[judged.by];

/** What the unit has to do so that the duty is met. */
export function whatToDo({ judged, title }: BookDuty): Both {
  const list = (kinds: readonly string[]) => kinds.map(nameOf);
  switch (judged.by) {
    case 'record': {
      const names = list(judged.kinds);
      return {
        en: `${judged.every ? 'Renew in time' : 'Put on record'}: ${names.map(({ en }) => en).join('; ')}`,
        zh: `${judged.every ? '按期更新' : '登记'}：${names.map(({ zh }) => zh).join('、')}`,
      };
    }
    case 'none-open': {
      const names = list(judged.kinds);
      return {
        en: `Settle: ${names.map(({ en }) => en).join('; ')}`,
        zh: `处理：${names.map(({ zh }) => zh).join('、')}`,
      };
    }
    case 'clock':
      return { en: 'File in time and keep the receipt', zh: '按期备案并保存回执' };
    case 'question':
      return { en: `Complete the register: ${title.en}`, zh: `完善登记：${title.zh}` };
    case 'system':
      return { en: 'Nothing: the system sees to it', zh: '无需操作，由系统落实' };
    case 'people':
      return { en: 'See to it outside of the system', zh: '由人员线下落实' };
    case 'nobody':
      return { en: 'Nothing', zh: '无' };
  }
}
