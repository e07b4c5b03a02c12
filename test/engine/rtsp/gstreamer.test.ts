/** The link against GStreamer's RTSP server: every picture the source has arrives, whole and in order. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { AccessUnit } from '../../../src/engine/units.ts';
import {
  type Clip,
  fileLaunch,
  liveLaunch,
  loopLaunch,
  makeClip,
  selfSigned,
  startGst,
  unitSliceDigests,
} from '../../support/gst.ts';
import { collect, sourceOf } from './collect.ts';

const pictures = (units: readonly AccessUnit[]): AccessUnit[] => units.filter((one) => one.track === 'video');
const slicesOf = (units: readonly AccessUnit[], clip: Clip): string[] =>
  pictures(units).flatMap((unit) => unitSliceDigests(unit.data, clip.codec));

/** Times in presentation order are one frame apart. */
function assertEven(units: readonly AccessUnit[], fps: number): void {
  const times = pictures(units)
    .map((unit) => unit.pts)
    .sort((a, b) => a - b);
  for (let i = 1; i < times.length; i++) {
    assert.ok(Math.abs(times[i]! - times[i - 1]! - 90_000 / fps) <= 95, `step ${times[i]! - times[i - 1]!}`);
  }
}

// Clips play in real time: four at once wait four times less.
describe('against GStreamer', { concurrency: 4 }, () => {
  it('H.264 by TCP arrives whole, with its keys, times and size', async () => {
    await using clip = await makeClip({ slices: 3 });
    await using server = await startGst({ streams: [{ path: '/a', launch: fileLaunch(clip.file, 'h264') }] });
    await using seen = collect(sourceOf(server.url('/a')));
    await seen.until(() => seen.units.length >= clip.pictures);
    assert.deepEqual(slicesOf(seen.units, clip), clip.slices);
    assert.equal(seen.units.length, clip.pictures);
    assert.equal(seen.tracks.length, 1);
    const { video } = seen.tracks[0]!;
    assert.deepEqual([video.width, video.height, video.codec, video.reorderDepth], [640, 360, 'h264', 0]);
    assert.match(video.codecString, /^avc1\.[0-9a-f]{6}$/);
    assert.deepEqual(
      seen.units.map((unit) => unit.key),
      seen.units.map((_, i) => i % 25 === 0),
    );
    assert.equal(seen.units[0]!.pts, 0);
    assertEven(seen.units, 25);
    assert.equal(seen.link.counters.packetsLost, 0);
    assert.equal(seen.link.transport, 'tcp');
  });

  it('B pictures come in decoding order, with their times of presentation and the depth of their reordering', async () => {
    await using clip = await makeClip({ bFrames: 2 });
    await using server = await startGst({ streams: [{ path: '/b', launch: fileLaunch(clip.file, 'h264') }] });
    await using seen = collect(sourceOf(server.url('/b')));
    await seen.until(() => seen.units.length >= clip.pictures);
    assert.deepEqual(slicesOf(seen.units, clip), clip.slices);
    assert.ok(seen.tracks[0]!.video.reorderDepth >= 1);
    assert.ok(seen.units.some((unit, i) => i > 0 && unit.pts < seen.units[i - 1]!.pts));
    assertEven(seen.units, 25);
  });

  it('H.265 arrives whole', async () => {
    await using clip = await makeClip({ codec: 'h265', bFrames: 2 });
    await using server = await startGst({ streams: [{ path: '/h', launch: fileLaunch(clip.file, 'h265') }] });
    await using seen = collect(sourceOf(server.url('/h')));
    await seen.until(() => seen.units.length >= clip.pictures);
    assert.deepEqual(slicesOf(seen.units, clip), clip.slices);
    const { video } = seen.tracks[0]!;
    assert.deepEqual([video.width, video.height, video.codec], [640, 360, 'h265']);
    assert.match(video.codecString, /^hvc1\.1\.6\.[LH]\d+/);
    assert.ok(video.vps && video.pps.length === 1 && video.reorderDepth >= 1);
    assert.equal(seen.units.filter((unit) => unit.key).length, 3);
    assertEven(seen.units, 25);
  });

  it('H.264 by UDP arrives whole when UDP is chosen', async () => {
    await using clip = await makeClip();
    await using server = await startGst({ streams: [{ path: '/a', launch: fileLaunch(clip.file, 'h264') }] });
    await using seen = collect(sourceOf(server.url('/a'), { transport: 'udp' }));
    await seen.until(() => seen.units.length >= clip.pictures);
    assert.deepEqual(slicesOf(seen.units, clip), clip.slices);
    assert.equal(seen.link.transport, 'udp');
    assert.equal(seen.link.counters.packetsLost, 0);
  });

  it('a server that refuses TCP is asked for UDP by itself, unless TCP was chosen', async () => {
    await using server = await startGst({
      streams: [{ path: '/u', launch: liveLaunch(), protocols: 'udp' }],
    });
    await using seen = collect(sourceOf(server.url('/u')));
    await seen.until(() => seen.units.length >= 5);
    assert.equal(seen.link.transport, 'udp');
    await using refused = collect(sourceOf(server.url('/u'), { transport: 'tcp' }));
    await refused.until(() => refused.ended !== undefined);
    assert.deepEqual([refused.ended?.code, refused.ended?.values.status], ['refused-by-camera', 461]);
  });

  for (const kind of ['digest', 'basic'] as const) {
    it(`a ${kind} password of awkward characters is accepted, a wrong one and none are told apart`, async () => {
      const signIn = { kind, user: 'admin', password: 'p@ss:w/rd#?%^[ü' };
      await using server = await startGst({ streams: [{ path: '/a', launch: liveLaunch() }], signIn });
      await using seen = collect(sourceOf(server.url('/a'), signIn));
      await seen.until(() => seen.units.length >= 5);
      await using wrong = collect(sourceOf(server.url('/a'), { user: 'admin', password: 'guess' }));
      await wrong.until(() => wrong.ended !== undefined);
      assert.deepEqual(wrong.ended, { code: 'bad-credentials', values: {} });
      await using none = collect(sourceOf(server.url('/a')));
      await none.until(() => none.ended !== undefined);
      assert.deepEqual(none.ended, { code: 'needs-credentials', values: {} });
    });
  }

  it('a camera that signed its own certificate is seen by RTSPS, and the link says so', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'custos-tls-'));
    try {
      await using clip = await makeClip();
      const tls = await selfSigned(folder);
      await using server = await startGst({
        streams: [{ path: '/a', launch: fileLaunch(clip.file, 'h264') }],
        tls,
      });
      await using seen = collect(sourceOf(server.url('/a')));
      await seen.until(() => seen.units.length >= clip.pictures);
      assert.deepEqual(slicesOf(seen.units, clip), clip.slices);
      assert.equal(seen.link.transport, 'tls');
      await using plain = collect(sourceOf(server.url('/a').replace('rtsps', 'rtsp')));
      await plain.until(() => plain.ended !== undefined);
      assert.ok(plain.ended);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  for (const sound of ['aac', 'pcma', 'pcmu'] as const) {
    it(`${sound} is told but not taken without a basis for sound, and taken with one`, async () => {
      await using clip = await makeClip({ sound, seconds: 3 });
      const launch = fileLaunch(clip.file, 'h264', sound);
      await using server = await startGst({ streams: [{ path: '/a', launch }] });
      await using silent = collect(sourceOf(server.url('/a')));
      await using seen = collect(sourceOf(server.url('/a'), { sound: true }));
      await silent.until(() => pictures(silent.units).length >= clip.pictures);
      assert.equal(silent.units.length, clip.pictures);
      assert.equal(silent.tracks[0]!.audio?.codec, sound);
      assert.equal(silent.tracks[0]!.audio?.sampleRate, sound === 'aac' ? 44_100 : 8000);
      await seen.until(() => pictures(seen.units).length >= clip.pictures);
      const heard = seen.units.filter((unit) => unit.track === 'audio');
      const last = heard.at(-1)!;
      assert.ok(
        heard.length > 20 && last.pts > 2 * 90_000 && last.pts < 4 * 90_000,
        `${heard.length} ${last.pts}`,
      );
      assert.deepEqual(slicesOf(seen.units, clip), clip.slices);
    });
  }

  it('the camera clock is told by its sender reports', async () => {
    await using server = await startGst({ streams: [{ path: '/a', launch: liveLaunch() }] });
    await using seen = collect(sourceOf(server.url('/a')));
    await seen.until(() => seen.clocks.length >= 2);
    for (const reading of seen.clocks) {
      assert.ok(Math.abs(reading.cameraWallMs - Date.now()) < 60_000);
      const unit = seen.units.find((one) => one.pts >= reading.pts);
      assert.ok(unit === undefined || Math.abs(unit.arrivedMs - reading.arrivedMs) < 5000);
    }
  });

  it('a wrong path, a closed port and an unknown name are three different problems', async () => {
    let port = 0;
    {
      await using server = await startGst({ streams: [{ path: '/a', launch: liveLaunch() }] });
      port = server.port;
      await using missing = collect(sourceOf(server.url('/nothing')));
      await missing.until(() => missing.ended !== undefined);
      assert.equal(missing.ended?.code, 'not-found');
    }
    await using closed = collect(sourceOf(`rtsp://127.0.0.1:${port}/a`));
    await closed.until(() => closed.ended !== undefined);
    assert.deepEqual(closed.ended, { code: 'port-closed', values: { host: '127.0.0.1', port } });
    await using unknown = collect(sourceOf('rtsp://no-such-host.invalid/a'));
    await unknown.until(() => unknown.ended !== undefined);
    assert.deepEqual(unknown.ended, { code: 'host-unknown', values: { host: 'no-such-host.invalid' } });
  });

  it('a camera that freezes in mid-stream is stalled, one that ends is closed', async () => {
    const server = await startGst({ streams: [{ path: '/a', launch: liveLaunch() }] });
    await using seen = collect(sourceOf(server.url('/a')), { stalledMs: 1000 });
    await using other = collect(sourceOf(server.url('/a')), { stalledMs: 60_000 });
    await seen.until(() => seen.units.length >= 5);
    await other.until(() => other.units.length >= 5);
    server.freeze();
    await seen.until(() => seen.ended !== undefined);
    assert.deepEqual(seen.ended, { code: 'stalled', values: { seconds: 1 } });
    await server[Symbol.asyncDispose]();
    await other.until(() => other.ended !== undefined);
    assert.deepEqual(other.ended, { code: 'closed', values: {} });
  });

  it('an elementary stream goes round and round with times that go on', async () => {
    await using clip = await makeClip({ seconds: 1 });
    await using server = await startGst({
      streams: [{ path: '/l', launch: loopLaunch(clip.stream, 'h264', 25) }],
    });
    await using seen = collect(sourceOf(server.url('/l')));
    await seen.until(() => seen.units.length >= 60);
    assertEven(seen.units, 25);
  });
});
