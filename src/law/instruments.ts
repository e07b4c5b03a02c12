/** What the instruments that profiles cite are called in each language, and how an article of them is cited. */
import type { Both } from './clause.ts';

/** The instrument of a unit's own period: no law says it. */
export const sitePolicy = 'site-policy';

/** By the name in a profile, which is also what stands in the ledger and in certificates. */
const names: Readonly<Record<string, Both>> = {
  [sitePolicy]: { en: "the unit's own policy", zh: '本单位规定' },
  '公共安全视频图像信息系统管理条例 (State Council Order 799)': {
    en: 'State Council Order 799',
    zh: '《公共安全视频图像信息系统管理条例》',
  },
  中华人民共和国网络安全法: { en: 'Cybersecurity Law of China', zh: '《网络安全法》' },
  中华人民共和国个人信息保护法: {
    en: 'Personal Information Protection Law of China',
    zh: '《个人信息保护法》',
  },
  网络数据安全管理条例: {
    en: 'Regulation on Network Data Security (China)',
    zh: '《网络数据安全管理条例》',
  },
  个人信息保护合规审计管理办法: {
    en: 'Measures for Audits of Personal Information Protection (China)',
    zh: '《个人信息保护合规审计管理办法》',
  },
  '辽宁省公共安全视频图像信息系统管理办法 (Order 211)': {
    en: 'Liaoning Order 211',
    zh: '《辽宁省公共安全视频图像信息系统管理办法》',
  },
  '辽宁省公共安全视频图像信息系统管理办法实施细则（试行）': {
    en: 'Liaoning, rules implementing Order 211 (trial)',
    zh: '《辽宁省公共安全视频图像信息系统管理办法实施细则（试行）》',
  },
  辽宁省特种行业治安管理办法: {
    en: 'Liaoning, measures for special trades',
    zh: '《辽宁省特种行业治安管理办法》',
  },
  '青岛市公共安全视频图像信息系统管理办法 (Order 204)': {
    en: 'Qingdao Order 204',
    zh: '《青岛市公共安全视频图像信息系统管理办法》',
  },
  中华人民共和国反恐怖主义法: { en: 'Counter-Terrorism Law of China', zh: '《反恐怖主义法》' },
  保安服务管理条例: {
    en: 'Regulation on Security Guarding Services (China)',
    zh: '《保安服务管理条例》',
  },
  娱乐场所管理条例: { en: 'Regulation on Entertainment Venues (China)', zh: '《娱乐场所管理条例》' },
  'GB/T 29315-2022': { en: 'GB/T 29315-2022', zh: '国家标准 GB/T 29315-2022' },
  北京市托育服务标准: { en: 'Beijing standard for nurseries', zh: '《北京市托育服务标准》' },
  'GB 55029-2022': { en: 'GB 55029-2022', zh: '国家标准 GB 55029-2022' },
  中华人民共和国行政处罚法: { en: 'Administrative Penalty Law of China', zh: '《行政处罚法》' },
  人脸识别技术应用安全管理办法: {
    en: 'Measures for Facial Recognition Technology (China)',
    zh: '《人脸识别技术应用安全管理办法》',
  },
  公安机关办理行政案件程序规定: {
    en: 'Procedure of public-security organs in administrative cases (China)',
    zh: '《公安机关办理行政案件程序规定》',
  },
  智慧城市视频监控系统管理制度: {
    en: 'Rules of a smart city for its video systems',
    zh: '《智慧城市视频监控系统管理制度》',
  },
  GDPR: { en: 'GDPR', zh: '欧盟《通用数据保护条例》（GDPR）' },
  'UK GDPR': { en: 'UK GDPR', zh: '英国《通用数据保护条例》（UK GDPR）' },
  'Data (Use and Access) Act 2025': {
    en: 'Data (Use and Access) Act 2025 (UK)',
    zh: '英国《2025 年数据（使用和访问）法》',
  },
  'Surveillance Camera Code of Practice': {
    en: 'Surveillance Camera Code of Practice (UK)',
    zh: '英国《监控摄像机行为守则》',
  },
  'ICO, video surveillance guidance': {
    en: 'ICO guidance on video surveillance (UK)',
    zh: '英国 ICO 视频监控指南',
  },
  'Personal Information Protection Act (Korea)': {
    en: 'Personal Information Protection Act (Korea)',
    zh: '韩国《个人信息保护法》',
  },
  学校监控管理规定: { en: "the school's own rules", zh: '学校监控管理规定' },
  公司监控管理规定: { en: "the company's own rules", zh: '公司监控管理规定' },
  'EDPB Guidelines 3/2019': { en: 'EDPB Guidelines 3/2019', zh: '欧盟 EDPB 第 3/2019 号指南' },
  'Code de la sécurité intérieure': {
    en: 'Code de la sécurité intérieure (France)',
    zh: '法国《国内安全法典》',
  },
  LOPDGDD: { en: 'LOPDGDD (Spain)', zh: '西班牙《个人数据保护法》（LOPDGDD）' },
  'CNPD, vidéosurveillance': {
    en: 'CNPD on video surveillance (Luxembourg)',
    zh: '卢森堡 CNPD 视频监控规则',
  },
};

export const isNamedInstrument = (instrument: string): boolean => Object.hasOwn(names, instrument);

export const sayInstrument = (instrument: string, language: keyof Both): string =>
  names[instrument]?.[language] ?? instrument;

/** `17` → art. 17 · 第 17 条. What is not a number, such as `para 121`, stays as it is. */
export function sayArticle(article: string, language: keyof Both): string {
  if (!/^\d|^L\d/.test(article)) return article;
  return language === 'en' ? `art. ${article}` : `第 ${article} 条`;
}

/** Both in one: `State Council Order 799, art. 17` · 《公共安全视频图像信息系统管理条例》第 17 条. */
export function sayRule(
  { instrument, article }: { readonly instrument: string; readonly article: string },
  language: keyof Both,
): string {
  const name = sayInstrument(instrument, language);
  if (!article) return name;
  return `${name}${language === 'en' ? ', ' : ''}${sayArticle(article, language)}`;
}
