/** A drawer that changes one camera: its form, its streams now, and the steps of its life. */
import { Button, Drawer, Form } from 'antd';
import { useState } from 'react';
import { cameraProblems, collect } from '../../../src/contract/index.ts';
import { Problem, useCall, useChange } from '../api.ts';
import { codecInFull } from '../codec.ts';
import { useTell, WhyButton, whyNot } from '../shell/controls.tsx';
import { Loaded } from '../shell/states.tsx';
import { sayTime } from '../time.ts';
import { useLanguage, useSaid, useWords } from '../useWords.ts';
import { cameraWords } from '../words/cameras.ts';
import { shellWords } from '../words/shell.ts';
import { type CameraFields, CameraForm, changedCameraBody } from './CameraForm.tsx';
import { factFieldsOf } from './FactsFields.tsx';
import { LifePanel } from './LifePanel.tsx';
import { LifeDialog, type LifeStep, useResume } from './life.tsx';
import { type Camera, figures, StatusTag, type StreamState, useTroubleOf } from './state.tsx';

export function EditCamera({ id, close }: { id: string; close: () => void }) {
  const t = useWords(cameraWords);
  const shell = useWords(shellWords);
  const found = useCall(collect.cameraById, { params: { id } });
  return (
    <Drawer
      open
      size={560}
      onClose={close}
      title={found.data ? t('editTitle', { name: found.data.name }) : shell('loading')}
      className="edit-drawer"
    >
      <Loaded of={found}>{(camera) => <Editing key={camera.id} camera={camera} close={close} />}</Loaded>
    </Drawer>
  );
}

function Editing({ camera: present, close }: { camera: Camera; close: () => void }) {
  const t = useWords(cameraWords);
  const shell = useWords(shellWords);
  const tell = useTell();
  const [form] = Form.useForm<CameraFields>();
  // Events go on while the form is open; what is being edited stays as it was opened, and the revision tells.
  const [base, setBase] = useState(present);
  const [step, setStep] = useState<LifeStep | null>(null);
  const sites = useCall(collect.sites, {});
  const save = useChange(collect.changeCamera, [collect.cameras, collect.cameraById, collect.sites]);
  const resume = useResume();
  const why = whyNot(present.can, 'camera.configure');
  const whyPause = whyNot(present.can, 'camera.pause');
  const submit = (fields: CameraFields) =>
    save.mutate(
      { params: { id: base.id }, body: changedCameraBody(fields, base) },
      {
        onSuccess: () => {
          tell.done(t('changed'));
          close();
        },
      },
    );
  const loadPresent = () => {
    setBase(present);
    form.setFieldsValue(fieldsOf(present));
    save.reset();
  };
  const wasChanged = save.error instanceof Problem && save.error.code === 'camera.changed';
  return (
    <>
      <StreamsNow camera={present} />
      <LifePanel
        camera={present}
        zone={sites.data?.items.find(({ id }) => id === present.siteId)?.timeZone ?? 'Asia/Shanghai'}
      />
      <Loaded of={sites}>
        {({ items }) => (
          <CameraForm
            form={form}
            sites={items}
            initial={fieldsOf(base)}
            camera={base}
            onSubmit={submit}
            error={save.error}
          />
        )}
      </Loaded>
      <div className="form-ends">
        {wasChanged ? (
          <Button onClick={loadPresent}>{t('changedElsewhere')}</Button>
        ) : (
          <WhyButton type="primary" why={why} loading={save.isPending} onClick={form.submit}>
            {shell('save')}
          </WhyButton>
        )}
        <span className="form-ends-gap" />
        {present.recording === 'on' ? (
          <WhyButton why={whyPause} onClick={() => setStep('pause')}>
            {t('pause')}
          </WhyButton>
        ) : (
          <WhyButton why={whyPause} onClick={() => resume(present)}>
            {t('resume')}
          </WhyButton>
        )}
        <WhyButton why={why} onClick={() => setStep('retire')}>
          {t('retire')}
        </WhyButton>
      </div>
      {step && (
        <LifeDialog
          camera={present}
          step={step}
          close={() => setStep(null)}
          done={() => {
            if (step === 'retire') close();
          }}
        />
      )}
    </>
  );
}

function fieldsOf(camera: Camera): CameraFields {
  return {
    name: camera.name,
    number: camera.number ?? '',
    siteId: camera.siteId,
    url: camera.url,
    user: camera.user,
    transport: camera.transport,
    subUrl: camera.subUrl ?? '',
    soundBasis: camera.soundBasis ?? '',
    importance: camera.importance,
    ...factFieldsOf(camera),
    password: '',
    forgetPassword: false,
  };
}

function StreamsNow({ camera }: { camera: Camera }) {
  const t = useWords(cameraWords);
  const troubleOf = useTroubleOf();
  const trouble = troubleOf(camera);
  return (
    <section className="streams-now" aria-label={t('streams')}>
      <p>
        <StatusTag status={camera.status} /> {trouble && <span className="soft">{trouble}</span>}
      </p>
      {camera.streams.map((each) => (
        <StreamNow key={each.kind} stream={each} />
      ))}
    </section>
  );
}

function StreamNow({ stream }: { stream: StreamState }) {
  const t = useWords(cameraWords);
  const said = useSaid();
  const lang = useLanguage();
  const states = {
    off: t('streamOff'),
    connecting: t('streamConnecting'),
    running: t('streamRunning'),
    failing: t('streamFailing'),
  };
  const known = [
    stream.codec && codecInFull(stream.codec),
    figures.size(stream),
    figures.fps(stream, lang),
    figures.kbps(stream, lang),
    stream.transport && t(`transport_${stream.transport}`),
    stream.since && t('since', { time: sayTime(stream.since) }),
  ].filter(Boolean);
  return (
    <p className="soft">
      {t(`stream_${stream.kind}`)}:{' '}
      {stream.problem
        ? said(cameraProblems[stream.problem.code], stream.problem.values)
        : states[stream.state]}
      {stream.state === 'running' && known.length > 0 && ` · ${known.join(' · ')}`}
    </p>
  );
}
