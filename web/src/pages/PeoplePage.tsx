/** People: who may sign in, with which roles, and what each role may do. */
import { Link } from '@tanstack/react-router';
import { Button, Checkbox, Drawer, Form, Input, Modal, Select } from 'antd';
import { useMemo, useState } from 'react';
import { z } from 'zod';
import { gate, type Role, roles } from '../../../src/contract/index.ts';
import { name as nameShape } from '../../../src/contract/shapes.ts';
import { useCall, useChange } from '../api.ts';
import { RecordsDrawer } from '../people/Records.tsx';
import { Recoveries, SecondRuleButton } from '../people/SecondRule.tsx';
import { lastDay, sayKinds } from '../people/Standing.tsx';
import { useMay, useMe, useRoleNames } from '../session.ts';
import { byShape, useTell, useWhyNot, WhyButton } from '../shell/controls.tsx';
import { Page } from '../shell/Page.tsx';
import { NewPassword } from '../shell/passwords.tsx';
import { type Column, Register, RegisterTools } from '../shell/Register.tsx';
import { Empty, Loaded, Said } from '../shell/states.tsx';
import { Time } from '../shell/Time.tsx';
import { timeParts } from '../time.ts';
import { useUrlState } from '../urlState.ts';
import { type Language, type Say, useLanguage, useWords } from '../useWords.ts';
import { setupWords } from '../words/entry.ts';
import { peopleWords } from '../words/office.ts';
import { standingWords } from '../words/people.ts';
import { shellWords } from '../words/shell.ts';
import '../people/people.css';

type Person = z.output<typeof gate.person>;

const address = z.object({
  q: z.string().max(100).optional().catch(undefined),
  role: z.enum(roles).optional().catch(undefined),
  state: z.enum(['active', 'inactive']).optional().catch(undefined),
  sort: z.string().max(40).optional().catch(undefined),
  columns: z.string().max(300).optional().catch(undefined),
  edit: z.string().max(40).optional().catch(undefined),
  records: z.string().max(40).optional().catch(undefined),
  standing: z.enum(['inert', 'ending', 'contractor']).optional().catch(undefined),
});
type State = z.output<typeof address>;
type Change = ReturnType<typeof useUrlState<typeof address>>[1];

export function PeoplePage() {
  const t = useWords(peopleWords);
  const [state, change] = useUrlState(address);
  const found = useCall(gate.persons, {});
  const columns = useColumns();
  const why = useWhyNot()('person.configure');
  return (
    <Page
      title={t('title')}
      says={t('says')}
      wide
      extra={
        <div className="button-row">
          <SecondRuleButton />
          <WhyButton type="primary" why={why} onClick={() => change({ edit: 'new' }, { push: true })}>
            {t('add')}
          </WhyButton>
        </div>
      }
    >
      <Recoveries />
      <Loaded of={found}>
        {({ items }) => {
          const rows = items.filter((each) => matches(each, state));
          const edited = items.find((each) => each.id === state.edit) ?? null;
          const recorded = items.find((each) => each.id === state.records) ?? null;
          return (
            <>
              <Filters state={state} change={change}>
                <RegisterTools name="people" rows={rows} columns={columns} state={state} change={change} />
              </Filters>
              {rows.length === 0 ? (
                <Empty title={t('noMatch')} />
              ) : (
                <Register
                  caption={t('title')}
                  rows={rows}
                  columns={columns}
                  keyOf={(each) => each.id}
                  state={state}
                  change={change}
                  controls={(each) => (
                    <PersonEdit
                      person={each}
                      why={why}
                      edit={() => change({ edit: each.id }, { push: true })}
                      records={() => change({ records: each.id }, { push: true })}
                    />
                  )}
                />
              )}
              {recorded && (
                <RecordsDrawer
                  key={recorded.id}
                  person={recorded}
                  why={why}
                  close={() => change({ records: undefined })}
                />
              )}
              {state.edit === 'new' && why === null && (
                <AddPerson close={() => change({ edit: undefined })} />
              )}
              {edited && (
                <EditPerson key={edited.id} person={edited} close={() => change({ edit: undefined })} />
              )}
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

function matches(person: Person, state: State): boolean {
  if (state.role && !person.roles.includes(state.role)) return false;
  if (state.state && person.active !== (state.state === 'active')) return false;
  if (state.standing && !isOfStanding(person, state.standing)) return false;
  const wanted = state.q?.trim().toLowerCase();
  return !wanted || [person.name, person.displayName].some((each) => each.toLowerCase().includes(wanted));
}

const soonMs = 60 * 86_400_000;

/** What holds now and runs out first; null: nothing does. */
function nextEnd(person: Person): string | null {
  const ends = person.records.flatMap(({ met, ends: at }) => (met && at ? [at] : []));
  return ends.toSorted()[0] ?? null;
}

function isOfStanding(person: Person, wanted: NonNullable<State['standing']>): boolean {
  if (wanted === 'contractor') return person.employer !== '';
  if (wanted === 'inert') return person.active && person.inert;
  const next = nextEnd(person);
  return person.active && next !== null && Date.parse(next) - Date.now() < soonMs;
}

function PersonEdit({
  person,
  why,
  edit,
  records,
}: {
  person: Person;
  why: string | null;
  edit: () => void;
  records: () => void;
}) {
  const t = useWords(peopleWords);
  const standing = useWords(standingWords);
  const shell = useWords(shellWords);
  return (
    <>
      <Button
        type="link"
        size="small"
        onClick={records}
        aria-label={standing('recordsOf', { name: person.displayName })}
      >
        {standing('records')}
      </Button>
      <WhyButton
        type="link"
        size="small"
        why={why}
        onClick={edit}
        aria-label={t('editOne', { name: person.displayName })}
      >
        {shell('edit')}
      </WhyButton>
    </>
  );
}

function Filters({ state, change, children }: { state: State; change: Change; children: React.ReactNode }) {
  const t = useWords(peopleWords);
  const standing = useWords(standingWords);
  const shell = useWords(shellWords);
  return (
    <div className="tools">
      <Input.Search
        className="tools-search"
        allowClear
        aria-label={t('searchLabel')}
        placeholder={t('searchLabel')}
        defaultValue={state.q ?? ''}
        onChange={(event) => change({ q: event.target.value || undefined })}
      />
      <Select<Role | ''>
        aria-label={t('filterRole')}
        className="tools-select"
        value={state.role ?? ''}
        onChange={(role) => change({ role: role || undefined })}
        options={[
          { value: '', label: t('anyRole') },
          ...roles.map((value) => ({ value, label: shell(`role_${value}`) })),
        ]}
      />
      <Select<State['state'] | ''>
        aria-label={t('filterState')}
        className="tools-select"
        value={state.state ?? ''}
        onChange={(next) => change({ state: next || undefined })}
        options={[
          { value: '', label: t('anyState') },
          { value: 'active', label: t('active') },
          { value: 'inactive', label: t('inactive') },
        ]}
      />
      <Select<NonNullable<State['standing']> | ''>
        aria-label={standing('filterStanding')}
        className="tools-select"
        value={state.standing ?? ''}
        onChange={(next) => change({ standing: next || undefined })}
        options={[
          { value: '', label: standing('anyStanding') },
          { value: 'inert', label: standing('filterInert') },
          { value: 'ending', label: standing('filterEnding') },
          { value: 'contractor', label: standing('filterContractor') },
        ]}
      />
      <span className="tools-gap" />
      {children}
    </div>
  );
}

function useColumns(): readonly Column<Person>[] {
  const t = useWords(peopleWords);
  const names = useRoleNames();
  const me = useMe();
  const s = useWords(standingWords);
  const lang = useLanguage();
  // biome-ignore lint/correctness/useExhaustiveDependencies: role names change with the language, as t does
  return useMemo(
    (): Column<Person>[] => [
      {
        key: 'displayName',
        title: t('displayName'),
        isHead: true,
        value: (each) => each.displayName,
        cell: (each) => (
          <>
            {each.displayName} {each.id === me.id && <span className="tag">{t('self')}</span>}
          </>
        ),
      },
      {
        key: 'name',
        title: t('name'),
        value: (each) => each.name,
        cell: (each) => <span className="mono">{each.name}</span>,
      },
      {
        key: 'roles',
        title: t('roles'),
        value: (each) => names(each.roles),
        cell: (each) => names(each.roles),
      },
      {
        key: 'state',
        title: t('state'),
        value: (each) => (each.active ? t('active') : t('inactive')),
        cell: (each) => (each.active ? t('active') : <span className="soft">{t('inactive')}</span>),
      },
      ...standingColumns(s, lang),
      {
        key: 'lastSignIn',
        title: t('lastSignIn'),
        value: (each) => each.lastSignIn,
        cell: (each) =>
          each.lastSignIn ? <Time at={each.lastSignIn} /> : <span className="soft">{t('never')}</span>,
      },
      {
        key: 'created',
        title: t('created'),
        value: (each) => each.created,
        cell: (each) => <Time at={each.created} />,
      },
    ],
    [t, s, me.id],
  );
}

/** What stands on record, as columns: works until when, what runs out next, and whose employee. */
function standingColumns(s: Say<(typeof standingWords)['en']>, lang: Language): Column<Person>[] {
  return [
    {
      key: 'standing',
      title: s('standing'),
      value: (each) => standingText(each, s, lang),
      cell: (each) => <span className={toneOf(each)}>{standingText(each, s, lang)}</span>,
    },
    {
      key: 'nextEnd',
      title: s('nextEnd'),
      value: (each) => nextEnd(each),
      cell: (each) => {
        const next = nextEnd(each);
        return next === null ? '–' : <span className="number nowrap">{lastDay(next)}</span>;
      },
    },
    {
      key: 'employer',
      title: s('employer'),
      isExtra: true,
      value: (each) => each.employer,
      cell: (each) => each.employer || '–',
    },
  ];
}

function standingText(person: Person, s: Say<(typeof standingWords)['en']>, lang: Language): string {
  if (person.left) return s('left', { day: timeParts(person.left).date });
  const missing = person.records.filter(({ needed, met }) => needed && !met);
  const until = person.clearedUntil === null ? '' : lastDay(person.clearedUntil);
  if (person.founding) return s('foundingShort', { day: until });
  if (person.inert) return `${s('inert')} · ${s('missing', { what: sayKinds(missing, lang) })}`;
  return s('works', { day: until });
}

const toneOf = ({ active, inert, founding }: Person): string | undefined =>
  active && inert ? 'standing-missing' : founding ? 'standing-owed' : active ? undefined : 'soft';

interface PersonFields {
  employer?: string;
  guard?: boolean;
  name: string;
  displayName: string;
  roles: Role[];
  password?: string;
}

function RolesField() {
  const t = useWords(peopleWords);
  const shell = useWords(shellWords);
  // Not `required`: a group of checkboxes may not say so in ARIA.
  const oneAtLeast = {
    validator: (_: unknown, chosen: Role[] | undefined) =>
      chosen?.length ? Promise.resolve() : Promise.reject(new Error(t('rolesMissing'))),
  };
  return (
    <Form.Item name="roles" label={t('roles')} rules={[oneAtLeast]}>
      <Checkbox.Group className="role-choice">
        {roles.map((role) => (
          <Checkbox key={role} value={role}>
            {shell(`role_${role}`)}
            <span className="role-says">{t(`role_${role}_says`)}</span>
          </Checkbox>
        ))}
      </Checkbox.Group>
    </Form.Item>
  );
}

/** Whoever is not of the unit, and who stands guard, needs more on record. */
function EmploymentFields() {
  const s = useWords(standingWords);
  return (
    <>
      <Form.Item name="employer" label={s('employer')} extra={s('employerHint')}>
        <Input maxLength={80} autoComplete="off" />
      </Form.Item>
      <Form.Item name="guard" valuePropName="checked" extra={s('guardHint')}>
        <Checkbox>{s('guard')}</Checkbox>
      </Form.Item>
    </>
  );
}

function DisplayNameField() {
  const t = useWords(peopleWords);
  const shell = useWords(shellWords);
  return (
    <Form.Item
      name="displayName"
      label={t('displayName')}
      extra={t('displayNameHint')}
      rules={[
        { required: true, whitespace: true, message: shell('required') },
        byShape(nameShape, shell('tooLong', { most: 80 })),
      ]}
    >
      <Input maxLength={80} autoComplete="off" />
    </Form.Item>
  );
}

function AddPerson({ close }: { close: () => void }) {
  const t = useWords(peopleWords);
  const setup = useWords(setupWords);
  const shell = useWords(shellWords);
  const tell = useTell();
  const [form] = Form.useForm<PersonFields>();
  const name: string = Form.useWatch('name', form) ?? '';
  const add = useChange(gate.addPerson, [gate.persons]);
  const submit = ({ name: given, displayName, roles: chosen, password = '', ...of }: PersonFields) =>
    add.mutate(
      {
        body: {
          ...{ name: given, displayName, roles: chosen, password },
          ...{ employer: of.employer?.trim() ?? '', guard: of.guard ?? false },
        },
      },
      {
        onSuccess: (person) => {
          tell.done(t('added', { name: person.displayName }));
          close();
        },
      },
    );
  return (
    <Drawer open size={520} onClose={close} title={t('addTitle')}>
      <Form form={form} layout="vertical" requiredMark={false} onFinish={submit} autoComplete="off">
        <Said error={add.error} />
        <DisplayNameField />
        <Form.Item
          name="name"
          label={t('name')}
          extra={setup('nameHint')}
          rules={[
            { required: true, whitespace: true, message: shell('required') },
            byShape(gate.signInName, setup('nameBad')),
          ]}
        >
          <Input maxLength={64} autoComplete="off" autoCapitalize="none" spellCheck={false} />
        </Form.Item>
        <RolesField />
        <EmploymentFields />
        <NewPassword label={t('password')} field="password" personName={name} offers />
        <div className="form-ends">
          <Button type="primary" htmlType="submit" loading={add.isPending}>
            {t('add')}
          </Button>
          <Button onClick={close}>{shell('cancel')}</Button>
        </div>
      </Form>
    </Drawer>
  );
}

function EditPerson({ person, close }: { person: Person; close: () => void }) {
  const t = useWords(peopleWords);
  const shell = useWords(shellWords);
  const tell = useTell();
  const mayReadLedger = useMay()('ledger.read');
  const [asks, setAsks] = useState(false);
  const save = useChange(gate.changePerson, [gate.persons, gate.session]);
  const change = (body: z.input<NonNullable<typeof gate.changePerson.body>>, sentence: string) =>
    save.mutate(
      { params: { id: person.id }, body },
      {
        onSuccess: () => {
          tell.done(sentence);
          close();
        },
      },
    );
  const submit = ({ displayName, roles: chosen, password, employer = '', guard = false }: PersonFields) => {
    const sameRoles =
      chosen.length === person.roles.length && chosen.every((each) => person.roles.includes(each));
    const body = {
      ...(displayName.trim() === person.displayName ? {} : { displayName }),
      ...(sameRoles ? {} : { roles: chosen }),
      ...(password ? { password } : {}),
      ...(employer.trim() === person.employer ? {} : { employer }),
      ...(guard === person.guard ? {} : { guard }),
    };
    change(body, t('saved'));
  };
  return (
    <Drawer open size={520} onClose={close} title={t('editTitle', { name: person.displayName })}>
      <Form
        layout="vertical"
        requiredMark={false}
        onFinish={submit}
        initialValues={{
          ...{ displayName: person.displayName, roles: person.roles },
          ...{ employer: person.employer, guard: person.guard },
        }}
        autoComplete="off"
      >
        <Said error={save.error} />
        <DisplayNameField />
        <RolesField />
        <EmploymentFields />
        <NewPassword
          label={`${t('newPassword')} · ${t('newPasswordHint')}`}
          field="password"
          personName={person.name}
          offers
          optional
        />
        <p className="soft">{t('endsSessions')}</p>
        <div className="form-ends">
          <Button type="primary" htmlType="submit" loading={save.isPending}>
            {shell('save')}
          </Button>
          <span className="form-ends-gap" />
          {person.active ? (
            <Button onClick={() => setAsks(true)}>{t('deactivate')}</Button>
          ) : (
            <Button onClick={() => change({ active: true }, t('activated', { name: person.displayName }))}>
              {t('activate')}
            </Button>
          )}
        </div>
      </Form>
      {mayReadLedger && (
        <p className="form-aside">
          <Link to="/ledger" search={{ subject: person.id }}>
            {t('showLedger')}
          </Link>
        </p>
      )}
      <Modal
        open={asks}
        title={t('deactivateTitle', { name: person.displayName })}
        okText={t('deactivate')}
        cancelText={shell('cancel')}
        onCancel={() => setAsks(false)}
        onOk={() => change({ active: false }, t('deactivated', { name: person.displayName }))}
      >
        {t('deactivateSays', { name: person.displayName })}
      </Modal>
    </Drawer>
  );
}
