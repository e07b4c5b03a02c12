/**
 * What a lost or destroyed key leaves: days recorded by the engine's own writer, one of them deleted and shredded by the
 * reaper, a copy of its files kept on another disk, and then no key ring at all. FFmpeg and a search of every byte say
 * what can still be had of them.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { newId } from '../../src/base/index.ts';
import { KeyRing } from '../../src/engine/index.ts';
import { SegmentWriter } from '../../src/engine/intake/segment-writer.ts';
import { Syncer } from '../../src/engine/intake/syncer.ts';
import type { DayKeys } from '../../src/engine/keys/index.ts';
import { initSegment, partHead, prftBytes } from '../../src/engine/mp4/index.ts';
import { segmentPath, shapeOf } from '../../src/engine/segment/index.ts';
import { confirmed } from '../../src/store/reaper-clock.ts';
import { writeBelief } from '../../src/store/reaper-state.ts';
import { makeClip, type Unit } from '../engine/mp4/clips.ts';
import { addPlaceCamera, dayMs, know, type Place, placeIn, readingOf } from '../store/reaper-place.ts';
import { TestClock } from '../support/clock.ts';
import { testDatabase } from '../support/database.ts';
import { unsealed } from '../support/unseal.ts';

const run = promisify(execFile);
const stack = new AsyncDisposableStack();
const clock = new TestClock('2026-11-22T08:00:00.000Z');
const clip = makeClip({ seconds: 4, size: '320x240', gop: 25 });
/** 33 and 32 days ago, both past the law's thirty; yesterday and the day before, under them. */
const days = [33, 32, 2, 1].map((ago) => new Date(clock.wallMs() - ago * dayMs).toISOString().slice(0, 10));
const [shredded, held] = days as [string, string];

interface Stored {
  readonly id: string;
  readonly day: string;
  readonly path: string;
  readonly digest: string;
  readonly plain: Buffer;
}

let data: string;
let place: Place;
let camera: string;
let stored: Stored[];
const volume = () => ({ id: 'footage', path: place.footage });
const copies = () => join(data, 'old-disk');

/** Two segments of a day, as the recorder writes them. */
async function recordDay(day: string): Promise<Stored[]> {
  const files: Stored[] = [];
  for (const hour of ['05', '06']) files.push(await recordSegment(Date.parse(`${day}T${hour}:00:00Z`), day));
  return files;
}

async function recordSegment(startMs: number, day: string): Promise<Stored> {
  const id = newId('seg', startMs);
  const path = segmentPath({ cameraId: camera, stream: 'main', startMs, id });
  const fail = (error: Error): never => assert.fail(error);
  const writer = new SegmentWriter(
    { root: place.footage, path, syncer: new Syncer(), failed: fail },
    {
      suite: 1,
      identity: {
        ...{ id, cameraId: camera, stream: 'main', run: newId('run'), startMs, software: 'test' },
        ...{ codec: clip.video.codecString, width: clip.video.width, height: clip.video.height },
      },
      ...{ init: initSegment(clip.video, null), keyDay: day, key: place.keys.toSeal(`${camera}.main`, day) },
    },
  );
  const groups = Object.values(
    Object.groupBy(clip.units, ({ decodeTicks }) => Math.floor(decodeTicks / 90_000)),
  );
  for (const [i, group] of groups.entries()) await append(writer, group as Unit[], { i, startMs });
  const written = await writer.close({ packetsLost: 0, damagedPictures: 0 });
  assert.ok(written);
  const { bytes, digest } = written;
  const endMs = startMs + groups.length * 1_000;
  await know(place.db, { cameraId: camera, stream: 'main' }, [{ id, path, startMs, endMs, digest, bytes }]);
  return { id, day, path, digest, plain: await unsealed(volume(), path, place.keys) };
}

async function append(writer: SegmentWriter, group: readonly Unit[], at: { i: number; startMs: number }) {
  const samples = group.map((unit) => ({ ...unit, bytes: unit.data.length }));
  const { decodeTicks, key } = group[0] as Unit;
  const wallMs = at.startMs + at.i * 1_000;
  await new Promise<void>((resolve) =>
    writer.append({
      head: partHead({ sequence: at.i + 1, wallMs, video: { decodeTicks, samples } }),
      media: group.map(({ data: bytes }) => Buffer.from(bytes)),
      mediaBytes: samples.reduce((sum, { bytes }) => sum + bytes, 0),
      ...{ key, hasSound: false, wallMs, decodeTicks, ticks: 90_000, pictures: group.length },
      ...{ shape: shapeOf(prftBytes, samples, []), sealed: () => {}, written: resolve },
    }),
  );
}

before(async () => {
  const db = stack.use(await testDatabase());
  data = await mkdtemp(join(tmpdir(), 'custos-shredded-'));
  stack.defer(() => rm(data, { recursive: true, force: true }));
  place = await placeIn(db, data, clock);
  await writeBelief(db.kysely, confirmed(readingOf(clock)));
  camera = await addPlaceCamera(db, clock.wallMs() - 60 * dayMs);
  stored = (await Promise.all(days.map(recordDay))).flat();
});
after(() => stack.disposeAsync());

/** Pieces of what the camera sent, and of the heads that every video file has: none may be found. */
function needles(plain: Buffer): Buffer[] {
  const pieces = clip.units.flatMap(({ data: bytes }) => {
    const unit = Buffer.from(bytes);
    return [4, unit.length >> 1, unit.length - 16].map((at) => unit.subarray(at, at + 16));
  });
  // Twelve bytes: four alone are found in a few megabytes of noise now and then.
  const heads = ['ftyp', 'moov', 'mvhd', 'stsd', 'avcC', 'x264 - core'].map((word) => {
    const at = plain.indexOf(word);
    assert.ok(at > 0, word);
    return plain.subarray(at - 4, at + 12);
  });
  return [...heads, ...pieces.filter((piece) => new Set(piece).size > 8)];
}

const foundIn = (bytes: Buffer, plain: Buffer): string[] =>
  needles(plain)
    .filter((needle) => bytes.indexOf(needle) >= 0)
    .map((needle) => needle.toString('latin1'));

async function allBytesBelow(folder: string): Promise<Buffer> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Buffer.concat(await Promise.all(files.sort().map((file) => readFile(file))));
}

/** Bytes of pictures that FFmpeg makes of a file, taken for what it says it is and for what it may be. */
async function picturesOf(file: string): Promise<number> {
  let bytes = 0;
  for (const format of [[], ['-f', 'h264'], ['-f', 'mov'], ['-f', 'mpegts']]) {
    const args = ['-v', 'quiet', '-nostdin', '-err_detect', 'ignore_err', ...format, '-i', file];
    const decoded = await run('ffmpeg', [...args, '-f', 'rawvideo', '-'], {
      ...{ encoding: 'buffer', maxBuffer: 1 << 30 },
    }).catch((error: { stdout: Buffer }) => error);
    bytes += decoded.stdout.length;
  }
  return bytes;
}

async function probed(file: string): Promise<string> {
  const args = ['-v', 'quiet', '-show_streams', '-of', 'csv', file];
  return (await run('ffprobe', args).catch(() => ({ stdout: '' }))).stdout;
}

async function neverOpens(path: string, root: string, keys: DayKeys, why: RegExp): Promise<void> {
  await assert.rejects(unsealed({ id: 'footage', path: root }, path, keys), why);
}

/** `keysDir`: with what is left of the ring there. The program knows docs/storage.md and nothing of our code. */
const byThePage = (keysDir: string, file: string) =>
  run(process.execPath, [
    join(import.meta.dirname, 'read-by-the-page.mjs'),
    keysDir,
    file,
    join(data, 'out.mp4'),
  ]);

test('the ways of looking find pictures and words where they are: in what is opened with its key', async () => {
  const { plain } = stored[0]!;
  const file = join(data, 'plain.mp4');
  await writeFile(file, plain);
  assert.ok((await picturesOf(file)) >= 100 * 320 * 240);
  assert.match(await probed(file), /h264/);
  assert.ok(foundIn(plain, plain).length > 100);
  await rm(file);
});

test("with one day's key destroyed that day is gone, on a copy on another disk too, and no other day is", async () => {
  await cp(place.footage, copies(), { recursive: true });
  const by = { created: new Date(clock.wallMs()), created_by: 'test', reason: 'case 7' };
  const notReleased = { until: null, released: null, released_by: null, released_reason: null };
  await place.db.kysely
    .insertInto('hold')
    .values({
      ...{ id: newId('hold'), camera_id: camera, ...by, ...notReleased },
      ...{ from_ms: Date.parse(held), to_ms: Date.parse(held) + dayMs },
    })
    .execute();
  await using reaper = place.reaper();
  assert.equal((await reaper.pass()).segments, 2);
  const source = `${camera}.main`;
  assert.deepEqual(await Promise.all(days.map((day) => place.keys.has(source, day))), [
    false,
    true,
    true,
    true,
  ]);
  const ring = await KeyRing.open({ ...ringAt(), clock });
  for (const { day, path, digest, plain } of stored) {
    const copy = join(copies(), path);
    if (day === shredded) {
      for (const keys of [ring, place.keys]) await neverOpens(path, copies(), keys, /destroyed/);
      await assert.rejects(byThePage(join(data, 'keys', 'footage'), copy), /ENOENT|no such file/);
      assert.equal(await picturesOf(copy), 0);
      assert.deepEqual(foundIn(await readFile(copy), plain), []);
      await assert.rejects(stat(join(place.footage, path)), { code: 'ENOENT' });
      continue;
    }
    const now = await unsealed(volume(), path, ring);
    assert.ok(now.equals(plain), `${path} plays bit by bit`);
    const bytes = await readFile(join(place.footage, path));
    assert.equal(createHash('sha256').update(bytes).digest('hex'), digest);
  }
  await assert.rejects(ring.toSeal(source, shredded), { trouble: 'destroyed' });
});

const ringAt = () => ({
  dir: join(data, 'keys', 'footage'),
  master: { kind: 'file' as const, path: join(data, 'keys', 'master.key') },
});

test('with the key ring gone no tool recovers a frame, and no byte of what the camera sent is found below DATA', async () => {
  await rename(join(data, 'keys'), `${data}-keys`);
  stack.defer(() => rm(`${data}-keys`, { recursive: true, force: true }));
  const left = stored.filter(({ day }) => day !== shredded);
  const all = await allBytesBelow(data);
  assert.ok(all.length > 1e6);
  for (const { plain } of left.slice(0, 1)) assert.deepEqual(foundIn(all, plain), []);
  const stranger = await KeyRing.open({ dir: join(data, 'another-ring'), master: { kind: 'file' }, clock });
  for (const { path } of left) {
    const file = join(place.footage, path);
    assert.equal(await picturesOf(file), 0, path);
    assert.equal(await probed(file), '', path);
    await neverOpens(path, place.footage, stranger, /no key/);
  }
  for (const { path, day } of left) {
    const file = join(place.footage, path);
    // A ring that has a key of this stream and day, and another one.
    await stranger.toSeal(`${camera}.main`, day);
    await neverOpens(path, place.footage, stranger, /is not in the key ring/);
    await assert.rejects(byThePage(join(data, 'another-ring'), file), /another key/);
  }
  const back = await KeyRing.open({
    dir: join(`${data}-keys`, 'footage'),
    ...{ master: { kind: 'file', path: join(`${data}-keys`, 'master.key') }, clock },
  });
  assert.ok(
    (await unsealed(volume(), left[0]!.path, back)).equals(left[0]!.plain),
    'with the ring back it plays',
  );
});
