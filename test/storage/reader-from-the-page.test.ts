/** A reader that was written from docs/storage.md alone opens what the recorder stored, picture for picture. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { SuiteName } from '../../src/engine/index.ts';
import { SegmentFile } from '../../src/engine/segment/index.ts';
import { sourceOf, testEngine } from '../support/engine.ts';
import { type ClipOptions, fileLaunch, makeClip, sliceDigests, startGst } from '../support/gst.ts';

const run = promisify(execFile);
const page = join(import.meta.dirname, 'read-by-the-page.mjs');

async function slicesOf(file: string, codec: 'h264' | 'h265'): Promise<string[]> {
  const filter = codec === 'h264' ? 'h264_mp4toannexb' : 'hevc_mp4toannexb';
  const format = codec === 'h264' ? 'h264' : 'hevc';
  const args = ['-v', 'error', '-i', file, '-map', '0:v', '-c', 'copy', '-bsf:v', filter, '-f', format, '-'];
  const { stdout } = await run('ffmpeg', args, { encoding: 'buffer', maxBuffer: 1 << 28 });
  return sliceDigests(stdout, codec);
}

const cases: readonly (ClipOptions & { says: string; suite: SuiteName })[] = [
  { says: 'H.264, AES-256-GCM', suite: 'aes-256-gcm' },
  { says: 'H.265, SM4-CTR with HMAC-SM3', suite: 'sm4-ctr-hmac-sm3', codec: 'h265' },
];

for (const { says, suite, ...options } of cases)
  test(`what was recorded opens by the page alone: ${says}`, async () => {
    await using clip = await makeClip({ seconds: 4, ...options });
    await using server = await startGst({
      streams: [{ path: '/s', launch: fileLaunch(clip.file, clip.codec) }],
    });
    await using at = await testEngine({ suite });
    const source = sourceOf(server.url('/s'));
    at.engine.pull(source);
    at.engine.record(source.id, at.volume);
    const { segment } = await at.fact('segment-closed');
    const plain = at.path('plain.mp4');
    const keys = join(at.volume.path, '..', 'keys');
    const { stdout } = await run(process.execPath, [page, keys, at.path(segment.path), plain]);
    const found = JSON.parse(stdout);
    assert.equal(found.identity.id, segment.id);
    assert.deepEqual(found.end, { pictures: segment.pictures, parts: segment.parts });
    assert.equal(found.indexed, segment.parts, 'the index of the parts is there and says the same');
    await using file = await SegmentFile.open(at.volume, segment.path, at.keys);
    assert.deepEqual(
      found.parts.map((part: Record<string, number>) => [part.at, part.decodeTicks, part.ticks, part.key]),
      file.parts.map((part) => [part.offset, part.decodeTicks, part.ticks, part.key]),
    );
    const probe = ['-v', 'error', '-count_packets', '-show_streams', '-of', 'json', plain];
    const { streams } = JSON.parse((await run('ffprobe', probe)).stdout);
    assert.equal(Number(streams[0].nb_read_packets), segment.pictures);
    assert.equal(streams[0].codec_name, options.codec === 'h265' ? 'hevc' : 'h264');
    const slices = await slicesOf(plain, clip.codec);
    assert.deepEqual(slices.slice(0, clip.slices.length), clip.slices);
    // Nothing of what was sent lies in the stored file: not one run of 24 bytes of the plain one.
    const stored = await readFile(at.path(segment.path));
    const opened = await readFile(plain);
    for (let i = 0; i + 24 < opened.length; i += 997) {
      const piece = opened.subarray(i, i + 24);
      if (new Set(piece).size > 4) assert.equal(stored.indexOf(piece), -1, `bytes of the plain file at ${i}`);
    }
  });
