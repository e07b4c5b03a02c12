/**
 * A real S3 server for tests: Ceph's RADOS gateway from Debian's packages, one monitor, one object store in memory and
 * one gateway, on loopback, ready in about 12 s and gone with `await using`. Plain HTTP and HTTPS (under a certificate
 * authority of its own) are the same server. One instance serves all tests of a file.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What is missing of Ceph, as the reason a test gives for what it did not do; undefined when all is there. */
export function noCeph(): string | undefined {
  const missing = ['ceph', 'ceph-mon', 'ceph-osd', 'radosgw', 'radosgw-admin', 'monmaptool'].filter(
    (name) => !inPath(name),
  );
  if (missing.length === 0) return undefined;
  const how = 'apt-get install -y radosgw ceph-mon ceph-osd ceph-common';
  return `nothing was tried against a real S3 server: ${missing.join(', ')} missing (${how})`;
}

export const inPath = (name: string): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, name)));

export interface Gateway extends AsyncDisposable {
  readonly http: string;
  readonly https: string;
  /** The certificate of the authority that signed the gateway's own. */
  readonly ca: string;
  /** Virtual-host style: a bucket is `<bucket>.<dnsName>`; no name server knows it. */
  readonly dnsName: string;
  readonly accessKeyId: string;
  readonly secretKey: string;
  /** radosgw-admin with these arguments; what it says. */
  admin(...args: string[]): Promise<string>;
  /** As a power cut: the gateway is gone, what it stored is not. */
  kill(): Promise<void>;
  /** The gateway again, at the same addresses; resolves when it answers. */
  start(): Promise<void>;
}

const bounds = { readyMs: 90_000 };
/** The gateway itself needs a few MB a request; the store in memory holds what tests put there. */
const storeBytes = 1_500_000_000;

export async function startGateway(): Promise<Gateway> {
  await using stack = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'custos-rgw-'));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  for (const name of ['mon', 'osd', 'rgw', 'run']) await mkdir(join(dir, name));
  const [monPort, httpPort, httpsPort] = await freePorts(3);
  const dnsName = 's3.custos.test';
  await certify(dir, dnsName);
  const fsid = randomUUID();
  await writeFile(
    join(dir, 'ceph.conf'),
    configuration(dir, { fsid, monPort, httpPort, httpsPort, dnsName }),
  );
  await makeKeys(dir);
  const conf = ['-c', join(dir, 'ceph.conf')];
  const start = (name: string, args: string[]) =>
    stack.adopt(program(dir, name, [...conf, ...args, '-f']), end);
  await run('monmaptool', monmap(dir, fsid, monPort));
  await run('ceph-mon', [
    ...conf,
    '--mkfs',
    '-i',
    'a',
    '--monmap',
    `${dir}/monmap`,
    '--keyring',
    `${dir}/keyring`,
  ]);
  start('ceph-mon', ['-i', 'a']);
  const osd = randomUUID();
  await run('ceph', [...conf, 'osd', 'new', osd, '0'], { timeout: bounds.readyMs });
  await run('ceph-osd', [...conf, '-i', '0', '--mkfs', '--osd-uuid', osd, '--no-mon-config']);
  start('ceph-osd', ['-i', '0']);
  const http = `http://127.0.0.1:${httpPort}`;
  const keys = { accessKeyId: 'CUSTOSTESTACCESSKEY1', secretKey: 'a-secret-for-tests/only+1234567890' };
  const admin = async (...args: string[]) =>
    (await run('radosgw-admin', [...conf, '-n', 'client.rgw', ...args], { timeout: 60_000 })).stdout;
  let rgw: ChildProcess | null = null;
  stack.defer(async () => {
    if (rgw !== null) await end(rgw);
  });
  const gateway = {
    http,
    https: `https://127.0.0.1:${httpsPort}`,
    ca: await readFile(join(dir, 'ca.crt'), 'utf8'),
    dnsName,
    ...keys,
    admin,
    async kill() {
      if (rgw !== null) await end(rgw);
      rgw = null;
    },
    async start() {
      rgw = program(dir, 'radosgw', [...conf, '-n', 'client.rgw', '-f']);
      await answers(http, rgw);
    },
  };
  await gateway.start();
  await admin(
    ...['user', 'create', '--uid=custos', '--display-name=custos'],
    ...[`--access-key=${keys.accessKeyId}`, `--secret=${keys.secretKey}`],
  );
  const resources = stack.move();
  return { ...gateway, [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose]() };
}

function configuration(
  dir: string,
  at: { fsid: string; monPort: number; httpPort: number; httpsPort: number; dnsName: string },
): string {
  return `
[global]
fsid = ${at.fsid}
mon initial members = a
mon host = v2:127.0.0.1:${at.monPort}
public network = 127.0.0.0/8
ms bind ipv6 = false
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = ${dir}/keyring
run dir = ${dir}/run
admin socket = ${dir}/run/$name.sock
pid file = ${dir}/run/$name.pid
log file = ${dir}/$name.log
mon cluster log file = ${dir}/cluster.log
log to stderr = false
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon data avail warn = 1
mon data avail crit = 1
osd objectstore = memstore
memstore device bytes = ${storeBytes}
osd memory target = 939524096
# So long is a gateway that was killed waited for by the next one that has something to tell to all.
osd client watch timeout = 8
[mon.a]
mon data = ${dir}/mon
[osd.0]
osd data = ${dir}/osd
osd class load list = *
osd class default list = *
[client.rgw]
rgw data = ${dir}/rgw
rgw dns name = ${at.dnsName}
rgw thread pool size = 32
rgw bucket quota ttl = 0
rgw user quota bucket sync interval = 1
rgw gc obj min wait = 1
rgw frontends = beast endpoint=127.0.0.1:${at.httpPort} ssl_endpoint=127.0.0.1:${at.httpsPort} ssl_certificate=${dir}/server.crt ssl_private_key=${dir}/server.key
`;
}

async function makeKeys(dir: string): Promise<void> {
  const keyring = join(dir, 'keyring');
  const all = ['--cap', 'osd', 'allow *'];
  const make = (name: string, caps: string[], more: string[] = []) =>
    run('ceph-authtool', [...more, keyring, '--gen-key', '-n', name, ...caps]);
  await make('mon.', ['--cap', 'mon', 'allow *'], ['--create-keyring']);
  await make('client.admin', ['--cap', 'mon', 'allow *', ...all]);
  await make('osd.0', ['--cap', 'mon', 'allow profile osd', ...all]);
  await make('client.rgw', ['--cap', 'mon', 'allow rw', '--cap', 'osd', 'allow rwx']);
}

const monmap = (dir: string, fsid: string, port: number): string[] => [
  ...['--create', '--addv', 'a', `[v2:127.0.0.1:${port}]`],
  ...['--fsid', fsid, join(dir, 'monmap')],
];

/** A child that ends with us: the kernel sees to it even when the test process is killed. */
function program(dir: string, name: string, args: string[]): ChildProcess {
  const [command, first] = inPath('setpriv') ? ['setpriv', ['--pdeathsig', 'KILL', name]] : [name, []];
  const child = spawn(command, [...first, ...args], { cwd: dir, stdio: 'ignore' });
  child.on('error', () => {});
  return child;
}

/** Everything it holds is in memory and of no use to anyone: there is nothing to close in order. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  const endMs = performance.now() + bounds.readyMs;
  while (performance.now() < endMs) {
    if (child.exitCode !== null) throw new Error(`radosgw ended with ${child.exitCode}`);
    if (await asks(url)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`radosgw did not answer within ${bounds.readyMs} ms`);
}

function asks(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(url, { timeout: 5_000 }, (answer) => {
      answer.resume();
      resolve(true);
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(false));
    asked.end();
  });
}

async function freePorts(count: number): Promise<[number, number, number]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  for (const server of servers) server.close();
  return ports as [number, number, number];
}

/** An authority, and a certificate of it for 127.0.0.1 and all buckets of the name. */
async function certify(dir: string, dnsName: string): Promise<void> {
  const at = { cwd: dir, stdio: 'ignore' } as const;
  const openssl = (...args: string[]) => execFileSync('openssl', args, at);
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...fresh,
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-days',
    '2',
    '-subj',
    '/CN=Test CA',
  );
  openssl('req', ...fresh, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=rgw');
  await writeFile(
    join(dir, 'names'),
    `subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:${dnsName},DNS:*.${dnsName}\n`,
  );
  openssl(
    ...['x509', '-req', '-in', 'server.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'],
    ...['-out', 'server.crt', '-days', '2', '-extfile', 'names'],
  );
}
