/** A fault: broken machinery (a disk, a socket, a child process). It keeps its cause and says whether to retry. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly retry: boolean;

  constructor(what: string, options: { cause?: unknown; retry?: boolean } = {}) {
    super(what, { cause: options.cause });
    this.retry = options.retry ?? false;
  }
}

/** An assertion is our own mistake; whoever catches it at an edge ends the process. */
export function assert(claim: unknown, what: string): asserts claim {
  if (!claim) throw new Error(`assertion: ${what}`);
}

/** The message of anything that was thrown, with its cause, for a log line. */
export function sayError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `: ${sayError(error.cause)}`;
  return `${error.message}${cause}`;
}
