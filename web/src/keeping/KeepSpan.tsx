/** Beside a span that is marked on the timeline: hold it, mark it as of value, or write down that erasure is asked for. */
import { Form, Input, Radio } from 'antd';
import { useState } from 'react';
import { display, keeping } from '../../../src/contract/index.ts';
import { useChange } from '../api.ts';
import type { Stretch } from '../camera/scale.ts';
import { ReasonDialog, useTell, useWhyNot, WhyButton } from '../shell/controls.tsx';
import { sayTime } from '../time.ts';
import { useWords } from '../useWords.ts';
import { keepingWords } from '../words/keeping.ts';
import { shellWords } from '../words/shell.ts';
import { longUnits, PeriodFields } from './period.tsx';
import './keeping.css';

type Camera = { readonly id: string; readonly name: string };
type What = 'hold' | 'mark' | 'erase';
interface Given {
  readonly camera: Camera;
  readonly span: Stretch;
  readonly zone: string;
  readonly close: () => void;
}

const spanBody = ({ fromMs, toMs }: Stretch) => ({
  from: new Date(fromMs).toISOString(),
  to: new Date(toMs).toISOString(),
});
const stale = [display.timeline, keeping.holds, keeping.marks, keeping.erasures, keeping.keeping];

export function KeepSpan({ camera, span, zone }: Omit<Given, 'close'>) {
  const t = useWords(keepingWords);
  const whyNot = useWhyNot();
  const [open, setOpen] = useState<What | null>(null);
  const given = { camera, span, zone, close: () => setOpen(null) };
  return (
    <span className="keep-tools">
      <WhyButton why={whyNot('footage.hold')} onClick={() => setOpen('hold')}>
        {t('hold')}
      </WhyButton>
      <WhyButton why={whyNot('footage.mark')} onClick={() => setOpen('mark')}>
        {t('mark')}
      </WhyButton>
      <WhyButton why={whyNot('footage.erase')} onClick={() => setOpen('erase')}>
        {t('erase')}
      </WhyButton>
      {open === 'hold' && <HoldDialog {...given} />}
      {open === 'mark' && <MarkDialog {...given} />}
      {open === 'erase' && <EraseDialog {...given} />}
    </span>
  );
}

const saySpanOf = ({ span, zone }: Given) => ({
  from: sayTime(span.fromMs, zone),
  to: sayTime(span.toMs, zone),
});

function HoldDialog(given: Given) {
  const { camera, span, close } = given;
  const t = useWords(keepingWords);
  const tell = useTell();
  const add = useChange(keeping.addHold, stale);
  return (
    <ReasonDialog<{ authority?: string; reference?: string; until?: string }>
      title={t('holdTitle', { camera: camera.name })}
      says={t('holdSays', saySpanOf(given))}
      doIt={t('hold')}
      extra={
        <>
          <div className="fields">
            <Form.Item name="authority" label={t('authority')} extra={t('authorityHint')}>
              <Input autoFocus maxLength={200} />
            </Form.Item>
            <Form.Item name="reference" label={t('reference')} extra={t('referenceHint')}>
              <Input maxLength={200} />
            </Form.Item>
          </div>
          <Form.Item name="until" label={t('holdUntil')} extra={t('holdUntilHint')}>
            <Input type="date" />
          </Form.Item>
        </>
      }
      run={async (reason, { authority = '', reference = '', until }) => {
        // The whole of the last day, wherever the reader is.
        const untilAt = until ? new Date(`${until}T23:59:59.999`).toISOString() : null;
        const body = { ...spanBody(span), reason, authority, reference, until: untilAt };
        await add.mutateAsync({ params: { id: camera.id }, body });
        tell.done(t('holdDone'));
      }}
      close={close}
    />
  );
}

interface Marked {
  readonly kind: 'important' | 'alarm';
  readonly n?: number | null;
  readonly unit: (typeof longUnits)[number];
}

function MarkDialog(given: Given) {
  const { camera, span, close } = given;
  const t = useWords(keepingWords);
  const tell = useTell();
  const add = useChange(keeping.addMark, stale);
  return (
    <ReasonDialog<Marked>
      title={t('markTitle', { camera: camera.name })}
      says={t('markSays', saySpanOf(given))}
      doIt={t('mark')}
      initialValues={{ kind: 'important', unit: 'month' }}
      extra={<MarkFields />}
      run={async (reason, { kind, n, unit }) => {
        const period = kind === 'important' && n ? { n, unit } : null;
        const body = { ...spanBody(span), kind, period, reason };
        await add.mutateAsync({ params: { id: camera.id }, body });
        tell.done(t('markDone'));
      }}
      close={close}
    />
  );
}

function MarkFields() {
  const t = useWords(keepingWords);
  const kind = Form.useWatch('kind');
  return (
    <>
      <Form.Item name="kind" label={t('kind')}>
        <Radio.Group
          options={[
            { value: 'important', label: t('kind_important') },
            { value: 'alarm', label: t('kind_alarm') },
          ]}
        />
      </Form.Item>
      <Form.Item label={t('markPeriod')} extra={t('markPeriodHint')} hidden={kind === 'alarm'}>
        <PeriodFields n="n" unit="unit" units={longUnits} required={false} />
      </Form.Item>
    </>
  );
}

function EraseDialog(given: Given) {
  const { camera, span, close } = given;
  const t = useWords(keepingWords);
  const shell = useWords(shellWords);
  const tell = useTell();
  const add = useChange(keeping.addErasure, stale);
  return (
    <ReasonDialog<{ requester: string }>
      title={t('eraseTitle', { camera: camera.name })}
      says={t('eraseSays', saySpanOf(given))}
      doIt={t('erase')}
      extra={
        <Form.Item
          name="requester"
          label={t('requester')}
          rules={[{ required: true, whitespace: true, message: shell('required') }]}
        >
          <Input autoFocus maxLength={200} />
        </Form.Item>
      }
      run={async (reason, { requester }) => {
        const body = { ...spanBody(span), requester: requester.trim(), reason };
        const { pieces } = await add.mutateAsync({ params: { id: camera.id }, body });
        const outcomes = [...new Set(pieces.map((piece) => t(`outcome_${piece.outcome}`)))];
        tell.done(`${t('answer')}: ${outcomes.join(' · ')}`);
      }}
      close={close}
    />
  );
}
