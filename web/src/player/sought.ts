/** A picture that is sought: where it is, and whether one that came to the screen is it. */
import { nowMs } from './time.ts';

export interface Sought {
  atMs: number;
  readonly startedMs: number;
  /** Where the wanted picture begins, once it is known. */
  targetS: number | null;
  /** What the element is to be set to, once the picture is in its buffer; null when it was. */
  placeS: number | null;
}

export const sought = (atMs: number): Sought => ({ atMs, startedMs: nowMs(), targetS: null, placeS: null });

/** Whether a picture is the one that was sought; when it plays at once (at this speed), one shortly after will do. */
export function answers({ targetS }: Sought, mediaS: number, playsAt: number | null): boolean {
  if (targetS === null) return false;
  const laterS = mediaS - targetS;
  if (Math.abs(laterS) < 0.02) return true;
  return playsAt !== null && laterS > 0 && laterS < 2 * playsAt;
}
