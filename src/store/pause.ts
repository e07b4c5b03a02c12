/** Waiting that ends early when whoever waits is to end. */
import { setTimeout as wait } from 'node:timers/promises';

export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // Rejects only when the signal came: then the wait is over as well.
  await wait(ms, undefined, { signal }).catch(() => {});
}
