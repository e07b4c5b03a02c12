/** Where a request comes from and whose it is; the same for a call, an upgrade and an event stream. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import { Refusal } from '../base/index.ts';
import { type Caller, type Gate, isWho, sameSecret } from '../gate/index.ts';

export const cookieName = 'custos_session';

export interface Surroundings {
  /** The address Custos listens on. */
  readonly host: string;
  /** A proxy before us ends TLS: its last `X-Forwarded-*` are believed. */
  readonly behindProxy: boolean;
}

export interface Called {
  readonly caller: Caller;
  readonly via: 'bearer' | 'cookie' | 'none';
}

/** The caller's address. Behind a proxy it is what the proxy added last, because what stands before it anyone can send. */
export function addressOf(request: IncomingMessage, around: Surroundings): string {
  const peer = request.socket.remoteAddress ?? 'unknown';
  const forwarded = around.behindProxy ? lastOf(request.headers['x-forwarded-for']) : undefined;
  return (forwarded ?? peer).replace(/^::ffff:/i, '').slice(0, 64);
}

/** Where the caller believes to be: host and port. */
export function hostOf(headers: IncomingHttpHeaders, around: Surroundings): string {
  const forwarded = around.behindProxy ? lastOf(headers['x-forwarded-host']) : undefined;
  return (forwarded ?? headers.host ?? '').toLowerCase();
}

function lastOf(header: string | string[] | undefined): string | undefined {
  const text = Array.isArray(header) ? header.at(-1) : header;
  const last = text?.split(',').at(-1)?.trim();
  return last ? last : undefined;
}

export async function calledBy(gate: Gate, request: IncomingMessage, around: Surroundings): Promise<Called> {
  const from = addressOf(request, around);
  const { authorization } = request.headers;
  // Whoever sends a bearer token means it: a wrong one does not fall back to the cookie.
  if (authorization !== undefined) {
    const token = /^Bearer +([^\s]+)$/i.exec(authorization)?.[1] ?? '';
    return { caller: await gate.authenticate(token, from), via: 'bearer' };
  }
  const token = readCookie(request.headers.cookie);
  return { caller: await gate.authenticate(token, from), via: token === null ? 'none' : 'cookie' };
}

export function readCookie(header: string | undefined): string | null {
  for (const pair of (header ?? '').split(';')) {
    const [name, value] = pair.trim().split('=', 2);
    if (name === cookieName && value !== undefined) return value;
  }
  return null;
}

/**
 * Refuses what another site sends: browsers say where a request comes from by `Origin` and `Sec-Fetch-Site`, and
 * programs, which say neither, have no cookie that was lent to them.
 */
export function checkOrigin(headers: IncomingHttpHeaders, around: Surroundings): void {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw new Refusal('request.origin');
  if (headers.origin === undefined) return;
  const origin = URL.canParse(headers.origin) ? new URL(headers.origin).host : null;
  if (origin === null || origin !== withoutDefaultPort(hostOf(headers, around), headers.origin)) {
    throw new Refusal('request.origin');
  }
}

/** `URL.host` leaves out the port that its scheme implies; `Host` may name it all the same. */
function withoutDefaultPort(host: string, origin: string): string {
  return host.replace(origin.startsWith('https:') ? /:443$/ : /:80$/, '');
}

/**
 * On loopback only loopback names are answered: a page whose own name was pointed at 127.0.0.1 (DNS rebinding) would
 * otherwise count as the same site, and could run the set-up.
 */
export function checkHost(headers: IncomingHttpHeaders, around: Surroundings): void {
  if (around.behindProxy || !isLoopback(around.host)) return;
  const name = hostOf(headers, around).replace(/:\d+$/, '');
  if (!isLoopback(name.replace(/^\[|\]$/g, ''))) throw new Refusal('request.origin');
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

export const inUrl = (host: string): string => (isIPv6(host) ? `[${host}]` : host);

/** An unsafe call with the cookie proves that it comes from our console: it knows the token of its session. */
export function checkCsrf(called: Called, headers: IncomingHttpHeaders): void {
  if (called.via !== 'cookie' || !isWho(called.caller)) return;
  const sent = headers['x-csrf'];
  if (typeof sent !== 'string' || !sameSecret(sent, called.caller.csrf)) throw new Refusal('request.csrf');
}
