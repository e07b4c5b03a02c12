/** MP4 as we write it is what FFmpeg reads, and what we read is bounded whatever the bytes. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import {
  changePart,
  initSegment,
  Mp4Error,
  partHead,
  readInit,
  readPartHead,
  walkBoxes,
} from '../../../src/engine/mp4/index.ts';
import { type ClipOptions, decodeAll, makeClip, probe } from './clips.ts';

const dir = mkdtempSync(join(tmpdir(), 'custos-mp4-'));
after(() => rmSync(dir, { recursive: true }));

/** A whole file of a clip, `perPart` pictures a part, with sound when the clip has it. */
function fileOf(options: ClipOptions, perPart = 12): Uint8Array {
  const clip = makeClip(options);
  const pieces: Uint8Array[] = [initSegment(clip.video, clip.audio)];
  let sound = 0;
  for (let i = 0, sequence = 1; i < clip.units.length; i += perPart, sequence++) {
    const units = clip.units.slice(i, i + perPart);
    const until = units.at(-1)!.decodeTicks + units.at(-1)!.ticks;
    const sounds = [];
    while (sound < clip.sounds.length && clip.sounds[sound]!.decodeTicks < until)
      sounds.push(clip.sounds[sound++]!);
    const head = partHead({
      sequence,
      wallMs: 1_795_305_600_000 + units[0]!.decodeTicks / 90,
      video: {
        decodeTicks: units[0]!.decodeTicks,
        samples: units.map((unit) => ({ ...unit, bytes: unit.data.length })),
      },
      audio:
        sounds.length === 0
          ? null
          : {
              decodeTicks: sounds[0]!.decodeTicks,
              samples: sounds.map(({ data, ticks }) => ({ bytes: data.length, ticks })),
            },
    });
    pieces.push(head, ...units.map((unit) => unit.data), ...sounds.map((one) => one.data));
  }
  return Buffer.concat(pieces);
}

const kinds: Record<string, ClipOptions> = {
  'H.264': { seconds: 3 },
  'H.264 with B pictures and sound': { seconds: 3, bFrames: 2, sound: true },
  'H.265 with B pictures': { seconds: 3, codec: 'h265', bFrames: 2 },
};

for (const [name, options] of Object.entries(kinds)) {
  test(`FFmpeg reads a file of ${name} that we wrote, picture for picture`, () => {
    const file = join(dir, `${name.replaceAll(/\W/g, '-')}.mp4`);
    writeFileSync(file, fileOf(options));
    const { streams } = probe(file);
    const clip = makeClip(options);
    assert.equal(Number(streams[0]!.nb_read_packets), clip.units.length);
    assert.equal(streams[0]!.codec_name, options.codec === 'h265' ? 'hevc' : 'h264');
    assert.equal(streams.length, options.sound ? 2 : 1);
    const until = clip.units.at(-1)!.decodeTicks + clip.units.at(-1)!.ticks;
    const sounds = clip.sounds.filter((one) => one.decodeTicks < until).length;
    if (options.sound) assert.equal(Number(streams[1]!.nb_read_packets), sounds);
    assert.deepEqual(decodeAll(file), { complaints: '', pictures: clip.units.length });
  });

  test(`what is written of ${name} is read back`, () => {
    const clip = makeClip(options);
    const bytes = fileOf(options);
    const init = readInit(bytes);
    assert.deepEqual(init.videos, [clip.video]);
    assert.deepEqual(init.audios, clip.audio === null ? [] : [clip.audio]);
    let pictures = 0;
    let parts = 0;
    for (let at = init.bytes; at < bytes.length; parts++) {
      const part = readPartHead(bytes, at);
      assert.equal(part.sequence, parts + 1);
      assert.equal(part.wallMs, 1_795_305_600_000 + part.video!.decodeTicks / 90);
      for (const sample of part.video!.samples) {
        const unit = clip.units[pictures++]!;
        const { ticks, key, ctsTicks } = unit;
        assert.deepEqual(sample, { bytes: unit.data.length, ticks, key, ctsTicks });
      }
      at = part.end;
    }
    assert.equal(pictures, clip.units.length);
  });
}

test('several picture formats stand in one head', () => {
  const videos = [makeClip({ seconds: 1 }).video, makeClip({ seconds: 1, size: '640x360' }).video];
  assert.deepEqual(readInit(initSegment(videos, null)).videos, videos);
});

test('FLAC stands in a head', () => {
  const config = Uint8Array.from({ length: 34 }, (_, i) => i);
  const flac = { kind: 'audio', codec: 'flac', sampleRate: 8000, channels: 1, config } as const;
  assert.deepEqual(readInit(initSegment(makeClip({ seconds: 1 }).video, flac)).audios, [flac]);
});

test('the wall time of a part survives, on both sides of the end of the NTP era in 2036', () => {
  const samples = [{ bytes: 0, ticks: 3600, key: true, ctsTicks: 0 }];
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_200_000_000_000 }), fc.nat(2 ** 50), (wallMs, decodeTicks) => {
      const part = readPartHead(partHead({ sequence: 1, wallMs, video: { decodeTicks, samples } }));
      assert.equal(part.wallMs, wallMs);
      assert.equal(part.video!.decodeTicks, decodeTicks);
    }),
  );
});

const sampleOf = fc.record(
  {
    bytes: fc.nat(100000),
    ticks: fc.nat(2 ** 32 - 1),
    key: fc.boolean(),
    ctsTicks: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  },
  { noNullPrototype: true },
);
const trackOf = fc.record({
  decodeTicks: fc.nat(2 ** 53 - 1),
  samples: fc.array(sampleOf, { minLength: 1, maxLength: 40 }),
});

test('any part is read back as it was written, and changed in nothing but what was asked', () => {
  fc.assert(
    fc.property(trackOf, fc.option(trackOf), fc.nat(2 ** 32 - 1), (video, audio, sequence) => {
      const bytes = partHead({ sequence, video, audio, wallMs: 1000 });
      const part = readPartHead(bytes);
      assert.equal(part.dataAt, bytes.length);
      assert.deepEqual(part.video!.samples, video.samples);
      assert.equal(part.video!.decodeTicks, video.decodeTicks);
      assert.equal(part.audio?.decodeTicks, audio?.decodeTicks);
      const size = [...video.samples, ...(audio?.samples ?? [])].reduce((sum, one) => sum + one.bytes, 0);
      assert.equal(part.end, bytes.length + size);
      const shiftTicks = -Math.min(video.decodeTicks, audio?.decodeTicks ?? Number.MAX_SAFE_INTEGER);
      changePart(bytes, part, { sequence: 7, shiftTicks, videoEntry: 3, audioEntry: 2 });
      const changed = readPartHead(bytes);
      assert.equal(changed.sequence, 7);
      assert.equal(changed.video!.decodeTicks, video.decodeTicks + shiftTicks);
      assert.deepEqual(changed.video!.samples, video.samples);
    }),
  );
});

/** Reads everything there is to read; only an Mp4Error may come out. */
function readEverything(bytes: Uint8Array): void {
  const tries = [() => [...walkBoxes(bytes)], () => readInit(bytes), () => readPartHead(bytes)];
  for (const read of tries) {
    try {
      read();
    } catch (error) {
      assert.ok(error instanceof Mp4Error, String(error));
      assert.match(error.message, /at byte \d+$/);
      assert.ok(error.at >= 0 && error.at <= bytes.length, `byte ${error.at} of ${bytes.length}`);
    }
  }
}

function samplesOfBytes(): Uint8Array[] {
  const clip = makeClip({ seconds: 1, sound: true });
  const head = partHead({
    sequence: 1,
    wallMs: 0,
    video: { decodeTicks: 0, samples: clip.units.map((unit) => ({ ...unit, bytes: unit.data.length })) },
    audio: { decodeTicks: 0, samples: clip.sounds.map(({ data, ticks }) => ({ bytes: data.length, ticks })) },
  });
  const hevc = makeClip({ seconds: 1, codec: 'h265' }).video;
  return [initSegment([clip.video, hevc], clip.audio), head];
}

test('bytes cut off anywhere end in a clear error', () => {
  for (const bytes of samplesOfBytes())
    for (let length = 0; length < bytes.length; length++) readEverything(bytes.slice(0, length));
});

test('every single flipped bit ends in a value or a clear error', () => {
  for (const bytes of samplesOfBytes())
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Uint8Array.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      readEverything(flipped);
    }
});

test('random and mutated bytes end in a value or a clear error', () => {
  const honest = samplesOfBytes();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => readEverything(bytes)),
    { numRuns: 1000 },
  );
  const change = fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(fc.constantFrom(...honest), change, (bytes, changes) => {
      const mutated = Uint8Array.from(bytes);
      for (const [at, value] of changes) mutated[at % mutated.length] = value;
      readEverything(mutated);
    }),
    { numRuns: 2000 },
  );
});
