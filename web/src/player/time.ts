/** The two clocks of a browser, read here only: one that never jumps, and the wall's. */

/** Milliseconds that only go forward. */
export const nowMs = (): number => performance.now();

/** UTC by this computer, ms since 1970; may be wrong, so nothing but words is decided by it. */
export const wallNowMs = (): number => Date.now();

/** Calls back every `everyMs` until told to stop; one timer serves all players of a page. */
const watchers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
export const pulseMs = 100;

export function onPulse(beat: () => void): () => void {
  watchers.add(beat);
  timer ??= setInterval(() => {
    for (const each of watchers) each();
  }, pulseMs);
  return () => {
    watchers.delete(beat);
    if (watchers.size > 0 || timer === undefined) return;
    clearInterval(timer);
    timer = undefined;
  };
}
