/**
 * Migrations: hand-written SQL files `NNNN_name.sql`, forward only, each in a transaction of its own and recorded with
 * its SHA-256. One that was applied is never edited; a new one never comes before an applied one.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { Fault, type Log, sayError } from '../base/index.ts';

export interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly sha256: string;
}

/** Any number that no other program on the same database uses: "custos" in ASCII. */
const lockKey = 0x637573746f73;
const lockWaitMs = 60_000;
const folder = join(import.meta.dirname, 'migrations');

const migrationTable = `
  create table if not exists migration (
    name text primary key,
    sha256 text not null,
    applied_at timestamptz not null default now()
  );
  comment on table migration is 'One row a migration that was applied to this database. Written by db/migrate.';
  comment on column migration.name is 'File name without .sql: NNNN_name.';
  comment on column migration.sha256 is 'SHA-256 of the file as it was applied, hex.';
`;

/** In the order of their numbers, which are unique. */
export function readMigrations(from: string = folder): Migration[] {
  const files = readdirSync(from).filter((name) => name.endsWith('.sql'));
  const odd = files.find((name) => !/^\d{4}_[a-z0-9_]+\.sql$/.test(name));
  if (odd) throw new Fault(`migration ${odd} is not named NNNN_name.sql`);
  const numbers = files.map((name) => name.slice(0, 4));
  const twice = numbers.find((number, i) => numbers.indexOf(number) !== i);
  if (twice) throw new Fault(`two migrations have the number ${twice}`);
  return files.sort().map((file) => {
    const bytes = readFileSync(join(from, file));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { name: file.slice(0, -4), sql: bytes.toString('utf8'), sha256 };
  });
}

/** Brings the database to the newest migration; two processes at once wait for each other. */
export async function migrate(
  connect: pg.ClientConfig,
  migrations: readonly Migration[],
  log: Log,
): Promise<void> {
  const client = new pg.Client({
    ...connect,
    application_name: 'custos-migrate',
    connectionTimeoutMillis: 10_000,
  });
  client.on('error', () => {}); // The statement under way rejects with it.
  await client.connect();
  try {
    await client.query(`set lock_timeout = ${lockWaitMs}`);
    await client.query('select pg_advisory_lock($1)', [lockKey]);
    await client.query(`set client_min_messages = warning; ${migrationTable}`);
    for (const migration of await pending(client, migrations)) await apply(client, migration, log);
  } finally {
    await client.end(); // Frees the lock with the session.
  }
}

async function pending(client: pg.Client, migrations: readonly Migration[]): Promise<Migration[]> {
  const { rows } = await client.query<{ name: string; sha256: string }>(
    'select name, sha256 from migration order by name',
  );
  for (const row of rows) {
    const known = migrations.find((one) => one.name === row.name);
    if (!known) throw new Fault(`the database is newer than this Custos: it knows migration ${row.name}`);
    if (known.sha256 !== row.sha256) throw new Fault(`migration ${row.name} was edited after it was applied`);
  }
  const newest = rows.at(-1)?.name ?? '';
  const todo = migrations.filter((one) => !rows.some((row) => row.name === one.name));
  const late = todo.find((one) => one.name < newest);
  if (late) throw new Fault(`migration ${late.name} comes before ${newest}, which is applied already`);
  return todo;
}

async function apply(client: pg.Client, migration: Migration, log: Log): Promise<void> {
  await client.query('begin');
  try {
    await client.query(migration.sql);
    await client.query('insert into migration (name, sha256) values ($1, $2)', [
      migration.name,
      migration.sha256,
    ]);
    await client.query('commit');
  } catch (cause) {
    await client.query('rollback').catch(() => {}); // The connection may be what broke.
    throw new Fault(`migration ${migration.name}: ${sayError(cause)}${whereIn(migration.sql, cause)}`, {
      cause,
    });
  }
  log.info({ migration: migration.name }, 'migration applied');
}

function whereIn(sql: string, error: unknown): string {
  const position = Number((error as { position?: string }).position);
  return position ? ` (line ${sql.slice(0, position).split('\n').length})` : '';
}
