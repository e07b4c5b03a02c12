/** The desk of the organ that receives filings: for its clerk everything, for a unit's delegate that unit's alone. */
import { Button, Form } from 'antd';
import { useState } from 'react';
import { z } from 'zod';
import { desk } from '../../../src/contract/index.ts';
import { type ReplyOf, useCall, useChange } from '../api.ts';
import { useMay } from '../session.ts';
import { useTell } from '../shell/controls.tsx';
import { FormDialog } from '../shell/FormDialog.tsx';
import { Page } from '../shell/Page.tsx';
import { Empty, Loaded } from '../shell/states.tsx';
import { Tabs } from '../shell/Tabs.tsx';
import { useUrlState } from '../urlState.ts';
import { useWords } from '../useWords.ts';
import { deskWords } from '../words/filing.ts';
import { DeskFilings } from './DeskFilings.tsx';
import { DeskInspections } from './DeskInspections.tsx';
import { DeskPlaces } from './DeskPlaces.tsx';
import { DeskUnits } from './DeskUnits.tsx';
import { FileField } from './FileField.tsx';
import './filing.css';

export type Desk = ReplyOf<typeof desk.desk>;

const shows = ['filings', 'places', 'units', 'inspections'] as const;
const address = z.object({
  show: z.enum(shows).catch('filings'),
  sort: z.string().max(40).optional().catch(undefined),
  columns: z.string().max(400).optional().catch(undefined),
});

export function DeskPage() {
  const may = useMay();
  return may('desk.read') ? <ClerkPage /> : <DelegatePage />;
}

function ClerkPage() {
  const t = useWords(deskWords);
  const [state, change] = useUrlState(address);
  const found = useCall(desk.desk, {});
  const tabs = {
    filings: t('tabFilings'),
    places: t('tabPlaces'),
    units: t('tabUnits'),
    inspections: t('tabInspections'),
  };
  return (
    <Page title={t('title')} says={t('says')} extra={<Bring />} wide>
      <Tabs
        label={t('tabs')}
        to="/desk"
        shown={state.show}
        tabs={shows.map((value) => ({ value, label: tabs[value] }))}
      />
      <Loaded of={found}>
        {(all) => (
          <>
            {state.show === 'filings' && (
              <DeskFilings rows={all.filings} state={state} change={change} isClerk />
            )}
            {state.show === 'places' && <DeskPlaces all={all} state={state} change={change} />}
            {state.show === 'units' && <DeskUnits all={all} />}
            {state.show === 'inspections' && <DeskInspections all={all} state={state} change={change} />}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function DelegatePage() {
  const t = useWords(deskWords);
  const [state, change] = useUrlState(address);
  const found = useCall(desk.own, {});
  return (
    <Page title={t('title')} says={t('saysOwn')} extra={<Bring />} wide>
      <Loaded of={found}>
        {({ unit, filings }) =>
          unit === null ? (
            <Empty title={t('notDelegate')}>{t('notDelegateSays')}</Empty>
          ) : (
            <>
              <h2>{unit.name}</h2>
              <DeskFilings rows={filings} state={state} change={change} isClerk={false} />
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

function Bring() {
  const t = useWords(deskWords);
  const tell = useTell();
  const [open, setOpen] = useState(false);
  const [form] = Form.useForm<{ file: File }>();
  const take = useChange(desk.bring, [desk.desk, desk.own]);
  const close = () => {
    take.reset();
    setOpen(false);
  };
  const submit = async ({ file }: { file: File }) =>
    take.mutate(
      { body: { pack: await file.text() } },
      {
        onSuccess: ({ unitName }) => {
          tell.done(t('taken', { name: unitName }));
          close();
        },
      },
    );
  return (
    <>
      <Button type="primary" onClick={() => setOpen(true)}>
        {t('bring')}
      </Button>
      {open && (
        <FormDialog<{ file: File }>
          title={t('bring')}
          says={t('bringSays')}
          doIt={t('bring')}
          form={form}
          saving={take}
          submit={(values) => void submit(values)}
          close={close}
        >
          <Form.Item name="file" label={t('chooseFile')} rules={[{ required: true, message: t('required') }]}>
            <FileField accept=".json,application/json" says={t('chooseFile')} />
          </Form.Item>
        </FormDialog>
      )}
    </>
  );
}
