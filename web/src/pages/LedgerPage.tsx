/** The ledger: who did or was refused what, on what, and why; filters in the address, older rows on demand. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { Button, Checkbox, Input, Select } from 'antd';
import { useMemo } from 'react';
import { z } from 'zod';
import { gate, govern } from '../../../src/contract/index.ts';
import { call, keyOf, type Problem, type ReplyOf, sayAction, sayRefusal, useCall } from '../api.ts';
import { ProofDrawer } from '../ledger/Proof.tsx';
import { Signed } from '../ledger/Signed.tsx';
import { useMay } from '../session.ts';
import { Page } from '../shell/Page.tsx';
import { type Column, Register, RegisterTools } from '../shell/Register.tsx';
import { Empty, Failed, Waiting } from '../shell/states.tsx';
import { Time } from '../shell/Time.tsx';
import { sayTime } from '../time.ts';
import { useUrlState } from '../urlState.ts';
import { useLanguage, useWords } from '../useWords.ts';
import { actionWords } from '../words/actions.ts';
import { ledgerWords } from '../words/office.ts';
import { proofWords } from '../words/proof.ts';
import { shellWords } from '../words/shell.ts';

type Entry = z.output<typeof govern.ledgerEntry>;
const outcomes = ['done', 'refused', 'failed'] as const;
const day = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/)
  .optional()
  .catch(undefined);

const address = z.object({
  action: z.string().max(60).optional().catch(undefined),
  outcome: z.enum(outcomes).optional().catch(undefined),
  actor: z.string().max(40).optional().catch(undefined),
  subject: z.string().max(60).optional().catch(undefined),
  from: day,
  to: day,
  segments: z.enum(['show']).optional().catch(undefined),
  columns: z.string().max(300).optional().catch(undefined),
  proof: z
    .string()
    .regex(/^[1-9]\d{0,14}$/)
    .optional()
    .catch(undefined),
});
type State = z.output<typeof address>;
type Change = ReturnType<typeof useUrlState<typeof address>>[1];

const noFilter = {
  action: undefined,
  outcome: undefined,
  actor: undefined,
  subject: undefined,
  from: undefined,
  to: undefined,
  segments: undefined,
};

export function LedgerPage() {
  const t = useWords(ledgerWords);
  const [state, change] = useUrlState(address);
  const found = useLedger(state);
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.items) ?? [], [found.data]);
  const columns = useColumns(change);
  const proof = useWords(proofWords);
  return (
    <Page title={t('title')} says={t('says')} wide>
      <Signed />
      <Filters state={state} change={change} rows={rows}>
        <RegisterTools name="ledger" rows={rows} columns={columns} state={state} change={change} />
      </Filters>
      {found.isPending && <Waiting rows={12} />}
      {found.isError && <Failed error={found.error} retry={() => void found.refetch()} />}
      {found.isSuccess && rows.length === 0 && <Empty title={t('empty')}>{t('emptySays')}</Empty>}
      {rows.length > 0 && (
        <>
          <Register
            caption={t('title')}
            rows={rows}
            columns={columns}
            keyOf={(each) => String(each.seq)}
            state={state}
            change={change}
            controls={(each) => (
              <Button
                size="small"
                aria-label={proof('openFor', { seq: each.seq })}
                onClick={() => change({ proof: String(each.seq) }, { push: true })}
              >
                {proof('open')}
              </Button>
            )}
          />
          <p className="register-end">
            {found.hasNextPage ? (
              <Button loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
                {t('more')}
              </Button>
            ) : (
              <span className="soft">{t('end')}</span>
            )}
          </p>
        </>
      )}
      {state.proof && <ProofDrawer seq={Number(state.proof)} close={() => change({ proof: undefined })} />}
    </Page>
  );
}

/** The days are those of this computer's zone, in which the times are shown too. */
function queryOf(state: State) {
  const { action, outcome, actor, subject, from, to, segments } = state;
  const next = to ? new Date(`${to}T00:00:00`) : null;
  next?.setDate(next.getDate() + 1);
  const all = {
    action,
    outcome,
    actor,
    subject,
    from: from && new Date(`${from}T00:00:00`).toISOString(),
    to: next?.toISOString(),
    segments,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined && value !== ''));
}

function useLedger(state: State) {
  const query = queryOf(state);
  return useInfiniteQuery<
    ReplyOf<typeof govern.ledger>,
    Problem,
    { pages: ReplyOf<typeof govern.ledger>[] },
    readonly unknown[],
    string
  >({
    queryKey: keyOf(govern.ledger, query),
    initialPageParam: '',
    queryFn: ({ pageParam }) =>
      call(govern.ledger, { query: { ...query, ...(pageParam ? { cursor: pageParam } : {}) } }),
    getNextPageParam: (last) => last.next,
    // Each reading is itself a row: not again at every glance.
    refetchOnWindowFocus: false,
    staleTime: 30_000,
  });
}

function Filters({
  state,
  change,
  rows,
  children,
}: {
  state: State;
  change: Change;
  rows: readonly Entry[];
  children: React.ReactNode;
}) {
  const t = useWords(ledgerWords);
  const shell = useWords(shellWords);
  const persons = useCall(gate.persons, {}, { enabled: useMay()('person.read') });
  const isFiltered = Object.keys(noFilter).some((key) => state[key as keyof typeof noFilter]);
  const known = Object.keys(actionWords.en).filter((each) => each !== 'open' && each !== 'self');
  const actions = [
    ...new Set([...known, ...rows.map((each) => each.action), ...(state.action ? [state.action] : [])]),
  ];
  const subjectName = rows.find((each) => each.subjectId === state.subject)?.subjectName ?? state.subject;
  return (
    <>
      <div className="tools">
        <Select
          aria-label={t('filterAction')}
          className="tools-select"
          showSearch={{ optionFilterProp: 'label' }}
          value={state.action ?? ''}
          onChange={(action) => change({ action: action || undefined })}
          options={[
            { value: '', label: t('anyAction') },
            ...actions.map((value) => ({ value, label: sayAction(value) })),
          ]}
        />
        <Select<State['outcome'] | ''>
          aria-label={t('filterOutcome')}
          className="tools-select"
          value={state.outcome ?? ''}
          onChange={(outcome) => change({ outcome: outcome || undefined })}
          options={[
            { value: '', label: t('anyOutcome') },
            ...outcomes.map((value) => ({ value, label: t(`outcome_${value}`) })),
          ]}
        />
        {persons.data && (
          <Select
            aria-label={t('filterActor')}
            className="tools-select"
            showSearch={{ optionFilterProp: 'label' }}
            value={state.actor ?? ''}
            onChange={(actor) => change({ actor: actor || undefined })}
            options={[
              { value: '', label: t('anyActor') },
              ...persons.data.items.map((each) => ({ value: each.id, label: each.displayName })),
            ]}
          />
        )}
        <Day label={t('filterFrom')} value={state.from} choose={(from) => change({ from })} />
        <Day label={t('filterTo')} value={state.to} choose={(to) => change({ to })} />
        <Checkbox
          checked={state.segments === 'show'}
          onChange={(event) => change({ segments: event.target.checked ? 'show' : undefined })}
        >
          {t('withSegments')}
        </Checkbox>
        {isFiltered && (
          <Button type="link" onClick={() => change(noFilter)}>
            {shell('clearFilters')}
          </Button>
        )}
        <span className="tools-gap" />
        {children}
      </div>
      {state.subject && (
        <p className="register-count">
          {t('onlySubject', { name: subjectName ?? '' })}{' '}
          <Button type="link" size="small" onClick={() => change({ subject: undefined })}>
            {t('allSubjects')}
          </Button>
        </p>
      )}
    </>
  );
}

function Day({
  label,
  value,
  choose,
}: {
  label: string;
  value: string | undefined;
  choose: (day: string | undefined) => void;
}) {
  return (
    <span className="tools-day">
      <span className="soft" aria-hidden="true">
        {label}
      </span>
      <Input
        type="date"
        aria-label={label}
        value={value ?? ''}
        onChange={(event) => choose(event.target.value || undefined)}
      />
    </span>
  );
}

function useColumns(change: Change): readonly Column<Entry>[] {
  const t = useWords(ledgerWords);
  const lang = useLanguage();
  // biome-ignore lint/correctness/useExhaustiveDependencies: actions and refusals are said in the language
  return useMemo((): Column<Entry>[] => {
    const actorOf = (each: Entry) =>
      each.actor === 'system' ? t('system') : each.actor === 'anonymous' ? t('anonymous') : each.actor;
    const kindOf = (each: Entry) =>
      each.subjectKind && `kind_${each.subjectKind}` in ledgerWords.en
        ? t(`kind_${each.subjectKind}` as 'kind_camera')
        : (each.subjectKind ?? '');
    const subjectOf = (each: Entry) => [kindOf(each), each.subjectName ?? ''].filter(Boolean).join(' ');
    return [
      {
        key: 'at',
        title: t('at'),
        isHead: true,
        unsortable: true,
        value: (each) => sayTime(each.at),
        cell: (each) => <Time at={each.at} />,
      },
      {
        key: 'actor',
        title: t('actor'),
        unsortable: true,
        value: actorOf,
        cell: (each) => (
          <Redactable entry={each} field="actor">
            <span className={each.actorId ? '' : 'soft'}>{actorOf(each)}</span>
          </Redactable>
        ),
      },
      {
        key: 'action',
        title: t('action'),
        unsortable: true,
        value: (each) => sayAction(each.action),
        cell: (each) => <span title={each.action}>{sayAction(each.action)}</span>,
      },
      {
        key: 'subject',
        title: t('subject'),
        unsortable: true,
        value: subjectOf,
        cell: (each) => (
          <Subject entry={each} kind={kindOf(each)} show={(subject) => change({ subject }, { push: true })} />
        ),
      },
      {
        key: 'reason',
        title: t('reason'),
        unsortable: true,
        value: (each) => each.reason,
        cell: (each) => (
          <Redactable entry={each} field="reason">
            {each.reason ?? <span className="soft">—</span>}
          </Redactable>
        ),
      },
      {
        key: 'outcome',
        title: t('outcome'),
        unsortable: true,
        value: (each) => outcomeOf(each, t),
        cell: (each) => <Outcome entry={each} />,
      },
      {
        key: 'from',
        title: t('from'),
        unsortable: true,
        isExtra: true,
        value: (each) => each.from,
        cell: (each) => <span className="mono">{each.from}</span>,
      },
      {
        key: 'seq',
        title: t('seq'),
        unsortable: true,
        isNumber: true,
        isExtra: true,
        value: (each) => each.seq,
        cell: (each) => each.seq,
      },
      {
        key: 'detail',
        title: t('detail'),
        unsortable: true,
        value: (each) => JSON.stringify(each.detail),
        cell: (each) => (
          <Redactable entry={each} field="detail">
            <Detail entry={each} />
          </Redactable>
        ),
      },
    ];
  }, [t, change, lang]);
}

/** What was taken out under the law says so; an empty cell would look as if nothing had been there. */
function Redactable({
  entry,
  field,
  children,
}: {
  entry: Entry;
  field: Entry['redacted'][number];
  children: React.ReactNode;
}) {
  const t = useWords(proofWords);
  return entry.redacted.includes(field) ? <span className="soft">{t('redacted')}</span> : children;
}

function Subject({ entry, kind, show }: { entry: Entry; kind: string; show: (subject: string) => void }) {
  const id = entry.subjectId;
  if (!entry.subjectKind) return <span className="soft">—</span>;
  if (!id || !entry.subjectName) return <>{kind}</>;
  return (
    <>
      <span className="soft">{kind}</span>{' '}
      <button type="button" className="plain-link" onClick={() => show(id)}>
        {entry.subjectName}
      </button>
    </>
  );
}

function sentenceOfCode(entry: Entry): string | null {
  if (!entry.code) return null;
  const values = Object.fromEntries(
    Object.entries({ action: entry.action, ...entry.detail }).filter(
      ([, value]) => typeof value === 'string' || typeof value === 'number',
    ),
  );
  return sayRefusal(entry.code, values as Record<string, string | number>);
}

function outcomeOf(entry: Entry, t: ReturnType<typeof useWords<typeof ledgerWords.en>>): string {
  return [t(`outcome_${entry.outcome}`), sentenceOfCode(entry)].filter(Boolean).join(': ');
}

function Outcome({ entry }: { entry: Entry }) {
  const t = useWords(ledgerWords);
  const sentence = sentenceOfCode(entry);
  return (
    <>
      <span className={`outcome outcome-${entry.outcome}`}>{t(`outcome_${entry.outcome}`)}</span>
      {sentence && <span className="cell-says">{sentence}</span>}
    </>
  );
}

function Detail({ entry }: { entry: Entry }) {
  const t = useWords(ledgerWords);
  const rest = Object.entries(entry.detail);
  if (rest.length === 0) return <span className="soft">—</span>;
  return (
    <details className="detail">
      <summary>{t('detail')}</summary>
      <dl>
        {rest.map(([key, value]) => (
          <div key={key}>
            <dt>{key}</dt>
            <dd className="mono">{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
