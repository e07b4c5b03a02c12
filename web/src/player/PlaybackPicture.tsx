/** A recorded picture with what is to be said about it. Fills the box it is put in. */
import { Button } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { saySpan } from '../time.ts';
import { useLanguage, useWords } from '../useWords.ts';
import { playerWords } from '../words/player.ts';
import { playbackDoor } from './door.ts';
import type { KnownGap } from './known-gaps.ts';
import { Over } from './LivePicture.tsx';
import { PlaybackPlayer } from './playback.ts';
import type { PlaybackState, PlaybackStatus } from './playback-status.ts';
import { sayGap, sayPlayback } from './said.ts';
import { usePlayer } from './usePlayer.ts';
import './player.css';

/** These have no picture, or none that is to be believed; the others keep the last one in sight. */
const isHidden = ({ kind }: PlaybackState): boolean =>
  kind === 'opening' || kind === 'gap' || kind === 'problem' || kind === 'refused' || kind === 'hidden';

export function PlaybackPicture({
  cameraId,
  name,
  purpose,
  atMs,
  gaps,
  small,
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
  /** Where only the sub-stream was recorded: said while it is shown. */
  small: readonly { readonly fromMs: number; readonly toMs: number }[];
  spanOf: (atMs: number) => { fromMs: number; toMs: number };
  onPlayer: (player: PlaybackPlayer | null, status: PlaybackStatus | null) => void;
  onPosition: (wallMs: number) => void;
}) {
  const t = useWords(playerWords);
  const lang = useLanguage();
  const host = useRef<HTMLDivElement>(null);
  const [status, setStatus] = useState<PlaybackStatus | null>(null);
  const [isSmall, setSmall] = useState(false);
  const tell = useRef({ onPlayer, onPosition, small });
  tell.current = { onPlayer, onPosition, small };
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
      onPosition: (wallMs) => {
        setSmall(tell.current.small.some(({ fromMs, toMs }) => fromMs <= wallMs && wallMs < toMs));
        tell.current.onPosition(wallMs);
      },
    });
    setStatus(made.status);
    tell.current.onPlayer(made, made.status);
    return made;
  });
  const state = player ? status?.state : undefined;
  const noteOf = (now: PlaybackState, skipped: KnownGap | null): string | null => {
    if (now.kind === 'end' || now.kind === 'waiting') return sayPlayback(now, t).text;
    if (skipped === null || isHidden(now)) return null;
    return t('skipped', { span: saySpan(skipped.toMs - skipped.fromMs, lang), cause: sayGap(skipped) });
  };
  const note = state ? noteOf(state, status?.skipped ?? null) : null;
  const tags = [...(isSmall ? [t('subOnly')] : []), ...(status?.transcoded ? [t('converted')] : [])];
  return (
    <div className={`picture${state?.kind === 'gap' ? ' picture-empty' : ''}`}>
      <div ref={host} className="picture-host" role="img" aria-label={t('pictureOf', { name })} />
      {!('MediaSource' in globalThis) && (
        <Over sentence={{ text: t('noMediaSource'), more: null, tone: 'loss' }} />
      )}
      {state && isHidden(state) && (
        <Over sentence={sayPlayback(state, t)}>
          {state.kind === 'gap' && status?.gaps === 'wait' && (
            <Button size="small" onClick={() => player?.leaveGap()}>
              {t('leaveGap')}
            </Button>
          )}
        </Over>
      )}
      {note && (
        <div className="picture-note" role="status">
          {note}
        </div>
      )}
      {tags.length > 0 && <span className="picture-tag">{tags.join(' · ')}</span>}
    </div>
  );
}
