/** Reads cameras in from a spreadsheet: choose, look at what it would do, take it over. The import stands in the address. */
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Button, Form, Progress, Radio, Select } from 'antd';
import { useEffect, useId, useState } from 'react';
import { z } from 'zod';
import { collect, imports } from '../../../src/contract/index.ts';
import { forget, useCall, useChange } from '../api.ts';
import { base64Of } from '../files.ts';
import { WhyButton } from '../shell/controls.tsx';
import { Page } from '../shell/Page.tsx';
import { Loaded, Notice, Said } from '../shell/states.tsx';
import { useUrlState } from '../urlState.ts';
import { useLanguage, useWords } from '../useWords.ts';
import { importWords } from '../words/imports.ts';
import { type Job, Lacking, Notes, Problems, Refused } from './Found.tsx';
import './imports.css';

const address = z.object({
  import: z.string().max(40).optional().catch(undefined),
  site: z.string().max(40).optional().catch(undefined),
});

export function ImportPage() {
  const t = useWords(importWords);
  const [state, change] = useUrlState(address);
  return (
    <Page title={t('title')} says={t('says')}>
      {state.import ? (
        <Shown id={state.import} again={() => change({ import: undefined })} />
      ) : (
        <Choose site={state.site} opened={(id) => change({ import: id }, { push: true })} />
      )}
    </Page>
  );
}

interface Choice {
  siteId?: string;
  datum: (typeof imports.datumChoices)[number];
  begin: 'planned' | 'in-use';
}

function Choose({ site, opened }: { site: string | undefined; opened: (id: string) => void }) {
  const t = useWords(importWords);
  const [form] = Form.useForm<Choice>();
  const [file, setFile] = useState<File | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const sites = useCall(collect.sites, {});
  const open = useChange(imports.openImport);
  const submit = async ({ siteId, datum, begin }: Choice) => {
    if (!file) return setWrong(t('choose'));
    if (file.size > imports.maxFileBytes) return setWrong(t('tooLarge'));
    setWrong(null);
    const content = await base64Of(file).catch(() => null);
    if (content === null) return setWrong(t('unreadable'));
    const body = { file: file.name.slice(0, 200), content, datum, begin, ...(siteId ? { siteId } : {}) };
    open.mutate({ body }, { onSuccess: ({ id }) => opened(id) });
  };
  return (
    <section className="panel form-panel">
      <Loaded of={sites}>
        {({ items }) => (
          <Form
            form={form}
            layout="vertical"
            requiredMark={false}
            initialValues={{ siteId: site ?? items[0]?.id, datum: 'wgs84', begin: 'in-use' }}
            onFinish={(values) => void submit(values)}
          >
            <Said error={open.error} />
            {wrong && <Notice>{wrong}</Notice>}
            <FileField file={file} choose={setFile} />
            <Form.Item name="siteId" label={t('site')} extra={t('siteHint')}>
              <Select
                allowClear
                placeholder={t('siteNone')}
                options={items.map(({ id, name }) => ({ value: id, label: name }))}
                showSearch={{ optionFilterProp: 'label' }}
              />
            </Form.Item>
            <Form.Item name="datum" label={t('datum')}>
              <Select
                options={imports.datumChoices.map((value) => ({ value, label: t(`datum_${value}`) }))}
              />
            </Form.Item>
            <Form.Item name="begin" label={t('begin')}>
              <Radio.Group
                className="import-choice"
                options={(['in-use', 'planned'] as const).map((value) => ({
                  value,
                  label: t(`begin_${value}`),
                }))}
              />
            </Form.Item>
            <div className="form-ends">
              <Button type="primary" htmlType="submit" loading={open.isPending}>
                {t('readIt')}
              </Button>
            </div>
          </Form>
        )}
      </Loaded>
    </section>
  );
}

function FileField({ file, choose }: { file: File | null; choose: (file: File | null) => void }) {
  const t = useWords(importWords);
  const lang = useLanguage();
  const id = useId();
  const template = (name: string) => `/api/imports/template/${name}?lang=${lang}`;
  return (
    <div className="import-file">
      <label htmlFor={id}>{t('file')}</label>
      <input
        id={id}
        type="file"
        accept=".csv,.xlsx"
        onChange={(event) => choose(event.target.files?.[0] ?? null)}
      />
      <p className="soft">{t('fileHint', { rows: (20_000).toLocaleString(lang) })}</p>
      <p className="soft">
        {t('templates')}:{' '}
        <a href={template('cameras.xlsx')} download>
          {t('templateXlsx')}
        </a>
        {', '}
        <a href={template('cameras.csv')} download>
          {t('templateCsv')}
        </a>
      </p>
      {file && <span className="hidden-words">{file.name}</span>}
    </div>
  );
}

const isUnderWay = (state: Job['state']) =>
  state === 'reading' || state === 'checking' || state === 'writing';

function Shown({ id, again }: { id: string; again: () => void }) {
  const t = useWords(importWords);
  const found = useCall(
    imports.importById,
    { params: { id } },
    { refetchInterval: (query) => (query.state.data && isUnderWay(query.state.data.state) ? 400 : false) },
  );
  const client = useQueryClient();
  const state = found.data?.state;
  useEffect(() => {
    if (state === 'done') void forget(client, [collect.cameras, collect.cameraById, collect.sites]);
  }, [state, client]);
  return (
    <section className="panel import-shown" aria-live="polite">
      <Loaded of={found}>{(job) => <Told job={job} again={again} />}</Loaded>
      {found.isError && <Button onClick={again}>{t('another')}</Button>}
    </section>
  );
}

function Told({ job, again }: { job: Job; again: () => void }) {
  const t = useWords(importWords);
  if (isUnderWay(job.state)) return <UnderWay job={job} />;
  if (job.state === 'done') return <Done job={job} />;
  if (job.state === 'refused' || job.state === 'failed')
    return (
      <>
        {job.refusal ? <Refused refusal={job.refusal} /> : <Notice>{t('failed')}</Notice>}
        <Button onClick={again}>{t('another')}</Button>
      </>
    );
  return <Checked job={job} again={again} />;
}

function UnderWay({ job: { state, file, progress } }: { job: Job }) {
  const t = useWords(importWords);
  const title = t(`state_${state as 'reading' | 'checking' | 'writing'}`, { file });
  const { done, of } = progress;
  return (
    <>
      <h2>{title}</h2>
      {of > 0 && (
        <Progress
          percent={Math.min(100, Math.floor((done / of) * 100))}
          showInfo={false}
          aria-label={title}
        />
      )}
      <p className="soft">
        {of > 0 && state !== 'reading' ? t('ofRows', { done, of }) : t('rowsSoFar', { count: done })}
      </p>
    </>
  );
}

function Done({ job: { rows } }: { job: Job }) {
  const t = useWords(importWords);
  const navigate = useNavigate();
  return (
    <>
      <Notice tone="ok">
        {t('done', { added: rows.added, changed: rows.changed })} {t('doneSays')}
      </Notice>
      <Button type="primary" onClick={() => void navigate({ to: '/cameras' })}>
        {t('toCameras')}
      </Button>
    </>
  );
}

function Checked({ job, again }: { job: Job; again: () => void }) {
  const t = useWords(importWords);
  const take = useChange(imports.takeImport, [imports.importById]);
  const count = job.rows.added + job.rows.changed;
  const why = job.rows.wrong > 0 ? t('cannot') : count === 0 ? t('nothing') : null;
  return (
    <>
      <h2>{t('result', { file: job.file })}</h2>
      <dl className="import-counts">
        {(['added', 'changed', 'same', 'wrong'] as const).map((kind) => (
          <div key={kind} className={kind === 'wrong' && job.rows.wrong > 0 ? 'import-wrong' : undefined}>
            <dt>{t(kind)}</dt>
            <dd className="number">{job.rows[kind]}</dd>
          </div>
        ))}
      </dl>
      {job.unread.length > 0 && (
        <Notice tone="info">{t('unread', { columns: job.unread.join(', ') })}</Notice>
      )}
      <Problems job={job} />
      <Notes job={job} />
      <Lacking job={job} />
      <Said error={take.error} />
      <div className="form-ends">
        <WhyButton
          type="primary"
          why={why}
          loading={take.isPending}
          onClick={() => take.mutate({ params: { id: job.id }, body: {} })}
        >
          {t('take', { count })}
        </WhyButton>
        <Button onClick={again}>{t('another')}</Button>
      </div>
    </>
  );
}
