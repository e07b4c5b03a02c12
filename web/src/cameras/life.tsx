/** The steps of a camera's life that ask for a reason: pause, retire; and recording again. */
import { collect } from '../../../src/contract/index.ts';
import { useChange } from '../api.ts';
import { ReasonDialog, useTell } from '../shell/controls.tsx';
import { useWords } from '../useWords.ts';
import { cameraWords } from '../words/cameras.ts';

export type LifeStep = 'pause' | 'retire';

interface Named {
  readonly id: string;
  readonly name: string;
}

const stale = [collect.cameras, collect.cameraById, collect.sites];

export function LifeDialog({
  camera,
  step,
  close,
  done,
}: {
  camera: Named;
  step: LifeStep;
  close: () => void;
  done?: () => void;
}) {
  const t = useWords(cameraWords);
  const tell = useTell();
  const pause = useChange(collect.pauseCamera, stale);
  const retire = useChange(collect.retireCamera, stale);
  const run = async (reason: string) => {
    const args = { params: { id: camera.id }, body: { reason } };
    if (step === 'pause') await pause.mutateAsync(args);
    else await retire.mutateAsync(args);
    tell.done(t(step === 'pause' ? 'paused' : 'retired', { name: camera.name }));
    done?.();
  };
  return (
    <ReasonDialog
      title={t(step === 'pause' ? 'pauseTitle' : 'retireTitle', { name: camera.name })}
      says={t(step === 'pause' ? 'pauseSays' : 'retireSays')}
      doIt={t(step === 'pause' ? 'pauseDo' : 'retireDo')}
      run={run}
      close={close}
    />
  );
}

export function useResume(): (camera: Named) => void {
  const t = useWords(cameraWords);
  const tell = useTell();
  const resume = useChange(collect.resumeCamera, stale);
  return (camera) =>
    resume.mutate(
      { params: { id: camera.id }, body: {} },
      { onSuccess: () => tell.done(t('resumed', { name: camera.name })), onError: tell.failed },
    );
}
