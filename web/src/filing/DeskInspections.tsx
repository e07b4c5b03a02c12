/** Inspections: planned with two officers, and what they found. */
import { Button, Form, Input, InputNumber, Select } from 'antd';
import { useMemo, useState } from 'react';
import { desk } from '../../../src/contract/index.ts';
import { useChange } from '../api.ts';
import { FormDialog } from '../shell/FormDialog.tsx';
import { type Column, Register, type RegisterState } from '../shell/Register.tsx';
import { Empty } from '../shell/states.tsx';
import { useWords } from '../useWords.ts';
import { deskWords } from '../words/filing.ts';
import type { Desk } from './DeskPage.tsx';

type Inspection = Desk['inspections'][number];

export function DeskInspections({
  all,
  state,
  change,
}: {
  all: Desk;
  state: RegisterState;
  change: (next: RegisterState) => void;
}) {
  const t = useWords(deskWords);
  const [recorded, setRecorded] = useState<Inspection | null>(null);
  const columns = useColumns();
  if (all.inspections.length === 0) return <Empty title={t('noInspections')} />;
  return (
    <>
      <Register
        caption={t('tabInspections')}
        rows={all.inspections}
        columns={columns}
        keyOf={({ id }) => id}
        state={state}
        change={change}
        toneOf={(row) => (row.outcome === 'to-correct' ? 'warn' : undefined)}
        controls={(row) =>
          row.outcome === null && (
            <Button
              size="small"
              onClick={() => setRecorded(row)}
              aria-label={`${t('result')} ${row.placeName}`}
            >
              {t('result')}
            </Button>
          )
        }
      />
      {recorded && <ResultForm of={recorded} close={() => setRecorded(null)} />}
    </>
  );
}

function useColumns(): readonly Column<Inspection>[] {
  const t = useWords(deskWords);
  return useMemo((): Column<Inspection>[] => {
    const officers = (row: Inspection) =>
      row.officers.map(({ name, number }) => `${name} (${number})`).join(', ');
    const plain = (key: keyof Inspection & string, title: string): Column<Inspection> => ({
      ...{ key, title, value: (row) => String(row[key] ?? '') },
      cell: (row) => (row[key] === null ? <span className="soft">—</span> : String(row[key])),
    });
    return [
      { ...plain('placeName', t('place')), isHead: true },
      plain('unitName', t('unit')),
      plain('on', t('on')),
      { key: 'officers', title: t('officers'), value: officers, cell: officers },
      plain('purpose', t('purpose')),
      {
        ...plain('outcome', t('outcome')),
        cell: (row) => (row.outcome === null ? t('planned') : t(`outcome_${row.outcome}`)),
      },
      plain('foundCameras', t('found')),
      plain('findings', t('findings')),
      plain('correctBy', t('correctBy')),
    ];
  }, [t]);
}

interface Plan {
  readonly on: string;
  readonly purpose: string;
  readonly nameA: string;
  readonly numberA: string;
  readonly nameB: string;
  readonly numberB: string;
}

export function PlanForm({ place, close }: { place: { id: string; name: string }; close: () => void }) {
  const t = useWords(deskWords);
  const [form] = Form.useForm<Plan>();
  const save = useChange(desk.planInspection, [desk.desk]);
  const submit = ({ on, purpose, nameA, numberA, nameB, numberB }: Plan) => {
    const officers: [{ name: string; number: string }, { name: string; number: string }] = [
      { name: nameA, number: numberA },
      { name: nameB, number: numberB },
    ];
    save.mutate({ body: { placeId: place.id, on: on.trim(), purpose, officers } }, { onSuccess: close });
  };
  const field = (name: keyof Plan, label: string) => (
    <Form.Item
      name={name}
      label={label}
      rules={[{ required: true, whitespace: true, message: t('required') }]}
    >
      <Input maxLength={name === 'purpose' ? 2000 : 80} />
    </Form.Item>
  );
  return (
    <FormDialog<Plan>
      title={`${t('plan')}: ${place.name}`}
      says={t('planSays')}
      form={form}
      saving={save}
      submit={submit}
      close={close}
    >
      {field('on', t('on'))}
      {field('purpose', t('purpose'))}
      {field('nameA', t('officer', { n: 1 }))}
      {field('numberA', `${t('number')} 1`)}
      {field('nameB', t('officer', { n: 2 }))}
      {field('numberB', `${t('number')} 2`)}
    </FormDialog>
  );
}

interface Result {
  readonly heldOn: string;
  readonly foundCameras?: number | null;
  readonly findings: string;
  readonly outcome: 'in-order' | 'to-correct';
  readonly correctBy?: string;
}

function ResultForm({ of, close }: { of: Inspection; close: () => void }) {
  const t = useWords(deskWords);
  const [form] = Form.useForm<Result>();
  const outcome = Form.useWatch('outcome', form) ?? 'in-order';
  const save = useChange(desk.recordInspection, [desk.desk]);
  const submit = ({ heldOn, foundCameras, findings, correctBy }: Result) => {
    const body = {
      ...{ heldOn: heldOn.trim(), foundCameras: foundCameras ?? null, findings, outcome },
      correctBy: outcome === 'to-correct' ? (correctBy ?? '').trim() : null,
    };
    save.mutate({ params: { id: of.id }, body }, { onSuccess: close });
  };
  const needed = [{ required: true, message: t('required') }];
  const outcomes = (['in-order', 'to-correct'] as const).map((value) => ({
    value,
    label: t(`outcome_${value}`),
  }));
  return (
    <FormDialog<Result>
      title={`${t('result')}: ${of.placeName}`}
      form={form}
      saving={save}
      submit={submit}
      close={close}
      initialValues={{ heldOn: of.on, outcome: 'in-order' }}
    >
      <Form.Item name="heldOn" label={t('heldOn')} rules={needed}>
        <Input maxLength={20} />
      </Form.Item>
      <Form.Item name="foundCameras" label={t('foundCameras')}>
        <InputNumber min={0} max={100_000} />
      </Form.Item>
      <Form.Item name="findings" label={t('findings')} rules={needed}>
        <Input.TextArea rows={3} maxLength={4000} />
      </Form.Item>
      <Form.Item name="outcome" label={t('outcome')}>
        <Select options={outcomes} />
      </Form.Item>
      {outcome === 'to-correct' && (
        <Form.Item name="correctBy" label={t('correctBy')} rules={needed}>
          <Input maxLength={20} />
        </Form.Item>
      )}
    </FormDialog>
  );
}
