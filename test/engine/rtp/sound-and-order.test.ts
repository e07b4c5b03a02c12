/** Sound out of packets, and packets back in order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as later } from 'node:timers/promises';
import fc from 'fast-check';
import { Origin, ReorderBuffer, SoundStream } from '../../../src/engine/rtp/index.ts';
import type { AccessUnit, AudioTrack } from '../../../src/engine/units.ts';
import { rtpPacket } from './packets.ts';

const aac: AudioTrack = {
  kind: 'audio',
  codec: 'aac',
  sampleRate: 48_000,
  channels: 2,
  config: Buffer.from('1190', 'hex'),
};

function listen(track: AudioTrack): { units: AccessUnit[]; stream: SoundStream } {
  const units: AccessUnit[] = [];
  const layout = { sizeBits: 13, indexBits: 3, deltaBits: 3 };
  const events = { tracks() {}, unit: (unit: AccessUnit) => units.push(unit), clock() {}, closed() {} };
  return { units, stream: new SoundStream(track, track.sampleRate, layout, new Origin(), events) };
}

/** AU headers of 13+3 bits, then the frames. */
const aacPayload = (sizes: readonly number[], frames: readonly Uint8Array[]): Buffer => {
  const head = Buffer.alloc(2 + 2 * sizes.length);
  head.writeUInt16BE(16 * sizes.length, 0);
  for (const [i, size] of sizes.entries()) head.writeUInt16BE(size << 3, 2 + 2 * i);
  return Buffer.concat([head, ...frames]);
};

test('AAC frames come one by one, 1024 samples apart, and fragments are joined', () => {
  const { units, stream } = listen(aac);
  const frames = [Buffer.alloc(100, 1), Buffer.alloc(200, 2)];
  const first = aacPayload([100, 200], frames);
  stream.packet(first, 0, first.length, true, 1000, 0, 5);
  const big = Buffer.alloc(3000, 7);
  for (const [from, to] of [
    [0, 1400],
    [1400, 2800],
    [2800, 3000],
  ] as const) {
    const part = aacPayload([3000], [big.subarray(from, to)]);
    stream.packet(part, 0, part.length, to === 3000, 3048, 0, 6);
  }
  assert.deepEqual(
    units.map((unit) => [unit.data.length, unit.pts]),
    [
      [100, 0],
      [200, 1920],
      [3000, 3840],
    ],
  );
  assert.deepEqual(Buffer.from(units[2]!.data), big);
});

test('G.711 packets are units; sound that begins later is told later', () => {
  const origin = new Origin();
  origin.offsetTicks(1000);
  const units: AccessUnit[] = [];
  const track: AudioTrack = {
    kind: 'audio',
    codec: 'pcma',
    sampleRate: 8000,
    channels: 1,
    config: new Uint8Array(),
  };
  const stream = new SoundStream(track, 8000, { sizeBits: 13, indexBits: 3, deltaBits: 3 }, origin, {
    tracks() {},
    unit: (unit) => units.push(unit),
    clock() {},
    closed() {},
  });
  const samples = Buffer.alloc(160, 0xd5);
  stream.packet(samples, 0, 160, false, 5, 0, 2000);
  stream.packet(samples, 0, 160, false, 165, 0, 2020);
  assert.deepEqual(
    units.map((unit) => unit.pts),
    [90_000, 91_800],
  );
});

test('whatever sound packets come, nothing throws and nothing grows', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.nat(3)), { maxLength: 30 }),
      (packets) => {
        const { units, stream } = listen(aac);
        for (const [bytes, lost] of packets)
          stream.packet(Buffer.from(bytes), 0, bytes.length, true, 0, lost, 1);
        assert.ok(units.every((unit) => unit.data.length > 0 && unit.data.length <= 65_536));
      },
    ),
    { numRuns: 1000 },
  );
});

const packetOf = (sequence: number): Buffer => rtpPacket({ sequence }, Buffer.from([1]));
const sequenceOf = (packet: Buffer): number => packet.readUInt16BE(2);

test('packets that overtook each other are put back in order, across the wrap too', () => {
  fc.assert(
    fc.property(fc.nat(0xffff), fc.array(fc.nat(20), { minLength: 1, maxLength: 200 }), (start, jitter) => {
      const passed: number[] = [];
      const buffer = new ReorderBuffer({ packets: 64, waitMs: 60_000 }, (packet) =>
        passed.push(sequenceOf(packet)),
      );
      // The first one sets the beginning; each later one is delayed by at most 20 places.
      const order = jitter
        .map((delay, i) => ({ i: i + 1, at: i + delay }))
        .sort((a, b) => a.at - b.at || a.i - b.i);
      buffer.push(packetOf(start));
      for (const { i } of order) buffer.push(packetOf(start + i));
      buffer.flush();
      assert.deepEqual(
        passed,
        Array.from({ length: jitter.length + 1 }, (_, i) => (start + i) & 0xffff),
      );
    }),
  );
});

test('a hole is waited for a moment, and for 64 packets at most', async () => {
  const passed: number[] = [];
  let gone: (() => void) | undefined;
  const buffer = new ReorderBuffer({ packets: 64, waitMs: 20 }, (packet) => {
    passed.push(sequenceOf(packet));
    if (sequenceOf(packet) === 4) gone?.();
  });
  const waited = new Promise<void>((resolve) => {
    gone = resolve;
  });
  for (const sequence of [1, 3, 4]) buffer.push(packetOf(sequence));
  assert.deepEqual(passed, [1]);
  await Promise.race([waited, later(10_000).then(() => assert.fail('not given up'))]);
  assert.deepEqual(passed, [1, 3, 4]);
  for (let i = 0; i < 64; i++) buffer.push(packetOf(6 + i));
  assert.equal(passed.length, 67, 'the 64th packet behind a hole ends the waiting');
  buffer.push(packetOf(5));
  assert.equal(passed.at(-1), 5, 'what is late is handed on to be counted');
  buffer.flush();
});
