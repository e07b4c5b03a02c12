/** How a gap looks by its cause: red is kept for loss that nobody meant; what a person or the system did is not red. */
import type { GapCause } from '../../../src/contract/index.ts';

/**
 * camera: it did not deliver · storage: it was not kept · away: it is kept, and cannot be reached now · system: Custos
 * itself · person: somebody decided it.
 */
export type GapKind = 'camera' | 'storage' | 'away' | 'system' | 'person';

const kinds: Readonly<Record<GapCause, GapKind>> = {
  unreachable: 'camera',
  refused: 'camera',
  stalled: 'camera',
  'network-loss': 'camera',
  'unsupported-stream': 'camera',
  unexplained: 'camera',
  disk: 'storage',
  damaged: 'storage',
  missing: 'storage',
  'bucket-away': 'away',
  space: 'storage',
  'space-sub': 'storage',
  'system-crash': 'storage',
  'engine-restart': 'system',
  'system-stopped': 'system',
  'clock-step': 'system',
  'index-rebuilt': 'storage',
  starting: 'system',
  paused: 'person',
  retired: 'person',
  suspended: 'person',
  changed: 'person',
  deleted: 'person',
  'key-destroyed': 'person',
  'key-missing': 'storage',
  'no-key': 'system',
};

export const gapKinds = ['camera', 'storage', 'away', 'system', 'person'] as const;
export const gapKindOf = (cause: string): GapKind => kinds[cause as GapCause] ?? 'camera';
