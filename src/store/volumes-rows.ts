/** Rows of volumes: how one is read, what a person may order of it, and the marker that ties a folder to its row. */
import { mkdir, open, readFile } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import type { Kysely, Transaction } from 'kysely';
import { type Clock, Fault, newId, refuse } from '../base/index.ts';
import { brokenConstraint, type Tables } from '../db/index.ts';
import { markOf, maxFolders } from '../engine/index.ts';
import type { Grant } from '../gate/index.ts';
import type { Rung } from './ladder.ts';
import type { Trouble, VolumeWatch } from './volumes-watch.ts';

export type Order = 'in-use' | 'draining' | 'read-only';

export interface VolumeRow {
  readonly id: string;
  readonly kind: 'folder' | 's3';
  readonly name: string;
  readonly path: string;
  readonly state: Order;
  readonly reserveBytes: number | null;
  readonly limitBytes: number | null;
  readonly segments: number;
  readonly bytes: number;
  readonly away: { readonly sinceMs: number; readonly why: Trouble } | null;
  readonly rung: Rung;
  readonly createdMs: number;
  readonly addedBy: string;
}

type Row = Awaited<ReturnType<ReturnType<typeof selectVolumes>['executeTakeFirstOrThrow']>>;

const selectVolumes = (db: Kysely<Tables>) =>
  db.selectFrom('volume').selectAll().where('removed', 'is', null);

const asVolume = (row: Row): VolumeRow => ({
  ...{ id: row.id, kind: row.kind, name: row.name, path: row.path, state: row.state },
  ...{ reserveBytes: row.reserve_bytes, limitBytes: row.limit_bytes },
  ...{ segments: row.segments, bytes: row.bytes, rung: row.rung as Rung, addedBy: row.added_by },
  away: row.away && row.away_why ? { sinceMs: row.away.getTime(), why: row.away_why as Trouble } : null,
  createdMs: row.created.getTime(),
});

/** Folders and buckets; each folder is given threads of its own. */
export const maxVolumes = maxFolders;

export async function readVolumes(db: Kysely<Tables>): Promise<VolumeRow[]> {
  const rows = await selectVolumes(db).orderBy('created').orderBy('id').limit(maxVolumes).execute();
  return rows.map(asVolume);
}

async function lockVolume(trx: Transaction<Tables>, id: string): Promise<VolumeRow> {
  const row = await selectVolumes(trx).where('id', '=', id).forUpdate().executeTakeFirst();
  return row ? asVolume(row) : refuse('volume.unknown');
}

export interface NewVolume {
  readonly name: string;
  readonly path: string;
  readonly reserveBytes?: number | null | undefined;
  readonly limitBytes?: number | null | undefined;
}

export interface CheckedFolder {
  readonly path: string;
  readonly mark: string | null;
  readonly isEmpty: boolean;
  readonly device: number;
}

/** What may be wrong with a folder, by the errno of the try. */
const folderProblems: Readonly<
  Record<string, 'volume.no-folder' | 'volume.not-writable' | 'volume.no-answer'>
> = {
  ENOENT: 'volume.no-folder',
  ENOTDIR: 'volume.no-folder',
  EACCES: 'volume.not-writable',
  EPERM: 'volume.not-writable',
  EROFS: 'volume.not-writable',
  ENOSPC: 'volume.not-writable',
  ETIMEDOUT: 'volume.no-answer',
};

/** The folder as it is, or the refusal that says why it cannot be a volume. */
export async function checkFolder(
  watch: VolumeWatch,
  given: string,
  at: { volumes: readonly VolumeRow[]; dataDir: string },
): Promise<CheckedFolder> {
  if (!isAbsolute(given)) refuse('volume.no-folder', { path: given });
  if (at.volumes.length >= maxVolumes) refuse('volume.too-many', { limit: maxVolumes });
  const found = await watch.check(given).catch((error: unknown) => {
    const code = error instanceof Fault ? error.message : 'unknown';
    return refuse(folderProblems[code] ?? 'volume.not-writable', { path: given, code });
  });
  const other = at.volumes.find(
    (volume) =>
      volume.kind === 'folder' && (isInside(found.path, volume.path) || isInside(volume.path, found.path)),
  );
  if (other) refuse('volume.nested', { path: found.path, volume: other.name });
  if (isInside(found.path, at.dataDir) || isInside(at.dataDir, found.path))
    refuse('volume.nested', { path: found.path, volume: 'DATA' });
  return found;
}

const isInside = (path: string, folder: string): boolean => {
  const way = relative(folder, path);
  return way === '' || (!way.startsWith('..') && !isAbsolute(way));
};

/**
 * The row and, in its transaction, the marker: a folder that is marked and has no row may be added again. One that
 * holds anything else is not taken, for nobody could tell later what of it is ours.
 */
export async function addVolume(
  trx: Transaction<Tables>,
  grant: Grant<'storage.configure'>,
  given: NewVolume,
  at: { found: CheckedFolder; watch: VolumeWatch; installationId: string; nowMs: number },
): Promise<string> {
  const { found } = at;
  const known = found.mark === null ? null : readMark(found.mark);
  if (known && known.installation !== at.installationId) refuse('volume.foreign', { path: found.path });
  if (!known && !found.isEmpty) refuse('volume.not-empty-folder', { path: found.path });
  const again = known ? await removedVolume(trx, known.volume) : null;
  const id = again ?? known?.volume ?? newId('vol', at.nowMs);
  const fields = {
    ...{
      name: given.name,
      path: found.path,
      state: 'in-use' as const,
      marked: true,
      away: null,
      away_why: null,
    },
    ...{ reserve_bytes: given.reserveBytes ?? null, limit_bytes: given.limitBytes ?? null, rung: 0 },
    ...{ added_by: grant.by.name, removed: null, removed_by: null, removed_reason: null },
  };
  await orRefused(given.name, found.path, () =>
    trx
      .insertInto('volume')
      .values({ id, created: new Date(at.nowMs), ...fields })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(fields))
      .execute(),
  );
  await at.watch.mark(found.path, markOf({ volumeId: id, installationId: at.installationId }));
  return id;
}

async function removedVolume(trx: Transaction<Tables>, id: string): Promise<string | null> {
  const row = await trx
    .selectFrom('volume')
    .select(['id', 'removed'])
    .where('id', '=', id)
    .executeTakeFirst();
  if (row && row.removed === null) refuse('volume.foreign', { path: id });
  return row?.id ?? null;
}

export interface VolumeChange {
  readonly name?: string | undefined;
  readonly state?: Order | undefined;
  readonly reserveBytes?: number | null | undefined;
  readonly limitBytes?: number | null | undefined;
}

export async function changeVolume(
  trx: Transaction<Tables>,
  grant: Grant<'storage.configure'>,
  change: VolumeChange,
): Promise<void> {
  const before = await lockVolume(trx, grant.subject.id ?? '');
  const fields = {
    ...(change.name === undefined ? {} : { name: change.name }),
    ...(change.state === undefined ? {} : { state: change.state }),
    ...(change.reserveBytes === undefined ? {} : { reserve_bytes: change.reserveBytes }),
    ...(change.limitBytes === undefined ? {} : { limit_bytes: change.limitBytes }),
  };
  if (Object.keys(fields).length === 0) return;
  await orRefused(change.name ?? before.name, before.path, () =>
    trx.updateTable('volume').set(fields).where('id', '=', before.id).execute(),
  );
}

/** Only one that holds nothing: what a volume holds would be lost to everybody, and the law keeps it. */
export async function removeVolume(
  trx: Transaction<Tables>,
  grant: Grant<'storage.configure'>,
  reason: string,
  nowMs: number,
): Promise<void> {
  const volume = await lockVolume(trx, grant.subject.id ?? '');
  if (volume.id === footageId) refuse('volume.default');
  if (volume.state === 'in-use') refuse('volume.in-use', { name: volume.name });
  if (volume.segments > 0) refuse('volume.holds', { name: volume.name, segments: volume.segments });
  await trx
    .updateTable('volume')
    .set({
      removed: new Date(nowMs),
      removed_by: grant.by.name,
      removed_reason: reason,
      away: null,
      away_why: null,
    })
    .where('id', '=', volume.id)
    .execute();
}

/** One name for good: the folder moves with DATA, the rows that name it do not change. */
export const footageId = 'footage';

async function orRefused<T>(name: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const broken = brokenConstraint(error);
    if (broken === 'volume_name') refuse('volume.name-taken', { name });
    if (broken === 'volume_path') refuse('volume.nested', { path, volume: path });
    throw error;
  }
}

function readMark(text: string): { volume: string; installation: string } | null {
  try {
    const { format, volume, installation } = JSON.parse(text) as Record<string, unknown>;
    const isOurs = format === 1 && typeof volume === 'string' && typeof installation === 'string';
    return isOurs ? { volume, installation } : { volume: '', installation: '' };
  } catch {
    return { volume: '', installation: '' }; // Something else under this name: a stranger's folder.
  }
}

/** Who this installation is: beside the keys, for whoever has them can read the footage. */
export async function openInstallation(keysDir: string, clock: Clock): Promise<string> {
  const path = join(keysDir, 'installation');
  await mkdir(keysDir, { recursive: true, mode: 0o700 });
  const known = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (known !== null && known.trim() !== '') return known.trim();
  const id = newId('ins', clock.wallMs());
  await using file = await open(path, 'w', 0o600);
  await file.writeFile(`${id}\n`);
  await file.sync();
  return id;
}
