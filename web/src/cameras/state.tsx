/** What is known of a camera now, as words and figures; used wherever a camera's state is shown. */
import type { z } from 'zod';
import { cameraProblems, type collect } from '../../../src/contract/index.ts';
import { codecFamily } from '../codec.ts';
import { sayNumber } from '../time.ts';
import { type Language, useSaid, useWords } from '../useWords.ts';
import { cameraWords } from '../words/cameras.ts';

export type Camera = z.output<typeof collect.camera>;
export type StreamState = z.output<typeof collect.streamState>;
export type CameraStatus = Camera['status'];

export const statuses = [
  'recording',
  'trouble',
  'no-video',
  'paused',
  'starting',
  'off',
] as const satisfies CameraStatus[];

export function mainStream(camera: Camera): StreamState | undefined {
  return camera.streams.find((each) => each.kind === 'main');
}

/** A dot is never alone: colour says it to most, the word to all. */
export function StatusTag({ status }: { status: CameraStatus }) {
  const t = useWords(cameraWords);
  return (
    <span className={`status status-${status}`}>
      <span className="status-dot" aria-hidden="true" />
      {t(`status_${status}`)}
    </span>
  );
}

/** The sentence that says what is wrong, or who paused it and why; null when all is well. */
export function useTroubleOf(): (camera: Camera) => string | null {
  const t = useWords(cameraWords);
  const said = useSaid();
  return (camera) => {
    if (camera.recording === 'paused') {
      return t('pausedBy', { by: camera.pausedBy ?? '—', reason: camera.pausedReason ?? '—' });
    }
    const problem = camera.streams.find((each) => each.problem !== null)?.problem;
    return problem ? said(cameraProblems[problem.code], problem.values) : null;
  };
}

export const figures = {
  codec: (stream?: StreamState) => (stream?.codec ? codecFamily(stream.codec) : null),
  size: (stream?: StreamState) =>
    stream?.width && stream.height ? `${stream.width} × ${stream.height}` : null,
  fps: (stream: StreamState | undefined, lang: Language) =>
    stream?.fps == null ? null : `${sayNumber(stream.fps, lang, 1)} fps`,
  kbps: (stream: StreamState | undefined, lang: Language) =>
    stream?.kbps == null ? null : `${sayNumber(stream.kbps, lang)} kb/s`,
  /** `+12 ms`: the camera's clock is ahead of ours. */
  clock: (stream: StreamState | undefined, lang: Language) =>
    stream?.clockOffsetMs == null ? null : `${signed(stream.clockOffsetMs, lang)} ms`,
  drift: (stream: StreamState | undefined, lang: Language) =>
    stream?.clockDriftPpm == null ? null : `${signed(stream.clockDriftPpm, lang, 1)} ppm`,
};

function signed(value: number, lang: Language, digits = 0): string {
  const rounded = Number(value.toFixed(digits));
  return `${rounded > 0 ? '+' : rounded < 0 ? '−' : ''}${sayNumber(Math.abs(rounded), lang, digits)}`;
}
