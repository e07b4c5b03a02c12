/**
 * Takes every page of the console, in both languages, both themes and at two widths, into a folder, to be looked at.
 *
 *   node scripts/screenshots.ts [--out DIR] [--only NAME,…] [--look wide.zh.dark,…] [--url URL --logins FILE] [--readme]
 *
 * Without `--url` it starts a demo of its own on a free port in a temporary folder, and an empty Custos for the
 * wizard. `--readme` takes only the picture of the README, `docs/console.png`.
 */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { startDemo } from '../demo/index.ts';
import { noLog, systemClock } from '../src/base/index.ts';
import { furnish } from '../test/console/support/furnish.ts';
import {
  goTo,
  type Login,
  type Look,
  openBrowser,
  openContext,
  type Stop,
  signIn,
  tour,
} from '../test/console/support/tour.ts';
import { walkWizard } from '../test/console/support/wizard.ts';
import { startCustos } from '../test/support/custos.ts';

const sizes = [
  { name: 'wide', width: 1440, height: 900 },
  { name: 'narrow', width: 390, height: 844 },
] as const;

const root = new URL('..', import.meta.url).pathname;
const { values: given } = parseArgs({
  options: {
    out: { type: 'string', default: join(root, '.cache/screenshots') },
    only: { type: 'string' },
    url: { type: 'string' },
    logins: { type: 'string' },
    look: { type: 'string' },
    readme: { type: 'boolean', default: false },
  },
});

interface Shown {
  readonly origin: string;
  readonly logins: readonly Login[];
}

const readLogins = async (path: string): Promise<readonly Login[]> =>
  JSON.parse(await readFile(path, 'utf8'));

async function main(): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const browser = await openBrowser();
  stack.defer(() => browser.close());
  const shown = await theDemo(stack);
  // Awaited here: what is shown ends with this function.
  if (given.readme) return await takeReadme(browser, shown);
  await mkdir(given.out, { recursive: true });
  for (const look of looks()) {
    await takeTour(browser, shown, look);
    if (!given.url && isWanted('setup')) await takeWizard(browser, look);
  }
}

async function theDemo(stack: AsyncDisposableStack): Promise<Shown> {
  if (given.url) {
    if (!given.logins) throw new Error('--url needs --logins, a file like demo-logins.json');
    return { origin: given.url, logins: await readLogins(given.logins) };
  }
  const custos = stack.use(await startCustos({ args: ['--demo'] }));
  const disk = `${custos.dataDir}-disk`;
  stack.defer(() => rm(disk, { recursive: true, force: true }));
  const logins = await readLogins(join(custos.dataDir, 'demo-logins.json'));
  if (!given.readme) await furnish(custos.origin, logins, disk);
  return { origin: custos.origin, logins };
}

function* looks(): Generator<Look & { size: string }> {
  for (const { name, width, height } of sizes)
    for (const language of ['zh', 'en'] as const)
      for (const theme of ['light', 'dark'] as const)
        if (!given.look || given.look.split(',').includes(`${name}.${language}.${theme}`))
          yield { size: name, width, height, language, theme };
}

function isWanted(name: string): boolean {
  return !given.only || given.only.split(',').some((each) => name.startsWith(each));
}

const fileOf = (name: string, look: Look & { size: string }) =>
  join(given.out, `${name}.${look.size}.${look.language}.${look.theme}.png`);

async function takeTour(browser: Browser, shown: Shown, look: Look & { size: string }): Promise<void> {
  const left = new Set(tour.filter((each) => isWanted(each.name)));
  await withContext(browser, shown.origin, look, async (page) => takeAll(page, left, null, look));
  for (const login of shown.logins) {
    if (left.size === 0) break;
    await withContext(browser, shown.origin, look, async (page) => {
      const may = await signIn(page.context(), login);
      await takeAll(page, left, may, look);
    });
  }
}

/** Takes what this person may see and nobody before them could. */
async function takeAll(
  page: Page,
  left: Set<Stop>,
  may: readonly string[] | null,
  look: Look & { size: string },
): Promise<void> {
  for (const stop of left) {
    const fits =
      stop.needs === null
        ? may === null
        : (may?.includes(stop.needs) ?? false) || (stop.needs === 'self' && may !== null);
    if (!fits) continue;
    left.delete(stop);
    await goTo(page, stop);
    await take(page, stop.name, look);
  }
}

async function take(page: Page, name: string, look: Look & { size: string }): Promise<void> {
  const path = fileOf(name, look);
  await page.screenshot({ path, animations: 'disabled' });
  process.stderr.write(`${path}\n`);
}

async function takeWizard(browser: Browser, look: Look & { size: string }): Promise<void> {
  await using demo = await startDemo({ port: 0, clock: systemClock, log: noLog });
  await using custos = await startCustos();
  const source = demo.cameras[0];
  if (!source) throw new Error('the demo has no camera');
  const { mainUrl: url, user, password } = source;
  const name = look.language === 'zh' ? '北门' : 'North gate';
  await withContext(browser, custos.origin, look, async (page) => {
    const onStep = async (step: string) => {
      if (step === 'done') await page.locator('.notice-ok').waitFor();
      await take(page, `setup-${step}`, look);
    };
    await walkWizard(page, { camera: { name, url, user, password }, onStep });
  });
}

async function withContext(
  browser: Browser,
  origin: string,
  look: Look,
  run: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await openContext(browser, origin, look);
  try {
    await run(await context.newPage());
  } finally {
    await context.close();
  }
}

async function takeReadme(browser: Browser, shown: Shown): Promise<void> {
  const wall = tour.find((each) => each.name === 'wall') as Stop;
  const look: Look = { language: 'zh', theme: 'dark', width: 1440, height: 900 };
  for (const login of shown.logins) {
    const context = await openContext(browser, shown.origin, look);
    const may = await signIn(context, login);
    if (may.includes('view.live')) {
      const page = await context.newPage();
      await goTo(page, wall);
      await page.screenshot({ path: join(root, 'docs/console.png'), animations: 'disabled' });
      await context.close();
      return;
    }
    await context.close();
  }
  throw new Error('nobody of these logins may watch live');
}

await main();
