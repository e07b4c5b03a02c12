/** From packets to pictures: what cameras do to the rules, what the network does to packets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Origin, Receiver, VideoStream } from '../../../src/engine/rtp/index.ts';
import type { AccessUnit, LinkCounters, VideoTrack } from '../../../src/engine/units.ts';
import { splitLengths } from '../../support/gst.ts';
import { h264Pps, h264Samples, h265Pps, h265Samples, h265Vps } from '../codec/samples.ts';
import { aggregate, fragmentsOf, type PacketOptions, rtpPacket } from './packets.ts';

const sps = h264Samples[0]!.sps;
const otherSps = h264Samples[1]!.sps;

/** A slice whose content tells it apart; the bit behind the header says that it is its picture's first. */
const slice = (id: number, options: { key?: boolean; first?: boolean; size?: number } = {}): Buffer =>
  Buffer.concat([
    Buffer.from([options.key ? 0x65 : 0x41, options.first === false ? 0x40 : 0x80]),
    Buffer.alloc(options.size ?? 20, id),
  ]);

interface Seen {
  units: AccessUnit[];
  tracks: { video: VideoTrack; before: number }[];
  counters: LinkCounters;
  receiver: Receiver;
  stream: VideoStream;
  clocks: { wallMs: number; pts: number }[];
  byes: number;
  /** Sends a packet from a buffer that is overwritten behind it, as the shared read buffer is. */
  send(
    options: Omit<PacketOptions, 'sequence'> & { sequence?: number },
    payload: Uint8Array,
    arrivedMs?: number,
  ): void;
  nals(unit: number): string[];
}

function receive(codec: 'h264' | 'h265' = 'h264', sets: readonly Buffer[] = [], limits = {}): Seen {
  const counters = {
    packets: 0,
    bytes: 0,
    packetsLost: 0,
    packetsReordered: 0,
    packetsLate: 0,
    damagedUnits: 0,
    ignoredMedia: 0,
  };
  const units: AccessUnit[] = [];
  const tracks: Seen['tracks'] = [];
  const clocks: Seen['clocks'] = [];
  const options = { codec, clockRate: 90_000, sets, orderNumbers: false, audio: null };
  const stream = new VideoStream(
    { ...options, unitBytes: 16 * 1024 * 1024, nalsPerUnit: 4096, ...limits },
    new Origin(),
    counters,
    {
      tracks: (video) => tracks.push({ video, before: units.length }),
      unit: (unit) => units.push(unit),
      clock: (reading) => clocks.push({ wallMs: reading.cameraWallMs, pts: reading.pts }),
      closed() {},
    },
  );
  const seen: Partial<Seen> = { units, tracks, counters, stream, clocks, byes: 0 };
  const receiver = new Receiver(
    stream,
    counters,
    { senderReport: (report, arrivedMs) => stream.senderReport(report, arrivedMs), bye: () => seen.byes!++ },
    { payloadType: 96, clockRate: 90_000, ssrc: null },
  );
  let sequence = 100;
  let clockMs = 0;
  const shared = Buffer.alloc(70_000);
  const send: Seen['send'] = (more, payload, arrivedMs) => {
    sequence = more.sequence ?? sequence + 1;
    const packet = rtpPacket({ ...more, sequence }, payload);
    shared.set(packet, 3);
    clockMs = arrivedMs ?? clockMs + 40;
    receiver.packet(shared, 3, 3 + packet.length, clockMs);
    shared.fill(0xee);
  };
  const nals = (unit: number): string[] => splitLengths(units[unit]!.data).map((nal) => nal.toString('hex'));
  return Object.assign(seen, { receiver, send, nals }) as Seen;
}

const hex = (...nals: Buffer[]): string[] => nals.map((nal) => nal.toString('hex'));

test('single units, aggregates and fragments make the same picture', () => {
  const seen = receive();
  const key = slice(1, { key: true, size: 3000 });
  for (const nal of [sps, h264Pps]) seen.send({}, nal);
  seen.send({ marker: true }, key);
  seen.send({ timestamp: 3600 }, aggregate([sps, h264Pps], 'h264'));
  const parts = fragmentsOf(key, 'h264', 700);
  for (const [i, part] of parts.entries()) {
    seen.send({ timestamp: 3600, marker: i === parts.length - 1 }, part);
  }
  assert.equal(seen.units.length, 2);
  assert.deepEqual(seen.nals(0), hex(sps, h264Pps, key));
  assert.deepEqual(seen.nals(1), seen.nals(0));
  assert.deepEqual(
    seen.units.map(({ key, pts, damaged }) => ({ key, pts, damaged })),
    [
      { key: true, pts: 0, damaged: false },
      { key: true, pts: 3600, damaged: false },
    ],
  );
  assert.equal(seen.tracks.length, 1);
});

test('H.265 fragments, aggregates and keys of every kind', () => {
  const seen = receive('h265');
  const sets = [h265Vps, h265Samples[0]!.sps, h265Pps];
  const picture = (type: number): Buffer =>
    Buffer.concat([Buffer.from([type << 1, 1, 0x80]), Buffer.alloc(2000, type)]);
  [19, 20, 21, 16, 1].forEach((type, i) => {
    seen.send({ timestamp: i * 3600 }, aggregate(sets, 'h265'));
    const parts = fragmentsOf(picture(type), 'h265', 900);
    for (const [j, part] of parts.entries()) {
      seen.send({ timestamp: i * 3600, marker: j === parts.length - 1 }, part);
    }
    assert.deepEqual(seen.nals(i), hex(...sets, picture(type)));
  });
  assert.deepEqual(
    seen.units.map((unit) => unit.key),
    [true, true, true, true, false],
  );
  assert.equal(seen.tracks.length, 1);
});

test('without markers the next timestamp ends a picture; with markers on every slice, too', () => {
  const bare = receive('h264', [sps, h264Pps]);
  for (let i = 0; i < 4; i++) {
    bare.send({ timestamp: i * 3600 }, slice(i));
    bare.send({ timestamp: i * 3600 }, slice(i, { first: false }));
  }
  assert.equal(bare.units.length, 3);
  bare.receiver.flush();
  assert.deepEqual(
    bare.units.map((_, i) => bare.nals(i).length),
    [2, 2, 2, 2],
  );
  const keen = receive('h264', [sps, h264Pps]);
  for (let i = 0; i < 5; i++) {
    keen.send({ timestamp: i * 3600, marker: true }, slice(i));
    keen.send({ timestamp: i * 3600, marker: true }, slice(i, { first: false }));
  }
  // The first picture is believed to end at its marker; the proof of the contrary is believed from then on.
  assert.deepEqual(
    keen.units.map((_, i) => keen.nals(i).length),
    [1, 1, 2, 2, 2],
  );
});

test('parameter sets with a marker or a time of their own belong to the picture behind them', () => {
  const seen = receive();
  seen.send({ timestamp: 10, marker: true }, sps);
  seen.send({ timestamp: 20, marker: true }, h264Pps);
  seen.send({ timestamp: 3600, marker: true }, slice(1, { key: true }));
  assert.equal(seen.units.length, 1);
  assert.deepEqual(seen.nals(0), hex(sps, h264Pps, slice(1, { key: true })));
});

test('start and end bits that lie do not cost a picture', () => {
  const nal = slice(7, { size: 3000 });
  const bend = (change: (part: Buffer, i: number) => unknown): string[] => {
    const seen = receive('h264', [sps, h264Pps]);
    const parts = fragmentsOf(nal, 'h264', 800);
    parts.forEach((part, i) => {
      change(part, i);
      seen.send({ marker: i === parts.length - 1 }, part);
    });
    assert.equal(seen.units[0]!.damaged, false);
    return seen.nals(0);
  };
  assert.deepEqual(
    bend((part) => part.writeUInt8(part[1]! & 0x3f, 1)),
    hex(nal),
    'no bits at all',
  );
  assert.deepEqual(
    bend((part) => part.writeUInt8(part[1]! & 0xbf, 1)),
    hex(nal),
    'no end',
  );
  assert.deepEqual(
    bend((part, i) => part.writeUInt8(part[1]! | (i === 1 ? 0x40 : 0), 1)),
    hex(nal),
    'an end in the middle',
  );
});

test('start codes inside packets are taken out', () => {
  const seen = receive();
  const code = Buffer.from([0, 0, 0, 1]);
  seen.send({ marker: true }, Buffer.concat([code, sps, code, h264Pps, code, slice(1, { key: true })]));
  assert.deepEqual(seen.nals(0), hex(sps, h264Pps, slice(1, { key: true })));
});

test('a lost packet is counted, marks the picture it tore, and no other', () => {
  const seen = receive('h264', [sps, h264Pps]);
  const nal = slice(5, { size: 4000 });
  let sequence = 0;
  const picture = (timestamp: number, lose: readonly number[]): void => {
    const parts = fragmentsOf(nal, 'h264', 800);
    parts.forEach((part, i) => {
      sequence++;
      if (!lose.includes(i)) seen.send({ sequence, timestamp, marker: i === parts.length - 1 }, part);
    });
  };
  picture(0, []);
  picture(3600, [2]);
  picture(7200, []);
  picture(10_800, [5]);
  picture(14_400, []);
  picture(18_000, [0]);
  picture(21_600, []);
  const told = seen.units.map(({ pts, damaged, lostBefore }) => [pts / 3600, damaged, lostBefore]);
  assert.deepEqual(told, [
    [0, false, 0],
    [1, true, 1],
    [2, false, 0],
    [3, true, 1],
    [4, false, 0],
    // The picture whose beginning was lost has nothing that can be shown; its loss is told by the next.
    [6, false, 1],
  ]);
  assert.equal(seen.counters.packetsLost, 3);
  assert.ok(seen.nals(1)[0]!.length < nal.toString('hex').length, 'what follows the hole is left out');
});

test('a picture that never ends is cut at its bound, and the next is whole', () => {
  const seen = receive('h264', [sps, h264Pps], { unitBytes: 1024 * 1024 });
  const parts = fragmentsOf(slice(1, { size: 2 * 1024 * 1024 }), 'h264', 60_000);
  for (const part of parts) seen.send({ timestamp: 1 }, part);
  for (let i = 0; i < 20_000; i++) seen.send({ timestamp: 2 }, Buffer.from([0x06, 1, 2]));
  seen.send({ timestamp: 3600, marker: true }, slice(9));
  assert.equal(seen.units.length, 1);
  assert.deepEqual(seen.nals(0).at(-1), slice(9).toString('hex'));
});

test('units are nobody else’s: later packets do not change them', () => {
  const seen = receive('h264', [sps, h264Pps]);
  const before: string[] = [];
  for (let i = 0; i < 200; i++) {
    const parts = fragmentsOf(slice(i, { size: 1000 + i * 97 }), 'h264', 1300);
    for (const [j, part] of parts.entries()) {
      seen.send({ timestamp: i * 3600, marker: j === parts.length - 1 }, part);
    }
    before.push(Buffer.from(seen.units[i]!.data).toString('hex'));
  }
  assert.deepEqual(
    seen.units.map((unit) => Buffer.from(unit.data).toString('hex')),
    before,
  );
});

test('a new size is told before the picture that has it; equal sets are not told again', () => {
  const seen = receive();
  const picture = (i: number, set: Buffer): void => {
    for (const nal of [set, h264Pps]) seen.send({ timestamp: i * 3600 }, nal);
    seen.send({ timestamp: i * 3600, marker: true }, slice(i, { key: true }));
  };
  for (const [i, set] of [sps, sps, otherSps, otherSps, sps].entries()) picture(i, set);
  assert.deepEqual(
    seen.tracks.map(({ video, before }) => [video.width, before]),
    [
      [1920, 0],
      [640, 2],
      [1920, 4],
    ],
  );
});

test('pictures before their parameter sets are not handed on, and their losses are not forgotten', () => {
  const seen = receive();
  seen.send({ sequence: 1, timestamp: 0, marker: true }, slice(1));
  seen.send({ sequence: 5, timestamp: 3600, marker: true }, slice(2));
  for (const [i, nal] of [sps, h264Pps].entries()) seen.send({ sequence: 6 + i, timestamp: 7200 }, nal);
  seen.send({ sequence: 8, timestamp: 7200, marker: true }, slice(3, { key: true }));
  assert.deepEqual(
    seen.units.map((unit) => [unit.pts, unit.lostBefore]),
    [[0, 3]],
  );
});

test('time goes on through wraps, jumps of single frames and new epochs', () => {
  const seen = receive('h264', [sps, h264Pps]);
  const start = 0xffff_ffff - 5000;
  const hour = 3600 * 90_000;
  const odd = [
    0,
    3600,
    7200,
    hour,
    14_400,
    18_000,
    -hour,
    7,
    hour * 2,
    hour * 2 + 3600,
    hour * 2 + 7200,
    hour * 2 + 10_800,
  ];
  for (const [i, step] of odd.entries()) seen.send({ timestamp: start + step, marker: true }, slice(i));
  const times = seen.units.map((unit) => unit.pts / 3600);
  assert.deepEqual(times.slice(0, 6), [0, 1, 2, 3, 4, 5]);
  for (let i = 1; i < times.length; i++) {
    assert.ok(times[i]! > times[i - 1]! - 6 && times[i]! - times[i - 1]! <= 1.01, `${times}`);
  }
  assert.equal(seen.units.at(-1)!.pts - seen.units.at(-2)!.pts, 3600);
});

test('packets of another source are left out, until they are the stream', () => {
  const seen = receive('h264', [sps, h264Pps]);
  seen.send({ timestamp: 0, marker: true }, slice(0));
  for (let i = 0; i < 10; i++)
    seen.send({ sequence: 500 + i, ssrc: 9, marker: true, timestamp: 90_000 + i }, slice(99));
  seen.send({ sequence: 102, timestamp: 3600, marker: true }, slice(1));
  seen.send({ sequence: 103, timestamp: 3600, marker: true, payloadType: 97 }, slice(1));
  assert.equal(seen.units.length, 2);
  assert.deepEqual([seen.counters.ignoredMedia, seen.counters.packetsLost], [11, 0]);
  for (let i = 0; i < 60; i++)
    seen.send({ sequence: 900 + i, ssrc: 9, marker: true, timestamp: 7200 + i }, slice(99));
  assert.ok(seen.units.length > 5);
  assert.ok(seen.counters.packetsLost > 0);
});

test('a payload type that is not the one announced is taken when nothing else comes', () => {
  const seen = receive('h264', [sps, h264Pps]);
  for (let i = 0; i < 12; i++) seen.send({ timestamp: i * 3600, marker: true, payloadType: 35 }, slice(i));
  assert.equal(seen.units.length, 5);
});

test('late and doubled packets are left out; a sequence that begins anew is followed', () => {
  const seen = receive('h264', [sps, h264Pps]);
  const send = (sequence: number, i: number): void =>
    seen.send({ sequence, timestamp: i * 3600, marker: true }, slice(i));
  for (const [i, sequence] of [10, 11, 11, 9, 12].entries()) send(sequence, i);
  assert.equal(seen.units.length, 3);
  assert.equal(seen.counters.packetsLate, 2);
  for (let i = 0; i < 10; i++) send(40_000 + i, 5 + i);
  assert.ok(seen.units.length >= 9);
});

test('a sender report tells the camera’s clock at a picture, and is answered', () => {
  const seen = receive('h264', [sps, h264Pps]);
  const report = Buffer.alloc(28);
  report.writeUInt32BE(0x80c8_0006, 0);
  report.writeUInt32BE(1, 4);
  const wallMs = Date.UTC(2026, 10, 22, 12);
  report.writeUInt32BE(wallMs / 1000 + 2_208_988_800, 8);
  report.writeUInt32BE(0x8000_0000, 12);
  report.writeUInt32BE(7200, 16);
  seen.receiver.rtcp(report, 0, report.length, 5);
  assert.equal(seen.clocks.length, 0, 'no picture yet');
  seen.send({ timestamp: 3600, marker: true }, slice(1));
  assert.deepEqual(seen.clocks, [{ wallMs: wallMs + 500, pts: 3600 }]);
  const answer = seen.receiver.report(77, 1005)!;
  assert.equal(answer.readUInt32BE(8), 1);
  assert.equal(answer.readUInt32BE(28), 65_536, 'a second since the report');
  assert.equal(answer.length % 4, 0);
  seen.receiver.rtcp(Buffer.from('81cb000100000001', 'hex'), 0, 8, 9);
  assert.equal(seen.byes, 1);
});

test('whatever packets come, units stay well-formed and nothing throws', () => {
  const good = [
    ...[sps, h264Pps, slice(1, { key: true }), aggregate([sps, h264Pps, slice(2)], 'h264')],
    ...fragmentsOf(slice(3, { size: 500 }), 'h264', 100),
    ...[h265Vps, h265Samples[0]!.sps, h265Pps, aggregate([h265Vps, h265Pps], 'h265')],
    ...fragmentsOf(Buffer.concat([Buffer.from([38, 1, 0x80]), Buffer.alloc(300, 3)]), 'h265', 100),
  ];
  const payload = fc.oneof(
    fc.constantFrom(...good),
    fc.uint8Array({ maxLength: 200 }),
    fc.tuple(fc.constantFrom(...good), fc.nat(600), fc.nat(255)).map(([nal, at, value]) => {
      const bytes = Buffer.from(nal);
      if (bytes.length > 0) bytes[at % bytes.length] = value;
      return bytes;
    }),
  );
  const packet = fc.record({
    payload,
    step: fc.constantFrom(1, 1, 1, 1, 2, 0, -1, 30_000),
    time: fc.constantFrom(0, 0, 3600, 3600, -3600, 2 ** 30),
    marker: fc.boolean(),
    head: fc.constantFrom(0x80, 0x80, 0x80, 0x90, 0xa0, 0x8f, 0x40),
  });
  fc.assert(
    fc.property(
      fc.constantFrom<'h264' | 'h265'>('h264', 'h265'),
      fc.array(packet, { maxLength: 60 }),
      (codec, packets) => {
        const seen = receive(codec);
        let sequence = 0;
        let timestamp = 0;
        for (const one of packets) {
          sequence += one.step;
          timestamp += one.time;
          const bytes = rtpPacket({ sequence, timestamp, marker: one.marker }, one.payload);
          bytes[0] = one.head;
          seen.receiver.packet(bytes, 0, bytes.length, 1);
          seen.receiver.rtcp(bytes, 0, bytes.length, 1);
        }
        seen.receiver.flush();
        seen.receiver.report(1, 2);
        for (const unit of seen.units) {
          const nals = splitLengths(unit.data);
          assert.ok(nals.length > 0 && nals.every((nal) => nal.length > 0));
          assert.ok(Number.isSafeInteger(unit.pts));
        }
      },
    ),
    { numRuns: 2000 },
  );
});
