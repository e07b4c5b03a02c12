/** The words of filing that paper, refusals and the console share: fields, parts, facts, states, rooms of the form. */
import type { Said } from './said.ts';

const w = (en: string, zh: string): Said => ({ en, zh });

/** What of a filing may change. */
export const fieldWords = {
  unit: w('The managing unit', '管理单位信息'),
  address: w('The site', '场所信息'),
  'camera-added': w('Camera added', '新增摄像机'),
  'camera-removed': w('Camera taken out of use', '停用摄像机'),
  'camera-moved': w('Position or direction of a camera', '摄像机位置、朝向变更'),
  'camera-type': w('Type of a camera', '摄像机类型变更'),
  'storage-period': w('Storage period', '保存期限变更'),
  'person-responsible': w('Person responsible', '责任人变更'),
  stop: w('End of use', '停止使用'),
} as const;

export const partWords = {
  name: w('Name', '名称'),
  creditCode: w('Unified social credit code', '统一社会信用代码'),
  address: w('Address', '地址'),
  legalPerson: w('Legal representative', '法定代表人'),
  contact: w('Contact', '联系人'),
  phone: w('Telephone', '联系电话'),
  placeType: w('Type of place', '场所类型'),
  placeClass: w('Class of place', '场所类别'),
  owner: w('Who runs it', '运营主体'),
  inUse: w('In use', '在用'),
  lat: w('Latitude', '纬度'),
  lon: w('Longitude', '经度'),
  azimuthDeg: w('Direction (°)', '方位角（°）'),
  angleDeg: w('Angle of view (°)', '视角（°）'),
  rangeM: w('Range (m)', '距离（米）'),
  room: w('Kind of room', '所在区域'),
  turns: w('Turns', '可转动'),
  sound: w('Records sound', '录音'),
  capabilities: w('Capabilities', '功能'),
  purpose: w('Purpose', '用途'),
  zone: w('Zone', '区域性质'),
  storage: w('Storage period', '保存期限'),
  personResponsible: w('Person responsible', '责任人'),
  stoppedOn: w('Out of use since', '停止使用日期'),
} as const;

/** What a filing must tell, where the register does not know it. */
export const factWords = {
  'unit.creditCode': w('unified social credit code', '统一社会信用代码'),
  'unit.address': w('address of the unit', '单位地址'),
  'unit.legalPerson': w('legal representative', '法定代表人'),
  'unit.contact': w('contact', '联系人'),
  'unit.phone': w('telephone', '联系电话'),
  'site.address': w('address of the site', '场所地址'),
  'site.placeType': w('type of place', '场所类型'),
  organ: w('public security organ', '受理公安机关'),
  'system.usedSince': w('first day of use', '投入使用日期'),
  'system.storage': w('storage period', '保存期限'),
  'devices.position': w('position of each camera', '每台摄像机的位置'),
  'devices.room': w('kind of room of each camera', '每台摄像机的所在区域'),
} as const;

export const kindWords = {
  first: w('First filing', '首次备案'),
  change: w('Filing of a change', '变更备案'),
  stop: w('Filing of the end of use', '停用备案'),
} as const;

export const clockWords = {
  'go-live': w('To be filed after going live', '投入使用后备案'),
  legacy: w('To be filed as an existing system', '既有系统备案'),
  change: w('Change to be filed', '变更备案'),
  stop: w('End of use to be filed', '停用备案'),
} as const;

export const yesNoWords = { true: w('yes', '是'), false: w('no', '否') } as const;

export const unitWords = {
  hour: w('hours', '小时'),
  day: w('days', '日'),
  workingDay: w('working days', '个工作日'),
  month: w('months', '个月'),
  year: w('years', '年'),
} as const;

const separator = { en: ', ', zh: '、' } as const;

/** `unit.phone organ` → names, in one language. */
export function sayNames(words: Readonly<Record<string, Said>>, keys: string, language: 'en' | 'zh'): string {
  return keys
    .split(' ')
    .map((key) => (Object.hasOwn(words, key) ? (words[key] as Said)[language] : key))
    .join(separator[language]);
}
