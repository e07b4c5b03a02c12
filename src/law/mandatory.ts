/**
 * A place that must have a system, against the cameras there: nothing registered, no camera, none in use, key positions
 * that no camera sees, or no gap that is known. Walls are not known, so what is seen from above may still be hidden; what
 * is not seen from above is a gap for certain.
 */
import type { CameraFacts } from './facts.ts';
import { type Point, sees } from './geometry.ts';
import { isRecordedIn } from './life.ts';
import { viewOf } from './siting.ts';

export interface KeyPosition {
  readonly id: string;
  readonly name: string;
  readonly at: Point;
}

/** From the widest gap to none. */
export const gapStates = ['no-site', 'no-camera', 'not-recorded', 'uncovered', 'covered'] as const;
export type GapState = (typeof gapStates)[number];

export interface PlaceGap {
  readonly state: GapState;
  /** That are not retired. */
  readonly cameras: number;
  /** In their trial run or operating. */
  readonly recorded: number;
  readonly operating: number;
  /** Key positions that no recorded camera sees. */
  readonly uncovered: readonly KeyPosition[];
}

/** `cameras` null: the place has no site here. */
export function gapOf(
  keyPositions: readonly KeyPosition[],
  cameras: readonly CameraFacts[] | null,
): PlaceGap {
  const there = (cameras ?? []).filter(({ step }) => step !== 'retired');
  const recorded = there.filter(({ step }) => isRecordedIn(step));
  const views = recorded.flatMap((camera) => viewOf(camera) ?? []);
  const uncovered = keyPositions.filter(({ at }) => !views.some((view) => sees(view, [at])));
  const state = ((): GapState => {
    if (cameras === null) return 'no-site';
    if (there.length === 0) return 'no-camera';
    if (recorded.length === 0) return 'not-recorded';
    return uncovered.length > 0 ? 'uncovered' : 'covered';
  })();
  const operating = there.filter(({ step }) => step === 'operating').length;
  return { state, cameras: there.length, recorded: recorded.length, operating, uncovered };
}
