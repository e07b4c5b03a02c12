/** Who is told when storage is in trouble: addresses, a test, and how the last messages went. */
import { Button, Form, Input } from 'antd';
import { useState } from 'react';
import type { z } from 'zod';
import { storage } from '../../../src/contract/index.ts';
import { useCall, useChange } from '../api.ts';
import { useTell } from '../shell/controls.tsx';
import { Loaded, Notice, Said } from '../shell/states.tsx';
import { Time } from '../shell/Time.tsx';
import { useWords } from '../useWords.ts';
import { shellWords } from '../words/shell.ts';
import { storageWords } from '../words/storage.ts';

type Hook = z.output<typeof storage.webhook>;
type Delivery = z.output<typeof storage.delivery>;

const refreshMs = 5_000;
const again = [storage.webhooks, storage.deliveries];

export function WebhookPanel() {
  const t = useWords(storageWords);
  const hooks = useCall(storage.webhooks, {}, { refetchInterval: refreshMs });
  return (
    <section className="panel" aria-label={t('hooks')}>
      <h2>{t('hooks')}</h2>
      <p className="page-says storage-says">{t('hooksSay')}</p>
      <Loaded of={hooks} rows={2}>
        {({ items }) => (
          <>
            {items.length === 0 && <p className="soft">{t('noHooks')}</p>}
            {items.map((each) => (
              <OneHook key={each.id} hook={each} />
            ))}
          </>
        )}
      </Loaded>
      <AddHook />
      <Deliveries />
    </section>
  );
}

function AddHook() {
  const t = useWords(storageWords);
  const shell = useWords(shellWords);
  const [form] = Form.useForm<{ url: string }>();
  const [secret, setSecret] = useState<string | null>(null);
  const add = useChange(storage.addWebhook, again);
  const submit = ({ url }: { url: string }) =>
    add.mutate(
      { body: { url } },
      {
        onSuccess: (reply) => {
          setSecret(reply.secret);
          form.resetFields();
        },
      },
    );
  return (
    <>
      {secret && (
        <Notice tone="info">
          <p>{t('hookSecret')}</p>
          <p className="mono hook-secret">{secret}</p>
          <p className="soft">{t('hookSecretHow')}</p>
          <Button size="small" onClick={() => setSecret(null)}>
            {shell('close')}
          </Button>
        </Notice>
      )}
      <Said error={add.error} />
      <Form form={form} layout="inline" className="hook-add" onFinish={submit} requiredMark={false}>
        <Form.Item name="url" label={t('hookUrl')} rules={[{ required: true, message: shell('required') }]}>
          <Input
            className="mono"
            maxLength={1000}
            placeholder={t('hookUrlHint')}
            inputMode="url"
            spellCheck={false}
          />
        </Form.Item>
        <Button htmlType="submit" loading={add.isPending}>
          {t('hookAdd')}
        </Button>
      </Form>
    </>
  );
}

function OneHook({ hook }: { hook: Hook }) {
  const t = useWords(storageWords);
  const tell = useTell();
  const test = useChange(storage.testWebhook, again);
  const remove = useChange(storage.removeWebhook, again);
  const whyOf = useWhy();
  const [tried, setTried] = useState<Delivery | null>(null);
  const params = { id: hook.id };
  return (
    <div className="hook">
      <p className="volume-head">
        <span>
          <span className="mono">{hook.url}</span>{' '}
          <span className="soft">{t(`hookReach_${hook.reaches}`)}</span>
          {hook.waiting > 0 && (
            <span className="text-warn"> {t('hookWaiting', { count: hook.waiting })}</span>
          )}
        </span>
        <span className="volume-tags">
          <Button
            size="small"
            loading={test.isPending}
            onClick={() => test.mutate({ params, body: {} }, { onSuccess: setTried, onError: tell.failed })}
          >
            {t('hookTest')}
          </Button>
          <Button
            size="small"
            loading={remove.isPending}
            onClick={() => remove.mutate({ params, body: {} }, { onError: tell.failed })}
          >
            {t('hookRemove')}
          </Button>
        </span>
      </p>
      {tried && (
        <Notice tone={tried.state === 'delivered' ? 'ok' : 'warn'}>
          {tried.state === 'delivered' ? t('hookTested') : t('hookNotTested', { why: whyOf(tried) })}
        </Notice>
      )}
    </div>
  );
}

function useWhy(): (delivery: Delivery) => string {
  const t = useWords(storageWords);
  return ({ problem, status }) =>
    problem === null ? '' : t(`problem_${problem}`, { status: status ?? '—' });
}

function Deliveries() {
  const t = useWords(storageWords);
  const whyOf = useWhy();
  const found = useCall(storage.deliveries, {}, { refetchInterval: refreshMs });
  const items = found.data?.items ?? [];
  if (items.length === 0) return null;
  const kindOf = (kind: string) => {
    const key = `kind_${kind}` as 'kind_test';
    return key in storageWords.en ? t(key) : kind;
  };
  return (
    <>
      <h3 className="hook-deliveries">{t('deliveries')}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section className="scrolls" tabIndex={0} aria-label={t('deliveries')}>
        <table className="plain">
          <thead>
            <tr>
              {[t('made'), t('delivery'), t('state'), t('tries'), t('problem')].map((each) => (
                <th key={each} scope="col">
                  {each}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {items.map((each) => (
              <tr key={each.id}>
                <td>
                  <Time at={each.made} />
                </td>
                <td>{kindOf(each.kind)}</td>
                <td>
                  <span className={each.state === 'given-up' ? 'text-loss' : undefined}>
                    {t(`state_${each.state}`)}
                  </span>
                </td>
                <td className="number">{each.tries}</td>
                <td>{whyOf(each)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}
