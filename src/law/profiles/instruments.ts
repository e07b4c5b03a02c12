/** The instruments that profiles and duties cite: name, rank, language, first day in force, how far it was read. */
import type { Instrument } from './cite.ts';

const zh = 'zh' as const;
const law = (instrument: string, from: string): Instrument => ({ instrument, rank: 'law', lang: zh, from });
const regulation = (instrument: string, from: string): Instrument => ({
  ...{ instrument, rank: 'adminRegulation', lang: zh, from },
});
const deptRule = (instrument: string, from: string): Instrument => ({
  ...{ instrument, rank: 'deptRule', lang: zh, from },
});
const standard = (instrument: string, from: string): Instrument => ({
  ...{ instrument, rank: 'standard', lang: zh, from, confidence: 'V2' },
});
/** A rule book that a unit may make its own: it can only tighten. */
const policy = (instrument: string): Instrument => ({
  ...{ instrument, rank: 'policy', lang: zh, from: '2000-01-01', confidence: 'S' },
});
const local = (
  instrument: string,
  from: string,
  lang: Instrument['lang'],
  confidence: 'S' | 'V2',
): Instrument => ({ instrument, rank: 'localRule', lang, from, confidence });
const foreign = (
  instrument: string,
  rank: Instrument['rank'],
  lang: Instrument['lang'],
  from: string,
  confidence: 'V' | 'V2' = 'V2',
): Instrument => ({ instrument, rank, lang, from, confidence });

export const order799 = regulation(
  '公共安全视频图像信息系统管理条例 (State Council Order 799)',
  '2025-04-01',
);
export const csl = law('中华人民共和国网络安全法', '2017-06-01');
export const dsl = law('中华人民共和国数据安全法', '2021-09-01');
export const pipl = law('中华人民共和国个人信息保护法', '2021-11-01');
export const ctl = law('中华人民共和国反恐怖主义法', '2016-01-01');
export const apl = law('中华人民共和国行政处罚法', '2021-07-15');
/** Adopted 2025-06-27; its first day in force is known from memory, so what rests on it alone never bites earlier. */
export const psapl = law('中华人民共和国治安管理处罚法', '2026-01-01');
export const criminal = law('中华人民共和国刑法', '2021-03-01');
export const ndr = regulation('网络数据安全管理条例', '2025-01-01');
export const ssr = regulation('保安服务管理条例', '2010-01-01');
export const er = regulation('娱乐场所管理条例', '2006-03-01');
export const o421 = regulation('企业事业单位内部治安保卫条例', '2004-12-01');
export const cam = deptRule('个人信息保护合规审计管理办法', '2025-05-01');
export const fr19 = deptRule('人脸识别技术应用安全管理办法', '2025-06-01');
export const mpsp = deptRule('公安机关办理行政案件程序规定', '2013-01-01');
export const edr: Instrument = {
  ...deptRule('关于办理刑事案件收集提取和审查判断电子数据若干问题的规定', '2016-10-01'),
  confidence: 'V2',
};
export const gb55029 = standard('GB 55029-2022', '2022-10-01');
export const gb29315 = standard('GB/T 29315-2022', '2022-06-01');
export const gb28181 = standard('GB/T 28181-2022', '2023-07-01');
export const gb35114 = standard('GB 35114-2017', '2018-11-01');
export const gb37300 = standard('GB 37300-2018', '2020-01-01');
export const beijingNursery = standard('北京市托育服务标准', '2024-01-01');

export const liaoning = local('辽宁省公共安全视频图像信息系统管理办法 (Order 211)', '2008-01-01', 'es', 'S');
export const liaoningRules = local(
  '辽宁省公共安全视频图像信息系统管理办法实施细则（试行）',
  '2008-01-01',
  zh,
  'V2',
);
export const liaoningTrades = local('辽宁省特种行业治安管理办法', '2020-01-01', zh, 'V2');
export const qingdao = local('青岛市公共安全视频图像信息系统管理办法 (Order 204)', '2010-03-01', 'en', 'S');
export const chongqing = local('重庆市公共安全视频图像信息系统管理办法 (Order 230)', '2009-12-01', zh, 'V2');

export const cityPolicy = policy('智慧城市视频监控系统管理制度');
export const schoolPolicy = policy('学校监控管理规定');
export const companyPolicy = policy('公司监控管理规定');
/** Model rules of the compilation that any unit may take for its own. */
export const modelPolicy = policy('视频监控管理制度（范本）');

export const gdpr = foreign('GDPR', 'law', 'en', '2018-05-25');
export const edpb = foreign('EDPB Guidelines 3/2019', 'guidance', 'en', '2020-01-29');
export const csi = foreign('Code de la sécurité intérieure', 'law', 'fr', '2012-05-01', 'V');
export const lopd = foreign('LOPDGDD', 'law', 'es', '2018-12-07');
export const cnpd = foreign('CNPD, vidéosurveillance', 'guidance', 'fr', '2018-05-25', 'V');
export const ukGdpr = foreign('UK GDPR', 'law', 'en', '2021-01-01');
export const ukCode = foreign('Surveillance Camera Code of Practice', 'guidance', 'en', '2022-01-12');
export const ico = foreign('ICO, video surveillance guidance', 'guidance', 'en', '2022-01-01', 'V');
export const duaa = foreign('Data (Use and Access) Act 2025', 'law', 'en', '2026-06-19');
export const pipa = foreign('Personal Information Protection Act (Korea)', 'law', 'en', '2011-09-30');
export const bipa = foreign('740 ILCS 14 (BIPA)', 'law', 'en', '2008-10-03', 'V');
