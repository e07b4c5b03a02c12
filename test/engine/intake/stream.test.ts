/** One stream over its life: sound by order only, a clock that is set, an address that changes, a camera that is none. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Clock, noLog, systemClock } from '../../../src/base/index.ts';
import type { Fact, SegmentFacts } from '../../../src/engine/index.ts';
import { Stream } from '../../../src/engine/intake/stream.ts';
import { Syncer } from '../../../src/engine/intake/syncer.ts';
import { StepWatch } from '../../../src/engine/intake/wallclock.ts';
import { Moderation } from '../../../src/engine/rtsp/index.ts';
import { sourceOf, testEngine } from '../../support/engine.ts';
import { type Clip, fileLaunch, loopLaunch, makeClip, startGst } from '../../support/gst.ts';
import { knownKeys } from '../../support/keys.ts';
import { promisedMs } from '../../support/promise.ts';
import { unsealBeside } from '../../support/unseal.ts';

const run = promisify(execFile);

async function probeFile(
  file: string,
): Promise<{ codec_name: string; nb_read_packets: string; duration: string }[]> {
  const args = ['-v', 'error', '-count_packets', '-show_streams', '-of', 'json', file];
  return JSON.parse((await run('ffprobe', args)).stdout).streams;
}

const serve = (clip: Clip, more: object = {}) =>
  startGst({ streams: [{ path: '/s', launch: loopLaunch(clip.stream, clip.codec, 25) }], ...more });

for (const [codec, recorded] of [
  ['aac', 'aac'],
  ['pcma', 'flac'],
  ['pcmu', 'flac'],
] as const)
  test(`sound is recorded where there is a basis, and only there: ${codec}`, async () => {
    await using clip = await makeClip({ seconds: 4, sound: codec });
    const launch = fileLaunch(clip.file, 'h264', codec);
    await using server = await startGst({ streams: [{ path: '/s', launch }] });
    await using at = await testEngine();
    for (const sound of [true, false]) {
      const id = sound ? 'cam_a.main' : 'cam_b.main';
      at.engine.pull(sourceOf(server.url('/s'), { id, cameraId: id.slice(0, 5), sound }));
      at.engine.record(id, at.volume);
    }
    const closedOf = (id: string) => at.fact('segment-closed', (fact) => fact.source === id);
    const [with_, without] = [await closedOf('cam_a.main'), await closedOf('cam_b.main')];
    const plain = await unsealBeside(at.volume, with_.segment.path, at.keys);
    const heard = await probeFile(plain);
    assert.deepEqual(
      heard.map((stream) => stream.codec_name),
      ['h264', recorded],
    );
    const silent = await probeFile(await unsealBeside(at.volume, without.segment.path, at.keys));
    assert.deepEqual(
      silent.map((stream) => stream.codec_name),
      ['h264'],
    );
    const { stderr } = await run('ffmpeg', ['-v', 'error', '-i', plain, '-f', 'null', '-']);
    assert.equal(stderr, '');
    const seconds = await soundSeconds(plain);
    assert.ok(seconds > 3 && seconds < 4.5, `${seconds} s of sound`);
    const facts = at.of('opened').map((fact) => [fact.source, fact.stream.audio]);
    assert.deepEqual(new Map(facts as [string, string][]).get('cam_a.main'), 'recorded');
    assert.deepEqual(new Map(facts as [string, string][]).get('cam_b.main'), 'dropped');
  });

async function soundSeconds(file: string): Promise<number> {
  const args = ['-v', 'error', '-i', file, '-map', '0:a', '-f', 's16le', '-ac', '1', '-ar', '8000', '-'];
  const { stdout } = await run('ffmpeg', args, { encoding: 'buffer', maxBuffer: 1 << 26 });
  return stdout.length / 16_000;
}

// ── a stream of its own, over a clock that the test sets ─────────────────────────────────────────────────────────────

async function testStream(url: string) {
  const folder = await mkdtemp(join(tmpdir(), 'custos-stream-'));
  let set = 0;
  const clock: Clock = { wallMs: () => Date.now() + set, monoMs: systemClock.monoMs };
  const steps = new StepWatch(clock);
  const facts: Fact[] = [];
  const waiting = new Set<() => void>();
  const syncer = new Syncer();
  const stream = new Stream(sourceOf(url), {
    clock,
    log: noLog,
    moderation: new Moderation(clock),
    emit: (fact) => {
      facts.push(fact);
      for (const look of [...waiting]) look();
    },
    syncer: () => syncer,
    anchorMs: () => steps.anchorMs,
    turnMs: () => 0,
    ffmpeg: null,
    keys: knownKeys,
    suite: 1 as const,
    transcodeMayStart: async () => false,
    transcodeEnded: () => {},
  });
  const ticks = setInterval(() => {
    if (steps.check() !== 0) stream.stepped(steps.anchorMs);
    stream.tick();
  }, 100);
  stream.order({ id: 'vol', path: folder }, null);
  return {
    facts,
    stream,
    setClock: (byMs: number) => {
      set += byMs;
    },
    until: (wanted: () => boolean) =>
      new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(JSON.stringify(facts, null, 1))), 20_000);
        const look = () => {
          if (!wanted()) return;
          clearTimeout(late);
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    [Symbol.asyncDispose]: async () => {
      clearInterval(ticks);
      await stream.close(null);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const segmentsOf = (facts: readonly Fact[]): SegmentFacts[] =>
  facts.flatMap((fact) => (fact.kind === 'segment-closed' ? [fact.segment] : []));

for (const [how, byMs] of [
  ['forward by an hour', 3_600_000],
  ['back by an hour', -3_600_000],
  ['back by a year', -365 * 86_400_000],
] as const)
  test(`our clock is set ${how}: a new run at a key, and not a picture lost`, async () => {
    await using clip = await makeClip({ seconds: 2, gop: 25 });
    await using server = await serve(clip);
    await using at = await testStream(server.url('/s'));
    const recordedTo = () =>
      Math.max(0, ...at.facts.map((fact) => (fact.kind === 'recorded' ? fact.endMs : 0)));
    await at.until(() => at.facts.filter((fact) => fact.kind === 'recorded').length >= 3);
    assert.ok(Math.abs(recordedTo() - Date.now()) < 3_000);
    at.setClock(byMs);
    await at.until(() => at.facts.filter((fact) => fact.kind === 'segment-opened').length >= 2);
    const opened = at.facts.filter((fact) => fact.kind === 'recorded').length;
    await at.until(() => at.facts.filter((fact) => fact.kind === 'recorded').length >= opened + 3);
    await at.stream.close(null);
    const [first, second] = segmentsOf(at.facts) as [SegmentFacts, SegmentFacts];
    assert.notEqual(first.run, second.run);
    assert.equal(second.startTicks, 0);
    assert.ok(Math.abs(second.startMs - first.endMs - byMs) < 300, `${second.startMs - first.endMs} ms`);
    assert.equal(Math.round((first.durationTicks / 90_000) * 25), first.pictures);
    const gaps = at.facts.filter((fact) => fact.kind === 'gap');
    assert.deepEqual(
      gaps.map((fact) => fact.cause),
      byMs > 0 ? ['clock-step'] : [],
    );
  });

test('another address is taken up at once, and the segment of the old one is closed', async () => {
  await using one = await makeClip({ seconds: 2 });
  await using two = await makeClip({ seconds: 2, width: 320, height: 240 });
  await using server = await startGst({
    streams: [
      { path: '/one', launch: loopLaunch(one.stream, 'h264', 25) },
      { path: '/two', launch: loopLaunch(two.stream, 'h264', 25) },
    ],
  });
  await using at = await testStream(server.url('/one'));
  await at.until(() => at.facts.some((fact) => fact.kind === 'recorded'));
  at.stream.change(sourceOf(server.url('/two')));
  await at.until(() => at.facts.filter((fact) => fact.kind === 'gap-closed').length === 2);
  await at.stream.close(null);
  const segments = segmentsOf(at.facts);
  assert.deepEqual(
    segments.map((segment) => segment.width),
    [640, 320],
  );
  assert.equal(
    at.facts.some((fact) => fact.kind === 'lost'),
    false,
  );
});

// ── cameras that are none ────────────────────────────────────────────────────────────────────────────────────────────

test('a probe says what is there', async () => {
  await using clip = await makeClip({ seconds: 2, codec: 'h265' });
  await using server = await serve(clip, {
    signIn: { kind: 'digest', user: 'u', password: 'p@ss:w/rd#?%^[ü' },
  });
  await using at = await testEngine();
  const source = sourceOf(server.url('/s'), { user: 'u', password: 'p@ss:w/rd#?%^[ü' });
  const found = await at.engine.probe(source, 10_000);
  assert.equal(found.problem, null);
  assert.deepEqual([found.width, found.height, found.transport], [640, 360, 'tcp']);
  assert.match(found.codec ?? '', /^hvc1\./);
  const refused = await at.engine.probe({ ...source, password: 'wrong' }, 10_000);
  assert.equal(refused.problem?.code, 'bad-credentials');
  assert.equal(
    (await at.engine.probe({ ...source, user: '', password: '' }, 10_000)).problem?.code,
    'needs-credentials',
  );
  assert.equal(
    (await at.engine.probe({ ...source, url: server.url('/none') }, 10_000)).problem?.code,
    'not-found',
  );
  assert.doesNotMatch(JSON.stringify(at.told), /p@ss|wrong/);
});

test('a probe of something silent ends in time, and a closed port is told as such, while cameras go on', async () => {
  await using clip = await makeClip({ seconds: 2 });
  await using server = await serve(clip);
  await using at = await testEngine();
  at.engine.pull(sourceOf(server.url('/s')));
  at.engine.record('cam_1.main', at.volume);
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as { port: number };
  const beganMs = performance.now();
  const result = await at.engine.probe(sourceOf(`rtsp://127.0.0.1:${port}/x`), 1_500);
  assert.ok(performance.now() - beganMs < promisedMs(5_000));
  assert.equal(result.problem?.code, 'no-answer');
  silent.close();
  const closed = await at.engine.probe(sourceOf(`rtsp://127.0.0.1:${port}/x`), 3_000);
  assert.equal(closed.problem?.code, 'port-closed');
  await at.fact('recorded');
  assert.deepEqual(at.of('lost'), []);
});

test('the engine ends in order: files closed and told, the gap says why, nothing left running', async () => {
  await using clip = await makeClip({ seconds: 2 });
  await using server = await serve(clip);
  const at = await testEngine();
  at.engine.pull(sourceOf(server.url('/s')));
  at.engine.record('cam_1.main', at.volume);
  await at.fact('recorded');
  const pids = at.engine.processes().map((process) => process.pid as number);
  const beganMs = performance.now();
  await at[Symbol.asyncDispose]();
  assert.ok(performance.now() - beganMs < promisedMs(5_000));
  assert.equal(at.of('gap-opened').at(-1)?.cause, 'system-stopped');
  assert.equal(at.of('segment-closed').length, 1);
  for (const pid of pids) assert.throws(() => process.kill(pid, 0));
});

test('dropped means closed: the file is told before drop resolves', async () => {
  await using clip = await makeClip({ seconds: 2 });
  await using server = await serve(clip);
  await using at = await testEngine();
  at.engine.pull(sourceOf(server.url('/s')));
  at.engine.record('cam_1.main', at.volume);
  await at.fact('recorded');
  at.engine.record('cam_1.main', null, { cause: 'retired', detail: { by: 'Wu' } });
  await at.engine.drop('cam_1.main');
  // What was told waits in the queue of facts; one turn of the loop is all that its reader needs.
  await setImmediate();
  assert.equal(at.of('segment-closed').length, 1);
  assert.equal(at.of('gap-opened').at(-1)?.cause, 'retired');
});
