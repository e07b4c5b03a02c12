/** The state of a camera's page, and what a person can do on it: by pointer, by key, and by the address. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { z } from 'zod';
import type { collect } from '../../../src/contract/index.ts';
import type { LivePlayer, LiveStatus, PlaybackPlayer, PlaybackStatus } from '../player/index.ts';
import { useUrlState } from '../urlState.ts';
import { minute, type Stretch, second } from './scale.ts';
import type { Zoom } from './TimelineBar.tsx';
import { useKeys } from './useKeys.ts';
import { usePurposes } from './usePurposes.ts';
import { type Gap, upTo, useFootage } from './useTimeline.ts';
import { useWindow } from './useWindow.ts';
import { type Day, dayNamed, dayOf } from './zone.ts';

type Camera = z.output<typeof collect.camera>;
export type CameraRoom = ReturnType<typeof useRoom>;

const urlState = z.object({
  at: z.iso.datetime({ offset: true }).optional().catch(undefined),
  /** Width of the timeline, s; absent: a day. */
  w: z.coerce
    .number()
    .min(30)
    .max(31 * 86_400)
    .optional()
    .catch(undefined),
});

/** A view of a day reaches this far over its midnights, so that playing across one has time to open the next. */
const overMidnightMs = 10 * minute;
/** To see what led to a gap, one looks at the seconds before it. */
const leadMs = 5 * second;

export function useRoom(camera: Camera, zone: string) {
  const [url, change] = useUrlState(urlState);
  const isLive = url.at === undefined;
  const players = usePlayers(url.at);
  const { place, live, playback } = players;
  const nowMs = useNow();
  const view = useWindow(url, zone, (w) => change({ w }));
  const [selection, setSelection] = useState<Stretch | null>(null);
  const [shownDay, setShownDay] = useState<Day>(() => dayOf(place.current ?? Date.now(), zone));
  const footage = upTo(useFootage(camera.id, view.window, zone, nowMs), camera.recordedUntil);
  const purposes = usePurposes(camera, !isLive);
  const readAt = useCallback(
    () => (isLive ? null : (playback.current?.positionMs ?? place.current)),
    [isLive, playback, place],
  );
  const seek = (wantedMs: number) => {
    const atMs = Math.min(Math.round(wantedMs), Date.now() - second);
    if (purposes.playbackWhy !== null) {
      purposes.refusePlayback();
      return;
    }
    place.current = atMs;
    change({ at: new Date(atMs).toISOString() }, { push: isLive });
    playback.current?.seek(atMs);
    setShownDay((day) => (atMs >= day.fromMs && atMs < day.toMs ? day : dayOf(atMs, zone)));
    view.show(atMs);
  };
  const goLive = () => {
    if (isLive) return;
    change({ at: undefined }, { push: true });
    place.current = null;
    setShownDay(dayOf(Date.now(), zone));
    view.show(Date.now());
  };
  const askPurpose = () => {
    if (purposes.playback.said === null && purposes.playbackWhy === null) purposes.askPlayback();
  };
  const markClip = () => {
    const atMs = readAt() ?? Date.now() - 30 * second;
    const toMs = Math.min(atMs + 30 * second, Date.now());
    setSelection((now) => now ?? { fromMs: atMs - 30 * second, toMs });
    askPurpose();
  };
  return {
    ...players,
    isLive,
    nowMs,
    view,
    footage,
    purposes,
    shownDay,
    selection,
    setSelection,
    startMs: place.current,
    readAt,
    readShown: () => (isLive ? (live.current?.shownWallMs ?? null) : (playback.current?.positionMs ?? null)),
    seek,
    goLive,
    markClip,
    scrub: (ms: number) => playback.current?.scrub(Math.round(ms)),
    select: (next: Stretch | null) => {
      setSelection(next);
      askPurpose();
    },
    showDay: (name: string) => {
      const day = dayNamed(name, zone);
      setShownDay(day);
      view.set({ fromMs: day.fromMs, toMs: day.toMs });
    },
    zoomTo: (zoom: Zoom) => {
      const ofDay = shownDay.toMs > Date.now() ? Date.now() : shownDay.fromMs;
      view.zoomTo(zoom, readAt() ?? ofDay);
    },
    spanOf: useSpans(zone),
    /** Nobody wants to say what for: no recording is opened. */
    dontSay: () => {
      purposes.cancel();
      setSelection(null);
      goLive();
    },
  };
}

function useSpans(zone: string) {
  return useCallback(
    (atMs: number) => {
      const day = dayOf(atMs, zone);
      return { fromMs: day.fromMs - overMidnightMs, toMs: day.toMs + overMidnightMs };
    },
    [zone],
  );
}

/** The player on the page, what it says of itself, and the instant that playback was last sent to. */
function usePlayers(at: string | undefined) {
  const place = useRef(at === undefined ? null : Date.parse(at));
  const live = useRef<LivePlayer | null>(null);
  const playback = useRef<PlaybackPlayer | null>(null);
  const [liveStatus, setLiveStatus] = useState<LiveStatus | null>(null);
  const [playStatus, setPlayStatus] = useState<PlaybackStatus | null>(null);
  // Back and forward in the browser's history are seeks as well; it is read here, before the pictures are drawn.
  if (at !== undefined && place.current === null) place.current = Date.parse(at);
  useEffect(() => {
    const wantedMs = at === undefined ? null : Date.parse(at);
    if (wantedMs === null || wantedMs === place.current) return;
    place.current = wantedMs;
    playback.current?.seek(wantedMs);
  }, [at]);
  return {
    place,
    live,
    playback,
    liveStatus,
    playStatus,
    onLive: (player: LivePlayer | null, status: LiveStatus | null) => {
      live.current = player;
      setLiveStatus(status);
    },
    onPlayback: (player: PlaybackPlayer | null, status: PlaybackStatus | null) => {
      playback.current = player;
      setPlayStatus(status);
    },
    readDelay: useCallback(() => live.current?.delayMs ?? null, []),
  };
}

/** Now, by ten seconds: for what is asked of the server; the strip itself reads the clock. */
function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 10_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** The gap that N or P leads to: the playing begins a little before it, so a gap just ahead is the one we are at. */
export function gapBeside(gaps: readonly Gap[], atMs: number, way: 1 | -1): Gap | undefined {
  if (way > 0) return gaps.find((gap) => gap.fromMs > atMs + leadMs + second);
  return gaps.findLast((gap) => gap.fromMs < atMs);
}

export function useRoomKeys(room: CameraRoom, onFullScreen: () => void): void {
  const { playback, view, readAt, seek } = room;
  const by = (ms: number) => seek((readAt() ?? Date.now()) + ms);
  const toGap = (way: 1 | -1) => {
    const gap = gapBeside(room.footage.gaps, readAt() ?? Date.now(), way);
    if (gap) seek(gap.fromMs - leadMs);
  };
  const toggle = () => {
    if (room.isLive) by(-10 * second);
    else if (room.playStatus?.wantsToPlay) playback.current?.pause();
    else playback.current?.play();
  };
  const wider = () => view.zoomBy(2, readAt());
  const closer = () => view.zoomBy(0.5, readAt());
  useKeys({
    ' ': toggle,
    k: toggle,
    ',': () => playback.current?.step(-1),
    '.': () => playback.current?.step(1),
    arrowleft: () => by(-10 * second),
    arrowright: () => by(10 * second),
    'shift+arrowleft': () => by(-minute),
    'shift+arrowright': () => by(minute),
    '+': closer,
    '=': closer,
    '-': wider,
    home: () => seek(room.shownDay.fromMs),
    end: () => seek(room.shownDay.toMs),
    n: () => toGap(1),
    p: () => toGap(-1),
    l: room.goLive,
    f: onFullScreen,
    escape: () => room.setSelection(null),
  });
}
