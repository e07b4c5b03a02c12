/** The players, held to their promises in a real browser: which picture is shown, when, and what the server is asked. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openBrowser } from '../console/support/tour.ts';
import { FootageServer, makeClip, pictureMs } from './support/footage.ts';

const fromMs = Date.parse('2026-11-20T08:00:00.000Z');
const gap = { fromMs: fromMs + 20_000, toMs: fromMs + 30_000, cause: 'unreachable' };
const second = 25;

let server: FootageServer;
let browser: Browser;
let page: Page;

before(async () => {
  const [recorded, live] = await Promise.all([
    makeClip({ pictures: 120 * second, cut: 'half-second' }),
    makeClip({ pictures: 4 * second, cut: 'picture' }),
  ]);
  server = await FootageServer.open({ clip: recorded, fromMs, gaps: [gap] }, live);
  browser = await openBrowser();
});

after(async () => {
  await browser.close();
  await server[Symbol.asyncDispose]();
});

async function freshPage(): Promise<void> {
  await page?.close();
  server.wishes.length = 0;
  server.stalls = false;
  page = await browser.newPage();
  page.on('pageerror', (error) => assert.fail(error));
  await page.goto(server.origin);
  await page.waitForFunction(() => 'bench' in window);
}

const shown = () => page.evaluate(() => window.bench.shownNumber());
const state = () => page.evaluate(() => window.bench.host.dataset.state);
const until = (state: string) =>
  page.waitForFunction((wanted) => window.bench.host.dataset.state === wanted, state);
const sought = (count: number) =>
  page.waitForFunction((wanted) => Number(window.bench.host.dataset.seeks) >= wanted, count);
const numberAt = (atMs: number) => Math.floor((atMs - fromMs) / pictureMs);

describe('playback', () => {
  test('shows exactly the picture of the instant that was asked for', async () => {
    await freshPage();
    const atMs = fromMs + 10_130;
    await page.evaluate((at) => window.bench.openPlayback(at, false), atMs);
    await sought(1);
    assert.equal(await shown(), numberAt(atMs));
    assert.equal(await state(), 'paused');
  });

  test('steps picture by picture, on and back, over the edge of what it holds', async () => {
    await freshPage();
    const atMs = fromMs + 41_000;
    await page.evaluate((at) => window.bench.openPlayback(at, false), atMs);
    await sought(1);
    const first = numberAt(atMs);
    for (let step = 1; step <= 3; step += 1) {
      await page.evaluate(() => window.bench.playback?.step(1));
      await sought(1 + step);
      assert.equal(await shown(), first + step);
    }
    for (let step = 1; step <= 30; step += 1) {
      await page.evaluate(() => window.bench.playback?.step(-1));
      await sought(4 + step);
      assert.equal(await shown(), first + 3 - step);
    }
  });

  test('seeks inside of what it holds without asking the server', async () => {
    await freshPage();
    await page.evaluate((at) => window.bench.openPlayback(at, false), fromMs + 50_000);
    await sought(1);
    const asked = server.wishes.length;
    await page.evaluate((at) => window.bench.playback?.seek(at), fromMs + 51_130);
    await sought(2);
    assert.equal(await shown(), numberAt(fromMs + 51_130));
    assert.deepEqual(
      server.wishes.slice(asked).filter((wish) => wish.op === 'seek'),
      [],
    );
  });

  test('skips a gap and says which', async () => {
    await freshPage();
    await page.evaluate((at) => window.bench.openPlayback(at, true), gap.fromMs - 1500);
    await page.waitForFunction((to) => (window.bench.playback?.positionMs ?? 0) > to, gap.toMs);
    const skipped = await page.evaluate(() => window.bench.playback?.status.skipped);
    assert.equal(skipped?.cause, 'unreachable');
    assert.equal(skipped?.toMs, gap.toMs);
    assert.ok(((await shown()) ?? 0) >= numberAt(gap.toMs));
  });

  test('waits through a gap when told to', async () => {
    await freshPage();
    await page.evaluate((at) => window.bench.openPlayback(at, true, 'wait'), gap.fromMs - 800);
    await until('gap');
    await page.evaluate(() => window.bench.playback?.setSpeed(8));
    await until('playing');
    assert.ok(((await shown()) ?? 0) >= numberAt(gap.toMs));
  });

  test('a seek into a gap lands on the first picture after it', async () => {
    await freshPage();
    await page.evaluate((at) => window.bench.openPlayback(at, false), gap.fromMs + 4000);
    await sought(1);
    assert.equal(await shown(), numberAt(gap.toMs));
  });

  test('keeps seconds ahead, not minutes, and moves them as it plays', async () => {
    await freshPage();
    await page.evaluate((at) => window.bench.openPlayback(at, true), fromMs + 32_000);
    await sought(1);
    await page.evaluate(() => window.bench.playback?.setSpeed(4));
    await page.waitForFunction((to) => (window.bench.playback?.positionMs ?? 0) > to, fromMs + 50_000);
    const position = await page.evaluate(() => window.bench.playback?.positionMs ?? 0);
    const asked = server.wishes.flatMap((wish) => ('untilMs' in wish ? [wish.untilMs] : [])).at(-1) ?? 0;
    assert.ok(asked > position + 10_000 && asked < position + 60_000, `${asked - position} ms ahead`);
  });

  test('plays to the end of what is recorded and says so', async () => {
    await freshPage();
    await page.evaluate((at) => window.bench.openPlayback(at, true), fromMs + 118_000);
    await until('end');
    assert.equal(await shown(), 120 * second - 1);
  });

  test('shows key pictures while the playhead is dragged, and the exact one when it is let go', async () => {
    await freshPage();
    await page.evaluate((at) => window.bench.openPlayback(at, false), fromMs + 3000);
    await sought(1);
    for (const offset of [70_000, 71_000, 75_500, 80_700, 90_250]) {
      await page.evaluate((at) => window.bench.playback?.scrub(at), fromMs + offset);
    }
    await page.waitForFunction(() => (window.bench.shownNumber() ?? 0) === 45 * 50);
    await page.evaluate((at) => window.bench.playback?.seek(at), fromMs + 90_250);
    await page.waitForFunction((number) => window.bench.shownNumber() === number, numberAt(fromMs + 90_250));
    assert.ok(server.wishes.some((wish) => wish.op === 'seek' && wish.keysOnly));
  });

  test('a cut line is mended where it was', async () => {
    await freshPage();
    await page.evaluate((at) => window.bench.openPlayback(at, true), fromMs + 60_000);
    await until('playing');
    server.cut();
    await page.waitForFunction((to) => (window.bench.playback?.positionMs ?? 0) > to, fromMs + 66_000);
  });

  test('plays across the end of a view into the next, as at midnight', async () => {
    await freshPage();
    const args = { at: fromMs + 46_000, to: fromMs + 56_000 };
    await page.evaluate(({ at }) => window.bench.openPlayback(at, true, 'skip', 10_000), args);
    await page.waitForFunction(({ to }) => (window.bench.playback?.positionMs ?? 0) > to, args);
    assert.ok((await page.evaluate(() => window.bench.tickets.opened)) >= 2);
    assert.equal(await page.evaluate(() => window.bench.playback?.status.skipped), null);
  });

  test('a second picture on the same line comes at once', async () => {
    await freshPage();
    await page.evaluate((at) => window.bench.openPlayback(at, false), fromMs + 1000);
    await sought(1);
    const took: number[] = [];
    for (let index = 0; index < 20; index += 1) {
      const atMs = fromMs + (index % 2 === 0 ? 100_000 : 35_000) - index * 120;
      await page.evaluate((at) => window.bench.playback?.seek(at), atMs);
      await sought(2 + index);
      assert.equal(await shown(), numberAt(atMs));
      took.push(Number(await page.evaluate(() => window.bench.host.dataset.seekMs)));
    }
    took.sort((a, b) => a - b);
    // The bench measures it on a calm machine; here others run beside.
    assert.ok((took[18] as number) <= 1000, `seeks took ${took.join(' ')} ms`);
  });
});

describe('live', () => {
  for (const mode of ['mediasource', 'webcodecs'] as const) {
    test(`${mode}: pictures run, close behind the newest`, async () => {
      await freshPage();
      await page.evaluate((how) => window.bench.openLive(how), mode);
      await until('live');
      assert.equal(await page.evaluate(() => window.bench.live?.status.mode), mode);
      await page.waitForFunction(() => {
        const behindMs = Date.now() - (window.bench.live?.shownWallMs ?? 0);
        return behindMs > 0 && behindMs < 450;
      });
      for (let look = 0; look < 5; look += 1) {
        const before = await shown();
        await page.waitForFunction((number) => window.bench.shownNumber() !== number, before);
      }
    });
  }

  test('is not called live while nothing arrives', async () => {
    await freshPage();
    await page.evaluate(() => window.bench.openLive('mediasource'));
    await until('live');
    server.stalls = true;
    await until('stalled');
    server.stalls = false;
    await until('live');
    await page.waitForFunction(() => Date.now() - (window.bench.live?.shownWallMs ?? 0) < 600);
  });

  test("says the camera's problem, and is live again when it is over", async () => {
    await freshPage();
    await page.evaluate(() => window.bench.openLive('mediasource'));
    await until('live');
    server.stalls = true;
    server.problem('no-answer', { host: '10.0.0.9', port: 554, seconds: 5 });
    await until('problem');
    assert.equal(
      await page.evaluate(() => {
        const state = window.bench.live?.status.state;
        return state?.kind === 'problem' ? state.code : null;
      }),
      'no-answer',
    );
    server.stalls = false;
    await until('live');
  });

  test('a cut line is mended, and the picture is close behind again', async () => {
    await freshPage();
    await page.evaluate(() => window.bench.openLive('mediasource'));
    await until('live');
    server.cut();
    await until('connecting');
    await until('live');
    await page.waitForFunction(() => Date.now() - (window.bench.live?.shownWallMs ?? 0) < 600);
  });

  test('asks for nothing while it is hidden', async () => {
    await freshPage();
    await page.evaluate(() => window.bench.openLive('mediasource'));
    await until('live');
    await page.evaluate(() => window.bench.live?.setVisible(false));
    await until('hidden');
    await page.evaluate(() => window.bench.live?.setVisible(true));
    await until('live');
    assert.deepEqual(
      server.wishes.map((wish) => wish.op),
      ['pause', 'resume'],
    );
  });
});
