/** A stored span is one MP4 file: its length known beforehand, its bytes the same whenever asked, its pictures all. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { Ticket } from '../../../src/engine/engine.ts';
import { readDuration } from '../../../src/engine/mp4/index.ts';
import { decodeAll, makeClip, probe } from '../mp4/clips.ts';
import { type Recorded, record } from '../segment/record.ts';
import { clockStart, TestReader } from './harness.ts';

let reader: TestReader;
before(async () => {
  reader = await TestReader.start();
});
after(() => reader[Symbol.asyncDispose]());

async function fileOf(ticket: Ticket): Promise<{ plan: Awaited<ReturnType<typeof planOf>>; bytes: Buffer }> {
  const plan = await planOf(ticket);
  const bytes = await reader.read(ticket, plan.id, 0, plan.bytes);
  assert.equal(bytes.length, plan.bytes);
  return { plan, bytes };
}
const planOf = (ticket: Ticket) => reader.peer.ask('plan', { ticket: ticket.id });

/** Pictures from the key at or before `fromMs` to the last part that begins before `toMs`, as sent. */
function sentIn(
  recorded: readonly Recorded[],
  fromMs: number,
  toMs: number,
  partPictures: number,
): Uint8Array[] {
  const all = recorded.flatMap((file) =>
    file.units.map((unit, i) => ({ ...unit, wallMs: file.wallsMs[i]!, file, index: i })),
  );
  const from = Math.max(
    all.findLastIndex((unit) => unit.key && unit.wallMs <= fromMs),
    0,
  );
  const key = all[from]!;
  const isOver = key.file.endMs <= fromMs;
  const start = isOver ? all.findIndex((unit) => unit.wallMs > fromMs) : from;
  const wanted = all.slice(start < 0 ? all.length : start);
  let last = -1;
  for (const [i, unit] of wanted.entries()) {
    const sinceKey = i - wanted.slice(0, i + 1).findLastIndex((one) => one.key);
    const beginsPart = sinceKey % partPictures === 0;
    if (beginsPart && unit.wallMs >= toMs) break;
    last = i;
  }
  return wanted.slice(0, last + 1).map((unit) => unit.data);
}

test('any span of two runs and a resolution change is a file with exactly the pictures sent', async () => {
  const small = makeClip({ seconds: 6, gop: 25, size: '160x120' });
  const large = makeClip({ seconds: 6, gop: 25, size: '320x240', bFrames: 2 });
  // 13 pictures of 40 ms: more than half a second, so a part has 13 pictures or ends at the key.
  const recorded = [
    ...record(reader.volume, small, { startMs: clockStart, seconds: 9, segmentSeconds: 3 }),
    ...record(reader.volume, small, { startMs: clockStart + 12_000, seconds: 5, segmentSeconds: 3 }),
    ...record(reader.volume, large, { startMs: clockStart + 17_100, seconds: 6, segmentSeconds: 4 }),
  ];
  reader.footage = { segments: recorded, gaps: [] };
  const path = join(reader.dir, 'span.mp4');
  const span = fc.tuple(fc.integer({ min: -2000, max: 22_500 }), fc.integer({ min: 100, max: 24_000 }));
  await fc.assert(
    fc.asyncProperty(span, async ([offset, length]) => {
      const fromMs = clockStart + offset;
      const toMs = fromMs + length;
      const sent = sentIn(recorded, fromMs, toMs, 13);
      const ticket = await reader.admit({ fromMs, toMs });
      if (sent.length === 0) {
        await assert.rejects(planOf(ticket), { code: 'view.nothing' });
        return;
      }
      const { plan, bytes } = await fileOf(ticket);
      assert.equal(plan.pictures, sent.length);
      writeFileSync(path, bytes);
      const pictures = packetsOf(path).map(({ pos, size }) => bytes.subarray(pos, pos + size));
      assert.equal(pictures.length, sent.length);
      // Where the picture's size changes, key pictures bring their parameter sets: the rest is what was sent.
      for (const [i, picture] of pictures.entries())
        assert.equal(sha([picture.subarray(picture.length - sent[i]!.length)]), sha([sent[i]!]));
      if (!bytes.includes('avc3')) assert.equal(sha(pictures), sha(sent));
      assert.equal(
        plan.chunks[0]!.offset,
        bytes.length - plan.chunks.reduce((sum, one) => sum + one.bytes, 0),
      );
      const { streams, format } = probe(path);
      assert.equal(Number(streams[0]!.nb_read_packets), sent.length);
      const seconds = plan.chunks.reduce((sum, chunk) => sum + chunk.seconds, 0);
      assert.ok(Math.abs(Number(format.duration) - seconds) < 0.2, `${format.duration} is not ${seconds}`);
      assert.ok(Math.abs(seconds - sent.length * 0.04) < 0.2);
    }),
    { numRuns: 25 },
  );
});

const sha = (pieces: readonly Uint8Array[]): string => {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
};

interface Packet {
  readonly pos: number;
  readonly size: number;
  readonly dts: number;
  readonly duration: number;
}

/** Where FFmpeg finds each picture of a file. */
function packetsOf(path: string): Packet[] {
  const entries = ['-select_streams', 'v', '-show_entries', 'packet=pos,size,dts,duration', '-of', 'json'];
  const out = execFileSync('ffprobe', ['-v', 'error', ...entries, path], { maxBuffer: 1 << 26 }).toString();
  return (JSON.parse(out) as { packets: Record<keyof Packet, string>[] }).packets.map((packet) => ({
    ...{ pos: Number(packet.pos), size: Number(packet.size) },
    ...{ dts: Number(packet.dts), duration: Number(packet.duration) },
  }));
}

test('a file over a resolution change and two runs decodes without a complaint, on a timeline without holes', async () => {
  const recorded = [
    ...record(reader.volume, makeClip({ seconds: 4 }), { startMs: clockStart }),
    ...record(reader.volume, makeClip({ seconds: 4, size: '640x360', bFrames: 2 }), {
      startMs: clockStart + 10_000,
    }),
    ...record(reader.volume, makeClip({ seconds: 4 }), { startMs: clockStart + 20_000, startTicks: 77 }),
  ];
  reader.footage = { segments: recorded, gaps: [] };
  const ticket = await reader.admit({ fromMs: clockStart, toMs: clockStart + 60_000 });
  const { plan, bytes } = await fileOf(ticket);
  const path = join(reader.dir, 'joined.mp4');
  writeFileSync(path, bytes);
  assert.deepEqual(decodeAll(path), { complaints: '', pictures: 300 });
  assert.equal(bytes.includes('avc3'), true);
  assert.equal(plan.pictures, 300);
  let next = 0;
  for (const [i, { dts, duration }] of packetsOf(path).entries()) {
    const joint = dts - next;
    // Pictures shown late by reordering end later than their decode time: the next run waits for them.
    assert.ok(joint === 0 || (joint > 0 && joint <= 3 * 3600), `${joint} ticks before picture ${i}`);
    next = dts + duration;
  }
  assert.equal(readDuration(bytes), next);
});

test('byte ranges put together are the file, in whatever pieces they are asked for', async () => {
  const recorded = [
    ...record(reader.volume, makeClip({ seconds: 6, sound: true, bFrames: 2 }), {
      ...{ startMs: clockStart, seconds: 8, segmentSeconds: 3 },
    }),
    ...record(reader.volume, makeClip({ seconds: 2, size: '640x360' }), { startMs: clockStart + 9000 }),
  ];
  reader.footage = { segments: recorded, gaps: [] };
  const ticket = await reader.admit({ fromMs: clockStart + 1500, toMs: clockStart + 20_000 });
  const { plan, bytes } = await fileOf(ticket);
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: plan.bytes - 1 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(cuts, async (inside) => {
      const at = [0, ...inside.toSorted((a, b) => a - b), plan.bytes];
      const pieces: Buffer[] = [];
      for (let i = 1; i < at.length; i++) pieces.push(await reader.read(ticket, plan.id, at[i - 1]!, at[i]!));
      assert.ok(Buffer.concat(pieces).equals(bytes));
    }),
    { numRuns: 25 },
  );
  assert.ok((await reader.read(ticket, plan.id, 100, 100)).length === 0);
});

test('sound goes along, and each chunk for HLS plays behind the head alone', async () => {
  const recorded = record(reader.volume, makeClip({ seconds: 6, sound: true, bFrames: 2 }), {
    ...{ startMs: clockStart, seconds: 8, segmentSeconds: 3 },
  });
  reader.footage = { segments: recorded, gaps: [] };
  const ticket = await reader.admit({ fromMs: clockStart, toMs: clockStart + 60_000 });
  const { plan, bytes } = await fileOf(ticket);
  const path = join(reader.dir, 'sound.mp4');
  writeFileSync(path, bytes);
  const { streams } = probe(path);
  assert.deepEqual(
    streams.map((stream) => stream.codec_name),
    ['h264', 'aac'],
  );
  assert.equal(
    Number(streams[1]!.nb_read_packets),
    recorded.reduce((sum, file) => sum + file.sounds, 0),
  );
  assert.match(plan.codecs, /^avc1\.[0-9a-f]{6},mp4a\.40\.2$/);
  let pictures = 0;
  for (const chunk of plan.chunks) {
    const alone = Buffer.concat([
      bytes.subarray(0, plan.initBytes),
      bytes.subarray(chunk.offset, chunk.offset + chunk.bytes),
    ]);
    writeFileSync(path, alone);
    const { pictures: decoded, complaints } = decodeAll(path);
    assert.equal(complaints, '');
    pictures += decoded;
  }
  assert.equal(pictures, plan.pictures);
});

test('a damaged segment is left out of the file and its neighbours are in it', async () => {
  const recorded = record(reader.volume, makeClip({ seconds: 6 }), {
    ...{ startMs: clockStart, seconds: 12, segmentSeconds: 4 },
  });
  const broken = Uint8Array.from(recorded[1]!.bytes);
  broken.fill(0, 0, 2 * recorded[1]!.headerBytes);
  writeFileSync(join(reader.volume.path, recorded[1]!.path), broken);
  const damaged = Uint8Array.from(recorded[2]!.bytes);
  damaged.fill(0xff, recorded[2]!.recordsAt[2]! + 40, recorded[2]!.recordsAt[2]! + 160);
  writeFileSync(join(reader.volume.path, recorded[2]!.path), damaged);
  reader.footage = { segments: recorded, gaps: [] };
  const ticket = await reader.admit({ fromMs: clockStart, toMs: clockStart + 60_000 });
  const { plan, bytes } = await fileOf(ticket);
  // The second file is lost whole, of the third one second between two keys.
  assert.equal(plan.pictures, 100 + 75);
  assert.deepEqual(
    plan.missing.map(({ fromMs, toMs, cause }) => [fromMs - clockStart, toMs - clockStart, cause]),
    [
      [4_000, 8_000, 'damaged'],
      [9_000, 10_000, 'damaged'],
    ],
  );
  const path = join(reader.dir, 'damaged.mp4');
  writeFileSync(path, bytes);
  assert.deepEqual(decodeAll(path), { complaints: '', pictures: 175 });
});

test('pictures that turn out to be changed are left out of the file that promised them, and all others are in it', async () => {
  const [recorded, other] = record(reader.volume, makeClip({ seconds: 4 }), {
    ...{ startMs: clockStart, seconds: 8, segmentSeconds: 4 },
  });
  const changed = Uint8Array.from(recorded!.bytes);
  // The last bytes of the record before the fourth part: pictures, and not their head.
  changed[recorded!.recordsAt[3]! - 400]! ^= 1;
  writeFileSync(join(reader.volume.path, recorded!.path), changed);
  reader.footage = { segments: [recorded!, other!], gaps: [] };
  const ticket = await reader.admit({ fromMs: clockStart, toMs: clockStart + 60_000 });
  const promised = await planOf(ticket);
  assert.equal(promised.pictures, 200);
  assert.deepEqual(promised.missing, []);
  const bytes = await reader.read(ticket, promised.id, 0, promised.bytes);
  assert.equal(bytes.length, promised.bytes, 'as long as was promised');
  const path = join(reader.dir, 'changed.mp4');
  writeFileSync(path, bytes);
  // The third part begins a GOP of a second; what the GOP has before it is there.
  const { complaints, pictures } = decodeAll(path);
  assert.equal(complaints, '');
  const missing = await reader.peer.ask('missing', { ticket: ticket.id, plan: promised.id });
  assert.equal(missing.length, 1);
  const [{ fromMs, toMs, cause }] = missing as [(typeof missing)[number]];
  assert.equal(cause, 'damaged');
  assert.equal(pictures, 200 - Math.round((toMs - fromMs) / 40));
  const bad = Math.round((fromMs - clockStart) / 500);
  assert.ok(bad === 2 && toMs === clockStart + 2_000, `${fromMs - clockStart} to ${toMs - clockStart}`);
  // Any piece of it is the same again, as a download that is taken up asks for it.
  for (const [from, to] of [
    [promised.chunks[1]!.offset - 1, promised.chunks[1]!.offset + promised.chunks[1]!.bytes + 1],
    [promised.bytes - 100_000, promised.bytes],
  ] as const)
    assert.ok((await reader.read(ticket, promised.id, from, to)).equals(bytes.subarray(from, to)));
  const { plan, bytes: second } = await fileOf(ticket);
  assert.equal(plan.pictures, pictures, 'the next file does not promise them');
  assert.deepEqual(plan.missing, missing);
  writeFileSync(path, second);
  assert.deepEqual(decodeAll(path), { complaints: '', pictures });
});

test('a span with two codecs is refused as one file', async () => {
  reader.footage = {
    segments: [
      ...record(reader.volume, makeClip({ seconds: 2 }), { startMs: clockStart }),
      ...record(reader.volume, makeClip({ seconds: 2, codec: 'h265' }), { startMs: clockStart + 3000 }),
    ],
    gaps: [],
  };
  const ticket = await reader.admit({ fromMs: clockStart, toMs: clockStart + 60_000 });
  await assert.rejects(planOf(ticket), { code: 'view.mixed-codecs' });
  const alone = await reader.admit({ fromMs: clockStart + 3000, toMs: clockStart + 60_000 });
  assert.match((await planOf(alone)).codecs, /^hvc1/);
});

test('another ticket’s plan, and bytes that are not there, are not given', async () => {
  const recorded = record(reader.volume, makeClip({ seconds: 2 }), { startMs: clockStart });
  reader.footage = { segments: recorded, gaps: [] };
  const mine = await reader.admit({ fromMs: clockStart, toMs: clockStart + 9000 });
  const other = await reader.admit({ fromMs: clockStart, toMs: clockStart + 9000 });
  const plan = await planOf(mine);
  assert.equal((await reader.read(other, plan.id, 0, 100).catch(() => Buffer.alloc(0))).length, 0);
  assert.equal((await reader.read(mine, plan.id, 0, plan.bytes + 1).catch(() => Buffer.alloc(0))).length, 0);
  reader.peer.tell('revoke', { ticket: mine.id });
  await assert.rejects(planOf(mine), { code: 'view.expired' });
  assert.equal((await reader.read(mine, plan.id, 0, 100).catch(() => Buffer.alloc(0))).length, 0);
});
