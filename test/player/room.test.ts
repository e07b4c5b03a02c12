/** Wall and camera page on the real demo: cameras are seen live, recorded, found again on the timeline and played. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type Login, openBrowser, openContext, signIn } from '../console/support/tour.ts';
import { type Custos, startCustos, until } from '../support/custos.ts';

const look = { language: 'en', theme: 'dark', width: 1440, height: 900 } as const;

let custos: Custos;
let browser: Browser;
let logins: readonly Login[];
let context: BrowserContext;
let page: Page;
let cameraId: string;

const dataset = (): Promise<Record<string, string | undefined>> =>
  page.evaluate(() => ({ ...document.querySelector<HTMLElement>('.picture-host')?.dataset }));
const shownMs = async () => Number((await dataset()).shownWallMs);
const isState = (state: string) => async () => ((await dataset()).state === state ? true : undefined);

async function as(persona: string): Promise<void> {
  await context?.close();
  context = await openContext(browser, custos.origin, look);
  await signIn(context, logins.find((each) => each.persona === persona) as Login);
  page = await context.newPage();
  page.on('pageerror', (error) => assert.fail(error));
}

async function sayPurpose(): Promise<void> {
  await page.locator('.purpose .ant-btn-primary').click();
}

/** Clicks the strip where an instant is; gives the instant of the pixel. */
async function clickStrip(wantedMs: number): Promise<number> {
  const strip = page.getByRole('slider', { name: 'Timeline' });
  const [fromMs, toMs] = await Promise.all(
    ['aria-valuemin', 'aria-valuemax'].map(async (name) => Number(await strip.getAttribute(name))),
  );
  const box = await strip.boundingBox();
  assert.ok(box && fromMs !== undefined && toMs !== undefined);
  const x = Math.round(((wantedMs - fromMs) / (toMs - fromMs)) * box.width);
  await page.mouse.click(box.x + x, box.y + 45);
  return fromMs + (x / box.width) * (toMs - fromMs);
}

async function openPlayback(agoMs: number): Promise<void> {
  const at = new Date(Date.now() - agoMs).toISOString();
  await page.goto(`/cameras/${cameraId}?at=${at}&w=120`);
  if (await page.locator('.purpose').isVisible()) await sayPurpose();
  else await Promise.race([page.locator('.purpose').waitFor().then(sayPurpose), sought(1)]);
  await sought(1);
}

const sought = (count: number) =>
  until(`picture ${count} is there`, async () => Number((await dataset()).seeks) >= count || undefined);

describe('wall and camera page', { timeout: 300_000 }, () => {
  before(async () => {
    [custos, browser] = await Promise.all([startCustos({ args: ['--demo'] }), openBrowser()]);
    logins = JSON.parse(await readFile(join(custos.dataDir, 'demo-logins.json'), 'utf8'));
    await as('approver');
    cameraId = await until(
      'a camera records half a minute',
      async () => {
        const { items } = await (await context.request.get('/api/cameras')).json();
        const first = items.find((each: { name: string }) => each.name.includes('Zhongshan'));
        const since = first?.streams.find((each: { kind: string }) => each.kind === 'main')?.since;
        return since && Date.now() - Date.parse(since) > 30_000 ? (first.id as string) : undefined;
      },
      120_000,
    );
  });
  after(async () => {
    await browser?.close();
    await custos?.[Symbol.asyncDispose]();
  });

  test('all cameras of the demo are live on the wall, once it is said what for', async () => {
    await page.goto('/wall');
    await page.locator('.purpose').waitFor();
    assert.equal(await page.locator('.tile').count(), 4);
    assert.equal(await page.locator('video').count(), 0);
    await sayPurpose();
    await until(
      'four are live',
      async () => (await page.locator('[data-state="live"]').count()) === 4 || undefined,
    );
    await page.keyboard.press('Tab');
    await page.locator('.tile-link').first().focus();
    await page.keyboard.press('ArrowRight');
    const focused = await page.evaluate(() =>
      document.activeElement?.closest('.tile')?.getAttribute('data-camera'),
    );
    assert.equal(focused, await page.locator('.tile').nth(1).getAttribute('data-camera'));
    await page.keyboard.press('Alt+ArrowLeft');
    await until('the address holds the order', () =>
      page.url().includes(`order=${focused}`) ? true : undefined,
    );
  });

  test('the picture is close behind the newest, also by the low-delay way', async () => {
    await page.goto(`/cameras/${cameraId}`);
    await until('it is live', isState('live'));
    await until('it is close', async () => (Date.now() - (await shownMs()) < 700 ? true : undefined));
    await page.getByRole('switch', { name: 'Low delay' }).click();
    await until('WebCodecs paints', async () => (await dataset()).mode === 'webcodecs' || undefined);
    await until('it is live again', isState('live'));
    await until('it is close', async () => (Date.now() - (await shownMs()) < 500 ? true : undefined));
    await page.getByRole('switch', { name: 'Low delay' }).click();
  });

  test('a click on the timeline plays from there, and the address says where', async () => {
    await openPlayback(25_000);
    await page.keyboard.press(' ');
    await until('it stands', isState('paused'));
    const clickedMs = await clickStrip(Date.now() - 12_000);
    await sought(2);
    assert.ok(Math.abs((await shownMs()) - clickedMs) < 150, `${(await shownMs()) - clickedMs} ms off`);
    const at = new URL(page.url()).searchParams.get('at') ?? '';
    assert.ok(Math.abs(Date.parse(at) - clickedMs) < 150);
  });

  test('the keys step one picture on and back, and ten seconds', async () => {
    await openPlayback(20_000);
    await page.keyboard.press(' ');
    await until('it stands', isState('paused'));
    const firstMs = await shownMs();
    await page.keyboard.press('.');
    await until('the next picture', async () => (await shownMs()) > firstMs || undefined);
    const stepMs = (await shownMs()) - firstMs;
    assert.ok(stepMs > 50 && stepMs < 90, `the demo has 15 pictures a second, a step took ${stepMs} ms`);
    await page.keyboard.press(',');
    await until(
      'the first picture again',
      async () => Math.abs((await shownMs()) - firstMs) <= 1 || undefined,
    );
    await page.keyboard.press('ArrowLeft');
    await until(
      'ten seconds before',
      async () => Math.abs((await shownMs()) - firstMs + 10_000) < 150 || undefined,
    );
  });

  test('the gap before the first picture is in the list, with its cause', async () => {
    await page.goto(`/cameras/${cameraId}`);
    const list = page.getByRole('region', { name: /^Gaps on/ });
    await list.getByText('recording was being started').waitFor();
  });

  test('a still and a clip are saved, and every picture of the clip can be decoded', async () => {
    await openPlayback(25_000);
    const [still] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Still picture' }).click(),
    ]);
    const jpeg = await readFile(await still.path());
    assert.equal(jpeg.subarray(0, 2).toString('hex'), 'ffd8');
    assert.match(still.suggestedFilename(), /Zhongshan.*\d{4}-\d{2}-\d{2}.*\.jpg$/);
    await page.getByRole('button', { name: 'Clip', exact: true }).click();
    const [clip] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download MP4' }).click(),
    ]);
    const args = ['-v', 'error', '-count_frames', '-show_entries', 'stream=nb_read_frames', '-of', 'csv=p=0'];
    const { stdout } = spawnSync('ffprobe', [...args, await clip.path()], { encoding: 'utf8' });
    assert.ok(Number(stdout) > 15 * 15, `${stdout} pictures`);
  });

  test('what it was looked at for is in the ledger', async () => {
    const auditor = await openContext(browser, custos.origin, look);
    await signIn(auditor, logins.find((each) => each.persona === 'auditor') as Login);
    const { items } = await (await auditor.request.get('/api/ledger?limit=200')).json();
    const reasons = items.map((each: { action: string; reason: string }) => `${each.action}: ${each.reason}`);
    assert.ok(
      reasons.some((each: string) => /^view\.live: On shift/.test(each)),
      reasons.join('\n'),
    );
    assert.ok(reasons.some((each: string) => /^view\.playback: Looking into an incident/.test(each)));
    await auditor.close();
  });

  test('who may not see pictures sees the state, and why there is no picture', async () => {
    await as('maintainer');
    await page.goto(`/cameras/${cameraId}`);
    await page.getByText('You see the state of this camera, not its picture').waitFor();
    assert.equal(await page.locator('video').count(), 0);
    assert.equal(await page.locator('.purpose').count(), 0);
  });
});
