/** The register of use: searched, what stands out in it, and a month of it on paper. */
import { Button, Input, Select } from 'antd';
import { useState } from 'react';
import { z } from 'zod';
import { collect, uses } from '../../../src/contract/index.ts';
import { type ReplyOf, useCall } from '../api.ts';
import { Listed } from '../keeping/Listed.tsx';
import type { Listing } from '../keeping/spans.tsx';
import { Page } from '../shell/Page.tsx';
import type { Column } from '../shell/Register.tsx';
import { Tabs } from '../shell/Tabs.tsx';
import { Time, TimeSpan } from '../shell/Time.tsx';
import { useUrlState } from '../urlState.ts';
import { type Say, useLanguage, useWords } from '../useWords.ts';
import { registerWords } from '../words/registers.ts';

type T = Say<(typeof registerWords)['en']>;
type Use = ReplyOf<typeof uses.uses>['items'][number];

const shows = ['use', 'odd', 'month'] as const;
const kinds = ['live', 'playback', 'export'] as const;
const day = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/)
  .optional()
  .catch(undefined);
const address = z.object({
  show: z.enum(shows).catch('use'),
  sort: z.string().max(40).optional().catch(undefined),
  columns: z.string().max(400).optional().catch(undefined),
  q: z.string().max(80).optional().catch(undefined),
  kind: z.enum(kinds).optional().catch(undefined),
  camera: z.string().max(40).optional().catch(undefined),
  from: day,
  to: day,
});
type State = z.output<typeof address>;
type Change = ReturnType<typeof useUrlState<typeof address>>[1];

export function RegistersPage() {
  const t = useWords(registerWords);
  const [state, change] = useUrlState(address);
  const names = { use: t('tabUse'), odd: t('tabOdd'), month: t('tabMonth') };
  return (
    <Page title={t('title')} says={t('says')} wide>
      <Tabs
        label={t('tabs')}
        to="/registers"
        shown={state.show}
        tabs={shows.map((value) => ({ value, label: names[value] }))}
      />
      {state.show === 'use' && <Uses state={state} change={change} />}
      {state.show === 'odd' && <Odd state={state} change={change} />}
      {state.show === 'month' && <Monthly />}
    </Page>
  );
}

const endIn = (row: Use, t: T): string =>
  row.ended === null
    ? t('running')
    : ['closed', 'revoked', 'expired', 'engine', 'restart'].includes(row.endedWhy ?? '')
      ? t(`end_${row.endedWhy as 'closed'}`)
      : '—';
const whomIn = (row: Use, t: T): string =>
  row.shift ? t('onShift', { post: row.shift }) : (row.forWhom ?? '—');

function columnsOf(t: T): Column<Use>[] {
  return [
    {
      ...{ key: 'opened', title: t('opened'), isHead: true, value: (row: Use) => row.opened },
      cell: (row) => <Time at={row.opened} />,
    },
    { key: 'person', title: t('person'), value: (row) => row.personName, cell: (row) => row.personName },
    { key: 'unit', title: t('unit'), isExtra: true, value: (row) => row.unit, cell: (row) => row.unit },
    { key: 'camera', title: t('camera'), value: (row) => row.cameraName, cell: (row) => row.cameraName },
    {
      key: 'site',
      title: t('site'),
      isExtra: true,
      value: (row) => row.siteName,
      cell: (row) => row.siteName,
    },
    {
      ...{ key: 'kind', title: t('kind'), value: (row: Use) => t(`kind_${row.kind}`) },
      cell: (row) => t(`kind_${row.kind}`),
    },
    {
      ...{
        key: 'span',
        title: t('span'),
        value: (row: Use) => (row.from ? `${row.from} – ${row.to}` : null),
      },
      cell: (row) => (row.from && row.to ? <TimeSpan from={row.from} to={row.to} /> : '—'),
    },
    { key: 'reason', title: t('reason'), value: (row) => row.reason, cell: (row) => row.reason },
    { key: 'whom', title: t('forWhom'), value: (row) => whomIn(row, t), cell: (row) => whomIn(row, t) },
    {
      ...{ key: 'authority', title: t('authority'), isExtra: true, value: (row: Use) => row.authority },
      cell: (row) => row.authority ?? '—',
    },
    {
      ...{ key: 'seconds', title: t('seconds'), isNumber: true, value: (row: Use) => row.deliveredS },
      cell: (row) => <span className="number">{row.deliveredS.toFixed(1)}</span>,
    },
    {
      ...{ key: 'files', title: t('files'), isNumber: true, value: (row: Use) => row.exports },
      cell: (row) => row.exports,
    },
    {
      ...{
        key: 'pictures',
        title: t('pictures'),
        isNumber: true,
        isExtra: true,
        value: (row: Use) => row.stills,
      },
      cell: (row) => row.stills,
    },
    { key: 'why', title: t('why'), value: (row) => endIn(row, t), cell: (row) => endIn(row, t) },
  ];
}

/** The first instant of a day by the reader's own clock, and of the day after. */
const startOf = (text: string, days = 0): string => {
  const [year = 0, month = 1, date = 1] = text.split('-').map(Number);
  return new Date(year, month - 1, date + days).toISOString();
};

function Uses({ state, change }: { state: State; change: Change }) {
  const t = useWords(registerWords);
  const [text, setText] = useState(state.q ?? '');
  const cameras = useCall(collect.cameras, {});
  const [limit, setLimit] = useState(200);
  const { q, kind, camera, from, to } = state;
  const found = useCall(uses.uses, {
    query: {
      limit,
      ...(q ? { q } : {}),
      ...(kind ? { kind } : {}),
      ...(camera ? { camera } : {}),
      ...(from ? { from: startOf(from) } : {}),
      ...(to ? { to: startOf(to, 1) } : {}),
    },
  });
  return (
    <>
      <div className="tools">
        <Input.Search
          className="tools-search"
          aria-label={t('search')}
          placeholder={t('searchHint')}
          maxLength={80}
          allowClear
          value={text}
          onChange={(event) => setText(event.target.value)}
          onSearch={(value) => change({ q: value.trim() || undefined })}
        />
        <Select
          aria-label={t('kind')}
          value={kind ?? ''}
          onChange={(value: NonNullable<State['kind']> | '') => change({ kind: value || undefined })}
          options={[
            { value: '' as const, label: t('anyKind') },
            ...kinds.map((value) => ({ value, label: t(`kind_${value}`) })),
          ]}
        />
        <Select
          aria-label={t('camera')}
          className="tools-select"
          allowClear
          placeholder={t('camera')}
          value={camera ?? null}
          showSearch={{ optionFilterProp: 'label' }}
          onChange={(value) => change({ camera: value ?? undefined })}
          options={(cameras.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))}
        />
        <span className="tools-day">
          <span className="soft" aria-hidden="true">
            {t('from')}
          </span>
          <Input
            type="date"
            aria-label={t('from')}
            value={from ?? ''}
            onChange={(event) => change({ from: event.target.value || undefined })}
          />
        </span>
        <span className="tools-day">
          <span className="soft" aria-hidden="true">
            {t('to')}
          </span>
          <Input
            type="date"
            aria-label={t('to')}
            value={to ?? ''}
            onChange={(event) => change({ to: event.target.value || undefined })}
          />
        </span>
      </div>
      <Listed<Use>
        state={state}
        change={change}
        name="use"
        caption={t('tabUse')}
        says={t('useSays')}
        found={found}
        columns={columnsOf(t)}
        empty={t('empty')}
        emptySays={t('emptySays')}
        toneOf={(row) => (row.endedWhy === 'revoked' ? 'loss' : undefined)}
      />
      {found.data?.next !== undefined && limit < 500 && (
        <Button onClick={() => setLimit(500)}>{t('more')}</Button>
      )}
    </>
  );
}

type Anomaly = ReplyOf<typeof uses.useAnomalies>['items'][number] & { readonly id: string };

function Odd(listing: Listing) {
  const t = useWords(registerWords);
  const found = useCall(uses.useAnomalies, { query: {} });
  const columns: Column<Anomaly>[] = [
    { key: 'day', title: t('day'), isHead: true, value: (row) => row.day, cell: (row) => row.day },
    { key: 'person', title: t('person'), value: (row) => row.personName, cell: (row) => row.personName },
    {
      ...{ key: 'odd', title: t('odd'), value: (row: Anomaly) => t(`odd_${row.kind}`, { count: row.count }) },
      cell: (row) => t(`odd_${row.kind}`, { count: row.count }),
    },
    {
      ...{ key: 'camera', title: t('camera'), value: (row: Anomaly) => row.cameraName },
      cell: (row) => row.cameraName ?? '—',
    },
  ];
  const items = found.data?.items.map((each, i) => ({ ...each, id: `${each.day} ${each.kind} ${i}` }));
  const rows = { ...found, data: items && { items } } as unknown as Parameters<
    typeof Listed<Anomaly>
  >[0]['found'];
  return (
    <Listed<Anomaly>
      {...listing}
      name="use-anomalies"
      caption={t('tabOdd')}
      says={t('oddSays')}
      found={rows}
      columns={columns}
      empty={t('oddNone')}
    />
  );
}

function Monthly() {
  const t = useWords(registerWords);
  const lang = useLanguage();
  const months = lastMonths();
  const [month, setMonth] = useState(months[0] as string);
  const href = (file: string) => `/api/uses/monthly/${file}?month=${month}&lang=${lang}`;
  return (
    <div className="panel">
      <p className="soft">{t('monthSays')}</p>
      <div className="tools">
        <Select
          aria-label={t('month')}
          value={month}
          onChange={setMonth}
          options={months.map((value) => ({ value, label: value }))}
        />
        <Button href={href('register.pdf')} download>
          {t('pdf')}
        </Button>
        <Button href={href('register.xlsx')} download>
          {t('xlsx')}
        </Button>
        <Button href={href('register.json')} download>
          {t('json')}
        </Button>
      </div>
    </div>
  );
}

/** The present month and the 23 before it. */
function lastMonths(): string[] {
  const now = new Date();
  return Array.from({ length: 24 }, (_, back) => {
    const first = new Date(now.getFullYear(), now.getMonth() - back, 1);
    return `${first.getFullYear()}-${String(first.getMonth() + 1).padStart(2, '0')}`;
  });
}
