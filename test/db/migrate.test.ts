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

test('rows of an index in one piece are moved into their days', async () => {
  await using db = await testDatabase({ bare: true });
  const all = readMigrations();
  const isOlder = ({ name }: Migration) => name < '0030';
  await migrate(db.connect, all.filter(isOlder), noLog);
  const dayMs = 86_400_000;
  await run(
    db,
    `insert into site values ('s', 'S', 's', '', 'UTC', now());
    insert into camera (id, site_id, name, name_folded, url, transport, ordered_ms, created)
      values ('c', 's', 'C', 'c', 'rtsp://c', 'auto', 0, now());
    insert into volume (id, path, created) values ('v', '/v', now());
    insert into segment (camera_id, stream, start_ms, id, end_ms, volume_id, path, run, start_ticks, duration_ticks,
        bytes, parts, pictures, codec, width, height, packets_lost, damaged_pictures, digest)
      select 'c', 'main', i * ${dayMs / 4}, 'seg_' || i, i * ${dayMs / 4} + 60000, 'v', 'p' || i, 'r', 0, 1, 1, 1, 1,
        'avc1', 1, 1, 0, 0, sha256('x') from generate_series(0, 9) i`,
  );
  const before = await run(db, 'select * from segment order by start_ms');
  await migrate(db.connect, all, noLog);
  const after = await run(db, 'select * from segment order by start_ms');
  assert.deepEqual(after.rows, before.rows);
  const days = await run(
    db,
    'select tableoid::regclass::text as day, count(*)::int n from segment group by 1 order by 1',
  );
  assert.deepEqual(
    days.rows.map(({ day, n }) => [day, n]),
    [
      ['segment_19700101', 4],
      ['segment_19700102', 4],
      ['segment_19700103', 2],
    ],
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
