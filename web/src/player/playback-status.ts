/** What the playback player is asked for and what it says of itself, and the state that follows from what it knows. */
import type { InitJson } from '../../../src/contract/frames.ts';
import type { FeedState, OpenedView, Refused } from './feed.ts';
import type { KnownGap } from './known-gaps.ts';

export const speeds = [0.5, 1, 2, 4, 8] as const;
export type Speed = (typeof speeds)[number];
export type GapPolicy = 'skip' | 'wait';

export type PlaybackState =
  | { readonly kind: 'opening' }
  | { readonly kind: 'seeking' }
  | { readonly kind: 'playing' }
  | { readonly kind: 'paused' }
  | { readonly kind: 'waiting' }
  /** Inside of a gap: nothing was recorded here. */
  | { readonly kind: 'gap'; readonly gap: KnownGap }
  /** Nothing more is recorded after this. */
  | { readonly kind: 'end' }
  | { readonly kind: 'problem'; readonly code: string; readonly values: Refused['values'] }
  | { readonly kind: 'refused'; readonly refused: Refused; readonly again: boolean }
  | { readonly kind: 'hidden' };

export interface PlaybackStatus {
  readonly state: PlaybackState;
  readonly wantsToPlay: boolean;
  readonly speed: Speed;
  readonly gaps: GapPolicy;
  /** The gap that was skipped last, until the next seek. */
  readonly skipped: KnownGap | null;
  readonly transcoded: boolean;
  readonly init: InitJson | null;
  readonly muted: boolean;
}

export interface PlaybackDoor {
  open(fromMs: number, toMs: number): Promise<OpenedView>;
  renew(ticket: string): Promise<{ readonly expires: string }>;
  close(ticket: string): Promise<void>;
}

export interface PlaybackOptions {
  readonly host: HTMLElement;
  readonly door: PlaybackDoor;
  /** The span to open a view for, so that an instant lies in it: usually its day. */
  readonly spanOf: (atMs: number) => { readonly fromMs: number; readonly toMs: number };
  readonly atMs: number;
  readonly plays: boolean;
  readonly gaps: GapPolicy;
  readonly onStatus: (status: PlaybackStatus) => void;
  /** The instant shown changed. */
  readonly onPosition: (wallMs: number) => void;
}

/** What the state follows from. */
export interface Known {
  readonly feed: FeedState;
  /** The gap that is being waited through. */
  readonly waitedGap: KnownGap | null;
  /** What is sought, and the gap that lies there; null: nothing is. */
  readonly sought: { readonly hasTarget: boolean; readonly gap: KnownGap | null } | null;
  readonly wantsToPlay: boolean;
  readonly canPlay: boolean;
  readonly ended: boolean;
  readonly hasShown: boolean;
  readonly problem: { readonly code: string; readonly values: Refused['values'] } | null;
}

export function stateOf(known: Known): PlaybackState {
  const { feed, waitedGap, sought, problem } = known;
  if (feed.kind === 'hidden') return { kind: 'hidden' };
  if (feed.kind === 'refused')
    return { kind: 'refused', refused: feed.refused, again: feed.retryInMs !== null };
  if (waitedGap) return { kind: 'gap', gap: waitedGap };
  if (sought) return soughtState(known, sought);
  if (!known.wantsToPlay) return { kind: 'paused' };
  if (known.canPlay) return { kind: 'playing' };
  if (known.ended) return { kind: 'end' };
  return problem ? { kind: 'problem', ...problem } : { kind: 'waiting' };
}

function soughtState(known: Known, { hasTarget, gap }: NonNullable<Known['sought']>): PlaybackState {
  if (known.ended && !hasTarget) return gap ? { kind: 'gap', gap } : { kind: 'end' };
  if (known.problem) return { kind: 'problem', ...known.problem };
  if (gap && !hasTarget) return { kind: 'gap', gap };
  if (known.feed.kind !== 'open' && !known.hasShown) return { kind: 'opening' };
  return { kind: 'seeking' };
}
