import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import {
  append,
  appendAlone,
  canonicalEntry,
  canonicalJson,
  type Entry,
  list,
  system,
} from '../../src/ledger/index.ts';
import { testDatabase } from '../support/database.ts';

const entry = (i: number, more: Partial<Entry> = {}): Entry => ({
  atMs: Date.UTC(2026, 10, 22, 8, 0, i),
  actor: system,
  action: 'camera.configure',
  outcome: 'done',
  subject: { kind: 'camera', id: `cam_${i % 3}`, name: '南门' },
  detail: { i },
  ...more,
});

test('nobody rewrites the ledger: update, delete and truncate are refused by the database', async () => {
  await using db = await testDatabase();
  await db.kysely.transaction().execute((trx) => append(trx, entry(1)));
  for (const statement of ["update ledger set reason = 'x'", 'delete from ledger', 'truncate ledger']) {
    await assert.rejects(sql.raw(statement).execute(db.kysely), /append-only/, statement);
  }
  assert.equal((await list(db.kysely, { limit: 10 })).items.length, 1);
});

test('a refusal without its code is not taken', async () => {
  await using db = await testDatabase();
  const codeless = entry(1, { outcome: 'refused' });
  await assert.rejects(
    db.kysely.transaction().execute((trx) => append(trx, codeless)),
    /ledger/,
  );
});

test('entries that come together are written together, and one that is refused takes no other with it', async () => {
  await using db = await testDatabase();
  const codeless = (i: number) => (i === 7 ? { outcome: 'refused' as const } : {});
  const all = Array.from({ length: 60 }, (_, i) => appendAlone(db.kysely, entry(i, codeless(i))));
  const settled = await Promise.allSettled(all);
  const refused = settled.flatMap(({ status }, i) => (status === 'rejected' ? [i] : []));
  assert.deepEqual(refused, [7]);
  const rows = await db.kysely
    .selectFrom('ledger')
    .select(['detail', 'at', 'reason'])
    .orderBy('seq')
    .execute();
  assert.deepEqual(
    rows.map(({ detail }) => detail.i),
    Array.from({ length: 60 }, (_, i) => i).filter((i) => i !== 7),
  );
  assert.equal(rows[3]?.at.getTime(), entry(3).atMs);
});

test('pages follow each other newest first without loss or repetition, while rows are added', async () => {
  await using db = await testDatabase();
  const add = (from: number, to: number) =>
    db.kysely.transaction().execute(async (trx) => {
      for (let i = from; i < to; i++) await append(trx, entry(i));
    });
  await add(0, 25);
  const seen: unknown[] = [];
  let cursor: string | undefined;
  do {
    const page = await list(db.kysely, { limit: 10, cursor });
    seen.push(...page.items.map((row) => row.detail.i));
    cursor = page.next;
    await add(25, 27);
  } while (cursor !== undefined);
  assert.deepEqual(
    seen,
    Array.from({ length: 25 }, (_, i) => 24 - i),
  );
});

test('the ledger is filtered by subject, outcome, time', async () => {
  await using db = await testDatabase();
  await db.kysely.transaction().execute(async (trx) => {
    for (let i = 0; i < 9; i++) await append(trx, entry(i));
    await append(trx, entry(9, { outcome: 'refused', code: 'gate.denied' }));
  });
  const count = async (filter: object) => (await list(db.kysely, { limit: 100, ...filter })).items.length;
  assert.equal(await count({ subject: 'cam_1' }), 3);
  assert.equal(await count({ subject: 'camera' }), 10);
  assert.equal(await count({ outcome: 'refused' }), 1);
  assert.equal(await count({ from: '2026-11-22T08:00:05Z' }), 5);
  assert.equal(await count({ from: '2026-11-22T16:00:05+08:00', to: '2026-11-22T08:00:07Z' }), 2);
  await assert.rejects(list(db.kysely, { limit: 1, cursor: "1' or 1" }), { code: 'request.malformed' });
});

test('the canonical form of an entry does not depend on the order of keys, and survives the database', async () => {
  await using db = await testDatabase();
  const detail = { b: [1, { z: null, a: 'é' }], a: { 2: 'x', 10: 'y' }, 汉: true };
  const whole = entry(3, { detail, reason: 'because' });
  const seq = await db.kysely.transaction().execute((trx) => append(trx, whole));
  const row = (await list(db.kysely, { limit: 1 })).items[0]!;
  const back: Entry = { ...whole, atMs: row.at.getTime(), detail: row.detail };
  assert.equal(canonicalEntry(seq, back), canonicalEntry(seq, whole));
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
    }),
  );
});
