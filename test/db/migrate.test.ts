/** Migrations: their sum is the manual, they run once, and history is not rewritten. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import pg from 'pg';
import { noLog } from '../../src/base/index.ts';
import { type Migration, migrate, readMigrations } from '../../src/db/migrate.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';
import { readCatalog } from './catalog.ts';

const manual = readFileSync(join(import.meta.dirname, '../../src/db/schema.sql'), 'utf8');
const step = (name: string, sql: string): Migration => ({ name, sql, sha256: `of ${sql}` });

async function run(db: TestDatabase, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client(db.connect);
  await client.connect();
  return await client.query(sql).finally(() => client.end());
}

test('the sum of the migrations is the schema', async () => {
  await using written = await testDatabase({ bare: true });
  await using migrated = await testDatabase({ bare: true });
  await run(written, manual);
  await migrate(migrated.connect, readMigrations(), noLog);
  const byMigrations = await readCatalog(migrated.connect);
  const byManual = await readCatalog(written.connect);
  assert.deepEqual(
    {
      onlyByMigrations: byMigrations.filter((line) => !byManual.includes(line)),
      onlyInManual: byManual.filter((line) => !byMigrations.includes(line)),
    },
    { onlyByMigrations: [], onlyInManual: [] },
  );
});

test('the comparison sees a changed default, a lost index and a changed comment', async () => {
  await using one = await testDatabase({ bare: true });
  await using two = await testDatabase({ bare: true });
  const base =
    'create table t (a int default 1, b text); create index t_b on t (b); comment on table t is $$x$$;';
  await run(one, base);
  await run(two, base);
  assert.deepEqual(await readCatalog(one.connect), await readCatalog(two.connect));
  for (const change of [
    'alter table t alter a set default 2',
    'drop index t_b',
    'comment on table t is $$y$$',
    'create view v as select 1 a',
    'alter table t add c timestamptz',
  ]) {
    const before = await readCatalog(two.connect);
    await run(two, change);
    assert.notDeepEqual(await readCatalog(two.connect), before, change);
  }
});

test('the manual says of every table what a row is, and who writes it', () => {
  const tables = [...manual.matchAll(/^create (?:unlogged )?table (\w+)/gm)].map(([, name]) => name);
  const said = new Map(
    [...manual.matchAll(/^comment on table (\w+) is\s+'(.*)';$/gm)].map(([, name, text]) => [name, text]),
  );
  assert.ok(tables.length > 0);
  for (const table of tables)
    assert.match(said.get(table) ?? '', /Written by \w/, `comment on table ${table}`);
});

test('a migration is applied once, in order, and two starts at once do not apply it twice', async () => {
  await using db = await testDatabase({ bare: true });
  const steps = [step('0001_a', 'create table a (x int)'), step('0002_b', 'alter table a add y int')];
  await Promise.all([migrate(db.connect, steps, noLog), migrate(db.connect, steps, noLog)]);
  await migrate(db.connect, steps, noLog);
  const { rows } = await run(db, 'select name from migration order by applied_at');
  assert.deepEqual(
    rows.map((row) => row.name),
    ['0001_a', '0002_b'],
  );
});

test('an edited, a missing and a late migration are refused', async () => {
  await using db = await testDatabase({ bare: true });
  const first = step('0002_a', 'create table a (x int)');
  await migrate(db.connect, [first], noLog);
  const edited = { ...first, sha256: 'other' };
  await assert.rejects(migrate(db.connect, [edited], noLog), /0002_a was edited/);
  await assert.rejects(migrate(db.connect, [], noLog), /newer than this Custos/);
  await assert.rejects(
    migrate(db.connect, [step('0001_z', 'select 1'), first], noLog),
    /0001_z comes before/,
  );
});

test('a migration that fails half-way leaves nothing, and says where it failed', async () => {
  await using db = await testDatabase({ bare: true });
  const broken = step('0001_a', 'create table a (x int);\nselect nonsense;');
  await assert.rejects(migrate(db.connect, [broken], noLog), /0001_a: .*nonsense.*line 2/);
  const { rows } = await run(db, `select to_regclass('a') a, (select count(*)::int from migration) n`);
  assert.deepEqual(rows, [{ a: null, n: 0 }]);
});

test('a file with a name of another form, or a number that is taken, is refused', () => {
  const dir = mkdtempSync(join(tmpdir(), 'custos-migrations-'));
  try {
    writeFileSync(join(dir, '0001_a.sql'), '');
    assert.equal(readMigrations(dir).length, 1);
    writeFileSync(join(dir, '0001_b.sql'), '');
    assert.throws(() => readMigrations(dir), /two migrations have the number 0001/);
    writeFileSync(join(dir, 'b.sql'), '');
    assert.throws(() => readMigrations(dir), /NNNN_name/);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
