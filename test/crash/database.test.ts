/**
 * A database that is killed under a writer comes back by itself and has lost no row whose commit was answered.
 * `CUSTOS_KILLS` sets how often it is killed (5 by default, 10 for a release).
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { sql } from 'kysely';
import { Fault, noLog, systemClock } from '../../src/base/index.ts';
import { type Database, openDatabase } from '../../src/db/index.ts';
import { promisedMs } from '../support/promise.ts';

const kills = Number(process.env.CUSTOS_KILLS ?? 5);
/** The middle one of the kills: a single slow one on a busy machine says nothing of the database. */
const backWithinMs = 2_000;
const writers = 4;

/** Writes rows one by one, each its own transaction; resolves to the numbers that were answered as committed. */
async function write(
  db: Database,
  writer: number,
  signal: AbortSignal,
): Promise<{ answered: number[]; retries: number }> {
  const answered: number[] = [];
  let retries = 0;
  for (let n = 1; !signal.aborted; ) {
    try {
      // After a cut connection the commit may or may not have happened: the second try must be harmless.
      await sql`insert into written values (${writer}, ${n}) on conflict do nothing`.execute(db.kysely);
      answered.push(n++);
    } catch (error) {
      assert.ok(error instanceof Fault && error.retry, `only a fault that may be retried: ${String(error)}`);
      retries++;
    }
  }
  return { answered, retries };
}

async function killAndAwait(db: Database): Promise<number> {
  const restarts = db.restarts;
  process.kill(db.pid!, 'SIGKILL');
  const killedMs = systemClock.monoMs();
  while (db.restarts === restarts || !db.isUp) {
    assert.ok(systemClock.monoMs() - killedMs < 30_000, 'it never came back');
    await wait(5);
  }
  await sql`select 1`.execute(db.kysely);
  return systemClock.monoMs() - killedMs;
}

test(`the database, killed ${kills} times under a writer, loses nothing that was committed`, async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'custos-crash-'));
  try {
    const downMs: number[] = [];
    const written: number[][] = [];
    {
      await using db = await openDatabase({ dataDir, log: noLog, clock: systemClock });
      await sql`create table written (writer int, n int, primary key (writer, n))`.execute(db.kysely);
      const stop = new AbortController();
      const work = Array.from({ length: writers }, (_, i) => write(db, i, stop.signal));
      for (let i = 0; i < kills; i++) {
        // The moment of the kill is what varies; nothing is waited for.
        await wait(randomInt(50, 600));
        downMs.push(await killAndAwait(db));
      }
      stop.abort();
      for (const { answered } of await Promise.all(work)) written.push(answered);
      assert.equal(db.restarts, kills);
    }
    await using db = await openDatabase({ dataDir, log: noLog, clock: systemClock });
    for (const [writer, answered] of written.entries()) {
      const { rows } = await sql<{ n: number }>`select n from written where writer = ${writer}`.execute(
        db.kysely,
      );
      const kept = new Set(rows.map((row) => row.n));
      assert.ok(answered.length > kills, 'it wrote between the kills');
      assert.deepEqual(
        answered.filter((n) => !kept.has(n)),
        [],
      );
    }
    const middleMs = downMs.toSorted((a, b) => a - b)[Math.floor(kills / 2)] as number;
    assert.ok(middleMs <= promisedMs(backWithinMs), `back after ${downMs.map(Math.round).join(', ')} ms`);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});
