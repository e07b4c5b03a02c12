/**
 * What a camera's time is made of, pure: spans of footage, gaps with their causes, and whatever neither explains,
 * which is never hidden: it comes out as a gap of cause `unexplained`. Footage beats a gap, except where pictures
 * are missing inside of a segment; a later gap beats an earlier one.
 */
import type { GapCause } from '../contract/index.ts';
import { type Detail, touchMs } from './gaps.ts';

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Gap extends Span {
  readonly cause: GapCause;
  readonly detail: Detail;
  readonly open: boolean;
  /** Inside of a segment's span: beats the footage. */
  readonly inside: boolean;
}

/** Sorted and merged; spans that touch within `withinMs` are one. */
export function merge(spans: readonly Span[], withinMs: number): Span[] {
  const merged: { fromMs: number; toMs: number }[] = [];
  for (const span of spans.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = merged.at(-1);
    if (last && span.fromMs <= last.toMs + withinMs) last.toMs = Math.max(last.toMs, span.toMs);
    else merged.push({ fromMs: span.fromMs, toMs: span.toMs });
  }
  return merged;
}

/** What of `whole` no one of `taken` (sorted, disjoint) covers. */
export function without(whole: Span, taken: readonly Span[]): Span[] {
  const left: Span[] = [];
  let fromMs = whole.fromMs;
  for (let i = firstEndingAfter(taken, whole.fromMs); i < taken.length && fromMs < whole.toMs; i++) {
    const span = taken[i]!;
    if (span.fromMs > fromMs) left.push({ fromMs, toMs: Math.min(span.fromMs, whole.toMs) });
    fromMs = Math.max(fromMs, span.toMs);
  }
  if (fromMs < whole.toMs) left.push({ fromMs, toMs: whole.toMs });
  return left;
}

function firstEndingAfter(spans: readonly Span[], ms: number): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle]!.toMs > ms) high = middle;
    else low = middle + 1;
  }
  return low;
}

export const clip = (span: Span, within: Span): Span => ({
  fromMs: Math.max(span.fromMs, within.fromMs),
  toMs: Math.min(span.toMs, within.toMs),
});

/** Covers `window` completely: the spans, the gaps outside of them, and the unexplained rest. */
export function cover(
  window: Span,
  footage: readonly Span[],
  told: readonly Gap[],
): { spans: Span[]; gaps: Gap[] } {
  if (!isSome(window)) return { spans: [], gaps: [] };
  const within = footage.map((span) => clip(span, window)).filter(isSome);
  const lost = merge(
    told.filter((gap) => gap.inside),
    0,
  );
  const spans = merge(within, touchMs).flatMap((span) => without(span, lost));
  const explained = newestFirst(told).flatMap((piece) =>
    without(piece, spans).map(
      (left): Gap => ({ ...piece, ...left, open: piece.open && left.toMs === piece.toMs }),
    ),
  );
  const clipped = explained.map((gap) => ({ ...gap, ...clip(gap, window) })).filter(isSome);
  const taken = merge([...spans, ...clipped], 0);
  const rest = without(window, taken)
    // An unexplained moment no longer than a touch is rounding; a told cause is kept however short.
    .filter((span) => span.toMs - span.fromMs > touchMs)
    .map((span): Gap => ({ ...span, cause: 'unexplained', detail: {}, open: false, inside: false }));
  return { spans, gaps: joinGaps([...clipped, ...rest]) };
}

const isSome = (span: Span): boolean => span.toMs > span.fromMs;

/** Disjoint pieces of gaps that may overlap: in each moment the one counts that began last. One pass, with a stack. */
function newestFirst(gaps: readonly Gap[]): Gap[] {
  const pieces: Gap[] = [];
  const lasting: Gap[] = [];
  let atMs = Number.NEGATIVE_INFINITY;
  const runTo = (untilMs: number) => {
    for (let top = lasting.at(-1); top && atMs < untilMs; top = lasting.at(-1)) {
      if (top.toMs > atMs) {
        const toMs = Math.min(top.toMs, untilMs);
        pieces.push({ ...top, fromMs: atMs, toMs, open: top.open && toMs === top.toMs });
        atMs = toMs;
      }
      if (top.toMs <= atMs) lasting.pop();
    }
  };
  for (const gap of gaps.filter(isSome).toSorted((a, b) => a.fromMs - b.fromMs)) {
    runTo(gap.fromMs);
    atMs = gap.fromMs;
    lasting.push(gap);
  }
  runTo(Number.POSITIVE_INFINITY);
  return pieces;
}

/** Neighbours of one cause are one gap. */
function joinGaps(gaps: readonly Gap[]): Gap[] {
  const joined: Gap[] = [];
  for (const gap of gaps.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = joined.at(-1);
    const isSame =
      last &&
      gap.fromMs === last.toMs &&
      last.cause === gap.cause &&
      JSON.stringify(last.detail) === JSON.stringify(gap.detail);
    if (isSame) joined[joined.length - 1] = { ...last, toMs: gap.toMs, open: gap.open };
    else joined.push(gap);
  }
  return joined;
}
