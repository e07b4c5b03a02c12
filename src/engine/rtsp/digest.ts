/**
 * Signing in: Basic (RFC 7617) and Digest (RFC 2617, RFC 7616). Reads what cameras really send, picks the strongest
 * offer, echoes only what was offered. One `SignIn` belongs to one camera address; secrets stay inside it.
 */
import { createHash } from 'node:crypto';

export interface Challenge {
  /** Lower case: `digest`, `basic`, or what else was asked for. */
  readonly scheme: string;
  /** By lower-case name. */
  readonly values: ReadonlyMap<string, string>;
}

/** Weakest first. The name is Node's. */
const hashes: ReadonlyMap<string, string> = new Map([
  ['md5', 'md5'],
  ['sha-256', 'sha256'],
  ['sha-512-256', 'sha512-256'],
]);
const strengths = [...hashes.keys()];

/** Reads every challenge of every WWW-Authenticate line; several may share one line, separated by commas. */
export function readChallenges(lines: readonly string[]): Challenge[] {
  return lines.slice(0, 16).flatMap((line) => readLine(line.slice(0, 4096)));
}

function readLine(line: string): Challenge[] {
  const found: { scheme: string; values: Map<string, string> }[] = [];
  // Either `name = "quoted"`, `name = 'quoted'`, `name = token`, or a scheme standing alone before its values.
  const item =
    /([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s,"]*))|([A-Za-z][A-Za-z0-9_-]*)(?=\s|,|$)/g;
  for (const [, name, quoted, single, token, scheme] of line.matchAll(item)) {
    if (scheme !== undefined) found.push({ scheme: scheme.toLowerCase(), values: new Map() });
    else if (name !== undefined) {
      const value = quoted?.replace(/\\(.)/g, '$1') ?? single ?? token ?? '';
      found.at(-1)?.values.set(name.toLowerCase(), value);
    }
  }
  return found;
}

/** The strongest challenge we can answer, or null. */
export function strongest(challenges: readonly Challenge[]): Challenge | null {
  let best: Challenge | null = null;
  let bestStrength = -1;
  for (const challenge of challenges) {
    const strength = strengthOf(challenge);
    if (strength > bestStrength) {
      best = challenge;
      bestStrength = strength;
    }
  }
  return best;
}

/** -1: not spoken. 0: Basic. From 1: Digest by hash. */
function strengthOf(challenge: Challenge): number {
  if (challenge.scheme === 'basic') return 0;
  if (challenge.scheme !== 'digest' || !challenge.values.has('nonce')) return -1;
  if (qopOf(challenge) === 'unknown') return -1;
  const strength = strengths.indexOf(algorithmOf(challenge).hash);
  return strength === -1 ? -1 : strength + 1;
}

function algorithmOf(challenge: Challenge): { hash: string; session: boolean } {
  const name = (challenge.values.get('algorithm') || 'md5').toLowerCase();
  const session = name.endsWith('-sess');
  return { hash: session ? name.slice(0, -5) : name, session };
}

/** `auth` when offered; none when the camera speaks RFC 2069; `auth-int` alone we do not speak. */
function qopOf(challenge: Challenge): 'auth' | 'none' | 'unknown' {
  const offered = (challenge.values.get('qop') ?? '').toLowerCase().split(/[\s,]+/);
  if (offered.includes('auth')) return 'auth';
  return offered.every((one) => one === '') ? 'none' : 'unknown';
}

export interface DigestUse {
  readonly user: string;
  readonly password: string;
  readonly method: string;
  readonly uri: string;
  readonly cnonce: string;
  /** How often this nonce was used, this use included. */
  readonly count: number;
}

/** The Authorization header's value for a Digest challenge. */
export function answerDigest(challenge: Challenge, use: DigestUse): string {
  const { hash, session } = algorithmOf(challenge);
  const digest = (text: string): string =>
    createHash(hashes.get(hash) ?? 'md5')
      .update(text, 'utf8')
      .digest('hex');
  const realm = challenge.values.get('realm') ?? '';
  const nonce = challenge.values.get('nonce') ?? '';
  const qop = qopOf(challenge);
  const nc = use.count.toString(16).padStart(8, '0');
  const secret = digest(`${use.user}:${realm}:${use.password}`);
  const a1 = session ? digest(`${secret}:${nonce}:${use.cnonce}`) : secret;
  const a2 = digest(`${use.method}:${use.uri}`);
  const response =
    qop === 'auth' ? digest(`${a1}:${nonce}:${nc}:${use.cnonce}:auth:${a2}`) : digest(`${a1}:${nonce}:${a2}`);
  const parts = [
    `username=${quote(use.user)}`,
    `realm=${quote(realm)}`,
    `nonce=${quote(nonce)}`,
    `uri=${quote(use.uri)}`,
    `response="${response}"`,
  ];
  const algorithm = challenge.values.get('algorithm');
  const opaque = challenge.values.get('opaque');
  if (algorithm) parts.push(`algorithm=${algorithm}`);
  if (opaque !== undefined) parts.push(`opaque=${quote(opaque)}`);
  if (qop === 'auth') parts.push('qop=auth', `nc=${nc}`);
  if (qop === 'auth' || session) parts.push(`cnonce="${use.cnonce}"`);
  return `Digest ${parts.join(', ')}`;
}

const quote = (text: string): string => `"${text.replace(/[\r\n]/g, '').replace(/["\\]/g, '\\$&')}"`;

/** What a 401 leads to. */
export type Verdict = 'retry' | 'needs-credentials' | 'bad-credentials' | 'unsupported';

export class SignIn {
  readonly #user: string;
  readonly #password: string;
  readonly #newNonce: () => string;
  #challenge: Challenge | null = null;
  #count = 0;

  constructor(user: string, password: string, newNonce: () => string) {
    this.#user = user;
    this.#password = password;
    this.#newNonce = newNonce;
  }

  /** The Authorization header for a request, or null before the first challenge. */
  authorize(method: string, uri: string): string | null {
    if (this.#challenge === null) return null;
    if (this.#challenge.scheme === 'basic') {
      return `Basic ${Buffer.from(`${this.#user}:${this.#password}`, 'utf8').toString('base64')}`;
    }
    return answerDigest(this.#challenge, {
      user: this.#user,
      password: this.#password,
      method,
      uri,
      cnonce: this.#newNonce(),
      count: ++this.#count,
    });
  }

  /**
   * Takes a 401. `tries` is how often this very request was sent with credentials: a new nonce earns one more try
   * (cameras replace it in mid-session and seldom say `stale`), a stale one another; then the password is wrong.
   */
  challenged(lines: readonly string[], tries: number): Verdict {
    if (this.#user === '' && this.#password === '') return 'needs-credentials';
    const best = strongest(readChallenges(lines));
    if (best === null) return lines.length === 0 && tries > 0 ? 'bad-credentials' : 'unsupported';
    const before = this.#challenge;
    const fresh = before === null || !sameNonce(before, best);
    const stale = /^true$/i.test(best.values.get('stale') ?? '');
    this.#challenge = best;
    if (fresh) this.#count = 0;
    if (tries === 0) return 'retry';
    // The first try of a request that went out with an older nonce says nothing of the password.
    if (tries === 1 && fresh && this.#confirmed) {
      this.#confirmed = false;
      return 'retry';
    }
    return stale && fresh && tries < 3 ? 'retry' : 'bad-credentials';
  }

  /** The camera took what we sent: from here a 401 means a new nonce first. */
  accepted(): void {
    if (this.#challenge !== null) this.#confirmed = true;
  }

  #confirmed = false;

  /** The schemes a camera asked for, for the sentence that says we cannot. */
  static schemes(lines: readonly string[]): string {
    const names = readChallenges(lines).map((one) => {
      const algorithm = one.values.get('algorithm');
      return algorithm ? `${one.scheme} ${algorithm}` : one.scheme;
    });
    return (
      [...new Set(names)]
        .join(', ')
        .replace(/[^\w ,-]/g, '')
        .slice(0, 60) || '?'
    );
  }

  /** Strikes the secrets out of a text that a camera sent and a person will read. */
  strike(text: string): string {
    let clean = text;
    for (const secret of [this.#password, encodeURIComponent(this.#password.toWellFormed())]) {
      if (secret.length > 2) clean = clean.replaceAll(secret, '•••');
    }
    return clean;
  }
}

const sameNonce = (a: Challenge, b: Challenge): boolean =>
  a.scheme === b.scheme && a.values.get('nonce') === b.values.get('nonce');
