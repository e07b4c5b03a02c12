/** What a camera sends is on the disk, whole and once, or there is a gap with its cause. Real servers, real files. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { Source } from '../../../src/engine/index.ts';
import { sourceOf, type TestEngine, testEngine } from '../../support/engine.ts';
import {
  type ClipOptions,
  fileLaunch,
  loopLaunch,
  makeClip,
  sliceDigests,
  startGst,
} from '../../support/gst.ts';
import { promisedMs } from '../../support/promise.ts';
import { unsealBeside } from '../../support/unseal.ts';

const run = promisify(execFile);

/** Slices of recorded files, in order, as FFmpeg reads them. */
async function recordedSlices(files: readonly string[], codec: 'h264' | 'h265'): Promise<string[]> {
  const all: string[] = [];
  for (const file of files) {
    const filter = codec === 'h264' ? 'h264_mp4toannexb' : 'hevc_mp4toannexb';
    const format = codec === 'h264' ? 'h264' : 'hevc';
    const args = [
      '-v',
      'error',
      '-i',
      file,
      '-map',
      '0:v',
      '-c',
      'copy',
      '-bsf:v',
      filter,
      '-f',
      format,
      '-',
    ];
    const { stdout } = await run('ffmpeg', args, { encoding: 'buffer', maxBuffer: 1 << 28 });
    all.push(...sliceDigests(stdout, codec));
  }
  return all;
}

async function probeFile(
  file: string,
): Promise<{ streams: Record<string, string>[]; format: { duration: string } }> {
  const args = ['-v', 'error', '-count_packets', '-show_streams', '-show_format', '-of', 'json', file];
  return JSON.parse((await run('ffprobe', args)).stdout);
}

function begin(at: TestEngine, url: string, more: Partial<Source> = {}): Source {
  const source = sourceOf(url, more);
  at.engine.pull(source);
  at.engine.record(source.id, at.volume);
  return source;
}

/** Each names what the clip has that another has not. */
const clips: readonly (ClipOptions & { says: string })[] = [
  { says: 'H.264' },
  { says: 'H.264 with pictures out of order', bFrames: 2 },
  { says: 'H.265', codec: 'h265' },
  { says: 'H.264 in slices, larger', slices: 4, kbps: 6000, width: 1280, height: 720 },
];

for (const { says, ...options } of clips)
  test(`every picture a camera sends is recorded once: ${says}`, async () => {
    await using clip = await makeClip({ seconds: 4, ...options });
    await using server = await startGst({
      streams: [{ path: '/s', launch: fileLaunch(clip.file, clip.codec) }],
    });
    await using at = await testEngine();
    const source = begin(at, server.url('/s'));
    // The server plays the clip once and then closes or falls silent: either way the segment is closed.
    const { segment } = await at.fact('segment-closed', (fact) => fact.source === source.id);
    const file = at.path(segment.path);
    const plain = await unsealBeside(at.volume, segment.path, at.keys);
    const slices = await recordedSlices([plain], clip.codec);
    assert.deepEqual(slices.slice(0, clip.slices.length), clip.slices);
    assert.equal(segment.pictures, slices.length / (options.slices ?? 1));
    const bytes = await readFile(file);
    assert.equal(segment.digest, createHash('sha256').update(bytes).digest('hex'));
    assert.equal(segment.bytes, bytes.length);
    const found = await probeFile(plain);
    assert.equal(Number(found.streams[0]?.nb_read_packets), segment.pictures);
    const expected = clip.pictures / 25;
    assert.ok(Math.abs(segment.durationTicks / 90_000 - expected) < 0.2, `${segment.durationTicks} ticks`);
    assert.ok(Math.abs(segment.endMs - segment.startMs - expected * 1000) < 300);
    assert.equal(segment.packetsLost, 0);
  });

test('a gap runs from the order to record to the first picture, and from the last picture on, each with its cause', async () => {
  await using clip = await makeClip({ seconds: 2 });
  await using server = await startGst({
    streams: [{ path: '/s', launch: loopLaunch(clip.stream, 'h264', 25) }],
  });
  await using at = await testEngine();
  const source = begin(at, server.url('/s'));
  const closed = await at.fact('gap-closed');
  const opened = at.of('gap-opened')[0];
  assert.equal(opened?.cause, 'starting');
  assert.ok(opened.atMs <= closed.atMs);
  const first = await at.fact('segment-opened');
  assert.equal(first.segment.startMs, closed.atMs);
  await at.fact('recorded', (fact) => fact.endMs > first.segment.startMs + 1_500);
  at.engine.record(source.id, null, { cause: 'paused', detail: { by: 'Li' } });
  const paused = await at.fact('gap-opened', (fact) => fact.cause === 'paused');
  const { segment } = await at.fact('segment-closed');
  assert.deepEqual(paused.detail, { by: 'Li' });
  assert.ok(Math.abs(paused.atMs - segment.endMs) <= 1);
  const from = at.told.length;
  at.engine.record(source.id, at.volume);
  await at.fact('gap-opened', (fact) => fact.cause === 'starting', { from });
  await at.fact('gap-closed', () => true, { from });
});

test('a camera that is gone and comes back is recorded again within three seconds, and the gap names it', async () => {
  await using clip = await makeClip({ seconds: 2 });
  const streams = [{ path: '/s', launch: loopLaunch(clip.stream, 'h264', 25) }];
  const server = await startGst({ streams });
  await using at = await testEngine();
  begin(at, server.url('/s'));
  await at.fact('gap-closed');
  await server[Symbol.asyncDispose]();
  const gone = await at.fact('gap-opened', (fact) => fact.cause === 'unreachable');
  await at.fact('lost', (fact) => fact.problem.code === 'port-closed');
  // Far into the waits between tries.
  await at.fact('lost', () => at.of('lost').length >= 6);
  const from = at.told.length;
  await using again = await startGst({ streams, port: server.port });
  assert.equal(again.port, server.port);
  const backAtMs = Date.now();
  const back = await at.fact('gap-closed', () => true, { from });
  assert.ok(back.atMs - backAtMs < promisedMs(3_000), `${back.atMs - backAtMs} ms`);
  assert.ok(back.atMs > gone.atMs);
  const runs = new Set(at.of('segment-closed').map((fact) => fact.segment.run));
  assert.equal(runs.size, 1);
});

test('kill -9 of an intake: back within two seconds, a gap with its cause, the file whole up to its last part', async () => {
  await using clip = await makeClip({ seconds: 2 });
  await using server = await startGst({
    streams: [{ path: '/s', launch: loopLaunch(clip.stream, 'h264', 25) }],
  });
  await using at = await testEngine();
  begin(at, server.url('/s'));
  await at.fact('gap-closed');
  for (let round = 0; round < 5; round++) {
    const recorded = await at.fact('recorded', () => true, { from: at.told.length });
    const from = at.told.length;
    const intake = at.engine.processes().find((process) => process.name.startsWith('intake'));
    // Any moment of a part's life will do, and it should not be the same one each time.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 700));
    const killedAtMs = Date.now();
    process.kill(intake?.pid as number, 'SIGKILL');
    const gap = await at.fact('gap-opened', (fact) => fact.cause === 'engine-restart', { from });
    assert.ok(gap.atMs >= recorded.endMs);
    await at.fact('engine-up', () => true, { from });
    assert.ok(Date.now() - killedAtMs < promisedMs(2_000), `up after ${Date.now() - killedAtMs} ms`);
    const closed = await at.fact('gap-closed', () => true, { from });
    assert.ok(closed.atMs - killedAtMs < promisedMs(5_000), `recording after ${closed.atMs - killedAtMs} ms`);
  }
  const survey = await at.engine.survey(at.volume, { sinceMs: 0, repair: true, known: [] });
  assert.deepEqual(survey.damaged, []);
  assert.equal(survey.segments.length, (await at.files()).length);
  assert.equal(at.of('engine-down').length, 5);
});
