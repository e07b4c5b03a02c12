/** Footage that moves into a bucket: a real S3 server, real cameras, a kill at each step, and a bucket that goes away. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { newId, noLog, systemClock } from '../../src/base/index.ts';
import { putObject } from '../../src/engine/bucket/objects.ts';
import { deleteObject, listObjects, Wire } from '../../src/engine/index.ts';
import { Archive, bucketShelf, makeDays } from '../../src/store/index.ts';
import { until } from '../support/custos.ts';
import { callerWith, type TestCaller } from '../support/edge.ts';
import { type House, openHouse } from '../support/house.ts';
import { type Gateway, noCeph, startGateway } from '../support/rgw.ts';

const skip = noCeph() ?? false;
let gateway: Gateway;
let house: House;
let camera: string;
let administrator: TestCaller;
let approver: TestCaller;
let volumeId: string;

before(async () => {
  if (skip !== false) return;
  [gateway, house] = await Promise.all([startGateway(), openHouse()]);
  camera = await house.add(house.demo.cameras[0]!);
  administrator = await callerWith(house, 'administrator');
  approver = await callerWith(house, 'approver');
  for (const [name, lock] of [
    ['footage', false],
    ['locked', true],
  ] as const) {
    using wire = wireTo(name);
    const headers = lock ? { 'x-amz-bucket-object-lock-enabled': 'true' } : {};
    await wire.ask({ method: 'PUT', doing: 'write', key: null, headers, mostBytes: 65_536 });
  }
});
after(async () => {
  await house?.[Symbol.asyncDispose]();
  await gateway?.[Symbol.asyncDispose]();
});

const targetOf = (bucket: string) => ({
  endpoint: gateway.http,
  region: 'us-east-1',
  bucket,
  prefix: 'custos',
  style: 'path' as const,
  accessKeyId: gateway.accessKeyId,
  ca: null,
});
const wireTo = (bucket: string): Wire =>
  new Wire({ ...targetOf(bucket), secretKey: gateway.secretKey }, systemClock);

async function objectsIn(bucket: string): Promise<string[]> {
  using wire = wireTo(bucket);
  const found: string[] = [];
  for await (const { path } of listObjects(wire)) found.push(path);
  return found;
}

const ledgerOf = async (action: string) =>
  house.db.kysely.selectFrom('ledger').selectAll().where('action', '=', action).orderBy('seq').execute();

const filesHere = async (): Promise<string[]> =>
  (await readdir(join(house.dataDir, 'footage'), { recursive: true })).filter((name) =>
    name.endsWith('.cvs'),
  );

async function timeline() {
  const { orderedMs } = house.cameras.require(camera);
  const query = new URLSearchParams({
    from: new Date(orderedMs).toISOString(),
    to: new Date(systemClock.wallMs()).toISOString(),
  });
  const answer = await approver.call('GET', `/api/cameras/${camera}/timeline?${query}`);
  assert.equal(answer.status, 200, JSON.stringify(answer.json));
  return answer.json as {
    spans: { from: string; to: string }[];
    gaps: { from: string; to: string; cause: string; detail: Record<string, string> }[];
  };
}

/** The whole of what was recorded in a span, as the file a person downloads. */
async function footageDigest(
  fromMs: number,
  toMs: number,
): Promise<{ status: number; digest: string; ms: number }> {
  const [from, to] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()];
  const opened = await approver.call('POST', '/api/views', {
    camera,
    kind: 'playback',
    from,
    to,
    purpose: 'test',
  });
  assert.equal(opened.status, 200, JSON.stringify(opened.json));
  const beganMs = performance.now();
  const answer = await fetch(`${house.url}${opened.json.url}/footage.mp4`, {
    headers: { cookie: approver.cookie },
  });
  const bytes = Buffer.from(await answer.arrayBuffer());
  const list = await fetch(`${house.url}${opened.json.url}/index.m3u8`, {
    headers: { cookie: approver.cookie },
  });
  if (answer.status === 200) assert.match(await list.text(), /#EXTINF/);
  return { status: answer.status, digest: sha256(bytes), ms: performance.now() - beganMs };
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

test('a bucket is added by a person once it was tried; its secret is sealed and never comes out', {
  skip,
}, async () => {
  const target = targetOf('footage');
  const given = { ...target, name: 'Bucket 1', moveAfterDays: 3660, secret: gateway.secretKey };
  const watcher = await callerWith(house, 'watcher');
  assert.equal((await watcher.call('POST', '/api/buckets', given)).status, 403);
  const wrong = await administrator.call('POST', '/api/buckets', { ...given, secret: 'wrong' });
  assert.equal(wrong.status, 422);
  assert.equal(wrong.json.code, 'bucket.unusable');
  const locked = await administrator.call('POST', '/api/buckets', { ...given, lockMode: 'compliance' });
  assert.equal(locked.json.code, 'bucket.lock');
  const tried = await administrator.call('POST', '/api/buckets/test', {
    ...target,
    secret: gateway.secretKey,
  });
  assert.deepEqual(tried.json, { ok: true, problem: null, hasLock: false });
  const added = await administrator.call('POST', '/api/buckets', given);
  assert.equal(added.status, 200, JSON.stringify(added.json));
  assert.equal(added.json.problem, null);
  volumeId = added.json.id;
  const twice = await administrator.call('POST', '/api/buckets', { ...given, name: 'Bucket 2' });
  assert.equal(twice.json.code, 'bucket.twice');
  const elsewhere = { ...target, endpoint: 'http://127.0.0.1:9', like: volumeId };
  const lent = await administrator.call('POST', '/api/buckets/test', elsewhere);
  assert.equal(lent.json.code, 'bucket.secret-again', 'a stored secret is not sent to another host');
  const again = await administrator.call('POST', '/api/buckets/test', { ...target, like: volumeId });
  assert.equal(again.json.ok, true);
  const seen = [
    JSON.stringify((await administrator.call('GET', '/api/buckets')).json),
    JSON.stringify(await house.db.kysely.selectFrom('ledger').selectAll().execute()),
    ...(await house.db.kysely.selectFrom('bucket').selectAll().execute()).map((row) =>
      Buffer.from(row.secret_sealed).toString('latin1'),
    ),
  ];
  for (const text of seen) assert.ok(!text.includes(gateway.secretKey));
  assert.ok((await ledgerOf('storage.configure')).some((row) => row.subject_id === volumeId));
});

async function changed(changes: Record<string, unknown>) {
  const [before] = (await administrator.call('GET', '/api/buckets')).json.items;
  const { id: _, problem: _p, away: _a, can: _c, segments: _s, bytes: _b, hasLock: _h, ...fields } = before;
  const answer = await administrator.call('PUT', `/api/buckets/${volumeId}`, { ...fields, ...changes });
  assert.equal(answer.status, 200, JSON.stringify(answer.json));
  return answer.json;
}

/** The camera is recorded no more, and all that was recorded of it has its row. */
async function pauseAndClose(): Promise<void> {
  const answer = await administrator.call('POST', `/api/cameras/${camera}/pause`, { reason: 'test' });
  assert.equal(answer.status, 200, JSON.stringify(answer.json));
  await house.until(
    () =>
      house.facts.some((fact) => fact.kind === 'segment-closed') &&
      !house.keeper.freshOf(camera).some((segment) => segment.open),
    'every segment is closed',
  );
  assert.ok(await house.keeper.written(10_000));
}

let recordedMs: { fromMs: number; toMs: number };

test('segments that are old enough move: the same timeline and the same bytes, and the files here are gone', {
  skip,
}, async () => {
  const heard = () => (house.keeper.recordedUntilMs(camera) ?? 0) - house.cameras.require(camera).orderedMs;
  await house.until(() => heard() > 8_000, 'eight seconds are recorded', 40_000);
  await pauseAndClose();
  const before = await timeline();
  const span = before.spans[0]!;
  recordedMs = { fromMs: Date.parse(span.from), toMs: Date.parse(span.to) };
  const here = await footageDigest(recordedMs.fromMs, recordedMs.toMs);
  assert.equal(here.status, 200);
  const files = await filesHere();
  assert.ok(files.length >= 1);
  await changed({ moveAfterDays: 0 });
  assert.equal((await house.archive.pass()).segments, 0, 'what was just recorded stays a while');
  house.clock.aheadMs = 6 * 60_000;
  const moved = await house.archive.pass();
  assert.equal(moved.segments, files.length);
  assert.deepEqual(await filesHere(), []);
  assert.deepEqual((await objectsIn('footage')).sort(), files.sort());
  const { spans } = await timeline();
  assert.equal(spans[0]?.from, span.from);
  // The last picture's end is known a moment after the pause that cut it.
  const settledMs = Date.parse(spans[0]?.to ?? '') - recordedMs.toMs;
  assert.ok(Math.abs(settledMs) < 100, `the span ends ${settledMs} ms later`);
  const there = await footageDigest(recordedMs.fromMs, recordedMs.toMs);
  assert.deepEqual([there.status, there.digest], [200, here.digest]);
  const entries = await ledgerOf('segment.moved');
  assert.equal(entries.length, 1);
  assert.equal((entries[0]!.detail as { segments: string[] }).segments.length, files.length);
  const volumes = await house.db.kysely.selectFrom('volume').select(['id', 'segments', 'bytes']).execute();
  assert.deepEqual(volumes.find(({ id }) => id === volumeId)?.segments, files.length);
  assert.deepEqual(
    volumes.find(({ id }) => id === 'footage'),
    { id: 'footage', segments: 0, bytes: 0 },
  );
});

test('a bucket tells by itself what is in it: the index could be made anew from it', { skip }, async () => {
  const stored = await house.db.kysely
    .selectFrom('segment')
    .selectAll()
    .where('volume_id', '=', volumeId)
    .orderBy('start_ms')
    .execute();
  using wire = wireTo('footage');
  await putObject(wire, 'not/ours.txt', Buffer.from('x'));
  const volume = { id: volumeId, path: 's3://' };
  const { segments, damaged } = await house.engine.survey(volume, { sinceMs: 0, repair: true, known: [] });
  assert.deepEqual(
    segments.map((one) => [one.id, one.digest, one.path, one.bytes]).sort(),
    stored.map((row) => [row.id, Buffer.from(row.digest).toString('hex'), row.path, row.bytes]).sort(),
  );
  assert.deepEqual(damaged, [{ path: 'not/ours.txt', why: 'not a recording of Custos' }]);
  await deleteObject(wire, 'not/ours.txt');
});

test('a bucket that goes away takes its own footage along and nothing else; back, it is there again', {
  skip,
}, async () => {
  assert.equal((await administrator.call('POST', `/api/cameras/${camera}/resume`, {})).status, 200);
  await gateway.kill();
  await house.buckets.look();
  const { spans, gaps } = await timeline();
  const away = gaps.find((gap) => gap.cause === 'bucket-away');
  assert.deepEqual(away?.detail, { name: 'Bucket 1' });
  assert.ok(
    Math.abs(Date.parse(away!.from) - recordedMs.fromMs) < 2 && !spans.some((one) => one.from === away!.from),
  );
  const [shown] = (await administrator.call('GET', '/api/buckets')).json.items;
  assert.equal(shown.problem.code, 'no-answer');
  assert.equal((await house.archive.pass()).segments, 0);
  const resumedMs = systemClock.wallMs();
  await house.until(
    () => (house.keeper.recordedUntilMs(camera) ?? 0) > resumedMs + 1_000,
    'recording goes on',
    60_000,
  );
  const nothing = await footageDigest(recordedMs.fromMs, recordedMs.toMs);
  assert.equal(nothing.status, 404);
  await gateway.start();
  await house.buckets.look();
  assert.ok(!(await timeline()).gaps.some((gap) => gap.cause === 'bucket-away'));
  assert.equal((await footageDigest(recordedMs.fromMs, recordedMs.toMs)).status, 200);
  const said = [...(await ledgerOf('volume.away')), ...(await ledgerOf('volume.back'))];
  assert.deepEqual(
    said.map((row) => [row.action, row.subject_id]),
    [
      ['volume.away', volumeId],
      ['volume.back', volumeId],
    ],
  );
  // From here on only what a test plants is there to be moved.
  await pauseAndClose();
  await house.archive.pass();
  assert.deepEqual(await filesHere(), []);
});

/** A file of footage as the index knows it, without a camera having sent it. */
async function plant(startMs: number, bytes: number): Promise<{ id: string; path: string; digest: string }> {
  const id = newId('seg', startMs);
  const path = `${camera}.sub/${new Date(startMs).toISOString().slice(0, 10)}/${startMs}-${id}.cvs`;
  const content = randomBytes(bytes);
  const full = join(house.dataDir, 'footage', path);
  await mkdir(dirname(full), { recursive: true });
  await writeFile(full, content);
  await makeDays(house.db.kysely, [startMs]);
  const nothing = {
    start_ticks: 0,
    duration_ticks: 0,
    parts: 1,
    pictures: 1,
    packets_lost: 0,
    damaged_pictures: 0,
  };
  await house.db.kysely
    .insertInto('segment')
    .values({
      ...{
        id,
        path,
        bytes,
        ...nothing,
        camera_id: camera,
        stream: 'sub',
        start_ms: startMs,
        end_ms: startMs + 60_000,
      },
      ...{ volume_id: 'footage', run: 'run_test', codec: 'avc1', width: 1, height: 1 },
      digest: createHash('sha256').update(content).digest(),
    })
    .execute();
  return { id, path, digest: sha256(content) };
}

test('killed at each step, the next start finishes the move, and no byte is ever nowhere', {
  skip,
}, async () => {
  const dir = await mkdtemp(join(tmpdir(), 'custos-move-'));
  const child = (killAt: string) =>
    new Promise<{ signal: string | null; said: string }>((resolve) => {
      const script = join(import.meta.dirname, '../support/archive-child.ts');
      const args = [script, house.db.url, dir, join(house.dataDir, 'keys'), killAt];
      execFile(process.execPath, args, { timeout: 60_000 }, (error, said, wrong) =>
        resolve({ signal: (error?.signal as string | undefined) ?? null, said: said + wrong }),
      );
    });
  const where = async (id: string) =>
    (
      await house.db.kysely
        .selectFrom('segment')
        .select('volume_id')
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
    ).volume_id;
  const rows = async () =>
    (await house.db.kysely.selectFrom('moved_file').selectAll().execute()).map((row) => row.path);
  let startMs = systemClock.wallMs() - 3 * 86_400_000;
  for (const step of ['carried', 'rowed', 'unlinked']) {
    startMs += 3_600_000;
    const one = await plant(startMs, 9_000_000);
    const full = join(house.dataDir, 'footage', one.path);
    const killed = await child(step);
    assert.equal(killed.signal, 'SIGKILL', `${step}: ${killed.said}`);
    assert.ok((await objectsIn('footage')).includes(one.path), 'it lies in the bucket in every case');
    assert.equal(existsSync(full), step !== 'unlinked');
    assert.equal(await where(one.id), step === 'carried' ? 'footage' : volumeId);
    assert.deepEqual(await rows(), step === 'carried' ? [] : [one.path]);
    const next = await child('never');
    assert.equal(next.signal, null, next.said);
    assert.equal(await where(one.id), volumeId);
    assert.ok(!existsSync(full));
    assert.deepEqual(await rows(), []);
  }
  await rm(dir, { recursive: true, force: true });
});

test('a segment whose row went while it was carried leaves nothing in the bucket', { skip }, async () => {
  const one = await plant(systemClock.wallMs() - 86_400_000, 100_000);
  const { db, engine, buckets, clock } = house;
  const carried: string[] = [];
  await using archive = new Archive({
    ...{ db, engine, buckets, clock, log: noLog },
    step: async (step, path) => {
      if (step === 'carried') carried.push(path);
      await db.kysely.deleteFrom('segment').where('id', '=', one.id).execute();
    },
  });
  assert.equal((await archive.pass()).segments, 0);
  assert.deepEqual(carried, [one.path]);
  assert.ok(!(await objectsIn('footage')).includes(one.path));
  assert.ok(existsSync(join(house.dataDir, 'footage', one.path)), 'what has no row is not ours to delete');
  await rm(join(house.dataDir, 'footage', one.path));
});

test('a file that is not what the index says stays where it is, and so does its row', { skip }, async () => {
  const one = await plant(systemClock.wallMs() - 86_400_000, 100_000);
  const full = join(house.dataDir, 'footage', one.path);
  await writeFile(full, randomBytes(100_000));
  assert.equal((await house.archive.pass()).segments, 0);
  assert.ok(existsSync(full));
  assert.ok(!(await objectsIn('footage')).includes(one.path));
  await house.db.kysely.deleteFrom('segment').where('id', '=', one.id).execute();
});

test('above its mark a folder is relieved of its oldest segments, and of no more', { skip }, async () => {
  await changed({ moveAfterDays: null, moveAbovePercent: 50 });
  const nowMs = systemClock.wallMs();
  const planted = [];
  for (let day = 8; day > 0; day--) planted.push(await plant(nowMs - day * 86_400_000, 1_000_000));
  await house.db.kysely
    .updateTable('volume')
    .set({ bytes: 8_000_000, segments: 8, limit_bytes: 10_000_000 })
    .where('id', '=', 'footage')
    .execute();
  const disk = await house.archive.pass();
  const moved = await house.db.kysely
    .selectFrom('segment')
    .select('id')
    .where('volume_id', '=', volumeId)
    .where(
      'id',
      'in',
      planted.map(({ id }) => id),
    )
    .orderBy('start_ms')
    .execute();
  assert.equal(disk.segments, moved.length);
  // A disk of the machine that is itself fuller than the mark moves everything.
  assert.ok(moved.length === 8 || moved.length === 4, `${moved.length} moved`);
  assert.deepEqual(
    moved.map(({ id }) => id),
    planted.slice(0, moved.length).map(({ id }) => id),
  );
  await house.db.kysely
    .updateTable('volume')
    .set({ limit_bytes: null })
    .where('id', '=', 'footage')
    .execute();
  await changed({ moveAfterDays: 0, moveAbovePercent: null });
});

test('in a bucket that locks, each segment is locked until its earliest deletion; the reaper is told the day', {
  skip,
}, async () => {
  const site = house.cameras.require(camera).siteId;
  await house.db.kysely
    .insertInto('retention')
    .values({ site_id: site, settled: new Date(), settled_by: 'test', gives_way: true })
    .onConflict((conflict) => conflict.column('site_id').doNothing())
    .execute();
  await changed({ moveAfterDays: null });
  const added = await administrator.call('POST', '/api/buckets', {
    ...targetOf('locked'),
    ...{ name: 'Locked', lockMode: 'compliance', moveAfterDays: 0, secret: gateway.secretKey },
  });
  assert.equal(added.status, 200, JSON.stringify(added.json));
  const one = await plant(systemClock.wallMs() - 86_400_000, 100_000);
  await house.archive.pass();
  assert.ok((await objectsIn('locked')).includes(one.path));
  using wire = wireTo('locked');
  const shelf = bucketShelf(wire);
  await assert.rejects(shelf.remove(one.path), /locked by the storage until \d{4}-\d\d-\d\d/);
  await assert.rejects(
    deleteObject(wire, one.path),
    (error: { problem: { values: { untilMs: number } } }) => {
      const days = (error.problem.values.untilMs - systemClock.wallMs()) / 86_400_000;
      assert.ok(days > 28 && days < 31, `${days} days: the law's floor of 30 from the day before`);
      return true;
    },
  );
  assert.equal(await shelf.hasAny(`${camera}.sub`, one.path.split('/')[1]!), true);
});

test('a bucket that holds footage cannot be removed or pointed elsewhere; an empty one is, and its secret goes', {
  skip,
}, async () => {
  const held = await administrator.call('DELETE', `/api/buckets/${volumeId}`, { reason: 'no more' });
  assert.equal(held.json.code, 'bucket.holds');
  using wire = wireTo('empty-one');
  await wire.ask({ method: 'PUT', doing: 'write', key: null, mostBytes: 65_536 });
  const added = await administrator.call('POST', '/api/buckets', {
    ...targetOf('empty-one'),
    ...{ name: 'Empty', secret: gateway.secretKey },
  });
  const removed = await administrator.call('DELETE', `/api/buckets/${added.json.id}`, { reason: 'no more' });
  assert.equal(removed.status, 200, JSON.stringify(removed.json));
  const row = await house.db.kysely
    .selectFrom('bucket')
    .select('secret_sealed')
    .where('volume_id', '=', added.json.id)
    .executeTakeFirstOrThrow();
  assert.equal(row.secret_sealed.length, 0);
  await until('it is listed no more', async () => {
    const { items } = (await administrator.call('GET', '/api/buckets')).json;
    return items.some((each: { name: string }) => each.name === 'Empty') ? undefined : true;
  });
});
