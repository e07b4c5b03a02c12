/** G.711 made into FLAC comes out of FFmpeg's decoder bit for bit as its own G.711 decoder says. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { expandG711, flacFrame, maxBlock, minBlock, streamInfo } from '../../../src/engine/intake/flac.ts';
import { SoundMaker } from '../../../src/engine/intake/sound.ts';

function flacFile(rate: number, blocks: readonly Int16Array[]): Buffer {
  const info = streamInfo(rate);
  const head = Buffer.concat([Buffer.from('fLaC'), Buffer.from([0x80, 0, 0, 34]), info]);
  let at = 0;
  const frames = blocks.map((block) => {
    const frame = flacFrame(block, at);
    at += block.length;
    return frame;
  });
  return Buffer.concat([head, ...frames]);
}

function ffmpeg(args: readonly string[], input: Uint8Array): Buffer {
  const done = spawnSync('ffmpeg', ['-v', 'error', ...args, '-f', 's16le', '-'], {
    input,
    maxBuffer: 1 << 26,
  });
  assert.equal(done.stderr.toString(), '');
  return done.stdout;
}

const bytesOf = (samples: Int16Array): Buffer =>
  Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);

test('our G.711 tables say what FFmpeg says', () => {
  const octets = Uint8Array.from({ length: 256 }, (_, i) => i);
  for (const [codec, format] of [
    ['pcma', 'alaw'],
    ['pcmu', 'mulaw'],
  ] as const) {
    const theirs = ffmpeg(['-f', format, '-ar', '8000', '-ac', '1', '-i', '-'], octets);
    assert.deepEqual(bytesOf(expandG711(codec, octets)), theirs);
  }
});

test('FFmpeg decodes our frames without a complaint to exactly what went in', () => {
  const tone = Int16Array.from({ length: 20_000 }, (_, i) => Math.round(9_000 * Math.sin(i / 7)));
  const silence = new Int16Array(5_000);
  const noise = Int16Array.from({ length: 9_000 }, (_, i) => ((i * 2_654_435_761) >>> 16) - 32_768);
  const extremes = Int16Array.from({ length: 4_000 }, (_, i) => (i % 3 === 0 ? 32_767 : -32_768));
  const all = Int16Array.from([...tone, ...silence, ...noise, ...extremes]);
  const blocks: Int16Array[] = [];
  const sizes = [160, 320, minBlock, maxBlock, 1000, 255, 256, 257];
  for (let at = 0, i = 0; at < all.length; i++) {
    const size = Math.min(sizes[i % sizes.length] as number, all.length - at);
    blocks.push(all.subarray(at, at + size));
    at += size;
  }
  assert.deepEqual(ffmpeg(['-i', '-'], flacFile(8000, blocks)), bytesOf(all));
});

test('any samples come back, in blocks of any size', () => {
  const block = fc.int16Array({ minLength: minBlock, maxLength: 300 });
  fc.assert(
    fc.property(fc.array(block, { minLength: 1, maxLength: 12 }), (blocks) => {
      const all = Buffer.concat(blocks.map(bytesOf));
      assert.deepEqual(ffmpeg(['-i', '-'], flacFile(8000, blocks)), all);
    }),
    { numRuns: 15 },
  );
});

test('speech-like sound takes less room than its 16 bits, silence next to none', () => {
  const speech = Int16Array.from({ length: 800 }, (_, i) =>
    Math.round(2_000 * Math.sin(i / 9) * Math.sin(i / 170)),
  );
  assert.ok(flacFrame(speech, 0).length < 800 * 1.2);
  assert.ok(flacFrame(new Int16Array(800), 0).length < 20);
});

test('sound of a run is continuous: jitter is smoothed, a hole stays a hole, nothing stands before the picture', () => {
  const maker = new SoundMaker({
    kind: 'audio',
    codec: 'pcma',
    sampleRate: 8000,
    channels: 1,
    config: new Uint8Array(),
  });
  const unit = (data: Uint8Array) => ({
    track: 'audio' as const,
    data,
    key: true,
    pts: 0,
    arrivedMs: 0,
    lostBefore: 0,
    damaged: false,
  });
  assert.deepEqual(maker.take(unit(new Uint8Array(160)), -5), []);
  const first = maker.take(unit(new Uint8Array(160)), 0);
  assert.deepEqual([first[0]?.decode, first[0]?.ticks], [0, 1800]);
  const second = maker.take(unit(new Uint8Array(160)), 1800 + 700);
  assert.deepEqual([second[0]?.decode, second[0]?.ticks], [1800, 1800]);
  const late = maker.take(unit(new Uint8Array(160)), 90_000);
  assert.equal(late[0]?.decode, 90_000);
  assert.deepEqual(maker.take(unit(new Uint8Array(5)), 91_800), []);
  assert.equal(maker.take(unit(new Uint8Array(11)), 91_856)[0]?.ticks, 180);
});
