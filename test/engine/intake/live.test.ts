/** Live viewers: the first picture at once, the right frames, cut when they may no longer, never a burden when slow. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { test } from 'node:test';
import type { Frame } from '../../../src/contract/frames.ts';
import type { Ticket } from '../../../src/engine/index.ts';
import { sourceOf, type TestEngine, testEngine, watch } from '../../support/engine.ts';
import { type ClipOptions, loopLaunch, makeClip, startGst } from '../../support/gst.ts';
import { promisedMs } from '../../support/promise.ts';

type PartFrame = Extract<Frame, { kind: 'part' }>;

const minuteMs = 60_000;

function admit(at: TestEngine, id: string, more: Partial<Ticket> = {}): void {
  const ticket = {
    id,
    kind: 'live',
    source: 'cam_1.main',
    transcode: false,
    expiresAtMs: Date.now() + minuteMs,
  };
  at.engine.admit({ ...ticket, ...more } as Ticket);
}

async function cameraOf(options: ClipOptions = {}) {
  const clip = await makeClip({ seconds: 2, ...options });
  const launch = loopLaunch(clip.stream, clip.codec, options.fps ?? 25);
  const server = await startGst({ streams: [{ path: '/s', launch }] });
  return {
    url: server.url('/s'),
    server,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await clip[Symbol.asyncDispose]();
    },
  };
}

const partsOf = (frames: readonly Frame[]): PartFrame[] =>
  frames.filter((frame): frame is PartFrame => frame.kind === 'part');

/** The frames of a viewer, joined as a player joins them, decoded by FFmpeg without a complaint: pictures seen. */
function decoded(frames: readonly Frame[]): number {
  const init = frames.find((frame) => frame.kind === 'init');
  assert.ok(init?.kind === 'init');
  const file = Buffer.concat([init.bytes, ...partsOf(frames).map((part) => part.bytes)]);
  const said = execFileSync(
    'ffmpeg',
    ['-v', 'error', '-i', 'pipe:0', '-f', 'framecrc', '-fps_mode', 'passthrough', '-'],
    { input: file, stdio: ['pipe', 'pipe', 'inherit'] },
  );
  return said
    .toString()
    .split('\n')
    .filter((line) => /^0,/.test(line)).length;
}

test('whoever comes sees the pictures since the newest key at once, then each as it comes', async () => {
  await using camera = await cameraOf({ gop: 50 });
  await using at = await testEngine();
  at.engine.pull(sourceOf(camera.url));
  await at.fact('opened');
  admit(at, 'tic_first');
  const first = watch(await at.engine.connect('tic_first'));
  await first.frame((frame) => frame.kind === 'part' && frame.wallMs > Date.now() - 200);
  admit(at, 'tic_second');
  const second = watch(await at.engine.connect('tic_second'));
  const cameAtMs = performance.now();
  await second.frame((frame) => frame.kind === 'part');
  assert.ok(performance.now() - cameAtMs < promisedMs(500));
  await second.frame(() => partsOf(second.frames).length >= 60);
  second.stream.destroy();
  assert.deepEqual(
    second.frames.slice(0, 3).map((frame) => frame.kind),
    ['clock', 'init', 'part'],
  );
  const parts = partsOf(second.frames);
  assert.equal(parts[0]?.key, true);
  assert.equal(parts[0]?.discontinuity, true);
  for (const [i, part] of parts.entries()) {
    const before = parts[i - 1];
    if (!before) continue;
    assert.equal(part.discontinuity, false);
    assert.ok(part.decodeTicks > before.decodeTicks);
    assert.ok(part.wallMs > before.wallMs);
    assert.ok(Math.abs(part.wallMs - before.wallMs - (part.decodeTicks - before.decodeTicks) / 90) < 5);
  }
  assert.equal(decoded(second.frames), parts.length);
  const left = await at.fact('viewer-left', (fact) => fact.ticket === 'tic_second');
  assert.equal(left.why, 'closed');
  assert.ok(Math.abs(left.deliveredS - parts.length / 25) < 0.5, `${left.deliveredS} s`);
  assert.equal(left.droppedPictures, 0);
});

test('a stream with pictures out of order plays whole', async () => {
  await using camera = await cameraOf({ bFrames: 2, gop: 25 });
  await using at = await testEngine();
  at.engine.pull(sourceOf(camera.url));
  admit(at, 'tic_b');
  const viewer = watch(await at.engine.connect('tic_b'));
  await viewer.frame(() => partsOf(viewer.frames).length >= 60);
  assert.equal(decoded(viewer.frames), partsOf(viewer.frames).length);
});

test('a revoked ticket is cut at once, an ended one by itself, one that never was is refused', async () => {
  await using camera = await cameraOf();
  await using at = await testEngine();
  at.engine.pull(sourceOf(camera.url));
  await at.fact('opened');
  admit(at, 'tic_revoked');
  const revoked = watch(await at.engine.connect('tic_revoked'));
  await revoked.frame((frame) => frame.kind === 'part');
  const revokedAtMs = performance.now();
  at.engine.revoke('tic_revoked');
  await revoked.closed;
  assert.ok(performance.now() - revokedAtMs < promisedMs(1_000));
  assert.equal((await at.fact('viewer-left')).why, 'revoked');
  await assert.rejects(at.engine.connect('tic_revoked'));
  admit(at, 'tic_short', { expiresAtMs: Date.now() + 1_500 });
  const short = watch(await at.engine.connect('tic_short'));
  await short.closed;
  const left = await at.fact('viewer-left', (fact) => fact.ticket === 'tic_short');
  assert.equal(left.why, 'expired');
  assert.ok(left.deliveredS > 0);
  await assert.rejects(at.engine.connect('tic_never'));
});

test('a ticket that was extended goes on', async () => {
  await using camera = await cameraOf();
  await using at = await testEngine();
  at.engine.pull(sourceOf(camera.url));
  admit(at, 'tic_long', { expiresAtMs: Date.now() + 1_500 });
  const viewer = watch(await at.engine.connect('tic_long'));
  at.engine.extend('tic_long', Date.now() + minuteMs);
  const untilMs = Date.now() + 2_500;
  await viewer.frame((frame) => frame.kind === 'part' && frame.wallMs > untilMs);
  assert.deepEqual(at.of('viewer-left'), []);
});

test('a sub-stream is pulled when someone comes and let go after the last has left', async () => {
  await using camera = await cameraOf();
  await using at = await testEngine();
  at.engine.pull(sourceOf(camera.url, { id: 'cam_1.sub', stream: 'sub', always: false }));
  admit(at, 'tic_sub', { source: 'cam_1.sub' } as Partial<Ticket>);
  const viewer = watch(await at.engine.connect('tic_sub'));
  await viewer.frame((frame) => frame.kind === 'part');
  await at.fact('opened');
  viewer.stream.destroy();
  await at.fact('viewer-left');
  const leftAtMs = performance.now();
  await noConnection(camera.server.port, 20_000);
  assert.ok(performance.now() - leftAtMs > 8_000);
  const from = at.told.length;
  const again = watch(await at.engine.connect('tic_sub'));
  await again.frame((frame) => frame.kind === 'part');
  await at.fact('opened', () => true, { from });
});

/** Resolves when nobody is connected to this port any more. */
async function noConnection(port: number, withinMs: number): Promise<void> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  for (const endMs = performance.now() + withinMs; performance.now() < endMs; ) {
    const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n');
    if (!lines.some((line) => new RegExp(`:${hex} \\S+ 01 `).test(line))) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail('the camera was not let go');
}

test('a viewer who does not read skips to a later key and holds no memory', async () => {
  await using camera = await cameraOf({ kbps: 20_000, width: 1280, height: 720, gop: 10 });
  await using at = await testEngine();
  at.engine.pull(sourceOf(camera.url));
  await at.fact('opened');
  admit(at, 'tic_slow');
  admit(at, 'tic_quick');
  const slow: Duplex = await at.engine.connect('tic_slow');
  const quick = watch(await at.engine.connect('tic_quick'));
  // 20 Mb/s fill the 2 MB that may wait within a second or two.
  await quick.frame(() => partsOf(quick.frames).length >= 150);
  const viewer = watch(slow);
  await viewer.frame(
    (frame) => frame.kind === 'part' && frame.discontinuity && frame !== partsOf(viewer.frames)[0],
  );
  const parts = partsOf(viewer.frames);
  const skipped = parts.findIndex((part, i) => i > 0 && part.discontinuity);
  assert.equal(parts[skipped]?.key, true);
  const bytes = parts.slice(0, skipped).reduce((sum, part) => sum + part.bytes.length, 0);
  assert.ok(bytes < 5 * 1024 * 1024, `${bytes} bytes were waiting`);
  viewer.stream.destroy();
  const left = await at.fact('viewer-left', (fact) => fact.ticket === 'tic_slow');
  assert.ok(left.droppedPictures > 0);
  // On a busy machine this test itself may read too slowly; never as slowly as who does not read at all.
  assert.ok(partsOf(quick.frames).length > skipped, 'the other viewer went on');
});

test('a viewer who pauses gets nothing, and goes on at the newest key', async () => {
  await using camera = await cameraOf();
  await using at = await testEngine();
  at.engine.pull(sourceOf(camera.url));
  admit(at, 'tic_pause');
  const stream = await at.engine.connect('tic_pause');
  const viewer = watch(stream);
  await viewer.frame((frame) => frame.kind === 'part');
  const wish = (op: string) => {
    const text = Buffer.from(JSON.stringify({ op }));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    stream.write(Buffer.concat([length, text]));
  };
  wish('pause');
  const pausedAtMs = Date.now();
  const measured = await at.fact('measured', (fact) => fact.atMs > pausedAtMs + 1_000);
  const last = partsOf(viewer.frames).at(-1);
  assert.ok((last?.wallMs ?? 0) < measured.atMs - 800);
  wish('resume');
  await viewer.frame((frame) => frame.kind === 'part' && frame.wallMs > measured.atMs);
  const resumed = partsOf(viewer.frames).find((part) => part.wallMs > (last?.wallMs ?? 0));
  assert.equal(resumed?.key, true);
  assert.equal(resumed?.discontinuity, true);
});

test('viewers are told what is wrong with the camera, and of the gap when it is back', async () => {
  await using clip = await makeClip({ seconds: 2 });
  const streams = [{ path: '/s', launch: loopLaunch(clip.stream, 'h264', 25) }];
  const server = await startGst({ streams });
  await using at = await testEngine();
  at.engine.pull(sourceOf(server.url('/s')));
  admit(at, 'tic_told');
  const viewer = watch(await at.engine.connect('tic_told'));
  await viewer.frame((frame) => frame.kind === 'part');
  await server[Symbol.asyncDispose]();
  await viewer.frame((frame) => frame.kind === 'problem' && frame.json.code === 'port-closed');
  await using again = await startGst({ streams, port: server.port });
  assert.ok(again.port);
  const gap = await viewer.frame((frame) => frame.kind === 'gap');
  assert.ok(gap.kind === 'gap' && gap.json.cause === 'unreachable' && gap.json.to > gap.fromMs);
  await viewer.frame(
    (frame) => frame.kind === 'part' && frame.epoch === 2 && frame.key && frame.discontinuity,
  );
});

test('H.265 becomes H.264 on the way to whoever asks for it, counted and given back', async () => {
  await using camera = await cameraOf({ codec: 'h265', width: 320, height: 240 });
  await using at = await testEngine();
  at.engine.pull(sourceOf(camera.url));
  await at.fact('opened');
  admit(at, 'tic_h264', { transcode: true });
  const viewer = watch(await at.engine.connect('tic_h264'));
  await viewer.frame(() => partsOf(viewer.frames).length >= 30);
  const init = viewer.frames.find((frame) => frame.kind === 'init');
  assert.ok(init?.kind === 'init' && init.json.video.startsWith('avc1.'));
  assert.equal(decoded(viewer.frames), partsOf(viewer.frames).length);
  assert.deepEqual(at.engine.transcodes(), { running: 1, limit: 1 });
  viewer.stream.destroy();
  await at.fact('viewer-left');
  await at.fact('measured', () => at.engine.transcodes().running === 0);
});

test('a live still is a JPEG of the newest key picture', async () => {
  await using camera = await cameraOf();
  await using at = await testEngine();
  at.engine.pull(sourceOf(camera.url));
  await at.fact('opened');
  admit(at, 'tic_still');
  const jpeg = await at.engine.still('tic_still', null, 160);
  assert.deepEqual([...jpeg.subarray(0, 3)], [0xff, 0xd8, 0xff]);
});

test('when the intake dies its viewers are cut and reported', async () => {
  await using camera = await cameraOf();
  await using at = await testEngine();
  at.engine.pull(sourceOf(camera.url));
  admit(at, 'tic_dead');
  const viewer = watch(await at.engine.connect('tic_dead'));
  await viewer.frame((frame) => frame.kind === 'part');
  await at.fact('viewer-joined');
  const intake = at.engine.processes().find(({ name }) => name.startsWith('intake'));
  process.kill(intake?.pid as number, 'SIGKILL');
  await viewer.closed;
  assert.equal((await at.fact('viewer-left')).why, 'engine');
  const again = watch(await at.engine.connect('tic_dead'));
  await again.frame((frame) => frame.kind === 'part');
});
