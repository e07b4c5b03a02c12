/**
 * A volume of 300 MB run to full, with real cameras: what is past its floor and may give way goes, what is under the
 * floor or held stays bit by bit, then sub-streams only, then the least important camera stops; and all of it is undone
 * when there is room again. Then the same with another volume at hand, and what is left of a camera whose sub-stream
 * alone was recorded: it is seen, played and handed out like the rest.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { on, once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { WebSocket } from 'ws';
import { newId } from '../../src/base/index.ts';
import { decodeFrame } from '../../src/contract/frames.ts';
import type { Importance } from '../../src/store/ladder.ts';
import { type Disk, memoryDisk, whyNoMounts } from '../support/disks.ts';
import { ledgerRows, type TestCaller, viewerWith } from '../support/edge.ts';
import { type House, openHouse } from '../support/house.ts';

const mb = 1_000_000;
const dayMs = 86_400_000;
const noMounts = whyNoMounts();
let house: House;
let maintainer: TestCaller;
let disk: Disk | { path: string };
let volumeId: string;
const cameras = new Map<Importance, string>();

before(async () => {
  house = await openHouse();
  maintainer = await viewerWith(house, 'maintainer', 'administrator', 'approver');
  disk = noMounts === null ? await memoryDisk(300) : { path: await mkdtemp(join(tmpdir(), 'custos-full-')) };
});
after(async () => {
  await house?.[Symbol.asyncDispose]();
  if (noMounts === null) (disk as Disk)[Symbol.dispose]();
  else await rm(disk.path, { recursive: true, force: true });
});

async function must(method: string, path: string, body?: unknown) {
  const answer = await maintainer.call(method, path, body);
  assert.equal(answer.status, 200, `${method} ${path}: ${JSON.stringify(answer.json)}`);
  return answer.json;
}

interface Old {
  readonly path: string;
  readonly digest: string;
  readonly bytes: number;
}

/** A stored segment of some day, as large as told; its content is nothing that anybody plays. */
async function stored(camera: string, daysAgo: number, bytes: number, minute: number): Promise<Old> {
  const startMs = Math.floor((Date.now() - daysAgo * dayMs) / 60_000) * 60_000 - minute * 60_000;
  const id = newId('seg', startMs);
  const day = new Date(startMs).toISOString().slice(0, 10);
  const path = `${camera}.main/${day}/${startMs}-${id}.cvs`;
  const content = randomBytes(bytes);
  const digest = createHash('sha256').update(content).digest('hex');
  await mkdir(dirname(join(disk.path, path)), { recursive: true });
  await writeFile(join(disk.path, path), content);
  house.keeper.closed(
    {
      ...{
        id,
        cameraId: camera,
        stream: 'main',
        volumeId,
        path,
        startMs,
        endMs: startMs + 60_000,
        run: 'run_old',
      },
      ...{ startTicks: 0, durationTicks: 5_400_000, bytes, parts: 120, pictures: 900, codec: 'avc1.640032' },
      ...{ width: 1280, height: 720, packetsLost: 0, damagedPictures: 0, digest },
    },
    false,
  );
  return { path, digest, bytes };
}

const several = async (camera: string, daysAgo: number, count: number, bytes: number): Promise<Old[]> => {
  const all: Old[] = [];
  for (let i = 0; i < count; i++) all.push(await stored(camera, daysAgo, bytes, i));
  return all;
};

async function whole(all: readonly Old[]): Promise<void> {
  for (const { path, digest } of all) {
    const content = await readFile(join(disk.path, path));
    assert.equal(createHash('sha256').update(content).digest('hex'), digest, path);
  }
}

const isThere = (one: Old) =>
  readFile(join(disk.path, one.path)).then(
    () => true,
    () => false,
  );
const modeOf = (importance: Importance) => house.volumes.placementOf(cameras.get(importance)!)?.mode;
const rungOf = () => house.volumes.states().find(({ id }) => id === volumeId)!.rung;

async function gapsOf(importance: Importance, fromMs: number) {
  await house.keeper.written(5_000);
  const query = new URLSearchParams({ from: new Date(fromMs).toISOString(), to: new Date().toISOString() });
  const { gaps } = await must('GET', `/api/cameras/${cameras.get(importance)}/timeline?${query}`);
  return gaps as { cause: string; detail: Record<string, string>; open: boolean }[];
}

test('a volume of 300 MB run to full does what the ladder says, and keeps what must be kept', async () => {
  const { id } = await must('POST', '/api/storage/volumes', {
    ...{ name: 'small', path: disk.path, reserveBytes: 10 * mb, limitBytes: 280 * mb },
  });
  volumeId = id;
  await must('PATCH', '/api/storage/volumes/footage', { state: 'draining', reason: 'for a test' });
  for (const [i, importance] of (['least', 'ordinary', 'most'] as const).entries()) {
    const camera = await house.add(house.demo.cameras[i]!);
    cameras.set(importance, camera);
    const { revision } = house.cameras.require(camera);
    await must('PATCH', `/api/cameras/${camera}`, { revision, importance });
  }
  for (const camera of cameras.values()) {
    await house.until(() => (house.keeper.recordedUntilMs(camera) ?? 0) > 0, 'it is recorded');
    assert.equal(house.volumes.placementOf(camera)?.volumeId, volumeId);
  }
  const most = cameras.get('most')!;
  const siteIds = new Set([...cameras.values()].map((camera) => house.cameras.require(camera).siteId));
  // Kept for a year by the unit's own wish, which gives way to the law's thirty days when a disk is full.
  for (const siteId of siteIds)
    await must('PUT', `/api/sites/${siteId}/keeping`, {
      ...{ profiles: ['cn-national'], placeClass: 'art7.1-government', placeType: null, keyTarget: false },
      ...{ period: { n: 1, unit: 'year' }, justification: 'for the test', givesWay: true },
    });
  const beganMs = Date.now();
  const past = await several(most, 40, 7, 8 * mb);
  const held = await several(most, 50, 5, 8 * mb);
  const young = await several(most, 10, 18, 8 * mb);
  await must('POST', `/api/cameras/${most}/holds`, {
    reason: 'a case',
    from: new Date(Date.now() - 51 * dayMs).toISOString(),
    to: new Date(Date.now() - 49 * dayMs).toISOString(),
  });
  assert.ok(await house.keeper.written(10_000));
  await house.volumes.reread();

  // 240 MB are old; another 20 bring it to its mark, and what is past its floor gives way, the oldest first.
  const more = await several(most, 9, 2, 10 * mb);
  await house.keeper.written(10_000);
  await house.until(() => rungOf() >= 2, 'the second rung is reached', 60_000);
  await house.until(() => rungOf() === 0, 'room was made, and the ladder left', 60_000);
  const left = (await Promise.all(past.map(isThere))).filter((there) => there).length;
  assert.ok(left <= 1, `${left} of 7 that are past the floor and not held are left`);
  await whole([...held, ...young, ...more]);

  // Nothing is left that may go: sub-streams only, then the least important stops.
  const rest = await several(most, 8, 6, 8 * mb);
  await house.keeper.written(10_000);
  await house.until(
    () => modeOf('least') === 'sub' || modeOf('least') === 'none',
    'the least is cut first',
    60_000,
  );
  const { roomBytes } = house.volumes.states().find((one) => one.id === volumeId)!;
  const last = await several(most, 7, 1, Math.max(mb, Math.floor(roomBytes - 12 * mb)));
  await house.keeper.written(10_000);
  await house.until(() => modeOf('least') === 'none', 'the least important stops', 60_000);
  assert.notEqual(modeOf('most'), 'none');
  await house.until(() => rungOf() === 5, 'the ladder says so', 30_000);
  await whole([...held, ...young, ...more, ...rest, ...last]);
  const least = await gapsOf('least', beganMs);
  assert.ok(
    least.some(({ cause, open }) => cause === 'space' && open),
    JSON.stringify(least),
  );
  assert.ok(!least.some(({ cause }) => cause === 'unexplained'), JSON.stringify(least));
  const { items } = await must('GET', '/api/storage/warnings');
  assert.ok(items.some((one: { kind: string }) => one.kind === 'volume-full'));

  // With room again all of it is undone.
  await must('PATCH', `/api/storage/volumes/${volumeId}`, {
    limitBytes: null,
    reserveBytes: 0,
    reason: 'more room',
  });
  await rm(join(disk.path, rest[0]!.path));
  await rm(join(disk.path, rest[1]!.path));
  await rm(join(disk.path, rest[2]!.path));
  await house.until(() => modeOf('least') === 'full' && rungOf() < 4, 'everything is recorded again', 90_000);
  const backMs = Date.now();
  await house.until(
    () => (house.keeper.recordedUntilMs(cameras.get('least')!) ?? 0) > backMs,
    'and the least too',
    60_000,
  );
  await whole([...held, ...young, ...more]);
  await house.volumes.writer.written();
  const rows = await ledgerRows(house);
  const rungs = rows.filter(({ action, subject_id }) => action === 'volume.rung' && subject_id === volumeId);
  assert.ok(rungs.length >= 6, `${rungs.length} steps`);
  assert.ok(rows.some(({ action }) => action === 'camera.rung'));
});

const stateOf = (id: string) => house.volumes.states().find((one) => one.id === id)!;
const change = (id: string, body: object) =>
  must('PATCH', `/api/storage/volumes/${id}`, { reason: 'for a test', ...body });

/** Its limit is set so that so many low marks are left of a volume that holds hundreds of megabytes. */
async function leave(marks: number): Promise<void> {
  const { bytes } = stateOf(volumeId);
  // Half a minute of what is recorded is not in the rows yet, and counts as taken.
  const unrowed = [...cameras.values()].reduce((sum, id) => sum + house.volumes.rateOf(id, 'full') * 30, 0);
  await change(volumeId, { limitBytes: Math.round((bytes + unrowed) / (1 - 0.1 * marks)) });
}

test('with another volume at hand its cameras go on there, and nothing is missing', {
  skip: noMounts ?? false,
}, async () => {
  using second = await memoryDisk(200);
  const { id } = await must('POST', '/api/storage/volumes', { name: 'second', path: second.path });
  for (const camera of cameras.values())
    assert.equal(house.volumes.placementOf(camera)?.volumeId, volumeId, 'a camera stays where it is');
  const beganMs = Date.now();
  await leave(0.95);
  for (const camera of cameras.values()) {
    await house.until(() => house.volumes.placementOf(camera)?.volumeId === id, 'it spills', 60_000);
    const movedMs = Date.now();
    const isThere = () => house.keeper.freshOf(camera).some((one) => one.open && one.volume.id === id);
    await house.until(isThere, 'it is recorded there', 30_000);
    await house.until(() => (house.keeper.recordedUntilMs(camera) ?? 0) > movedMs + 2_000, 'and on');
  }
  for (const importance of cameras.keys()) assert.deepEqual(await gapsOf(importance, beganMs), []);
  await house.volumes.writer.written();
  const steps = (await ledgerRows(house)).filter(
    ({ action, subject_id }) => action === 'volume.rung' && subject_id === volumeId,
  );
  assert.ok(
    steps.some(({ detail }) => detail.to === 'spill'),
    JSON.stringify(steps.at(-1)),
  );
  assert.ok(!steps.some(({ detail, at }) => at.getTime() > beganMs && detail.to === 'sub-stream'));
  await change(volumeId, { limitBytes: null });
  await change(id, { state: 'draining' });
  for (const camera of cameras.values())
    await house.until(() => house.volumes.placementOf(camera)?.volumeId === volumeId, 'it is drained');
  for (const camera of cameras.values())
    await house.until(
      () => house.keeper.freshOf(camera).every((one) => one.volume.id !== id || !one.open),
      'nothing is written there any more',
    );
});

test('what only a sub-stream was recorded of is seen, played, stilled and handed out', async () => {
  const camera = cameras.get('least')!;
  await house.until(() => modeOf('least') === 'full' && rungOf() < 4, 'everything is recorded', 60_000);
  await leave(0.9);
  const small = () => house.keeper.freshOf(camera, 'sub').find((one) => one.endMs - one.startMs > 3_000);
  await house.until(() => small() !== undefined, 'its sub-stream is recorded', 60_000);
  const { startMs, endMs } = small()!;
  await change(volumeId, { limitBytes: null });
  await house.until(() => modeOf('least') === 'full', 'there is room again', 60_000);
  await house.until(() => house.keeper.recordedUntilMs(camera)! > endMs + 2_000, 'and all of it recorded');
  await house.keeper.written(5_000);

  const span = { from: new Date(startMs).toISOString(), to: new Date(endMs).toISOString() };
  const timeline = await must('GET', `/api/cameras/${camera}/timeline?${new URLSearchParams(span)}`);
  assert.deepEqual(timeline.small, [span]);
  assert.deepEqual(timeline.spans, []);
  assert.ok(
    timeline.gaps.every(({ cause }: { cause: string }) => cause === 'space-sub'),
    'and it is a gap',
  );

  const body = { camera, kind: 'playback', purpose: 'for a test', forWhom: 'a test', ...span };
  const { url } = await must('POST', '/api/views', body);
  const clip = join(disk.path, '..', `${camera}.mp4`);
  const got = await fetch(`${house.url}${url}/footage.mp4`, { headers: { cookie: maintainer.cookie } });
  assert.equal(got.status, 200);
  await writeFile(clip, Buffer.from(await got.arrayBuffer()));
  const { streams, format } = await probe(clip);
  await rm(clip);
  assert.deepEqual([streams[0].width, streams[0].height], [640, 360]);
  assert.ok(Math.abs(Number(format.duration) - (endMs - startMs) / 1000) < 1.5, format.duration);
  assert.match((await maintainer.call('GET', `${url}/index.m3u8`)).json, /#EXTINF/);
  const still = await maintainer.call(
    'GET',
    `${url}/still.jpg?at=${new Date(startMs + 1_000).toISOString()}`,
  );
  assert.equal(still.status, 200);
  assert.equal(still.headers.get('content-type'), 'image/jpeg');

  const frames = await watch(url, startMs);
  assert.ok(frames.includes('part'), JSON.stringify(frames));
  assert.ok(!frames.includes('gap'), 'the player is not told to pass over it');
});

async function probe(path: string) {
  const asked = ['-v', 'error', '-of', 'json', '-show_entries', 'stream=width,height:format=duration', path];
  return JSON.parse((await promisify(execFile)('ffprobe', asked)).stdout);
}

/** What a player is sent for the first seconds of a view, by the kinds of its frames. */
async function watch(url: string, fromMs: number): Promise<string[]> {
  const socket = new WebSocket(house.url.replace('http', 'ws') + url, {
    headers: { cookie: maintainer.cookie },
  });
  const kinds: string[] = [];
  await once(socket, 'open');
  socket.send(JSON.stringify({ op: 'seek', atMs: fromMs, untilMs: fromMs + 60_000 }));
  for await (const [data] of on(socket, 'message', { signal: AbortSignal.timeout(20_000) })) {
    kinds.push(decodeFrame(data as Buffer).kind);
    if (kinds.includes('end') || kinds.filter((kind) => kind === 'part').length > 20) break;
  }
  socket.close();
  return kinds;
}
