/** Chromium plays and seeks a stored span as one file over HTTP ranges, through a resolution change and a gap. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import type { FilePlan, Ticket } from '../../../src/engine/engine.ts';
import { makeClip } from '../mp4/clips.ts';
import { record } from '../segment/record.ts';
import { clockStart, TestReader } from './harness.ts';

let reader: TestReader;
before(async () => {
  reader = await TestReader.start();
});
after(() => reader[Symbol.asyncDispose]());

/** The planned file behind HTTP, as the media door serves it. */
function serve(ticket: Ticket, plan: FilePlan): Promise<Server> {
  const server = createServer(async (request, reply) => {
    if (request.url !== '/footage.mp4') {
      reply.end('<!doctype html><video muted></video>');
      return;
    }
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const from = Number(range?.[1] ?? 0);
    const to = range?.[2] ? Number(range[2]) + 1 : plan.bytes;
    reply.writeHead(range ? 206 : 200, {
      'content-type': 'video/mp4',
      'accept-ranges': 'bytes',
      'content-length': to - from,
      ...(range ? { 'content-range': `bytes ${from}-${to - 1}/${plan.bytes}` } : {}),
    });
    const socket = await reader.connect({ read: { ticket: ticket.id, plan: plan.id, from, to } });
    reply.on('close', () => socket.destroy());
    socket.on('error', () => reply.destroy());
    socket.pipe(reply);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

interface Seen {
  readonly duration: number;
  readonly at: number;
  readonly width: number;
  readonly frames: number;
  readonly error: string | null;
}

test('the file of a span plays and seeks in Chromium, also behind a gap and a resolution change', async () => {
  const recorded = [
    ...record(reader.volume, makeClip({ seconds: 6, sound: true }), { startMs: clockStart, seconds: 8 }),
    ...record(reader.volume, makeClip({ seconds: 6, size: '640x360', bFrames: 2 }), {
      ...{ startMs: clockStart + 60_000, seconds: 8 },
    }),
    ...record(reader.volume, makeClip({ seconds: 6 }), { startMs: clockStart + 90_000, seconds: 4 }),
  ];
  reader.footage = { segments: recorded, gaps: [] };
  const ticket = await reader.admit({ fromMs: clockStart, toMs: clockStart + 3_600_000 });
  const plan = await reader.peer.ask('plan', { ticket: ticket.id });
  const server = await serve(ticket, plan);
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required'],
  });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const seen = (await page.evaluate(`(async () => {
      const video = document.querySelector('video');
      const seen = [];
      const note = () => seen.push({
        duration: video.duration, at: video.currentTime, width: video.videoWidth,
        frames: video.getVideoPlaybackQuality().totalVideoFrames, error: video.error && video.error.message,
      });
      const when = (event) => new Promise((resolve) => {
        video.addEventListener(event, resolve, { once: true });
        video.addEventListener('error', resolve, { once: true });
      });
      video.src = '/footage.mp4';
      await when('loadeddata');
      note();
      for (const at of [12, 2, 17.5, 7]) {
        video.currentTime = at;
        await when('seeked');
        note();
      }
      video.playbackRate = 8;
      video.play();
      await when('ended');
      note();
      return seen;
    })()`)) as Seen[];
    assert.ok(
      seen.every((one) => one.error === null),
      JSON.stringify(seen),
    );
    const seconds = plan.chunks.reduce((sum, chunk) => sum + chunk.seconds, 0);
    assert.equal(plan.pictures, 500);
    assert.ok(
      seen.every((one) => Math.abs(one.duration - seconds) < 0.3),
      `${seen[0]!.duration} is not ${seconds}`,
    );
    assert.deepEqual(
      seen.slice(0, 5).map((one) => [one.at, one.width]),
      [
        [0, 320],
        [12, 640],
        [2, 320],
        [17.5, 320],
        [7, 320],
      ],
    );
    assert.ok(Math.abs(seen[5]!.at - seconds) < 0.3, `ended at ${seen[5]!.at}`);
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
});
