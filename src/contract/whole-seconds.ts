/**
 * Figures of a completeness report as a person adds them up: in whole seconds whose parts give the sum that stands
 * beside them. Each rounded for itself, 14.4 s and 14.4 s would read 14 and 14 beneath a sum of 29.
 */
interface Parts {
  readonly recordedMs: number;
  readonly awayMs: number;
  readonly servedMs: number;
  readonly missingMs: number;
  readonly causes: readonly { readonly ms: number }[];
}
interface Report extends Parts {
  readonly cameras: readonly Parts[];
  readonly days: readonly { readonly missingMs: number }[];
}

const secondMs = 1_000;

/** Milliseconds that are whole seconds and add up to `sumMs` in whole seconds: the largest rests are rounded up. */
export function roundTogether(parts: readonly number[], sumMs: number): number[] {
  const rounded = parts.map((ms) => Math.floor(ms / secondMs) * secondMs);
  const wantedMs = Math.round(sumMs / secondMs) * secondMs;
  let short = (wantedMs - rounded.reduce((a, b) => a + b, 0)) / secondMs;
  const byRest = parts
    .map((ms, i) => ({ i, rest: ms % secondMs }))
    .sort((a, b) => b.rest - a.rest || a.i - b.i);
  for (const { i } of byRest) {
    if (short <= 0) break;
    rounded[i]! += secondMs;
    short--;
  }
  return rounded;
}

function partsInSeconds<T extends Parts>(of: T, missingMs?: number): T {
  const { recordedMs, awayMs, servedMs } = of;
  const all = [recordedMs, awayMs, servedMs, of.missingMs];
  const [recorded = 0, away = 0, served = 0, missing = 0] = roundTogether(
    all,
    all.reduce((a, b) => a + b, 0),
  );
  const lost = missingMs ?? missing;
  const causes = roundTogether(
    of.causes.map(({ ms }) => ms),
    lost,
  );
  return {
    ...of,
    ...{ recordedMs: recorded, awayMs: away, servedMs: served, missingMs: lost },
    causes: of.causes.map((cause, i) => ({ ...cause, ms: causes[i] ?? 0 })),
  };
}

/** The report with every span in whole seconds. The digest on record is that of the exact one. */
export function inWholeSeconds<T extends Report>(report: T): T {
  const whole = partsInSeconds(report);
  const ofCameras = roundTogether(
    report.cameras.map(({ missingMs }) => missingMs),
    whole.missingMs,
  );
  const ofDays = roundTogether(
    report.days.map(({ missingMs }) => missingMs),
    whole.missingMs,
  );
  return {
    ...whole,
    cameras: report.cameras.map((camera, i) => partsInSeconds(camera, ofCameras[i])),
    days: report.days.map((day, i) => ({ ...day, missingMs: ofDays[i] ?? 0 })),
  };
}
