/**
 * One duty of the book: who it binds, where it stands, one line in a clerk's words, and how it is judged. The book is
 * data (`duties/`), a row for every duty; `judge.ts` holds a row against the facts of a site and its cameras.
 */
import type { Period } from './calendar.ts';
import type { Both, Cite, PlaceClass } from './clause.ts';
import type { CameraPurpose } from './facts.ts';
import type { OpenKind, RecordKind } from './records.ts';
import type { Room } from './rooms.ts';

export const chapters = {
  SC: { en: 'Scope and class', zh: '适用范围与分类' },
  IN: { en: 'Who may install, and where they must', zh: '建设主体与应建场所' },
  PR: { en: 'Forbidden rooms and privacy', zh: '禁止区域与隐私保护' },
  CO: { en: 'Building, standards, suppliers', zh: '建设、标准与供应商' },
  FI: { en: 'Filing', zh: '备案' },
  SI: { en: 'Signs and notices', zh: '提示标识与告知' },
  RE: { en: 'Keeping, deleting, disposing', zh: '保存、删除与处置' },
  IG: { en: 'Integrity and availability', zh: '完整性与可用性' },
  US: { en: 'Access and use', zh: '查阅与使用' },
  PE: { en: 'People', zh: '人员' },
  OP: { en: 'Running and maintenance', zh: '运行与维护' },
  OV: { en: 'Oversight and complaints', zh: '监督与投诉' },
  FR: { en: 'Face recognition', zh: '人脸识别' },
  ST: { en: 'Technical standards', zh: '技术标准' },
  XI: { en: 'Outside of China', zh: '境外制度' },
} satisfies Record<string, Both>;
export type Chapter = keyof typeof chapters;

export const bound = {
  everyone: { en: 'everybody', zh: '任何单位和个人' },
  unit: { en: 'the managing unit', zh: '管理单位' },
  article7: { en: 'the managing unit of a listed place', zh: '条例第七条的管理单位' },
  operator: { en: 'who runs the place', zh: '经营管理单位' },
  installer: { en: 'who installs', zh: '建设单位' },
  government: { en: 'the government', zh: '政府' },
  police: { en: 'the police', zh: '公安机关' },
  authority: { en: 'an authority', zh: '国家机关' },
  enforcement: { en: 'who collects evidence for penalties', zh: '行政执法机关' },
  supplier: { en: 'the supplier', zh: '产品和服务提供者' },
  contractor: { en: 'the contractor', zh: '承建、运维单位' },
  carrier: { en: 'the carrier', zh: '电信业务经营者' },
  school: { en: 'the school', zh: '学校' },
  company: { en: 'the company', zh: '公司' },
  staff: { en: 'the staff', zh: '工作人员' },
  guardFirm: { en: 'the guard firm and its client', zh: '保安从业单位和客户单位' },
  handler: { en: 'who handles personal information', zh: '个人信息处理者' },
  network: { en: 'the operator of the network', zh: '网络运营者' },
  audit: { en: 'the audit firm', zh: '审计机构' },
} satisfies Record<string, Both>;
export type Bound = keyof typeof bound;

/** All that is named must hold; what is absent does not matter. */
export interface DutyScope {
  /** One of these binds the site. */
  readonly profiles?: readonly string[];
  readonly classes?: readonly PlaceClass[];
  readonly placeTypes?: readonly string[];
  readonly keyTarget?: true;
  readonly ownedBy?: 'government';
  /** Cameras of this purpose only. */
  readonly purpose?: CameraPurpose;
  readonly zone?: 'private';
}

/** Questions whose answer is no single record: `judge.ts` has a function for each. */
export type Question =
  | 'place-class'
  | 'functions'
  | 'owner'
  | 'prohibited-interior'
  | 'mask'
  | 'neighbour'
  | 'sound'
  | 'storage-period'
  | 'filed-count'
  | 'project'
  | 'mandatory-place'
  | 'end-of-support'
  | 'capabilities'
  | 'position';

export type Judged =
  /** All of these stand on record and hold; `every`: not older than that. */
  | { readonly by: 'record'; readonly kinds: readonly RecordKind[]; readonly every?: Period }
  /** None of these is open; for so long one may be. */
  | { readonly by: 'none-open'; readonly kinds: readonly OpenKind[]; readonly within?: Period }
  | { readonly by: 'clock'; readonly clocks: readonly ('go-live' | 'legacy' | 'change' | 'stop')[] }
  | { readonly by: 'question'; readonly question: Question; readonly rooms?: readonly Room[] }
  /** This software makes it so, everywhere and always: met as far as `enforced.ts` says so. */
  | { readonly by: 'system' }
  /** It happens between people; this software keeps nothing about it. */
  | { readonly by: 'people' }
  /** Nothing for a system to do. */
  | { readonly by: 'nobody' };

export interface BookDuty {
  /** `RE-01`, as the book numbers it. */
  readonly id: string;
  readonly chapter: Chapter;
  readonly binds: Bound;
  readonly title: Both;
  /** The strongest source first. */
  readonly cites: readonly Cite[];
  readonly scope: DutyScope;
  readonly judged: Judged;
  /** Whether each camera is judged by itself. */
  readonly of: 'site' | 'camera';
}
