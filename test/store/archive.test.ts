/** Footage that moves into a bucket: a real S3 server, real cameras, a kill at each step, and a bucket that goes away. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { Temporal } from 'temporal-polyfill';
import { machineUptime, newId, noLog, systemClock } from '../../src/base/index.ts';
import { fill, gapCauses } from '../../src/contract/index.ts';
import { lockUntil } from '../../src/engine/bucket/index.ts';
import { putObject } from '../../src/engine/bucket/objects.ts';
import { deleteObject, KeyRing, listObjects, Wire } from '../../src/engine/index.ts';
import { ownDisks } from '../../src/store/disks.ts';
import { Archive, bucketShelf, makeDays, Reaper } from '../../src/store/index.ts';
import { makeClip } from '../engine/mp4/clips.ts';
import { record } from '../engine/segment/record.ts';
import { until } from '../support/custos.ts';
import { testDatabase } from '../support/database.ts';
import { callerWith, type TestCaller, viewerWith } from '../support/edge.ts';
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
  approver = await viewerWith(house, 'approver');
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
    forWhom: 'a test',
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
  const { port } = new URL(gateway.http);
  const { name, awayWhy, ...values } = away?.detail ?? {};
  assert.deepEqual([name, awayWhy, String(values.port)], ['Bucket 1', 'no-answer', port]);
  assert.match(
    fill(gapCauses['bucket-away'].en, away!.detail),
    /Bucket 1.*now: Nothing answers at \S+:\d+\./,
  );
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
  await saysWhatIsAway();
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
  await saysThatTheKeyWasTakenBack();
  // From here on only what a test plants is there to be moved.
  await pauseAndClose();
  await house.archive.pass();
  assert.deepEqual(await filesHere(), []);
});

/** The storage takes the access key back: said by its own sentence, nothing moves, nothing is lost. */
async function saysThatTheKeyWasTakenBack(): Promise<void> {
  const before = {
    digest: await footageDigest(recordedMs.fromMs, recordedMs.toMs),
    objects: await objectsIn('footage'),
  };
  await gateway.admin('user', 'suspend', '--uid=custos');
  await house.buckets.look();
  const [shown] = (await administrator.call('GET', '/api/buckets')).json.items;
  assert.equal(shown.problem.code, 'expired-credential');
  const gap = (await timeline()).gaps.find(({ cause }) => cause === 'bucket-away');
  assert.match(
    fill(gapCauses['bucket-away'].zh, gap!.detail),
    /Bucket 1，目前无法访问：访问密钥已过期或被停用/,
  );
  assert.equal((await house.archive.pass()).segments, 0);
  assert.equal((await footageDigest(recordedMs.fromMs, recordedMs.toMs)).status, 404);
  await gateway.admin('user', 'enable', '--uid=custos');
  await house.buckets.look();
  assert.ok(!(await timeline()).gaps.some(({ cause }) => cause === 'bucket-away'));
  assert.deepEqual(await objectsIn('footage'), before.objects);
  assert.equal((await footageDigest(recordedMs.fromMs, recordedMs.toMs)).digest, before.digest.digest);
}

/** Every figure of the camera's recordings, while its bucket does not answer: kept, not lost, and not to be had now. */
async function saysWhatIsAway(): Promise<void> {
  const { fromMs, toMs } = recordedMs;
  const span = `from=${new Date(fromMs).toISOString()}&to=${new Date(toMs).toISOString()}`;
  const covered = (await approver.call('GET', `/api/cameras/${camera}/coverage?${span}`)).json;
  assert.ok(Math.abs(covered.awayMs - (toMs - fromMs)) < 100, JSON.stringify(covered));
  assert.deepEqual([covered.missingMs, covered.causes, covered.coverage], [0, [], 1]);
  assert.equal(covered.recordedMs + covered.awayMs + covered.servedMs + covered.missingMs, covered.wholeMs);
  const { siteId } = house.cameras.require(camera);
  const zone = 'Asia/Shanghai';
  const day = Temporal.Instant.fromEpochMilliseconds(Math.floor(fromMs))
    .toZonedDateTimeISO(zone)
    .toPlainDate();
  const month = day.toPlainYearMonth().toString();
  for (const timeZone of [zone, 'Pacific/Chatham']) {
    const query = `month=${month}&timeZone=${encodeURIComponent(timeZone)}`;
    const { days } = (await approver.call('GET', `/api/cameras/${camera}/calendar?${query}`)).json;
    const sum = (field: 'seconds' | 'awaySeconds') =>
      days.reduce((all: number, one: Record<string, number>) => all + one[field]!, 0);
    assert.ok(Math.abs(sum('awaySeconds') - (toMs - fromMs) / 1000) <= 2, JSON.stringify(days));
    assert.ok(sum('seconds') >= sum('awaySeconds'), 'what is away is recorded all the same');
  }
  const { items } = (await approver.call('GET', `/api/calendar?month=${month}&site=${siteId}`)).json;
  const [mine] = items.filter((one: { camera: string }) => one.camera === camera);
  assert.deepEqual(mine.away, [day.day]);
  const { json } = await administrator.call('GET', `/api/sites/${siteId}/completeness?month=${month}`);
  assert.ok(json.report?.awayMs > 0, JSON.stringify(json));
  const missing = (await approver.call('GET', `/api/gaps?${span}`)).json.items;
  const [told] = missing.filter((one: { camera: string }) => one.camera === camera);
  assert.ok(Math.abs(told.awayS - (toMs - fromMs) / 1000) < 0.1, JSON.stringify(told));
  assert.equal(told.lostS, 0, 'what is away is not lost');
  assert.ok(!json.report.causes.some((one: { cause: string }) => one.cause === 'bucket-away'));
}

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
    ...{ db, engine, buckets, disks: ownDisks, clock, log: noLog },
    step: async (step, path) => {
      if (step === 'carried') carried.push(path);
      await db.kysely.deleteFrom('segment').where('id', '=', one.id).execute();
    },
  });
  await archive.pass();
  assert.ok(carried.includes(one.path));
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

/** A row of the index whose object lies in a bucket; `stored` null: there is none. */
async function plantIn(volume: string, bucket: string, startMs: number, stored: Buffer | null) {
  const one = await plant(startMs, 20_000);
  const full = join(house.dataDir, 'footage', one.path);
  const content = await readFile(full);
  await rm(full);
  await house.db.kysely.updateTable('segment').set({ volume_id: volume }).where('id', '=', one.id).execute();
  using wire = wireTo(bucket);
  if (stored !== null) await putObject(wire, one.path, stored.length > 0 ? stored : content);
  return { ...one, content };
}
const asItIs = Buffer.alloc(0);

test('what a bucket locks is not deleted, which the certificate says with its day; after it, it is', {
  skip,
}, async () => {
  const { volume_id: locked } = await house.db.kysely
    .selectFrom('bucket')
    .select('volume_id')
    .where('bucket', '=', 'locked')
    .executeTakeFirstOrThrow();
  using wire = wireTo('locked');
  const startMs = systemClock.wallMs() - 40 * 86_400_000;
  const kept = await plantIn(locked, 'locked', startMs, asItIs);
  const gone = await plantIn(locked, 'locked', startMs + 60_000, null);
  const untilMs = Math.ceil((systemClock.wallMs() + 6_000) / 1000) * 1000;
  await lockUntil(wire, kept.path, { mode: 'compliance', untilMs });
  await using reaper = new Reaper({
    ...{ db: house.db, clock: systemClock, log: noLog, keys: null, isFresh: () => false },
    uptime: machineUptime,
    ...{ shelfOf: async () => bucketShelf(wire), volumeIds: async () => [locked] },
  });
  const auditor = await callerWith(house, 'auditor');
  const certificate = async () => {
    const { items } = (await auditor.call('GET', '/api/certificates')).json;
    return items.find((one: { day: string }) => one.day === new Date(startMs).toISOString().slice(0, 10));
  };
  await reaper.pass();
  const refused = await certificate();
  assert.deepEqual([refused.state, refused.count, refused.problem.code], ['ordered', 2, 'locked']);
  assert.equal(refused.problem.values.untilMs, untilMs);
  assert.equal(Date.parse(refused.again), untilMs);
  assert.ok((await objectsIn('locked')).includes(kept.path), 'and there it is');
  const tries = async () =>
    (
      await house.db.kysely
        .selectFrom('certificate')
        .select('tries')
        .where('id', '=', refused.id)
        .executeTakeFirstOrThrow()
    ).tries;
  await reaper.pass();
  assert.ok(systemClock.wallMs() > untilMs || (await tries()) === 1, 'nobody asks before the lock is over');
  await until('the lock is over and it is gone', async () => {
    await reaper.pass();
    return (await certificate()).state === 'done' ? true : undefined;
  });
  const done = (await auditor.call('GET', `/api/certificates/${refused.id}`)).json;
  assert.deepEqual([done.problem, done.trouble, done.again], [null, null, null]);
  assert.deepEqual(done.missing, [gone.id], 'what was not there when its day came is not said to be deleted');
  assert.ok(!(await objectsIn('locked')).includes(kept.path));
});

interface Fsck {
  readonly code: number;
  readonly segments: number;
  readonly bytes: number;
  readonly digested: number;
  readonly files: number;
  readonly cameras: number;
  readonly findings: { what: string; path: string; why?: string; where?: string[] }[];
  readonly unreadable: { path: string; why: string }[];
}

function fsck(at: { data: string; url: string }, ...args: string[]): Promise<Fsck> {
  const script = join(import.meta.dirname, '../../src/ctl.ts');
  const env = { PATH: process.env.PATH, HOME: '/', LANG: 'C.UTF-8', DATABASE_URL: at.url };
  return new Promise((resolve, reject) =>
    execFile(
      process.execPath,
      [script, 'fsck', '--data', at.data, ...args, '--json'],
      { env, timeout: 120_000 },
      (error, out, said) => {
        if (!out.startsWith('{')) reject(new Error(`${error?.code} ${out} ${said}`));
        else resolve({ code: error ? Number(error.code) : 0, ...JSON.parse(out) });
      },
    ),
  );
}

const inBuckets = ({ findings }: Fsck) =>
  findings
    .filter(({ path }) => path.startsWith('s3://'))
    .map(({ what, path }) => `${what} ${path.slice(path.indexOf('/custos') + 8)}`)
    .sort();

test('fsck names what of a bucket is missing, short, changed, unknown or foreign, at the depth that sees it', {
  skip,
}, async () => {
  const nowMs = systemClock.wallMs();
  const house_ = { data: house.dataDir, url: house.db.url };
  const at = (hours: number) => nowMs - 86_400_000 - hours * 3_600_000;
  const missing = await plantIn(volumeId, 'footage', at(1), null);
  const short = await plantIn(volumeId, 'footage', at(2), randomBytes(19_999));
  const changedOne = await plantIn(volumeId, 'footage', at(3), randomBytes(20_000));
  await plantIn(volumeId, 'footage', at(4), asItIs);
  using wire = wireTo('footage');
  const unknown = `${camera}.sub/2026-01-02/1767312000000-${newId('seg', 1_767_312_000_000)}.cvs`;
  await putObject(wire, unknown, randomBytes(100));
  await putObject(wire, 'notes/read me.txt', randomBytes(10));
  const before = await objectsIn('footage');
  const always = ['foreign notes', `missing ${missing.path}`, `unknown ${unknown}`];
  const [present, size, digest] = [
    await fsck(house_, '--depth', 'present', '--fast'),
    await fsck(house_, '--depth', 'size', '--fast'),
    await fsck(house_, '--depth', 'digest', '--fast'),
  ];
  assert.deepEqual(inBuckets(present), always.toSorted());
  assert.deepEqual(inBuckets(size), [...always, `short ${short.path}`].sort());
  assert.deepEqual(inBuckets(digest), [...always, `short ${short.path}`, `digest ${changedOne.path}`].sort());
  assert.equal(present.code, 1);
  const { rows } = { rows: await house.db.kysely.selectFrom('segment').select('bytes').execute() };
  assert.equal(digest.segments, rows.length);
  assert.ok(digest.bytes > 9_000_000, 'every byte was read over the line');
  assert.deepEqual(await objectsIn('footage'), before, 'nothing is deleted for not being known');
  await gateway.kill();
  const away = await fsck(house_, '--depth', 'present', '--fast');
  assert.deepEqual(
    away.findings.filter(({ path }) => path.startsWith('s3://')).map(({ what }) => what),
    ['volume', 'volume'],
    'a bucket that does not answer is one finding',
  );
  assert.ok(away.findings.some(({ why }) => /answer/.test(why ?? '')));
  await gateway.start();
  await house.buckets.look();
  for (const path of [unknown, 'notes/read me.txt', short.path, changedOne.path])
    await deleteObject(wire, path);
  await house.db.kysely
    .deleteFrom('segment')
    .where('id', 'in', [missing.id, short.id, changedOne.id])
    .execute();
});

test('the whole index comes back from a bucket alone, and a digest proves it later', { skip }, async () => {
  const dir = await mkdtemp(join(tmpdir(), 'custos-rebuild-'));
  await using db = await testDatabase();
  const at = { data: join(dir, 'data'), url: db.url };
  const ring = await KeyRing.open({
    ...{ dir: join(at.data, 'keys', 'footage'), master: { kind: 'file' }, clock: systemClock },
  });
  const found = newId('cam');
  const startMs = Date.UTC(2026, 9, 1, 12);
  const key = await ring.toSeal(`${found}.main`, '2026-10-01');
  const clip = makeClip({ seconds: 6, gop: 50, size: '160x120' });
  const written = record({ id: 'x', path: dir }, clip, {
    ...{ startMs, seconds: 36, segmentSeconds: 6, cameraId: found, keyOf: () => key },
  });
  using wire = new Wire(
    { ...targetOf('rebuilt'), prefix: 'unit/a', secretKey: gateway.secretKey },
    systemClock,
  );
  await wire.ask({ method: 'PUT', doing: 'write', key: null, mostBytes: 65_536 });
  // The last was not closed when it was carried there by somebody's hand.
  for (const [i, { path, bytes, endAt }] of written.entries())
    await putObject(wire, path, i === written.length - 1 ? bytes.subarray(0, endAt) : bytes);
  await putObject(wire, `${found}.main/2026-10-01/1-seg_nothing.cvs`, randomBytes(5_000));
  const file = join(dir, 'bucket.json');
  const { accessKeyId, endpoint } = targetOf('rebuilt');
  const target = { endpoint, bucket: 'rebuilt', prefix: 'unit/a', accessKeyId, secretKey: gateway.secretKey };
  await writeFile(file, JSON.stringify(target), { mode: 0o644 });
  await assert.rejects(fsck(at, '--rebuild', '--bucket', file), /chmod 600/);
  await writeFile(join(dir, 'closed.json'), JSON.stringify(target), { mode: 0o600 });
  const made = await fsck(at, '--rebuild', '--bucket', join(dir, 'closed.json'));
  assert.equal(made.segments, written.length, JSON.stringify(made));
  assert.equal(made.cameras, 1);
  assert.deepEqual(
    made.unreadable.map(({ path }) => path.slice(path.indexOf('/unit/'))),
    [`/unit/a/${found}.main/2026-10-01/1-seg_nothing.cvs`],
  );
  const rows = await db.kysely.selectFrom('segment').selectAll().orderBy('start_ms').execute();
  assert.deepEqual(
    rows.map((row) => [row.id, row.path, row.bytes, row.start_ms]),
    written.map((one, i) => [
      ...[one.id, one.path, i === written.length - 1 ? one.endAt : one.bytes.length],
      Math.round(one.startMs),
    ]),
  );
  const again = await fsck(at, '--rebuild', '--bucket', join(dir, 'closed.json'));
  assert.equal(again.cameras, 0);
  const rowsNow = await db.kysely.selectFrom('segment').select('id').execute();
  assert.equal(rowsNow.length, written.length, 'nothing is taken in twice');
  const { secret_sealed: sealed } = await db.kysely
    .selectFrom('bucket')
    .selectAll()
    .executeTakeFirstOrThrow();
  assert.ok(!Buffer.from(sealed).toString('latin1').includes(gateway.secretKey));
  const proven = await fsck(at, '--depth', 'digest');
  // The one that was not closed was read whole by the rebuild and has its digest.
  assert.equal(proven.digested, written.length - 1, JSON.stringify(proven));
  const named = proven.findings.map(({ what }) => what);
  assert.deepEqual(named, ['unknown'], 'the foreign one is named, and stays');
  await rm(dir, { recursive: true, force: true });
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
