/** One's own account: roles, look, password, sessions. */
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Button, Form, Input, Modal } from 'antd';
import { useState } from 'react';
import type { z } from 'zod';
import { gate } from '../../../src/contract/index.ts';
import { SecondFactors } from '../account/SecondFactors.tsx';
import { Tokens } from '../account/Tokens.tsx';
import { type ReplyOf, sayAction, useCall, useChange } from '../api.ts';
import { OwnStanding } from '../people/Standing.tsx';
import { useMe } from '../session.ts';
import { LanguageSwitch, ThemeSwitch, useTell } from '../shell/controls.tsx';
import { Page } from '../shell/Page.tsx';
import { NewPassword, PasswordAgain } from '../shell/passwords.tsx';
import { Loaded, Said } from '../shell/states.tsx';
import { Time } from '../shell/Time.tsx';
import { useWords } from '../useWords.ts';
import { accountWords } from '../words/account.ts';
import { meWords, peopleWords } from '../words/office.ts';
import { standingWords } from '../words/people.ts';
import { shellWords } from '../words/shell.ts';
import '../people/people.css';

export function MePage() {
  const t = useWords(meWords);
  const standing = useWords(standingWords);
  const own = useWords(accountWords);
  const me = useMe();
  return (
    <Page title={t('title')}>
      <div className="panels">
        <section className="panel" aria-label={t('who')}>
          <h2>{me.displayName}</h2>
          <Who />
        </section>
        <section className="panel" aria-label={standing('title')}>
          <h2>{standing('title')}</h2>
          <OwnStanding />
        </section>
        <section className="panel" aria-label={t('look')}>
          <h2>{t('look')}</h2>
          <Look />
        </section>
        <section className="panel" aria-label={t('password')}>
          <h2>{t('password')}</h2>
          <Password />
        </section>
        <section className="panel" aria-label={own('second')}>
          <h2>{own('second')}</h2>
          <SecondFactors />
        </section>
        <section className="panel" aria-label={own('tokens')}>
          <h2>{own('tokens')}</h2>
          <Tokens />
        </section>
        <section className="panel" aria-label={t('sessions')}>
          <h2>{t('sessions')}</h2>
          <Sessions />
        </section>
      </div>
    </Page>
  );
}

function Who() {
  const t = useWords(meWords);
  const people = useWords(peopleWords);
  const shell = useWords(shellWords);
  const me = useMe();
  const actions = me.may.filter((each) => each !== 'self' && each !== 'open');
  return (
    <dl className="facts">
      <dt>{people('name')}</dt>
      <dd className="mono">{me.name}</dd>
      <dt>{t('unit')}</dt>
      <dd>{me.unit}</dd>
      <dt>{people('roles')}</dt>
      <dd>
        {me.roles.map((role) => (
          <span key={role} className="role-line">
            {shell(`role_${role}`)} <span className="soft">{people(`role_${role}_says`)}</span>
          </span>
        ))}
      </dd>
      <dt>{t('may')}</dt>
      <dd>
        <ul className="tags">
          {actions.map((each) => (
            <li key={each} className="tag">
              {sayAction(each)}
            </li>
          ))}
        </ul>
      </dd>
    </dl>
  );
}

function Look() {
  const shell = useWords(shellWords);
  return (
    <dl className="facts">
      <dt>{shell('language')}</dt>
      <dd>
        <LanguageSwitch />
      </dd>
      <dt>{shell('theme')}</dt>
      <dd>
        <ThemeSwitch />
        <span className="cell-says">
          {shell('themeAuto')}: {shell('themeAutoSays')}
        </span>
      </dd>
    </dl>
  );
}

interface Fields {
  present: string;
  next: string;
}

function Password() {
  const t = useWords(meWords);
  const shell = useWords(shellWords);
  const me = useMe();
  const tell = useTell();
  const [form] = Form.useForm<Fields>();
  const change = useChange(gate.changePassword, [gate.sessions]);
  const submit = ({ present, next }: Fields) =>
    change.mutate(
      { body: { present, next } },
      {
        onSuccess: () => {
          form.resetFields();
          tell.done(t('changed'));
        },
      },
    );
  return (
    <Form form={form} layout="vertical" requiredMark={false} className="form-short" onFinish={submit}>
      <p className="soft form-says">{t('passwordSays')}</p>
      <Said error={change.error} />
      {/* For the browser's own store of passwords. */}
      <input type="text" name="username" autoComplete="username" value={me.name} readOnly hidden />
      <Form.Item name="present" label={t('present')} rules={[{ required: true, message: shell('required') }]}>
        <Input.Password autoComplete="current-password" maxLength={256} />
      </Form.Item>
      <NewPassword label={t('next')} field="next" personName={me.name} />
      <PasswordAgain of="next" />
      <Button type="primary" htmlType="submit" loading={change.isPending}>
        {t('change')}
      </Button>
    </Form>
  );
}

type Session = z.output<typeof gate.sessions.reply>['items'][number];

function Sessions() {
  const t = useWords(meWords);
  const shell = useWords(shellWords);
  const found = useCall(gate.sessions, {}, { staleTime: 0 });
  const client = useQueryClient();
  const navigate = useNavigate();
  const [asks, setAsks] = useState(false);
  const end = useChange(gate.signOutEverywhere);
  const everywhere = () =>
    end.mutate(
      {},
      {
        onSuccess: () => {
          void navigate({ to: '/login' }).then(() => client.clear());
        },
      },
    );
  return (
    <>
      <p className="soft form-says">{t('sessionsSay')}</p>
      <Loaded of={found} rows={2}>
        {(reply: ReplyOf<typeof gate.sessions>) => (
          <ul className="sessions">
            {reply.items.map((each) => (
              <OneSession key={each.id} session={each} />
            ))}
          </ul>
        )}
      </Loaded>
      <Button onClick={() => setAsks(true)}>{t('everywhere')}</Button>
      <Modal
        open={asks}
        title={t('everywhere')}
        okText={t('everywhere')}
        cancelText={shell('cancel')}
        confirmLoading={end.isPending}
        onCancel={() => setAsks(false)}
        onOk={everywhere}
      >
        <Said error={end.error} />
        {t('everywhereSays')}
      </Modal>
    </>
  );
}

/** `Chrome on Linux` out of a browser's long name for itself; the whole stands in the title. */
function deviceOf(agent: string): string {
  const browser = /(Edg|Firefox|Chrome|Safari)[/ ]?(\d+)?/.exec(agent.replace('HeadlessChrome', 'Chrome'));
  const on = /(Windows|Mac OS X|Android|iPhone|iPad|Linux)/.exec(agent)?.[1];
  const name = browser?.[1] === 'Edg' ? 'Edge' : browser?.[1];
  return [name ?? agent.slice(0, 40), on].filter(Boolean).join(' · ');
}

function OneSession({ session }: { session: Session }) {
  const t = useWords(meWords);
  return (
    <li>
      <p>
        <strong title={session.agent}>{deviceOf(session.agent)}</strong>{' '}
        <span className="soft">{t(`kind_${session.kind}`)}</span>{' '}
        {session.current && <span className="tag">{t('thisOne')}</span>}
      </p>
      <p className="soft">
        {t('from')} <span className="mono">{session.from}</span> · {t('since')} <Time at={session.since} /> ·{' '}
        {t('lastSeen')} <Time at={session.lastSeen} /> · {t('expires')} <Time at={session.expires} />
      </p>
    </li>
  );
}
