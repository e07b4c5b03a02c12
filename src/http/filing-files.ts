/** A filing as files: the form in the order of the national portal, the device list, the six documents of Liaoning. */
import { readFileSync } from 'node:fs';
import { type Log, refuse } from '../base/index.ts';
import { fieldWords, kindWords, partWords, sayPeriod } from '../contract/index.ts';
import type { Content } from '../govern/index.ts';
import { documentsAsked } from '../govern/index.ts';
import { isRecordKind, placeClasses, placeTypeOf, recordKinds, rooms, sayRule } from '../law/index.ts';
import { typeset } from './typeset.ts';
import { type Sheet, xlsx } from './xlsx.ts';

export type Language = 'zh' | 'en';

export interface FilingPaper {
  readonly content: Content;
  readonly contentDigest: string;
  readonly state: string;
  readonly no: number;
  readonly lang: Language;
  readonly receiptNo: string | null;
  readonly answeredOn: string | null;
}

const template = readFileSync(new URL('./filing.typ', import.meta.url), 'utf8');

const words = {
  en: {
    title: 'Filing of a public-security video system',
    form: 'Basic information',
    letter: 'Letter of authorisation for filing',
    draft: 'DRAFT: not submitted',
    unit: '1. Managing unit',
    site: '2. Site',
    system: '3. System',
    changes: 'What changed since the last filing',
    devices: 'Annex 1: devices',
    documents: 'Annex 2: documents',
    truth: 'Declaration of truth',
    truthSays:
      'The unit answers for the truth of what is filed (Order 799, art. 14). Everything above was read from the register of the system.',
    declared: 'Declared true by',
    office: 'Office',
    day: 'Day',
    seal: 'Seal of the unit',
    organ: 'Filed with',
    kind: 'Kind of filing',
    no: 'Number',
    receipt: 'Receipt',
    digest: 'Digest (SHA-256)',
    key: 'Key of its packs',
    law: 'Basis',
    usedSince: 'In use since',
    stoppedOn: 'Out of use since',
    cameras: 'Cameras',
    ofWhich: '{fixed} fixed, {turning} turning; {sound} record sound',
    storage: 'Storage period',
    responsible: 'Person responsible',
    functions: 'Functions',
    zone: 'Time zone',
    field: 'Item',
    camera: 'Camera',
    type: 'Type',
    fixedType: 'fixed',
    turningType: 'turning',
    soundType: ', sound',
    position: 'Position (WGS-84)',
    direction: 'Direction',
    since: 'Since',
    name: 'Name',
    document: 'Document',
    none: '—',
    missing: 'not there',
    printed: 'this form',
    collect: 'collect',
    transmit: 'transmit',
    display: 'display',
    store: 'store',
    letterSays:
      'We authorise the person named below to file the public-security video system of “{site}” with {organ} on our behalf, and answer for the truth of what is filed.',
    agent: 'Agent',
    agentId: 'Identity number',
    agentPhone: 'Telephone',
    until: 'Valid until',
    page: 'page',
  },
  zh: {
    title: '公共安全视频图像信息系统备案',
    form: '备案基本信息表',
    letter: '委托办理备案登记授权书',
    draft: '草稿：尚未提交',
    unit: '一、管理单位',
    site: '二、场所',
    system: '三、系统',
    changes: '与上次备案相比的变更',
    devices: '附件一：图像采集设备清单',
    documents: '附件二：备案材料清单',
    truth: '真实性声明',
    truthSays:
      '本单位对备案信息的真实性负责（《公共安全视频图像信息系统管理条例》第十四条）。以上内容均取自系统登记信息。',
    declared: '声明人',
    office: '职务',
    day: '日期',
    seal: '单位盖章',
    organ: '受理机关',
    kind: '备案类型',
    no: '序号',
    receipt: '回执编号',
    digest: '摘要（SHA-256）',
    key: '备案包公钥',
    law: '依据',
    usedSince: '投入使用日期',
    stoppedOn: '停止使用日期',
    cameras: '图像采集设备',
    ofWhich: '固定 {fixed} 台，可转动 {turning} 台；其中录音 {sound} 台',
    storage: '保存期限',
    responsible: '责任人',
    functions: '系统功能',
    zone: '时区',
    field: '事项',
    camera: '设备',
    type: '类型',
    fixedType: '固定',
    turningType: '可转动',
    soundType: '，录音',
    position: '位置（WGS-84）',
    direction: '方位',
    since: '启用日期',
    name: '名称',
    document: '材料',
    none: '—',
    missing: '缺',
    printed: '即本表',
    collect: '收集',
    transmit: '传输',
    display: '显示',
    store: '存储',
    letterSays:
      '兹委托下列人员代表本单位，向{organ}办理“{site}”公共安全视频图像信息系统备案事宜，本单位对备案信息的真实性负责。',
    agent: '受委托人',
    agentId: '身份证号',
    agentPhone: '联系电话',
    until: '有效期至',
    page: '页',
  },
} as const;

export async function filingFile(
  file: string,
  paper: FilingPaper,
  log: Log,
): Promise<{ type: string; body: Buffer | string }> {
  switch (file) {
    case 'form.json':
      // Bytes, so that nothing on the way writes the same JSON in another way: its digest is in the ledger.
      return { type: 'application/json', body: Buffer.from(JSON.stringify(paper.content, null, 2)) };
    case 'form.xlsx':
      return {
        type: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
        body: xlsx(sheetsOf(paper)),
      };
    case 'form.pdf':
      return { type: 'application/pdf', body: await typeset(template, formOf(paper), log) };
    case 'letter.pdf':
      return { type: 'application/pdf', body: await typeset(template, letterOf(paper), log) };
    default:
      return refuse('request.unknown');
  }
}

type Fact = readonly [string, string];

const kindOfPlace = (id: string | null, lang: Language): string =>
  (id === null ? undefined : placeTypeOf(id)?.name[lang]) ?? words[lang].none;
const classOfPlace = (id: string | null, lang: Language): string =>
  id !== null && Object.hasOwn(placeClasses, id)
    ? placeClasses[id as keyof typeof placeClasses][lang]
    : words[lang].none;
const roomIn = (id: string | null, lang: Language): string =>
  id !== null && Object.hasOwn(rooms, id) ? rooms[id as keyof typeof rooms][lang] : words[lang].none;
const documentIn = (kind: string, lang: Language): string =>
  isRecordKind(kind) ? recordKinds[kind].name[lang] : kind;

function unitFacts({ content: { unit }, lang }: FilingPaper): Fact[] {
  const p = (key: keyof typeof partWords) => partWords[key][lang];
  return [
    [p('name'), unit.name],
    [p('creditCode'), unit.creditCode],
    [p('address'), unit.address],
    [p('legalPerson'), unit.legalPerson],
    [p('contact'), unit.contact],
    [p('phone'), unit.phone],
  ];
}

function siteFacts({ content: { site }, lang }: FilingPaper): Fact[] {
  const p = (key: keyof typeof partWords) => partWords[key][lang];
  return [
    [p('name'), site.name],
    [p('address'), site.address],
    [p('placeType'), kindOfPlace(site.placeType, lang)],
    [p('placeClass'), classOfPlace(site.placeClass, lang)],
    [words[lang].zone, site.timeZone],
  ];
}

function systemFacts({ content: { system, site }, lang }: FilingPaper): Fact[] {
  const t = words[lang];
  const does = site.functions.map((one) => t[one as 'collect'] ?? one);
  const kinds = t.ofWhich
    .replace('{fixed}', String(system.fixed))
    .replace('{turning}', String(system.turning))
    .replace('{sound}', String(system.withSound));
  return [
    [t.functions, does.join(lang === 'zh' ? '、' : ', ')],
    [t.usedSince, system.usedSince ?? ''],
    ...(system.stoppedOn === null ? [] : [[t.stoppedOn, system.stoppedOn] as const]),
    [t.cameras, `${system.cameras}${lang === 'zh' ? ' 台' : ''} (${kinds})`],
    [t.storage, periodIn(system.storage, lang)],
    [t.responsible, system.personResponsible ?? ''],
  ];
}

function periodIn(period: Content['system']['storage'], lang: Language): string {
  if (period === null) return words[lang].none;
  const unit = { hour: 'PT{n}H', day: 'P{n}D', workingDay: 'P{n}D', month: 'P{n}M', year: 'P{n}Y' }[
    period.unit
  ];
  return sayPeriod(unit.replace('{n}', String(period.n)), lang);
}

function deviceRows({ content: { devices }, lang }: FilingPaper): string[][] {
  const t = words[lang];
  const degrees = (of: number | null) => (of === null ? t.none : `${of}°`);
  return devices.map((one, i) => [
    String(i + 1),
    one.name,
    `${one.turns ? t.turningType : t.fixedType}${one.sound ? t.soundType : ''}`,
    roomIn(one.room, lang),
    one.lat === null || one.lon === null ? t.none : `${one.lat.toFixed(6)}, ${one.lon.toFixed(6)}`,
    degrees(one.azimuthDeg),
    one.since ?? t.none,
  ]);
}

function documentRows({ content, lang, state }: FilingPaper): string[][] {
  const t = words[lang];
  const asked = documentsAsked(content.site, content.attested.on);
  const kinds = [...new Set([...asked, ...content.documents.map(({ kind }) => kind)])];
  return kinds.map((kind, i) => {
    const one = content.documents.find((each) => each.kind === kind);
    const isForm = kind === 'registration-form' && !one;
    const what = isForm ? t.printed : state === 'draft' || asked.includes(kind) ? t.missing : t.none;
    return [
      ...[String(i + 1), documentIn(kind, lang), one?.name ?? what, one?.on ?? t.none],
      one ? one.sha256.slice(0, 16) : t.none,
    ];
  });
}

const changeRows = ({ content: { changes }, lang }: FilingPaper): string[][] =>
  changes.map(({ field, cameraName, on }) => [fieldWords[field][lang], cameraName ?? words[lang].none, on]);

const lawIn = ({ content: { rules }, lang }: FilingPaper): string =>
  rules.map((one) => sayRule(one, lang)).join(lang === 'zh' ? '；' : '; ');

/** What is long and has no blank may break where a line ends. */
const broken = (text: string): string => text.replace(/(.{16})/g, '$1 ').trim();

function headOf(paper: FilingPaper): Fact[] {
  const t = words[paper.lang];
  const { content } = paper;
  return [
    [t.organ, content.organ],
    [t.kind, kindWords[content.filing.kind][paper.lang]],
    [t.no, String(content.filing.no)],
    ...(paper.receiptNo === null
      ? []
      : [[t.receipt, `${paper.receiptNo} (${paper.answeredOn ?? ''})`] as const]),
    [t.law, lawIn(paper)],
  ];
}

function formOf(paper: FilingPaper) {
  const { lang, content, state } = paper;
  const t = words[lang];
  const { attested } = content;
  const table = (name: string, head: string[], widths: number[], rows: string[][]) => ({
    name,
    head,
    widths,
    rows,
  });
  return {
    ...{ lang, kind: 'form', title: `${t.title} · ${t.form}`, draft: state === 'draft' ? t.draft : '' },
    footer: `${content.unit.name} · ${content.site.name}`,
    head: headOf(paper),
    facts: [
      { name: t.unit, rows: unitFacts(paper) },
      { name: t.site, rows: siteFacts(paper) },
      { name: t.system, rows: systemFacts(paper) },
    ],
    changes:
      content.changes.length === 0
        ? null
        : table(t.changes, [t.field, t.camera, t.day], [3, 3, 1.3], changeRows(paper)),
    truth: {
      ...{ name: t.truth, says: t.truthSays },
      rows: [
        [t.declared, attested.by],
        [t.office, attested.as],
        [t.day, attested.by === '' ? '' : attested.on],
        [t.digest, state === 'draft' ? '' : broken(paper.contentDigest)],
        [t.key, content.key.replace(/(.{8})/g, '$1\u200b')],
      ],
      seal: t.seal,
    },
    annexes: [
      table(
        t.devices,
        ['#', t.name, t.type, partWords.room[lang], t.position, t.direction, t.since],
        [0.5, 2.6, 1.5, 1.8, 2.5, 1, 1.4],
        deviceRows(paper),
      ),
      table(
        t.documents,
        ['#', t.document, t.name, t.day, 'SHA-256'],
        [0.5, 3.4, 3, 1.4, 2],
        documentRows(paper),
      ),
    ],
  };
}

function letterOf(paper: FilingPaper) {
  const { lang, content } = paper;
  const t = words[lang];
  return {
    ...{ lang, kind: 'letter', title: t.letter, footer: `${content.unit.name} · ${content.site.name}` },
    says: t.letterSays.replace('{site}', content.site.name).replace('{organ}', content.organ || '________'),
    head: unitFacts(paper),
    blanks: [t.agent, t.agentId, t.agentPhone, t.until],
    signed: [t.seal, partWords.legalPerson[lang], t.day],
  };
}

function sheetsOf(paper: FilingPaper): Sheet[] {
  const t = words[paper.lang];
  const rows = [
    ...headOf(paper),
    ...unitFacts(paper),
    ...siteFacts(paper),
    ...systemFacts(paper),
    [t.declared, paper.content.attested.by],
    [t.office, paper.content.attested.as],
    [t.digest, paper.state === 'draft' ? t.draft : paper.contentDigest],
  ];
  return [
    { name: t.form, head: [t.field, paper.content.unit.name], rows },
    {
      name: t.devices.replace(/[:：]/g, ' '),
      head: ['#', t.name, t.type, partWords.room[paper.lang], t.position, t.direction, t.since],
      rows: deviceRows(paper),
    },
    {
      name: t.documents.replace(/[:：]/g, ' '),
      head: ['#', t.document, t.name, t.day, 'SHA-256'],
      rows: documentRows(paper),
    },
  ];
}
