/** The process itself: how it is asked to end, how long that may take, and how it ends when something is broken. */
import { type Clock, type Log, sayError, withoutCredentials } from './base/index.ts';

/** Whoever stopped us waits ten seconds; what is not closed by then is left to the next start. */
const endWithinMs = 9_000;
const sameRequestMs = 1_000;

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

/**
 * Resolves with the first SIGTERM or SIGINT; one that comes more than a second later ends at once. Whatever hangs from then on, in the middle of
 * the start or of the end, is left after nine seconds.
 */
export function askedToEnd(log: Log): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const asked = (signal: NodeJS.Signals) => {
      for (const one of signals) {
        process.removeListener(one, asked);
        // One Ctrl-C arrives several times: from the terminal, and passed on by npm and by the start script.
        process.on(one, () => {});
      }
      setTimeout(() => {
        for (const one of signals) process.on(one, () => process.exit(130));
      }, sameRequestMs).unref();
      setTimeout(() => {
        log.error({ seconds: endWithinMs / 1000 }, 'not everything could be closed in time');
        process.exit(1);
      }, endWithinMs).unref();
      resolve(signal);
    };
    for (const signal of signals) process.on(signal, asked);
  });
}
const signals = ['SIGTERM', 'SIGINT'] as const;

/** Closes everything, each part as well as it can be; returns the exit code. */
export async function endAll(parts: AsyncDisposable, at: { clock: Clock; log: Log }): Promise<number> {
  const beganMs = at.clock.monoMs();
  try {
    await parts[Symbol.asyncDispose]();
    at.log.info({ ms: Math.round(at.clock.monoMs() - beganMs) }, 'Custos ended');
    return 0;
  } catch (error) {
    at.log.error({ error: sayError(error) }, 'Custos ended, not everything in order');
    return 1;
  }
}

/** What keeps Custos from starting, as a sentence in the terminal. */
export function cannotStart(error: unknown): never {
  const { code, port } = error as { code?: string; port?: number };
  const why =
    code === 'EADDRINUSE'
      ? `port ${port} is taken by another program: give --port another one (0 = any free one)`
      : sayError(error);
  process.stderr.write(`custos cannot start: ${withoutCredentials(why)}\n`);
  return process.exit(2);
}
