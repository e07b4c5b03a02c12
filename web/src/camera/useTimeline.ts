/** What is recorded around a window of time: asked for in steady pieces, kept, and joined at their edges. */
import { keepPreviousData, useQueries } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { z } from 'zod';
import { display } from '../../../src/contract/index.ts';
import { call, keyOf, type Problem, useCall } from '../api.ts';
import { chunksOf, merged, type Stretch } from './scale.ts';
import type { Day } from './zone.ts';

type Reply = z.output<typeof display.timeline.reply>;

export interface Gap extends Stretch {
  readonly cause: string;
  readonly detail: Readonly<Record<string, string | number>>;
  readonly isOpen: boolean;
}

/** Nothing of a hold is deleted; a mark is kept longer. */
export interface Kept extends Stretch {
  readonly id: string;
  readonly kind: 'hold' | 'important' | 'alarm';
}

export interface Footage {
  readonly spans: readonly Stretch[];
  /** Within the gaps: where at least the sub-stream was recorded. */
  readonly small: readonly Stretch[];
  readonly gaps: readonly Gap[];
  readonly kept: readonly Kept[];
  readonly oldestMs: number | null;
  readonly newestMs: number | null;
  readonly isLoading: boolean;
}

/** Spans as the server merges them; pieces of a day are joined the same way. */
const touchMs = 200;
/** What is past does not change but by deletion; what lasts is asked for again. */
const pastStaleMs = 5 * 60_000;
const presentEveryMs = 15_000;

const ms = (instant: string) => Date.parse(instant);
const stretch = (span: { from: string; to: string }): Stretch => ({
  fromMs: ms(span.from),
  toMs: ms(span.to),
});

export function gapsOf(reply: Pick<Reply, 'gaps'>): readonly Gap[] {
  return reply.gaps.map((gap) => ({
    ...stretch(gap),
    cause: gap.cause,
    detail: gap.detail,
    isOpen: gap.open,
  }));
}

/** Each once, though it reaches over several pieces of the window. */
export function keptOf(replies: readonly Pick<Reply, 'holds' | 'marks'>[]): readonly Kept[] {
  const all = replies.flatMap(({ holds, marks }) => [
    ...holds.map((hold) => ({ ...stretch(hold), id: hold.id, kind: 'hold' as const })),
    ...marks.map((mark) => ({ ...stretch(mark), id: mark.id, kind: mark.kind })),
  ]);
  return [...new Map(all.map((each) => [each.id, each])).values()];
}

const isSameGap = (a: Gap, b: Gap) =>
  a.cause === b.cause && JSON.stringify(a.detail) === JSON.stringify(b.detail);

function argsOf(id: string, of: Stretch) {
  return {
    params: { id },
    query: { from: new Date(of.fromMs).toISOString(), to: new Date(of.toMs).toISOString() },
  };
}

export function useFootage(id: string, window: Stretch, zone: string, nowMs: number): Footage {
  const chunks = useMemo(
    () => chunksOf(window.fromMs, window.toMs, zone).filter((chunk) => chunk.fromMs <= nowMs),
    [window.fromMs, window.toMs, zone, nowMs],
  );
  return useQueries({
    queries: chunks.map((chunk) => ({
      queryKey: keyOf(display.timeline, argsOf(id, chunk)),
      queryFn: () => call(display.timeline, argsOf(id, chunk)),
      staleTime: chunk.toMs < nowMs ? pastStaleMs : presentEveryMs,
      refetchInterval: chunk.toMs < nowMs ? (false as const) : presentEveryMs,
    })),
    combine: (found) => {
      const replies = found.flatMap((each) => (each.data ? [each.data] : []));
      const ends = (pick: 'oldest' | 'newest') =>
        replies.flatMap((each) => (each[pick] === null ? [] : [ms(each[pick])]));
      return {
        spans: merged(
          replies.flatMap((each) => each.spans.map(stretch)),
          touchMs,
        ),
        small: merged(
          replies.flatMap((each) => each.small.map(stretch)),
          touchMs,
        ),
        gaps: merged(replies.flatMap(gapsOf), touchMs, isSameGap),
        kept: keptOf(replies),
        oldestMs: replies.length ? Math.min(...ends('oldest'), Number.POSITIVE_INFINITY) : null,
        newestMs: replies.length ? Math.max(...ends('newest'), 0) || null : null,
        isLoading: found.some((each) => each.isLoading),
      };
    },
  });
}

/** What was recorded since the last answer: the camera's own state is younger, and the strip must not end behind now. */
export function upTo(footage: Footage, recordedUntil: string | null): Footage {
  const untilMs = recordedUntil === null ? 0 : ms(recordedUntil);
  const last = footage.spans.at(-1);
  const isFollowedByGap = footage.gaps.some((gap) => last && gap.toMs > last.toMs);
  if (!last || isFollowedByGap || untilMs <= last.toMs || untilMs - last.toMs > 2 * presentEveryMs)
    return footage;
  return { ...footage, spans: [...footage.spans.slice(0, -1), { ...last, toMs: untilMs }] };
}

/** One day as the gap list and the coverage show it. */
export function useDay(id: string, day: Day, isPresent: boolean) {
  return useCall(display.timeline, argsOf(id, day), {
    staleTime: isPresent ? presentEveryMs : pastStaleMs,
    refetchInterval: isPresent ? presentEveryMs : false,
    placeholderData: keepPreviousData as (before: Reply | undefined) => Reply | undefined,
  }) as { data?: Reply; error: Problem | null; isLoading: boolean };
}
