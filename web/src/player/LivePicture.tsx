/** A live picture with what is to be said about it. Fills the box it is put in. */
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useWords } from '../useWords.ts';
import { playerWords } from '../words/player.ts';
import { liveDoor } from './door.ts';
import { type LiveMode, LivePlayer, type LiveStatus } from './live.ts';
import { type Sentence, sayLive } from './said.ts';
import { usePlayer } from './usePlayer.ts';
import './player.css';

export function LivePicture({
  cameraId,
  name,
  stream,
  purpose,
  mode,
  marks,
  onPlayer,
  children,
}: {
  cameraId: string;
  name: string;
  stream: 'auto' | 'sub';
  /** Null: not said yet, so nothing is opened. */
  purpose: string | null;
  mode: LiveMode;
  marks: 'every-picture' | 'seldom';
  /** The player and what it says of itself, as it changes. */
  onPlayer?: (player: LivePlayer | null, status: LiveStatus | null) => void;
  children?: (status: LiveStatus | null, player: LivePlayer | null) => ReactNode;
}) {
  const t = useWords(playerWords);
  const host = useRef<HTMLDivElement>(null);
  const [status, setStatus] = useState<LiveStatus | null>(null);
  const tell = useRef(onPlayer);
  tell.current = onPlayer;
  useEffect(() => () => tell.current?.(null, null), []);
  const key = purpose === null ? null : `${cameraId} ${stream} ${mode} ${purpose}`;
  const player = usePlayer(host, key, (element) => {
    let made: LivePlayer | null = null;
    made = new LivePlayer({
      host: element,
      door: liveDoor(cameraId, stream, purpose ?? ''),
      mode,
      marks,
      onStatus: (next) => {
        setStatus(next);
        if (made) tell.current?.(made, next);
      },
    });
    tell.current?.(made, made.status);
    setStatus(made.status);
    return made;
  });
  const shown = status && player ? sayLive(status.state, t) : null;
  return (
    <div className="picture">
      <div ref={host} className="picture-host" role="img" aria-label={t('pictureOf', { name })} />
      {!('MediaSource' in globalThis) && (
        <Over sentence={{ text: t('noMediaSource'), more: null, tone: 'loss' }} />
      )}
      {shown && shown.tone !== 'ok' && <Over sentence={shown} />}
      {children?.(status, player)}
    </div>
  );
}

/** What stands over the picture when it is not what it should be. */
export function Over({ sentence, children }: { sentence: Sentence; children?: ReactNode }) {
  return (
    <div className={`picture-over picture-${sentence.tone}`} role="status">
      <span className="picture-over-text">{sentence.text}</span>
      {sentence.more && <span className="picture-over-more">{sentence.more}</span>}
      {children}
    </div>
  );
}
