/** What the floors above may rely on from the database. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { Fault } from '../../src/base/index.ts';
import { brokenConstraint } from '../../src/db/index.ts';
import { testDatabase } from '../support/database.ts';

test('a test has a database of its own', async () => {
  await using one = await testDatabase();
  await using two = await testDatabase();
  await sql`create table thing (a int)`.execute(one.kysely);
  await sql`create table thing (b int)`.execute(two.kysely);
});

test('an instant, a 64-bit count and bytes arrive as Date, number and bytes', async () => {
  await using db = await testDatabase({ bare: true });
  const { rows } = await sql<{ at: Date; count: number; bytes: Uint8Array; tags: string[]; shape: unknown }>`
    select '2026-11-22T10:00:00.123+08'::timestamptz at, 9007199254740991 count, '\\x00ff'::bytea bytes,
      array['甲', 'b'] tags, '{"a":[1]}'::jsonb shape
  `.execute(db.kysely);
  const row = rows[0]!;
  assert.equal(row.at.toISOString(), '2026-11-22T02:00:00.123Z');
  assert.equal(row.count, Number.MAX_SAFE_INTEGER);
  assert.deepEqual([...row.bytes], [0, 255]);
  assert.deepEqual(row.tags, ['甲', 'b']);
  assert.deepEqual(row.shape, { a: [1] });
});

test('an instant and bytes go in as they come out', async () => {
  await using db = await testDatabase({ bare: true });
  const at = new Date('2026-02-28T23:59:59.999Z');
  const bytes = new Uint8Array([1, 2, 3]);
  const { rows } = await sql<{ at: Date; bytes: Uint8Array }>`
    select ${at}::timestamptz at, ${bytes}::bytea bytes
  `.execute(db.kysely);
  assert.equal(rows[0]!.at.getTime(), at.getTime());
  assert.deepEqual([...rows[0]!.bytes], [1, 2, 3]);
});

test('a count that no number can hold is a fault, not a wrong number', async () => {
  await using db = await testDatabase({ bare: true });
  await assert.rejects(sql`select 9007199254740993 count`.execute(db.kysely), /does not fit/);
  await assert.rejects(sql`select 'infinity'::timestamptz at`.execute(db.kysely), /no instant/);
});

test('a broken constraint is named', async () => {
  await using db = await testDatabase({ bare: true });
  await sql`create table thing (name text constraint thing_name primary key)`.execute(db.kysely);
  await sql`insert into thing values ('a')`.execute(db.kysely);
  const error = await sql`insert into thing values ('a')`.execute(db.kysely).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.equal(brokenConstraint(error), 'thing_name');
  assert.equal(brokenConstraint(new Error('else')), null);
});

test('a connection that is cut in a transaction is a fault to retry, and the next caller is served', async () => {
  await using db = await testDatabase({ bare: true });
  const cut = db.kysely.transaction().execute(async (trx) => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() pid`.execute(trx);
    await sql`select pg_terminate_backend(${rows[0]!.pid})`.execute(db.kysely);
    await sql`select 1`.execute(trx);
  });
  await assert.rejects(cut, (error) => error instanceof Fault && error.retry);
  const { rows } = await sql<{ one: number }>`select 1 one`.execute(db.kysely);
  assert.equal(rows[0]!.one, 1);
});

test('two transactions that lock each other out are told to retry', async () => {
  await using db = await testDatabase({ bare: true });
  await sql`create table thing (id int primary key, n int)`.execute(db.kysely);
  await sql`insert into thing values (1, 0), (2, 0)`.execute(db.kysely);
  const met = Promise.withResolvers<void>();
  let arrived = 0;
  const lockBoth = (first: number, second: number) =>
    db.kysely.transaction().execute(async (trx) => {
      await sql`update thing set n = n + 1 where id = ${first}`.execute(trx);
      if (++arrived === 2) met.resolve();
      await met.promise;
      await sql`update thing set n = n + 1 where id = ${second}`.execute(trx);
    });
  const ended = await Promise.allSettled([lockBoth(1, 2), lockBoth(2, 1)]);
  const lost = ended.filter((one) => one.status === 'rejected');
  assert.equal(lost.length, 1);
  assert.ok(lost[0]!.reason instanceof Fault && lost[0]!.reason.retry);
});
