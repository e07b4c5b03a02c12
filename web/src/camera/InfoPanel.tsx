/** What is known of a camera's streams now, and whether it records: measured values with their units. */
import { Link } from '@tanstack/react-router';
import { type ReactNode, useEffect, useState } from 'react';
import type { z } from 'zod';
import { collect } from '../../../src/contract/index.ts';
import { useChange } from '../api.ts';
import { codecInFull } from '../codec.ts';
import { sayProblem } from '../player/said.ts';
import { useMay } from '../session.ts';
import { ReasonDialog, useTell, WhyButton, whyNot } from '../shell/controls.tsx';
import { sayNumber, sayTime } from '../time.ts';
import { useLanguage, useWords } from '../useWords.ts';
import { cameraPageWords } from '../words/camera.ts';

type Camera = z.output<typeof collect.camera>;
type Stream = z.output<typeof collect.streamState>;

export function InfoPanel({
  camera,
  zone,
  readDelay,
}: {
  camera: Camera;
  zone: string;
  /** How old the picture on the screen is, ms; null while none is live. */
  readDelay: () => number | null;
}) {
  const t = useWords(cameraPageWords);
  const may = useMay();
  return (
    <section className="side-panel" aria-labelledby="camera-info">
      <div className="side-head">
        <h2 id="camera-info">{t('info')}</h2>
        {may('camera.configure') && (
          <Link to="/cameras" search={{ edit: camera.id }}>
            {t('edit')}
          </Link>
        )}
      </div>
      <dl className="camera-facts">
        <Fact name={t('recordedUntil')}>
          {camera.recordedUntil ? sayTime(camera.recordedUntil, zone) : t('notMeasured')}
        </Fact>
        <DelayFact readDelay={readDelay} />
      </dl>
      <Recording camera={camera} />
      {camera.streams.map((stream) => (
        <StreamFacts key={stream.kind} stream={stream} basis={camera.soundBasis} zone={zone} />
      ))}
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="number">{children}</dd>
    </div>
  );
}

function DelayFact({ readDelay }: { readDelay: () => number | null }) {
  const t = useWords(cameraPageWords);
  const [delayMs, setDelay] = useState<number | null>(null);
  const read = readDelay;
  useEffect(() => {
    const timer = setInterval(() => setDelay(read()), 1000);
    return () => clearInterval(timer);
  }, [read]);
  if (delayMs === null || delayMs < 0 || delayMs > 60_000) return null;
  return <Fact name={t('delay')}>{`${Math.round(delayMs / 10) * 10} ms`}</Fact>;
}

function Recording({ camera }: { camera: Camera }) {
  const t = useWords(cameraPageWords);
  const tell = useTell();
  const [asks, setAsks] = useState(false);
  const stale = [collect.cameraById, collect.cameras];
  const pause = useChange(collect.pauseCamera, stale);
  const resume = useChange(collect.resumeCamera, stale);
  const why = whyNot(camera.can, 'camera.pause');
  const isPaused = camera.recording === 'paused';
  const resumeNow = () =>
    resume.mutate(
      { params: { id: camera.id }, body: {} },
      { onSuccess: () => tell.done(t('resumed')), onError: tell.failed },
    );
  return (
    <div className="info-recording">
      {isPaused && (
        <p className="info-paused">
          {t('pausedBy', { by: camera.pausedBy ?? '', reason: camera.pausedReason ?? '' })}
        </p>
      )}
      <WhyButton
        size="small"
        why={why}
        loading={resume.isPending}
        onClick={() => (isPaused ? resumeNow() : setAsks(true))}
      >
        {isPaused ? t('resume') : t('pause')}
      </WhyButton>
      {asks && (
        <ReasonDialog
          title={t('pauseTitle', { name: camera.name })}
          says={t('pauseSays')}
          doIt={t('pause')}
          run={async (reason) => {
            await pause.mutateAsync({ params: { id: camera.id }, body: { reason } });
            tell.done(t('paused'));
          }}
          close={() => setAsks(false)}
        />
      )}
    </div>
  );
}

function StreamFacts({ stream, basis, zone }: { stream: Stream; basis: string | null; zone: string }) {
  const t = useWords(cameraPageWords);
  const lang = useLanguage();
  const measured = (value: number | null, digits: number, unit: string) =>
    value === null ? t('notMeasured') : `${sayNumber(value, lang, digits)}${unit}`;
  return (
    <div className="info-stream">
      <h3>{t(`infoStream_${stream.kind}`)}</h3>
      {stream.state === 'off' && <p className="soft">{t('infoOff')}</p>}
      {stream.state === 'connecting' && <p className="soft">{t('infoConnecting')}</p>}
      {stream.problem && (
        <p className="info-problem">{sayProblem(stream.problem.code, stream.problem.values)}</p>
      )}
      {stream.codec && (
        <dl className="camera-facts">
          <Fact name={t('codec')}>{codecInFull(stream.codec)}</Fact>
          <Fact name={t('size')}>
            {stream.width ? `${stream.width} × ${stream.height}` : t('notMeasured')}
          </Fact>
          <Fact name={t('fps')}>{measured(stream.fps, 1, '')}</Fact>
          <Fact name={t('kbps')}>{measured(stream.kbps, 0, ' kb/s')}</Fact>
          <Fact name={t('transport')}>{stream.transport?.toUpperCase() ?? t('notMeasured')}</Fact>
          <Fact name={t('loss')}>{`${stream.packetsLost} / ${stream.packetsReordered}`}</Fact>
          <Fact name={t('clockOffset')}>
            <ClockOffset ms={stream.clockOffsetMs} />
          </Fact>
          <Fact name={t('clockDrift')}>{measured(stream.clockDriftPpm, 1, ' ppm')}</Fact>
          <Fact name={t('sound')}>
            <Sound stream={stream} basis={basis} />
          </Fact>
          <Fact name={t('viewers')}>{stream.viewers}</Fact>
          {stream.since && <Fact name={t('since')}>{sayTime(stream.since, zone)}</Fact>}
        </dl>
      )}
    </div>
  );
}

function ClockOffset({ ms }: { ms: number | null }) {
  const t = useWords(cameraPageWords);
  if (ms === null) return t('notMeasured');
  const rounded = Math.round(ms);
  if (rounded === 0) return t('clockExact');
  return t(rounded > 0 ? 'clockAhead' : 'clockBehind', { ms: Math.abs(rounded) });
}

function Sound({ stream, basis }: { stream: Stream; basis: string | null }) {
  const t = useWords(cameraPageWords);
  if (stream.audio === 'none') return t('soundNone');
  const codec = stream.audioCodec ?? '';
  return stream.audio === 'recorded'
    ? t('soundRecorded', { codec, basis: basis ?? '' })
    : t('soundDropped', { codec });
}
