/**
 * The console in a real browser on a real server: every page is free of what axe finds, in both themes and languages;
 * nothing breaks the page's own policy; the wizard leads to a camera; and each person's menu is what they may do.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { startDemo } from '../../demo/index.ts';
import { noLog, systemClock } from '../../src/base/index.ts';
import { shellWords } from '../../web/src/words/shell.ts';
import { startCustos, until } from '../support/custos.ts';
import { type DemoHouse, openDemo } from './support/demo.ts';
import { furnish } from './support/furnish.ts';
import { goTo, type Look, openBrowser, openContext, type Stop, signIn, tour } from './support/tour.ts';
import { walkWizard } from './support/wizard.ts';

const look: Look = { language: 'en', theme: 'light', width: 1440, height: 900 };
/** Each page in both looks, not in one of them. */
const isLong = Boolean(process.env.CUSTOS_LONG);
const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const menuWords = [
  'wall',
  'cameras',
  'permissions',
  'registers',
  'duties',
  'ledger',
  'completeness',
  'keeping',
  'filing',
  'desk',
  'people',
  'storage',
  'system',
] as const;

/** What each role brings into the menu; an auditor sees no video, whatever else they are. */
const menuOfRole: Readonly<Record<string, readonly (typeof menuWords)[number][]>> = {
  administrator: [
    'cameras',
    'permissions',
    'duties',
    'completeness',
    'keeping',
    'filing',
    'people',
    'storage',
    'system',
  ],
  maintainer: ['cameras', 'duties', 'keeping', 'storage', 'system'],
  watcher: ['wall', 'cameras', 'permissions'],
  approver: ['wall', 'cameras', 'permissions', 'registers', 'duties', 'keeping'],
  auditor: [
    ...(['cameras', 'permissions', 'registers', 'duties', 'ledger', 'completeness', 'keeping'] as const),
    ...(['filing', 'people', 'storage', 'system'] as const),
  ],
  filer: ['cameras', 'duties', 'completeness', 'keeping', 'filing'],
  receiver: ['desk'],
};

assert.ok(
  existsSync(join(import.meta.dirname, '../../web/dist/index.html')),
  'the console is not built: npm run build',
);

/** Faults of the page itself: thrown errors, and whatever its policy stopped. */
function watchFaults(page: Page): string[] {
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    const text = message.text();
    const isExpected = /the server responded with a status of (40\d|41\d|42\d)/.test(text);
    if (message.type() === 'error' && !isExpected) faults.push(text);
  });
  return faults;
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** Runs axe through the debugger, because the page's policy rightly lets no script of ours in. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const found = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as {
    violations: Violation[];
  };
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ''}`),
  );
}

describe('on the demo', { timeout: 600_000 }, () => {
  const demo = openDemo(({ custos, logins }) => furnish(custos.origin, logins, `${custos.dataDir}-disk`));

  // Colours are tested by their palettes, words by their catalogues: each page needs one look, every second the other.
  test('every page is clean for axe and fits a telephone', {
    timeout: 420_000,
  }, async () => {
    const found: string[] = [];
    let count = 0;
    for await (const { page, stop, faults, switchTo } of visit(demo)) {
      const add = (as: string, wrong: readonly string[]) =>
        found.push(...wrong.map((each) => `${stop.name}, ${as}: ${each}`));
      const isOdd = count++ % 2 === 1;
      if (!isOdd || isLong)
        add('light, zh', [...(await violations(page)), ...(await tooWideForTelephone(page))]);
      if (isOdd || isLong) {
        await switchTo('en', 'dark');
        add('dark, en', [...(await violations(page)), ...(await tooWideForTelephone(page))]);
      }
      add('', faults.splice(0));
    }
    assert.deepEqual(found, []);
  });

  test('each person sees the menu of their role, and no page of another', { timeout: 120_000 }, async () => {
    for (const [nth, login] of demo.logins.entries()) {
      await using context = await contextOf(demo.browser, demo.custos.origin);
      await signIn(context.it, login);
      const entries = await menuOf(context.it);
      const page = await context.it.newPage();
      await page.goto('/me');
      await page.locator('h1').waitFor();
      const shown = await page
        .getByRole('navigation', { name: shellWords.en.menu })
        .getByRole('link')
        .allInnerTexts();
      assert.deepEqual(
        shown.map((each) => each.trim()),
        entries.map((each) => shellWords.en[each]),
        login.persona,
      );
      // Among them all persons try every page; the routes themselves are refused in the gate's own tests.
      const others = menuWords.filter((each, i) => !entries.includes(each) && i % 3 === nth % 3);
      for (const other of others) {
        await page.goto(`/${other}`);
        await page.getByRole('heading', { name: shellWords.en.notAllowed }).waitFor();
      }
    }
  });

  test('whoever is not signed in is led to the login and back to where they were going', async () => {
    const login = demo.login('auditor');
    await using context = await contextOf(demo.browser, demo.custos.origin);
    const page = await context.it.newPage();
    await page.goto('/ledger?outcome=refused');
    await page.waitForURL(/\/login\?next=/);
    await page.getByLabel('Name', { exact: true }).fill(login.name);
    await page.getByLabel('Password', { exact: true }).fill(login.password);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/ledger\?outcome=refused$/);
  });

  test('after signing out nothing of the last person is left', async () => {
    const login = demo.login('auditor');
    await using context = await contextOf(demo.browser, demo.custos.origin);
    await signIn(context.it, login);
    const page = await context.it.newPage();
    await page.goto('/me');
    await page.getByRole('button', { name: shellWords.en.signOut, exact: true }).click();
    await page.waitForURL(/\/login/);
    await page.goto('/ledger');
    await page.waitForURL(/\/login\?next=%2Fledger$/);
  });

  test('the language is switched in place, without losing what was typed', async () => {
    await using context = await contextOf(demo.browser, demo.custos.origin);
    const page = await context.it.newPage();
    await page.goto('/login');
    await page.getByLabel('Name', { exact: true }).fill('somebody');
    await page.getByText('中文').click();
    await page.getByRole('heading', { name: '登录' }).waitFor();
    assert.equal(await page.getByLabel('用户名', { exact: true }).inputValue(), 'somebody');
    assert.equal(await page.evaluate('document.documentElement.lang'), 'zh-CN');
    assert.match(await page.title(), /^登录/);
  });
});

test('the wizard makes unit, administrator and a camera that records, steered by keyboard', {
  timeout: 120_000,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const demo = stack.use(await startDemo({ port: 0, clock: systemClock, log: noLog }));
  const source = demo.cameras[0];
  assert.ok(source);
  const custos = stack.use(await startCustos({ isFirstStart: true }));
  const browser = await openBrowser();
  stack.defer(() => browser.close());
  const context = stack.use(await contextOf(browser, custos.origin));
  const page = await context.it.newPage();
  const faults = watchFaults(page);
  const seen: string[] = [];
  await walkWizard(page, {
    name: 'first',
    camera: { name: 'North gate', url: source.mainUrl, user: source.user, password: source.password },
    onStep: async (name) => {
      seen.push(name);
      assert.deepEqual(await violations(page), [], `axe on ${name}`);
    },
  });
  assert.deepEqual(seen, ['unit', 'person', 'camera', 'done']);
  await page.getByText('North gate is being recorded.').waitFor({ timeout: 60_000 });
  assert.deepEqual(faults, []);
});

/** By the roles that the server names, not by what it says they may do. */
async function menuOf(context: BrowserContext): Promise<(typeof menuWords)[number][]> {
  const response = await context.request.get('/api/session');
  const { roles } = (await response.json()) as { roles: string[] };
  const all = new Set(roles.flatMap((role) => menuOfRole[role] ?? []));
  if (roles.includes('auditor')) all.delete('wall');
  return menuWords.filter((each) => all.has(each));
}

async function tooWideForTelephone(page: Page): Promise<string[]> {
  await page.setViewportSize({ width: 390, height: 844 });
  const width = Number(await page.evaluate('document.documentElement.scrollWidth'));
  await page.setViewportSize({ width: look.width, height: look.height });
  return width > 390 ? [`${width} px wide on a telephone`] : [];
}

async function contextOf(
  browser: Browser,
  origin: string,
  as: Look = look,
): Promise<{ it: BrowserContext } & AsyncDisposable> {
  const it = await openContext(browser, origin, as);
  return { it, [Symbol.asyncDispose]: () => it.close() };
}

interface Visit {
  readonly page: Page;
  readonly stop: Stop;
  readonly faults: string[];
  /** In place, with whatever is open. */
  readonly switchTo: (language: Look['language'], theme: Look['theme']) => Promise<void>;
}

/** Every stop of the tour, in light and Chinese, each with the first person who may see it. */
async function* visit({ browser, custos, logins }: DemoHouse): AsyncGenerator<Visit> {
  const left = new Set(tour);
  for (const login of [null, ...logins]) {
    await using context = await contextOf(browser, custos.origin, { ...look, language: 'zh' });
    const may = login ? await signIn(context.it, login) : null;
    const page = await context.it.newPage();
    const faults = watchFaults(page);
    const switchTo = await switcher(context.it, page);
    for (const stop of left) {
      const isTheirs =
        may === null ? stop.needs === null : stop.needs !== null && [...may, 'self'].includes(stop.needs);
      if (!isTheirs) continue;
      left.delete(stop);
      await goTo(page, stop);
      yield { page, stop, faults, switchTo };
    }
  }
  assert.deepEqual(
    [...left].map((each) => each.name),
    [],
    'nobody of the demo may see these',
  );
}

const isSettled = `document.getAnimations().every((each) => !(each instanceof CSSTransition))`;

/** Language and theme are chosen in another tab, and followed in this one. */
async function switcher(context: BrowserContext, page: Page): Promise<Visit['switchTo']> {
  const other = await context.newPage();
  await other.goto('/api/health');
  // One that lies behind another draws nothing, and nothing in it moves on.
  await page.bringToFront();
  return async (language, theme) => {
    const keep = (key: string, value: string) =>
      `localStorage.setItem(${JSON.stringify(key)}, ${JSON.stringify(value)})`;
    await other.evaluate(`${keep('custos.language', language)}, ${keep('custos.theme', theme)}`);
    const lang = language === 'zh' ? 'zh-CN' : 'en';
    const isSo = `document.documentElement.lang === '${lang}' && document.documentElement.dataset.theme === '${theme}'`;
    await until('the choice is followed', async () => (await page.evaluate(isSo)) || undefined);
    await until('colours have settled', async () => (await page.evaluate(isSettled)) || undefined);
  };
}
