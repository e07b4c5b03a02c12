/**
 * The log: one JSON object a line on stderr, from every process of ours. Secrets never reach it: keys that name one
 * are struck out, and so are the credentials of any URL inside a text.
 */
import { pino } from 'pino';

export interface Log {
  debug(what: object, message?: string): void;
  info(what: object, message?: string): void;
  warn(what: object, message?: string): void;
  error(what: object, message?: string): void;
  child(of: object): Log;
}

const secretKeys = [
  'password',
  'token',
  'secret',
  'authorization',
  'cookie',
  'ticket',
  'credentials',
  'hash',
];
const redactPaths = secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);

/** `rtsp://user:pass@host/…` → `rtsp://•••@host/…`, whatever characters the password holds (last `@` of the authority). */
export function withoutCredentials(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]{1,15}:\/\/)([^\s"'<>]*)@(?=[^\s@"'<>]*)/gi, '$1•••@');
}

export function openLog(name: string, level: string = 'info'): Log {
  return pino(
    {
      name,
      level,
      base: { name, pid: process.pid },
      timestamp: () => `,"at":"${new Date().toISOString()}"`,
      redact: { paths: redactPaths, censor: '•••' },
      hooks: {
        streamWrite: withoutCredentials,
      },
    },
    process.stderr,
  ) as unknown as Log;
}

/** For tests and tools that want silence. */
export const noLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => noLog,
};
