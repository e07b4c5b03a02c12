/**
 * As a new guard would: asks for recordings of two cameras, the approver grants two hours, the guard watches, the
 * permission is revoked in mid-stream; the register says who, why and the seconds, and the ledger proves it. Ninety
 * seconds with CUSTOS_LONG, else five.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import { permissionWords } from '../../web/src/words/permissions.ts';
import { proofWords } from '../../web/src/words/proof.ts';
import { until } from '../support/custos.ts';
import { openDemo } from './support/demo.ts';
import { type Login, openContext, signIn } from './support/tour.ts';

const watchS = process.env.CUSTOS_LONG ? 90 : 5;
/** The most that the player asks for ahead (web/src/player/stock.ts). */
const aheadS = 24;
const t = permissionWords.en;
const look = { language: 'en', theme: 'light', width: 1440, height: 900 } as const;
const why = 'A schoolbag was left at the gate';

/** Minutes of a browser: made before a release, and whenever its pages change. */
const notLong = process.env.CUSTOS_LONG ? false : 'a long journey: CUSTOS_LONG=1';

describe('the journey of a permission', { timeout: 400_000, skip: notLong }, () => {
  const demo = openDemo();
  const sit = async (login: Login): Promise<{ context: BrowserContext; page: Page }> => {
    const context = await openContext(demo.browser, demo.custos.origin, look);
    await signIn(context, login);
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    return { context, page };
  };
  const json = async (context: BrowserContext, path: string) => (await context.request.get(path)).json();

  test('asked, granted, watched, revoked in mid-stream, registered and proven', async () => {
    const guard = await sit(demo.login('watcher'));
    const approver = await sit(demo.login('approver'));
    const auditor = await sit(demo.login('auditor'));
    const cameras = await recordedFor(guard.context);
    await askFor(guard.page, cameras);
    await grantTwoHours(approver.page);
    const granted = (await json(guard.context, '/api/permissions/mine?state=running')).items.find(
      (each: { reason: string }) => each.reason === why,
    );
    assert.deepEqual(granted.actions, ['live', 'playback']);
    assert.ok(Date.parse(granted.ends) - Date.now() <= 2 * 3_600_000, 'two hours');
    const at = new Date(Date.now() - (watchS + 4) * 1000).toISOString();
    await guard.page.goto(`/cameras/${cameras[0]!.id}?at=${at}&w=300`);
    await guard.page.getByRole('dialog').locator('.ant-btn-primary').click();
    const state = () =>
      guard.page.evaluate("document.querySelector('.camera-picture [data-state]')?.dataset.state");
    await until('it plays', async () => (await state()) === 'playing' || undefined);
    const beganMs = Date.now();
    await until('it was watched', () => Date.now() - beganMs >= watchS * 1000 || undefined, watchS * 2_000);
    await revokeIt(approver.page);
    const [cutMs, shown] = await until('the guard is told', async () => {
      const text = (await guard.page.locator('main').textContent()) ?? '';
      return /You hold no permission|permission/i.test(text) && (await state()) !== 'playing'
        ? ([Date.now(), text] as const)
        : undefined;
    });
    assert.match(shown, /permission/i);
    const use = await until('the register has it', async () => {
      const { items } = await json(
        auditor.context,
        `/api/uses?q=${encodeURIComponent(cameras[0]!.name)}&kind=playback`,
      );
      return items.find(
        (each: { permission: string; deliveredS: number; ended: string | null }) =>
          each.permission === granted.id && each.ended !== null && each.deliveredS > 0,
      );
    });
    const playedS = (cutMs - beganMs) / 1000;
    // What it was given counts, and a player takes some in ahead of what it shows.
    const isRight = use.deliveredS >= watchS - 1 && use.deliveredS <= playedS + aheadS + 1;
    assert.ok(isRight, `${use.deliveredS} s delivered, ${playedS} s watched`);
    assert.deepEqual([use.endedWhy, use.purpose, use.personName !== ''], ['revoked', 'duty', true]);
    await inTheRegister(auditor.page, use);
    await proven(auditor, granted.id);
    for (const each of [guard, approver, auditor]) await each.context.close();
  });

  /** Two cameras that have been recorded for as long as the guard will watch. */
  const recordedFor = (context: BrowserContext) =>
    until(
      'two cameras are recorded for long enough',
      async () => {
        const { items } = await json(context, '/api/cameras');
        const from = new Date(Date.now() - (watchS + 30) * 1000).toISOString();
        const to = new Date().toISOString();
        const long: { id: string; name: string }[] = [];
        for (const camera of items.slice(0, 2)) {
          const { spans } = await json(context, `/api/cameras/${camera.id}/timeline?from=${from}&to=${to}`);
          const first = spans[0] ? Date.parse(spans[0].from) : Date.now();
          if (Date.now() - first > (watchS + 6) * 1000) long.push(camera);
        }
        return long.length === 2 ? long : undefined;
      },
      watchS * 2_000 + 90_000,
    );
});

async function askFor(page: Page, cameras: readonly { name: string }[]): Promise<void> {
  await page.goto('/permissions');
  await page.getByRole('button', { name: t.ask, exact: true }).click();
  const form = page.getByRole('dialog');
  await form.getByLabel(t.action_playback, { exact: true }).check();
  for (const { name } of cameras) {
    await form.getByLabel(t.scopeCameras, { exact: true }).last().fill(name);
    await page.keyboard.press('Enter');
  }
  await page.keyboard.press('Escape');
  await form.getByLabel(t.lookBack, { exact: true }).fill('48');
  await form.getByLabel(t.reason, { exact: true }).fill(why);
  await form.getByLabel(t.necessity, { exact: true }).fill('Only these two cameras see the gate');
  await form.getByRole('button', { name: t.askDo, exact: true }).click();
  await page.getByText(t.asked).waitFor();
}

async function grantTwoHours(page: Page): Promise<void> {
  await page.goto('/permissions?show=open');
  const row = page.getByRole('row').filter({ hasText: why });
  await row.getByRole('button', { name: t.approve, exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(t.duration, { exact: true }).click();
  await page.locator('.ant-select-item-option').filter({ hasText: t.h_2 }).click();
  await dialog.getByRole('button', { name: t.approve, exact: true }).click();
  await page.getByText(t.approved).waitFor();
}

async function revokeIt(page: Page): Promise<void> {
  await page.goto('/permissions?show=running');
  const row = page.getByRole('row').filter({ hasText: why });
  await row.getByRole('button', { name: t.revoke, exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.locator('textarea').fill('The bag was found');
  await dialog.getByRole('button', { name: t.revoke, exact: true }).click();
}

async function inTheRegister(
  page: Page,
  use: { personName: string; deliveredS: number; reason: string },
): Promise<void> {
  await page.goto('/registers?kind=playback');
  const row = page
    .getByRole('row')
    .filter({ hasText: use.deliveredS.toFixed(1) })
    .filter({ hasText: use.personName });
  await row.first().waitFor();
  assert.ok((await row.first().textContent())?.includes(use.reason));
}

/** The rows of the permission and of the view are in the signed tree: the browser itself says so. */
async function proven(
  { context, page }: { context: BrowserContext; page: Page },
  permission: string,
): Promise<void> {
  const { items } = await (await context.request.get('/api/ledger?limit=200')).json();
  const row = items.find(
    (each: { action: string; outcome: string; detail: { permission?: string } }) =>
      each.action === 'view.playback' && each.outcome === 'done' && each.detail.permission === permission,
  );
  assert.ok(row, 'the view has its row');
  await page.goto(`/ledger?proof=${row.seq}`);
  await page.getByText(proofWords.en.right, { exact: false }).first().waitFor();
}
