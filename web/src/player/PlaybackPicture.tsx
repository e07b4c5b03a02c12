/** A recorded picture with what is to be said about it. Fills the box it is put in. */
import { Button } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { saySpan } from '../time.ts';
import { useLanguage, useWords } from '../useWords.ts';
import { playerWords } from '../words/player.ts';
import { playbackDoor } from './door.ts';
import { Over } from './LivePicture.tsx';
import { PlaybackPlayer, type PlaybackStatus } from './playback.ts';
import { sayGap, sayPlayback } from './said.ts';
import { usePlayer } from './usePlayer.ts';
import './player.css';

export function PlaybackPicture({
  cameraId,
  name,
  purpose,
  atMs,
  gaps,
  spanOf,
  onPlayer,
  onPosition,
}: {
  cameraId: string;
  name: string;
  purpose: string | null;
  /** Where to begin; afterwards the player is told. */
  atMs: number;
  gaps: 'skip' | 'wait';
  spanOf: (atMs: number) => { fromMs: number; toMs: number };
  onPlayer: (player: PlaybackPlayer | null, status: PlaybackStatus | null) => void;
  onPosition: (wallMs: number) => void;
}) {
  const t = useWords(playerWords);
  const lang = useLanguage();
  const host = useRef<HTMLDivElement>(null);
  const [status, setStatus] = useState<PlaybackStatus | null>(null);
  const tell = useRef({ onPlayer, onPosition });
  tell.current = { onPlayer, onPosition };
  useEffect(() => () => tell.current.onPlayer(null, null), []);
  const player = usePlayer(host, purpose === null ? null : `${cameraId} ${purpose}`, (element) => {
    let made: PlaybackPlayer | null = null;
    made = new PlaybackPlayer({
      host: element,
      door: playbackDoor(cameraId, purpose ?? ''),
      spanOf,
      atMs,
      plays: true,
      gaps,
      onStatus: (next) => {
        setStatus(next);
        if (made) tell.current.onPlayer(made, next);
      },
      onPosition: (wallMs) => tell.current.onPosition(wallMs),
    });
    setStatus(made.status);
    tell.current.onPlayer(made, made.status);
    return made;
  });
  const state = player ? status?.state : undefined;
  const isShown = state?.kind === 'playing' || state?.kind === 'paused' || state?.kind === 'seeking';
  return (
    <div className={`picture${state?.kind === 'gap' ? ' picture-empty' : ''}`}>
      <div ref={host} className="picture-host" role="img" aria-label={t('pictureOf', { name })} />
      {!('MediaSource' in globalThis) && (
        <Over sentence={{ text: t('noMediaSource'), more: null, tone: 'loss' }} />
      )}
      {state && !isShown && (
        <Over sentence={sayPlayback(state, t)}>
          {state.kind === 'gap' && status?.gaps === 'wait' && (
            <Button size="small" onClick={() => player?.leaveGap()}>
              {t('leaveGap')}
            </Button>
          )}
        </Over>
      )}
      {isShown && status?.skipped && (
        <div className="picture-note" role="status">
          {t('skipped', {
            span: saySpan(status.skipped.toMs - status.skipped.fromMs, lang),
            cause: sayGap(status.skipped),
          })}
        </div>
      )}
      {status?.transcoded && <span className="picture-tag">{t('converted')}</span>}
    </div>
  );
}
