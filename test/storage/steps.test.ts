/**
 * The process is killed before each numbered step of creating and of recovering a segment (docs/storage.md): what was
 * written before is there after, whole, and every step can be done again.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemClock } from '../../src/base/index.ts';
import { KeyRing } from '../../src/engine/index.ts';
import { digestOf, inspect, openBytes, SegmentFile, survey } from '../../src/engine/segment/index.ts';

const root = mkdtempSync(join(tmpdir(), 'custos-steps-'));
after(() => rmSync(root, { recursive: true }));
let places = 0;
function newPlace() {
  const dir = join(root, `${places++}`);
  mkdirSync(join(dir, 'vol'), { recursive: true });
  return { dir, volume: { id: 'vol_1', path: join(dir, 'vol') } };
}
const child = join(import.meta.dirname, 'steps-child.ts');
const day = '2026-11-22';
const path = `cam_1.main/${day}/1795305600123-seg_1.cvs`;
const keysOf = (dir: string) =>
  KeyRing.open({ dir: join(dir, 'keys'), master: { kind: 'file' }, clock: systemClock });

/** What the child said before it was killed. */
function run(dir: string, step: string, act: 'create' | 'recover'): Promise<string[]> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [child, dir, step, act, path], (error, stdout, stderr) => {
      if (error && error.signal !== 'SIGKILL') reject(new Error(stderr));
      else resolve(stdout.split('\n').filter((line) => line !== ''));
    });
  });
}

/** At least these parts; a part whose `writev` was done may be there without having been reported. */
const leastParts: Record<string, number> = {
  ...{ 'key 1': 0, 'key 2': 0, 'key 3': 0, 'create 2': 0, 'create 3': 0, 'create 4': 1 },
  ...{ 'create 5': 2, 'create 6': 10, 'create 7': 10, 'create 8': 10 },
};

for (const [step, least] of Object.entries(leastParts))
  test(`creating, killed before ${step}: what was reported is there after a recovery, and opens`, async () => {
    const { dir, volume } = newPlace();
    const said = await run(dir, step, 'create');
    assert.ok(!said.includes('closed'), 'the step was not reached');
    const keys = await keysOf(dir);
    const parts = said.filter((line) => line.startsWith('part')).length;
    assert.ok(parts >= least, `${parts} parts were reported before ${step}`);
    const options = { sinceMs: 0, repair: true, known: [], keys };
    const { segments, damaged } = await survey(volume, options);
    if (parts === 0) {
      assert.ok(segments.length <= 1);
      // A file of which nothing is whole is named and stays where it is.
      assert.equal(damaged.length + segments.length, existsSync(join(volume.path, path)) ? 1 : 0);
      return;
    }
    assert.deepEqual(damaged, []);
    assert.ok(segments[0]!.parts >= parts && segments[0]!.parts <= parts + 1);
    await using file = await SegmentFile.open(volume, path, keys);
    assert.equal(file.parts.length, segments[0]!.parts);
    assert.equal(file.tail, null);
    assert.equal(file.ending !== null, step === 'create 7' || step === 'create 8');
    for (const part of file.parts) await file.read(part.offset, part.offset + part.bytes);
    // A recovery changes nothing any more.
    assert.deepEqual(await survey(volume, options), { segments, damaged });
  });

test('a file that was written to its end is the same with and without a recovery', async () => {
  const { dir, volume } = newPlace();
  assert.equal((await run(dir, 'none', 'create')).at(-1), 'closed');
  const before = readFileSync(join(volume.path, path));
  const found = await inspect(volume, path, true, await keysOf(dir));
  assert.deepEqual(found.damaged, []);
  assert.equal(found.facts?.parts, 10);
  assert.deepEqual(readFileSync(join(volume.path, path)), before);
});

for (const step of ['recover 1', 'recover 2', 'recover 3', 'recover 4'])
  test(`recovering, killed before ${step}: the next recovery ends it, and nothing whole is lost`, async () => {
    const { dir, volume } = newPlace();
    await run(dir, 'create 6', 'create');
    const full = join(volume.path, path);
    const whole = readFileSync(full);
    // Half a record, as a power cut leaves it.
    appendFileSync(
      full,
      whole.subarray(whole.lastIndexOf('\x89CVR\r\n\x1a\n', undefined, 'latin1')).subarray(0, 900),
    );
    await run(dir, step, 'recover');
    const now = readFileSync(full);
    assert.equal(now.length, step === 'recover 4' ? whole.length : whole.length + 900);
    const found = await inspect(volume, path, true, await keysOf(dir));
    assert.equal(found.facts?.parts, 10);
    assert.deepEqual(readFileSync(full), whole);
    await using bytes = await openBytes(volume, path);
    assert.equal(found.facts?.digest, await digestOf(bytes, whole.length));
  });

test('with the key ring gone nothing opens, and no tool finds a picture; with one day’s key destroyed only that day is gone', async () => {
  const { dir, volume } = newPlace();
  assert.equal((await run(dir, 'none', 'create')).at(-1), 'closed');
  const keys = await keysOf(dir);
  const plain: Buffer[] = [];
  {
    await using file = await SegmentFile.open(volume, path, keys);
    for (const { offset, bytes } of file.parts) plain.push(await file.read(offset, offset + bytes));
  }
  const stored = readFileSync(join(volume.path, path));
  for (const part of plain)
    for (let at = 0; at + 16 < part.length; at += 512)
      if (new Set(part.subarray(at, at + 16)).size > 8)
        assert.equal(stored.indexOf(part.subarray(at, at + 16)), -1);
  const probed = await new Promise<string>((resolve) => {
    execFile('ffprobe', ['-v', 'error', join(volume.path, path)], (_error, _out, stderr) => resolve(stderr));
  });
  assert.match(probed, /Invalid data/);
  await keys.toSeal('cam_1.main', '2026-11-23');
  await keys.destroy('cam_1.main', day);
  await assert.rejects(SegmentFile.open(volume, path, keys), { trouble: 'destroyed' });
  assert.equal((await keys.dayKey('cam_1.main', '2026-11-23', { create: false })).key.length, 32);
  // What it is can be told all the same, for the index and for its deletion.
  assert.equal((await inspect(volume, path, false)).facts?.parts, 10);
  rmSync(join(dir, 'keys'), { recursive: true });
  const another = await keysOf(dir);
  await assert.rejects(SegmentFile.open(volume, path, another), { trouble: 'missing' });
  assert.deepEqual(readdirSync(join(dir, 'keys')).sort(), ['master.json', 'master.key']);
});
