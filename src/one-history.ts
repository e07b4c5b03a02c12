/**
 * Is the database the one that belongs to this DATA? A database that was lost or emptied beside the ledger it signed
 * and the footage it knew would begin a second history next to the first: the start refuses, and says the way out.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { Fault } from './base/index.ts';
import type { Tables } from './db/index.ts';
import { LedgerFiles } from './ledger/index.ts';

export interface DataAt {
  readonly root: string;
  /** `DATA/ledger/`. */
  readonly ledger: string;
}

const wayOut = (root: string): string =>
  `put DATA/pg back, or bring a backup into place (custos restore DIR --data ${root}); without one, custos fsck --rebuild --data ${root} makes the index anew from the footage and begins a new ledger beside the old one`;

export async function checkOneHistory(db: Kysely<Tables>, { root, ledger }: DataAt): Promise<void> {
  const signed = await lostLeaves(db, ledger);
  if (signed > 0)
    throw new Fault(
      `the database is empty, but the ledger in ${ledger} has ${signed} signed entries: this is not its database. To go on, ${wayOut(root)}`,
    );
  const footage = join(root, 'footage');
  if ((await knowsNothing(db)) && (await holdsFootage(footage)))
    throw new Fault(
      `the database knows no camera, but ${footage} holds footage: this is not its database. To go on, ${wayOut(root)}`,
    );
}

/** How many entries a checkpoint here vouches for of which the database has none at all; 0 where it has any. */
export async function lostLeaves(db: Kysely<Tables>, ledger: string): Promise<number> {
  const leaf = await db.selectFrom('ledger_leaf').select('leaf').limit(1).executeTakeFirst();
  if (leaf) return 0;
  const note = await new LedgerFiles(ledger).newest();
  const size = Number(note?.split('\n')[1]);
  return Number.isSafeInteger(size) ? size : 0;
}

async function knowsNothing(db: Kysely<Tables>): Promise<boolean> {
  const camera = await db.selectFrom('camera').select('id').limit(1).executeTakeFirst();
  return camera === undefined;
}

const sourceName = /^[A-Za-z0-9_-]{1,64}\.(main|sub)$/;

async function holdsFootage(folder: string): Promise<boolean> {
  for (const source of await namesIn(folder)) {
    if (!sourceName.test(source)) continue;
    for (const day of await namesIn(join(folder, source)))
      if ((await namesIn(join(folder, source, day))).some((name) => name.endsWith('.cvs'))) return true;
  }
  return false;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}
