/** Short-lived connections outside of the pool, and what must be true of a PostgreSQL before it is used. */
import pg from 'pg';
import { Fault, sayError } from '../base/index.ts';

const oldestMajor = 17;

export const givenVersion = (databaseUrl: string): Promise<string> =>
  checkVersion({ connectionString: databaseUrl });

export async function checkVersion(connect: pg.ClientConfig): Promise<string> {
  const version = await withClient(connect, async (client) => {
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    return rows[0]?.server_version ?? '';
  });
  if (Number.parseInt(version, 10) >= oldestMajor) return version;
  throw new Fault(`PostgreSQL ${oldestMajor} or newer is needed, and the given database is ${version}`);
}

export async function withClient<T>(
  connect: pg.ClientConfig,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ ...connect, connectionTimeoutMillis: 10_000 });
  client.on('error', () => {}); // The statement under way rejects with it.
  try {
    await client.connect();
    return await work(client);
  } catch (cause) {
    throw new Fault(`the database cannot be reached: ${sayError(cause)}`, { cause, retry: true });
  } finally {
    await client.end().catch(() => {}); // Nothing is lost by a connection that ends badly.
  }
}
