/** One's own second factors: an app by QR code, a passkey, and the codes on paper. */
import { Button, Form, Input, Modal, QRCode } from 'antd';
import { useState } from 'react';
import type { z } from 'zod';
import { account, gate } from '../../../src/contract/index.ts';
import { useCall, useChange } from '../api.ts';
import { useMe } from '../session.ts';
import { useTell, WhyButton } from '../shell/controls.tsx';
import { FormDialog } from '../shell/FormDialog.tsx';
import { Loaded, Notice } from '../shell/states.tsx';
import { Time } from '../shell/Time.tsx';
import { useWords } from '../useWords.ts';
import { accountWords } from '../words/account.ts';
import { shellWords } from '../words/shell.ts';
import { hasPasskeys, makePasskey } from './passkey.ts';

type Own = z.output<typeof account.factors.reply>;
type Doing = { what: 'app' | 'passkey' | 'codes' } | { what: 'end'; id: string; name: string };
const stale = [account.factors, gate.session];

export function SecondFactors() {
  const t = useWords(accountWords);
  const found = useCall(account.factors, {}, { staleTime: 0 });
  const [doing, setDoing] = useState<Doing | null>(null);
  const [codes, setCodes] = useState<readonly string[]>([]);
  const done = (made: readonly string[] = []) => {
    setDoing(null);
    setCodes(made);
  };
  return (
    <>
      <p className="soft form-says">{t('secondSays')}</p>
      <Loaded of={found} rows={2}>
        {(own) => (
          <>
            <Factors own={own} start={setDoing} />
            {doing?.what === 'app' && <AddApp done={done} />}
            {doing?.what === 'passkey' && <AddPasskey done={done} />}
            {doing?.what === 'codes' && <NewCodes done={done} />}
            {doing?.what === 'end' && <EndFactor id={doing.id} name={doing.name} done={done} />}
          </>
        )}
      </Loaded>
      {codes.length > 0 && <Paper codes={codes} close={() => setCodes([])} />}
    </>
  );
}

function Factors({ own, start }: { own: Own; start: (doing: Doing) => void }) {
  const t = useWords(accountWords);
  const { factors, recoveryCodesLeft, demanded, passkeysHere } = own;
  const whyNoPasskey = hasPasskeys() ? (passkeysHere ? null : t('noPasskeyHere')) : t('noPasskeyBrowser');
  return (
    <>
      {factors.length === 0 && (demanded ? <Notice>{t('demanded')}</Notice> : <p>{t('noFactor')}</p>)}
      <ul className="sessions">
        {factors.map(({ id, kind, name, created, lastUsed }) => (
          <li key={id}>
            <p>
              <strong>{name}</strong> <span className="soft">{t(`kind_${kind}`)}</span>
            </p>
            <p className="soft">
              {t('added')} <Time at={created} />
              {lastUsed && (
                <>
                  {' '}
                  · {t('used')} <Time at={lastUsed} />
                </>
              )}
            </p>
            <Button
              size="small"
              aria-label={t('takeOne', { name })}
              onClick={() => start({ what: 'end', id, name })}
            >
              {t('take')}
            </Button>
          </li>
        ))}
      </ul>
      {factors.length > 0 && <p className="soft">{t('codesLeft', { count: recoveryCodesLeft })}</p>}
      <div className="button-row">
        <Button onClick={() => start({ what: 'app' })}>{t('addApp')}</Button>
        <WhyButton why={whyNoPasskey} onClick={() => start({ what: 'passkey' })}>
          {t('addPasskey')}
        </WhyButton>
        {factors.length > 0 && <Button onClick={() => start({ what: 'codes' })}>{t('newCodes')}</Button>}
      </div>
    </>
  );
}

type Done = (codes?: readonly string[]) => void;

function PasswordItem() {
  const t = useWords(accountWords);
  const shell = useWords(shellWords);
  return (
    <Form.Item name="password" label={t('password')} rules={[{ required: true, message: shell('required') }]}>
      <Input.Password autoComplete="current-password" maxLength={256} autoFocus />
    </Form.Item>
  );
}

function NameItem() {
  const t = useWords(accountWords);
  const shell = useWords(shellWords);
  return (
    <Form.Item
      name="name"
      label={t('factorName')}
      extra={t('factorNameHint')}
      rules={[{ required: true, whitespace: true, message: shell('required') }]}
    >
      <Input maxLength={80} autoComplete="off" />
    </Form.Item>
  );
}

function AddApp({ done }: { done: Done }) {
  const t = useWords(accountWords);
  const [asks] = Form.useForm<{ password: string }>();
  const [shows] = Form.useForm<{ name: string; code: string }>();
  const begin = useChange(account.beginTotp);
  const confirm = useChange(account.confirmTotp, stale);
  if (!begin.data)
    return (
      <FormDialog
        key="asks"
        title={t('addApp')}
        doIt={t('confirm')}
        form={asks}
        saving={begin}
        submit={(body) => begin.mutate({ body })}
        close={() => done()}
      >
        <PasswordItem />
      </FormDialog>
    );
  const { secret, uri } = begin.data;
  return (
    <FormDialog
      // A form of its own: a mounted one keeps the fields it began with.
      key="shows"
      title={t('addApp')}
      says={t('scan')}
      doIt={t('confirm')}
      form={shows}
      saving={confirm}
      submit={(body) => confirm.mutate({ body }, { onSuccess: ({ recoveryCodes }) => done(recoveryCodes) })}
      close={() => done()}
    >
      {/* Who cannot see it types the key below. */}
      <div className="qr" aria-hidden="true">
        <QRCode value={uri} size={200} type="svg" color="#000" bgColor="#fff" bordered={false} />
      </div>
      <p>
        {t('key')}: <span className="mono totp-key">{secret.replace(/(.{4})/g, '$1 ').trim()}</span>
      </p>
      <NameItem />
      <Form.Item
        name="code"
        label={t('code')}
        rules={[{ required: true, pattern: /^\s*\d{3}\s?\d{3}\s*$/, message: t('codeBad') }]}
      >
        <Input inputMode="numeric" autoComplete="one-time-code" maxLength={8} />
      </Form.Item>
    </FormDialog>
  );
}

function AddPasskey({ done }: { done: Done }) {
  const t = useWords(accountWords);
  const me = useMe();
  const tell = useTell();
  const [form] = Form.useForm<{ password: string; name: string }>();
  const begin = useChange(account.beginPasskey);
  const confirm = useChange(account.confirmPasskey, stale);
  const [isAsking, setAsking] = useState(false);
  const submit = async ({ password, name }: { password: string; name: string }) => {
    const asked = await begin.mutateAsync({ body: { password } });
    setAsking(true);
    const made = await makePasskey({ ...asked, name: me.name, displayName: me.displayName });
    setAsking(false);
    if (!made) return void tell.done(t('passkeyNot'));
    const { recoveryCodes } = await confirm.mutateAsync({ body: { name, ...made } });
    tell.done(t('done'));
    done(recoveryCodes);
  };
  const error = begin.error ?? confirm.error;
  return (
    <FormDialog
      title={t('addPasskey')}
      doIt={t('confirm')}
      form={form}
      saving={{ isPending: begin.isPending || isAsking || confirm.isPending, error }}
      // What went wrong is said above the form.
      submit={(fields) => void submit(fields).catch(() => setAsking(false))}
      close={() => done()}
    >
      <PasswordItem />
      <NameItem />
    </FormDialog>
  );
}

function NewCodes({ done }: { done: Done }) {
  const t = useWords(accountWords);
  const [form] = Form.useForm<{ password: string }>();
  const make = useChange(account.newRecoveryCodes, stale);
  return (
    <FormDialog
      title={t('newCodes')}
      says={t('newCodesSays')}
      doIt={t('newCodes')}
      form={form}
      saving={make}
      submit={(body) => make.mutate({ body }, { onSuccess: ({ recoveryCodes }) => done(recoveryCodes) })}
      close={() => done()}
    >
      <PasswordItem />
    </FormDialog>
  );
}

function EndFactor({ id, name, done }: { id: string; name: string; done: Done }) {
  const t = useWords(accountWords);
  const tell = useTell();
  const [form] = Form.useForm<{ password: string }>();
  const end = useChange(account.endFactor, stale);
  const submit = (body: { password: string }) =>
    end.mutate(
      { params: { id }, body },
      {
        onSuccess: () => {
          tell.done(t('taken'));
          done();
        },
      },
    );
  return (
    <FormDialog
      title={t('takeOne', { name })}
      doIt={t('take')}
      form={form}
      saving={end}
      submit={submit}
      close={() => done()}
    >
      <PasswordItem />
    </FormDialog>
  );
}

function Paper({ codes, close }: { codes: readonly string[]; close: () => void }) {
  const t = useWords(accountWords);
  return (
    <Modal
      open
      title={t('codes')}
      onCancel={close}
      footer={
        <Button type="primary" onClick={close}>
          {t('kept')}
        </Button>
      }
    >
      <p>{t('codesSay')}</p>
      <ul className="paper-codes mono">
        {codes.map((each) => (
          <li key={each}>{each}</li>
        ))}
      </ul>
    </Modal>
  );
}
