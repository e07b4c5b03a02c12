/** Of whom a second factor is demanded; and the ways back in that wait for a second administrator. */
import { Button, Checkbox, Form, Input, Modal } from 'antd';
import { useState } from 'react';
import { account, type Role, roles } from '../../../src/contract/index.ts';
import { useCall, useChange } from '../api.ts';
import { useMe } from '../session.ts';
import { useTell, useWhyNot, WhyButton } from '../shell/controls.tsx';
import { FormDialog } from '../shell/FormDialog.tsx';
import { Notice } from '../shell/states.tsx';
import { useWords } from '../useWords.ts';
import { accountWords } from '../words/account.ts';
import { shellWords } from '../words/shell.ts';

export function SecondRuleButton() {
  const t = useWords(accountWords);
  const why = useWhyNot()('unit.configure');
  const found = useCall(account.secondFactorRule, {});
  const [opens, setOpens] = useState(false);
  return (
    <>
      <WhyButton why={why} onClick={() => setOpens(true)}>
        {t('rule')}
      </WhyButton>
      {opens && found.data && <RuleDialog rule={found.data} close={() => setOpens(false)} />}
    </>
  );
}

interface Fields {
  roles: Role[];
  inside: string;
}

function RuleDialog({ rule, close }: { rule: { roles: Role[]; inside: string[] }; close: () => void }) {
  const t = useWords(accountWords);
  const shell = useWords(shellWords);
  const tell = useTell();
  const [form] = Form.useForm<Fields>();
  const save = useChange(account.setSecondFactorRule, [account.secondFactorRule]);
  const submit = ({ roles: chosen, inside }: Fields) =>
    save.mutate(
      { body: { roles: chosen, inside: inside.split(/[\s,]+/).filter(Boolean) } },
      {
        onSuccess: () => {
          tell.done(t('ruleSaved'));
          close();
        },
      },
    );
  return (
    <FormDialog<Fields>
      title={t('ruleTitle')}
      says={t('ruleSays')}
      form={form}
      initialValues={{ roles: rule.roles, inside: rule.inside.join('\n') }}
      saving={save}
      submit={submit}
      close={close}
    >
      <Form.Item name="roles" label={t('ruleRoles')}>
        <Checkbox.Group
          className="scope-choice"
          options={roles.map((value) => ({ value, label: shell(`role_${value}`) }))}
        />
      </Form.Item>
      <Form.Item name="inside" label={t('ruleInside')} extra={t('ruleInsideHint')}>
        <Input.TextArea rows={3} className="mono" spellCheck={false} />
      </Form.Item>
    </FormDialog>
  );
}

/** Approved by another administrator than asked; the code is shown to who approves, once. */
export function Recoveries() {
  const t = useWords(accountWords);
  const me = useMe();
  const tell = useTell();
  const why = useWhyNot()('person.configure');
  const found = useCall(account.recoveries, {});
  const approve = useChange(account.approveRecovery, [account.recoveries]);
  const [shown, setShown] = useState<{ name: string; code: string } | null>(null);
  const approveOne = (id: string, name: string) =>
    approve.mutate(
      { params: { id }, body: {} },
      { onSuccess: ({ code }) => setShown({ name, code }), onError: tell.failed },
    );
  return (
    <>
      {(found.data?.items ?? []).map(({ id, person, personId, reason, askedBy, askedById, approvedBy }) => (
        <Notice key={id} tone="info">
          {t('waiting', { by: askedBy, name: person, reason })}{' '}
          {approvedBy !== null && t('approved', { by: approvedBy })}
          {approvedBy === null && why === null && askedById !== me.id && personId !== me.id && (
            <Button
              size="small"
              aria-label={t('approveOne', { name: person })}
              onClick={() => approveOne(id, person)}
            >
              {t('approve')}
            </Button>
          )}
        </Notice>
      ))}
      <Modal
        open={shown !== null}
        title={t('recoverCode')}
        onCancel={() => setShown(null)}
        footer={
          <Button type="primary" onClick={() => setShown(null)}>
            {t('kept')}
          </Button>
        }
      >
        <p>{t('handOver', { name: shown?.name ?? '' })}</p>
        <p className="mono token-shown">{shown?.code}</p>
      </Modal>
    </>
  );
}
