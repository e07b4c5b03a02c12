/** Through FFmpeg a player still sees every picture at its time; a still is the picture of its instant and no other. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Mp4Video, readInit } from '../../../src/engine/mp4/index.ts';
import { ffmpeg, makeClip, probe } from '../mp4/clips.ts';
import { record } from '../segment/record.ts';
import { clockStart, type Player, TestReader, until } from './harness.ts';

let reader: TestReader;
before(async () => {
  reader = await TestReader.start();
});
after(() => reader[Symbol.asyncDispose]());
const hour = { fromMs: clockStart - 3_600_000, toMs: clockStart + 3_600_000 };
const far = clockStart + 3_600_000;

function fileOf(player: Player): string {
  const path = join(reader.dir, 'got.mp4');
  const init = player.frames.find((frame) => frame.kind === 'init')!;
  writeFileSync(path, Buffer.concat([init.bytes, ...player.parts.map((part) => part.bytes)]));
  return path;
}

test('H.265 comes as H.264, every picture, with the decode and wall times of what was recorded', async () => {
  const clip = makeClip({ seconds: 4, codec: 'h265', bFrames: 2, size: '1360x240' });
  const recorded = [
    ...record(reader.volume, clip, { startMs: clockStart, startTicks: 5_000_000, segmentSeconds: 2 }),
    ...record(reader.volume, clip, { startMs: clockStart + 10_000, startTicks: 70 }),
  ];
  reader.footage = { segments: recorded, gaps: [] };
  const ticket = await reader.admit(hour, { transcode: true });
  {
    await using player = await reader.play(ticket);
    player.wish({ op: 'seek', atMs: clockStart, untilMs: far });
    await player.ended();
    assert.equal(reader.transcodes, 1);
    const { video, width, audio } = player.frames.find((frame) => frame.kind === 'init')!.json;
    assert.match(video, /^avc1\./);
    assert.deepEqual([width, audio], [1280, null]);
    assert.equal(Number(probe(fileOf(player)).streams[0]!.nb_read_packets), 200);
    const shown = recorded.flatMap((file) => file.wallsMs).toSorted((a, b) => a - b);
    assert.deepEqual(
      player.parts.map((part) => Math.round(part.wallMs)),
      shown.map(Math.round),
    );
    const [first] = player.parts;
    assert.deepEqual([first!.decodeTicks, first!.key, first!.discontinuity], [5_000_000, true, true]);
    const second = player.parts[100]!;
    assert.deepEqual([second.decodeTicks, second.key, second.discontinuity], [70, true, true]);
    assert.equal(player.parts.filter((part) => part.discontinuity).length, 2);
    assert.deepEqual(
      player.gaps.map((gap) => gap.json.cause),
      ['unexplained'],
    );
    // A seek starts anew, at the key, and pictures of before do not come after.
    player.wish({ op: 'seek', atMs: clockStart + 3_000, untilMs: clockStart + 4_000 });
    await until(() => player.parts.length >= 220, 'pictures of the second seek');
    assert.equal(Math.round(player.parts[200]!.wallMs), clockStart + 3_000);
    assert.ok(player.parts[200]!.key && player.parts[200]!.discontinuity);
  }
  await until(() => reader.transcodes === 0, 'the transcode given back');
});

test('keys alone go through FFmpeg too', async () => {
  const clip = makeClip({ seconds: 4, codec: 'h265', size: '320x240' });
  reader.footage = { segments: record(reader.volume, clip, { startMs: clockStart }), gaps: [] };
  await using player = await reader.play(await reader.admit(hour, { transcode: true }));
  player.wish({ op: 'seek', atMs: clockStart, untilMs: far, keysOnly: true });
  await player.ended();
  assert.deepEqual(
    player.parts.map((part) => Math.round(part.wallMs - clockStart)),
    [0, 1000, 2000, 3000],
  );
});

test('when no transcode may run, the player is told why', async () => {
  reader.mayTranscode = false;
  const clip = makeClip({ seconds: 2, codec: 'h265', size: '320x240' });
  reader.footage = { segments: record(reader.volume, clip, { startMs: clockStart }), gaps: [] };
  await using player = await reader.play(await reader.admit(hour, { transcode: true }));
  player.wish({ op: 'seek', atMs: clockStart, untilMs: far });
  await player.ended();
  const problem = player.frames.find((frame) => frame.kind === 'problem');
  assert.equal(problem?.json.code, 'view.cannot-play');
  assert.equal(problem?.json.values.codec, clip.video.codecString);
  assert.equal(player.parts.length, 0);
  reader.mayTranscode = true;
});

/** A clip whose picture n is of one grey that says n. */
function greyOf(jpeg: Uint8Array): number {
  const path = join(reader.dir, 'still.jpg');
  writeFileSync(path, jpeg);
  return ffmpeg('-i', path, '-vf', 'crop=2:2', '-f', 'rawvideo', '-pix_fmt', 'gray', '-')[0]!;
}

test('a still is the picture of its instant, with B pictures and over the end of a part', async () => {
  const clip = makeClip({ seconds: 4, gop: 50, bFrames: 2, source: 'grey' });
  reader.footage = { segments: record(reader.volume, clip, { startMs: clockStart }), gaps: [] };
  const ticket = await reader.admit(hour);
  for (const picture of [0, 1, 13, 37, 49, 50, 99]) {
    for (const insideMs of picture === 37 ? [0, 20] : [0]) {
      const atMs = clockStart + picture * 40 + insideMs;
      const jpeg = await reader.peer.ask('still', { ticket: ticket.id, atMs, width: null });
      assert.deepEqual([...jpeg.subarray(0, 2)], [0xff, 0xd8]);
      const grey = ((30 + 2 * picture - 16) * 255) / 219;
      assert.ok(Math.abs(greyOf(jpeg) - grey) < 1.15, `picture ${picture}: ${greyOf(jpeg)}, not ${grey}`);
    }
  }
  const small = await reader.peer.ask('still', { ticket: ticket.id, atMs: clockStart, width: 160 });
  writeFileSync(join(reader.dir, 'small.jpg'), small);
  assert.equal(Number(probe(join(reader.dir, 'small.jpg')).streams[0]!.width), 160);
});

test('no still outside of the footage or the ticket, and none without FFmpeg', async () => {
  const clip = makeClip({ seconds: 2 });
  const footage = { segments: record(reader.volume, clip, { startMs: clockStart }), gaps: [] };
  reader.footage = footage;
  const ticket = await reader.admit({ fromMs: clockStart, toMs: clockStart + 60_000 });
  const still = (atMs: number) => reader.peer.ask('still', { ticket: ticket.id, atMs, width: null });
  await assert.rejects(still(clockStart + 30_000), { code: 'view.nothing' });
  await assert.rejects(still(clockStart - 1), { code: 'view.nothing' });
  await using bare = await TestReader.start(null);
  bare.footage = footage;
  const other = await bare.admit(hour);
  const asked = bare.peer.ask('still', { ticket: other.id, atMs: clockStart, width: null });
  await assert.rejects(asked, { code: 'still.no-ffmpeg' });
});

test('many stills at once wait in a queue; too many are refused', async () => {
  const clip = makeClip({ seconds: 2, size: '1280x720' });
  reader.footage = { segments: record(reader.volume, clip, { startMs: clockStart }), gaps: [] };
  const ticket = await reader.admit(hour);
  const asked = Array.from({ length: 30 }, (_, i) =>
    reader.peer.ask('still', { ticket: ticket.id, atMs: clockStart + i * 40, width: 320 }, 60_000).then(
      () => 'taken',
      (error: { code?: string }) => error.code,
    ),
  );
  const answers = await Promise.all(asked);
  const taken = answers.filter((answer) => answer === 'taken').length;
  const refused = answers.filter((answer) => answer === 'request.too-many').length;
  // Two run and sixteen wait; a place may become free while the last ones come.
  assert.ok(taken >= 18 && refused > 0 && taken + refused === 30, answers.join());
});

test('the head of a transcode is one that we can read', async () => {
  const clip = makeClip({ seconds: 2, codec: 'h265', size: '320x240' });
  reader.footage = { segments: record(reader.volume, clip, { startMs: clockStart }), gaps: [] };
  await using player = await reader.play(await reader.admit(hour, { transcode: true }));
  player.wish({ op: 'seek', atMs: clockStart, untilMs: far });
  await player.ended();
  const video: Mp4Video = readInit(player.frames.find((frame) => frame.kind === 'init')!.bytes).videos[0]!;
  assert.deepEqual([video.codec, video.width, video.height], ['h264', 320, 240]);
});
