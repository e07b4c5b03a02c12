/** How fast an examination works beside a running Custos: for each while of work, a while of rest. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../base/index.ts';

export interface Pace {
  turn<T>(work: () => Promise<T>): Promise<T>;
  /** Rests when it is time to. */
  rest(): Promise<void>;
}

/** `share` of the time is work (1: all of it). Rests are long enough that the disk serves others in between. */
export function paceOf(clock: Clock, share: number): Pace {
  const workMs = 40;
  let sinceMs = clock.monoMs();
  const rest = async () => {
    const workedMs = clock.monoMs() - sinceMs;
    if (share >= 1 || workedMs < workMs) return;
    await wait((workedMs * (1 - share)) / share);
    sinceMs = clock.monoMs();
  };
  return {
    rest,
    turn: async (work) => {
      const done = await work();
      await rest();
      return done;
    },
  };
}
