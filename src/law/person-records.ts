/**
 * What the law wants on record for a person before an account works, when it runs out, and what is owed beside it.
 * Pure: the gate, the console and the board ask the same functions.
 */
import { addDays, addMonths, type Day } from './calendar.ts';
import type { Both } from './clause.ts';

interface Kind {
  readonly name: Both;
  /** Rows of the book. */
  readonly duties: readonly string[];
  /** How long it usually holds, in months: a suggestion. No instrument sets a period; the unit does. */
  readonly usualMonths: number;
  readonly hasScore?: true;
}

export const personRecordKinds = {
  vetting: { name: { en: 'Vetting', zh: '入职审查' }, duties: ['PE-01'], usualMonths: 36 },
  confidentiality: {
    name: { en: 'Confidentiality training', zh: '保密教育' },
    duties: ['PE-01', 'PE-03'],
    usualMonths: 12,
  },
  'post-training': {
    name: { en: 'Training for the post', zh: '岗位培训' },
    duties: ['PE-01', 'PE-03'],
    usualMonths: 12,
  },
  examination: {
    name: { en: 'Examination', zh: '考核' },
    ...{ duties: ['PE-04'], usualMonths: 12, hasScore: true },
  },
  'background-check': {
    name: { en: 'Security background check', zh: '安全背景审查' },
    ...{ duties: ['PE-02'], usualMonths: 36 },
  },
  'guard-certificate': {
    name: { en: 'Guard certificate', zh: '保安员证' },
    duties: ['PE-09'],
    usualMonths: 60,
  },
  agreement: {
    name: { en: 'Confidentiality agreement of a contractor', zh: '外包人员保密协议' },
    ...{ duties: ['PE-01'], usualMonths: 12 },
  },
  'rules-read': {
    name: { en: 'Has read the rules', zh: '已学习管理制度' },
    duties: ['PE-10'],
    usualMonths: 12,
  },
  attestation: {
    name: { en: 'Declares no ban from key network posts', zh: '无网络安全从业禁止情形声明' },
    ...{ duties: ['PE-12'], usualMonths: 12 },
  },
  /** Stands in place of all others for the first person of an installation. */
  founding: {
    name: { en: 'Declaration of who set Custos up', zh: '首任管理员声明' },
    duties: ['PE-01'],
    usualMonths: 1,
  },
} satisfies Record<string, Kind>;

export type PersonRecordKind = keyof typeof personRecordKinds;
export const isPersonRecordKind = (kind: string): kind is PersonRecordKind =>
  Object.hasOwn(personRecordKinds, kind);
export const recordKindsOfPersons = Object.keys(personRecordKinds) as readonly PersonRecordKind[];

/** By which the records of whoever set Custos up must be in. */
export const foundingDays = 30;
/** An examination with less was not passed. */
export const passMark = 60;
/** What lies further away is a slip of the pen in the year. */
const mostYears = 10;

export interface Employment {
  /** The firm of a contractor; empty: of the unit itself. */
  readonly employer: string;
  readonly guard: boolean;
}

/** Without these an account does nothing (Order 799 art. 16(2)(1); guards: Order 564 arts 16, 17). */
export function neededOf({ employer, guard }: Employment): PersonRecordKind[] {
  return [
    ...(['vetting', 'confidentiality', 'post-training'] as const),
    ...(employer === '' ? [] : (['agreement'] as const)),
    ...(guard ? (['guard-certificate'] as const) : []),
  ];
}

/** Owed beside them: overdue ones are shown and counted, and stop nobody. */
export function owedOf(at: { readonly keyTarget: boolean }): PersonRecordKind[] {
  return ['examination', ...(at.keyTarget ? (['background-check'] as const) : [])];
}

export interface PersonRecord {
  readonly kind: PersonRecordKind;
  /** The moment from which it holds no more, UTC. */
  readonly endsMs: number;
  /** Of an examination, out of 100. */
  readonly score: number | null;
}

export interface Standing {
  readonly kind: PersonRecordKind;
  /** Until when the best of its kind holds or held; null: there is none. */
  readonly endsMs: number | null;
  readonly met: boolean;
}

const counts = ({ kind, score }: PersonRecord): boolean =>
  kind !== 'examination' || (score !== null && score >= passMark);

/** Of each kind the record that holds longest. */
export function standingsOf(
  kinds: readonly PersonRecordKind[],
  records: readonly PersonRecord[],
  nowMs: number,
): Standing[] {
  return kinds.map((kind) => {
    const ends = records.filter((each) => each.kind === kind && counts(each)).map(({ endsMs }) => endsMs);
    const endsMs = ends.length === 0 ? null : Math.max(...ends);
    return { kind, endsMs, met: endsMs !== null && nowMs < endsMs };
  });
}

/** The moment at which the account falls or fell inert; null: it never worked. */
export function clearedUntil(of: Employment, records: readonly PersonRecord[]): number | null {
  const ends = standingsOf(neededOf(of), records, 0).map(({ endsMs }) => endsMs);
  const byRecords = ends.some((each) => each === null) ? null : Math.min(...(ends as number[]));
  const [founding] = standingsOf(['founding'], records, 0);
  const byFounding = founding?.endsMs ?? null;
  if (byRecords === null || byFounding === null) return byRecords ?? byFounding;
  return Math.max(byRecords, byFounding);
}

/** The last day on which a record that begins on `on` may hold. */
export const lastDayOfRecord = (on: Day): Day => addMonths(on, mostYears * 12);
/** What a form offers. */
export const usualEnd = (kind: PersonRecordKind, on: Day): Day =>
  addDays(addMonths(on, personRecordKinds[kind].usualMonths), -1);
