/** Every filing of every site, newest first, with its receipt or the reasons why it was returned. */
import { Button, Form } from 'antd';
import { useMemo, useState } from 'react';
import { filing } from '../../../src/contract/index.ts';
import { type ReplyOf, useCall, useChange } from '../api.ts';
import { FormDialog } from '../shell/FormDialog.tsx';
import { type Column, Register, type RegisterState } from '../shell/Register.tsx';
import { Empty, Loaded } from '../shell/states.tsx';
import { useLanguage, useWords } from '../useWords.ts';
import { filingWords } from '../words/filing.ts';
import { FileField } from './FileField.tsx';
import { sayKind } from './says.ts';

type Filing = ReplyOf<typeof filing.filings>['items'][number];

export function FilingsTab({
  state,
  change,
  mayFile,
  open,
}: {
  state: RegisterState;
  change: (next: RegisterState) => void;
  mayFile: boolean;
  open: (id: string) => void;
}) {
  const t = useWords(filingWords);
  const [taking, setTaking] = useState(false);
  const found = useCall(filing.filings, {});
  const columns = useColumns(open);
  return (
    <>
      {mayFile && (
        <div className="tools">
          <Button onClick={() => setTaking(true)}>{t('takeAnswer')}</Button>
        </div>
      )}
      <Loaded of={found}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={t('noFilings')} />
          ) : (
            <Register
              caption={t('tabFilings')}
              rows={items}
              columns={columns}
              keyOf={({ id }) => id}
              state={state}
              change={change}
              toneOf={(row) => (row.state === 'returned' ? 'loss' : undefined)}
            />
          )
        }
      </Loaded>
      {taking && <TakeAnswer close={() => setTaking(false)} />}
    </>
  );
}

function useColumns(open: (id: string) => void): readonly Column<Filing>[] {
  const t = useWords(filingWords);
  const lang = useLanguage();
  return useMemo((): Column<Filing>[] => {
    const plain = (key: keyof Filing & string, title: string): Column<Filing> => ({
      ...{ key, title, value: (row) => String(row[key] ?? '') },
      cell: (row) => (row[key] === null ? <span className="soft">—</span> : String(row[key])),
    });
    return [
      {
        ...{ key: 'site', title: t('site'), isHead: true, value: (row: Filing) => row.siteName },
        cell: (row) => (
          <Button type="link" className="filing-open" onClick={() => open(row.id)}>
            {row.siteName}
          </Button>
        ),
      },
      { key: 'no', title: t('no'), isNumber: true, value: (row) => row.no, cell: (row) => row.no },
      { ...plain('kind', t('kind')), cell: (row) => sayKind(row.kind, lang) },
      {
        ...plain('state', t('state')),
        cell: (row) => <span className={`tag filing-${row.state}`}>{t(`state_${row.state}`)}</span>,
      },
      plain('submittedOn', t('submitted')),
      plain('attestedBy', t('attested')),
      plain('answeredOn', t('answered')),
      plain('receiptNo', t('receipt')),
      plain('reasons', t('reasons')),
    ];
  }, [t, lang, open]);
}

function TakeAnswer({ close }: { close: () => void }) {
  const t = useWords(filingWords);
  const [form] = Form.useForm<{ file: File }>();
  const take = useChange(filing.takeAnswer, [filing.overview, filing.filings, filing.filingById]);
  const submit = async ({ file }: { file: File }) =>
    take.mutate({ body: { answer: await file.text() } }, { onSuccess: close });
  return (
    <FormDialog<{ file: File }>
      title={t('takeAnswer')}
      says={t('takeAnswerSays')}
      doIt={t('takeAnswer')}
      form={form}
      saving={take}
      submit={(values) => void submit(values)}
      close={close}
    >
      <Form.Item name="file" label={t('chooseFile')} rules={[{ required: true, message: t('fieldMissing') }]}>
        <FileField accept=".txt,text/plain" says={t('chooseFile')} />
      </Form.Item>
    </FormDialog>
  );
}
