/**
 * The one state machine of gaps, pure: what is told of a camera's main stream in, changes of rows out. At most one gap
 * a camera is open; its cause may move, its beginning shifts while the last segment still grows, and it closes with
 * the first picture of a new segment. It forgives facts that come late, twice, out of order, or from a clock that was
 * set: what it cannot explain is left uncovered, and `cover.ts` shows it as unexplained.
 */
import type { GapCause } from '../contract/index.ts';

export type Detail = Readonly<Record<string, string | number>>;

export interface OpenGap {
  readonly id: string;
  readonly fromMs: number;
  readonly cause: GapCause;
  readonly detail: Detail;
  /** The segment that was the newest when the gap opened: its late parts shift the beginning and do not close. */
  readonly after: string | null;
}

/** What is known of one camera's recording. */
export interface Track {
  /** Up to here recording or a gap that is over reaches. */
  readonly coveredUntilMs: number;
  readonly open: OpenGap | null;
  /** The newest segment. */
  readonly segment: string | null;
  /** Our clock was set forward by so much since the newest segment began. */
  readonly steppedMs: number;
}

export type Told =
  /** This span is in a file. */
  | { readonly kind: 'recorded'; readonly segment: string; readonly fromMs: number; readonly toMs: number }
  /** From here nothing is recorded. `ordered`: by a person, and so above what the engine finds. */
  | {
      readonly kind: 'opened';
      readonly atMs: number;
      readonly cause: GapCause;
      readonly detail: Detail;
      readonly ordered?: boolean;
    }
  | { readonly kind: 'closed'; readonly atMs: number }
  /** A gap that was over when it was told: pictures lost while a segment went on. */
  | {
      readonly kind: 'passed';
      readonly fromMs: number;
      readonly toMs: number;
      readonly cause: GapCause;
      readonly detail: Detail;
    }
  | { readonly kind: 'clock-stepped'; readonly byMs: number };

/** A change of rows. Each may be done twice without harm. */
export type GapChange =
  | {
      readonly op: 'open';
      readonly id: string;
      readonly fromMs: number;
      readonly cause: GapCause;
      readonly detail: Detail;
    }
  | { readonly op: 'shift'; readonly id: string; readonly fromMs: number }
  | { readonly op: 'rename'; readonly id: string; readonly cause: GapCause; readonly detail: Detail }
  | { readonly op: 'close'; readonly id: string; readonly toMs: number }
  | { readonly op: 'drop'; readonly id: string }
  | {
      readonly op: 'insert';
      readonly id: string;
      readonly fromMs: number;
      readonly toMs: number;
      /** Inside of a segment's span: there the gap counts. */
      readonly inside: boolean;
      readonly cause: GapCause;
      readonly detail: Detail;
    };

export interface Step {
  readonly track: Track;
  readonly changes: readonly GapChange[];
}

/** Spans that touch within this are one: a picture's duration and the rounding of clocks, no lost second. */
export const touchMs = 200;
/** A gap told to begin within this behind the newest recording begins right there: the rest was still on its way. */
const joinMs = 10_000;
/** Two readings of one moment may differ by this; more is another moment, or a clock that was set. */
const lateMs = 5_000;

export const newTrack = (orderedMs: number): Track => ({
  coveredUntilMs: orderedMs,
  open: null,
  segment: null,
  steppedMs: 0,
});

export function step(track: Track, told: Told, newGapId: () => string): Step {
  switch (told.kind) {
    case 'recorded':
      return recorded(track, told, newGapId);
    case 'opened':
      return opened(track, told, newGapId);
    case 'closed':
      return closed(track, told.atMs);
    case 'passed':
      return told.toMs > told.fromMs
        ? { track, changes: [{ ...withoutKind(told), op: 'insert', id: newGapId(), inside: true }] }
        : still(track);
    case 'clock-stepped':
      return still({ ...track, steppedMs: Math.max(0, track.steppedMs + told.byMs) });
  }
}

const still = (track: Track): Step => ({ track, changes: [] });

/** Only a person's order ends what a person ordered. */
const isOrder = (cause: GapCause): boolean =>
  cause === 'paused' || cause === 'retired' || cause === 'suspended';
const isOrdered = (gap: OpenGap): boolean => isOrder(gap.cause);

function recorded(track: Track, told: Told & { kind: 'recorded' }, newGapId: () => string): Step {
  const isNew = told.segment !== track.segment && told.toMs > track.coveredUntilMs - lateMs;
  const next: Track = {
    ...track,
    coveredUntilMs: covers(track, told.toMs),
    segment: isNew ? told.segment : track.segment,
    steppedMs: isNew ? 0 : track.steppedMs,
  };
  const { open } = track;
  if (!open) return { track: next, changes: isNew ? explainStep(track, told, newGapId) : [] };
  const resumes = told.segment !== open.after && told.fromMs >= open.fromMs - touchMs;
  if (resumes && !isOrdered(open)) {
    const ended = { ...next, open: null };
    return { track: ended, changes: [endAt(open, told.fromMs)] };
  }
  const overlaps = told.fromMs <= open.fromMs && told.toMs > open.fromMs;
  if (!overlaps) return still(next);
  const shifted = { ...open, fromMs: told.toMs };
  return { track: { ...next, open: shifted }, changes: [{ op: 'shift', id: open.id, fromMs: told.toMs }] };
}

/** A hole that is as long as our clock was set forward is no lost second: no time passed in it. */
function explainStep(track: Track, told: { fromMs: number }, newGapId: () => string): readonly GapChange[] {
  const hole = { fromMs: track.coveredUntilMs, toMs: told.fromMs };
  const isStep = track.steppedMs > 0 && hole.toMs - hole.fromMs <= track.steppedMs + lateMs;
  if (!isStep || hole.toMs - hole.fromMs <= touchMs) return [];
  return [
    {
      op: 'insert',
      id: newGapId(),
      ...hole,
      inside: false,
      cause: 'clock-step',
      detail: { ms: track.steppedMs },
    },
  ];
}

function opened(track: Track, told: Told & { kind: 'opened' }, newGapId: () => string): Step {
  const { open } = track;
  // The engine repeats what it was ordered; only the order itself counts, because the repetition may come too late.
  if (isOrder(told.cause) && !told.ordered) return still(track);
  if (!open) return begin(track, told, joined(track, told.atMs), newGapId);
  if (isOrdered(open) && !told.ordered) return still(track);
  if (sameCause(open, told)) return still(track);
  // "Being started" explains nothing that has a cause already.
  if (told.cause === 'starting' && !told.ordered) return still(track);
  if (told.atMs < open.fromMs - lateMs) {
    const { track: next, changes } = begin(track, told, told.atMs, newGapId);
    return { track: next, changes: [{ op: 'drop', id: open.id }, ...changes] };
  }
  if (open.cause === told.cause && !told.ordered) return newTrouble(track, open, told);
  if (told.atMs > open.fromMs) {
    const { track: next, changes } = begin(track, told, told.atMs, newGapId);
    return {
      track: { ...next, coveredUntilMs: covers(track, told.atMs) },
      changes: [endAt(open, told.atMs), ...changes],
    };
  }
  // The change of address is why the camera was lost in that moment, whatever the engine saw of it.
  if (open.cause === 'changed' && !told.ordered) return still(track);
  return rename(track, open, told);
}

/**
 * One absence is one gap, though a camera that is away is found so in several ways: the connection ends, then nothing
 * answers. The last one stands. Only its figures (how long was waited) differ from try to try, and say nothing new.
 */
function newTrouble(track: Track, open: OpenGap, told: { cause: GapCause; detail: Detail }): Step {
  return open.detail.problem === told.detail.problem ? still(track) : rename(track, open, told);
}

function rename(track: Track, open: OpenGap, { cause, detail }: { cause: GapCause; detail: Detail }): Step {
  const change = { op: 'rename', id: open.id, cause, detail } as const;
  return { track: { ...track, open: { ...open, cause, detail } }, changes: [change] };
}

function begin(
  track: Track,
  told: { cause: GapCause; detail: Detail },
  fromMs: number,
  newGapId: () => string,
): Step {
  const gap = { id: newGapId(), fromMs, cause: told.cause, detail: told.detail };
  return {
    track: { ...track, open: { ...gap, after: track.segment } },
    changes: [{ op: 'open', ...gap }],
  };
}

/** Where a gap that is told to begin at `atMs` begins. */
function joined(track: Track, atMs: number): number {
  const behindMs = atMs - track.coveredUntilMs;
  return behindMs > 0 && behindMs <= joinMs ? track.coveredUntilMs : atMs;
}

function closed(track: Track, atMs: number): Step {
  const { open } = track;
  if (!open || isOrdered(open)) return still(track);
  // Just before the gap's beginning: the end of an earlier gap that was told late. The recording itself will close.
  if (atMs <= open.fromMs && atMs > open.fromMs - lateMs) return still(track);
  return {
    track: { ...track, open: null, coveredUntilMs: covers(track, atMs) },
    changes: [endAt(open, atMs)],
  };
}

const endAt = (gap: OpenGap, toMs: number): GapChange =>
  toMs > gap.fromMs ? { op: 'close', id: gap.id, toMs } : { op: 'drop', id: gap.id };

/** When our clock was set back by more than any lateness, what is covered goes back with it. */
function covers(track: Track, toMs: number): number {
  return toMs < track.coveredUntilMs - maxLateMs ? toMs : Math.max(track.coveredUntilMs, toMs);
}
/** The longest a fact of an old segment comes late, a survey's included: by this a clock set back is told apart. */
const maxLateMs = 600_000;

function sameCause(open: OpenGap, told: { cause: GapCause; detail: Detail }): boolean {
  return open.cause === told.cause && JSON.stringify(open.detail) === JSON.stringify(told.detail);
}

function withoutKind<T extends { kind: string }>(told: T): Omit<T, 'kind'> {
  const { kind: _, ...rest } = told;
  return rest;
}
