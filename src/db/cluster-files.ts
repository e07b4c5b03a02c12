/**
 * The files of an embedded cluster: its folder (made whole or not at all), who may connect, and its socket's folder,
 * all of which must work even where the database's account cannot walk the path to them.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type Clock, Fault, type Log } from '../base/index.ts';
import { type Account, canReach, childEnvironment, chooseAccount, ownName, under } from './account.ts';
import { type Binaries, runnableBinaries } from './binaries.ts';

export const superuser = 'custos';
/** A Unix socket's path has at most 107 bytes (unix(7)). */
const socketDirLimit = 107 - '/.s.PGSQL.5432'.length;
const socketDirPrefix = 'custos-pg-';
const socketDirAgeMs = 60_000;

export interface ClusterOptions {
  /** The cluster's own folder; made when missing. */
  readonly dir: string;
  readonly log: Log;
  readonly clock: Clock;
  /** False only for throw-away test clusters: nothing is forced to the disk. */
  readonly durable?: boolean;
}

/** What every start of the cluster needs; found out once. */
export interface Plan extends ClusterOptions {
  readonly account: Account | null;
  readonly binaries: Binaries;
  readonly socketDir: string;
  /** The cluster's folder as the account can use it, given the open folder as descriptor 3. */
  readonly dataPath: string;
}

type Making = Omit<Plan, 'socketDir' | 'dataPath'>;

export async function planCluster(options: ClusterOptions): Promise<Plan> {
  const home = dirname(options.dir);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const account = chooseAccount(options.dir);
  const binaries = await runnableBinaries(account, home);
  const plan = { ...options, account, binaries };
  if (!existsSync(options.dir)) await createCluster(plan);
  checkCluster(plan);
  writeAccess(plan);
  const dataPath = dataPathFor(account, options.dir);
  return { ...plan, dataPath, socketDir: makeSocketDir(home, account, options.clock) };
}

/**
 * The cluster's path as the account can use it. Below a closed folder (a home of mode 0700) the account cannot walk
 * there, but it can use the open folder that it inherits as descriptor 3.
 */
function dataPathFor(account: Account | null, dir: string): string {
  return !account || canReach(account, dir, 'read') ? dir : '/proc/self/fd/3';
}

/** Only our own user, as the kernel names it, enters: no password exists that could leak. */
function writeAccess({ account, dir }: Making): void {
  writeAs(account, dir, 'pg_hba.conf', 'local all all peer map=custos\n');
  writeAs(account, dir, 'pg_ident.conf', `custos "${ownName()}" ${superuser}\n`);
}

/** The temporary folder of a socket whose database was killed, to be swept up. */
export function oldSocketDir(dir: string): string | null {
  const file = join(dir, 'postmaster.pid');
  if (!existsSync(file)) return null;
  const path = readFileSync(file, 'utf8').split('\n')[4] ?? '';
  return basename(path).startsWith(socketDirPrefix) ? path : null;
}

/** Lines of `postmaster.pid` (PostgreSQL's pidfile.h): 1 the process, 8 its state. */
export function saysReady(dir: string, pid: number | null): boolean {
  try {
    const lines = readFileSync(join(dir, 'postmaster.pid'), 'utf8').split('\n');
    return lines[0] === String(pid) && lines[7]?.trim() === 'ready';
  } catch {
    return false; // Not written yet.
  }
}

/** initdb into a folder beside it, then one rename: a kill in the middle leaves nothing that looks like a cluster. */
async function createCluster(plan: Making): Promise<void> {
  const half = `${plan.dir}.new`;
  rmSync(half, { recursive: true, force: true });
  mkdirSync(half, { mode: 0o700 });
  if (plan.account) chownSync(half, plan.account.uid, plan.account.gid);
  await runInitdb(plan, half);
  renameSync(half, plan.dir);
  const parent = openSync(dirname(plan.dir), 'r');
  fsyncSync(parent);
  closeSync(parent);
}

async function runInitdb({ account, binaries, durable }: Making, dir: string): Promise<void> {
  // Index order must not depend on the machine's glibc or ICU: the built-in provider sorts by code point.
  const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C', '--encoding=UTF8'];
  const rest = ['--data-checksums', '--auth=peer', `--username=${superuser}`, '--no-instructions'];
  const speed = durable === false ? ['--no-sync', '--wal-segsize=1'] : [];
  const dirFd = openSync(dir, 'r');
  try {
    const args = ['-D', dataPathFor(account, dir), ...locale, ...rest, ...speed];
    const [command, all] = under(account, binaries.initdb, args);
    const child = spawn(command, all, {
      cwd: '/',
      env: childEnvironment,
      stdio: ['ignore', 'ignore', 'pipe', dirFd],
      timeout: 120_000,
    });
    let said = '';
    child.stderr?.on('data', (bytes: Buffer) => {
      said = (said + bytes.toString()).slice(-2_000);
    });
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Fault(`the database cannot be created in ${dir}: ${said.trim()}`);
  } finally {
    closeSync(dirFd);
  }
}

function checkCluster({ account, binaries, dir }: Making): void {
  const owner = statSync(dir).uid;
  const wanted = account?.uid ?? process.getuid?.() ?? owner;
  // As root, after a restore that made everything root's own, the account takes its folder back.
  if (owner !== wanted && account && owner === 0) giveTo(account, dir);
  else if (owner !== wanted)
    throw new Fault(`${dir} belongs to user ${owner}, and Custos runs as user ${wanted}`);
  const major = readFileSync(join(dir, 'PG_VERSION'), 'utf8').trim();
  if (major !== binaries.version.split('.')[0]) {
    throw new Fault(`${dir} is of PostgreSQL ${major}, and this Custos brings ${binaries.version}`);
  }
}

function makeSocketDir(home: string, account: Account | null, clock: Clock): string {
  const near = join(home, 'pg-run');
  const isNear = Buffer.byteLength(near) <= socketDirLimit && canReach(account, home, 'run');
  const dir = isNear ? makeAnew(near) : makeInTmp(account, clock);
  if (account) chownSync(dir, account.uid, account.gid);
  return dir;
}

function makeAnew(dir: string): string {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { mode: 0o700 });
  return dir;
}

function makeInTmp(account: Account | null, clock: Clock): string {
  const parent = shortTmp(account);
  sweepEmptySocketDirs(parent, clock);
  return mkdtempSync(join(parent, socketDirPrefix));
}

/**
 * Folders whose database went down after a Custos that was killed: it took its socket along, so they are empty. The
 * age spares one that another start has made this very moment.
 */
function sweepEmptySocketDirs(parent: string, clock: Clock): void {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(socketDirPrefix)) continue;
    const dir = join(parent, name);
    const madeMs = statSync(dir, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
    if (clock.wallMs() - madeMs < socketDirAgeMs) continue;
    try {
      rmdirSync(dir);
    } catch {
      // In use, another user's, or gone: not ours to remove.
    }
  }
}

function shortTmp(account: Account | null): string {
  const own = tmpdir();
  const fits = Buffer.byteLength(own) + socketDirPrefix.length + 7 <= socketDirLimit;
  return fits && canReach(account, own, 'run') ? own : '/tmp';
}

/** Written by the account itself: root never follows a link that someone else may have laid. */
function writeAs(account: Account | null, dir: string, name: string, text: string): void {
  const dirFd = openSync(dir, 'r');
  try {
    const [command, args] = under(account, 'tee', [`/proc/self/fd/3/${name}`]);
    const result = spawnSync(command, args, {
      cwd: '/',
      env: childEnvironment,
      input: text,
      stdio: ['pipe', 'ignore', 'pipe', dirFd],
      timeout: 10_000,
    });
    if (result.status !== 0)
      throw new Fault(`cannot write ${join(dir, name)}: ${String(result.stderr).trim()}`);
  } finally {
    closeSync(dirFd);
  }
}

function giveTo(account: Account, path: string): void {
  lchownSync(path, account.uid, account.gid);
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) giveTo(account, inner);
    else lchownSync(inner, account.uid, account.gid);
  }
}
