/** What live and recorded pictures of a camera are looked at for, and which of the two questions is open. */
import { App } from 'antd';
import { useState } from 'react';
import type { z } from 'zod';
import type { collect } from '../../../src/contract/index.ts';
import { usePurpose } from '../player/purpose.tsx';
import { whyNot } from '../shell/controls.tsx';
import { useWords } from '../useWords.ts';
import { cameraPageWords } from '../words/camera.ts';

type Camera = z.output<typeof collect.camera>;
export type Purposes = ReturnType<typeof usePurposes>;

export function usePurposes(camera: Camera, isPlayback: boolean) {
  const live = usePurpose('live', '');
  const playback = usePurpose('playback', camera.id);
  const { message } = App.useApp();
  const t = useWords(cameraPageWords);
  const liveWhy = whyNot(camera.can, 'view.live');
  const playbackWhy = whyNot(camera.can, 'view.playback');
  const [asked, setAsked] = useState<'live' | 'playback' | null>(null);
  const [isLater, setLater] = useState(false);
  const needsPlayback = isPlayback && playback.said === null && playbackWhy === null;
  const needsLive = !isPlayback && live.said === null && liveWhy === null && !isLater;
  const asks = asked ?? (needsPlayback ? 'playback' : needsLive ? 'live' : null);
  return {
    live,
    playback,
    liveWhy,
    playbackWhy,
    asks,
    askLive: () => setAsked('live'),
    askPlayback: () => setAsked('playback'),
    answer: (purpose: string) => {
      (asks === 'live' ? live : playback).say(purpose);
      setAsked(null);
    },
    cancel: () => {
      setAsked(null);
      setLater(true);
    },
    refusePlayback: () => void message.warning(t('noPlayback', { why: playbackWhy ?? '' }), 6),
  };
}
