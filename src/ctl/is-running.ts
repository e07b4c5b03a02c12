/** Does a Custos run on this database, as far as its rows say? */
import type { Kysely } from 'kysely';
import { systemClock } from '../base/index.ts';
import type { Tables } from '../db/index.ts';

/** A run says every five seconds that it is alive. */
const aliveMs = 20_000;

export async function lastAlive(
  db: Kysely<Tables>,
): Promise<{ alive: Date; ended: Date | null } | undefined> {
  return db
    .selectFrom('run')
    .select(['alive', 'ended'])
    .orderBy('started', 'desc')
    .limit(1)
    .executeTakeFirst();
}

export async function isRunning(db: Kysely<Tables>): Promise<boolean> {
  const run = await lastAlive(db);
  return run !== undefined && run.ended === null && systemClock.wallMs() - run.alive.getTime() < aliveMs;
}
