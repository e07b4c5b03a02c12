/**
 * The account that PostgreSQL runs under. It refuses to run as root, so as root an unprivileged account of the machine
 * is borrowed through `setpriv`, which also makes the kernel end the database when we die (`--pdeathsig`).
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { Fault } from '../base/index.ts';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Best first: an account made for us, one made for PostgreSQL, one that owns nothing. */
const preferred = ['custos', 'postgres', 'nobody', 'daemon'];
const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
export const childEnvironment = { PATH: searchPath, LC_ALL: 'C', TZ: 'UTC' };

const setpriv = searchPath
  .split(':')
  .map((folder) => `${folder}/setpriv`)
  .find(isExecutable);

/**
 * Whom to become for a cluster in `dir`, or null for ourselves. The owner of an existing cluster wins, so that an
 * account that appears later does not lock the data out.
 */
export function chooseAccount(dir: string): Account | null {
  if (process.getuid?.() !== 0) return null;
  if (!setpriv) throw new Fault('as root the database needs setpriv (package util-linux)');
  const accounts = readAccounts();
  const owner = statSync(dir, { throwIfNoEntry: false })?.uid;
  const found =
    accounts.find((one) => one.uid === owner && one.uid !== 0) ??
    preferred.map((name) => accounts.find((one) => one.name === name)).find((one) => one !== undefined);
  if (!found)
    throw new Fault(`none of the accounts ${preferred.join(', ')} exists to run the database under`);
  return found;
}

/** The name that PostgreSQL's peer authentication will know us by. */
export function ownName(): string {
  const uid = process.getuid?.() ?? 0;
  const found = readAccounts().find((one) => one.uid === uid);
  if (!found) {
    throw new Fault(
      `user ${uid} has no line in /etc/passwd, which PostgreSQL needs: add one, or give DATABASE_URL`,
    );
  }
  return found.name;
}

/** `command` as a child under the account that ends when we end; where setpriv is missing, merely `command`. */
export function under(account: Account | null, command: string, args: readonly string[]): [string, string[]] {
  if (!setpriv) return [command, [...args]];
  const become = account
    ? ['--reuid', String(account.uid), '--regid', String(account.gid), '--clear-groups', '--no-new-privs']
    : [];
  // Bound to the thread that spawns: always the main thread here, whose end is the end of the process.
  return [setpriv, [...become, '--pdeathsig', 'INT', command, ...args]];
}

/** Whether the account can use `path`: a folder above it may be closed to it (a home of mode 0700). */
export function canReach(account: Account | null, path: string, mode: 'read' | 'run'): boolean {
  const [command, args] = under(account, 'test', [mode === 'read' ? '-r' : '-x', path]);
  return spawnSync(command, args, { env: childEnvironment, stdio: 'ignore', timeout: 5_000 }).status === 0;
}

function readAccounts(): Account[] {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // Not there or not ours to run: the next folder may have it.
  }
}
