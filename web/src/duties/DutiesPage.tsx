/** The duty board of a site: what the law asks, how each duty stands, why, and what to do; and the inspector's pack. */
import { Link } from '@tanstack/react-router';
import { Button, Input, Select } from 'antd';
import { useMemo } from 'react';
import { z } from 'zod';
import { collect, duties } from '../../../src/contract/index.ts';
import {
  type Chapter,
  chapters,
  dutyOf,
  profileOf,
  sayInstrument,
  sayRule,
  stateNames,
} from '../../../src/law/index.ts';
import { type ReplyOf, useCall } from '../api.ts';
import { Page } from '../shell/Page.tsx';
import { type Column, Register, RegisterTools } from '../shell/Register.tsx';
import { Empty, Loaded } from '../shell/states.tsx';
import { useUrlState } from '../urlState.ts';
import { type Language, type Say, useLanguage, useWords } from '../useWords.ts';
import { dutyWords } from '../words/duties.ts';
import './duties.css';

type Board = ReplyOf<typeof duties.board>;
type Row = Board['rows'][number];
type State = Row['state'];
type Words = Say<(typeof dutyWords)['en']>;

const states = ['overdue', 'due', 'unknown', 'met', 'not-applicable'] as const;
const address = z.object({
  site: z.string().max(40).optional().catch(undefined),
  /** Absent: what is open. */
  show: z
    .enum(['all', ...states])
    .optional()
    .catch(undefined),
  chapter: z.string().max(4).optional().catch(undefined),
  law: z.string().max(120).optional().catch(undefined),
  q: z.string().max(80).optional().catch(undefined),
  sort: z.string().max(40).optional().catch(undefined),
  columns: z.string().max(300).optional().catch(undefined),
});
type Address = z.output<typeof address>;
type Change = ReturnType<typeof useUrlState<typeof address>>[1];

export function DutiesPage() {
  const t = useWords(dutyWords);
  const [state, change] = useUrlState(address);
  const sites = useCall(collect.sites, {});
  return (
    <Page title={t('title')} says={t('says')} wide>
      <Loaded of={sites}>
        {({ items }) => {
          const site = items.find(({ id }) => id === state.site) ?? items[0];
          if (!site) return <Empty title={t('noSites')}>{t('noSitesSays')}</Empty>;
          return (
            <>
              <div className="tools">
                <Select
                  aria-label={t('site')}
                  className="tools-select"
                  value={site.id}
                  showSearch={{ optionFilterProp: 'label' }}
                  onChange={(id) => change({ site: id })}
                  options={items.map(({ id, name }) => ({ value: id, label: name }))}
                />
                <span className="tools-gap" />
                <Pack site={site.id} />
              </div>
              <SiteBoard site={site.id} state={state} change={change} />
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Pack({ site }: { site: string }) {
  const t = useWords(dutyWords);
  const lang = useLanguage();
  const href = (file: string) => `/api/sites/${site}/duties/${file}?lang=${lang}`;
  return (
    <>
      <Button type="primary" href={href('pack.pdf')} download>
        {t('pack')}
      </Button>
      <Button href={href('pack.json')} download>
        {t('data')}
      </Button>
    </>
  );
}

function SiteBoard({ site, state, change }: { site: string; state: Address; change: Change }) {
  const found = useCall(duties.board, { params: { id: site } });
  return (
    <Loaded of={found}>
      {(board) => (
        <>
          <Head board={board} />
          <Counts board={board} state={state} change={change} />
          <Rows board={board} state={state} change={change} />
        </>
      )}
    </Loaded>
  );
}

function Head({ board: { day, profiles } }: { board: Board }) {
  const t = useWords(dutyWords);
  const lang = useLanguage();
  const names = profiles.map((id) => profileOf(id)?.name[lang] ?? id).join(lang === 'zh' ? '、' : ', ');
  return (
    <p className="duties-head">
      {t('asOf', { day })} · {names === '' ? t('noProfiles') : t('under', { profiles: names })}
    </p>
  );
}

/** How many stand how; each is a filter. */
function Counts({ board, state, change }: { board: Board; state: Address; change: Change }) {
  const t = useWords(dutyWords);
  const lang = useLanguage();
  return (
    <ul className="duties-counts" aria-label={t('state')}>
      {states.map((each) => (
        <li key={each}>
          <button
            type="button"
            className={`duties-count duties-${each}`}
            aria-pressed={state.show === each}
            onClick={() => change({ show: state.show === each ? undefined : each })}
          >
            <strong>{board.counts[each] ?? 0}</strong>
            {stateNames[each][lang]}
          </button>
        </li>
      ))}
    </ul>
  );
}

function Rows({ board, state, change }: { board: Board; state: Address; change: Change }) {
  const t = useWords(dutyWords);
  const lang = useLanguage();
  const columns = useMemo(() => columnsOf(t, lang), [t, lang]);
  const rows = useMemo(() => board.rows.filter((row) => fits(row, state, lang)), [board, state, lang]);
  const laws = useMemo(() => lawsOf(board.rows), [board]);
  const shown: NonNullable<Address['show']> | 'open' = state.show ?? 'open';
  return (
    <>
      <div className="tools">
        <Select
          aria-label={t('show')}
          value={shown}
          onChange={(show) => change({ show: show === 'open' ? undefined : show })}
          options={[
            { value: 'open', label: t('open') },
            { value: 'all', label: t('every') },
            ...states.map((each) => ({ value: each, label: stateNames[each][lang] })),
          ]}
        />
        <Select
          aria-label={t('chapter')}
          className="tools-select"
          value={state.chapter ?? ''}
          onChange={(chapter) => change({ chapter: chapter || undefined })}
          options={[
            { value: '', label: t('anyChapter') },
            ...Object.entries(chapters).map(([id, name]) => ({ value: id, label: `${id} ${name[lang]}` })),
          ]}
        />
        <Select
          aria-label={t('law')}
          className="tools-select duties-law"
          value={state.law ?? ''}
          onChange={(law) => change({ law: law || undefined })}
          options={[
            { value: '', label: t('anyLaw') },
            ...laws.map((id) => ({ value: id, label: sayInstrument(id, lang) })),
          ]}
        />
        <Input.Search
          aria-label={t('search')}
          className="tools-search"
          placeholder={t('search')}
          allowClear
          defaultValue={state.q ?? ''}
          onSearch={(q) => change({ q: q.trim() || undefined })}
        />
        <span className="tools-gap" />
        <RegisterTools name="duties" rows={rows} columns={columns} state={state} change={change} />
      </div>
      {rows.length === 0 ? (
        <Empty title={t('nothing')}>{t('nothingSays')}</Empty>
      ) : (
        <Register
          caption={t('title')}
          rows={rows}
          columns={columns}
          keyOf={({ id }) => id}
          state={state}
          change={change}
          toneOf={toneOf}
        />
      )}
    </>
  );
}

const isOpen = (state: State): boolean => state === 'overdue' || state === 'due';
const toneOf = ({ state }: Row) =>
  state === 'overdue' ? 'loss' : state === 'due' ? 'warn' : state === 'not-applicable' ? 'soft' : undefined;

const lawsOf = (rows: readonly Row[]): string[] =>
  [...new Set(rows.flatMap(({ id }) => dutyOf(id)?.cites.map(({ instrument }) => instrument) ?? []))].sort();

function fits(row: Row, { show, chapter, law, q }: Address, lang: Language): boolean {
  const duty = dutyOf(row.id);
  if (show === undefined ? !isOpen(row.state) : show !== 'all' && row.state !== show) return false;
  if (chapter && duty?.chapter !== (chapter as Chapter)) return false;
  if (law && !duty?.cites.some(({ instrument }) => instrument === law)) return false;
  const said = `${row.id} ${row.title[lang]} ${row.why[lang]} ${row.todo[lang]}`.toLowerCase();
  return !q || said.includes(q.toLowerCase());
}

const articlesOf = (id: string, lang: Language): string =>
  (dutyOf(id)?.cites ?? []).map((cite) => sayRule(cite, lang)).join(lang === 'zh' ? '；' : '; ');

const dateOf = ({ state, at }: Row, t: Words): string =>
  at === null || !isOpen(state) ? '' : t(state === 'due' ? 'by' : 'since', { day: at });

function columnsOf(t: Words, lang: Language): readonly Column<Row>[] {
  return [
    {
      ...{ key: 'duty', title: t('duty'), isHead: true },
      cell: (row) => <Duty row={row} />,
      value: ({ id, title }) => `${id} ${title[lang]}`,
    },
    {
      ...{ key: 'state', title: t('state') },
      cell: ({ state }) => <span className={`tag duties-tag-${state}`}>{stateNames[state][lang]}</span>,
      value: ({ state }) => stateNames[state][lang],
    },
    {
      ...{ key: 'date', title: t('date') },
      cell: (row) => (
        <>
          {dateOf(row, t)}
          {row.inDays !== null && <div className="text-soft">{t('inDays', { n: row.inDays })}</div>}
        </>
      ),
      value: ({ at, state }) => (isOpen(state) ? at : null),
    },
    {
      ...{ key: 'why', title: t('because'), unsortable: true },
      cell: (row) => <Why row={row} />,
      value: ({ why }) => why[lang],
    },
    {
      ...{ key: 'todo', title: t('todo'), unsortable: true },
      cell: ({ state, todo }) => (isOpen(state) ? todo[lang] : ''),
      value: ({ state, todo }) => (isOpen(state) ? todo[lang] : ''),
    },
    {
      ...{ key: 'cameras', title: t('cameras'), isNumber: true },
      cell: (row) => metOf(row, t),
      value: (row) => metOf(row, t),
    },
    {
      ...{ key: 'law', title: t('law'), isExtra: true, unsortable: true },
      cell: ({ id }) => articlesOf(id, lang),
      value: ({ id }) => articlesOf(id, lang),
    },
  ];
}

function metOf({ cameras }: Row, t: Words): string {
  if (cameras === null) return '';
  const of = (state: State) => cameras[state] ?? 0;
  const bound = of('met') + of('due') + of('overdue') + of('unknown');
  return bound === 0 ? '' : t('metOf', { met: of('met'), bound });
}

/** The duty in a line, its articles, and their words for who wants to read them. */
function Duty({ row: { id, title } }: { row: Row }) {
  const t = useWords(dutyWords);
  const lang = useLanguage();
  const quoted = (dutyOf(id)?.cites ?? []).filter(({ quote }) => quote !== '');
  return (
    <div className="duties-duty">
      <span className="duties-id">{id}</span> {title[lang]}
      <div className="text-soft duties-articles">{articlesOf(id, lang)}</div>
      {quoted.length > 0 && (
        <details>
          <summary>{t('quotes')}</summary>
          {quoted.map((cite) => (
            <blockquote key={`${cite.instrument} ${cite.article}`} lang={cite.lang}>
              {cite.quote}
              <footer>{sayRule(cite, lang)}</footer>
            </blockquote>
          ))}
        </details>
      )}
    </div>
  );
}

function Why({ row: { state, why, evidence, look } }: { row: Row }) {
  const t = useWords(dutyWords);
  const lang = useLanguage();
  return (
    <>
      {why[lang]}
      {state === 'met' && <div className="text-soft">{t(`evidence_${evidence}`)}</div>}
      {isOpen(state) && look.length > 0 && (
        <ul className="duties-look">
          {look.slice(0, 3).map(({ id, name }) => (
            <li key={id}>
              <Link to="/cameras" search={{ edit: id } as never}>
                {name}
              </Link>
            </li>
          ))}
          {look.length > 3 && <li className="text-soft">{t('more')}</li>}
        </ul>
      )}
    </>
  );
}
