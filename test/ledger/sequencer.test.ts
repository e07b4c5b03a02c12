/** The sequencer and the examination, on a real database: nothing committed is lost, nothing changed goes unseen. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { sql } from 'kysely';
import pg from 'pg';
import { noLog, systemClock } from '../../src/base/index.ts';
import { examineLedger, openLedgerTree, proveConsistency, proveEntry } from '../../src/ledger/index.ts';
import { digestOf } from '../../src/ledger/leaf.ts';
import { openCheckpoint, parseVerifierKey } from '../../src/ledger/note.ts';
import {
  grow,
  hashOfLeaf,
  newEdge,
  partialTiles,
  verifyConsistency,
  verifyInclusion,
} from '../../src/ledger/tree.ts';
import { command } from '../support/ctl.ts';
import { until } from '../support/custos.ts';
import { add, asSuperuser, type Place, place } from './place.ts';

const examine = async ({ db, files }: Place) => examineLedger({ db: db.kysely, files });
const findings = async (at: Place) =>
  (await examine(at)).findings.map(({ what, leaf, seq }) => `${what} leaf ${leaf} seq ${seq}`);

test('every entry is proven under a signed checkpoint, and every checkpoint continues the one before', async () => {
  await using at = await place();
  await using tree = await at.open();
  assert.equal(tree.signed.size, 0);
  const key = parseVerifierKey(tree.verifierKey)!;
  const heads = [];
  for (const [from, to] of [
    [0, 3],
    [3, 255],
    [255, 256],
    [256, 300],
    [300, 1_100],
  ] as const) {
    await add(at, from, to);
    await tree.settle();
    heads.push(openCheckpoint(tree.signed.note, key)!);
  }
  assert.deepEqual(
    heads.map(({ size }) => size),
    [3, 255, 256, 300, 1_100],
  );
  const newest = heads.at(-1)!;
  for (const { size, root } of heads) {
    const proof = await proveConsistency(at.files, size, newest.size);
    const of = { older: size, newer: newest.size, olderRoot: root, newerRoot: newest.root, proof };
    assert.ok(verifyConsistency(of), `${size}`);
  }
  for (const seq of [1, 2, 256, 257, 700, 1_100]) {
    const { leaf, salt, entry, proof } = await proveEntry({ db: at.db.kysely, tree }, seq);
    const hash = hashOfLeaf(digestOf(salt, entry));
    assert.ok(verifyInclusion({ leaf, size: newest.size, hash, proof, root: newest.root }), `entry ${seq}`);
    assert.equal(JSON.parse(entry).seq, seq);
  }
  await assert.rejects(proveEntry({ db: at.db.kysely, tree }, 9_999), { code: 'ledger.unknown' });
  assert.deepEqual(await findings(at), []);
});

test('while entries come, a checkpoint is signed by itself, well within the minute', async () => {
  await using at = await place();
  let aheadMs = 0;
  const clock = {
    wallMs: () => systemClock.wallMs() + aheadMs,
    monoMs: () => systemClock.monoMs() + aheadMs,
  };
  const keysDir = join(at.dir, '../keys');
  await using tree = await openLedgerTree({ db: at.db, dir: at.dir, keysDir, clock, log: noLog });
  for (const to of [10, 20, 30]) {
    await add(at, to - 10, to);
    aheadMs += 15_000;
    await until(`a checkpoint over ${to} entries`, () => tree.signed.size === to || undefined);
  }
});

test('an entry that is committed after later ones is taken in, and the leaves have no hole', async () => {
  await using at = await place();
  await using tree = await at.open();
  const late = new pg.Client(at.db.connect);
  await late.connect();
  const insert = `insert into ledger (at, actor, from_address, action, outcome)
    values (now(), 'system', 'local', 'late', 'done') returning seq`;
  await late.query('begin');
  const seq = Number((await late.query(insert)).rows[0].seq);
  const lost = new pg.Client(at.db.connect);
  await lost.connect();
  await lost.query('begin');
  await lost.query(insert);
  await add(at, 0, 20);
  await tree.settle();
  await tree.settle();
  assert.equal(tree.signed.size, 20);
  await lost.query('rollback');
  await lost.end();
  await add(at, 20, 25);
  await tree.settle();
  await late.query('commit');
  await late.end();
  await tree.settle();
  const rows = await at.db.kysely.selectFrom('ledger_leaf').select(['leaf', 'seq']).orderBy('leaf').execute();
  assert.deepEqual(
    rows.map(({ leaf }) => leaf),
    Array.from({ length: 26 }, (_, i) => i),
  );
  assert.equal(rows.at(-1)?.seq, seq);
  await add(at, 25, 26);
  await tree.settle();
  assert.equal(tree.signed.size, 27);
  assert.deepEqual(await findings(at), []);
});

test('many writers at once lose nothing, also with two sequencers', async () => {
  await using at = await place();
  await using tree = await at.open();
  await using other = await at.open();
  const writers = Array.from({ length: 8 }, async (_, w) => {
    for (let i = 0; i < 10; i++) await add(at, w * 100 + i, w * 100 + i + 1);
  });
  const turns = (async () => {
    for (let i = 0; i < 5; i++) await Promise.all([tree.settle(), other.settle()]);
  })();
  await Promise.all([...writers, turns]);
  await other[Symbol.asyncDispose]();
  await tree.settle();
  await tree.settle();
  const { entries, waiting, leaves } = await examine(at);
  assert.deepEqual({ entries, waiting, leaves }, { entries: 80, waiting: 0, leaves: 80 });
  assert.equal(tree.halted, null);
});

test('the tree is made again from the leaves alone, the same', async () => {
  await using at = await place();
  {
    await using tree = await at.open();
    await add(at, 0, 600);
    await tree.settle();
    await add(at, 600, 610);
  }
  const before = readFileSync(join(at.dir, 'checkpoint'), 'utf8');
  assert.match(before, /\n610\n/, 'the last entries are signed at the end');
  rmSync(join(at.dir, 'tile'), { recursive: true });
  assert.match((await findings(at)).join(), /tile/);
  {
    await using tree = await at.open();
    assert.equal(tree.signed.note, before);
    assert.equal(tree.halted, null);
  }
  assert.deepEqual(await findings(at), []);
});

test('a superuser edits an entry: it is named', async () => {
  await using at = await place();
  await using tree = await at.open();
  await add(at, 0, 300);
  await tree.settle();
  await asSuperuser(at, `update ledger set detail = '{"i": 999}' where seq in (71, 290)`);
  assert.deepEqual(await findings(at), ['edited leaf 70 seq 71', 'edited leaf 289 seq 290']);
});

test('a superuser edits an entry and its leaf with it: the tiles know better', async () => {
  await using at = await place();
  await using tree = await at.open();
  await add(at, 0, 300);
  await tree.settle();
  await asSuperuser(
    at,
    `update ledger set reason = 'x' where seq = 71`,
    `update ledger_leaf set digest = sha256('forged') where seq = 71`,
  );
  assert.deepEqual(await findings(at), ['edited leaf 70 seq 71']);
});

test('a superuser deletes entries, with or without their leaves, or moves the rest up: the first is named', async () => {
  for (const [statements, expected] of [
    [['delete from ledger where seq = 71'], 'deleted leaf 70 seq 71'],
    [
      ['delete from ledger where seq = 71', 'delete from ledger_leaf where seq = 71'],
      'deleted leaf 70 seq null',
    ],
    [
      ['delete from ledger where seq = 300', 'delete from ledger_leaf where seq = 300'],
      'deleted leaf 299 seq null',
    ],
    [
      [
        'delete from ledger where seq = 71',
        'delete from ledger_leaf where seq = 71',
        'update ledger_leaf set leaf = leaf + 100000 where leaf > 70',
        'update ledger_leaf set leaf = leaf - 100001 where leaf > 70',
      ],
      'deleted leaf 70 seq null',
    ],
  ] as const) {
    await using at = await place();
    await using tree = await at.open();
    await add(at, 0, 300);
    await tree.settle();
    await asSuperuser(at, ...statements);
    assert.equal((await findings(at))[0], expected, statements.join('; '));
  }
});

test('a superuser exchanges the places of two entries: both are named', async () => {
  await using at = await place();
  await using tree = await at.open();
  await add(at, 0, 300);
  await tree.settle();
  const swap = (table: string, column: string, a: number, b: number) => [
    `update ${table} set ${column} = 100000 where ${column} = ${a}`,
    `update ${table} set ${column} = ${a} where ${column} = ${b}`,
    `update ${table} set ${column} = ${b} where ${column} = 100000`,
  ];
  await asSuperuser(
    at,
    'alter table ledger alter seq set generated by default',
    ...swap('ledger', 'seq', 5, 9),
  );
  assert.deepEqual(await findings(at), ['reordered leaf 4 seq 5', 'reordered leaf 8 seq 9']);
  await asSuperuser(at, ...swap('ledger', 'seq', 5, 9), ...swap('ledger_leaf', 'leaf', 4, 280));
  assert.deepEqual(await findings(at), ['reordered leaf 4 seq 281', 'reordered leaf 280 seq 5']);
});

test('a superuser puts a leaf between two others: it is named', async () => {
  await using at = await place();
  await using tree = await at.open();
  await add(at, 0, 300);
  await tree.settle();
  await asSuperuser(
    at,
    `insert into ledger overriding system value values
      (5000, now(), null, 'system', null, 'local', 'forged', 'done', null, null, null, null, null, '{}')`,
    'update ledger_leaf set leaf = leaf + 100000 where leaf >= 50',
    'update ledger_leaf set leaf = leaf - 99999 where leaf >= 50',
    `insert into ledger_leaf values (50, 5000, sha256('salt'), sha256('x'))`,
  );
  assert.deepEqual(await findings(at), ['inserted leaf 50 seq 5000']);
});

test('a history that contradicts the last checkpoint is never signed', async () => {
  await using at = await place();
  {
    await using tree = await at.open();
    await add(at, 0, 40);
    await tree.settle();
  }
  const before = readFileSync(join(at.dir, 'checkpoint'), 'utf8');
  await asSuperuser(at, 'delete from ledger_leaf where leaf >= 30', 'delete from ledger where seq > 30');
  await using tree = await at.open();
  assert.match(tree.halted ?? '', /missing/);
  await add(at, 40, 45);
  await tree.settle();
  assert.equal(tree.signed.note, before);
  assert.equal((await findings(at))[0], 'deleted leaf 30 seq null');
});

test('a superuser puts a row into a gap of the sequence: it is in no tree, and named', async () => {
  await using at = await place();
  await using tree = await at.open();
  await add(at, 0, 20);
  await sql`select nextval('ledger_seq_seq')`.execute(at.db.kysely);
  await add(at, 20, 40);
  await tree.settle();
  await tree.settle();
  await asSuperuser(
    at,
    `insert into ledger overriding system value values
      (21, now(), null, 'system', null, 'local', 'forged', 'done', null, null, null, null, null, '{}')`,
  );
  await tree.settle();
  assert.deepEqual(await findings(at), ['loose leaf null seq 21']);
});

test('a superuser writes an entry of another day: it is said that it stands behind later ones', async () => {
  await using at = await place();
  await using tree = await at.open();
  await add(at, 0, 20);
  await asSuperuser(
    at,
    `insert into ledger (at, actor, from_address, action, outcome)
      values ('2026-11-01', 'system', 'local', 'forged', 'done')`,
  );
  await add(at, 20, 22);
  await tree.settle();
  const { backdated, findings: none } = await examine(at);
  assert.deepEqual([backdated, none], [{ count: 1, firstSeq: 21 }, []]);
});

test('files edited, cut or gone, at any level, are named, and the rows are not blamed for them', async () => {
  await using at = await place();
  await using tree = await at.open();
  await add(at, 0, 1_000);
  await tree.settle();
  for (const [name, spoil, named] of [
    [
      'tile/0/001',
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 320), Buffer.alloc(32), bytes.subarray(352)]),
      'tile/0/001',
    ],
    ['tile/0/001', (bytes: Buffer) => bytes.subarray(0, 100), 'tile/0/001'],
    ['tile/0/001', null, 'tile/0/001'],
    ['tile/0/003.p/232', (bytes: Buffer) => bytes.subarray(32), 'tile/0/003.p/232'],
    [
      'tile/1/000.p/3',
      (bytes: Buffer) => Buffer.concat([bytes.subarray(32), bytes.subarray(0, 32)]),
      'tile/1/000.p/3',
    ],
  ] as const) {
    const path = join(at.dir, name);
    const bytes = readFileSync(path);
    if (spoil) writeFileSync(path, spoil(bytes));
    else rmSync(path);
    const seen = await examine(at);
    assert.deepEqual(
      seen.findings.map(({ what, where }) => `${what} ${where}`),
      [`tile ${named}`],
      name,
    );
    assert.equal(seen.first, null);
    writeFileSync(path, bytes);
  }
  assert.deepEqual(await findings(at), []);
});

test('rows, leaves and tiles edited alike, without the key: the checkpoints say between which two it began', async () => {
  await using at = await place();
  await using tree = await at.open();
  for (const to of [100, 200, 300]) {
    await add(at, to - 100, to);
    await tree.settle();
  }
  const digest = createHash('sha256').update('forged').digest();
  await asSuperuser(at, `update ledger_leaf set digest = '\\x${digest.toString('hex')}' where leaf = 150`);
  const rows = await at.db.kysely.selectFrom('ledger_leaf').select('digest').orderBy('leaf').execute();
  const edge = newEdge();
  const tiles = rows.flatMap((row) => grow(edge, hashOfLeaf(row.digest)));
  for (const { level, index, hashes } of [...tiles, ...partialTiles(edge)])
    await at.files.writeTile(level, index, hashes);
  const seen = await examine(at);
  assert.deepEqual(seen.first, { from: 150, to: 150, seq: 151 }, 'the row is not what its leaf says');
  assert.deepEqual(
    seen.findings.map(({ what, leaf }) => `${what} ${leaf}`),
    ['edited 150', 'checkpoint 200'],
  );
});

test('what is examined is said on the way, and no checkpoint is held longer than it is needed', async () => {
  await using at = await place();
  await using tree = await at.open();
  await add(at, 0, 600);
  await tree.settle();
  const said: number[] = [];
  const progress = (done: number, of: number) => said.push(done / of);
  await examineLedger({ db: at.db.kysely, files: at.files, progress });
  assert.ok(said.length >= 3 && said.every((share, i) => share <= 1 && share >= (said[i - 1] ?? 0)));
});

test('a damaged tile and a forged checkpoint are named', async () => {
  await using at = await place();
  await using tree = await at.open();
  await add(at, 0, 300);
  await tree.settle();
  const tile = join(at.dir, 'tile/0/000');
  const bytes = readFileSync(tile);
  truncateSync(tile, 8_000);
  const short = (await examine(at)).findings;
  assert.deepEqual(
    short.map(({ what, where }) => [what, where]),
    [['tile', 'tile/0/000']],
  );
  writeFileSync(tile, bytes);
  assert.deepEqual(await findings(at), []);
  const newest = join(at.dir, 'checkpoint');
  writeFileSync(newest, readFileSync(newest, 'utf8').replace('\n300\n', '\n299\n'));
  const forged = (await examine(at)).findings;
  assert.deepEqual(
    forged.map(({ what, where }) => [what, where]),
    [['checkpoint', 'checkpoint']],
  );
});

test('the signing key is for its owner alone', async () => {
  await using at = await place();
  await using tree = await at.open();
  assert.equal(statSync(join(at.dir, '../keys/ledger.key')).mode & 0o777, 0o600);
  assert.match(tree.verifierKey, /^custos\/ledger\/log_[0-9a-z]{22}\+[0-9a-f]{8}\+\S+$/);
});

const fsck = (data: string, DATABASE_URL: string, ...more: string[]) =>
  command(['fsck', '--data', data, ...more], { DATABASE_URL });

test('custos fsck --ledger ends with 0, 1 or 2, and names what it found in words and as JSON', async () => {
  await using at = await place();
  await using tree = await at.open();
  await add(at, 0, 30);
  await tree.settle();
  const run = (...more: string[]) => fsck(dirname(at.dir), at.db.url, ...more);
  const good = await run('--ledger');
  assert.match(good.out, /^✔ 30 entries, 30 leaves/);
  assert.equal(good.code, 0);
  await asSuperuser(at, `update ledger set reason = 'x' where seq = 12`);
  const bad = await run('--ledger');
  assert.match(bad.out, /^✖ entry 12 \(leaf 11\) was edited\.$/m);
  assert.equal(bad.code, 1);
  const json = await run('--ledger', '--json');
  assert.deepEqual(JSON.parse(json.out).findings, [{ leaf: 11, seq: 12, where: null, what: 'edited' }]);
  assert.equal((await run()).code, 2);
  assert.equal((await fsck(join(at.dir, 'none'), at.db.url, '--ledger')).code, 2);
});
