/** Beside a span that is marked on the timeline: hold it, mark it as of value, or write down that erasure is asked for. */
import { Form, Input, InputNumber, Radio, Select, Space } from 'antd';
import { useState } from 'react';
import { display, keeping } from '../../../src/contract/index.ts';
import { sayRefusal, useChange } from '../api.ts';
import type { Stretch } from '../camera/scale.ts';
import { useMay } from '../session.ts';
import { ReasonDialog, useTell, WhyButton } from '../shell/controls.tsx';
import { sayTime } from '../time.ts';
import { useWords } from '../useWords.ts';
import { keepingWords } from '../words/keeping.ts';
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
  const may = useMay();
  const [open, setOpen] = useState<What | null>(null);
  const why = (action: 'footage.hold' | 'footage.mark' | 'footage.erase') =>
    may(action) ? null : sayRefusal('gate.denied', { action });
  const given = { camera, span, zone, close: () => setOpen(null) };
  return (
    <span className="keep-tools">
      <WhyButton size="small" why={why('footage.hold')} onClick={() => setOpen('hold')}>
        {t('hold')}
      </WhyButton>
      <WhyButton size="small" why={why('footage.mark')} onClick={() => setOpen('mark')}>
        {t('mark')}
      </WhyButton>
      <WhyButton size="small" why={why('footage.erase')} onClick={() => setOpen('erase')}>
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
  const [authority, setAuthority] = useState('');
  const [reference, setReference] = useState('');
  const [until, setUntil] = useState('');
  return (
    <ReasonDialog
      title={t('holdTitle', { camera: camera.name })}
      says={t('holdSays', saySpanOf(given))}
      doIt={t('hold')}
      extra={
        <>
          <Form.Item label={t('authority')} extra={t('authorityHint')}>
            <Input maxLength={200} value={authority} onChange={(event) => setAuthority(event.target.value)} />
          </Form.Item>
          <Form.Item label={t('reference')} extra={t('referenceHint')}>
            <Input maxLength={200} value={reference} onChange={(event) => setReference(event.target.value)} />
          </Form.Item>
          <Form.Item label={t('holdUntil')} extra={t('holdUntilHint')}>
            <Input type="date" value={until} onChange={(event) => setUntil(event.target.value)} />
          </Form.Item>
        </>
      }
      run={async (reason) => {
        // The whole of the last day, wherever the reader is.
        const untilAt = until === '' ? null : new Date(`${until}T23:59:59.999`).toISOString();
        const body = { ...spanBody(span), reason, authority, reference, until: untilAt };
        await add.mutateAsync({ params: { id: camera.id }, body });
        tell.done(t('holdDone'));
      }}
      close={close}
    />
  );
}

const units = ['day', 'month', 'year'] as const;

function MarkDialog(given: Given) {
  const { camera, span, close } = given;
  const t = useWords(keepingWords);
  const tell = useTell();
  const add = useChange(keeping.addMark, stale);
  const [kind, setKind] = useState<'important' | 'alarm'>('important');
  const [n, setN] = useState<number | null>(null);
  const [unit, setUnit] = useState<(typeof units)[number]>('month');
  return (
    <ReasonDialog
      title={t('markTitle', { camera: camera.name })}
      says={t('marksSay')}
      doIt={t('mark')}
      extra={
        <>
          <Form.Item label={t('kind')}>
            <Radio.Group
              value={kind}
              onChange={(event) => setKind(event.target.value as 'important' | 'alarm')}
              options={[
                { value: 'important', label: t('kind_important') },
                { value: 'alarm', label: t('kind_alarm') },
              ]}
            />
          </Form.Item>
          <Form.Item label={t('markPeriod')} extra={t('markPeriodHint')} hidden={kind === 'alarm'}>
            <Space.Compact>
              <InputNumber
                min={1}
                max={3660}
                precision={0}
                aria-label={t('periodN')}
                value={n}
                onChange={(value) => setN(value)}
              />
              <Select
                aria-label={t('periodUnit')}
                popupMatchSelectWidth={false}
                value={unit}
                onChange={setUnit}
                options={units.map((value) => ({ value, label: t(`unit_${value}`) }))}
              />
            </Space.Compact>
          </Form.Item>
        </>
      }
      run={async (reason) => {
        const period = kind === 'important' && n !== null ? { n, unit } : null;
        const body = { ...spanBody(span), kind, period, reason };
        await add.mutateAsync({ params: { id: camera.id }, body });
        tell.done(t('markDone'));
      }}
      close={close}
    />
  );
}

function EraseDialog(given: Given) {
  const { camera, span, close } = given;
  const t = useWords(keepingWords);
  const tell = useTell();
  const add = useChange(keeping.addErasure, stale);
  const [requester, setRequester] = useState('');
  return (
    <ReasonDialog
      title={t('eraseTitle', { camera: camera.name })}
      says={t('eraseSays', saySpanOf(given))}
      doIt={t('erase')}
      extra={
        <Form.Item label={t('requester')}>
          <Input maxLength={200} value={requester} onChange={(event) => setRequester(event.target.value)} />
        </Form.Item>
      }
      run={async (reason) => {
        const body = { ...spanBody(span), requester: requester.trim() || '—', reason };
        const { pieces } = await add.mutateAsync({ params: { id: camera.id }, body });
        const outcomes = [...new Set(pieces.map((piece) => t(`outcome_${piece.outcome}`)))];
        tell.done(`${t('answer')}: ${outcomes.join(' · ')}`);
      }}
      close={close}
    />
  );
}
