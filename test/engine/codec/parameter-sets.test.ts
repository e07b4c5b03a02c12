/** Parameter sets: real ones are read as FFmpeg reads them, mutated ones never do harm, and only a real change counts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ParameterSets,
  parseAacConfig,
  parseH264Pps,
  parseH264Sps,
  parseH265Pps,
  parseH265Sps,
} from '../../../src/engine/codec/index.ts';
import { h264Pps, h264Samples, h265Pps, h265Samples, h265Vps } from './samples.ts';

test('H.264 and H.265 sequence parameter sets say size, profile and reordering', () => {
  for (const { sps, told } of h264Samples) {
    const { width, height, codecString, reorderDepth } = parseH264Sps(sps)!;
    assert.deepEqual({ width, height, codecString, reorderDepth }, told);
  }
  for (const { sps, told } of h265Samples) {
    const { width, height, codecString, reorderDepth } = parseH265Sps(sps)!;
    assert.deepEqual({ width, height, codecString, reorderDepth }, told);
  }
});

test('whatever the bytes, a parameter set is read or is none', () => {
  const real = [...h264Samples, ...h265Samples].map((one) => one.sps).concat(h264Pps, h265Pps);
  const mutated = fc
    .tuple(
      fc.constantFrom(...real),
      fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 6 }),
      fc.nat(60),
    )
    .map(([nal, changes, cut]) => {
      const bytes = Buffer.from(nal);
      for (const [at, value] of changes) if (at > 0 && at < bytes.length) bytes[at] = value;
      return bytes.subarray(0, Math.max(1, bytes.length - (cut % 8)));
    });
  const headed = fc
    .tuple(fc.constantFrom('67', '68', '4201', '4401'), fc.uint8Array({ maxLength: 200 }))
    .map(([head, tail]) => Buffer.concat([Buffer.from(head, 'hex'), tail]));
  fc.assert(
    fc.property(fc.oneof(mutated, headed, fc.uint8Array({ maxLength: 64 })), (nal) => {
      for (const format of [parseH264Sps(nal), parseH265Sps(nal)]) {
        if (format === null) continue;
        assert.ok(format.width >= 16 && format.width <= 16_384 && format.height >= 16);
        assert.ok(format.reorderDepth === null || (format.reorderDepth >= 0 && format.reorderDepth <= 16));
      }
      parseH264Pps(nal);
      parseH265Pps(nal);
      parseAacConfig(nal);
    }),
    { numRuns: 20_000 },
  );
});

test('AAC configurations say rate and channels; nonsense is none', () => {
  assert.deepEqual(parseAacConfig(Buffer.from('1208', 'hex')), {
    sampleRate: 44_100,
    channels: 1,
    frameSamples: 1024,
  });
  assert.deepEqual(parseAacConfig(Buffer.from('1190', 'hex')), {
    sampleRate: 48_000,
    channels: 2,
    frameSamples: 1024,
  });
  assert.equal(parseAacConfig(Buffer.alloc(0)), null);
  assert.equal(parseAacConfig(Buffer.from('ffff', 'hex')), null);
});

const [first, small] = [h264Samples[0]!.sps, h264Samples[1]!.sps];

test('a track is announced once its sets are whole, and equal sets are no news', () => {
  const sets = new ParameterSets('h264');
  assert.equal(sets.toAnnounce(true, true), null);
  sets.offer(first);
  assert.equal(sets.missing, 'PPS');
  sets.offer(h264Pps);
  const track = sets.toAnnounce(true, true)!;
  assert.deepEqual([track.width, track.height], [1920, 1080]);
  assert.deepEqual([...track.sps], [...first]);
  sets.offer(first);
  sets.offer(h264Pps);
  assert.equal(sets.toAnnounce(true, true), null);
  const hevc = new ParameterSets('h265');
  for (const set of [h265Samples[0]!.sps, h265Pps]) hevc.offer(set);
  assert.equal(hevc.missing, 'VPS');
  hevc.offer(h265Vps);
  assert.equal(hevc.toAnnounce(true, true)?.codecString, 'hvc1.1.6.L120.90');
});

test('another size is announced before its first picture, and so is the way back', () => {
  const sets = new ParameterSets('h264');
  for (const set of [first, h264Pps]) sets.offer(set);
  sets.toAnnounce(true, true);
  for (const set of [small, h264Pps]) sets.offer(set);
  assert.equal(sets.toAnnounce(true, true)?.width, 640);
  for (const set of [first, h264Pps]) sets.offer(set);
  assert.equal(sets.toAnnounce(true, true)?.width, 1920);
});

test('a change in words only (VUI) is no news while every key brings its sets along', () => {
  // The same picture with another frame rate in its VUI.
  const other = Buffer.from(first);
  other[other.length - 5] = 0x64;
  assert.equal(parseH264Sps(other)?.essence, parseH264Sps(first)?.essence);
  const sets = new ParameterSets('h264');
  for (const set of [first, h264Pps]) sets.offer(set);
  sets.toAnnounce(true, true);
  for (let i = 0; i < 4; i++) {
    sets.offer(i % 2 === 0 ? other : first);
    assert.equal(sets.toAnnounce(true, true), null);
    assert.equal(sets.toAnnounce(false, false), null);
  }
  sets.offer(other);
  assert.equal(sets.toAnnounce(false, false), null);
  assert.notEqual(sets.toAnnounce(true, false), null, 'a key without its sets needs the new ones');
  assert.equal(sets.toAnnounce(true, false), null);
});

test('reordering that a stream does not tell is learned from its pictures', () => {
  const sets = new ParameterSets('h264');
  for (const set of [first, h264Pps]) sets.offer(set);
  assert.equal(sets.toAnnounce(true, true)?.reorderDepth, 2);
  sets.reordered(2);
  assert.equal(sets.toAnnounce(false, false), null);
  sets.reordered(3);
  assert.equal(sets.toAnnounce(false, false)?.reorderDepth, 3);
});

test('a flood of parameter sets is kept within bounds', () => {
  const sets = new ParameterSets('h264');
  sets.offer(first);
  for (let i = 0; i < 300; i++)
    sets.offer(Buffer.concat([Buffer.from([0x68, 0x80 | (i & 0x7f)]), Buffer.alloc(20, i)]));
  sets.offer(Buffer.concat([Buffer.from([0x68]), Buffer.alloc(100_000, 0x5a)]));
  assert.ok((sets.toAnnounce(true, true)?.pps.length ?? 0) <= 16);
});
