/**
 * The set-up wizard: unit and site, the first person, the first camera. The first two are made in one call, because
 * either without the other is nothing; from then on the person is signed in and the step stands in the address, so
 * that a reload goes on where it was.
 */
import { useQueryClient } from '@tanstack/react-query';
import { Navigate, useNavigate } from '@tanstack/react-router';
import { Button, Checkbox, Form, Input, Steps } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { z } from 'zod';
import { collect, gate, keeping, permissions } from '../../../src/contract/index.ts';
import { name as nameShape } from '../../../src/contract/shapes.ts';
import { foundingDays } from '../../../src/law/index.ts';
import { call, forget, useCall, useChange } from '../api.ts';
import { type CameraFields, CameraForm, newCameraBody } from '../cameras/CameraForm.tsx';
import { StatusTag, useTroubleOf } from '../cameras/state.tsx';
import { bodyOf, type KeepingFields, KeepingItems, usualKeeping } from '../keeping/KeepingForm.tsx';
import '../keeping/keeping.css';
import { sessionKey } from '../session.ts';
import { byShape, useTell } from '../shell/controls.tsx';
import { Entrance } from '../shell/Entrance.tsx';
import { NewPassword, PasswordAgain } from '../shell/passwords.tsx';
import { Loaded, Notice, Said } from '../shell/states.tsx';
import { ownTimeZone } from '../time.ts';
import { useUrlState } from '../urlState.ts';
import { useWords } from '../useWords.ts';
import { cameraWords } from '../words/cameras.ts';
import { loginWords, setupWords } from '../words/entry.ts';
import { standingWords } from '../words/people.ts';
import { shellWords } from '../words/shell.ts';

const steps = ['unit', 'person', 'camera', 'done'] as const;
type Step = (typeof steps)[number];

const address = z.object({
  step: z.enum(steps).catch('unit'),
  camera: z.string().max(40).optional().catch(undefined),
});

interface Answers {
  unit?: string;
  site?: string;
  code?: string;
  name?: string;
  /** What the site is and how long it keeps. */
  keeping?: KeepingFields;
}

export function SetupPage() {
  const t = useWords(setupWords);
  const [{ step, camera }, change] = useUrlState(address);
  const [answers, setAnswers] = useState<Answers>({});
  const state = useCall(gate.setupState, {}, { staleTime: Number.POSITIVE_INFINITY });
  const isAfter = step === 'camera' || step === 'done';
  const go = (next: Step, more: { camera?: string } = {}) => change({ step: next, ...more }, { push: true });
  if (state.data && !state.data.needed && !isAfter) return <Navigate to="/" />;
  // A reload in the second step has lost the answers of the first.
  const shown = step === 'person' && !answers.unit ? 'unit' : state.data?.needed && isAfter ? 'unit' : step;
  return (
    <Entrance title={t('title')} wide>
      <Progress step={shown} />
      <Loaded of={state}>
        {({ codeNeeded }) => {
          if (shown === 'unit') {
            return (
              <UnitStep
                answers={answers}
                codeNeeded={codeNeeded}
                next={(given) => {
                  setAnswers({ ...answers, ...given });
                  go('person');
                }}
              />
            );
          }
          if (shown === 'person')
            return (
              <PersonStep
                answers={answers}
                keep={setAnswers}
                back={() => go('unit')}
                next={() => change({ step: 'camera' })}
              />
            );
          if (shown === 'camera')
            return <CameraStep next={(added) => change({ step: 'done', camera: added })} />;
          return <DoneStep cameraId={camera} another={() => go('camera')} />;
        }}
      </Loaded>
    </Entrance>
  );
}

function Progress({ step }: { step: Step }) {
  const t = useWords(setupWords);
  const at = steps.indexOf(step);
  const titles = [t('stepUnit'), t('stepPerson'), t('stepCamera'), t('stepDone')];
  return (
    <div className="wizard-progress">
      <p className="soft wizard-count" role="status">
        {t('progress', { step: at + 1, of: steps.length })}
        <span className="wizard-now"> · {titles[at]}</span>
      </p>
      <div className="wizard-steps" aria-hidden="true">
        <Steps size="small" current={at} items={titles.map((title) => ({ title }))} />
      </div>
    </div>
  );
}

/** A new step is a new page to whoever reads by ear or keyboard: its heading takes the focus. */
function StepHead({ title, says }: { title: string; says: string }) {
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => head.current?.focus(), []);
  return (
    <div className="wizard-head">
      <h1 ref={head} tabIndex={-1}>
        {title}
      </h1>
      <p className="soft">{says}</p>
    </div>
  );
}

function UnitStep({
  answers,
  codeNeeded,
  next,
}: {
  answers: Answers;
  codeNeeded: boolean;
  next: (given: Answers) => void;
}) {
  const t = useWords(setupWords);
  const shell = useWords(shellWords);
  const camera = useWords(cameraWords);
  const [form] = Form.useForm<Answers & KeepingFields>();
  const needed = { required: true, whitespace: true, message: shell('required') };
  const shape = byShape(nameShape, camera('fieldNameBad'));
  return (
    <Form
      form={form}
      layout="vertical"
      requiredMark={false}
      initialValues={{ ...usualKeeping, ...answers.keeping, ...answers }}
      onFinish={() => next(answersOf(form.getFieldsValue(true)))}
    >
      <StepHead title={t('unitTitle')} says={t('unitSays')} />
      <Form.Item name="unit" label={t('unit')} extra={t('unitHint')} rules={[needed, shape]}>
        <Input maxLength={80} placeholder={t('unitExample')} autoComplete="organization" />
      </Form.Item>
      <Form.Item name="site" label={t('site')} extra={t('siteHint')} rules={[needed, shape]}>
        <Input maxLength={80} />
      </Form.Item>
      <KeepingItems form={form} short />
      {codeNeeded && (
        <Form.Item name="code" label={t('code')} extra={t('codeHint')} rules={[needed]}>
          <Input className="mono" maxLength={40} autoComplete="off" spellCheck={false} />
        </Form.Item>
      )}
      <div className="form-ends">
        <span className="form-ends-gap" />
        <Button type="primary" htmlType="submit">
          {shell('next')}
        </Button>
      </div>
    </Form>
  );
}

function answersOf({ unit, site, code, ...rest }: Answers & KeepingFields): Answers {
  const { name: _, keeping: __, ...fields } = rest;
  return {
    ...(unit === undefined ? {} : { unit }),
    ...(site === undefined ? {} : { site }),
    ...(code === undefined ? {} : { code }),
    keeping: fields,
  };
}

function PersonStep({
  answers,
  keep,
  back,
  next,
}: {
  answers: Answers;
  keep: (answers: Answers) => void;
  back: () => void;
  next: () => void;
}) {
  const t = useWords(setupWords);
  const standing = useWords(standingWords);
  const shell = useWords(shellWords);
  const login = useWords(loginWords);
  const client = useQueryClient();
  const [form] = Form.useForm<{ name: string; password: string; founding: boolean }>();
  const name: string = Form.useWatch('name', form) ?? answers.name ?? '';
  const setup = useChange(gate.setup);
  const tell = useTell();
  const submit = (given: { name: string; password: string; founding: boolean }) => {
    const { unit = '', site, code } = answers;
    // The first site is taken to be where its first administrator sits; the site's page changes it.
    const here = { timeZone: ownTimeZone() };
    const body = {
      unit,
      ...{ name: given.name, password: given.password, founding: given.founding },
      ...here,
      ...(site ? { site } : {}),
      ...(code ? { code } : {}),
    };
    setup.mutate(
      { body },
      {
        onSuccess: async ({ siteId }) => {
          client.setQueryData(sessionKey, await call(gate.session));
          await settle(siteId);
          next();
          await forget(client, [gate.setupState]);
        },
      },
    );
  };
  // The form has judged it before; where the server does not take it, nothing is deleted until somebody says so.
  const settle = (id: string) =>
    call(keeping.settleSite, { params: { id }, body: bodyOf(answers.keeping ?? usualKeeping) }).catch(
      tell.failed,
    );
  const goBack = () => {
    keep({ ...answers, name });
    back();
  };
  return (
    <Form
      form={form}
      layout="vertical"
      requiredMark={false}
      initialValues={{ founding: true, ...answers }}
      onFinish={submit}
    >
      <StepHead title={t('personTitle')} says={t('personSays')} />
      <Said error={setup.error} />
      <Form.Item
        name="name"
        label={t('name')}
        extra={t('nameHint')}
        rules={[
          { required: true, whitespace: true, message: shell('required') },
          byShape(gate.signInName, t('nameBad')),
        ]}
      >
        <Input maxLength={64} autoComplete="username" autoCapitalize="none" spellCheck={false} />
      </Form.Item>
      <NewPassword label={login('password')} field="password" personName={name} />
      <PasswordAgain of="password" />
      <p className="soft">{t('noDefault')}</p>
      <p>{standing('declares', { days: foundingDays })}</p>
      <Form.Item
        name="founding"
        valuePropName="checked"
        extra={t('foundingSays', { days: permissions.foundingDays })}
      >
        <Checkbox>{t('founding')}</Checkbox>
      </Form.Item>
      <div className="form-ends">
        <Button onClick={goBack}>{shell('back')}</Button>
        <span className="form-ends-gap" />
        <Button type="primary" htmlType="submit" loading={setup.isPending}>
          {t('create')}
        </Button>
      </div>
    </Form>
  );
}

function CameraStep({ next }: { next: (camera?: string) => void }) {
  const t = useWords(setupWords);
  const [form] = Form.useForm<CameraFields>();
  const sites = useCall(collect.sites, {});
  const add = useChange(collect.addCamera, [collect.cameras, collect.sites]);
  const submit = (fields: CameraFields) =>
    add.mutate(
      { body: newCameraBody(fields, sites.data?.items ?? []) },
      { onSuccess: (camera) => next(camera.id) },
    );
  return (
    <>
      <StepHead title={t('cameraTitle')} says={t('cameraSays')} />
      <Loaded of={sites}>
        {({ items }) => (
          <>
            <CameraForm
              form={form}
              sites={items}
              initial={items[0] ? { siteId: items[0].id } : {}}
              onSubmit={submit}
              error={add.error}
            />
            <p className="soft">{t('cannotGoBack')}</p>
            <div className="form-ends">
              <Button onClick={() => next()}>{t('skip')}</Button>
              <span className="form-ends-gap" />
              <Button type="primary" loading={add.isPending} onClick={form.submit}>
                {t('addCamera')}
              </Button>
            </div>
          </>
        )}
      </Loaded>
    </>
  );
}

function DoneStep({ cameraId, another }: { cameraId: string | undefined; another: () => void }) {
  const t = useWords(setupWords);
  const navigate = useNavigate();
  return (
    <>
      <StepHead title={t('doneTitle')} says={cameraId ? '' : t('doneNoCamera')} />
      {cameraId && <FirstCamera id={cameraId} />}
      <div className="form-ends">
        <Button onClick={another}>{cameraId ? t('addAnother') : t('stepCamera')}</Button>
        <span className="form-ends-gap" />
        <Button type="primary" onClick={() => void navigate({ to: cameraId ? '/wall' : '/cameras' })}>
          {cameraId ? t('toWall') : t('toCameras')}
        </Button>
      </div>
    </>
  );
}

/** The camera's way to its first picture, followed until it records. */
function FirstCamera({ id }: { id: string }) {
  const t = useWords(setupWords);
  const troubleOf = useTroubleOf();
  const found = useCall(collect.cameraById, { params: { id } }, { refetchInterval: 1000, staleTime: 0 });
  return (
    <Loaded of={found} rows={2}>
      {(camera) => {
        const { name } = camera;
        const trouble = troubleOf(camera);
        if (camera.status === 'recording') return <Notice tone="ok">{t('doneRecording', { name })}</Notice>;
        return (
          <Notice tone={trouble ? 'warn' : 'info'}>
            <StatusTag status={camera.status} />{' '}
            {trouble ? `${t('doneTrouble', { name })} ${trouble}` : t('doneWaiting', { name })}
          </Notice>
        );
      }}
    </Loaded>
  );
}
