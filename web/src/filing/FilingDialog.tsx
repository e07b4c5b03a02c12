/** One filing: what it tells, its files, and what can be done next: declare it true, drop it, record the answer. */

import { CloseOutlined } from '@ant-design/icons';
import { Button, Checkbox, Drawer, Form, Input, Select } from 'antd';
import { useState } from 'react';
import { filing } from '../../../src/contract/index.ts';
import { sayRule } from '../../../src/law/index.ts';
import { type ReplyOf, useCall, useChange } from '../api.ts';
import { useMay } from '../session.ts';
import { useTell } from '../shell/controls.tsx';
import { FormDialog } from '../shell/FormDialog.tsx';
import { Loaded, Notice } from '../shell/states.tsx';
import { useLanguage, useWords } from '../useWords.ts';
import { filingWords } from '../words/filing.ts';
import { sayDocument, sayDocuments, sayFacts, sayField, sayKind, sayList, sayStorage } from './says.ts';

type Filing = ReplyOf<typeof filing.filingById>;
const stale = [filing.overview, filing.filings, filing.filingById];

export function FilingDialog({ id, close }: { id: string; close: () => void }) {
  const t = useWords(filingWords);
  const found = useCall(filing.filingById, { params: { id } });
  return (
    <Drawer
      open
      onClose={close}
      size={720}
      title={found.data ? `${found.data.siteName} · ${t('no')} ${found.data.no}` : t('title')}
      closeIcon={<CloseOutlined aria-label={t('close')} />}
    >
      <Loaded of={found}>{(one) => <Whole of={one} close={close} />}</Loaded>
    </Drawer>
  );
}

function Whole({ of, close }: { of: Filing; close: () => void }) {
  const t = useWords(filingWords);
  const lang = useLanguage();
  const may = useMay();
  return (
    <div className="filing-whole">
      <p>
        <span className={`tag filing-${of.state}`}>{t(`state_${of.state}`)}</span> {sayKind(of.kind, lang)}
        {of.way && <span className="soft"> · {t(`way_${of.way}`)}</span>}
      </p>
      {of.receiptNo && (
        <Notice tone="ok">
          {t('receipt')}: {of.receiptNo} ({of.answeredOn}, {of.answeredBy})
        </Notice>
      )}
      {of.reasons && (
        <Notice>
          {t('reasons')}: <span className="filing-reasons">{of.reasons}</span> ({of.answeredOn},{' '}
          {of.answeredBy})
        </Notice>
      )}
      {of.missingFacts.length > 0 && (
        <Notice>{t('missingFacts', { what: sayFacts(of.missingFacts, lang) })}</Notice>
      )}
      {of.missingDocuments.length > 0 && (
        <Notice>{t('missingDocuments', { what: sayDocuments(of.missingDocuments, lang) })}</Notice>
      )}
      <Files of={of} />
      {may('filing.file') && of.state === 'draft' && <DraftTools of={of} close={close} />}
      {may('filing.file') && of.state === 'submitted' && <Answer of={of} />}
      <Content of={of} />
    </div>
  );
}

function Files({ of }: { of: Filing }) {
  const t = useWords(filingWords);
  const lang = useLanguage();
  const href = (file: string) => `/api/filings/${of.id}/${file}?lang=${lang}`;
  return (
    <div className="tools">
      <Button href={href('form.pdf')} download>
        {t('form')}
      </Button>
      <Button href={href('form.xlsx')} download>
        {t('sheet')}
      </Button>
      <Button href={href('form.json')} download>
        {t('json')}
      </Button>
      <Button href={href('letter.pdf')} download>
        {t('letter')}
      </Button>
      {of.state !== 'draft' && (
        <Button href={href('pack.json')} download>
          {t('pack')}
        </Button>
      )}
    </div>
  );
}

function DraftTools({ of, close }: { of: Filing; close: () => void }) {
  const t = useWords(filingWords);
  const tell = useTell();
  const [submitting, setSubmitting] = useState(false);
  const drop = useChange(filing.dropFiling, [filing.overview, filing.filings]);
  const leave = () =>
    drop
      .mutateAsync({ params: { id: of.id } })
      .then(close)
      .catch(tell.failed);
  return (
    <div className="tools">
      <Button type="primary" onClick={() => setSubmitting(true)}>
        {t('submit')}
      </Button>
      <Button onClick={() => void leave()}>{t('drop')}</Button>
      {submitting && <Submission of={of} close={() => setSubmitting(false)} />}
    </div>
  );
}

interface Declared {
  readonly way: Filing['way'] & string;
  readonly as: string;
  readonly true: boolean;
}

function Submission({ of, close }: { of: Filing; close: () => void }) {
  const t = useWords(filingWords);
  const [form] = Form.useForm<Declared>();
  const submission = useChange(filing.submitFiling, stale);
  const submit = ({ way, as }: Declared) =>
    submission.mutate(
      { params: { id: of.id }, body: { digest: of.contentDigest, way, as, true: true } },
      { onSuccess: close },
    );
  const mustBeTrue = {
    validator: (_: unknown, value: unknown) =>
      value === true ? Promise.resolve() : Promise.reject(new Error(t('declareMissing'))),
  };
  return (
    <FormDialog<Declared>
      title={t('submit')}
      says={t('submitSays')}
      doIt={t('submit')}
      form={form}
      saving={submission}
      submit={submit}
      close={close}
      initialValues={{ way: 'pack' }}
    >
      <Form.Item name="way" label={t('way')}>
        <Select options={filing.ways.map((value) => ({ value, label: t(`way_${value}`) }))} />
      </Form.Item>
      <Form.Item
        name="as"
        label={t('office')}
        rules={[{ required: true, whitespace: true, message: t('officeMissing') }]}
      >
        <Input maxLength={80} />
      </Form.Item>
      <Form.Item name="true" valuePropName="checked" rules={[mustBeTrue]}>
        <Checkbox>{t('declareTrue')}</Checkbox>
      </Form.Item>
    </FormDialog>
  );
}

interface Answered {
  readonly outcome: 'received' | 'returned';
  readonly says: string;
  readonly on: string;
  readonly by: string;
}

function Answer({ of }: { of: Filing }) {
  const t = useWords(filingWords);
  const [open, setOpen] = useState(false);
  return (
    <div className="tools">
      <Button type="primary" onClick={() => setOpen(true)}>
        {t('answer')}
      </Button>
      {open && <AnswerForm of={of} close={() => setOpen(false)} />}
    </div>
  );
}

function AnswerForm({ of, close }: { of: Filing; close: () => void }) {
  const t = useWords(filingWords);
  const [form] = Form.useForm<Answered>();
  const outcome = Form.useWatch('outcome', form) ?? 'received';
  const save = useChange(filing.answerFiling, stale);
  const submit = ({ says, on, by }: Answered) => {
    const rest = { on: on.trim(), by };
    const body =
      outcome === 'received'
        ? ({ outcome, receiptNo: says, ...rest } as const)
        : ({ outcome, reasons: says, ...rest } as const);
    save.mutate({ params: { id: of.id }, body }, { onSuccess: close });
  };
  const needed = [{ required: true, whitespace: true, message: t('fieldMissing') }];
  const outcomes = [
    { value: 'received', label: t('answerReceived') },
    { value: 'returned', label: t('answerReturned') },
  ];
  return (
    <FormDialog<Answered>
      title={t('answer')}
      form={form}
      saving={save}
      submit={submit}
      close={close}
      initialValues={{ outcome: 'received', by: of.content.organ }}
    >
      <Form.Item name="outcome" label={t('state')}>
        <Select options={outcomes} />
      </Form.Item>
      <Form.Item name="says" label={outcome === 'received' ? t('receiptNo') : t('reasons')} rules={needed}>
        {outcome === 'received' ? <Input maxLength={80} /> : <Input.TextArea rows={4} maxLength={4000} />}
      </Form.Item>
      <Form.Item name="on" label={t('answeredOn')} rules={needed}>
        <Input maxLength={20} />
      </Form.Item>
      <Form.Item name="by" label={t('answeredBy')} rules={needed}>
        <Input maxLength={80} />
      </Form.Item>
    </FormDialog>
  );
}

export function Content({ of }: { of: Pick<Filing, 'content' | 'contentDigest'> }) {
  const t = useWords(filingWords);
  const lang = useLanguage();
  const { unit, site, system, changes, documents, rules, attested, organ } = of.content;
  const facts: (readonly [string, string | null])[] = [
    [t('unitName'), unit.name],
    [t('creditCode'), unit.creditCode],
    [t('legalPerson'), unit.legalPerson],
    [t('contact'), `${unit.contact} ${unit.phone}`.trim()],
    [t('organ'), organ],
    [t('site'), `${site.name}${site.address ? `, ${site.address}` : ''}`],
    [t('usedSince'), system.usedSince],
    [t('stoppedOn'), system.stoppedOn],
    [t('devices'), String(system.cameras)],
    [t('storage'), system.storage && sayStorage(`${system.storage.n} ${system.storage.unit}`, lang)],
    [t('responsible'), system.personResponsible],
    [t('attested'), attested.by ? `${attested.by} (${attested.as}), ${attested.on}` : null],
    [t('because'), rules.map((rule) => sayRule(rule, lang)).join(sayList[lang])],
  ];
  return (
    <>
      <h3>{t('content')}</h3>
      <dl className="facts">
        {facts
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <div key={name} className="filing-fact">
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
      {changes.length > 0 && (
        <ul>
          {changes.slice(0, 100).map(({ field, cameraId, cameraName, on }) => (
            <li key={`${field} ${cameraId}`}>
              {sayField(field, lang)} {cameraName} <span className="soft number">{on}</span>
            </li>
          ))}
        </ul>
      )}
      {documents.length > 0 && (
        <>
          <h3>{t('documents')}</h3>
          <ul>
            {documents.map(({ kind, name, on }) => (
              <li key={kind}>
                {sayDocument(kind, lang)}: {name} <span className="soft number">{on}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      <p className="soft">
        {t('digest')}: <span className="mono filing-key">{of.contentDigest}</span>
      </p>
    </>
  );
}
