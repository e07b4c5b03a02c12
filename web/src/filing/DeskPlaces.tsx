/** Places of all units: who is late, and who has another number of cameras than was filed. */
import { Button, Form, Input, Select } from 'antd';
import { useMemo, useState } from 'react';
import { desk } from '../../../src/contract/index.ts';
import { placeClasses, profiles } from '../../../src/law/index.ts';
import { useChange } from '../api.ts';
import { FormDialog } from '../shell/FormDialog.tsx';
import { type Column, Register, type RegisterState } from '../shell/Register.tsx';
import { Empty } from '../shell/states.tsx';
import { useLanguage, useWords } from '../useWords.ts';
import { deskWords } from '../words/filing.ts';
import { PlanForm } from './DeskInspections.tsx';
import type { Desk } from './DeskPage.tsx';

type Place = Desk['places'][number];

export function DeskPlaces({
  all,
  state,
  change,
}: {
  all: Desk;
  state: RegisterState;
  change: (next: RegisterState) => void;
}) {
  const t = useWords(deskWords);
  const [adding, setAdding] = useState(false);
  const [planned, setPlanned] = useState<Place | null>(null);
  const columns = useColumns();
  return (
    <>
      <div className="tools">
        <Button onClick={() => setAdding(true)} disabled={all.units.length === 0}>
          {t('addPlace')}
        </Button>
      </div>
      {all.places.length === 0 ? (
        <Empty title={t('noPlaces')} />
      ) : (
        <Register
          caption={t('tabPlaces')}
          rows={all.places}
          columns={columns}
          keyOf={({ id }) => id}
          state={state}
          change={change}
          toneOf={(row) => (row.changedWithoutFiling || overdue(row) ? 'loss' : undefined)}
          controls={(row) => (
            <Button size="small" onClick={() => setPlanned(row)} aria-label={`${t('plan')} ${row.name}`}>
              {t('plan')}
            </Button>
          )}
        />
      )}
      {adding && <PlaceForm all={all} close={() => setAdding(false)} />}
      {planned && <PlanForm place={planned} close={() => setPlanned(null)} />}
    </>
  );
}

const overdue = ({ clocks }: Place) => clocks.find(({ state }) => state === 'overdue');

function useColumns(): readonly Column<Place>[] {
  const t = useWords(deskWords);
  return useMemo((): Column<Place>[] => {
    const stands = (row: Place): string => {
      const late = overdue(row);
      if (late) return t('overdue', { day: late.last ?? '' });
      if (row.changedWithoutFiling) return t('changed');
      const [due] = row.clocks;
      return due?.last ? t('dueBy', { day: due.last }) : t('inTime');
    };
    const number = (key: 'filedCameras' | 'foundCameras', title: string): Column<Place> => ({
      ...{ key, title, isNumber: true, value: (row) => row[key] },
      cell: (row) => row[key] ?? <span className="soft">—</span>,
    });
    return [
      { key: 'name', title: t('place'), isHead: true, value: (row) => row.name, cell: (row) => row.name },
      { key: 'unit', title: t('unit'), value: (row) => row.unitName, cell: (row) => row.unitName },
      {
        ...{ key: 'state', title: t('state'), value: (row: Place) => row.state },
        cell: (row) => <span className={`tag filing-${row.state}`}>{t(`state_${row.state}`)}</span>,
      },
      {
        ...{ key: 'due', title: t('due'), value: stands },
        cell: (row) => (
          <span className={overdue(row) || row.changedWithoutFiling ? 'text-loss' : undefined}>
            {stands(row)}
          </span>
        ),
      },
      number('filedCameras', t('filed')),
      number('foundCameras', t('found')),
    ];
  }, [t]);
}

interface Values {
  readonly unitId: string;
  readonly name: string;
  readonly placeClass: 'art7.1-government' | 'art7.2-operator';
  readonly profiles: string[];
  readonly usedSince: string;
}

function PlaceForm({ all, close }: { all: Desk; close: () => void }) {
  const t = useWords(deskWords);
  const lang = useLanguage();
  const [form] = Form.useForm<Values>();
  const save = useChange(desk.addPlace, [desk.desk]);
  const submit = ({ unitId, usedSince, ...rest }: Values) =>
    save.mutate(
      { params: { id: unitId }, body: { ...rest, usedSince: usedSince.trim() } },
      { onSuccess: close },
    );
  const needed = [{ required: true, message: t('required') }];
  const laws = profiles
    .filter(({ id, layer }) => layer === 'law' && id.startsWith('cn-'))
    .map(({ id, name }) => ({ value: id, label: name[lang] }));
  const classes = (['art7.2-operator', 'art7.1-government'] as const).map((value) => ({
    ...{ value, label: placeClasses[value][lang] },
  }));
  return (
    <FormDialog<Values>
      title={t('addPlace')}
      says={t('addPlaceSays')}
      form={form}
      saving={save}
      submit={submit}
      close={close}
      initialValues={{
        unitId: all.units[0]?.id ?? '',
        placeClass: 'art7.2-operator',
        profiles: ['cn-liaoning'],
      }}
    >
      <Form.Item name="unitId" label={t('unit')} rules={needed}>
        <Select options={all.units.map(({ id, name }) => ({ value: id, label: name }))} />
      </Form.Item>
      <Form.Item name="name" label={t('name')} rules={needed}>
        <Input maxLength={80} />
      </Form.Item>
      <Form.Item name="placeClass" label={t('kind')}>
        <Select options={classes} />
      </Form.Item>
      <Form.Item name="profiles" label={t('law')} rules={needed}>
        <Select mode="multiple" options={laws} />
      </Form.Item>
      <Form.Item name="usedSince" label={t('usedSince')} rules={needed}>
        <Input maxLength={20} />
      </Form.Item>
    </FormDialog>
  );
}
