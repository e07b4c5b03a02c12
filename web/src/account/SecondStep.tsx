/** The second step of signing in, and the way back in by a recovery code. */
import { Button, Form, Input } from 'antd';
import { useState } from 'react';
import type { z } from 'zod';
import { account } from '../../../src/contract/index.ts';
import { useChange } from '../api.ts';
import { NewPassword, PasswordAgain } from '../shell/passwords.tsx';
import { Said } from '../shell/states.tsx';
import { useWords } from '../useWords.ts';
import { accountWords } from '../words/account.ts';
import { loginWords } from '../words/entry.ts';
import { shellWords } from '../words/shell.ts';
import { answerByPasskey } from './passkey.ts';

export type AskedSecond = z.output<typeof account.askSecond.reply>;
export type SecondAnswer = string | NonNullable<Awaited<ReturnType<typeof answerByPasskey>>>;

export function SecondStep({
  asked,
  isPending,
  waits,
  answer,
  back,
}: {
  asked: AskedSecond;
  isPending: boolean;
  waits: boolean;
  answer: (second: SecondAnswer) => void;
  back: () => void;
}) {
  const t = useWords(accountWords);
  const login = useWords(loginWords);
  const shell = useWords(shellWords);
  const [isAsking, setAsking] = useState(false);
  const { passkey } = asked;
  const byPasskey = async () => {
    if (!passkey) return;
    setAsking(true);
    const second = await answerByPasskey(passkey);
    setAsking(false);
    if (second) answer(second);
  };
  return (
    <>
      <p>{t(asked.totp ? 'stepSays' : 'stepPasskeySays')}</p>
      {passkey && (
        <p>
          <Button block size="large" loading={isAsking} disabled={waits} onClick={() => void byPasskey()}>
            {t('byPasskey')}
          </Button>
        </p>
      )}
      <Form<{ code: string }>
        layout="vertical"
        requiredMark={false}
        onFinish={({ code }) => answer(code.trim())}
      >
        <Form.Item
          name="code"
          label={t('stepCode')}
          rules={[{ required: true, whitespace: true, message: shell('required') }]}
        >
          <Input autoFocus size="large" autoComplete="one-time-code" maxLength={40} spellCheck={false} />
        </Form.Item>
        <Button type="primary" htmlType="submit" block size="large" loading={isPending} disabled={waits}>
          {login('signIn')}
        </Button>
      </Form>
      <p className="form-aside">
        <Button type="link" onClick={back}>
          {t('other')}
        </Button>
      </p>
    </>
  );
}

interface RecoverFields {
  name: string;
  code: string;
  password: string;
}

export function Recover({ done, back }: { done: () => void; back: () => void }) {
  const t = useWords(accountWords);
  const login = useWords(loginWords);
  const shell = useWords(shellWords);
  const [form] = Form.useForm<RecoverFields>();
  const name: string = Form.useWatch('name', form) ?? '';
  const recover = useChange(account.recover);
  const needed = [{ required: true, whitespace: true, message: shell('required') }];
  const submit = ({ name: given, code, password }: RecoverFields) =>
    recover.mutate({ body: { name: given, code, password } }, { onSuccess: done });
  return (
    <>
      <h1>{t('recoverTitle')}</h1>
      <p>{t('recoverSays')}</p>
      <Said error={recover.error} />
      <Form<RecoverFields> form={form} layout="vertical" requiredMark={false} onFinish={submit}>
        <Form.Item name="name" label={login('name')} rules={needed}>
          <Input autoComplete="username" maxLength={64} autoCapitalize="none" spellCheck={false} />
        </Form.Item>
        <Form.Item name="code" label={t('recoverCode')} rules={needed}>
          <Input className="mono" autoComplete="off" maxLength={40} spellCheck={false} />
        </Form.Item>
        <NewPassword label={login('password')} field="password" personName={name} />
        <PasswordAgain of="password" />
        <Button type="primary" htmlType="submit" block size="large" loading={recover.isPending}>
          {t('recover')}
        </Button>
      </Form>
      <p className="form-aside">
        <Button type="link" onClick={back}>
          {t('toLogin')}
        </Button>
      </p>
    </>
  );
}
