/**
 * Whether the clock may be believed before anything is deleted by it, pure. A clock that was set forward by a year
 * would make everything due; one that was set back proves that some reading was wrong. Both stop the reaper, and
 * nothing else: a person confirms the time, or it runs on steadily for a week.
 */

export interface ClockBelief {
  /** The last reading that was believed. */
  readonly believedMs: number;
  readonly doubt: 'back' | 'forward' | null;
  /** The reading that was not believed; null without doubt. */
  readonly doubtedMs: number | null;
  /** How long the clock has run steadily since. */
  readonly steadyMs: number;
}

export interface Readings {
  readonly wallMs: number;
  /** Since the last look of this run, by the clock that never steps; null: this run's first look. */
  readonly elapsedMs: number | null;
}

/** Clocks are corrected by seconds, and once by minutes; more is a clock that was set. */
export const backMs = 3_600_000;
/** Custos may have been off for as long; after a longer absence a person says that the time is right. */
export const forwardMs = 86_400_000;
/** After so long of steady running a clock is believed though nobody said so. */
export const patienceMs = 7 * 86_400_000;
/** Two clocks that run side by side differ by less in a look's time. */
const driftMs = 60_000;

export function look(belief: ClockBelief, readings: Readings): ClockBelief {
  return belief.doubt === null ? trusting(belief, readings) : doubting(belief, readings);
}

function trusting(belief: ClockBelief, { wallMs, elapsedMs }: Readings): ClockBelief {
  const expectedMs = belief.believedMs + (elapsedMs ?? 0);
  if (wallMs < belief.believedMs - backMs) return doubt('back', belief, wallMs);
  if (wallMs > expectedMs + forwardMs) return doubt('forward', belief, wallMs);
  return { ...belief, believedMs: Math.max(belief.believedMs, wallMs) };
}

const doubt = (kind: 'back' | 'forward', { believedMs }: ClockBelief, wallMs: number): ClockBelief => ({
  believedMs,
  doubt: kind,
  doubtedMs: wallMs,
  steadyMs: 0,
});

function doubting(belief: ClockBelief, readings: Readings): ClockBelief {
  const { wallMs, elapsedMs } = readings;
  // Set right again: as if it had never been wrong.
  const past: ClockBelief = { believedMs: belief.believedMs, doubt: null, doubtedMs: null, steadyMs: 0 };
  const runMs = (elapsedMs ?? 0) + belief.steadyMs;
  const asIfNot = trusting(past, { ...readings, elapsedMs: belief.doubt === 'forward' ? runMs : elapsedMs });
  if (asIfNot.doubt === null) return asIfNot;
  const expectedMs = (belief.doubtedMs ?? wallMs) + (elapsedMs ?? wallMs - (belief.doubtedMs ?? wallMs));
  const isSteady = Math.abs(wallMs - expectedMs) <= driftMs;
  const steadyMs = isSteady ? runMs : 0;
  if (steadyMs >= patienceMs) return { believedMs: wallMs, doubt: null, doubtedMs: null, steadyMs: 0 };
  return { ...belief, doubtedMs: wallMs, steadyMs };
}

/** The first look of all, and the first after the database was lost: the newest moment that is on record is believed. */
export const firstBelief = (wallMs: number, newestMs: number | null): ClockBelief => ({
  ...confirmed(newestMs ?? wallMs),
});

/** A person says that it is right. */
export const confirmed = (wallMs: number): ClockBelief => ({
  believedMs: wallMs,
  doubt: null,
  doubtedMs: null,
  steadyMs: 0,
});
