/** One camera on the wall: its picture, its name and site, its state in words, and the time of what is shown. */
import { FullscreenOutlined } from '@ant-design/icons';
import { Link } from '@tanstack/react-router';
import { Tooltip } from 'antd';
import { type DragEvent, type MouseEvent, useRef, useState } from 'react';
import type { z } from 'zod';
import type { collect } from '../../../src/contract/index.ts';
import { LivePicture } from '../player/LivePicture.tsx';
import type { LivePlayer, LiveStatus } from '../player/live.ts';
import { ShownClock } from '../player/ShownClock.tsx';
import { whyNot } from '../shell/controls.tsx';
import { useWords } from '../useWords.ts';
import { playerWords } from '../words/player.ts';
import { wallWords } from '../words/wall.ts';
import './wall.css';

type Camera = z.output<typeof collect.camera>;

export function Tile({
  camera,
  timeZone,
  stream,
  purpose,
  onOpen,
  onFullScreen,
  isDragged,
  onDrag,
  onDrop,
}: {
  camera: Camera;
  timeZone: string | undefined;
  stream: 'auto' | 'sub';
  purpose: string | null;
  onOpen: () => void;
  onFullScreen: () => void;
  isDragged: boolean;
  onDrag: (isOn: boolean) => void;
  onDrop: () => void;
}) {
  const t = useWords(wallWords);
  const [isTarget, setTarget] = useState(false);
  const [status, setStatus] = useState<LiveStatus | null>(null);
  const player = useRef<LivePlayer | null>(null);
  const click = onPlainClick(onOpen);
  const why = whyNot(camera.can, 'view.live');
  const isLive = status?.state.kind === 'live';
  return (
    <li
      className={`tile${isDragged ? ' tile-dragged' : ''}${isTarget ? ' tile-target' : ''}`}
      data-camera={camera.id}
      draggable
      onDragStart={(event: DragEvent) => {
        event.dataTransfer.effectAllowed = 'move';
        onDrag(true);
      }}
      onDragEnd={() => onDrag(false)}
      onDragOver={(event) => {
        event.preventDefault();
        setTarget(true);
      }}
      onDragLeave={() => setTarget(false)}
      onDrop={(event) => {
        event.preventDefault();
        setTarget(false);
        onDrop();
      }}
    >
      {why === null ? (
        <LivePicture
          cameraId={camera.id}
          name={camera.name}
          stream={stream}
          purpose={purpose}
          mode="mediasource"
          marks="seldom"
          onPlayer={(made, next) => {
            player.current = made;
            setStatus(next);
          }}
        />
      ) : (
        <div className="picture tile-refused">{t('viewRefused', { why })}</div>
      )}
      <Link
        to="/cameras/$id"
        params={{ id: camera.id }}
        className="tile-link"
        draggable={false}
        onClick={click}
        aria-label={t('open', { name: `${camera.name}, ${camera.siteName}` })}
      />
      <div className="tile-top">
        <Dot status={camera.status} />
        <span className="tile-name">{camera.name}</span>
        <span className="tile-site">{camera.siteName}</span>
        {status?.transcoded && <Converted />}
      </div>
      <div className="tile-bottom">
        {isLive && <LiveMark />}
        <ShownClock read={() => player.current?.shownWallMs ?? null} timeZone={timeZone} />
      </div>
      <Tooltip title={t('fullScreenOf', { name: camera.name })}>
        <button
          type="button"
          className="tile-full"
          aria-label={t('fullScreenOf', { name: camera.name })}
          onClick={onFullScreen}
        >
          <FullscreenOutlined />
        </button>
      </Tooltip>
    </li>
  );
}

/** Another tab, or the keyboard, is left to the link. */
function onPlainClick(open: () => void) {
  return (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.detail === 0) return;
    event.preventDefault();
    open();
  };
}

/** Never colour alone: the word stands beside it where it is not in order, and for the ear always. */
export function Dot({ status }: { status: Camera['status'] }) {
  const t = useWords(wallWords);
  const word = t(`status_${status}`);
  return (
    <span className={`dot dot-${status}`}>
      <span className="dot-mark" aria-hidden="true" />
      <span className={status === 'recording' ? 'hidden-words' : 'dot-word'}>{word}</span>
    </span>
  );
}

export function LiveMark() {
  const t = useWords(playerWords);
  return <span className="live-mark">{t('live')}</span>;
}

function Converted() {
  const t = useWords(playerWords);
  return <span className="tile-converted">{t('converted')}</span>;
}
