/** Permissions: one's own and their ends, what waits for a decision, what runs, what an audit finds, and stand-ins. */
import { Form, Select } from 'antd';
import { useState } from 'react';
import { z } from 'zod';
import { permissions as contract } from '../../../src/contract/index.ts';
import { type ReplyOf, useCall, useChange } from '../api.ts';
import { Listed } from '../keeping/Listed.tsx';
import type { Listing } from '../keeping/spans.tsx';
import { useMay } from '../session.ts';
import { useTell, useWhyNot, WhyButton } from '../shell/controls.tsx';
import { FormDialog } from '../shell/FormDialog.tsx';
import { Page } from '../shell/Page.tsx';
import type { Column } from '../shell/Register.tsx';
import { Notice } from '../shell/states.tsx';
import { Tabs } from '../shell/Tabs.tsx';
import { Time } from '../shell/Time.tsx';
import { sayTime } from '../time.ts';
import { useUrlState } from '../urlState.ts';
import { useWords } from '../useWords.ts';
import { permissionWords } from '../words/permissions.ts';
import { AskDialog, EmergencyDialog } from './AskDialog.tsx';
import { DurationItem, inHours, type T, WhyItems } from './fields.tsx';
import { PermissionTable } from './PermissionTable.tsx';
import './permissions.css';

const shows = ['mine', 'open', 'running', 'over', 'findings', 'delegations'] as const;
const address = z.object({
  show: z.enum(shows).catch('mine'),
  sort: z.string().max(40).optional().catch(undefined),
  columns: z.string().max(400).optional().catch(undefined),
});

export function PermissionsPage() {
  const t = useWords(permissionWords);
  const may = useMay();
  const why = useWhyNot();
  const [state, change] = useUrlState(address);
  const [asks, setAsks] = useState<'permission' | 'emergency' | null>(null);
  const mayRead = may('permission.read');
  const show = mayRead ? state.show : 'mine';
  const names = {
    ...{ mine: t('tabMine'), open: t('tabOpen'), running: t('tabRunning'), over: t('tabOver') },
    ...{ findings: t('tabFindings'), delegations: t('tabDelegations') },
  };
  return (
    <Page
      title={t('title')}
      says={t('says')}
      wide
      extra={
        <>
          <WhyButton why={why('permission.emergency')} danger onClick={() => setAsks('emergency')}>
            {t('emergency')}
          </WhyButton>
          <WhyButton why={why('permission.ask')} type="primary" onClick={() => setAsks('permission')}>
            {t('ask')}
          </WhyButton>
        </>
      }
    >
      {mayRead && (
        <Tabs
          label={t('tabs')}
          to="/permissions"
          shown={show}
          tabs={shows.map((value) => ({ value, label: names[value] }))}
        />
      )}
      {show === 'mine' && <Mine state={state} change={change} />}
      {(show === 'open' || show === 'running' || show === 'over') && (
        <All key={show} of={show} caption={names[show]} state={state} change={change} />
      )}
      {show === 'findings' && <Findings state={state} change={change} />}
      {show === 'delegations' && <Delegations state={state} change={change} />}
      {asks === 'permission' && <AskDialog close={() => setAsks(null)} />}
      {asks === 'emergency' && <EmergencyDialog close={() => setAsks(null)} />}
    </Page>
  );
}

function Mine(listing: Listing) {
  const t = useWords(permissionWords);
  const found = useCall(contract.myPermissions, {}, { refetchInterval: 15_000 });
  const founding = found.data?.items.find(({ kind, inForce }) => kind === 'founding' && inForce);
  return (
    <>
      {founding && (
        <Notice tone="info">{t('foundingNotice', { time: sayTime(Date.parse(founding.ends)) })}</Notice>
      )}
      <PermissionTable
        {...listing}
        name="my-permissions"
        caption={t('tabMine')}
        found={found}
        empty={t('emptyMine')}
        emptySays={t('emptyMineSays')}
      />
    </>
  );
}

function All({ of, caption, ...listing }: Listing & { of: 'open' | 'running' | 'over'; caption: string }) {
  const t = useWords(permissionWords);
  const found = useCall(contract.permissions, { query: { state: of } }, { refetchInterval: 15_000 });
  const empty = of === 'open' ? t('emptyOpen') : t('empty');
  return (
    <PermissionTable {...listing} name={`permissions-${of}`} caption={caption} found={found} empty={empty} />
  );
}

type Finding = ReplyOf<typeof contract.permissionFindings>['items'][number] & { readonly id: string };

function findingIn(row: Finding, t: T): string {
  const actions = String(row.values.actions ?? '')
    .split(', ')
    .filter(Boolean)
    .map((each) => t(`action_${each as contract.PermissionAction}`));
  const { used = 0, reached = 0, event = '' } = row.values;
  return t(`finding_${row.kind}`, {
    used,
    reached,
    event,
    actions: actions.join(' · ') || t('nothingUnused'),
  });
}

function Findings(listing: Listing) {
  const t = useWords(permissionWords);
  const found = useCall(contract.permissionFindings, {});
  const columns: Column<Finding>[] = [
    {
      ...{ key: 'person', title: t('person'), isHead: true, value: (row: Finding) => row.personName },
      cell: (row) => row.personName,
    },
    {
      key: 'finding',
      title: t('finding'),
      value: (row) => findingIn(row, t),
      cell: (row) => findingIn(row, t),
    },
    { key: 'since', title: t('since'), value: (row) => row.since, cell: (row) => <Time at={row.since} /> },
  ];
  const items = found.data?.items.map((each) => ({ ...each, id: `${each.permission} ${each.kind}` }));
  const rows = { ...found, data: items && { items } } as unknown as Parameters<
    typeof Listed<Finding>
  >[0]['found'];
  return (
    <Listed<Finding>
      {...listing}
      name="permission-findings"
      caption={t('tabFindings')}
      says={t('findingsSay')}
      found={rows}
      columns={columns}
      empty={t('findingsNone')}
    />
  );
}

type Delegation = ReplyOf<typeof contract.delegations>['items'][number];

function Delegations(listing: Listing) {
  const t = useWords(permissionWords);
  const tell = useTell();
  const why = useWhyNot()('permission.delegate');
  const found = useCall(contract.delegations, {});
  const end = useChange(contract.endDelegation, [contract.delegations]);
  const [open, setOpen] = useState(false);
  const takeBack = (id: string) =>
    end.mutate(
      { params: { id } },
      { onSuccess: () => tell.done(t('delegationEnded')), onError: tell.failed },
    );
  const columns: Column<Delegation>[] = [
    {
      ...{ key: 'from', title: t('from'), isHead: true, value: (row: Delegation) => row.fromName },
      cell: (row) => row.fromName,
    },
    { key: 'to', title: t('to'), value: (row) => row.toName, cell: (row) => row.toName },
    { key: 'ends', title: t('until'), value: (row) => row.ends, cell: (row) => <Time at={row.ends} /> },
    { key: 'reason', title: t('reason'), value: (row) => row.reason, cell: (row) => row.reason },
    {
      ...{ key: 'ended', title: t('ended'), value: (row: Delegation) => row.ended },
      cell: (row) => (row.ended ? <Time at={row.ended} /> : '—'),
    },
  ];
  return (
    <>
      <Listed<Delegation>
        {...listing}
        name="delegations"
        caption={t('tabDelegations')}
        says={t('delegationsSay')}
        found={found}
        columns={columns}
        empty={t('delegationsNone')}
        tools={
          <WhyButton why={why} onClick={() => setOpen(true)}>
            {t('delegate')}
          </WhyButton>
        }
        toneOf={(row) => (row.ended ? 'soft' : undefined)}
        controls={(row) =>
          row.mine &&
          row.ended === null && (
            <WhyButton type="link" size="small" why={null} onClick={() => takeBack(row.id)}>
              {t('delegateEnd')}
            </WhyButton>
          )
        }
      />
      {open && <DelegateDialog close={() => setOpen(false)} />}
    </>
  );
}

interface DelegateFields {
  readonly to: string;
  readonly hoursLong: number;
  readonly reason: string;
}

function DelegateDialog({ close }: { close: () => void }) {
  const t = useWords(permissionWords);
  const tell = useTell();
  const [form] = Form.useForm<DelegateFields>();
  const persons = useCall(contract.permissionPersons, {});
  const delegate = useChange(contract.delegate, [contract.delegations]);
  const submit = ({ to, hoursLong, reason }: DelegateFields) =>
    delegate.mutate(
      { body: { to, ends: inHours(hoursLong), reason } },
      {
        onSuccess: () => {
          tell.done(t('delegated'));
          close();
        },
      },
    );
  return (
    <FormDialog<DelegateFields>
      title={t('delegateTitle')}
      says={t('delegationsSay')}
      form={form}
      saving={delegate}
      submit={submit}
      close={close}
      initialValues={{ hoursLong: 168 }}
    >
      <Form.Item name="to" label={t('delegateTo')} rules={[{ required: true, message: t('scopeMissing') }]}>
        <Select
          showSearch={{ optionFilterProp: 'label' }}
          options={(persons.data?.items ?? []).map(({ id, displayName, name }) => ({
            ...{ value: id, label: `${displayName} (${name})` },
          }))}
        />
      </Form.Item>
      <DurationItem max={720} />
      <WhyItems necessity={false} />
    </FormDialog>
  );
}
