/** The process itself: how it is asked to end, how long that may take, and how it ends when something is broken. */
import { type Clock, type Log, sayError } from './base/index.ts';

/** Whoever stopped us waits ten seconds; what is not closed by then is left to the next start. */
const endWithinMs = 9_000;

/** What nobody caught is our own mistake: a line that says so, then the end; the children end with us. */
export function endOnFault(log: Log): void {
  const end = (kind: string) => (error: unknown) => {
    const stack = error instanceof Error ? error.stack : undefined;
    log.error({ fault: kind, error: sayError(error), stack }, 'Custos ends: a fault that nobody caught');
    process.exit(1);
  };
  process.on('uncaughtException', end('exception'));
  process.on('unhandledRejection', end('rejection'));
}

/** Resolves with the first SIGTERM or SIGINT; a second one ends at once. */
export function askedToEnd(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        process.on(signal, () => process.exit(130));
        resolve(signal);
      });
    }
  });
}

/** Closes everything, in at most nine seconds; a part that hangs is named by the log's last line and left. */
export async function endWithin(parts: AsyncDisposable, at: { clock: Clock; log: Log }): Promise<number> {
  const beganMs = at.clock.monoMs();
  const timer = setTimeout(() => {
    at.log.error({ seconds: endWithinMs / 1000 }, 'not everything could be closed in time');
    process.exit(1);
  }, endWithinMs);
  try {
    await parts[Symbol.asyncDispose]();
    at.log.info({ ms: Math.round(at.clock.monoMs() - beganMs) }, 'Custos ended');
    return 0;
  } catch (error) {
    at.log.error({ error: sayError(error) }, 'Custos ended, not everything in order');
    return 1;
  } finally {
    clearTimeout(timer);
  }
}
