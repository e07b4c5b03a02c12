/** The units that file here, with their keys and their delegates; and the key by which this desk's answers are known. */
import { Button, Form, Input } from 'antd';
import { useState } from 'react';
import { desk } from '../../../src/contract/index.ts';
import { useChange } from '../api.ts';
import { FormDialog } from '../shell/FormDialog.tsx';
import { Empty } from '../shell/states.tsx';
import { useWords } from '../useWords.ts';
import { deskWords } from '../words/filing.ts';
import type { Desk } from './DeskPage.tsx';

type Unit = Desk['units'][number];

export function DeskUnits({ all }: { all: Desk }) {
  const t = useWords(deskWords);
  const [dialog, setDialog] = useState<'unit' | Unit | null>(null);
  return (
    <>
      <div className="tools">
        <Button onClick={() => setDialog('unit')}>{t('addUnit')}</Button>
      </div>
      {all.units.length === 0 && <Empty title={t('noUnits')}>{t('noUnitsSays')}</Empty>}
      {all.units.map((unit) => (
        <section key={unit.id} className="panel" aria-label={unit.name}>
          <div className="filing-site-head">
            <h2>{unit.name}</h2>
            <span className="soft">{unit.creditCode}</span>
          </div>
          <p className="mono filing-key">{unit.key}</p>
          <p>
            {t('delegates')}: {unit.delegates.map(({ name }) => name).join(', ') || '—'}{' '}
            <Button
              size="small"
              onClick={() => setDialog(unit)}
              aria-label={`${t('addDelegate')}: ${unit.name}`}
            >
              {t('addDelegate')}
            </Button>
          </p>
        </section>
      ))}
      <section className="panel" aria-label={t('deskKey')}>
        <h2>{t('deskKey')}</h2>
        <p className="mono filing-key">{all.key}</p>
        <p className="soft">{t('deskKeySays')}</p>
      </section>
      {dialog === 'unit' && <UnitForm close={() => setDialog(null)} />}
      {dialog !== null && dialog !== 'unit' && <DelegateForm unit={dialog} close={() => setDialog(null)} />}
    </>
  );
}

interface Values {
  readonly name: string;
  readonly creditCode?: string;
  readonly key: string;
}

function UnitForm({ close }: { close: () => void }) {
  const t = useWords(deskWords);
  const [form] = Form.useForm<Values>();
  const save = useChange(desk.addUnit, [desk.desk]);
  const submit = (body: Values) => save.mutate({ body }, { onSuccess: close });
  const needed = [{ required: true, whitespace: true, message: t('required') }];
  return (
    <FormDialog<Values> title={t('addUnit')} form={form} saving={save} submit={submit} close={close}>
      <Form.Item name="name" label={t('name')} rules={needed}>
        <Input maxLength={80} />
      </Form.Item>
      <Form.Item name="creditCode" label={t('creditCode')}>
        <Input maxLength={40} />
      </Form.Item>
      <Form.Item name="key" label={t('key')} rules={needed}>
        <Input.TextArea rows={3} maxLength={300} />
      </Form.Item>
    </FormDialog>
  );
}

function DelegateForm({ unit, close }: { unit: Unit; close: () => void }) {
  const t = useWords(deskWords);
  const [form] = Form.useForm<{ person: string }>();
  const save = useChange(desk.addDelegate, [desk.desk]);
  const submit = (body: { person: string }) =>
    save.mutate({ params: { id: unit.id }, body }, { onSuccess: close });
  return (
    <FormDialog<{ person: string }>
      title={`${t('addDelegate')}: ${unit.name}`}
      form={form}
      saving={save}
      submit={submit}
      close={close}
    >
      <Form.Item
        name="person"
        label={t('delegateName')}
        rules={[{ required: true, whitespace: true, message: t('required') }]}
      >
        <Input maxLength={64} />
      </Form.Item>
    </FormDialog>
  );
}
