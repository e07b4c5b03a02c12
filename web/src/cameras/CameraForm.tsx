/** The form that adds or changes a camera, with a test of the connection that says in a sentence what is wrong. */
import { Button, Checkbox, Collapse, Form, type FormInstance, Input, Select } from 'antd';
import { useState } from 'react';
import type { z } from 'zod';
import { cameraProblems, collect } from '../../../src/contract/index.ts';
import { name as nameShape } from '../../../src/contract/shapes.ts';
import { localDay } from '../../../src/law/index.ts';
import { type Problem, type ReplyOf, useChange } from '../api.ts';
import { codecInFull } from '../codec.ts';
import { byShape } from '../shell/controls.tsx';
import { Notice, Said } from '../shell/states.tsx';
import { useSaid, useWords } from '../useWords.ts';
import { cameraWords } from '../words/cameras.ts';
import { lifeWords } from '../words/life.ts';
import { shellWords } from '../words/shell.ts';
import { siteWords } from '../words/sites.ts';
import { storageWords } from '../words/storage.ts';
import { changedFacts, type FactFields, FactsFields, factsOf, RoomField } from './FactsFields.tsx';
import type { Camera } from './state.tsx';
import { ViewVerdict } from './ViewVerdict.tsx';

export interface CameraFields extends FactFields {
  name: string;
  number?: string;
  siteId: string;
  url: string;
  user?: string;
  password?: string;
  forgetPassword?: boolean;
  transport: (typeof collect.transports)[number];
  subUrl?: string;
  soundBasis?: string;
  importance?: (typeof collect.importances)[number];
}

type Site = z.output<typeof collect.site>;

interface Props {
  readonly form: FormInstance<CameraFields>;
  readonly sites: readonly Site[];
  readonly initial: Partial<CameraFields>;
  /** The camera that is changed: its stored password is lent to the test. */
  readonly camera?: Camera;
  readonly onSubmit: (fields: CameraFields) => void;
  readonly error: Problem | null;
}

/** What a typed address must look like before it is worth asking the server. */
const looksLikeAddress = /^rtsps?:\/\/[^/\s]+/i;

export function CameraForm({ form, sites, initial, camera, onSubmit, error }: Props) {
  const t = useWords(cameraWords);
  const shell = useWords(shellWords);
  const life = useWords(lifeWords);
  const site = useWords(siteWords);
  const needed = { required: true, whitespace: true, message: shell('required') };
  return (
    <Form
      form={form}
      layout="vertical"
      initialValues={{ transport: 'auto', purpose: 'public-safety', ...initial }}
      onFinish={onSubmit}
      scrollToFirstError
      requiredMark={false}
      autoComplete="off"
    >
      <Said error={error} />
      <div className="fields">
        <Form.Item
          name="name"
          label={t('fieldName')}
          extra={t('fieldNameHint')}
          rules={[needed, byShape(nameShape, t('fieldNameBad'))]}
        >
          <Input maxLength={80} />
        </Form.Item>
        <Form.Item
          name="siteId"
          label={t('fieldSite')}
          rules={[{ required: true, message: shell('required') }]}
        >
          <Select
            options={sites.map((each) => ({ value: each.id, label: each.name }))}
            showSearch={sites.length > 8 ? { optionFilterProp: 'label' } : false}
          />
        </Form.Item>
      </div>
      <Form.Item name="number" label={site('number')} extra={site('numberHint')}>
        <Input maxLength={40} spellCheck={false} />
      </Form.Item>
      <RoomField form={form} sites={sites} />
      <Form.Item
        name="url"
        label={t('fieldUrl')}
        extra={t('fieldUrlHint')}
        validateTrigger="onBlur"
        rules={[needed, { pattern: looksLikeAddress, message: t('fieldUrlBad') }]}
      >
        <Input
          className="mono"
          maxLength={1024}
          placeholder="rtsp://192.0.2.10:554/stream1"
          inputMode="url"
          spellCheck={false}
        />
      </Form.Item>
      <div className="fields">
        <Form.Item name="user" label={t('fieldUser')}>
          <Input maxLength={128} autoComplete="off" spellCheck={false} />
        </Form.Item>
        <Form.Item name="password" label={t('fieldPassword')}>
          <Input.Password
            maxLength={256}
            autoComplete="new-password"
            placeholder={camera?.hasPassword ? t('fieldPasswordKept') : ''}
          />
        </Form.Item>
      </div>
      {camera?.hasPassword && (
        <Form.Item name="forgetPassword" valuePropName="checked">
          <Checkbox>{t('fieldForget')}</Checkbox>
        </Form.Item>
      )}
      <ConnectionTest form={form} {...(camera ? { camera } : {})} />
      {camera && <ImportanceField />}
      <Collapse
        ghost
        className="form-more"
        defaultActiveKey={[...(initial.subUrl ? ['stream'] : []), ...(initial.soundBasis ? ['sound'] : [])]}
        items={[
          {
            key: 'facts',
            label: life('section'),
            children: (
              <>
                <FactsFields isNew={camera === undefined} form={form} sites={sites} />
                <ViewVerdict form={form} sites={sites} camera={camera} />
              </>
            ),
            forceRender: true,
          },
          { key: 'stream', label: t('streamSection'), children: <StreamFields />, forceRender: true },
          { key: 'sound', label: t('soundSection'), children: <SoundField />, forceRender: true },
        ]}
      />
    </Form>
  );
}

function StreamFields() {
  const t = useWords(cameraWords);
  return (
    <>
      <Form.Item
        name="subUrl"
        label={t('fieldSub')}
        extra={t('fieldSubHint')}
        validateTrigger="onBlur"
        rules={[{ pattern: looksLikeAddress, message: t('fieldUrlBad') }]}
      >
        <Input
          className="mono"
          maxLength={1024}
          placeholder="rtsp://192.0.2.10:554/stream2"
          inputMode="url"
          spellCheck={false}
        />
      </Form.Item>
      <Form.Item name="transport" label={t('fieldTransport')} extra={t('fieldTransportHint')}>
        <Select options={collect.transports.map((value) => ({ value, label: t(`transport_${value}`) }))} />
      </Form.Item>
    </>
  );
}

/** Asked of a camera that is there: who is recorded longest when disks are full. */
function ImportanceField() {
  const t = useWords(storageWords);
  const own = useWords(cameraWords);
  return (
    <Form.Item name="importance" label={t('importance')} extra={own('fieldImportanceHint')}>
      <Select options={collect.importances.map((value) => ({ value, label: t(`importance_${value}`) }))} />
    </Form.Item>
  );
}

/** The law's hint stands at the field (PR-15). */
function SoundField() {
  const t = useWords(cameraWords);
  return (
    <Form.Item name="soundBasis" label={t('fieldSound')} extra={t('fieldSoundHint')}>
      <Input.TextArea rows={2} maxLength={2000} placeholder={t('fieldSoundPlaceholder')} />
    </Form.Item>
  );
}

type Found = ReplyOf<typeof collect.probe>;

function ConnectionTest({ form, camera }: { form: FormInstance<CameraFields>; camera?: Camera }) {
  const t = useWords(cameraWords);
  const probe = useChange(collect.probe);
  const [tested, setTested] = useState('');
  const of = Form.useWatch((fields: CameraFields) => connectionOf(fields), form) ?? '';
  const run = () => {
    const fields = form.getFieldsValue();
    if (!looksLikeAddress.test(fields.url?.trim() ?? '')) {
      void form.validateFields(['url']).catch(() => undefined);
      return;
    }
    setTested(connectionOf(fields));
    probe.mutate({ body: probeBody(fields, camera) });
  };
  return (
    <div className="connection-test">
      <Button onClick={run} loading={probe.isPending}>
        {probe.isPending ? t('testing') : t('test')}
      </Button>
      <div aria-live="polite" className="connection-found">
        {probe.error && !probe.isPending && <Said error={probe.error} />}
        {probe.data && !probe.isPending && (
          <ProbeFound found={probe.data} form={form} isStale={tested !== of} />
        )}
      </div>
    </div>
  );
}

function connectionOf(fields: CameraFields): string {
  return JSON.stringify([fields.url, fields.user, fields.password, fields.transport]);
}

function probeBody(fields: CameraFields, camera?: Camera) {
  const lends = camera && !fields.password && !fields.forgetPassword;
  return {
    url: fields.url,
    transport: fields.transport ?? 'auto',
    ...(fields.user ? { user: fields.user } : {}),
    ...(fields.password ? { password: fields.password } : {}),
    ...(lends ? { cameraId: camera.id } : {}),
  };
}

function ProbeFound({
  found,
  form,
  isStale,
}: {
  found: Found;
  form: FormInstance<CameraFields>;
  isStale: boolean;
}) {
  const t = useWords(cameraWords);
  const said = useSaid();
  const basis = Form.useWatch('soundBasis', form)?.trim();
  if (found.problem) {
    return (
      <Notice>
        {said(cameraProblems[found.problem.code], found.problem.values)}
        {isStale && <span className="soft"> {t('testStale')}</span>}
      </Notice>
    );
  }
  const audio = found.audioCodec;
  return (
    <Notice tone="ok">
      {t('testOk', {
        codec: found.codec ? codecInFull(found.codec) : '—',
        size: found.width && found.height ? `${found.width} × ${found.height}` : '—',
        transport: found.transport ? t(`transport_${found.transport}`) : '—',
        seconds: (found.tookMs / 1000).toFixed(1),
      })}{' '}
      {audio ? t(basis ? 'testSoundKept' : 'testSoundDropped', { audio }) : t('testNoSound')}
      {isStale && <span className="soft"> {t('testStale')}</span>}
    </Notice>
  );
}

const orNull = (text: string | undefined) => text?.trim() || null;

/** What the form says, as `addCamera` takes it. */
export function newCameraBody(
  fields: CameraFields,
  sites: readonly Site[],
): z.input<NonNullable<typeof collect.addCamera.body>> {
  return {
    name: fields.name,
    number: orNull(fields.number),
    siteId: fields.siteId,
    url: fields.url,
    transport: fields.transport,
    ...(fields.user ? { user: fields.user } : {}),
    ...(fields.password ? { password: fields.password } : {}),
    subUrl: orNull(fields.subUrl),
    soundBasis: orNull(fields.soundBasis),
    facts: factsOf(fields),
    ...(fields.necessity?.trim()
      ? {
          records: [
            necessityOf(
              fields.necessity,
              sites.find(({ id }) => id === fields.siteId)?.timeZone ?? 'Asia/Shanghai',
            ),
          ],
        }
      : {}),
  };
}

const necessityOf = (said: string, timeZone: string) => ({
  ...{ kind: 'necessity', on: localDay(Date.now(), timeZone), said: said.trim() },
});

/** What the form changed, as `changeCamera` takes it: only what differs, so that the ledger names just that. */
export function changedCameraBody(
  fields: CameraFields,
  camera: Camera,
): z.input<NonNullable<typeof collect.changeCamera.body>> {
  const next = {
    name: fields.name.trim(),
    number: orNull(fields.number),
    siteId: fields.siteId,
    url: fields.url.trim(),
    user: fields.user ?? '',
    transport: fields.transport,
    subUrl: orNull(fields.subUrl),
    soundBasis: orNull(fields.soundBasis),
    importance: fields.importance ?? camera.importance,
  };
  const differing = Object.entries(next).filter(([key, value]) => value !== camera[key as keyof typeof next]);
  const facts = changedFacts(fields, camera);
  const password = fields.forgetPassword ? '' : fields.password || undefined;
  return {
    revision: camera.revision,
    ...Object.fromEntries(differing),
    ...(facts === null ? {} : { facts }),
    ...(password === undefined ? {} : { password }),
  };
}
