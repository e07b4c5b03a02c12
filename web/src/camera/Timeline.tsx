/**
 * The timeline: a strip that is panned by dragging, zoomed by the wheel at the cursor, clicked to play, and worked by
 * keys. The playhead is dragged to scrub; with Shift a clip is marked. What it shows is also in the gap list, in words.
 */
import { type PointerEvent, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { sayCause } from '../player/said.ts';
import { onPulse } from '../player/time.ts';
import { useTheme } from '../theme.ts';
import { saySpan, sayTime, timeParts } from '../time.ts';
import { useLanguage, useWords } from '../useWords.ts';
import { cameraPageWords } from '../words/camera.ts';
import { keepingWords } from '../words/keeping.ts';
import { type Colours, draw, rows, type Scene, under } from './draw.ts';
import { msAt, msPerPx, type Scale, type Stretch, xOf, zoomed } from './scale.ts';
import type { Footage } from './useTimeline.ts';

export interface TimelineProps {
  readonly zone: string;
  readonly window: Stretch;
  readonly footage: Footage;
  /** What is shown; null while live. Read as often as it is drawn. */
  readonly readAt: () => number | null;
  readonly readNow: () => number;
  readonly selection: Stretch | null;
  readonly onWindow: (window: Stretch) => void;
  readonly onSelect: (selection: Stretch | null) => void;
  readonly onSeek: (ms: number) => void;
  readonly onScrub: (ms: number) => void;
}

type Drag =
  | { readonly kind: 'pan'; readonly x: number; readonly from: Stretch; hasMoved: boolean }
  | { readonly kind: 'scrub' }
  | { readonly kind: 'select'; readonly anchorMs: number };

const grabPx = 9;
const movedPx = 4;

export function Timeline(props: TimelineProps) {
  const t = useWords(cameraPageWords);
  const { canvas, scale, redraw, setHover, hoverX } = useStrip(props);
  const drag = useRef<Drag | null>(null);
  const pinch = useRef(new Map<number, number>());
  const atX = (event: PointerEvent) => event.clientX - event.currentTarget.getBoundingClientRect().left;
  useWheel(canvas, props);

  const onDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const x = atX(event);
    event.currentTarget.setPointerCapture(event.pointerId);
    pinch.current.set(event.pointerId, x);
    const headX = xOf(scale(), props.readAt() ?? Number.NaN);
    if (event.shiftKey) drag.current = { kind: 'select', anchorMs: msAt(scale(), x) };
    else if (Math.abs(x - headX) <= grabPx) drag.current = { kind: 'scrub' };
    else drag.current = { kind: 'pan', x, from: props.window, hasMoved: false };
  };
  const onMove = (event: PointerEvent) => {
    const x = atX(event);
    setHover(x);
    if (pinch.current.size === 2 && pinch.current.has(event.pointerId)) return pinchTo(event.pointerId, x);
    const now = drag.current;
    if (now?.kind === 'scrub') props.onScrub(Math.min(msAt(scale(), x), props.readNow()));
    else if (now?.kind === 'select') props.onSelect(ordered(now.anchorMs, msAt(scale(), x)));
    else if (now?.kind === 'pan') panTo(now, x);
  };
  const panTo = (pan: Extract<Drag, { kind: 'pan' }>, x: number) => {
    if (!pan.hasMoved && Math.abs(x - pan.x) < movedPx) return;
    pan.hasMoved = true;
    const byMs = (pan.x - x) * msPerPx(scale());
    props.onWindow({ fromMs: pan.from.fromMs + byMs, toMs: pan.from.toMs + byMs });
  };
  const pinchTo = (pointer: number, x: number) => {
    const other = [...pinch.current].find(([id]) => id !== pointer)?.[1] ?? x;
    const before = Math.abs((pinch.current.get(pointer) ?? x) - other);
    const after = Math.abs(x - other);
    pinch.current.set(pointer, x);
    drag.current = null;
    if (before > 8 && after > 8)
      props.onWindow(zoomed(scale(), before / after, msAt(scale(), (x + other) / 2)));
  };
  const onUp = (event: PointerEvent) => {
    const x = atX(event);
    const now = drag.current;
    drag.current = null;
    pinch.current.delete(event.pointerId);
    const ms = Math.min(msAt(scale(), x), props.readNow());
    if (now?.kind === 'scrub' || (now?.kind === 'pan' && !now.hasMoved)) props.onSeek(ms);
    if (event.pointerType === 'touch') setHover(null);
    redraw();
  };
  const at = props.readAt() ?? props.readNow();
  return (
    <div className="timeline">
      <div
        className="timeline-strip"
        role="slider"
        tabIndex={0}
        aria-label={t('timeline')}
        aria-valuemin={props.window.fromMs}
        aria-valuemax={props.window.toMs}
        aria-valuenow={Math.round(at)}
        aria-valuetext={t('timelineSays', { time: sayTime(at, props.zone) })}
        onPointerDown={onDown}
        onPointerMove={onMove}
        onPointerUp={onUp}
        onPointerCancel={() => {
          drag.current = null;
          pinch.current.clear();
        }}
        onPointerLeave={() => setHover(null)}
      >
        <canvas ref={canvas} />
      </div>
      {hoverX !== null && <Hint x={hoverX} scale={scale()} {...props} />}
    </div>
  );
}

const ordered = (a: number, b: number): Stretch => ({ fromMs: Math.min(a, b), toMs: Math.max(a, b) });

/** What is under the cursor, in words. */
function Hint({ x, scale, zone, footage, readNow }: TimelineProps & { x: number; scale: Scale }) {
  const t = useWords(cameraPageWords);
  const k = useWords(keepingWords);
  const lang = useLanguage();
  const { atMs, gap, span, kept } = under(footage, scale, x);
  const at = timeParts(atMs, zone);
  const isLeft = x > scale.widthPx / 2;
  const what = () => {
    if (gap) return null;
    if (span) return t('recorded');
    if (atMs > readNow()) return t('notYet');
    if (footage.oldestMs !== null && atMs < footage.oldestMs) return t('beforeFirst');
    return footage.isLoading ? '…' : t('notRecorded');
  };
  return (
    <div
      className="timeline-hint"
      style={isLeft ? { right: scale.widthPx - x + 10 } : { left: x + 10 }}
      aria-hidden="true"
    >
      <div className="number">
        <strong>{at.time}</strong> <span className="soft">{`${at.date} ${at.zone}`}</span>
      </div>
      {gap ? (
        <>
          <div className="timeline-hint-cause">{sayCause(gap.cause, gap.detail)}</div>
          <div className="number soft">
            {timeParts(gap.fromMs, zone).time}–{gap.isOpen ? t('gapOpen') : timeParts(gap.toMs, zone).time} ·{' '}
            {saySpan(gap.toMs - gap.fromMs, lang)}
          </div>
        </>
      ) : (
        <div className="soft">{what()}</div>
      )}
      {[...new Set(kept.map(({ kind }) => kind))].map((kind) => (
        <div key={kind} className="timeline-hint-cause">
          {kind === 'hold' ? k('onTimeline') : k(kind)}
        </div>
      ))}
    </div>
  );
}

/** The canvas: as wide as its place, as sharp as the screen, drawn when something on it moved by a pixel. */
function useStrip(props: TimelineProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useRef(0);
  const latest = useRef(props);
  latest.current = props;
  const [hoverX, setHover] = useState<number | null>(null);
  const hover = useRef<number | null>(null);
  hover.current = hoverX;
  const { name } = useTheme();
  const colours = useRef<Colours | null>(null);
  const scale = useCallback(
    (): Scale => ({ ...latest.current.window, widthPx: Math.max(1, width.current) }),
    [],
  );
  const redraw = useCallback(() => {
    const context = canvas.current?.getContext('2d');
    if (!context || width.current === 0) return;
    colours.current ??= readColours(context.canvas);
    const { zone, footage, readAt, readNow, selection } = latest.current;
    const scene: Scene = {
      scale: scale(),
      zone,
      footage,
      nowMs: readNow(),
      atMs: readAt(),
      hoverMs: hover.current === null ? null : msAt(scale(), hover.current),
      selection,
      colours: colours.current,
      font: '12px system-ui, sans-serif',
    };
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    draw(context, scene);
  }, [scale]);
  useLayoutEffect(() => {
    const element = canvas.current;
    const place = element?.parentElement;
    if (!element || !place) return;
    const observer = new ResizeObserver(() => {
      width.current = place.clientWidth;
      element.width = Math.round(width.current * devicePixelRatio);
      element.height = Math.round(rows.height * devicePixelRatio);
      redraw();
    });
    observer.observe(place);
    return () => observer.disconnect();
  }, [redraw]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new look has new colours.
  useEffect(() => {
    colours.current = null;
    redraw();
  }, [name, redraw]);
  useEffect(() => redraw());
  useEffect(() => {
    let drawn = '';
    return onPulse(() => {
      const { readAt, readNow, window } = latest.current;
      const perPx = msPerPx(scale());
      const next = `${Math.round((readAt() ?? 0) / perPx)} ${Math.round(readNow() / perPx)} ${window.fromMs}`;
      if (next !== drawn) redraw();
      drawn = next;
    });
  }, [redraw, scale]);
  return { canvas, scale, redraw, setHover, hoverX };
}

function readColours(element: HTMLElement): Colours {
  const style = getComputedStyle(element);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    ground: of('ground'),
    panel: of('raised'),
    line: of('line'),
    lineStrong: of('line-strong'),
    text: of('text'),
    soft: of('text-soft'),
    accent: of('accent-text'),
    span: of('timeline-span'),
    loss: of('loss'),
    warn: of('warn'),
    idle: of('idle'),
  };
}

/** React's own wheel listener cannot keep the page from scrolling. */
function useWheel(canvas: React.RefObject<HTMLCanvasElement | null>, props: TimelineProps): void {
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    const place = canvas.current?.parentElement;
    if (!place) return;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const scale: Scale = { ...latest.current.window, widthPx: Math.max(1, place.clientWidth) };
      const sideways = event.shiftKey ? event.deltaY : event.deltaX;
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        const byMs = sideways * msPerPx(scale);
        latest.current.onWindow({ fromMs: scale.fromMs + byMs, toMs: scale.toMs + byMs });
        return;
      }
      const x = event.clientX - place.getBoundingClientRect().left;
      latest.current.onWindow(zoomed(scale, 1.0015 ** event.deltaY, msAt(scale, x)));
    };
    place.addEventListener('wheel', onWheel, { passive: false });
    return () => place.removeEventListener('wheel', onWheel);
  }, [canvas]);
}
