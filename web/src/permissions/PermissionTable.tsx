/** Permissions as a register, with what the reader may do about each, and why not where not. */
import type { UseQueryResult } from '@tanstack/react-query';
import { Form, Input } from 'antd';
import { useState } from 'react';
import { permissions as contract } from '../../../src/contract/index.ts';
import { type Problem, type ReplyOf, sayRefusal, useChange } from '../api.ts';
import { Listed } from '../keeping/Listed.tsx';
import type { Listing } from '../keeping/spans.tsx';
import { ReasonDialog, useTell, WhyButton } from '../shell/controls.tsx';
import { FormDialog } from '../shell/FormDialog.tsx';
import type { Column } from '../shell/Register.tsx';
import { Time } from '../shell/Time.tsx';
import { useLanguage, useWords } from '../useWords.ts';
import { permissionWords } from '../words/permissions.ts';
import { permissionLists } from './AskDialog.tsx';
import { DurationItem, inHours, type T } from './fields.tsx';

export type Permission = ReplyOf<typeof contract.permissions>['items'][number];
type Step = 'approve' | 'refuse' | 'revoke' | 'recertify' | 'review' | 'withdraw';
const steps: readonly Step[] = ['approve', 'refuse', 'recertify', 'revoke', 'review', 'withdraw'];

const stateIn = (row: Permission, t: T): string =>
  row.kind === 'asked' ? t(`state_${row.state}`) : `${t(`state_${row.state}`)} · ${t(`kind_${row.kind}`)}`;

function whatIn(row: Permission, t: T, between: string): string {
  const actions = row.actions.map((each) => t(`action_${each}`)).join(between);
  const places = row.wholeUnit
    ? t('scopeUnit')
    : [...row.sites, ...row.cameras].map(({ name }) => name).join(between);
  const back = row.lookBackHours > 0 ? [t('lookBackShort', { hours: row.lookBackHours })] : [];
  const hours = row.hours ? [`${row.hours.from}–${row.hours.to}`] : [];
  return [`${actions}: ${places}`, ...back, ...hours].join(' · ');
}

const whyIn = (row: Permission, t: T): string =>
  [
    `${t(`purpose_${row.purpose}`)}: ${row.reason}`,
    ...(row.event ? [row.event] : []),
    ...(row.askedBy === row.person ? [] : [t('askedBy', { name: row.askedByName })]),
    ...(row.decidedByName ? [t('decidedBy', { name: row.decidedByName })] : []),
    ...(row.decidedForName ? [t('decidedFor', { name: row.decidedForName })] : []),
    ...(row.endedWhy && row.state === 'revoked' ? [row.endedWhy] : []),
    ...(row.decisionNote ? [row.decisionNote] : []),
  ].join(' · ');

function columnsOf(t: T, between: string): Column<Permission>[] {
  return [
    ...[
      {
        ...{ key: 'person', title: t('person'), isHead: true, value: (row: Permission) => row.personName },
        cell: (row: Permission) => row.personName,
      },
    ],
    { key: 'state', title: t('state'), value: (row) => stateIn(row, t), cell: (row) => stateIn(row, t) },
    {
      ...{ key: 'what', title: t('actions'), value: (row: Permission) => whatIn(row, t, between) },
      cell: (row) => whatIn(row, t, between),
    },
    { key: 'ends', title: t('until'), value: (row) => row.ends, cell: (row) => <Time at={row.ends} /> },
    { key: 'why', title: t('why'), value: (row) => whyIn(row, t), cell: (row) => whyIn(row, t) },
    {
      ...{ key: 'used', title: t('lastUsed'), isExtra: true, value: (row: Permission) => row.lastUsed },
      cell: (row) => (row.lastUsed ? <Time at={row.lastUsed} /> : t('never')),
    },
  ];
}

export function PermissionTable({
  found,
  name,
  caption,
  empty,
  emptySays,
  ...listing
}: Listing & {
  found: UseQueryResult<{ readonly items: readonly Permission[] }, Problem>;
  name: string;
  caption: string;
  empty: string;
  emptySays?: string;
}) {
  const t = useWords(permissionWords);
  const between = useLanguage() === 'zh' ? '、' : ', ';
  const [open, setOpen] = useState<{ row: Permission; step: Step } | null>(null);
  return (
    <>
      <Listed<Permission>
        {...listing}
        name={name}
        caption={caption}
        says=""
        found={found}
        columns={columnsOf(t, between)}
        empty={empty}
        {...(emptySays === undefined ? {} : { emptySays })}
        toneOf={(row) => (row.inForce || row.state === 'asked' ? undefined : 'soft')}
        controls={(row) =>
          steps
            .filter((step) => row.can[step] !== undefined)
            .map((step) => {
              const may = row.can[step];
              const why =
                may === true || may === undefined
                  ? null
                  : sayRefusal(may.no, { action: `permission.decide` });
              return (
                <WhyButton
                  key={step}
                  type="link"
                  size="small"
                  why={why}
                  onClick={() => setOpen({ row, step })}
                >
                  {t(step)}
                </WhyButton>
              );
            })
        }
      />
      {open && <StepDialog {...open} close={() => setOpen(null)} />}
    </>
  );
}

function StepDialog({ row, step, close }: { row: Permission; step: Step; close: () => void }) {
  if (step === 'approve') return <Approve row={row} close={close} />;
  if (step === 'withdraw') return <Withdraw row={row} close={close} />;
  return <Say row={row} step={step} close={close} />;
}

interface ApproveFields {
  readonly hoursLong: number;
  readonly note?: string;
}

function Approve({ row, close }: { row: Permission; close: () => void }) {
  const t = useWords(permissionWords);
  const between = useLanguage() === 'zh' ? '、' : ', ';
  const tell = useTell();
  const [form] = Form.useForm<ApproveFields>();
  const approve = useChange(contract.approvePermission, [...permissionLists]);
  const submit = ({ hoursLong, note = '' }: ApproveFields) => {
    const ends = hoursLong > 0 ? { ends: inHours(hoursLong) } : {};
    approve.mutate(
      { params: { id: row.id }, body: { revision: row.revision, note, ...ends } },
      {
        onSuccess: () => {
          tell.done(t('approved'));
          close();
        },
      },
    );
  };
  return (
    <FormDialog<ApproveFields>
      title={t('approveTitle', { name: row.personName })}
      says={
        <>
          {whatIn(row, t, between)}
          <br />
          {whyIn(row, t)}
          <br />
          {row.necessity}
          <br />
          {t('approveSays')}
        </>
      }
      doIt={t('approve')}
      form={form}
      saving={approve}
      submit={submit}
      close={close}
      initialValues={{ hoursLong: 0 }}
    >
      <DurationItem asked />
      <Form.Item name="note" label={t('note')}>
        <Input maxLength={500} />
      </Form.Item>
    </FormDialog>
  );
}

/** Everything that asks for a reason and nothing else. */
function Say({
  row,
  step,
  close,
}: {
  row: Permission;
  step: 'refuse' | 'revoke' | 'recertify' | 'review';
  close: () => void;
}) {
  const t = useWords(permissionWords);
  const tell = useTell();
  const lists = [...permissionLists];
  const refuse = useChange(contract.refusePermission, lists);
  const revoke = useChange(contract.revokePermission, lists);
  const recertify = useChange(contract.recertifyPermission, lists);
  const review = useChange(contract.reviewEmergency, lists);
  const { revision } = row;
  const params = { id: row.id };
  const run = {
    refuse: (note: string) => refuse.mutateAsync({ params, body: { revision, note } }),
    revoke: (reason: string) => revoke.mutateAsync({ params, body: { revision, reason } }),
    recertify: (note: string) => recertify.mutateAsync({ params, body: { revision, note } }),
    review: (text: string) => review.mutateAsync({ params, body: { review: text } }),
  };
  const says = {
    refuse: '',
    revoke: t('revokeSays'),
    recertify: t('recertifySays'),
    review: t('reviewSays'),
  };
  const done = {
    refuse: 'refused',
    revoke: 'revoked',
    recertify: 'recertified',
    review: 'reviewed',
  } as const;
  return (
    <ReasonDialog
      title={t(`${step}Title`, { name: row.personName })}
      says={says[step]}
      doIt={t(step)}
      run={async (reason) => {
        await run[step](reason);
        tell.done(t(done[step]));
      }}
      close={close}
    />
  );
}

function Withdraw({ row, close }: { row: Permission; close: () => void }) {
  const t = useWords(permissionWords);
  const tell = useTell();
  const [form] = Form.useForm<object>();
  const withdraw = useChange(contract.withdrawPermission, [...permissionLists]);
  const submit = () =>
    withdraw.mutate(
      { params: { id: row.id }, body: { revision: row.revision } },
      {
        onSuccess: () => {
          tell.done(t('withdrawn'));
          close();
        },
      },
    );
  return (
    <FormDialog<object>
      title={t('withdraw')}
      says={`${stateIn(row, t)}: ${row.reason}`}
      doIt={t('withdraw')}
      form={form}
      saving={withdraw}
      submit={submit}
      close={close}
    >
      {null}
    </FormDialog>
  );
}
