/**
 * Database folders that tests copy instead of making them again: made once for each set of migrations, whole or not at
 * all, by whichever test process comes first; never opened where they lie.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { noLog, systemClock } from '../../src/base/index.ts';
import { findPackage } from '../../src/db/binaries.ts';
import { openDatabase } from '../../src/db/index.ts';
import { readMigrations } from '../../src/db/migrate.ts';

const cacheDir = join(import.meta.dirname, '../../node_modules/.cache/custos');

/** The folder that `make` made under this name; `make` gets a path where nothing is yet. */
export async function cached(name: string, make: (dir: string) => Promise<void>): Promise<string> {
  const ready = join(cacheDir, `${name}-${keyOfDatabase()}`);
  if (existsSync(ready)) return ready;
  mkdirSync(cacheDir, { recursive: true });
  const home = mkdtempSync(join(cacheDir, 'new-'));
  try {
    const dir = join(home, 'pg');
    await make(dir);
    forgetOthers(name);
    renameSync(dir, ready);
  } catch (error) {
    // Two processes may make the same one: the first wins.
    if (!existsSync(ready)) throw error;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  return ready;
}

export function copyFolder(from: string, to: string): void {
  execFileSync('cp', ['-a', '--reflink=auto', from, to]);
}

/**
 * Leaves in `dataDir` what a Custos leaves there that opened its database and was stopped in order before anyone used
 * it, so that the next start has no cluster to make and nothing to migrate.
 */
export async function layDatabase(dataDir: string): Promise<void> {
  const ready = await cached('stopped', async (dir) => {
    const first = `${dir}-first`;
    const db = await openDatabase({ dataDir: first, log: noLog, clock: systemClock });
    await db[Symbol.asyncDispose]();
    renameSync(join(first, 'pg'), dir);
  });
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  copyFolder(ready, join(dataDir, 'pg'));
}

function keyOfDatabase(): string {
  return hashOf([findPackage().version, process.getuid?.(), readMigrations().map((one) => one.sha256)]);
}

const hashOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);

/** Migrations that are being written leave a folder each; more than a few are of no use. */
function forgetOthers(name: string): void {
  const kept = 4;
  const old = readdirSync(cacheDir).filter((each) => each.startsWith(`${name}-`));
  for (const each of old.slice(0, Math.max(0, old.length - kept))) {
    rmSync(join(cacheDir, each), { recursive: true, force: true });
  }
}
