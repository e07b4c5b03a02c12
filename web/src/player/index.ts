/** The players, without a framework: what a page needs to show live and recorded video. */
export type { FeedState, OpenedView, Refused, ViewDoor } from './feed.ts';
export type { KnownGap } from './known-gaps.ts';
export { type LiveMode, LivePlayer, type LiveState, type LiveStatus } from './live.ts';
export { canPaint } from './painter.ts';
export { PlaybackPlayer } from './playback.ts';
export {
  type PlaybackDoor,
  type PlaybackState,
  type PlaybackStatus,
  type Speed,
  speeds,
} from './playback-status.ts';
