/** Digest authentication (RFC 7616: SHA-256, and MD5 for players that know no better), the server's side of it. */
import { createHash } from 'node:crypto';

export interface OfferedDigest {
  readonly username: string;
  readonly nonce: string;
  readonly uri: string;
  readonly response: string;
  readonly nc: string;
  readonly cnonce: string;
  readonly qop: string;
  readonly algorithm: string;
}

/** Null when the header is absent or of another scheme. */
export function readDigest(value: string | undefined): OfferedDigest | null {
  if (value === undefined || value.length > 4096 || !/^digest\s/i.test(value)) return null;
  const found = new Map<string, string>();
  for (const [, name, quoted, bare] of value.matchAll(/(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g))
    found.set(
      (name as string).toLowerCase(),
      quoted === undefined ? (bare ?? '') : quoted.replace(/\\(.)/g, '$1'),
    );
  const get = (name: string) => found.get(name) ?? '';
  return {
    username: get('username'),
    nonce: get('nonce'),
    uri: get('uri'),
    response: get('response'),
    nc: get('nc'),
    cnonce: get('cnonce'),
    qop: get('qop'),
    algorithm: get('algorithm'),
  };
}

export function digestAnswer(
  offered: OfferedDigest,
  known: { user: string; realm: string; password: string; method: string },
): string {
  const algorithm = offered.algorithm.toUpperCase() === 'SHA-256' ? 'sha256' : 'md5';
  const hash = (text: string) => createHash(algorithm).update(text).digest('hex');
  const first = hash(`${known.user}:${known.realm}:${known.password}`);
  const second = hash(`${known.method}:${offered.uri}`);
  return offered.qop
    ? hash([first, offered.nonce, offered.nc, offered.cnonce, offered.qop, second].join(':'))
    : hash([first, offered.nonce, second].join(':'));
}
