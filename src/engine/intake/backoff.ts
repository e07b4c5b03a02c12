/** When to try a camera again. */
import type { CameraProblem } from '../../contract/causes.ts';

/**
 * Problems that a person has to solve first. Trying such a camera often helps nobody and may lock its account; all
 * others may be over any moment, and recording must be back within 3 s of the camera.
 */
const forPeople: ReadonlySet<CameraProblem> = new Set<CameraProblem>([
  'bad-url',
  'bad-credentials',
  'needs-credentials',
  'auth-unsupported',
  'not-found',
  'not-rtsp',
  'no-video',
  'codec-unknown',
]);

const firstMs = 500;
const mostMs = 2_000;
const mostForPeopleMs = 30_000;

/**
 * Milliseconds until the next try after `failures` in a row (1 = the first). `chance` is in [0, 1): the wait is
 * spread over its upper half, so that 64 cameras behind one switch do not come back in one instant.
 */
export function retryAfterMs(problem: CameraProblem, failures: number, chance: number): number {
  const most = forPeople.has(problem) ? mostForPeopleMs : mostMs;
  const wait = Math.min(most, firstMs * 2 ** Math.min(10, failures - 1));
  return Math.round(wait / 2 + (wait / 2) * chance);
}
