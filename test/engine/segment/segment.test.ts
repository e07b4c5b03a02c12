/** A sealed file says what it is by itself; what is damaged in it is named, never shown, and its neighbours play. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
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
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { type DayKeys, NoKey } from '../../../src/engine/keys/index.ts';
import {
  encodeRecordHeader,
  readHeader,
  readRecordHeader,
  SealError,
  type SuiteNumber,
} from '../../../src/engine/seal/index.ts';
import {
  examine,
  IndexWriter,
  inspect,
  readIndex,
  SegmentFile,
  segmentPath,
  survey,
} from '../../../src/engine/segment/index.ts';
import { fits } from '../../../src/engine/segment/part-index.ts';
import { knownKey, knownKeys } from '../../support/keys.ts';
import { makeClip } from '../mp4/clips.ts';
import { type Recorded, record } from './record.ts';

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
const pathOf = (written: Recorded) => join(written.volume.path, written.path);
const open = (written: Recorded, keys: DayKeys = knownKeys) =>
  SegmentFile.open(written.volume, written.path, keys);
const suites: readonly SuiteNumber[] = [1, 2];

for (const suite of suites)
  test(`the index of a file is what was written into it: suite ${suite}`, async () => {
    const sent = makeClip({ seconds: 6, bFrames: 2, sound: true });
    const written = record(newVolume(), sent, { startMs: day, suite })[0]!;
    await using file = await open(written);
    assert.equal(file.identity.id, written.id);
    assert.deepEqual(file.damage, []);
    assert.equal(file.tail, null);
    assert.deepEqual(
      file.parts.map((part) => part.offset),
      written.partsAt,
    );
    assert.equal(sum(file.parts.map((part) => part.pictures)), written.units.length);
    assert.equal(file.wholeUntil, written.bytes.length);
    assert.equal(file.ending?.bytes, written.endAt);
    let picture = 0;
    for (const part of file.parts) {
      assert.equal(part.decodeTicks, written.units[picture]!.decodeTicks);
      assert.ok(Math.abs(part.wallMs - written.wallsMs[picture]!) < 0.01);
      assert.equal(part.key, written.units[picture]!.key);
      assert.equal(part.firstBytes, written.units[picture]!.data.length);
      const mine = written.units.slice(picture, picture + part.pictures).map((unit) => unit.data);
      const from = part.offset + part.headBytes;
      const media = await file.read(from, part.offset + part.bytes);
      assert.deepEqual(media.subarray(0, media.length - part.soundBytes), Buffer.concat(mine));
      picture += part.pictures;
    }
  });

test('any stretch of the plain file is read as if it lay there in the clear', async () => {
  const written = record(newVolume(), makeClip({ seconds: 4, sound: true }), { startMs: day })[0]!;
  await using file = await open(written);
  const plain = await file.read(0, file.plainBytes);
  await fc.assert(
    fc.asyncProperty(fc.nat(plain.length), fc.nat(plain.length), async (a, b) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      assert.deepEqual(await file.read(from, to), plain.subarray(from, to));
    }),
    { numRuns: 200 },
  );
  await assert.rejects(file.read(plain.length - 1, plain.length + 1));
});

test('a survey finds every segment without a key, with its digest, and passes over what is known', async () => {
  const volume = newVolume();
  const written = record(volume, clip(), { startMs: day, seconds: 20, segmentSeconds: 6 });
  assert.ok(written.length >= 3);
  const { segments, damaged } = await survey(volume, all);
  assert.deepEqual(damaged, []);
  assert.deepEqual(
    segments.map(({ id, path, digest, pictures, bytes, run, codec }) => ({
      ...{ id, path, digest, pictures, bytes, run, codec },
    })),
    written.map(({ id, path, bytes, units, run }) => ({
      ...{ id, path, digest: sha(bytes), pictures: units.length, bytes: bytes.length, run },
      codec: clip().video.codecString,
    })),
  );
  assert.deepEqual(
    segments.map((one) => [one.startMs, one.endMs, one.startTicks]),
    written.map((one) => [one.startMs, one.endMs, one.units[0]!.decodeTicks].map(Math.round)),
  );
  const known = [written[0]!.path];
  assert.equal((await survey(volume, { ...all, known })).segments.length, written.length - 1);
  const sinceMs = written[1]!.startMs;
  assert.equal((await survey(volume, { ...all, sinceMs })).segments.length, written.length - 1);
});

test('a file cut anywhere keeps its whole parts; repair cuts it after the last of them', async () => {
  const volume = newVolume();
  const written = record(volume, clip(), { startMs: day })[0]!;
  const path = pathOf(written);
  const ends = [...written.recordsAt.slice(1), written.endAt];
  const lengths = fc.oneof(
    fc.constantFrom(...ends),
    fc.integer({ min: ends[0]!, max: written.bytes.length - 1 }),
  );
  await fc.assert(
    fc.asyncProperty(lengths, async (length) => {
      writeFileSync(path, written.bytes.subarray(0, length));
      const wholeUntil = ends.findLast((end) => end <= length)!;
      {
        await using file = await open(written);
        assert.equal(file.wholeUntil, wholeUntil);
        assert.equal(file.tail === null, wholeUntil === length);
        assert.deepEqual(file.damage, []);
        assert.equal(file.ending, null, 'a file that was cut says no end');
      }
      const { segments, damaged } = await survey(volume, { ...all, repair: true, keys: knownKeys });
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
  const written = record(volume, clip(), { startMs: day })[0]!;
  appendFileSync(pathOf(written), Buffer.alloc(100_000));
  const named = await survey(volume, all);
  assert.match(named.damaged[0]!.why, /100000 bytes at its end/);
  assert.equal(named.segments[0]!.pictures, written.units.length);
  const repaired = await survey(volume, { ...all, repair: true });
  assert.deepEqual(repaired.damaged, []);
  assert.equal(repaired.segments[0]!.digest, sha(written.bytes));
});

test('pages that a power cut left empty in the last parts are found with the key, and cut off', async () => {
  const volume = newVolume();
  const written = record(volume, clip(), { startMs: day })[0]!;
  const bytes = Buffer.from(written.bytes.subarray(0, written.endAt));
  const torn = written.recordsAt.length - 2;
  // The length of the file came to the platter, the pictures of the last two parts did not.
  bytes.fill(0, written.recordsAt[torn]! + 700, written.recordsAt[torn + 1]!);
  bytes.fill(0, written.recordsAt[torn + 1]! + 700);
  writeFileSync(pathOf(written), bytes);
  const { segments, damaged } = await survey(volume, { ...all, repair: true, keys: knownKeys });
  assert.deepEqual(damaged, []);
  assert.equal(segments[0]!.bytes, written.recordsAt[torn]);
  assert.equal(segments[0]!.parts, torn);
  assert.equal(readFileSync(pathOf(written)).length, written.recordsAt[torn]);
});

/** What the index and the pictures of a file are, part by part, without what is damaged. */
async function whatPlays(written: Recorded): Promise<{ played: Map<number, Buffer>; named: string[] }> {
  await using file = await open(written);
  const played = new Map<number, Buffer>();
  const named = file.damage.map((one) => one.why);
  if (file.brokenEnd) named.push(file.brokenEnd.why);
  if (file.tail) named.push(file.tail.why);
  for (const part of file.parts) {
    try {
      played.set(part.record.at, await file.read(part.offset, part.offset + part.bytes));
    } catch (error) {
      assert.ok(error instanceof SealError, String(error));
      assert.equal(file.spoilt(part), error.message);
      named.push(error.message);
    }
  }
  return { played, named };
}

test('a flipped bit anywhere behind the header is named, shows nothing, and its neighbours play bit by bit', async () => {
  const written = record(newVolume(), clip(), { startMs: day })[0]!;
  const { played: whole, named: nothing } = await whatPlays(written);
  assert.deepEqual(nothing, []);
  await using sound = await open(written);
  const keys = sound.parts.filter((part) => part.key).map((part) => part.record.at);
  const from = 2 * written.headerBytes;
  const anywhere = fc.integer({ min: from, max: written.bytes.length - 1 });
  // Heads are small: half of the bits go there.
  const inHeads = fc
    .tuple(fc.constantFrom(...written.recordsAt, written.endAt, from), fc.nat(200))
    .map(([at, more]) => at + more);
  await fc.assert(
    fc.asyncProperty(fc.oneof(anywhere, inHeads), fc.nat(7), async (at, bit) => {
      if (at >= written.bytes.length) return;
      const bytes = Uint8Array.from(written.bytes);
      bytes[at]! ^= 1 << bit;
      writeFileSync(pathOf(written), bytes);
      const { played, named } = await whatPlays(written);
      // The second copy of the head is not looked at while the first one opens.
      if (at >= written.recordsAt[0]! || named.length > 0)
        assert.ok(named.length > 0 && named.every((why) => /at byte \d+/.test(why)), `byte ${at} unnoticed`);
      const hit = written.recordsAt.findLastIndex((one) => one <= at);
      const next = keys.find((key) => key > (written.recordsAt[hit] ?? 0)) ?? Number.POSITIVE_INFINITY;
      for (const [i, recordAt] of written.recordsAt.entries()) {
        const now = played.get(recordAt);
        if (now) assert.deepEqual(now, whole.get(recordAt), 'what plays is what was recorded');
        const mustPlay = i < hit || recordAt >= next || at < written.recordsAt[0]! || at >= written.endAt;
        if (mustPlay) assert.ok(now, `part ${i} is lost by byte ${at}`);
      }
    }),
    { numRuns: 250 },
  );
});

test('a flipped bit in either copy of the header is named and costs nothing', async () => {
  const written = record(newVolume(), clip(), { startMs: day })[0]!;
  for (let at = 0; at < 2 * written.headerBytes; at++) {
    const bytes = Uint8Array.from(written.bytes);
    bytes[at]! ^= 1 << (at & 7);
    writeFileSync(pathOf(written), bytes);
    await using file = await open(written);
    assert.equal(file.parts.length, written.partsAt.length, `byte ${at}`);
    assert.match(file.damage[0]!.why, /copy of the header is damaged/);
  }
});

test('a damaged first head is named, and the second copy of it is used', async () => {
  const written = record(newVolume(), clip(), { startMs: day })[0]!;
  const bytes = Uint8Array.from(written.bytes);
  bytes[2 * written.headerBytes + 100]! ^= 1;
  writeFileSync(pathOf(written), bytes);
  await using file = await open(written);
  assert.equal(file.parts.length, written.partsAt.length);
  assert.equal(file.damage.length, 1);
});

test('a changed picture leaves the same index, another digest, and is named by an examination with the key', async () => {
  const volume = newVolume();
  const written = record(volume, clip(), { startMs: day })[0]!;
  const bytes = Uint8Array.from(written.bytes);
  bytes[written.recordsAt[3]! - 200]! ^= 4;
  writeFileSync(pathOf(written), bytes);
  const { segments } = await survey(volume, all);
  assert.equal(segments[0]!.pictures, written.units.length);
  assert.notEqual(segments[0]!.digest, sha(written.bytes));
  const wrong = await examine(volume, written.path, knownKeys);
  assert.equal(wrong.length, 1);
  assert.match(wrong[0]!, /pictures of a part: changed since they were sealed/);
});

test('a record of another segment, a record twice and a record left out are named, and are never played', async () => {
  const volume = newVolume();
  const [one, other] = record(volume, clip(), { startMs: day, seconds: 12, segmentSeconds: 6 });
  const ends = [...one!.recordsAt.slice(1), one!.endAt];
  const recordOf = (of: Recorded, i: number) =>
    of.bytes.subarray(of.recordsAt[i]!, [...of.recordsAt.slice(1), of.endAt][i]!);
  const built = (pieces: Uint8Array[]) => Buffer.concat(pieces);
  const before = one!.bytes.subarray(0, one!.recordsAt[4]!);
  const behind = one!.bytes.subarray(ends[4]!);
  const forgeries = {
    'of another segment': built([before, recordOf(other!, 4), behind]),
    twice: built([before, recordOf(one!, 4), recordOf(one!, 4), behind]),
    'left out': built([before, behind]),
    'in another order': built([before, recordOf(one!, 5), recordOf(one!, 4), one!.bytes.subarray(ends[5]!)]),
  };
  const honest = await whatPlays(one!);
  for (const [what, bytes] of Object.entries(forgeries)) {
    writeFileSync(pathOf(one!), bytes);
    const { played, named } = await whatPlays(one!);
    assert.ok(named.length > 0, `a record ${what} is not noticed`);
    const bodies = new Set([...honest.played.values()].map(sha));
    for (const body of played.values()) assert.ok(bodies.has(sha(body)), `a record ${what} is played`);
    assert.equal(played.size, new Set([...played.values()].map(sha)).size);
    const found = await inspect(volume, one!.path, false);
    const isSeenInTheClear = what !== 'of another segment';
    assert.equal(found.damaged.length > 0, isSeenInTheClear, `${what}: ${found.damaged}`);
  }
});

test('lengths of 4 GB and every other header that lies are refused without a large read', async () => {
  const written = record(newVolume(), clip(), { startMs: day })[0]!;
  const at = written.recordsAt[3]!;
  for (const [offset, value] of [
    [40, 0xffff_ffff],
    [44, 0xffff_ffff],
    [40, 0],
    [12, 0xffff_ffff],
    [36, 0xffff_ffff],
  ] as const) {
    const bytes = Buffer.from(written.bytes);
    bytes.writeUInt32BE(value, at + offset);
    bytes.writeUInt32BE(crc32(bytes.subarray(at, at + 60)), at + 60);
    writeFileSync(pathOf(written), bytes);
    const { played, named } = await whatPlays(written);
    assert.ok(named.length > 0);
    assert.ok(!played.has(at));
    assert.ok(played.has(written.recordsAt[0]!));
  }
});

test('an open segment is read up to its last whole part, and further as it grows', async () => {
  const written = record(newVolume(), clip(), { startMs: day })[0]!;
  const path = pathOf(written);
  const ends = [...written.recordsAt.slice(1), written.endAt];
  writeFileSync(path, written.bytes.subarray(0, ends[0]! + 5));
  await using file = await open(written);
  assert.equal(file.parts.length, 1);
  for (const [i, end] of ends.entries()) {
    writeFileSync(path, written.bytes.subarray(0, Math.min(written.bytes.length, end + 57)));
    await file.grow();
    assert.equal(file.parts.length, i + 1);
  }
  writeFileSync(path, written.bytes);
  await file.grow();
  assert.equal(file.tail, null);
  assert.equal(file.ending?.bytes, written.endAt);
  assert.deepEqual(file.damage, []);
});

test('foreign and broken files are named and never touched', async () => {
  const volume = newVolume();
  const written = record(volume, clip(), { startMs: day })[0]!;
  const folder = join(volume.path, 'cam_test.main', '2026-11-22');
  const foreign: Record<string, Uint8Array> = {
    'notes.txt': Buffer.from('hello'),
    '1795305600000-seg_v.mp4': Buffer.from('a file as they were before they were sealed'),
    '1795305600000-seg_x.cvs': Buffer.from('this is no segment at all, whatever its name says'),
    '1795305600001-seg_y.cvs': Buffer.alloc(0),
    '1795305600002-seg_z.cvs': written.bytes.subarray(0, written.recordsAt[0]! + 10),
  };
  for (const [name, bytes] of Object.entries(foreign)) writeFileSync(join(folder, name), bytes);
  mkdirSync(join(volume.path, 'holiday'));
  const { segments, damaged } = await survey(volume, { ...all, repair: true, keys: knownKeys });
  assert.deepEqual(
    segments.map((one) => one.id),
    [written.id],
  );
  assert.equal(damaged.length, 6);
  for (const { why } of damaged) assert.ok(why.length > 10);
  for (const [name, bytes] of Object.entries(foreign))
    assert.deepEqual(readFileSync(join(folder, name)), Buffer.from(bytes));
  const strange = 'cam_test.main/2026-11-22/1795305600000-seg_x.cvs';
  await assert.rejects(SegmentFile.open(volume, strange, knownKeys), SealError);
});

test('folders are days of UTC and names go on, over a change of the clock in either direction', () => {
  const before = process.env.TZ;
  process.env.TZ = 'Europe/Berlin';
  try {
    for (const [midnight, folders] of [
      // The hour from two to three is there twice; and it is not there at all.
      ['2026-10-25T00:00:00Z', ['2026-10-24', '2026-10-25']],
      ['2026-03-29T00:00:00Z', ['2026-03-28', '2026-03-29']],
    ] as const) {
      const minutes = Array.from({ length: 240 }, (_, i) => Date.parse(midnight) + (i - 120) * 60_000);
      const paths = minutes.map((startMs, i) =>
        segmentPath({ cameraId: 'cam_1', stream: 'main', startMs, id: `seg_${i}` }),
      );
      assert.deepEqual([...new Set(paths.map((path) => path.split('/')[1]))], folders);
      assert.deepEqual(paths.toSorted(), paths, 'by name they stand in the order of their time');
      assert.equal(new Set(paths).size, paths.length);
    }
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
});

test('two files with one id are both found, each with its own path and digest', async () => {
  const volume = newVolume();
  const written = record(volume, clip(), { startMs: day })[0]!;
  const copy = written.path.replace(/(\d{13})-/, (_, ms) => `${Number(ms) + 1}-`);
  writeFileSync(join(volume.path, copy), written.bytes);
  const { segments } = await survey(volume, all);
  assert.deepEqual(
    segments.map((one) => one.id),
    [written.id, written.id],
  );
  assert.deepEqual(segments.map((one) => one.path).sort(), [written.path, copy].sort());
});

test('a header that is cut off anywhere is refused with its place', async () => {
  const written = record(newVolume(), clip(), { startMs: day })[0]!;
  for (let length = 2 * written.headerBytes + 64; length >= 0; length -= 7) {
    truncateSync(pathOf(written), length);
    await assert.rejects(open(written), SealError);
  }
});

test('with a wrong key nothing opens, and with none the reason is said; a survey tells the segment all the same', async () => {
  const volume = newVolume();
  const written = record(volume, clip(), { startMs: day })[0]!;
  const wrong: DayKeys = {
    ...knownKeys,
    toOpen: async (source, of, keyId) => ({ ...knownKey(source, of), keyId, key: randomBytes(32) }),
  };
  await assert.rejects(open(written, wrong), /does not open with the key of its day/);
  const none: DayKeys = {
    ...knownKeys,
    toOpen: async () => {
      throw new NoKey('missing', 'the key is not in the key ring');
    },
  };
  await assert.rejects(open(written, none), NoKey);
  truncateSync(pathOf(written), written.endAt);
  const { segments } = await survey(volume, { ...all, repair: true, keys: none });
  assert.equal(segments[0]!.pictures, written.units.length);
  assert.equal(readFileSync(pathOf(written)).length, written.endAt, 'without the key nothing is cut');
});

test('any bytes for a header or a record end in a value or a SealError', () => {
  const written = record(newVolume(), clip(), { startMs: day })[0]!;
  const header = Buffer.from(written.bytes.subarray(0, 2 * written.headerBytes));
  const mutated = fc
    .tuple(fc.nat(header.length - 1), fc.nat(255), fc.nat(header.length))
    .map(([at, to, end]) => {
      const bytes = Buffer.from(header);
      bytes[at] = to;
      return bytes.subarray(0, end);
    });
  const noise = fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(mutated, noise), (bytes) => {
      try {
        assert.equal(readHeader(bytes).identity.id, written.id);
      } catch (error) {
        assert.ok(error instanceof SealError, String(error));
      }
    }),
    { numRuns: 3_000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), fc.boolean(), (raw, isSigned) => {
      const bytes = Buffer.from(raw);
      bytes.set(Buffer.from('\x89CVR\r\n\x1a\n', 'latin1'));
      if (isSigned) bytes.writeUInt32BE(crc32(bytes.subarray(0, 60)), 60);
      const found = readRecordHeader(bytes, 0);
      if (found instanceof SealError) return;
      assert.ok(isSigned && found.headBytes > 0 && found.bodyBytes <= 1 << 26);
    }),
    { numRuns: 3_000 },
  );
});

test('what stands in a header of a record is read back as it was written', () => {
  const number = fc.nat(0xffff_ffff);
  const of = fc.record({
    ...{ type: fc.constantFrom('init' as const, 'part' as const, 'end' as const), key: fc.boolean() },
    ...{ hasSound: fc.boolean(), sequence: number, wallMs: fc.nat(4_000_000_000_000), ticks: number },
    ...{ decodeTicks: fc.maxSafeNat(), pictures: number, headBytes: fc.integer({ min: 1, max: 700_000 }) },
    bodyBytes: fc.nat(30_000_000),
  });
  fc.assert(
    fc.property(of, (record) => {
      const totals = { parts: 3, packetsLost: 4, damagedPictures: 5 };
      const whole = record.type === 'end' ? { ...record, totals } : record;
      assert.deepEqual({ ...readRecordHeader(encodeRecordHeader(whole), 0) }, { ...whole });
    }),
  );
});

const ticks = fc.nat(0xffff_ffff);
const signed = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });
const entry = fc.record({
  at: fc.maxSafeNat(),
  header: fc.record({
    ...{ type: fc.constant('part' as const), key: fc.boolean(), hasSound: fc.boolean(), sequence: ticks },
    ...{ wallMs: fc.nat(4e12), decodeTicks: fc.maxSafeNat(), ticks, pictures: ticks },
    ...{ headBytes: ticks, bodyBytes: ticks },
  }),
  shape: fc.record({
    ...{ prftBytes: ticks, firstBytes: ticks, firstTicks: ticks, firstCtsTicks: signed },
    ...{ firstShownTicks: signed, lastShownTicks: signed, sounds: ticks, soundBytes: ticks },
  }),
});

const inOrder = ({ at, header, shape }: { at: number; header: object; shape: object }) => [
  at,
  ...[header, shape].map((one) => Object.entries(one).sort()),
];

test('what stands in the index of the parts is read back as it was written, however many there are', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 500 }), (entries) => {
      const index = new IndexWriter();
      for (const one of entries) index.add(one);
      // By JSON: what fast-check makes has no prototype.
      assert.equal(
        JSON.stringify(readIndex(Buffer.from(index.bytes()))?.map(inOrder)),
        JSON.stringify(entries.map(inOrder)),
      );
    }),
    { numRuns: 60 },
  );
});

test('any bytes for an index are none, or entries that are held against the file', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.boolean(), (bytes, isKind) => {
      const given = Buffer.from(bytes);
      if (isKind && given.length >= 8) given.set([0, 1, 0, 80, 0, 0, 0, Math.floor((given.length - 8) / 80)]);
      const entries = readIndex(given);
      if (entries !== null) assert.equal(fits(entries, { at: 1, sequence: 1, parts: entries.length }), false);
    }),
  );
});
