/**
 * PostgreSQL, embedded or given: opened, migrated to the newest schema, and offered as one Kysely instance. While the
 * database restarts, callers wait up to 5 s; what was under way ends with a `Fault` that says `retry`.
 */
import { join } from 'node:path';
import { Kysely, PostgresDialect } from 'kysely';
import type pg from 'pg';
import type { Clock, Log } from '../base/index.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { openDataDir } from './data-dir.ts';
import { checkVersion, withClient } from './given.ts';
import { migrate, readMigrations } from './migrate.ts';
import { FaultingPool } from './pool.ts';
import type { Tables } from './tables.ts';

const closeMs = 3_000;

export interface DatabaseOptions {
  /** `DATA/`: the embedded database lives in `pg/` below it. */
  readonly dataDir: string;
  /** A given PostgreSQL (17 or newer) instead of the embedded one. */
  readonly databaseUrl?: string | undefined;
  readonly log: Log;
  readonly clock: Clock;
}

export interface Database {
  readonly kysely: Kysely<Tables>;
  /** e.g. `18.4`. */
  readonly version: string;
  readonly embedded: boolean;
  /** False while the embedded database is being started again; of a given one nothing is known in advance. */
  readonly isUp: boolean;
  /** How often the embedded database had to be started again. */
  readonly restarts: number;
  /** Process of the embedded database. */
  readonly pid: number | null;
}

export async function openDatabase(options: DatabaseOptions): Promise<Database & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  stack.use(openDataDir(options.dataDir));
  const log = options.log.child({ part: 'database' });
  const cluster = options.databaseUrl
    ? null
    : stack.use(await startCluster({ dir: join(options.dataDir, 'pg'), log, clock: options.clock }));
  const connect = cluster ? await ownDatabase(cluster) : given(options.databaseUrl as string);
  const version = await checkVersion(connect);
  await migrate(connect, readMigrations(), log);
  const kysely = openKysely({ connect, cluster, log, clock: options.clock });
  stack.defer(() => close(kysely));
  log.info({ version, embedded: cluster !== null }, 'database open');
  return describe({ kysely, version, cluster, resources: stack.move() });
}

/** Kysely alone on a database that is migrated already. */
export function openKysely(at: {
  connect: pg.ClientConfig;
  cluster: Cluster | null;
  log: Log;
  clock: Clock;
}): Kysely<Tables> {
  const whenUp = async (ms: number) => at.cluster?.whenUp(ms);
  const pool = new FaultingPool({ connect: at.connect, log: at.log, clock: at.clock, whenUp });
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
}

function describe(of: {
  kysely: Kysely<Tables>;
  version: string;
  cluster: Cluster | null;
  resources: AsyncDisposable;
}): Database & AsyncDisposable {
  return {
    kysely: of.kysely,
    version: of.version,
    embedded: of.cluster !== null,
    get isUp() {
      return of.cluster?.isUp ?? true;
    },
    get restarts() {
      return of.cluster?.restarts ?? 0;
    },
    get pid() {
      return of.cluster?.pid ?? null;
    },
    [Symbol.asyncDispose]: () => of.resources[Symbol.asyncDispose](),
  };
}

/** Connections that a stuck caller never gives back must not hold up the end of the process. */
async function close(kysely: Kysely<Tables>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, closeMs);
  });
  await Promise.race([kysely.destroy(), tooLong]);
  clearTimeout(timer);
}

/** Our own database inside of the cluster, so that `postgres` stays free for maintenance. */
async function ownDatabase(cluster: Cluster): Promise<pg.ClientConfig> {
  const name = 'custos';
  await withClient({ ...cluster.address, database: 'postgres' }, async (client) => {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (rowCount === 0) await client.query(`create database ${name}`);
  });
  return { ...cluster.address, database: name };
}

function given(databaseUrl: string): pg.ClientConfig {
  return { connectionString: databaseUrl };
}
