/** The database for a second program: beside a running Custos through its socket, else started for this while. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import type pg from 'pg';
import { Fault } from '../base/index.ts';
import { superuser } from './cluster-files.ts';
import { type DatabaseOptions, openDatabase, openKysely } from './database.ts';
import { processesOn } from './orphans.ts';
import type { Tables } from './tables.ts';

/** Never makes a database where there is none. */
export async function openBeside(
  options: DatabaseOptions,
): Promise<{ kysely: Kysely<Tables> } & AsyncDisposable> {
  const pg = join(options.dataDir, 'pg');
  if (options.databaseUrl) return alone({ connectionString: options.databaseUrl }, options);
  if (!existsSync(pg)) throw new Fault(`there is no database in ${options.dataDir}`);
  const running = processesOn(pg).length > 0 ? runningAddress(pg) : null;
  return running ? alone(running, options) : openDatabase(options);
}

function alone(connect: pg.ClientConfig, { log, clock }: DatabaseOptions) {
  const kysely = openKysely({ connect, cluster: null, log, clock });
  return { kysely, [Symbol.asyncDispose]: () => kysely.destroy() };
}

/** Lines 4 and 5 of postmaster.pid: port and folder of the socket. */
function runningAddress(dir: string): pg.ClientConfig | null {
  const file = join(dir, 'postmaster.pid');
  const [, , , port, host] = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  return host && port ? { host, port: Number(port), user: superuser, database: 'custos' } : null;
}
