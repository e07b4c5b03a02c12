/** One's own tokens for programs: made with a scope and an end, shown once, ended. */
import { Button, Checkbox, Form, Input, Modal } from 'antd';
import { useState } from 'react';
import { account } from '../../../src/contract/index.ts';
import { type ArgsOf, sayAction, useCall, useChange } from '../api.ts';
import { useMe } from '../session.ts';
import { useTell, useWhyNot, WhyButton } from '../shell/controls.tsx';
import { FormDialog } from '../shell/FormDialog.tsx';
import { Loaded } from '../shell/states.tsx';
import { Time } from '../shell/Time.tsx';
import { timeParts } from '../time.ts';
import { useWords } from '../useWords.ts';
import { accountWords } from '../words/account.ts';
import { shellWords } from '../words/shell.ts';

export function Tokens() {
  const t = useWords(accountWords);
  const tell = useTell();
  const why = useWhyNot()('account.token');
  const found = useCall(account.tokens, {}, { staleTime: 0 });
  const end = useChange(account.endSession, [account.tokens]);
  const [makes, setMakes] = useState(false);
  const [made, setMade] = useState<string | null>(null);
  const endOne = (id: string) =>
    end.mutate(
      { params: { id }, body: {} },
      { onSuccess: () => tell.done(t('tokenEnded')), onError: tell.failed },
    );
  return (
    <>
      <p className="soft form-says">{t('tokensSay')}</p>
      <Loaded of={found} rows={2}>
        {({ items }) => (
          <ul className="sessions">
            {items.length === 0 && <li className="soft">{t('noTokens')}</li>}
            {items.map(({ id, name, scope, expires }) => (
              <li key={id}>
                <p>
                  <strong>{name}</strong>{' '}
                  <span className="soft">
                    {t('until')} <Time at={expires} />
                  </span>
                </p>
                <ul className="tags">
                  {scope.map((each) => (
                    <li key={each} className="tag">
                      {sayAction(each)}
                    </li>
                  ))}
                </ul>
                <Button size="small" aria-label={t('endTokenOne', { name })} onClick={() => endOne(id)}>
                  {t('endToken')}
                </Button>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      <WhyButton why={why} onClick={() => setMakes(true)}>
        {t('makeToken')}
      </WhyButton>
      {makes && (
        <MakeToken
          close={() => setMakes(false)}
          done={(token) => {
            setMakes(false);
            setMade(token);
          }}
        />
      )}
      <Modal
        open={made !== null}
        title={t('tokenMade')}
        onCancel={() => setMade(null)}
        footer={
          <Button type="primary" onClick={() => setMade(null)}>
            {t('kept')}
          </Button>
        }
      >
        <p>{t('tokenSays')}</p>
        <p className="mono token-shown">{made}</p>
      </Modal>
    </>
  );
}

interface Fields {
  name: string;
  scope: ArgsOf<typeof account.makeToken>['body']['scope'];
  ends: string;
  password: string;
}

const dayMs = 86_400_000;

function MakeToken({ close, done }: { close: () => void; done: (token: string) => void }) {
  const t = useWords(accountWords);
  const shell = useWords(shellWords);
  const me = useMe();
  const [form] = Form.useForm<Fields>();
  const make = useChange(account.makeToken, [account.tokens]);
  const offered = me.may.filter((each) => !['open', 'self'].includes(each) && !each.startsWith('account.'));
  const submit = ({ name, scope, ends, password }: Fields) =>
    make.mutate(
      { body: { name, scope, password, expires: new Date(`${ends}T23:59:59`).toISOString() } },
      { onSuccess: ({ token }) => done(token) },
    );
  const needed = [{ required: true, whitespace: true, message: shell('required') }];
  const oneAtLeast = {
    validator: (_: unknown, chosen: string[] | undefined) =>
      chosen?.length ? Promise.resolve() : Promise.reject(new Error(t('scopeMissing'))),
  };
  return (
    <FormDialog<Fields>
      title={t('makeToken')}
      doIt={t('makeToken')}
      form={form}
      initialValues={{ ends: timeParts(Date.now() + 90 * dayMs).date }}
      saving={make}
      submit={submit}
      close={close}
    >
      <Form.Item name="name" label={t('tokenName')} rules={needed}>
        <Input maxLength={80} autoComplete="off" autoFocus />
      </Form.Item>
      <Form.Item name="scope" label={t('scope')} rules={[oneAtLeast]}>
        <Checkbox.Group
          className="scope-choice"
          options={offered.map((value) => ({ value, label: sayAction(value) }))}
        />
      </Form.Item>
      <Form.Item name="ends" label={t('ends')} rules={needed}>
        <Input type="date" />
      </Form.Item>
      <Form.Item name="password" label={t('password')} rules={needed}>
        <Input.Password autoComplete="current-password" maxLength={256} />
      </Form.Item>
    </FormDialog>
  );
}
