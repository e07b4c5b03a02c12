/**
 * Camera addresses. They are cut by hand, never through WHATWG's URL: cameras want their path back byte for byte,
 * and passwords hold characters that no URL may (`p@ss:w/rd#?%^[`). What leaves here never holds credentials.
 */
import { domainToASCII } from 'node:url';
import { LinkProblem } from './problem.ts';

export interface Address {
  readonly tls: boolean;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** From the first slash on, as given. */
  readonly path: string;
  /** What a Request-URI begins with: scheme, host and, unless it is the scheme's own, the port. */
  readonly origin: string;
}

export interface AddressWithCredentials extends Address {
  readonly user: string;
  readonly password: string;
}

const defaultPort = { rtsp: 554, rtsps: 322 } as const;

/** Reads an address as a person pastes it, with or without credentials. Throws the problem `bad-url`. */
export function splitAddress(text: string): AddressWithCredentials {
  const scheme = /^(rtsps?):\/\//i.exec(text.trim());
  if (!scheme) throw new LinkProblem('bad-url');
  const kind = (scheme[1] ?? '').toLowerCase() as 'rtsp' | 'rtsps';
  const rest = text.trim().slice(scheme[0].length);
  const at = credentialsEnd(rest);
  const { user, password } = splitCredentials(at === -1 ? '' : rest.slice(0, at));
  const place = /^(\[[0-9a-fA-F:.%\w]+\]|[\p{L}\p{N}._~-]+)(?::(\d{1,5}))?(?=[/?#]|$)/u.exec(
    rest.slice(at + 1),
  );
  const name = place ? asciiHost(place[1] ?? '') : '';
  if (!place || name === '') throw new LinkProblem('bad-url');
  const port = place[2] === undefined ? defaultPort[kind] : Number(place[2]);
  if (port < 1 || port > 65_535) throw new LinkProblem('bad-url');
  const path = safePath(rest.slice(at + 1 + place[0].length));
  const origin = `${kind}://${name}${port === defaultPort[kind] ? '' : `:${port}`}`;
  return { tls: kind === 'rtsps', host: name.replace(/^\[|\]$/g, ''), port, path, origin, user, password };
}

/** `摄像机.cn` → its ASCII form; empty when it has none. */
const asciiHost = (name: string): string => (/^[\x21-\x7e]*$/.test(name) ? name : domainToASCII(name));

/**
 * Where credentials end: the last `@` of the authority. When what stands before the first slash has none, a later
 * `@` may belong to a password with a slash in it, but only if a host and a port or path follow and a name and a
 * colon precede: `/user@example` in a path stays path.
 */
function credentialsEnd(rest: string): number {
  const slash = rest.search(/[/?#]/);
  const inAuthority = rest.slice(0, slash === -1 ? rest.length : slash).lastIndexOf('@');
  const last = rest.lastIndexOf('@');
  if (last === inAuthority) return inAuthority;
  const colon = rest.indexOf(':');
  const beforeSlash = colon !== -1 && colon < slash && !/^:\d{1,5}$/.test(rest.slice(colon, slash));
  return beforeSlash || inAuthority !== -1 ? lastBeforeHost(rest, inAuthority) : inAuthority;
}

/** The last `@` behind which a host with a port or a path follows. */
function lastBeforeHost(rest: string, inAuthority: number): number {
  const after = rest.slice(inAuthority + 1);
  // `user:pass@host/…@…`: a host already stands behind the first one, the later `@` is the path's.
  if (inAuthority !== -1 && /^(\[[^\]]+\]|[\w.-]+)(:\d{1,5})?\//.test(after)) return inAuthority;
  return rest.lastIndexOf('@');
}

function splitCredentials(text: string): { user: string; password: string } {
  const colon = text.indexOf(':');
  if (colon === -1) return { user: unescapeLenient(text), password: '' };
  return { user: unescapeLenient(text.slice(0, colon)), password: unescapeLenient(text.slice(colon + 1)) };
}

/** `%40` → `@`; a per cent sign that escapes nothing stays itself. */
function unescapeLenient(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not an escaped text as a whole (`100%`): the person meant what stands there.
    return text;
  }
}

/** Control characters have no place in an address; blanks and non-ASCII are escaped, all else stays as given. */
function safePath(path: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused here.
  if (/[\x00-\x1f\x7f]/.test(path)) throw new LinkProblem('bad-url');
  return path.replace(/[^\x21-\x7e]+/gu, (part) => encodeURIComponent(part.toWellFormed()));
}

/** The Request-URI of a whole stream. */
export const requestUri = (address: Address): string => address.origin + address.path;

/** Takes credentials out of a URI that a camera gave us, if it is one; null when it is not an RTSP address. */
export function readUri(text: string): Address | null {
  try {
    return splitAddress(text);
  } catch (error) {
    if (error instanceof LinkProblem) return null;
    throw error;
  }
}

/**
 * The URIs a control attribute may mean, the likeliest first. RFC 2326 C.1.1 says: absolute, `*`, or relative to
 * the base; cameras and servers agree on plain concatenation (also behind a query), few on RFC 3986; an absolute
 * one may name a host only the camera knows (NAT), so ours is tried next.
 */
export function controlUris(base: string, control: string | null, ours: Address): string[] {
  if (control === null || control === '' || control === '*') return [base];
  if (/^rtsps?:\/\//i.test(control)) {
    const given = readUri(control);
    if (given === null) return [base];
    return unique([requestUri(given), ours.origin + given.path]);
  }
  const glue = base.endsWith('/') || control.startsWith('/') || control.startsWith('?') ? '' : '/';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a camera's slip, not worth the stream.
  const clean = safePath(control.replace(/[\x00-\x1f\x7f]/g, ''));
  return unique([
    (base.endsWith('/') && clean.startsWith('/') ? base.slice(0, -1) : base) + glue + clean,
    resolveReference(base, clean),
  ]);
}

/** RFC 3986 §5.3 for the forms that occur: absolute path, query, relative path. */
function resolveReference(base: string, reference: string): string {
  const origin = /^[a-z]+:\/\/[^/?#]*/i.exec(base)?.[0] ?? '';
  if (reference.startsWith('/')) return origin + reference;
  const path = base.slice(origin.length).replace(/[?#].*$/, '');
  if (reference.startsWith('?')) return origin + path + reference;
  return `${origin}${path.replace(/[^/]*$/, '') || '/'}${reference}`;
}

const unique = (uris: readonly string[]): string[] => [...new Set(uris)];
