/**
 * A camera's address as a person types or pastes it: credentials are taken out leniently (installers paste passwords
 * with `@ # ? / % : ^ [` unescaped into URLs) and kept apart; what is left is an address without secrets.
 */
import { refuse } from '../base/index.ts';

export interface Address {
  /** Scheme, host, port and path, without credentials. */
  readonly url: string;
  /** Null when none stood in the address. */
  readonly user: string | null;
  readonly password: string | null;
}

/** Refuses `camera.url` when it is no camera's address. */
export function readAddress(typed: string): Address {
  const match = /^(rtsps?):\/\/(.*)$/is.exec(typed.trim());
  if (!match || hasControl(typed)) refuse('camera.url');
  const scheme = match![1]!.toLowerCase();
  const rest = match![2]!;
  const at = endOfCredentials(rest);
  const place = at < 0 ? rest : rest.slice(at + 1);
  const url = `${scheme}://${place}`;
  if (!isPlace(place) || !URL.canParse(url) || new URL(url).hostname === '') refuse('camera.url');
  if (at < 0) return { url, user: null, password: null };
  const credentials = rest.slice(0, at);
  const colon = credentials.indexOf(':');
  return {
    url,
    user: unescapeLenient(colon < 0 ? credentials : credentials.slice(0, colon)),
    password: colon < 0 ? '' : unescapeLenient(credentials.slice(colon + 1)),
  };
}

/**
 * The last `@` behind which a host begins. A path may hold an `@` of its own (`/user@example/ch1`), and an unescaped
 * password may hold `/` or `?`: what precedes the first `/` decides when an `@` is there, else the last `@` whose
 * right side looks like a host and whose left side holds a `:`.
 */
function endOfCredentials(rest: string): number {
  const slash = firstOf(rest, '/?#');
  const authority = rest.slice(0, slash);
  const inAuthority = authority.lastIndexOf('@');
  const later = lastHostAfterAt(rest);
  if (inAuthority >= 0) return Math.max(inAuthority, passwordRunsOn(rest, inAuthority) ? later : -1);
  // `user:pa/ss@host/…`: the text before the slash is no host with a port, so the slash belongs to the password.
  const looksLikeHost = isHostPort(authority);
  return later >= 0 && !looksLikeHost ? later : -1;
}

/** `user:p@s/s@host/…`: what stands between the first `@` and the slash is no host that could be meant alone. */
function passwordRunsOn(rest: string, at: number): boolean {
  const slash = firstOf(rest, '/?#');
  return !isHostPort(rest.slice(at + 1, slash));
}

function lastHostAfterAt(rest: string): number {
  for (let at = rest.lastIndexOf('@'); at > 0; at = rest.lastIndexOf('@', at - 1)) {
    const tail = rest.slice(at + 1);
    const isCredentials = rest.slice(0, at).includes(':');
    if (isCredentials && isHostPort(tail.slice(0, firstOf(tail, '/?#')))) return at;
  }
  return -1;
}

function firstOf(text: string, stops: string): number {
  const found = [...stops].map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
  return found.length === 0 ? text.length : Math.min(...found);
}

/** A name, an IPv4 address, or an IPv6 address in brackets, with or without a port. */
function isHostPort(text: string): boolean {
  const match = /^(?:\[[0-9a-f:.%]+\]|[\p{L}\p{N}](?:[\p{L}\p{N}._-]*[\p{L}\p{N}])?)(?::(\d{1,5}))?$/iu.exec(
    text,
  );
  return match !== null && (match[1] === undefined || (Number(match[1]) > 0 && Number(match[1]) < 65536));
}

const isPlace = (place: string): boolean =>
  isHostPort(place.slice(0, firstOf(place, '/?#'))) && !/\s/.test(place);

const hasControl = (text: string): boolean => /\p{Cc}/u.test(text.trim());

/** Escapes that are whole are undone; a bare `%` is meant as it stands. */
function unescapeLenient(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
