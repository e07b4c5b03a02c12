/** Whether PostgreSQL can be had here, found out without touching any data: for `custos doctor`. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Fault, sayError } from '../base/index.ts';
import { childEnvironment, chooseAccount, ownName, under } from './account.ts';
import { runnableBinaries } from './binaries.ts';
import { givenVersion } from './given.ts';

export interface DatabaseProbe {
  readonly embedded: boolean;
  readonly version: string;
  /** Whom the embedded database runs under. */
  readonly account: string | null;
}

/** Faults with the sentence that says what is missing. */
export async function probeDatabase(dataDir: string, databaseUrl?: string): Promise<DatabaseProbe> {
  if (databaseUrl) return { embedded: false, version: await givenVersion(databaseUrl), account: null };
  const account = chooseAccount(join(dataDir, 'pg'));
  const binaries = await runnableBinaries(account, dataDir);
  const [command, args] = under(account, binaries.postgres, ['--version']);
  try {
    const { stdout } = await promisify(execFile)(command, args, {
      env: childEnvironment,
      timeout: 10_000,
      cwd: '/',
    });
    return {
      embedded: true,
      version: stdout.trim().split(' ').at(-1) ?? '',
      account: account?.name ?? ownName(),
    };
  } catch (cause) {
    throw new Fault(`the embedded PostgreSQL does not run: ${sayError(cause)}`, { cause });
  }
}
