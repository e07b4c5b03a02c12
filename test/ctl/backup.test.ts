/** `custos backup` and `restore`: taken while cameras are recorded, restored into an empty DATA, proven row by row. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { noLog, systemClock } from '../../src/base/index.ts';
import { logFiles } from '../../src/db/backup.ts';
import { openBeside } from '../../src/db/index.ts';
import { command as run } from '../support/ctl.ts';
import { type Caller, type Custos, startCustos, until } from '../support/custos.ts';

const boundMs = 90_000;

let home: string;
let custos: Custos;
let caller: Caller;
const path = (name: string) => join(home, name);

interface Row {
  id: string;
  path: string;
  digest: string;
  end_ms: number;
}

async function rowsIn(dataDir: string): Promise<Row[]> {
  await using db = await openBeside({ dataDir, log: noLog, clock: systemClock });
  const rows = await db.kysely
    .selectFrom('segment')
    .select(['id', 'path', 'digest', 'end_ms'])
    .orderBy('id')
    .execute();
  return rows.map((row) => ({ ...row, digest: Buffer.from(row.digest).toString('hex') }));
}

async function cameras(): Promise<{ id: string; status: string }[]> {
  return (await caller.must('GET', '/api/cameras')).items;
}

/** Pausing closes what is open, so that there are rows. */
async function closeSegments(): Promise<void> {
  const before = (await rowsIn(path('data'))).length;
  for (const { id } of await cameras())
    await caller.must('POST', `/api/cameras/${id}/pause`, { reason: 'to close a file' });
  await until(
    'paused cameras have their rows',
    async () => ((await rowsIn(path('data'))).length > before ? true : undefined),
    boundMs,
  );
  for (const { id } of await cameras()) await caller.must('POST', `/api/cameras/${id}/resume`, {});
  await until(
    'they are recorded again',
    async () => ((await cameras()).every((camera) => camera.status === 'recording') ? true : undefined),
    boundMs,
  );
}

const allRecorded = () =>
  until(
    'all cameras are recorded',
    async () => ((await cameras()).every((camera) => camera.status === 'recording') ? true : undefined),
    boundMs,
  );

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'custos-backup-'));
  custos = await startCustos({ dataDir: path('data'), args: ['--demo'] });
  const logins = JSON.parse(readFileSync(join(path('data'), 'demo-logins.json'), 'utf8')) as {
    name: string;
    password: string;
    persona: string;
  }[];
  caller = custos.caller();
  const { name, password } = logins.find(({ persona }) => persona === 'maintainer')!;
  await caller.signIn(name, password);
  await allRecorded();
  await closeSegments();
});
after(async () => {
  await custos?.[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

test('a backup is taken while cameras are recorded, and what is restored from it is what was there', async () => {
  const atBackup = await rowsIn(path('data'));
  assert.ok(atBackup.length > 0);
  const beganMs = Date.now();
  const taken = await run(['backup', path('copy'), '--with-footage-keys', '--data', path('data'), '--json']);
  assert.equal(taken.code, 0, taken.said);
  assert.equal(JSON.parse(taken.out).good, true);
  assert.equal((await stat(path('copy'))).mode & 0o777, 0o700);
  await allRecorded();
  await closeSegments();

  // Nothing was lost while it was taken: no camera has a gap from its beginning on but those that were ordered.
  for (const { id } of await cameras()) {
    const query = `from=${new Date(beganMs).toISOString()}&to=${new Date().toISOString()}`;
    const { gaps } = await caller.must('GET', `/api/cameras/${id}/timeline?${query}`);
    const causes = new Set(gaps.map(({ cause }: { cause: string }) => cause));
    for (const cause of causes) assert.ok(['paused', 'starting'].includes(cause as string), `${cause}`);
  }
  await custos.stop();
  const atEnd = await rowsIn(path('data'));
  assert.ok(atEnd.length > atBackup.length);

  // Another machine, to which the disk with the footage is brought.
  await mkdir(path('fresh'));
  await rename(join(path('data'), 'footage'), join(path('fresh'), 'footage'));
  const restored = await run(['restore', path('copy'), '--data', path('fresh'), '--json']);
  assert.equal(restored.code, 0, `${restored.said}${restored.out}`);
  const said = JSON.parse(restored.out);
  assert.deepEqual(said.ledger.findings, []);
  assert.ok(said.ledger.leaves > 0);
  const inRestored = await rowsIn(path('fresh'));
  assert.equal(said.segments, inRestored.length);
  const atEndById = new Map(atEnd.map((row) => [row.id, row]));
  for (const row of inRestored) assert.deepEqual(row, atEndById.get(row.id), 'a restored row is the row');
  for (const row of atBackup)
    assert.ok(
      inRestored.some(({ id }) => id === row.id),
      'what was there before is in it',
    );
  assert.ok(inRestored.length < atEnd.length, 'what came later is not in it');

  await using again = await startCustos({ dataDir: path('fresh') });
  const found = await until(
    'the survey finds the footage that is newer than the backup',
    async () => {
      const rows = await rowsIn(path('fresh'));
      return rows.length >= atEnd.length ? rows : undefined;
    },
    boundMs,
  );
  assert.deepEqual(
    found.map(({ id, digest }) => [id, digest]).filter(([id]) => atEndById.has(id as string)),
    atEnd.map(({ id, digest }) => [id, digest]),
  );
  await again.stop();
  const examined = await run(['fsck', '--ledger', '--data', path('fresh'), '--json']);
  assert.equal(examined.code, 0, `${examined.said}${examined.out}`);
});

test('a backup is whole or refused, and never written over anything', async () => {
  const refusal = async (args: string[], pattern: RegExp) => {
    const { code, said } = await run(args);
    assert.equal(code, 2, said);
    assert.match(said, pattern);
  };
  await refusal(['restore', path('copy'), '--data', path('fresh')], /already/);
  await refusal(['backup', path('copy'), '--data', path('data')], /not empty/);
  await refusal(['restore', path('nothing'), '--data', path('other')], /no whole backup/);
  await refusal(['backup'], /needs one folder/);
  await cp(path('copy'), path('bent'), { recursive: true });
  const [table] = (await readdir(join(path('bent'), 'pg', 'base', '1'))).filter((name) => /^\d+$/.test(name));
  const bytes = readFileSync(join(path('bent'), 'pg', 'base', '1', table as string));
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  await writeFile(join(path('bent'), 'pg', 'base', '1', table as string), bytes);
  await refusal(['restore', path('bent'), '--data', path('other')], /is not what was backed up/);
  assert.deepEqual(await readdir(path('other')), [], 'nothing is left of what was refused');
  const list = JSON.parse(readFileSync(join(path('bent'), 'backup.json'), 'utf8'));
  list.files[0].path = '../../etc/passwd';
  await writeFile(join(path('bent'), 'backup.json'), JSON.stringify(list));
  await refusal(['restore', path('bent'), '--data', path('other')], /names a file that no backup has/);
});

test('the keys of the footage are not in a backup unless they are named', async () => {
  const { code, out } = await run(['backup', path('plain'), '--data', path('data')]);
  assert.equal(code, 0);
  assert.match(out, /keys of the footage .* are not in it/);
  const names = await readdir(join(path('plain'), 'keys'));
  assert.ok(names.includes('ledger.key') && !names.includes('footage'), names.join());
  assert.ok((await readdir(join(path('copy'), 'keys'))).includes('footage'));
});

test('the names of the log follow each other over the end of a number', () => {
  assert.deepEqual(logFiles('0000000100000001000000FE', '000000010000000200000001', 16 * 2 ** 20), [
    '0000000100000001000000FE',
    '0000000100000001000000FF',
    '000000010000000200000000',
    '000000010000000200000001',
  ]);
});
