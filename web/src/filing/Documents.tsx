/** The documents that lie with the filings of a site, and the form that adds one. */
import { Button, Form, Input, Select } from 'antd';
import { useState } from 'react';
import { filing } from '../../../src/contract/index.ts';
import { useChange } from '../api.ts';
import { ReasonDialog } from '../shell/controls.tsx';
import { FormDialog } from '../shell/FormDialog.tsx';
import { useLanguage, useWords } from '../useWords.ts';
import { filingWords } from '../words/filing.ts';
import type { Site } from './DueTab.tsx';
import { FileField } from './FileField.tsx';
import { sayDocument } from './says.ts';

const stale = [filing.overview, filing.filingById];

export function Documents({ site, mayFile }: { site: Site; mayFile: boolean }) {
  const t = useWords(filingWords);
  const lang = useLanguage();
  const [ending, setEnding] = useState<Site['documents'][number] | null>(null);
  const end = useChange(filing.endDocument, stale);
  if (site.documents.length === 0) return null;
  return (
    <>
      <h3>{t('documents')}</h3>
      <ul className="filing-documents">
        {site.documents.map((each) => (
          <li key={each.id}>
            <span>
              {sayDocument(each.kind, lang)}:{' '}
              <a href={`/api/filings/documents/${each.id}/document.pdf`} download>
                {each.name}
              </a>{' '}
              <span className="soft number">{each.on}</span>
            </span>
            {/* What stands behind a record of the site is ended there. */}
            {mayFile && each.id.startsWith('doc_') && (
              <Button
                size="small"
                onClick={() => setEnding(each)}
                aria-label={t('endDocument', { name: each.name })}
              >
                {t('withdraw')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {ending && (
        <ReasonDialog
          title={t('endDocument', { name: ending.name })}
          says={t('endDocumentSays')}
          doIt={t('withdraw')}
          run={(reason) => end.mutateAsync({ params: { id: ending.id }, body: { reason } })}
          close={() => setEnding(null)}
        />
      )}
    </>
  );
}

interface Values {
  readonly kind: (typeof filing.documentKinds)[number];
  readonly name: string;
  readonly on: string;
  readonly file: File;
}

export function DocumentForm({ site, close }: { site: Site; close: () => void }) {
  const t = useWords(filingWords);
  const lang = useLanguage();
  const [form] = Form.useForm<Values>();
  const add = useChange(filing.addDocument, stale);
  const submit = async ({ kind, name, on, file }: Values) => {
    const body = { kind, name, on: on.trim(), pdf: await base64Of(file) };
    add.mutate({ params: { id: site.siteId }, body }, { onSuccess: close });
  };
  const needed = [{ required: true, message: t('fieldMissing') }];
  const kinds = filing.documentKinds.map((value) => ({ value, label: sayDocument(value, lang) }));
  return (
    <FormDialog<Values>
      title={t('addDocument')}
      form={form}
      saving={add}
      submit={(values) => void submit(values)}
      close={close}
      initialValues={{
        kind: (site.missingDocuments[0] as Values['kind']) ?? 'authorisation-letter',
        on: site.today,
      }}
    >
      <Form.Item name="kind" label={t('documentKind')} rules={needed}>
        <Select options={kinds} />
      </Form.Item>
      <Form.Item name="name" label={t('documentName')} rules={needed}>
        <Input maxLength={120} />
      </Form.Item>
      <Form.Item name="on" label={t('documentOn')} rules={needed}>
        <Input maxLength={20} />
      </Form.Item>
      <Form.Item name="file" label={t('documentFile')} rules={needed}>
        <FileField accept="application/pdf,.pdf" says={t('choosePdf')} />
      </Form.Item>
    </FormDialog>
  );
}

async function base64Of(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = '';
  // In pieces: a call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 8192)
    binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary);
}
