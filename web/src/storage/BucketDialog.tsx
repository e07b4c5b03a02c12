/** The form that adds or changes a bucket, with a test of the connection that says in a sentence what is wrong. */
import { Button, Form, type FormInstance, Input, InputNumber, Select } from 'antd';
import { useState } from 'react';
import { buckets } from '../../../src/contract/index.ts';
import { name as nameShape } from '../../../src/contract/shapes.ts';
import { useChange } from '../api.ts';
import { byShape, useTell } from '../shell/controls.tsx';
import { FormDialog } from '../shell/FormDialog.tsx';
import { Notice, Said } from '../shell/states.tsx';
import { useSaid, useWords } from '../useWords.ts';
import { bucketWords } from '../words/buckets.ts';
import { shellWords } from '../words/shell.ts';
import type { Bucket } from './shapes.ts';

interface Fields {
  name: string;
  endpoint: string;
  bucket: string;
  prefix?: string;
  region: string;
  style: 'path' | 'host';
  accessKeyId: string;
  secret?: string;
  ca?: string;
  lockMode: Bucket['lockMode'];
  moveAfterDays?: number | null;
  moveAbovePercent?: number | null;
  megabytes?: number | null;
}

const megabyte = 1_000_000;
const looksLikeEndpoint = /^https?:\/\/[^/\s?#@]+\/?$/i;

/** Of a form that may be half filled in: antd gives `undefined` for what was not touched. */
const targetOf = (fields: Partial<Fields>) => ({
  endpoint: (fields.endpoint ?? '').trim(),
  bucket: (fields.bucket ?? '').trim(),
  prefix: fields.prefix ?? '',
  region: fields.region ?? '',
  style: fields.style ?? 'path',
  accessKeyId: fields.accessKeyId ?? '',
  ca: fields.ca?.trim() ? fields.ca : null,
  ...(fields.secret ? { secret: fields.secret } : {}),
});
const orderOf = (fields: Fields) => ({
  name: fields.name,
  lockMode: fields.lockMode,
  moveAfterDays: fields.moveAfterDays ?? null,
  moveAbovePercent: fields.moveAbovePercent ?? null,
  bytesPerSecond: Math.round((fields.megabytes ?? 0) * megabyte),
});

const initialOf = (bucket: Bucket | null): Partial<Fields> =>
  bucket === null
    ? { region: 'us-east-1', style: 'path', lockMode: 'none', moveAfterDays: 30 }
    : {
        ...bucket,
        ca: bucket.ca ?? '',
        megabytes: bucket.bytesPerSecond > 0 ? bucket.bytesPerSecond / megabyte : null,
      };

export function BucketDialog({ bucket, close }: { bucket: Bucket | null; close: () => void }) {
  const t = useWords(bucketWords);
  const tell = useTell();
  const [form] = Form.useForm<Fields>();
  const add = useChange(buckets.addBucket, [buckets.buckets]);
  const save = useChange(buckets.changeBucket, [buckets.buckets]);
  const submit = (fields: Fields) => {
    const body = { ...targetOf(fields), ...orderOf(fields) };
    const then = (said: string) => ({
      onSuccess: () => {
        tell.done(said);
        close();
      },
    });
    if (bucket)
      save.mutate(
        { params: { id: bucket.id }, body: { ...body, revision: bucket.revision } },
        then(t('saved')),
      );
    else add.mutate({ body: { ...body, secret: fields.secret ?? '' } }, then(t('added')));
  };
  return (
    <FormDialog
      title={bucket ? t('editTitle', { name: bucket.name }) : t('add')}
      form={form}
      saving={bucket ? save : add}
      submit={submit}
      close={close}
      initialValues={initialOf(bucket)}
      width={640}
    >
      <ConnectionFields form={form} bucket={bucket} />
      <Test form={form} bucket={bucket} />
      <MovingFields />
    </FormDialog>
  );
}

function ConnectionFields({ form, bucket }: { form: FormInstance<Fields>; bucket: Bucket | null }) {
  const t = useWords(bucketWords);
  const shell = useWords(shellWords);
  const needed = { required: true, whitespace: true, message: shell('required') };
  const isPlain = /^http:/i.test(Form.useWatch('endpoint', form) ?? '');
  return (
    <>
      <Form.Item
        name="name"
        label={t('fieldName')}
        extra={t('fieldNameHint')}
        rules={[needed, byShape(nameShape, t('fieldNameBad'))]}
      >
        <Input maxLength={80} autoFocus />
      </Form.Item>
      <Form.Item
        name="endpoint"
        label={t('fieldEndpoint')}
        extra={t('fieldEndpointHint')}
        validateTrigger="onBlur"
        rules={[needed, { pattern: looksLikeEndpoint, message: t('fieldEndpointBad') }]}
      >
        <Input
          className="mono"
          maxLength={300}
          placeholder={t('bucketEndpointExample')}
          inputMode="url"
          spellCheck={false}
        />
      </Form.Item>
      {isPlain && <Notice tone="warn">{t('plainHttp')}</Notice>}
      <div className="fields">
        <Form.Item name="bucket" label={t('fieldBucket')} rules={[needed]}>
          <Input className="mono" maxLength={63} spellCheck={false} />
        </Form.Item>
        <Form.Item name="prefix" label={t('fieldPrefix')} extra={t('fieldPrefixHint')}>
          <Input className="mono" maxLength={200} spellCheck={false} />
        </Form.Item>
      </div>
      <div className="fields">
        <Form.Item name="accessKeyId" label={t('fieldKey')} rules={[needed]}>
          <Input className="mono" maxLength={128} autoComplete="off" spellCheck={false} />
        </Form.Item>
        <Form.Item
          name="secret"
          label={t('fieldSecret')}
          extra={t('fieldSecretHint')}
          rules={bucket ? [] : [{ required: true, message: shell('required') }]}
        >
          <Input.Password
            maxLength={256}
            autoComplete="new-password"
            placeholder={bucket ? t('fieldSecretKept') : ''}
          />
        </Form.Item>
      </div>
      <div className="fields">
        <Form.Item name="region" label={t('fieldRegion')} rules={[needed]}>
          <Input className="mono" maxLength={64} spellCheck={false} />
        </Form.Item>
        <Form.Item name="style" label={t('fieldStyle')}>
          <Select
            options={(['path', 'host'] as const).map((value) => ({ value, label: t(`style_${value}`) }))}
          />
        </Form.Item>
      </div>
      <Form.Item name="ca" label={t('fieldCa')} extra={t('fieldCaHint')}>
        <Input.TextArea
          className="mono"
          rows={2}
          maxLength={65_536}
          placeholder={t('bucketCaExample')}
          spellCheck={false}
        />
      </Form.Item>
    </>
  );
}

/** Tries what stands in the form now; what is typed afterwards makes the answer old, and it goes. */
function Test({ form, bucket }: { form: FormInstance<Fields>; bucket: Bucket | null }) {
  const t = useWords(bucketWords);
  const said = useSaid();
  const test = useChange(buckets.testBucket, []);
  const [tried, setTried] = useState('');
  const typed = Form.useWatch((fields: Fields) => JSON.stringify(targetOf(fields)), form);
  const names: (keyof Fields)[] = [
    'endpoint',
    'bucket',
    'accessKeyId',
    'region',
    ...(bucket ? [] : ['secret' as const]),
  ];
  const run = async () => {
    const isWhole = await form.validateFields(names).then(
      () => true,
      () => false, // The fields say what is missing.
    );
    if (!isWhole) return;
    const target = targetOf(form.getFieldsValue());
    setTried(JSON.stringify(target));
    test.mutate({ body: { ...target, ...(bucket ? { like: bucket.id } : {}) } });
  };
  const isCurrent = tried === typed;
  return (
    <div className="connection-test">
      <Button onClick={() => void run()} loading={test.isPending}>
        {test.isPending ? t('testing') : t('test')}
      </Button>
      <div aria-live="polite" className="connection-found">
        {isCurrent && <Said error={test.error} />}
        {isCurrent && test.data?.problem && (
          <Notice tone="loss">
            {said(buckets.bucketProblems[test.data.problem.code], test.data.problem.values)}
          </Notice>
        )}
        {isCurrent && test.data?.ok && (
          <Notice tone="ok">
            {t('testOk')} {test.data.hasLock ? t('testLock') : t('testNoLock')}
          </Notice>
        )}
      </div>
    </div>
  );
}

function MovingFields() {
  const t = useWords(bucketWords);
  return (
    <>
      <h3 className="form-part">{t('moving')}</h3>
      <div className="fields">
        <Form.Item name="moveAfterDays" label={t('fieldDays')} extra={t('fieldDaysHint')}>
          <InputNumber min={0} max={3660} precision={0} suffix={t('days')} />
        </Form.Item>
        <Form.Item name="moveAbovePercent" label={t('fieldPercent')} extra={t('fieldPercentHint')}>
          <InputNumber min={10} max={99} precision={0} suffix="%" />
        </Form.Item>
      </div>
      <div className="fields">
        <Form.Item name="megabytes" label={t('fieldPace')} extra={t('fieldPaceHint')}>
          <InputNumber min={0.1} max={10_000} precision={1} suffix="MB/s" />
        </Form.Item>
        <Form.Item name="lockMode" label={t('fieldLock')} extra={t('fieldLockHint')}>
          <Select
            options={(['none', 'governance', 'compliance'] as const).map((value) => ({
              value,
              label: t(`lock_${value}`),
            }))}
          />
        </Form.Item>
      </div>
    </>
  );
}
