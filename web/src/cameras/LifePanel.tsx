/** A camera before the law: the step of its life, what operating lacks and by which article, and the way there. */
import { Form, Input, Modal, Radio } from 'antd';
import { useState } from 'react';
import { collect } from '../../../src/contract/index.ts';
import { isRecordKind, localDay, needName, recordKinds, rooms, stepNames } from '../../../src/law/index.ts';
import { useCall, useChange } from '../api.ts';
import { ruleText } from '../keeping/reasons.tsx';
import { ReasonDialog, useTell, WhyButton, whyNot } from '../shell/controls.tsx';
import { Said } from '../shell/states.tsx';
import { sayTime } from '../time.ts';
import { useLanguage, useWords } from '../useWords.ts';
import { lifeWords } from '../words/life.ts';
import { shellWords } from '../words/shell.ts';
import { OnRecord } from './OnRecord.tsx';
import type { Camera } from './state.tsx';

type Step = keyof typeof stepNames;
const order: readonly Step[] = ['planned', 'approved', 'installed', 'tested', 'operating'];
const stale = [collect.cameraById, collect.cameras, collect.sites, collect.legalRecords];

export function LifePanel({ camera, zone }: { camera: Camera; zone: string }) {
  const t = useWords(lifeWords);
  const lang = useLanguage();
  const { life } = camera;
  const room = camera.facts.room as keyof typeof rooms | null;
  return (
    <section className="side-panel life-panel" aria-labelledby="camera-life">
      <h2 id="camera-life">{t('title')}</h2>
      <ol className="life-steps" aria-label={t('step')}>
        {(order.includes(life.step) ? order : [...order, life.step]).map((each) => (
          <li key={each} {...(each === life.step ? { 'aria-current': 'step' as const } : {})}>
            {stepNames[each][lang]}
          </li>
        ))}
      </ol>
      {life.since && life.by && (
        <p className="soft">{t('since', { time: sayTime(life.since, zone), by: life.by })}</p>
      )}
      {life.carriedOver && <p className="life-carried">{t('carriedOver')}</p>}
      {room && <p>{`${t('room')}: ${rooms[room]?.[lang] ?? room}`}</p>}
      <Missing camera={camera} />
      <OnRecord camera={camera} />
      <NextSteps camera={camera} />
    </section>
  );
}

function Missing({ camera }: { camera: Camera }) {
  const t = useWords(lifeWords);
  const lang = useLanguage();
  const [puts, setPuts] = useState<string | null>(null);
  const { missing } = camera.life;
  const why = whyNot(camera.can, 'camera.configure');
  if (missing.length === 0) return <p className="life-whole">{t('missingNone')}</p>;
  return (
    <>
      <h3>{t('missing')}</h3>
      <ul className="life-missing">
        {missing.map(({ need, because }) => (
          <li key={need}>
            <span className="life-need">
              <strong>{needName(need)[lang]}</strong>
              {because.map((rule) => (
                <span key={rule.instrument + rule.article} className="soft" title={rule.quote}>
                  {ruleText(rule)}
                </span>
              ))}
            </span>
            <Remedy need={need} why={why} put={setPuts} />
          </li>
        ))}
      </ul>
      {puts && <RecordDialog camera={camera} kind={puts} close={() => setPuts(null)} />}
    </>
  );
}

function Remedy({ need, why, put }: { need: string; why: string | null; put: (kind: string) => void }) {
  const t = useWords(lifeWords);
  const kind = need.replace(/^stale-/, '');
  if (isRecordKind(kind))
    return (
      <WhyButton size="small" why={why} onClick={() => put(kind)}>
        {t('record')}
      </WhyButton>
    );
  return <span className="soft">{need === 'place-class' ? t('settleSite') : t('editHere')}</span>;
}

/** A sign may stand for all cameras of a site; why one is needed is said of that one. */
function RecordDialog({ camera, kind, close }: { camera: Camera; kind: string; close: () => void }) {
  const t = useWords(lifeWords);
  const shell = useWords(shellWords);
  const lang = useLanguage();
  const tell = useTell();
  const [form] = Form.useForm<{ said: string; on: string; of: 'camera' | 'site' }>();
  const ofCamera = useChange(collect.addCameraRecord, stale);
  const ofSite = useChange(collect.addSiteRecord, stale);
  const sites = useCall(collect.sites, {});
  const zone = sites.data?.items.find(({ id }) => id === camera.siteId)?.timeZone ?? 'Asia/Shanghai';
  const isOfSite = isRecordKind(kind) && recordKinds[kind].of === 'site';
  const name = needName(kind)[lang];
  const submit = ({ said, on, of }: { said: string; on: string; of?: 'camera' | 'site' }) => {
    const body = { kind, said, on };
    const then = {
      onSuccess: () => {
        tell.done(t('recordDone'));
        close();
      },
    };
    if (isOfSite || of === 'site') ofSite.mutate({ params: { id: camera.siteId }, body }, then);
    else ofCamera.mutate({ params: { id: camera.id }, body }, then);
  };
  return (
    <Modal
      open
      title={t('recordTitle', { kind: name })}
      okText={t('record')}
      cancelText={shell('cancel')}
      onOk={form.submit}
      onCancel={close}
      confirmLoading={ofCamera.isPending || ofSite.isPending}
    >
      <Said error={ofCamera.error ?? ofSite.error} />
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        onFinish={submit}
        initialValues={{ on: localDay(Date.now(), zone), of: kind === 'sign' ? 'site' : 'camera' }}
      >
        <Form.Item
          name="said"
          label={t('recordSays')}
          rules={[{ required: true, whitespace: true, message: shell('required') }]}
        >
          <Input.TextArea rows={3} maxLength={2000} autoFocus />
        </Form.Item>
        <Form.Item name="on" label={t('recordOn')} rules={[{ required: true, message: shell('required') }]}>
          <Input type="date" max={localDay(Date.now(), zone)} />
        </Form.Item>
        {!isOfSite && kind !== 'necessity' && (
          <Form.Item name="of" label={t('recordFor')}>
            <Radio.Group
              options={[
                { value: 'camera', label: t('recordForCamera') },
                { value: 'site', label: t('recordForSite', { site: camera.siteName }) },
              ]}
            />
          </Form.Item>
        )}
      </Form>
    </Modal>
  );
}

function NextSteps({ camera }: { camera: Camera }) {
  const t = useWords(lifeWords);
  const lang = useLanguage();
  const tell = useTell();
  const [to, setTo] = useState<Exclude<Step, 'retired'> | null>(null);
  const take = useChange(collect.stepCamera, stale);
  const why = whyNot(camera.can, 'camera.configure');
  const needs = (lacking: readonly string[]) =>
    lacking.length === 0
      ? null
      : `${t('missing')}: ${lacking.map((each) => needName(each)[lang]).join(', ')}`;
  return (
    <div className="life-next">
      {camera.life.next
        .filter((each) => each.to !== 'retired')
        .map((each) => (
          <WhyButton
            key={each.to}
            size="small"
            why={why ?? needs(each.lacking)}
            onClick={() => setTo(each.to as Exclude<Step, 'retired'>)}
          >
            {t('take', { step: stepNames[each.to][lang] })}
          </WhyButton>
        ))}
      {to && (
        <ReasonDialog
          title={t('stepTitle', { name: camera.name, step: stepNames[to][lang] })}
          says={t('stepSays')}
          doIt={t('take', { step: stepNames[to][lang] })}
          run={async (reason) => {
            await take.mutateAsync({ params: { id: camera.id }, body: { to, reason } });
            tell.done(t('stepDone', { name: camera.name, step: stepNames[to][lang] }));
          }}
          close={() => setTo(null)}
        />
      )}
    </div>
  );
}
