/** Recording as the store sees it, with a real engine and cameras: every order and every death is a gap with its cause. */
import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startDemo } from '../../demo/index.ts';
import { noLog, systemClock } from '../../src/base/index.ts';
import { until } from '../support/custos.ts';
import { callerWith, type TestCaller, viewerWith } from '../support/edge.ts';
import { type House, openHouse } from '../support/house.ts';

let house: House;
let camera: string;
let maintainer: TestCaller;
let approver: TestCaller;

before(async () => {
  house = await openHouse();
  camera = await house.add(house.demo.cameras[0]!);
  maintainer = await callerWith(house, 'maintainer');
  approver = await viewerWith(house, 'approver');
  await recordsPast(Date.now());
});
after(() => house?.[Symbol.asyncDispose]());

const recordsPast = (ms: number) =>
  house.until(() => (house.keeper.recordedUntilMs(camera) ?? 0) > ms + 1_000, 'the camera is recorded');

async function timelineSince(fromMs: number) {
  const query = new URLSearchParams({ from: new Date(fromMs).toISOString(), to: new Date().toISOString() });
  const answer = await maintainer.call('GET', `/api/cameras/${camera}/timeline?${query}`);
  assert.equal(answer.status, 200, JSON.stringify(answer.json));
  return answer.json as {
    spans: { from: string; to: string }[];
    gaps: { from: string; to: string; cause: string; detail: Record<string, string>; open: boolean }[];
  };
}

const causesSince = async (fromMs: number) => (await timelineSince(fromMs)).gaps.map((gap) => gap.cause);
const revisionOf = () => house.cameras.require(camera).revision;

test('a camera that was just added is recorded, and the seconds before are named', async () => {
  const { orderedMs } = house.cameras.require(camera);
  const { spans, gaps } = await timelineSince(orderedMs);
  assert.ok(spans.length >= 1);
  assert.deepEqual(
    gaps.map((gap) => gap.cause),
    ['starting'],
  );
  // Footage may be there before the register has heard of the stream that it came from.
  await house.until(
    () => house.states.status(house.cameras.require(camera)) === 'recording',
    'the register says it records',
  );
  const answer = await maintainer.call('GET', `/api/cameras/${camera}`);
  assert.match(JSON.stringify(answer.json), /"hasPassword":true/);
  const { password } = house.demo.cameras[0]!;
  assert.ok(!JSON.stringify(answer.json).includes(password), 'a password never leaves');
  const row = await house.db.kysely.selectFrom('camera').selectAll().executeTakeFirstOrThrow();
  assert.ok(!Buffer.from(row.password_sealed!).includes(password), 'and is sealed at rest');
});

test('a pause is a gap that names who, and resuming ends it', async () => {
  const beganMs = Date.now();
  const paused = await maintainer.call('POST', `/api/cameras/${camera}/pause`, {
    reason: 'painting the wall',
  });
  assert.equal(paused.json.status, 'paused');
  const closedAt = () =>
    house.facts.findIndex((fact) => fact.kind === 'segment-closed' && fact.segment.endMs > beganMs - 2_000);
  // The stream is measured on while it is not recorded: some seconds pass.
  await house.until(
    () => closedAt() >= 0 && house.facts.slice(closedAt()).some((fact) => fact.kind === 'measured'),
    'the open segment is closed, and the stream goes on',
  );
  const resumedMs = Date.now();
  const resumed = await maintainer.call('POST', `/api/cameras/${camera}/resume`, {});
  assert.equal(resumed.status, 200);
  await recordsPast(resumedMs);
  const { gaps } = await timelineSince(beganMs - 2_000);
  const name = paused.json.pausedBy;
  assert.deepEqual(gaps.find((gap) => gap.cause === 'paused')?.detail, { by: name });
  assert.ok(!gaps.some((gap) => gap.cause === 'unexplained' || gap.open), JSON.stringify(gaps));
  const rows = await house.db.kysely
    .selectFrom('ledger')
    .select('reason')
    .where('action', '=', 'camera.pause')
    .execute();
  assert.ok(rows.some((row) => row.reason === 'painting the wall'));
});

test('a new address takes effect at once, the gap says so, and of two who change one is told', async () => {
  const beganMs = Date.now();
  const other = house.demo.cameras[3]!;
  const revision = revisionOf();
  const body = { revision, url: other.mainUrl };
  const answer = await maintainer.call('PATCH', `/api/cameras/${camera}`, body);
  assert.equal(answer.status, 200, JSON.stringify(answer.json));
  assert.equal((await maintainer.call('PATCH', `/api/cameras/${camera}`, body)).json.code, 'camera.changed');
  await recordsPast(Date.now());
  const { gaps } = await timelineSince(beganMs - 3_000);
  assert.ok(
    gaps.some((gap) => gap.cause === 'changed' && /^maintainer/.test(gap.detail.by ?? '')),
    JSON.stringify(gaps),
  );
  assert.ok(!gaps.some((gap) => gap.cause === 'unexplained' || gap.open), JSON.stringify(gaps));
});

test('a wrong password is said at once, in words of the catalogue, and the right one mends it', async () => {
  const { password } = house.demo.cameras[0]!;
  const beganMs = Date.now();
  await maintainer.call('PATCH', `/api/cameras/${camera}`, { revision: revisionOf(), password: 'wrong' });
  await house.until(() => house.states.stream(camera, 'main')?.state === 'failing', 'the camera fails');
  const failing = await maintainer.call('GET', `/api/cameras/${camera}`);
  assert.equal(failing.json.status, 'no-video');
  assert.equal(failing.json.streams[0].problem.code, 'bad-credentials');
  await maintainer.call('PATCH', `/api/cameras/${camera}`, { revision: revisionOf(), password });
  await recordsPast(Date.now());
  const causes = await causesSince(beganMs - 2_000);
  assert.ok(causes.includes('refused') || causes.includes('changed'), causes.join());
  assert.ok(!causes.includes('unexplained'), causes.join());
});

test('a killed process of the engine loses a second at most, and its open segment gets its row', async () => {
  await recordsPast(Date.now());
  const open = house.keeper.freshOf(camera).find((segment) => segment.open)!;
  const beforeMs = house.keeper.recordedUntilMs(camera)!;
  const beganMs = Date.now();
  const intake = house.engine.processes().find((one) => one.name.startsWith('intake'))!;
  process.kill(intake.pid!, 'SIGKILL');
  await house.until(() => house.facts.some((fact) => fact.kind === 'engine-down'), 'the death is noticed');
  await recordsPast(beganMs);
  await house.recovery.settled;
  assert.ok(await house.keeper.written(5_000));
  const row = await house.db.kysely
    .selectFrom('segment')
    .selectAll()
    .where('id', '=', open.id)
    .executeTakeFirstOrThrow();
  assert.equal(row.recovered, true);
  assert.ok(row.end_ms >= beforeMs - 1_000, `${beforeMs - row.end_ms} ms lost`);
  const { gaps } = await timelineSince(beganMs - 2_000);
  assert.ok(
    gaps.some((gap) => gap.cause === 'engine-restart'),
    JSON.stringify(gaps),
  );
  assert.ok(!gaps.some((gap) => gap.cause === 'unexplained'), JSON.stringify(gaps));
});

test('a file that is gone is a gap of its own cause when it is wanted, and none when it is back', async () => {
  assert.ok(await house.keeper.written(5_000));
  const stored = await house.db.kysely
    .selectFrom('segment')
    .innerJoin('volume', 'volume.id', 'segment.volume_id')
    .select(['segment.start_ms', 'segment.end_ms', 'segment.path', 'volume.path as root'])
    .where('camera_id', '=', camera)
    .orderBy('start_ms')
    .executeTakeFirstOrThrow();
  const file = join(stored.root, stored.path);
  await rename(file, `${file}.away`);
  await playOnce(stored.start_ms, stored.end_ms);
  assert.ok((await causesSince(stored.start_ms)).includes('missing'));
  await rename(`${file}.away`, file);
  await playOnce(stored.start_ms, stored.end_ms);
  assert.ok(!(await causesSince(stored.start_ms)).includes('missing'));
});

async function playOnce(fromMs: number, toMs: number): Promise<void> {
  const opened = await approver.call('POST', '/api/views', {
    camera,
    kind: 'playback',
    purpose: 'to see whether it is there',
    forWhom: 'a test',
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
  });
  assert.equal(opened.status, 200, JSON.stringify(opened.json));
  await fetch(`${house.url}${opened.json.url}/footage.mp4`, { headers: { cookie: approver.cookie } }).then(
    (answer) => answer.arrayBuffer(),
  );
  await approver.call('DELETE', `/api/views/${opened.json.ticket}`);
}

test('a camera that is gone for a while is back by itself, and the gap says that it was unreachable', async () => {
  const { port, cameras } = house.demo;
  const beganMs = Date.now();
  await house.demo[Symbol.asyncDispose]();
  await house.until(() => house.states.stream(camera, 'main')?.state === 'failing', 'the camera is missed');
  await house.until(
    () => house.facts.filter((fact) => fact.kind === 'lost' && fact.atMs > beganMs).length > 3,
    'it is tried again and again',
  );
  await using _back = await startDemo({
    port,
    password: cameras[0]!.password,
    clock: systemClock,
    log: noLog,
  });
  const backMs = Date.now();
  await recordsPast(backMs);
  const { gaps } = await timelineSince(beganMs - 2_000);
  const gap = gaps.find((one) => one.cause === 'unreachable');
  assert.ok(gap && !gap.open, JSON.stringify(gaps));
  assert.ok(
    Date.parse(gap.to) - backMs < 5_000,
    `recorded ${Date.parse(gap.to) - backMs} ms after it was back`,
  );
  assert.ok(!gaps.some((one) => one.cause === 'unexplained'), JSON.stringify(gaps));
});

test('a retired camera is pulled no more; its footage and its timeline stay, and its name is free', async () => {
  const gone = house.cameras.require(camera);
  const retired = await maintainer.call('DELETE', `/api/cameras/${camera}`, { reason: 'taken down' });
  assert.equal(retired.status, 200, JSON.stringify(retired.json));
  assert.equal((await maintainer.call('GET', `/api/cameras/${camera}`)).status, 404);
  await house.until(
    () => !house.keeper.freshOf(camera).some((segment) => segment.open),
    'its last segment is closed',
  );
  // The gap begins where the last picture ends, which may be a moment after the person's order.
  await until('the gap names the retirement', async () =>
    (await timelineSince(gone.orderedMs)).gaps.at(-1)?.cause === 'retired' ? true : undefined,
  );
  const { spans } = await timelineSince(gone.orderedMs);
  assert.ok(spans.length > 0);
  const row = await house.db.kysely
    .selectFrom('camera')
    .selectAll()
    .where('id', '=', camera)
    .executeTakeFirstOrThrow();
  assert.equal(row.password_sealed, null, 'a password that is not needed is not kept');
  await playOnce(Date.parse(spans[0]!.from), Date.parse(spans[0]!.to));
  const again = await maintainer.call('POST', '/api/cameras', {
    name: gone.name,
    siteId: gone.siteId,
    url: 'rtsp://127.0.0.1:9/none',
  });
  assert.equal(again.status, 200, JSON.stringify(again.json));
});
