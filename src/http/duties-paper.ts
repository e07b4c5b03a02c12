/** The inspector's pack as the data of its template: chapter by chapter, each duty with its article and how it stands. */
import { readFileSync } from 'node:fs';
import {
  type Board,
  type BoardRow,
  type Chapter,
  chainOf,
  chapters,
  countRows,
  placeClasses,
  sayRule,
  sayWhy,
  stateNames,
  whatToDo,
} from '../law/index.ts';

export const dutiesTemplate = readFileSync(new URL('./duties.typ', import.meta.url), 'utf8');

type Language = 'zh' | 'en';

const words = {
  en: {
    ...{ title: 'Inspection pack', site: 'Site', day: 'As of', placeClass: 'Class of the place' },
    ...{
      profiles: 'Law that applies',
      cameras: 'Cameras',
      digest: 'Digest in the ledger',
      undecided: 'not decided',
    },
    ...{ duty: 'Duty', law: 'Law', state: 'State', why: 'Why, and what to do', count: 'Cameras' },
    ...{
      until: 'by {day}',
      since: 'since {day}',
      openFirst: 'Open duties',
      nothingOpen: 'No duty is due or overdue.',
    },
    ...{ others: 'Does not apply', made: 'For the unit', checked: 'Inspector', second: 'Second inspector' },
    says: 'What the registers hold on this day. A duty that no register speaks of is “not known”, never “met”.',
  },
  zh: {
    ...{ title: '检查资料', site: '场所', day: '截至日期', placeClass: '场所类别' },
    ...{ profiles: '适用的法律规则', cameras: '设备数', digest: '存证摘要', undecided: '尚未认定' },
    ...{ duty: '义务', law: '依据', state: '状态', why: '理由与应办事项', count: '设备' },
    ...{
      until: '截止 {day}',
      since: '自 {day}',
      openFirst: '待办与逾期',
      nothingOpen: '没有待办或逾期的义务。',
    },
    ...{ others: '不适用', made: '单位签字', checked: '检查人员', second: '检查人员（二）' },
    says: '本资料为登记簿当日所载。登记簿未记载的义务列为“尚不明确”，不视为已落实。',
  },
} as const;

/** Six columns; `tone` of the state's cell. */
interface PaperRow {
  readonly id: string;
  readonly title: string;
  readonly law: string;
  readonly state: string;
  readonly tone: string;
  readonly why: string;
  readonly count: string;
}

export function dutiesPaper(board: Board, digest: string, lang: Language) {
  const t = words[lang];
  const { site, day, rows, cameras } = board;
  const counts = countRows(rows);
  const open = rows.filter(({ judgement }) => judgement.state === 'overdue' || judgement.state === 'due');
  const bound = rows.filter(({ judgement }) => judgement.state !== 'not-applicable');
  const placeClass = site.placeClass === null ? t.undecided : placeClasses[site.placeClass][lang];
  const facts = [
    [t.site, site.name],
    [t.day, day],
    [t.placeClass, placeClass],
    [
      t.profiles,
      chainOf(site)
        .map(({ name }) => name[lang])
        .join(lang === 'zh' ? '、' : ', '),
    ],
    [t.cameras, String([...cameras.values()].filter(({ step }) => step !== 'retired').length)],
    [t.digest, digest.replace(/(.{32})/g, '$1 ').trim()],
  ];
  return {
    ...{ lang, title: t.title, says: t.says, footer: `${site.name} · ${day}`, facts },
    counts: (['met', 'due', 'overdue', 'unknown', 'not-applicable'] as const).map((state) => ({
      ...{ name: stateNames[state][lang], count: counts[state], tone: state },
    })),
    head: [t.duty, t.law, t.state, t.why, t.count],
    open: {
      name: t.openFirst,
      nothing: t.nothingOpen,
      rows: open.sort(byUrgency).map((row) => asRow(row, lang)),
    },
    chapters: Object.entries(chapters).flatMap(([id, name]) => {
      const own = bound.filter(({ duty }) => duty.chapter === (id as Chapter));
      return own.length === 0
        ? []
        : [{ name: `${id}  ${name[lang]}`, rows: own.map((row) => asRow(row, lang)) }];
    }),
    others: {
      name: t.others,
      rows: rows
        .filter(({ judgement }) => judgement.state === 'not-applicable')
        .map(({ duty, judgement }) => [duty.id, duty.title[lang], sayWhy(judgement)[lang]]),
    },
    signed: [t.made, t.checked, t.second],
  };
}

const byUrgency = (a: BoardRow, b: BoardRow): number =>
  Number(b.judgement.state === 'overdue') - Number(a.judgement.state === 'overdue') ||
  (a.judgement.at ?? '9999').localeCompare(b.judgement.at ?? '9999');

function asRow({ duty, judgement, cameras }: BoardRow, lang: Language): PaperRow {
  const t = words[lang];
  const { state, at } = judgement;
  const isOpen = state === 'due' || state === 'overdue';
  const day = isOpen && at !== null ? (state === 'due' ? t.until : t.since).replace('{day}', at) : '';
  return {
    ...{ id: duty.id, title: duty.title[lang], tone: state },
    law: duty.cites.map((cite) => sayRule(cite, lang)).join(lang === 'zh' ? '；' : '; '),
    state: [stateNames[state][lang], day].filter(Boolean).join(' '),
    why: [sayWhy(judgement)[lang], isOpen ? whatToDo(duty)[lang] : ''].filter(Boolean).join(' '),
    count: cameras === null ? '' : ofCameras(cameras),
  };
}

/** `3 / 40`: those that meet it, of those whom it binds. */
function ofCameras(counts: NonNullable<BoardRow['cameras']>): string {
  const bound = counts.met + counts.due + counts.overdue + counts.unknown;
  return bound === 0 ? '' : `${counts.met} / ${bound}`;
}
