/**
 * The span that was chosen, by two times or on the timeline, and what is done with it: download, hold, mark, erasure.
 */
import { CloseOutlined, DownloadOutlined } from '@ant-design/icons';
import { Button, Input } from 'antd';
import { useEffect, useState } from 'react';
import { KeepSpan } from '../keeping/KeepSpan.tsx';
import { sayCause } from '../player/said.ts';
import { useTell, WhyButton } from '../shell/controls.tsx';
import { saySpan, timeParts } from '../time.ts';
import { useLanguage, useWords } from '../useWords.ts';
import { cameraPageWords } from '../words/camera.ts';
import { type Lacking, saveClip } from './files.ts';
import type { Stretch } from './scale.ts';
import { fromField, toField } from './zone.ts';

export function ClipPanel({
  camera,
  purpose,
  zone,
  span,
  small,
  why,
  onSpan,
  onClose,
}: {
  camera: { readonly id: string; readonly name: string };
  purpose: string;
  zone: string;
  span: Stretch;
  /** Where only the sub-stream was recorded. */
  small: readonly Stretch[];
  /** Why a clip may not be downloaded; null when it may. */
  why: string | null;
  onSpan: (span: Stretch) => void;
  onClose: () => void;
}) {
  const t = useWords(cameraPageWords);
  const lang = useLanguage();
  const tell = useTell();
  const [isBusy, setBusy] = useState(false);
  const [lacking, setLacking] = useState<Lacking | null>(null);
  const isGood = span.toMs > span.fromMs && span.toMs <= Date.now() + 1000;
  const download = async () => {
    setBusy(true);
    setLacking(null);
    try {
      await saveClip(camera, purpose, span, zone, setLacking);
      tell.done(t('clipStarted'));
    } catch (error) {
      tell.failed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section className="clip" aria-label={t('clipTitle')}>
      <div className="clip-row">
        <strong>{t('clipTitle')}</strong>
        <TimeField
          label={t('clipFrom')}
          ms={span.fromMs}
          zone={zone}
          onMs={(fromMs) => onSpan({ ...span, fromMs })}
        />
        <TimeField
          label={t('clipTo')}
          ms={span.toMs}
          zone={zone}
          onMs={(toMs) => onSpan({ ...span, toMs })}
        />
        <span className="soft number">{t('clipIn', { zone: timeParts(span.fromMs, zone).zone })}</span>
        {isGood ? (
          <span className="number">{t('clipLasts', { span: saySpan(span.toMs - span.fromMs, lang) })}</span>
        ) : (
          <span className="clip-bad" role="alert">
            {t('clipBad')}
          </span>
        )}
        {small.some((one) => one.fromMs < span.toMs && one.toMs > span.fromMs) && (
          <span className="soft">{t('clipSmall')}</span>
        )}
      </div>
      <div className="clip-row">
        <WhyButton
          type="primary"
          icon={<DownloadOutlined aria-hidden="true" />}
          why={isGood ? why : t('clipBad')}
          loading={isBusy}
          onClick={() => void download()}
        >
          {isBusy ? t('clipPreparing') : t('clipDownload')}
        </WhyButton>
        {isGood && <KeepSpan camera={camera} span={span} zone={zone} />}
      </div>
      <Button
        type="text"
        className="clip-close"
        icon={<CloseOutlined />}
        aria-label={t('clipClose')}
        onClick={onClose}
      />
      {lacking && <Lacks of={lacking} zone={zone} />}
    </section>
  );
}

const lacksShown = 5;

/** The download lacks something that was recorded: what, from when to when, and why. */
function Lacks({ of, zone }: { of: Lacking; zone: string }) {
  const t = useWords(cameraPageWords);
  const lang = useLanguage();
  const at = (instant: string) => timeParts(instant, zone).time;
  return (
    <div className="clip-lacks" role="status">
      <strong>{t('clipLacks', { span: saySpan(of.seconds * 1000, lang) })}</strong>
      <ul>
        {of.items.slice(0, lacksShown).map((one) => (
          <li key={one.from}>
            {t('clipLacksFrom', { from: at(one.from), to: at(one.to), cause: sayCause(one.cause, {}) })}
          </li>
        ))}
        {of.items.length > lacksShown && (
          <li>{t('clipLacksMore', { count: of.items.length - lacksShown })}</li>
        )}
      </ul>
    </div>
  );
}

function TimeField({
  label,
  ms,
  zone,
  onMs,
}: {
  label: string;
  ms: number;
  zone: string;
  onMs: (ms: number) => void;
}) {
  const t = useWords(cameraPageWords);
  const [text, setText] = useState(toField(ms, zone));
  // What is being typed is left alone; what changes on the timeline is shown.
  useEffect(
    () => setText((now) => (fromField(now, zone) === wholeSecond(ms) ? now : toField(ms, zone))),
    [ms, zone],
  );
  const change = (next: string) => {
    setText(next);
    const read = fromField(next, zone);
    if (read !== null) onMs(read);
  };
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the input stands inside.
    <label className="clip-field">
      <span className="soft">{label}</span>
      <Input
        size="small"
        maxLength={19}
        value={text}
        title={t('clipForm')}
        status={fromField(text, zone) === null ? 'warning' : ''}
        aria-invalid={fromField(text, zone) === null}
        onChange={(event) => change(event.target.value)}
      />
    </label>
  );
}

const wholeSecond = (ms: number): number => Math.floor(ms / 1000) * 1000;
