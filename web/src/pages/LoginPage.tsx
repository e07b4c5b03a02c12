/** Signs in, and leads back to where the person was going. */
import { useQueryClient } from '@tanstack/react-query';
import { Navigate, useNavigate } from '@tanstack/react-router';
import { Button, Form, Input } from 'antd';
import { type KeyboardEvent, useEffect, useState } from 'react';
import { z } from 'zod';
import { account, gate } from '../../../src/contract/index.ts';
import { Recover, type SecondAnswer, SecondStep } from '../account/SecondStep.tsx';
import { Problem, useCall, useChange } from '../api.ts';
import { sessionKey } from '../session.ts';
import { Entrance } from '../shell/Entrance.tsx';
import { Notice, Said } from '../shell/states.tsx';
import { useUrlState } from '../urlState.ts';
import { useWords } from '../useWords.ts';
import { accountWords } from '../words/account.ts';
import { loginWords } from '../words/entry.ts';

const address = z.object({ next: z.string().max(2000).optional().catch(undefined) });

/** Only a path of this console: a link must not use our login to lead elsewhere. */
export function pathOrStart(next: string | undefined): string {
  if (!next?.startsWith('/') || /^\/[/\\]/.test(next) || next.startsWith('/login')) return '/';
  return next;
}

export function LoginPage() {
  const t = useWords(loginWords);
  const own = useWords(accountWords);
  const [{ next }] = useUrlState(address);
  const client = useQueryClient();
  const navigate = useNavigate();
  const state = useCall(gate.setupState, {});
  const signIn = useChange(gate.signIn);
  const wait = useCountdown(signIn.error);
  const [capsLock, setCapsLock] = useState(false);
  const watchCapsLock = (event: KeyboardEvent) => setCapsLock(event.getModifierState('CapsLock'));
  const ask = useChange(account.askSecond);
  const [typed, setTyped] = useState<{ name: string; password: string } | null>(null);
  const [recovers, setRecovers] = useState<'no' | 'yes' | 'done'>('no');
  const submit = (first: { name: string; password: string }, second?: SecondAnswer) => {
    setTyped(first);
    signIn.mutate(
      { body: { ...first, ...(second === undefined ? {} : { second }) } },
      {
        onError: (error) => {
          // A challenge is good for one answer: a wrong one needs a new one.
          if (error.code.startsWith('second.')) ask.mutate({ body: first });
        },
        onSuccess: ({ me }) => {
          client.clear();
          client.setQueryData(sessionKey, me);
          void navigate({ href: pathOrStart(next), replace: true });
        },
      },
    );
  };
  const back = () => {
    ask.reset();
    signIn.reset();
  };
  const isAsked = signIn.error?.code === 'second.needed';
  if (recovers === 'yes')
    return (
      <Entrance title={t('title')}>
        <Recover done={() => setRecovers('done')} back={() => setRecovers('no')} />
      </Entrance>
    );
  if (state.data?.needed) return <Navigate to="/setup" />;
  return (
    <Entrance title={t('title')}>
      <h1>{t('title')}</h1>
      {recovers === 'done' && <Notice tone="ok">{own('recovered')}</Notice>}
      {signIn.error && wait === 0 && !isThrottled(signIn.error) && !isAsked && <Said error={signIn.error} />}
      {wait > 0 && <Notice>{t('wait', { count: wait })}</Notice>}
      {wait === 0 && isThrottled(signIn.error) && <Notice tone="info">{t('waitOver')}</Notice>}
      {ask.data && typed && (
        <SecondStep
          asked={ask.data}
          isPending={signIn.isPending}
          waits={wait > 0}
          answer={(second) => submit(typed, second)}
          back={back}
        />
      )}
      {!ask.data && (
        <>
          <Form
            layout="vertical"
            requiredMark={false}
            onFinish={(first: { name: string; password: string }) => submit(first)}
            onKeyUp={watchCapsLock}
            onKeyDown={watchCapsLock}
          >
            <Form.Item
              name="name"
              label={t('name')}
              rules={[{ required: true, whitespace: true, message: t('nameMissing') }]}
            >
              <Input
                autoFocus
                autoComplete="username"
                maxLength={64}
                autoCapitalize="none"
                spellCheck={false}
                size="large"
              />
            </Form.Item>
            <Form.Item
              name="password"
              label={t('password')}
              rules={[{ required: true, message: t('passwordMissing') }]}
            >
              <Input.Password autoComplete="current-password" maxLength={256} size="large" />
            </Form.Item>
            <p className="caps-lock" aria-live="polite">
              {capsLock && t('capsLock')}
            </p>
            <Button
              type="primary"
              htmlType="submit"
              block
              size="large"
              loading={signIn.isPending}
              disabled={wait > 0}
            >
              {t('signIn')}
            </Button>
          </Form>
          <p className="form-aside">
            <Button type="link" onClick={() => setRecovers('yes')}>
              {own('lost')}
            </Button>
          </p>
        </>
      )}
      <p className="soft entrance-note">{t('watched')}</p>
    </Entrance>
  );
}

function isThrottled(error: unknown): boolean {
  return (
    error instanceof Problem && (error.code === 'session.throttled' || error.code === 'request.too-many')
  );
}

/** Seconds left until the server takes another try; 0 when it does now. */
function useCountdown(error: unknown): number {
  const [endsAtMs, setEndsAtMs] = useState(0);
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    if (!isThrottled(error)) return;
    setNowMs(Date.now());
    setEndsAtMs(Date.now() + Number((error as Problem).values.seconds ?? 1) * 1000);
  }, [error]);
  const isOver = nowMs >= endsAtMs;
  useEffect(() => {
    if (isOver) return;
    const timer = setInterval(() => setNowMs(Date.now()), 250);
    return () => clearInterval(timer);
  }, [isOver]);
  return isOver ? 0 : Math.ceil((endsAtMs - nowMs) / 1000);
}
