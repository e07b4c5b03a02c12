/**
 * The clock: the only place that reads the time. Two readings, never mixed: `wallMs` is UTC and may step,
 * `monoMs` never goes back and says nothing of the date.
 */

export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z, as the machine believes. May step in either direction. */
  wallMs(): number;
  /** Milliseconds since an arbitrary moment. Never goes back, not even when the machine's date is set. */
  monoMs(): number;
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monoMs: () => performance.now(),
};

/** RFC 3339 in UTC with milliseconds, the one written form of an instant outside of screens and paper. */
export const rfc3339 = (wallMs: number): string => new Date(wallMs).toISOString();
