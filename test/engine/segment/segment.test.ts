/** A segment file says what it is by itself; what is damaged in it is named, and its neighbours play. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { Mp4Error } from '../../../src/engine/mp4/index.ts';
import { SegmentFile, survey } from '../../../src/engine/segment/index.ts';
import { makeClip } from '../mp4/clips.ts';
import { record } from './record.ts';

const dir = mkdtempSync(join(tmpdir(), 'custos-segment-'));
after(() => rmSync(dir, { recursive: true }));
let volumes = 0;
function newVolume() {
  const path = join(dir, `vol${volumes++}`);
  mkdirSync(path);
  return { id: 'vol_1', path };
}

const day = Date.UTC(2026, 10, 22, 8);
const clip = () => makeClip({ seconds: 6, gop: 50, size: '160x120' });
const all = { sinceMs: 0, repair: false, known: [] };
const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const sum = (numbers: readonly number[]) => numbers.reduce((one, other) => one + other, 0);

test('the index of a file is what was written into it', async () => {
  const volume = newVolume();
  const [written] = record(volume, makeClip({ seconds: 6, bFrames: 2, sound: true }), { startMs: day });
  await using file = await SegmentFile.open(join(volume.path, written!.path));
  assert.equal(file.identity.id, written!.id);
  assert.deepEqual(file.damage, []);
  assert.equal(file.tail, null);
  assert.deepEqual(
    file.parts.map((part) => part.offset),
    written!.partsAt,
  );
  assert.equal(sum(file.parts.map((part) => part.pictures)), written!.units.length);
  assert.equal(file.wholeUntil, written!.bytes.length);
  let picture = 0;
  for (const part of file.parts) {
    assert.equal(part.decodeTicks, written!.units[picture]!.decodeTicks);
    assert.ok(Math.abs(part.wallMs - written!.wallsMs[picture]!) < 0.01);
    assert.equal(part.key, written!.units[picture]!.key);
    assert.equal(part.firstBytes, written!.units[picture]!.data.length);
    picture += part.pictures;
  }
});

test('a survey finds every segment, with its digest, and passes over what is known', async () => {
  const volume = newVolume();
  const written = record(volume, clip(), { startMs: day, seconds: 20, segmentSeconds: 6 });
  assert.ok(written.length >= 3);
  const { segments, damaged } = await survey(volume, all);
  assert.deepEqual(damaged, []);
  assert.deepEqual(
    segments.map(({ id, path, digest, pictures, bytes, run }) => ({
      id,
      path,
      digest,
      pictures,
      bytes,
      run,
    })),
    written.map(({ id, path, bytes, units, run }) => ({
      ...{ id, path, digest: sha(bytes), pictures: units.length, bytes: bytes.length, run },
    })),
  );
  assert.deepEqual(
    segments.map((one) => [one.startMs, one.endMs, one.startTicks].map(Math.round)),
    written.map((one) => [one.startMs, one.endMs, one.units[0]!.decodeTicks].map(Math.round)),
  );
  const known = [written[0]!.path];
  assert.equal((await survey(volume, { ...all, known })).segments.length, written.length - 1);
  const sinceMs = written[1]!.startMs;
  assert.equal((await survey(volume, { ...all, sinceMs })).segments.length, written.length - 1);
});

test('a file cut anywhere keeps its whole parts; repair cuts it after the last of them', async () => {
  const volume = newVolume();
  const [written] = record(volume, clip(), { startMs: day });
  const path = join(volume.path, written!.path);
  const ends = [...written!.partsAt.slice(1), written!.bytes.length];
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: ends[0]!, max: written!.bytes.length }), async (length) => {
      writeFileSync(path, written!.bytes.subarray(0, length));
      const wholeUntil = ends.findLast((end) => end <= length)!;
      {
        await using file = await SegmentFile.open(path);
        assert.equal(file.wholeUntil, wholeUntil);
        assert.equal(file.tail === null, wholeUntil === length);
        assert.deepEqual(file.damage, []);
      }
      const { segments, damaged } = await survey(volume, { ...all, repair: true });
      assert.deepEqual(damaged, []);
      assert.equal(segments[0]!.parts, ends.indexOf(wholeUntil) + 1);
      const left = readFileSync(path);
      assert.equal(left.length, wholeUntil);
      assert.equal(segments[0]!.digest, sha(left));
    }),
    { numRuns: 60 },
  );
});

test('zeros behind the last part, as a power cut leaves them, are cut by repair and named without it', async () => {
  const volume = newVolume();
  const [written] = record(volume, clip(), { startMs: day });
  const path = join(volume.path, written!.path);
  appendFileSync(path, Buffer.alloc(100_000));
  const named = await survey(volume, all);
  assert.match(named.damaged[0]!.why, /100000 bytes at its end/);
  assert.equal(named.segments[0]!.pictures, written!.units.length);
  const repaired = await survey(volume, { ...all, repair: true });
  assert.deepEqual(repaired.damaged, []);
  assert.equal(repaired.segments[0]!.digest, sha(written!.bytes));
});

test('a flipped byte in the head of any part is named, and playing goes on at the next key', async () => {
  const volume = newVolume();
  const [written] = record(volume, clip(), { startMs: day });
  const path = join(volume.path, written!.path);
  await using whole = await SegmentFile.open(path);
  const keys = whole.parts.map((part) => part.key);
  const heads = whole.parts.map((part) => ({ at: part.offset, bytes: part.headBytes }));
  await fc.assert(
    fc.asyncProperty(fc.nat(heads.length - 1), fc.nat(10_000), fc.nat(7), async (index, where, bit) => {
      const bytes = Uint8Array.from(written!.bytes);
      const at = heads[index]!.at + (where % heads[index]!.bytes);
      bytes[at]! ^= 1 << bit;
      writeFileSync(path, bytes);
      await using file = await SegmentFile.open(path);
      const offsets = new Set(file.parts.map((part) => part.offset));
      const nextKey = keys.indexOf(true, index + 1);
      for (const [i, head] of heads.entries())
        if (i < index - 1 || (nextKey >= 0 && i >= nextKey))
          assert.ok(
            offsets.has(head.at),
            `part ${i} is lost by a bit in part ${index} at ${at - heads[index]!.at}`,
          );
      for (const damage of file.damage) {
        assert.match(damage.why, /at byte \d+/);
        assert.ok(damage.fromMs <= damage.toMs);
      }
    }),
    { numRuns: 400 },
  );
});

test('a damaged mdat in the middle leaves the same index, and another digest', async () => {
  const volume = newVolume();
  const [written] = record(volume, clip(), { startMs: day });
  const bytes = Uint8Array.from(written!.bytes);
  bytes[written!.partsAt[3]! + 600]! ^= 4;
  writeFileSync(join(volume.path, written!.path), bytes);
  const { segments } = await survey(volume, all);
  assert.equal(segments[0]!.pictures, written!.units.length);
  assert.notEqual(segments[0]!.digest, sha(written!.bytes));
});

test('an open segment is read up to its last whole part, and further as it grows', async () => {
  const volume = newVolume();
  const [written] = record(volume, clip(), { startMs: day });
  const path = join(volume.path, written!.path);
  const ends = [...written!.partsAt.slice(1), written!.bytes.length];
  writeFileSync(path, written!.bytes.subarray(0, ends[0]! + 5));
  await using file = await SegmentFile.open(path);
  assert.equal(file.parts.length, 1);
  for (const [i, end] of ends.entries()) {
    writeFileSync(path, written!.bytes.subarray(0, Math.min(written!.bytes.length, end + 57)));
    await file.grow();
    assert.equal(file.parts.length, i + 1);
  }
  assert.equal(file.tail, null);
  assert.deepEqual(file.damage, []);
});

test('foreign and broken files are named and never touched', async () => {
  const volume = newVolume();
  const [written] = record(volume, clip(), { startMs: day });
  const folder = join(volume.path, 'cam_test.main', '2026-11-22');
  const foreign: Record<string, Uint8Array> = {
    'notes.txt': Buffer.from('hello'),
    '1795305600000-seg_x.mp4': Buffer.from('this is no MP4 at all, whatever its name says'),
    '1795305600001-seg_y.mp4': Buffer.alloc(0),
    '1795305600002-seg_z.mp4': written!.bytes.subarray(0, written!.partsAt[0]! + 10),
  };
  for (const [name, bytes] of Object.entries(foreign)) writeFileSync(join(folder, name), bytes);
  mkdirSync(join(volume.path, 'holiday'));
  const { segments, damaged } = await survey(volume, { ...all, repair: true });
  assert.deepEqual(
    segments.map((one) => one.id),
    [written!.id],
  );
  assert.equal(damaged.length, 5);
  for (const { why } of damaged) assert.ok(why.length > 10);
  for (const [name, bytes] of Object.entries(foreign))
    assert.deepEqual(readFileSync(join(folder, name)), Buffer.from(bytes));
  await assert.rejects(SegmentFile.open(join(folder, '1795305600000-seg_x.mp4')), Mp4Error);
});

test('a head that is cut off anywhere is refused with its place', async () => {
  const volume = newVolume();
  const [written] = record(volume, clip(), { startMs: day });
  const path = join(volume.path, written!.path);
  for (let length = written!.partsAt[0]! - 1; length >= 0; length -= 7) {
    truncateSync(path, length);
    await assert.rejects(SegmentFile.open(path), Mp4Error);
  }
});
