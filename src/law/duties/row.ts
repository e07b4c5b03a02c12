/** Short ways to write a row of the book, so that a chapter reads like a table. */
import type { Period } from '../calendar.ts';
import type { Cite, PlaceClass } from '../clause.ts';
import type { BookDuty, Bound, Chapter, DutyScope, Judged, Question } from '../duty.ts';
import { type Instrument, of } from '../profiles/cite.ts';
import * as instruments from '../profiles/instruments.ts';
import { type OpenKind, openKinds, type RecordKind, recordKinds } from '../records.ts';
import type { Room } from '../rooms.ts';

export const o799 = of(instruments.order799);
export const pipl = of(instruments.pipl);
export const csl = of({ ...instruments.csl, from: '2026-01-01' });
export const dsl = of(instruments.dsl);
export const ctl = of(instruments.ctl);
export const apl = of(instruments.apl);
export const psapl = of(instruments.psapl);
export const ndr = of(instruments.ndr);
export const ssr = of(instruments.ssr);
export const er = of(instruments.er);
export const o421 = of(instruments.o421);
export const cam = of(instruments.cam);
export const fr19 = of(instruments.fr19);
export const mpsp = of(instruments.mpsp);
export const edr = of(instruments.edr);
export const liaoning = of(instruments.liaoning);
export const liaoningRules = of(instruments.liaoningRules);
export const trades = of(instruments.liaoningTrades);
export const qingdao = of(instruments.qingdao);
export const chongqing = of(instruments.chongqing);
export const gb55029 = of(instruments.gb55029);
export const gb29315 = of(instruments.gb29315);
export const city = of(instruments.cityPolicy);
export const schools = of(instruments.schoolPolicy);
export const company = of(instruments.companyPolicy);
export const model = of(instruments.modelPolicy);
/** For an instrument that no chapter cites often. */
export const by = instruments;
export const from = (instrument: Instrument, article = '', quote = ''): Cite =>
  of(instrument)(article, quote);

const article7Classes: readonly PlaceClass[] = ['art7.1-government', 'art7.2-operator'];
const publicClasses: readonly PlaceClass[] = [...article7Classes, 'art9-other-public'];

export const cn: DutyScope = { profiles: ['cn-national'] };
export const art7: DutyScope = { ...cn, classes: article7Classes };
export const art7And9: DutyScope = { ...cn, classes: publicClasses };
export const art9: DutyScope = { ...cn, classes: ['art9-other-public'] };
export const governments: DutyScope = { ...cn, ownedBy: 'government' };
export const inLiaoning: DutyScope = { profiles: ['cn-liaoning'], classes: article7Classes };
export const inQingdao: DutyScope = { profiles: ['cn-qingdao'] };
export const byCity: DutyScope = { profiles: ['smart-city'] };
export const bySchool: DutyScope = { profiles: ['school-policy'] };
export const byCompany: DutyScope = { profiles: ['company-policy'] };
/** Rules of the compilation, for whoever made one of its rule books his own. */
export const byPolicy: DutyScope = { profiles: ['smart-city', 'school-policy', 'company-policy'] };
export const inEurope: DutyScope = { profiles: ['eu-gdpr'] };
export const inBritain: DutyScope = { profiles: ['uk'] };
/** No profile of this house: shown in the book, never on a board. */
export const elsewhere: DutyScope = { profiles: [] };

export const recorded = (...kinds: readonly RecordKind[]): Judged => ({ by: 'record', kinds });
export const renewed = (every: Period, ...kinds: readonly RecordKind[]): Judged => ({
  ...{ by: 'record', kinds, every },
});
export const noneOpen = (...kinds: readonly OpenKind[]): Judged => ({ by: 'none-open', kinds });
export const noneOpenFor = (within: Period, ...kinds: readonly OpenKind[]): Judged => ({
  ...{ by: 'none-open', kinds, within },
});
export const asks = (question: Question): Judged => ({ by: 'question', question });
/** None of these rooms has a camera. */
export const noneIn = (...rooms: readonly Room[]): Judged => ({
  ...{ by: 'question', question: 'prohibited-interior', rooms },
});
export const clocks = (...kinds: readonly ('go-live' | 'legacy' | 'change' | 'stop')[]): Judged => ({
  ...{ by: 'clock', clocks: kinds },
});
export const system: Judged = { by: 'system' };
export const people: Judged = { by: 'people' };
export const nobody: Judged = { by: 'nobody' };

const cameraQuestions: ReadonlySet<Question> = new Set([
  ...(['owner', 'prohibited-interior', 'mask', 'neighbour', 'sound'] as const),
  ...(['end-of-support', 'capabilities', 'position'] as const),
]);

function isOfCamera(judged: Judged): boolean {
  if (judged.by === 'record') return judged.kinds.some((kind) => recordKinds[kind].of === 'camera');
  if (judged.by === 'none-open') return judged.kinds.some((kind) => openKinds[kind].of === 'camera');
  return judged.by === 'question' && cameraQuestions.has(judged.question);
}

/** id, whom it binds, the title in English and 中文, where it stands, for whom, how it is judged. */
export function row(
  id: string,
  binds: Bound,
  en: string,
  zh: string,
  cites: readonly Cite[],
  scope: DutyScope,
  judged: Judged,
): BookDuty {
  const of = isOfCamera(judged) ? 'camera' : 'site';
  return {
    ...{ id, chapter: id.slice(0, 2) as Chapter, binds },
    title: { en, zh },
    cites,
    scope,
    judged,
    of,
  };
}
