/** From a camera of someone else's make to the disk and back: what was recorded plays, and is one file, picture for picture. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { newId } from '../../../src/base/index.ts';
import type { Footage, SegmentFacts, Ticket, Volume } from '../../../src/engine/engine.ts';
import { lengthPrefixed } from '../../../src/engine/ipc.ts';
import { sourceOf, testEngine, watch } from '../../support/engine.ts';
import { fileLaunch, makeClip, startGst } from '../../support/gst.ts';
import { decodeAll, probe } from '../mp4/clips.ts';

const footageOf = (segments: readonly SegmentFacts[], volume: Volume): Footage => ({
  segments: segments.map(({ id, path, startMs, endMs }) => ({
    id,
    volume,
    path,
    startMs,
    endMs,
    open: false,
  })),
  gaps: [],
});

for (const [says, codec, sound] of [
  ['H.264 with pictures out of order and AAC', 'h264', 'aac'],
  ['H.265', 'h265', undefined],
] as const)
  test(`what a camera sent plays and is one file: ${says}`, async () => {
    await using clip = await makeClip({ seconds: 4, codec, bFrames: 2, ...(sound ? { sound } : {}) });
    const launch = fileLaunch(clip.file, codec, sound);
    await using server = await startGst({ streams: [{ path: '/s', launch }] });
    let footage: Footage = { segments: [], gaps: [] };
    await using at = await testEngine({ footage: async () => footage });
    const source = sourceOf(server.url('/s'), { sound: sound !== undefined });
    at.engine.pull(source);
    at.engine.record(source.id, at.volume);
    const { segment } = await at.fact('segment-closed');
    await at.engine.drop(source.id);
    footage = footageOf([segment], at.volume);
    const ticket: Ticket = {
      ...{ id: newId('tkt'), kind: 'playback', transcode: false, expiresAtMs: Date.now() + 600_000 },
      ...{ fromMs: segment.startMs - 1000, toMs: segment.endMs + 1000 },
    };
    at.engine.admit(ticket);

    const stream = await at.engine.connect(ticket.id);
    const player = watch(stream);
    const wish = { op: 'seek', atMs: segment.startMs, untilMs: segment.endMs + 1000 };
    stream.write(lengthPrefixed(Buffer.from(JSON.stringify(wish))));
    await player.frame((frame) => frame.kind === 'end');
    const parts = player.frames.filter((frame) => frame.kind === 'part');
    assert.equal(parts.length, segment.parts);
    const init = player.frames.find((frame) => frame.kind === 'init')!;
    const path = at.path('got.mp4');
    writeFileSync(path, Buffer.concat([init.bytes, ...parts.map((part) => part.bytes)]));
    assert.equal(Number(probe(path).streams[0]!.nb_read_packets), segment.pictures);
    stream.destroy();

    const plan = await at.engine.plan(ticket.id);
    assert.equal(plan.pictures, segment.pictures);
    assert.ok(plan.pictures >= clip.pictures);
    writeFileSync(path, await buffer(await at.engine.read(ticket.id, plan.id, 0, plan.bytes)));
    const { streams, format } = probe(path);
    assert.equal(Number(streams[0]!.nb_read_packets), segment.pictures);
    assert.equal(streams.length, sound ? 2 : 1);
    assert.ok(Math.abs(Number(format.duration) - segment.durationTicks / 90_000) < 0.2);
    assert.deepEqual(decodeAll(path), { complaints: '', pictures: segment.pictures });

    const still = await at.engine.still(ticket.id, segment.startMs + 2_000, null);
    assert.deepEqual([...still.subarray(0, 2)], [0xff, 0xd8]);

    const { segments, damaged } = await at.engine.survey(at.volume, { sinceMs: 0, repair: true, known: [] });
    assert.deepEqual(
      damaged.map((one) => one.path),
      ['got.mp4'],
    );
    const [facts] = segments;
    assert.deepEqual(
      { ...facts!, startMs: 0, endMs: 0 },
      { ...segment, startMs: 0, endMs: 0, packetsLost: 0, damagedPictures: 0 },
    );
    assert.ok(Math.abs(facts!.startMs - segment.startMs) < 2 && Math.abs(facts!.endMs - segment.endMs) < 2);
  });
