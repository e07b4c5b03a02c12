/**
 * One camera: its live picture, or the recording from any instant, over a timeline. The address holds the instant and
 * how wide the timeline is, so that a place in the footage can be sent to a colleague, whose own right decides.
 */
import { ArrowLeftOutlined } from '@ant-design/icons';
import { useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { Button } from 'antd';
import { useEffect, useRef, useState } from 'react';
import type { z } from 'zod';
import { collect } from '../../../src/contract/index.ts';
import { listed, useCall } from '../api.ts';
import { LifePanel } from '../cameras/LifePanel.tsx';
import type { LiveMode, LivePlayer, LiveStatus } from '../player/index.ts';
import { LivePicture } from '../player/LivePicture.tsx';
import { PlaybackPicture } from '../player/PlaybackPicture.tsx';
import { PurposeDialog } from '../player/purpose.tsx';
import { ShownClock } from '../player/ShownClock.tsx';
import { useTell, whyNot } from '../shell/controls.tsx';
import { usePageTitle } from '../shell/Page.tsx';
import { Loaded } from '../shell/states.tsx';
import { ownTimeZone } from '../time.ts';
import { useWords } from '../useWords.ts';
import { Dot, LiveMark } from '../wall/Tile.tsx';
import { cameraPageWords } from '../words/camera.ts';
import { playerWords } from '../words/player.ts';
import { ClipPanel } from './ClipPanel.tsx';
import { LowDelaySwitch, PictureTools, PlaybackControls } from './Controls.tsx';
import { fileName, saveStill } from './files.ts';
import { GapList } from './GapList.tsx';
import { InfoPanel } from './InfoPanel.tsx';
import { Timeline } from './Timeline.tsx';
import { TimelineBar } from './TimelineBar.tsx';
import { type CameraRoom, useRoom, useRoomKeys } from './useRoom.ts';
import { dayOf } from './zone.ts';
import './camera.css';

type Camera = z.output<typeof collect.camera>;

const rememberedMode = 'custos.live-mode';
const rememberedGaps = 'custos.gaps';

const secondClickMs = 500;

export function CameraPage() {
  const { id = '' } = useParams({ strict: false });
  const client = useQueryClient();
  // Whoever comes from the wall or the list has the camera already; the picture need not wait for it a second time.
  const found = useCall(
    collect.cameraById,
    { params: { id } },
    { refetchInterval: 30_000, placeholderData: () => listed(client, collect.cameras, id) },
  );
  const sites = useCall(collect.sites, {});
  return (
    <Loaded of={found}>
      {(camera) => {
        const zone = sites.data?.items.find((site) => site.id === camera.siteId)?.timeZone;
        // A day has no beginning until its zone is known.
        if (sites.isLoading) return null;
        return <Room key={camera.id} camera={camera} zone={zone ?? ownTimeZone()} />;
      }}
    </Loaded>
  );
}

function Room({ camera, zone }: { camera: Camera; zone: string }) {
  usePageTitle(camera.name);
  const picture = useRef<HTMLDivElement>(null);
  const room = useRoom(camera, zone);
  const { purposes, isLive, view } = room;
  useRoomKeys(room, () => fullScreen(picture.current));
  useSecondClick(() => fullScreen(picture.current));
  return (
    <div className="camera-page">
      <div className="camera-main">
        <Head camera={camera} isLive={isLive} onLive={room.goLive} />
        <div className="camera-picture" ref={picture}>
          <Pictures camera={camera} room={room} />
          <div className="camera-clock">
            {isLive && room.liveStatus?.state.kind === 'live' && <LiveMark />}
            <ShownClock read={room.readShown} timeZone={zone} withDate />
          </div>
        </div>
        <Bar camera={camera} zone={zone} room={room} onFullScreen={() => fullScreen(picture.current)} />
        {room.selection && purposes.playback.said !== null && (
          <ClipPanel
            camera={camera}
            purpose={purposes.playback.said}
            zone={zone}
            span={room.selection}
            small={room.footage.small}
            why={whyNot(camera.can, 'footage.download')}
            onSpan={room.setSelection}
            onClose={() => room.setSelection(null)}
          />
        )}
        <TimelineBar
          cameraId={camera.id}
          zone={zone}
          window={view.window}
          shownDay={room.shownDay.day}
          today={dayOf(room.nowMs, zone).day}
          onDay={room.showDay}
          onZoom={room.zoomTo}
          onZoomBy={(factor) => view.zoomBy(factor, room.readAt())}
        />
        <Timeline
          zone={zone}
          window={view.window}
          footage={room.footage}
          readAt={room.readAt}
          readNow={Date.now}
          selection={room.selection}
          onWindow={view.set}
          onSelect={room.select}
          onSeek={room.seek}
          onScrub={room.scrub}
        />
      </div>
      <aside className="camera-side">
        <GapList cameraId={camera.id} day={room.shownDay} zone={zone} nowMs={room.nowMs} onSeek={room.seek} />
        <InfoPanel camera={camera} zone={zone} readDelay={room.readDelay} />
        <LifePanel camera={camera} zone={zone} />
      </aside>
      {purposes.asks && (
        <PurposeDialog kind={purposes.asks} onSay={purposes.answer} onCancel={room.dontSay} />
      )}
    </div>
  );
}

function Head({ camera, isLive, onLive }: { camera: Camera; isLive: boolean; onLive: () => void }) {
  const t = useWords(cameraPageWords);
  return (
    <div className="camera-head">
      <Link to="/wall" className="camera-back" aria-label={t('toWall')}>
        <ArrowLeftOutlined />
      </Link>
      <h1>{camera.name}</h1>
      <span className="soft camera-site">{camera.siteName}</span>
      <Dot status={camera.status} />
      <span className="wall-space" />
      <span className={isLive ? 'camera-mode' : 'camera-mode camera-recorded'}>
        {isLive ? t('isLive') : t('isPlayback')}
      </span>
      {!isLive && (
        <Button size="small" onClick={onLive}>
          {t('backToLive')}
        </Button>
      )}
    </div>
  );
}

function Pictures({ camera, room }: { camera: Camera; room: CameraRoom }) {
  const t = useWords(cameraPageWords);
  const { purposes, isLive, startMs } = room;
  const why = isLive ? purposes.liveWhy : purposes.playbackWhy;
  const said = isLive ? purposes.live.said : purposes.playback.said;
  if (why !== null)
    return <div className="picture tile-refused">{t(isLive ? 'maySeeOnly' : 'noPlayback', { why })}</div>;
  if (said === null && purposes.asks === null)
    return (
      <div className="picture tile-refused camera-ask">
        {t('purposeMissing')}
        <Button type="primary" onClick={isLive ? purposes.askLive : purposes.askPlayback}>
          {t('sayPurpose')}
        </Button>
      </div>
    );
  if (isLive || startMs === null) return <Live camera={camera} purpose={said} onLive={room.onLive} />;
  return (
    <PlaybackPicture
      cameraId={camera.id}
      name={camera.name}
      purpose={said}
      atMs={startMs}
      gaps={localStorage.getItem(rememberedGaps) === 'wait' ? 'wait' : 'skip'}
      small={room.footage.small}
      spanOf={room.spanOf}
      onPlayer={room.onPlayback}
      onPosition={room.view.follow}
    />
  );
}

function Live({
  camera,
  purpose,
  onLive,
}: {
  camera: Camera;
  purpose: string | null;
  onLive: (player: LivePlayer | null, status: LiveStatus | null) => void;
}) {
  const p = useWords(playerWords);
  const mode: LiveMode = localStorage.getItem(rememberedMode) === 'webcodecs' ? 'webcodecs' : 'mediasource';
  return (
    <LivePicture
      cameraId={camera.id}
      name={camera.name}
      stream="auto"
      purpose={purpose}
      mode={mode}
      marks="every-picture"
      onPlayer={onLive}
    >
      {(status) => (
        <>
          {status?.fellBack && status.state.kind === 'live' && (
            <div className="picture-note" role="status">
              {status.fellBack === 'insecure'
                ? p('fellBackInsecure')
                : p('fellBack', { why: status.fellBack })}
            </div>
          )}
          {status?.transcoded ? (
            <span className="picture-tag">{p('converted')}</span>
          ) : (
            status?.stream === 'sub' && <span className="picture-tag">{p('subStream')}</span>
          )}
        </>
      )}
    </LivePicture>
  );
}

function Bar({
  camera,
  zone,
  room,
  onFullScreen,
}: {
  camera: Camera;
  zone: string;
  room: CameraRoom;
  onFullScreen: () => void;
}) {
  const { isLive, live, playback, liveStatus, playStatus, purposes } = room;
  const t = useWords(cameraPageWords);
  const tell = useTell();
  const [isSaving, setSaving] = useState(false);
  const status = isLive ? liveStatus : playStatus;
  const still = async () => {
    const player = isLive ? live.current : playback.current;
    if (!player?.view) return;
    const atMs = isLive ? null : (playback.current?.positionMs ?? null);
    const name = fileName(camera.name, atMs ?? live.current?.shownWallMs ?? Date.now(), zone, 'jpg');
    setSaving(true);
    try {
      await saveStill(player.view.url, atMs, name);
      tell.done(t('snapshotSaved', { file: name }));
    } catch (error) {
      tell.failed(error);
    } finally {
      setSaving(false);
    }
  };
  const setMode = (mode: LiveMode) => {
    localStorage.setItem(rememberedMode, mode);
    live.current?.setMode(mode);
  };
  const setGaps = (gaps: 'skip' | 'wait') => {
    localStorage.setItem(rememberedGaps, gaps);
    playback.current?.setGaps(gaps);
  };
  return (
    <div className="controls">
      {isLive ? (
        <LowDelaySwitch mode={liveStatus?.mode ?? 'mediasource'} onMode={setMode} />
      ) : (
        <PlaybackControls
          status={playStatus}
          onPlay={(plays) => (plays ? playback.current?.play() : playback.current?.pause())}
          onStep={(way) => playback.current?.step(way)}
          onSpeed={(speed) => playback.current?.setSpeed(speed)}
          onGaps={setGaps}
        />
      )}
      <span className="wall-space" />
      <PictureTools
        muted={status?.init?.audio ? status.muted : null}
        stillWhy={whyNot(camera.can, 'footage.still')}
        clipWhy={purposes.playbackWhy ?? whyNot(camera.can, 'footage.download')}
        isSaving={isSaving}
        onMuted={(muted) => (isLive ? live.current : playback.current)?.setMuted(muted)}
        onStill={() => void still()}
        onClip={room.markClip}
        onFullScreen={onFullScreen}
      />
    </div>
  );
}

/** Two clicks on the wall: the first has opened this page at once, the second fills the screen, whatever it falls on. */
function useSecondClick(onSecond: () => void): void {
  const act = useRef(onSecond);
  act.current = onSecond;
  useEffect(() => {
    const openedMs = performance.now();
    const look = (event: MouseEvent) => {
      if (event.detail !== 2 || performance.now() - openedMs > secondClickMs) return;
      event.preventDefault();
      event.stopPropagation();
      act.current();
    };
    addEventListener('click', look, true);
    return () => removeEventListener('click', look, true);
  }, []);
}

function fullScreen(element: HTMLElement | null): void {
  if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined);
  else void element?.requestFullscreen?.().catch(() => undefined);
}
