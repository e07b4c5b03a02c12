/**
 * A fresh, migrated PostgreSQL database for a test: `await using db = await testDatabase()`. One embedded cluster a test
 * process, copied from a cached one in which the migrations are applied already; it forces nothing to the disk and is
 * gone with the process.
 */
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { noLog, systemClock } from '../../src/base/index.ts';
import { findPackage } from '../../src/db/binaries.ts';
import { type Cluster, startCluster } from '../../src/db/cluster.ts';
import { type Database, openKysely } from '../../src/db/index.ts';
import { migrate, readMigrations } from '../../src/db/migrate.ts';
import { processesOn } from '../../src/db/orphans.ts';
import { cached, copyFolder } from './cached.ts';

export interface TestDatabase extends Database, AsyncDisposable {
  /** For a client of the test's own. */
  readonly connect: pg.ClientConfig & { host: string; port: number; user: string; database: string };
  /** The same as `DATABASE_URL` would give it. */
  readonly url: string;
}

const template = 'custos_template';
const workPrefix = 'custos-test-pg-';
let shared: Promise<Cluster> | undefined;
let count = 0;

/** `bare`: without migrations, for tests of the migrations themselves. */
export async function testDatabase(options: { bare?: boolean } = {}): Promise<TestDatabase> {
  shared ??= startShared();
  const cluster = await shared;
  const name = `test_${++count}`;
  const from = options.bare ? 'template0' : template;
  await administer(cluster, `create database ${name} template ${from} strategy file_copy`);
  const connect = { ...cluster.address, database: name };
  const kysely = openKysely({ connect, cluster, log: noLog, clock: systemClock });
  return {
    kysely,
    version: findPackage().version,
    embedded: true,
    isUp: true,
    restarts: 0,
    pid: cluster.pid,
    connect,
    url: `postgresql://${connect.user}@localhost/${name}?host=${encodeURIComponent(connect.host)}`,
    async [Symbol.asyncDispose]() {
      await kysely.destroy();
      await administer(cluster, `drop database if exists ${name} with (force)`);
    },
  };
}

async function administer(cluster: Cluster, sql: string): Promise<void> {
  const client = new pg.Client({ ...cluster.address, database: 'postgres' });
  await client.connect();
  await client.query(sql);
  await client.end();
}

async function startShared(): Promise<Cluster> {
  const ready = await cachedCluster();
  sweepOldFolders();
  const home = mkdtempSync(join(tmpdir(), `${workPrefix}${process.pid}-`));
  chmodSync(home, 0o755); // The socket's folder beside it is the account's own.
  const dir = join(home, 'pg');
  copyFolder(ready, dir);
  const cluster = await startCluster({ dir, log: noLog, clock: systemClock, durable: false });
  cluster.unref();
  process.on('exit', () => endAtOnce(cluster, home));
  return cluster;
}

/** A folder with a stopped, migrated cluster, in which the next database is a copy of the template. */
const cachedCluster = (): Promise<string> =>
  cached('pg', async (dir) => {
    await using cluster = await startCluster({ dir, log: noLog, clock: systemClock, durable: false });
    await administer(cluster, `create database ${template}`);
    await migrate({ ...cluster.address, database: template }, readMigrations(), noLog);
  });

/** What test processes of this user that were killed left behind. */
function sweepOldFolders(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(workPrefix) ? Number.parseInt(name.slice(workPrefix.length), 10) : 0;
    if (!pid) continue; // Another's folder may be a disk that was pulled: not even to be looked at.
    const folder = join(tmpdir(), name);
    const isOurs = statSync(folder, { throwIfNoEntry: false })?.uid === process.getuid?.();
    if (isOurs && !existsSync(`/proc/${pid}`)) rmSync(folder, { recursive: true, force: true });
  }
}

/** In an exit handler nothing can be awaited. */
function endAtOnce(cluster: Cluster, home: string): void {
  if (cluster.pid !== null) {
    process.kill(cluster.pid, 'SIGQUIT');
    const cell = new Int32Array(new SharedArrayBuffer(4));
    for (let i = 0; i < 50 && processesOn(join(home, 'pg')).length > 0; i++) Atomics.wait(cell, 0, 0, 20);
  }
  rmSync(cluster.address.host, { recursive: true, force: true });
  rmSync(home, { recursive: true, force: true });
}
