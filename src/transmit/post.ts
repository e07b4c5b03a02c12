/**
 * One message to one address: https, or http on this machine; no redirect is followed, and a name that leads into a
 * nearer network than it did when an administrator typed it is not followed either (it would reach what stands behind
 * our firewall with our authority).
 */
import { createHmac } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { BlockList, isIP } from 'node:net';

export type Reaches = 'public' | 'private' | 'loopback';
export type PostProblem =
  | 'host-unknown'
  | 'nearer-network'
  | 'no-connection'
  | 'timed-out'
  | 'redirected'
  | 'refused'
  | 'tls';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');
const privates = new BlockList();
for (const [net, bits] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['198.18.0.0', 15],
] as const)
  privates.addSubnet(net, bits, 'ipv4');
privates.addSubnet('fc00::', 7, 'ipv6');
/** Nothing that anybody would run a receiver on: this network, link-local (where clouds keep credentials), multicast. */
const never = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['224.0.0.0', 3],
] as const)
  never.addSubnet(net, bits, 'ipv4');
never.addAddress('::', 'ipv6');
for (const [net, bits] of [
  ['fe80::', 10],
  ['ff00::', 8],
  ['64:ff9b::', 96],
  ['2002::', 16],
] as const)
  never.addSubnet(net, bits, 'ipv6');

/** What an address is, with IPv4 in IPv6's clothes taken off; null: nothing is ever sent there. */
export function reachOf(address: string): Reaches | null {
  const plain = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
  const family = isIP(plain) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(plain) === 0 || never.check(plain, family) || /^::ffff:/i.test(plain)) return null;
  if (loopback.check(plain, family)) return 'loopback';
  return privates.check(plain, family) ? 'private' : 'public';
}

const nearness: Readonly<Record<Reaches, number>> = { public: 0, private: 1, loopback: 2 };

export interface Resolved {
  readonly address: string;
  readonly family: number;
  readonly reaches: Reaches;
}

/** Where a host leads now: the nearest of its addresses says what it reaches. Null: nowhere that may be sent to. */
export async function resolveHost(host: string): Promise<Resolved | null> {
  const bare = host.replace(/^\[|\]$/g, '');
  const found = await lookup(bare, { all: true }).catch(() => []);
  const reached = found.map(({ address, family }) => ({ address, family, reaches: reachOf(address) }));
  if (reached.length === 0 || reached.some(({ reaches }) => reaches === null)) return null;
  return (reached as Resolved[]).toSorted((a, b) => nearness[b.reaches] - nearness[a.reaches])[0] ?? null;
}

/** May be followed: not nearer than what the administrator saw. */
export const isNoNearer = (now: Reaches, typed: Reaches): boolean => nearness[now] <= nearness[typed];

export interface Message {
  readonly id: string;
  readonly url: string;
  readonly reaches: Reaches;
  readonly secret: string;
  readonly body: string;
  readonly atMs: number;
}

export interface Posted {
  readonly status: number | null;
  readonly problem: PostProblem | null;
}

const timeoutMs = 10_000;

export const signatureOf = (secret: string, atS: number, body: string): string =>
  createHmac('sha256', secret).update(`${atS}.${body}`).digest('hex');

export async function post(message: Message): Promise<Posted> {
  const url = new URL(message.url);
  const to = await resolveHost(url.hostname);
  if (!to) return { status: null, problem: 'host-unknown' };
  if (!isNoNearer(to.reaches, message.reaches)) return { status: null, problem: 'nearer-network' };
  if (url.protocol === 'http:' && to.reaches !== 'loopback')
    return { status: null, problem: 'nearer-network' };
  return send(url, to, message);
}

/** Connects to the very address that was looked at: a second look-up could be answered otherwise. */
function send(url: URL, to: Resolved, message: Message): Promise<Posted> {
  const atS = Math.floor(message.atMs / 1000);
  const body = Buffer.from(message.body);
  const isTls = url.protocol === 'https:';
  const bare = url.hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const end = (posted: Posted) => {
      clearTimeout(late);
      sent.destroy();
      resolve(posted);
    };
    const late = setTimeout(() => end({ status: null, problem: 'timed-out' }), timeoutMs);
    const sent = (isTls ? requestTls : requestPlain)({
      host: to.address,
      family: to.family,
      port: url.port || (isTls ? 443 : 80),
      ...(isTls && isIP(bare) === 0 ? { servername: bare } : {}),
      path: url.pathname + url.search,
      method: 'POST',
      agent: false,
      headers: {
        host: url.host,
        'content-type': 'application/json; charset=utf-8',
        'content-length': body.length,
        'user-agent': 'Custos',
        'custos-delivery': message.id,
        'custos-signature': `t=${atS},v1=${signatureOf(message.secret, atS, message.body)}`,
      },
    });
    sent.once('response', ({ statusCode = 0 }) => {
      const problem =
        statusCode >= 300 && statusCode < 400
          ? 'redirected'
          : statusCode >= 200 && statusCode < 300
            ? null
            : 'refused';
      end({ status: statusCode, problem });
    });
    sent.once('error', (error: NodeJS.ErrnoException) =>
      end({
        status: null,
        problem: /CERT|TLS|SSL|ALTNAME|SELF_SIGNED|VERIFY/i.test(error.code ?? '') ? 'tls' : 'no-connection',
      }),
    );
    sent.end(body);
  });
}
