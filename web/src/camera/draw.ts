/** Draws the timeline's strip on a canvas: spans, gaps by cause, times, the playhead and now. */
import { type GapKind, gapKindOf } from './causes.ts';
import { msAt, type Scale, type Stretch, ticksOf, xOf } from './scale.ts';
import type { Footage, Kept } from './useTimeline.ts';

/** Rows of the strip, px from its top. */
export const rows = { labels: 22, track: 26, trackEnd: 66, held: 69, marked: 75, height: 80 } as const;

export interface Colours {
  readonly ground: string;
  readonly panel: string;
  readonly line: string;
  readonly lineStrong: string;
  readonly text: string;
  readonly soft: string;
  readonly accent: string;
  readonly span: string;
  readonly loss: string;
  readonly warn: string;
  readonly idle: string;
}

export interface Scene {
  readonly scale: Scale;
  readonly zone: string;
  readonly footage: Footage;
  readonly nowMs: number;
  /** What is shown; null while live. */
  readonly atMs: number | null;
  readonly hoverMs: number | null;
  readonly selection: Stretch | null;
  readonly colours: Colours;
  readonly font: string;
}

/** A gap of a tenth of a second in a month is still to be seen. */
const leastGapPx = 2;

export function draw(context: CanvasRenderingContext2D, scene: Scene): void {
  const { scale, colours } = scene;
  context.clearRect(0, 0, scale.widthPx, rows.height);
  context.fillStyle = colours.panel;
  context.fillRect(0, rows.track, scale.widthPx, rows.trackEnd - rows.track);
  drawFuture(context, scene);
  context.fillStyle = colours.span;
  for (const span of scene.footage.spans) fillStretch(context, scale, span, 1);
  for (const gap of scene.footage.gaps) drawGap(context, scene, gap, gapKindOf(gap.cause));
  context.fillStyle = colours.span;
  // Lower than a whole recording, and what it falls short of shows above it.
  for (const span of scene.footage.small) fillStretch(context, scale, span, 1, rows.trackEnd - 14);
  for (const kept of scene.footage.kept) drawKept(context, scene, kept);
  drawTicks(context, scene);
  if (scene.selection) drawSelection(context, scene, scene.selection);
  drawNow(context, scene);
  if (scene.hoverMs !== null) drawHair(context, xOf(scale, scene.hoverMs), colours.soft);
  drawPlayhead(context, scene);
}

function fillStretch(
  context: CanvasRenderingContext2D,
  scale: Scale,
  of: Stretch,
  leastPx: number,
  top: number = rows.track,
): void {
  const from = Math.max(0, xOf(scale, of.fromMs));
  const to = Math.min(scale.widthPx, xOf(scale, of.toMs));
  if (to < 0 || from > scale.widthPx || to < from) return;
  context.fillRect(from, top, Math.max(leastPx, to - from), rows.trackEnd - top);
}

/** Nothing can be recorded yet: the strip ends at now. */
function drawFuture(context: CanvasRenderingContext2D, { scale, nowMs, colours }: Scene): void {
  const from = Math.max(0, xOf(scale, nowMs));
  if (from >= scale.widthPx) return;
  context.fillStyle = colours.ground;
  context.fillRect(from, rows.track, scale.widthPx - from, rows.trackEnd - rows.track);
}

const gapColour: Readonly<Record<GapKind, (colours: Colours) => string>> = {
  camera: (colours) => colours.loss,
  storage: (colours) => colours.loss,
  away: (colours) => colours.span,
  system: (colours) => colours.warn,
  person: (colours) => colours.idle,
};

/** Each kind has its own hatch as well as its colour: some people do not see red. */
function drawGap(
  context: CanvasRenderingContext2D,
  { scale, colours }: Scene,
  gap: Stretch,
  kind: GapKind,
): void {
  const from = Math.max(0, xOf(scale, gap.fromMs));
  const to = Math.min(scale.widthPx, Math.max(xOf(scale, gap.toMs), xOf(scale, gap.fromMs) + leastGapPx));
  if (to <= 0 || from >= scale.widthPx || to <= from) return;
  const top = rows.track;
  const tall = rows.trackEnd - rows.track;
  const colour = gapColour[kind](colours);
  context.save();
  context.beginPath();
  context.rect(from, top, to - from, tall);
  context.clip();
  context.fillStyle = colours.panel;
  context.fillRect(from, top, to - from, tall);
  context.globalAlpha = 0.22;
  context.fillStyle = colour;
  context.fillRect(from, top, to - from, tall);
  context.globalAlpha = 1;
  if (to - from < 6) context.fillRect(from, top, to - from, tall);
  else hatch(context, kind, from, to, colour);
  context.fillRect(from, rows.trackEnd - 3, to - from, 3);
  context.restore();
}

function hatch(
  context: CanvasRenderingContext2D,
  kind: GapKind,
  from: number,
  to: number,
  colour: string,
): void {
  const { track: top, trackEnd: bottom } = rows;
  const tall = bottom - top;
  context.strokeStyle = colour;
  context.lineWidth = 1.25;
  context.beginPath();
  if (kind === 'person') {
    // Nobody lost this: a still line.
    context.moveTo(from, top + tall / 2);
    context.lineTo(to, top + tall / 2);
  }
  const stride = kind === 'storage' ? 5 : kind === 'away' ? 6 : 8;
  // Hatches stand on the page, not on the gap, so that neighbours of one kind join.
  for (let x = Math.floor((from - tall) / stride) * stride; kind !== 'person' && x < to; x += stride) {
    if (kind === 'away') {
      // Upright, in the colour of what is recorded: it is, and only out of reach.
      context.moveTo(x, bottom);
      context.lineTo(x, top);
    } else if (kind !== 'system') {
      context.moveTo(x, bottom);
      context.lineTo(x + tall, top);
    }
    if (kind === 'system') {
      context.moveTo(x, top);
      context.lineTo(x + tall, bottom);
    }
  }
  context.stroke();
}

/** Below the track, where no gap is hidden: a line for what is held, and below it a thinner one for what is marked. */
function drawKept(context: CanvasRenderingContext2D, { scale, colours }: Scene, kept: Kept): void {
  const from = Math.max(-4, xOf(scale, kept.fromMs));
  const to = Math.min(scale.widthPx + 4, Math.max(xOf(scale, kept.toMs), xOf(scale, kept.fromMs) + 3));
  if (to <= 0 || from >= scale.widthPx) return;
  const isHeld = kept.kind === 'hold';
  context.fillStyle = isHeld ? colours.text : colours.accent;
  context.fillRect(from, isHeld ? rows.held : rows.marked, to - from, isHeld ? 4 : 3);
}

function drawTicks(context: CanvasRenderingContext2D, { scale, zone, colours, font }: Scene): void {
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  let freeFrom = Number.NEGATIVE_INFINITY;
  const ticks = ticksOf(scale, zone);
  const isDayAhead = (x: number, width: number) =>
    ticks.some((tick) => tick.isDay && xOf(scale, tick.ms) > x && xOf(scale, tick.ms) < x + width + 8);
  for (const tick of ticks) {
    const x = Math.round(xOf(scale, tick.ms)) + 0.5;
    context.fillStyle = tick.isDay ? colours.lineStrong : colours.line;
    context.fillRect(x, tick.isDay ? 4 : rows.labels - 5, 1, tick.isDay ? rows.trackEnd - 4 : 9);
    context.font = tick.isDay ? `600 ${font}` : font;
    const width = context.measureText(tick.label).width;
    if (x + 5 < freeFrom || (!tick.isDay && isDayAhead(x, width))) continue;
    context.fillStyle = tick.isDay ? colours.text : colours.soft;
    context.fillText(tick.label, x + 5, rows.labels / 2);
    freeFrom = x + 5 + width + 10;
  }
}

function drawSelection(context: CanvasRenderingContext2D, { scale, colours }: Scene, of: Stretch): void {
  const from = xOf(scale, of.fromMs);
  const to = xOf(scale, of.toMs);
  context.save();
  context.globalAlpha = 0.35;
  context.fillStyle = colours.accent;
  context.fillRect(from, rows.track - 3, to - from, rows.trackEnd - rows.track + 6);
  context.restore();
  context.fillStyle = colours.accent;
  for (const x of [from, to])
    context.fillRect(Math.round(x) - 1, rows.track - 3, 2, rows.trackEnd - rows.track + 6);
}

function drawNow(context: CanvasRenderingContext2D, { scale, nowMs, colours }: Scene): void {
  const x = Math.round(xOf(scale, nowMs));
  if (x < 0 || x > scale.widthPx) return;
  context.fillStyle = colours.accent;
  for (let y = rows.track - 2; y < rows.trackEnd + 4; y += 5) context.fillRect(x, y, 1, 3);
}

function drawHair(context: CanvasRenderingContext2D, x: number, colour: string): void {
  context.save();
  context.globalAlpha = 0.7;
  context.fillStyle = colour;
  context.fillRect(Math.round(x), rows.track - 4, 1, rows.trackEnd - rows.track + 8);
  context.restore();
}

function drawPlayhead(context: CanvasRenderingContext2D, { scale, atMs, nowMs, colours }: Scene): void {
  const x = Math.round(xOf(scale, atMs ?? nowMs));
  if (x < -8 || x > scale.widthPx + 8) return;
  const colour = atMs === null ? colours.accent : colours.text;
  context.fillStyle = colour;
  context.fillRect(x - 1, rows.labels - 2, 2, rows.height - rows.labels);
  context.beginPath();
  context.moveTo(x - 6, rows.labels - 6);
  context.lineTo(x + 6, rows.labels - 6);
  context.lineTo(x + 6, rows.labels);
  context.lineTo(x, rows.labels + 6);
  context.lineTo(x - 6, rows.labels);
  context.closePath();
  context.fill();
  context.strokeStyle = colours.ground;
  context.lineWidth = 1;
  context.stroke();
}

/** What lies under the cursor: a gap first, also a narrow one beside it. */
export function under(footage: Footage, scale: Scale, x: number) {
  const atMs = msAt(scale, x);
  const nearMs = msAt(scale, x + 3) - atMs;
  const gap = footage.gaps.find((each) => each.fromMs - nearMs <= atMs && atMs <= each.toMs + nearMs);
  const span = footage.spans.find((each) => each.fromMs <= atMs && atMs < each.toMs);
  const kept = footage.kept.filter((each) => each.fromMs <= atMs && atMs < each.toMs);
  return { atMs, gap: gap ?? null, span: span ?? null, kept };
}
