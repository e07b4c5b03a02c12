/** What units brought: examined, accepted with a receipt, or returned with reasons. */
import { CloseOutlined } from '@ant-design/icons';
import { Button, Drawer, Form, Input } from 'antd';
import { useMemo, useState } from 'react';
import { desk } from '../../../src/contract/index.ts';
import { type ReplyOf, useCall, useChange } from '../api.ts';
import { FormDialog } from '../shell/FormDialog.tsx';
import { type Column, Register, type RegisterState } from '../shell/Register.tsx';
import { Empty, Loaded, Notice } from '../shell/states.tsx';
import { useLanguage, useWords } from '../useWords.ts';
import { deskWords } from '../words/filing.ts';
import { shellWords } from '../words/shell.ts';
import { Content } from './FilingDialog.tsx';
import { sayDocument, sayDocuments, sayFacts, sayKind } from './says.ts';

type Row = ReplyOf<typeof desk.desk>['filings'][number];
type Whole = ReplyOf<typeof desk.deskFilingById>;

export function DeskFilings({
  rows,
  state,
  change,
  isClerk,
}: {
  rows: readonly Row[];
  state: RegisterState;
  change: (next: RegisterState) => void;
  isClerk: boolean;
}) {
  const t = useWords(deskWords);
  const [examined, setExamined] = useState<string | null>(null);
  const columns = useColumns();
  if (rows.length === 0) return <Empty title={t('noFilings')} />;
  return (
    <>
      <Register
        caption={t('tabFilings')}
        rows={rows}
        columns={columns}
        keyOf={({ id }) => id}
        state={state}
        change={change}
        toneOf={(row) => (row.late ? 'warn' : undefined)}
        controls={(row) => (
          <span className="filing-controls">
            {isClerk && (
              <Button
                size="small"
                onClick={() => setExamined(row.id)}
                aria-label={`${t('examine')} ${row.placeName}`}
              >
                {t('examine')}
              </Button>
            )}
            {row.state !== 'arrived' && (
              <Button size="small" href={`/api/desk/filings/${row.id}/answer.txt`} download>
                {t('answerFile')}
              </Button>
            )}
          </span>
        )}
      />
      {examined && <Examine id={examined} close={() => setExamined(null)} />}
    </>
  );
}

function useColumns(): readonly Column<Row>[] {
  const t = useWords(deskWords);
  const lang = useLanguage();
  return useMemo((): Column<Row>[] => {
    const plain = (key: keyof Row & string, title: string): Column<Row> => ({
      ...{ key, title, value: (row) => String(row[key] ?? '') },
      cell: (row) => (row[key] === null ? <span className="soft">—</span> : String(row[key])),
    });
    return [
      { ...plain('unitName', t('unit')), isHead: true },
      plain('placeName', t('place')),
      { ...plain('kind', t('kind')), cell: (row) => sayKind(row.kind, lang) },
      { key: 'no', title: t('no'), isNumber: true, value: (row) => row.no, cell: (row) => row.no },
      {
        ...{ key: 'cameras', title: t('cameras'), isNumber: true },
        ...{ value: (row: Row) => row.cameras, cell: (row: Row) => row.cameras },
      },
      {
        ...plain('submittedOn', t('submitted')),
        cell: (row) => (
          <>
            {row.submittedOn} {row.late && <span className="tag text-loss">{t('late')}</span>}
          </>
        ),
      },
      plain('dueOn', t('due')),
      {
        ...plain('state', t('state')),
        cell: (row) => <span className={`tag filing-${row.state}`}>{t(`state_${row.state}`)}</span>,
      },
      plain('receiptNo', t('receipt')),
      plain('reasons', t('reasons')),
    ];
  }, [t, lang]);
}

function Examine({ id, close }: { id: string; close: () => void }) {
  const t = useWords(deskWords);
  const shell = useWords(shellWords);
  const found = useCall(desk.deskFilingById, { params: { id } });
  return (
    <Drawer
      open
      onClose={close}
      size={720}
      title={found.data ? `${found.data.unitName} · ${found.data.placeName}` : t('examine')}
      closeIcon={<CloseOutlined aria-label={shell('close')} />}
    >
      <Loaded of={found}>{(one) => <Examined of={one} close={close} />}</Loaded>
    </Drawer>
  );
}

function Examined({ of, close }: { of: Whole; close: () => void }) {
  const t = useWords(deskWords);
  const lang = useLanguage();
  const [answer, setAnswer] = useState<'accepted' | 'returned' | null>(null);
  const isWhole = of.missingDocuments.length + of.missingFacts.length === 0;
  return (
    <div className="filing-whole">
      {isWhole && <Notice tone="ok">{t('complete')}</Notice>}
      {of.missingFacts.length > 0 && (
        <Notice>{t('missingFacts', { what: sayFacts(of.missingFacts, lang) })}</Notice>
      )}
      {of.missingDocuments.length > 0 && (
        <Notice>{t('missingDocuments', { what: sayDocuments(of.missingDocuments, lang) })}</Notice>
      )}
      {of.state === 'arrived' && (
        <div className="tools">
          <Button type="primary" onClick={() => setAnswer('accepted')} disabled={!isWhole}>
            {t('accept')}
          </Button>
          <Button onClick={() => setAnswer('returned')}>{t('giveBack')}</Button>
        </div>
      )}
      {of.content.documents.length > 0 && <h3>{t('documents')}</h3>}
      <ul>
        {of.content.documents.map(({ kind, name, sha256 }) => (
          <li key={sha256}>
            {sayDocument(kind, lang)}:{' '}
            <a href={`/api/desk/filings/${of.id}/documents/${sha256}`} download>
              {name}
            </a>
          </li>
        ))}
      </ul>
      <Content of={{ content: { ...of.content, documents: [] }, contentDigest: of.digest }} />
      {answer && <AnswerForm of={of} outcome={answer} close={() => setAnswer(null)} done={close} />}
    </div>
  );
}

function AnswerForm({
  of,
  outcome,
  close,
  done,
}: {
  of: Whole;
  outcome: 'accepted' | 'returned';
  close: () => void;
  done: () => void;
}) {
  const t = useWords(deskWords);
  const [form] = Form.useForm<{ says: string }>();
  const save = useChange(desk.answer, [desk.desk, desk.deskFilingById]);
  const isAccepted = outcome === 'accepted';
  const submit = ({ says }: { says: string }) => {
    const body = isAccepted
      ? ({ outcome: 'accepted', receiptNo: says } as const)
      : ({ outcome: 'returned', reasons: says } as const);
    save.mutate({ params: { id: of.id }, body }, { onSuccess: done });
  };
  return (
    <FormDialog<{ says: string }>
      title={isAccepted ? t('accept') : t('giveBack')}
      says={isAccepted ? t('acceptSays') : t('giveBackSays')}
      doIt={isAccepted ? t('accept') : t('giveBack')}
      form={form}
      saving={save}
      submit={submit}
      close={close}
    >
      <Form.Item
        name="says"
        label={isAccepted ? t('receiptNo') : t('reasons')}
        rules={[{ required: true, whitespace: true, message: t('required') }]}
      >
        {isAccepted ? <Input maxLength={80} /> : <Input.TextArea rows={4} maxLength={4000} />}
      </Form.Item>
    </FormDialog>
  );
}
