/** `custos fsck`: what is wrong with stored footage is named; the index comes back from the disks alone; nothing is touched. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { newId, noLog, systemClock } from '../../src/base/index.ts';
import { examineFootage } from '../../src/ctl/examine-footage.ts';
import { factsByHeads } from '../../src/ctl/heads.ts';
import { paceOf } from '../../src/ctl/pace.ts';
import { openBeside } from '../../src/db/index.ts';
import { inspect } from '../../src/engine/segment/index.ts';
import { makeClip } from '../engine/mp4/clips.ts';
import { type Recorded, record } from '../engine/segment/record.ts';
import { command } from '../support/ctl.ts';
import { setUp, startCustos } from '../support/custos.ts';
import { knownKeys, layKnownRing } from '../support/keys.ts';

const data = mkdtempSync(join(tmpdir(), 'custos-fsck-'));
const footage = join(data, 'footage');
const camera = newId('cam');
const startMs = Date.UTC(2026, 9, 1, 23, 59, 40);
let written: Recorded[];

interface Report {
  readonly code: number;
  readonly good: boolean;
  readonly segments: number;
  readonly cameras: number;
  readonly gaps: number;
  readonly findings: readonly {
    what: string;
    path: string;
    where?: string[];
    other?: string;
    why?: string;
    segments?: number;
  }[];
  readonly unreadable: readonly { path: string; why: string }[];
}

const run = (args: string[], LANG = 'C.UTF-8') => command(['fsck', '--data', data, ...args], { LANG });

async function report(...args: string[]): Promise<Report> {
  const { code, out, said } = await run([...args, '--json']);
  assert.ok(out.startsWith('{'), `${code} ${out} ${said}`);
  return { code, ...JSON.parse(out) };
}

const whats = ({ findings }: Report) => findings.map(({ what }) => what).sort();
const ring = join(data, 'keys', 'footage');
const sealedDays = () =>
  written.map(({ path }) => {
    const [source = '', day = ''] = path.split('/');
    return { source, day };
  });
const fullOf = (segment: Recorded) => join(footage, segment.path);
/** Every file below the volume with its bytes: to show that nothing was changed. */
const filesNow = () =>
  readdirSync(footage, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => [path, readFileSync(path).toString('base64')] as const);

before(() => {
  mkdirSync(footage, { recursive: true });
  const clip = makeClip({ seconds: 6, gop: 50, size: '160x120' });
  const volume = { id: 'footage', path: footage };
  const run = (fromMs: number) =>
    record(volume, clip, { startMs: fromMs, seconds: 36, segmentSeconds: 6, cameraId: camera });
  written = [...run(startMs), ...run(startMs + 60_000)];
});
after(() => rmSync(data, { recursive: true, force: true }));

test('the whole index comes back from the disks alone, with a camera for footage that nobody knows any more', async () => {
  const before = filesNow();
  const made = await report('--rebuild');
  assert.deepEqual({ ...made, seconds: 0 }, {
    ...{
      code: 0,
      good: true,
      files: written.length,
      segments: written.length,
      cameras: 1,
      gaps: 2,
      refused: 0,
    },
    ...{ unreadable: [], findings: [], seconds: 0, oldLedger: null },
  } as unknown as Report);
  assert.deepEqual(filesNow(), before, 'no file is touched');
  await using db = await openBeside({ dataDir: data, log: noLog, clock: systemClock });
  const found = await db.kysely.selectFrom('camera').selectAll().executeTakeFirstOrThrow();
  assert.equal(found.id, camera);
  assert.equal(found.ordered_ms, startMs);
  assert.equal(found.paused_by, 'custos fsck --rebuild');
  const rows = await db.kysely.selectFrom('segment').selectAll().orderBy('start_ms').execute();
  assert.deepEqual(
    rows.map((row) => row.id),
    written.map(({ id }) => id),
  );
  assert.ok(rows.every((row) => row.recovered));
  const gaps = await db.kysely.selectFrom('gap').selectAll().orderBy('from_ms').execute();
  assert.deepEqual(
    gaps.map(({ cause }) => cause),
    ['index-rebuilt', 'index-rebuilt'],
  );
  assert.deepEqual(
    gaps.map(({ to_ms }) => to_ms),
    [startMs + 60_000, null],
    'the hole, and since the last picture',
  );
});

test('once more it takes nothing in twice', async () => {
  const again = await report('--rebuild');
  assert.equal(again.code, 0);
  assert.equal(again.cameras, 0);
  await using db = await openBeside({ dataDir: data, log: noLog, clock: systemClock });
  assert.equal((await db.kysely.selectFrom('segment').select('id').execute()).length, written.length);
  const [volume] = await db.kysely.selectFrom('volume').select(['segments']).execute();
  assert.equal(volume?.segments, written.length);
});

test('what was taken in by its ends is what walking the whole file says', async () => {
  for (const { path } of written) {
    const volume = { id: 'footage', path: footage };
    const { facts } = await inspect(volume, path, false, knownKeys);
    assert.deepEqual({ ...(await factsByHeads(volume, path)), digest: facts?.digest }, facts);
  }
});

test('without its key a file that was taken in unread cannot be proven; with it, it is proven and has its digest', async () => {
  const keyless = await report('--depth', 'digest');
  assert.deepEqual(new Set(whats(keyless)), new Set(['ring', 'sealed']));
  assert.match(keyless.findings.find(({ what }) => what === 'sealed')?.why ?? '', /key/);
  assert.equal(existsSync(ring), false, 'no ring is made by looking');
  await using db = await openBeside({ dataDir: data, log: noLog, clock: systemClock });
  const seen = await examineFootage({
    ...{
      db: db.kysely,
      clock: systemClock,
      depth: 'digest',
      keys: knownKeys,
      freshFromMs: Number.POSITIVE_INFINITY,
    },
    pace: paceOf(systemClock, 1),
    found: (finding) => assert.fail(JSON.stringify(finding)),
    progress: () => {},
  });
  assert.deepEqual([seen.digested, seen.findings], [written.length, 0]);
  for (const { id, digest } of await db.kysely.selectFrom('segment').select(['id', 'digest']).execute()) {
    const stored = written.find((one) => one.id === id);
    assert.ok(stored);
    assert.deepEqual(Buffer.from(digest), createHash('sha256').update(stored.bytes).digest());
  }
});

test('footage as it was stored is good at every depth', async () => {
  await layKnownRing(ring, sealedDays());
  for (const depth of ['present', 'size', 'digest']) {
    const seen = await report('--depth', depth);
    assert.deepEqual(whats(seen), []);
    assert.equal(seen.code, 0);
    assert.equal(seen.segments, written.length);
  }
  const { out } = await run(['--depth', 'size'], 'zh_CN.UTF-8');
  assert.match(out, /^✔ 共 12 个录像段，与索引一致。$/m);
});

test('what is missing, short, changed, foreign, unknown or there twice is named, at the depth that sees it', async () => {
  const [gone, short, flipped, twin] = written as [Recorded, Recorded, Recorded, Recorded];
  renameSync(fullOf(gone), join(data, 'aside'));
  truncateSync(fullOf(short), 5_000);
  const bytes = readFileSync(fullOf(flipped));
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
  writeFileSync(fullOf(flipped), bytes);
  const copy = join(
    dirname(fullOf(twin)),
    `${twin.startMs - 1000}-${twin.id}.${twin.path.split('.').at(-1)}`,
  );
  copyFileSync(fullOf(twin), copy);
  writeFileSync(join(footage, 'holiday.jpg'), 'not ours');
  writeFileSync(join(dirname(fullOf(twin)), 'notes.txt'), 'not ours either');
  const stranger = copy.replace(twin.id, newId('seg'));
  copyFileSync(fullOf(twin), stranger);
  const before = filesNow();

  const common = ['double', 'foreign', 'foreign', 'missing', 'unknown'];
  assert.deepEqual(whats(await report('--depth', 'present')), common);
  assert.deepEqual(whats(await report('--depth', 'size')), [...common, 'short'].sort());
  const deep = await report('--depth', 'digest');
  assert.deepEqual(whats(deep), ['digest', ...common, 'short'].sort());
  assert.equal(deep.code, 1);
  assert.equal(deep.findings.find(({ what }) => what === 'double')?.other, fullOf(twin));
  assert.deepEqual(filesNow(), before, 'nothing is touched, whatever it is');

  const { out, code } = await run(['--depth', 'digest']);
  assert.equal(code, 1);
  assert.match(out, /holiday\.jpg: not a file of Custos; it is left alone\./);
  assert.match(out, /not what was stored, the digest differs/);
});

test('two files with one id: the first is in the index, the second is named', async () => {
  rmSync(join(data, 'pg'), { recursive: true });
  const made = await report('--rebuild');
  assert.equal(made.code, 1);
  assert.ok(made.findings.some(({ what }) => what === 'double') || made.unreadable.length > 0);
  await using db = await openBeside({ dataDir: data, log: noLog, clock: systemClock });
  const ids = (await db.kysely.selectFrom('segment').select('id').execute()).map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
});

test('a depth that does not exist, two tasks at once or no database: could not run', async () => {
  for (const args of [['--depth', 'deep'], ['--depth', 'size', '--ledger'], []]) {
    const { code, said } = await run(args);
    assert.equal(code, 2);
    assert.match(said, /--depth/);
  }
  assert.ok(existsSync(join(data, 'pg')));
});

test('a database that was lost beside its footage and its ledger is no new beginning: the start says the way out', async () => {
  const before = filesNow().map(([path]) => path);
  const pg = join(data, 'pg');
  const start = () => startCustos({ dataDir: data });
  rmSync(pg, { recursive: true });
  await assert.rejects(start(), /holds footage: this is not its database.*custos restore.*fsck --rebuild/);
  await report('--rebuild');
  {
    await using custos = await start();
    assert.equal(await custos.stop(), 0);
  }
  const signed = readFileSync(join(data, 'ledger', 'checkpoint'), 'utf8');
  const tiles = readdirSync(join(data, 'ledger'), { recursive: true }).length;
  rmSync(pg, { recursive: true });
  await assert.rejects(start(), /signed entries: this is not its database.*custos restore.*fsck --rebuild/);
  assert.equal(readFileSync(join(data, 'ledger', 'checkpoint'), 'utf8'), signed, 'nothing was signed');
  const made = (await report('--rebuild')) as Report & { oldLedger: string };
  assert.equal(readFileSync(join(made.oldLedger, 'checkpoint'), 'utf8'), signed, 'the old one is kept');
  assert.equal(readdirSync(made.oldLedger, { recursive: true }).length, tiles + 1, 'with its key');
  {
    await using custos = await start();
    assert.equal(await custos.stop(), 0);
  }
  assert.notEqual(
    readFileSync(join(data, 'ledger', 'checkpoint'), 'utf8').split('\n')[0],
    signed.split('\n')[0],
  );
  assert.equal((await run(['--ledger'])).code, 0);
  assert.ok(before.every(existsSync), 'no file is gone');
});

test('a key ring that is missing or another is never made anew in silence: the start refuses, in both languages', async () => {
  const start = () => startCustos({ dataDir: data });
  const aside = join(data, 'ring-aside');
  renameSync(ring, aside);
  const missing = /key ring .*footage is missing.*custos keys --accept.*密钥库 .*缺失/;
  await assert.rejects(start(), missing);
  assert.equal(existsSync(ring), false, 'none was made');
  const said = await command(['keys', '--data', data], { LANG: 'zh_CN.UTF-8' });
  assert.equal(said.code, 1);
  assert.match(said.out, /^✖ 密钥库 .*缺失/);
  await layKnownRing(ring, []);
  await assert.rejects(start(), /key ring .* is another one.*密钥库 .*并非/);
  assert.deepEqual(
    whats(await report('--depth', 'digest')).filter((what) => what === 'ring'),
    ['ring'],
  );
  rmSync(ring, { recursive: true });
  renameSync(aside, ring);
  await using custos = await start();
  assert.equal(await custos.stop(), 0, 'with the right one it starts');
});

test('a new key ring is accepted with a reason, on the ledger; what was sealed before is named unreadable everywhere', async () => {
  const files = filesNow().map(([path]) => path);
  rmSync(ring, { recursive: true });
  const bare = await command(['keys', '--accept', '--data', data]);
  assert.equal(bare.code, 2);
  assert.match(bare.said, /--reason/);
  const args = ['keys', '--accept', '--reason', 'the disk with the keys burnt', '--data', data, '--json'];
  const { code, out, said } = await command(args);
  assert.equal(code, 0, said);
  const { accepted } = JSON.parse(out);
  assert.ok(accepted.segments > 0 && accepted.from !== accepted.to, out);
  const seen = await report('--depth', 'digest');
  const keyless = seen.findings.filter(({ what }) => what === 'keyless');
  assert.ok(keyless.every(({ why }) => why === 'other-ring'));
  assert.equal(
    keyless.reduce((sum, { segments = 0 }) => sum + segments, 0),
    accepted.segments,
    'all that was sealed before is named, a day at a time',
  );
  await using custos = await startCustos({ dataDir: data });
  const { caller } = await setUp(custos);
  const span = `from=${new Date(startMs).toISOString()}&to=${new Date(startMs + 36_000).toISOString()}`;
  const line = await caller.must('GET', `/api/cameras/${camera}/timeline?${span}`);
  assert.deepEqual(line.spans, []);
  assert.ok(line.gaps.some(({ cause }: { cause: string }) => cause === 'key-missing'));
  const gaps = await caller.must('GET', `/api/gaps?${span}`);
  assert.ok(gaps.items[0].gaps.some(({ cause }: { cause: string }) => cause === 'key-missing'));
  const months = await caller.must('GET', `/api/calendar?month=2026-10`);
  assert.ok(months.items[0].away.includes(2), JSON.stringify(months.items));
  const { lostKeys } = await caller.must('GET', '/api/storage');
  assert.deepEqual(lostKeys.length, 1);
  assert.ok(files.every(existsSync), 'no file is gone');
  assert.equal(await custos.stop(), 0);
  assert.equal((await command(['keys', '--data', data])).code, 0);
  await using db = await openBeside({ dataDir: data, log: noLog, clock: systemClock });
  const entries = db.kysely.selectFrom('ledger').select(['reason', 'detail']);
  const [entry, ...more] = await entries.where('action', '=', 'keys.accept').execute();
  assert.deepEqual([entry?.reason, entry?.detail], ['the disk with the keys burnt', accepted]);
  assert.deepEqual(more, []);
});
