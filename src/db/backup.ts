/**
 * A copy of the embedded cluster while it works: PostgreSQL's own base backup (pg_backup_start, copy, pg_backup_stop),
 * with the write-ahead log of the while, so that the copy starts by itself and ends at one moment.
 */
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Kysely, sql } from 'kysely';
import { Fault, newId } from '../base/index.ts';
import type { Tables } from './tables.ts';

export interface ClusterCopy {
  /** The cluster's folder. */
  readonly from: string;
  /** Made here. */
  readonly to: string;
  /** Copies one file; false when it is gone: PostgreSQL may remove files at any time, and the log makes up for it. */
  copy(from: string, to: string): Promise<boolean>;
  /** Before the copy's last moment: what must not be newer than the database is copied here. */
  before?(): Promise<void>;
}

/** Made anew at every start, or meaningless in a copy (documentation of PostgreSQL, 25.3.4). */
const emptied = new Set([
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
]);
const leftOut = /^(postmaster\.(pid|opts)|backup_label|tablespace_map|pg_internal\.init|pgsql_tmp.*)$/;
/** Read last: it names the checkpoint that all other files are at least as new as. */
const control = 'global/pg_control';

/** Needs a superuser, as our own cluster's only user is. */
export async function copyCluster(db: Kysely<Tables>, copying: ClusterCopy): Promise<void> {
  // All in one session: the backup and the slot that keeps the log end with it, whatever happens here.
  await db.connection().execute(async (session) => {
    const slot = newId('bak').replace(/[^a-z0-9_]/g, '');
    await sql`select pg_create_physical_replication_slot(${slot}, true, true)`.execute(session);
    try {
      await copyInSession(session, copying);
    } finally {
      await sql`select pg_drop_replication_slot(${slot})`.execute(session).catch(() => {}); // The session's end drops it.
    }
  });
}

async function copyInSession(session: Kysely<Tables>, copying: ClusterCopy): Promise<void> {
  const { to } = copying;
  await mkdir(to, { recursive: true, mode: 0o700 });
  const start = await one<{ file: string }>(
    session,
    sql`select pg_walfile_name(pg_backup_start('custos', true)) as file`,
  );
  await copyFolder(copying, '');
  await copying.copy(join(copying.from, control), join(to, control));
  await copying.before?.();
  const stop = await one<{ file: string; label: string }>(
    session,
    sql`select pg_walfile_name(lsn) as file, labelfile as label from pg_backup_stop(false)`,
  );
  await writeFile(join(to, 'backup_label'), stop.label, { mode: 0o600 });
  const { size } = await one<{ size: number }>(
    session,
    sql`select setting::int8 as size from pg_settings where name = 'wal_segment_size'`,
  );
  for (const name of logFiles(start.file, stop.file, size)) {
    const isThere = await copying.copy(join(copying.from, 'pg_wal', name), join(to, 'pg_wal', name));
    if (!isThere) throw new Fault(`the database's log ${name} is gone before it could be copied`);
  }
}

async function one<T>(session: Kysely<Tables>, query: ReturnType<typeof sql>): Promise<T> {
  const { rows } = await query.execute(session);
  return rows[0] as T;
}

async function copyFolder(copying: ClusterCopy, inside: string): Promise<void> {
  await mkdir(join(copying.to, inside), { recursive: true, mode: 0o700 });
  if (emptied.has(inside)) {
    if (inside === 'pg_wal') await mkdir(join(copying.to, inside, 'archive_status'), { mode: 0o700 });
    return;
  }
  for (const entry of await entriesOf(join(copying.from, inside))) {
    const path = inside === '' ? entry.name : `${inside}/${entry.name}`;
    if (leftOut.test(entry.name) || path === control) continue;
    if (entry.isDirectory()) await copyFolder(copying, path);
    else if (entry.isFile()) await copying.copy(join(copying.from, path), join(copying.to, path));
  }
}

/** A folder of a database that is dropped meanwhile is gone. */
async function entriesOf(folder: string) {
  return readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}

/** Names of the log's files from one to another: timeline, then the number in two parts, 8 hex digits each. */
export function logFiles(first: string, last: string, size: number): string[] {
  const timeline = first.slice(0, 8);
  if (last.slice(0, 8) !== timeline) throw new Fault('the database changed its timeline during the backup');
  const perLog = 2 ** 32 / size;
  const numberOf = (name: string) =>
    Number.parseInt(name.slice(8, 16), 16) * perLog + Number.parseInt(name.slice(16, 24), 16);
  const hex = (value: number) => value.toString(16).toUpperCase().padStart(8, '0');
  const [from, to] = [numberOf(first), numberOf(last)];
  return Array.from({ length: to - from + 1 }, (_, i) => {
    const number = from + i;
    return timeline + hex(Math.floor(number / perLog)) + hex(number % perLog);
  });
}

/** Bytes that a copy of the cluster needs, about. */
export async function clusterBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += await clusterBytes(path);
    else bytes += (await stat(path).catch(() => null))?.size ?? 0;
  }
  return bytes;
}
