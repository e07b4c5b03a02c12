/** Walks the set-up wizard as a person would, by its labels, in whichever language it is shown. */
import type { Page } from 'playwright-core';
import { cameraWords } from '../../../web/src/words/cameras.ts';
import { loginWords, passwordWords, setupWords } from '../../../web/src/words/entry.ts';
import { shellWords } from '../../../web/src/words/shell.ts';

export interface Walk {
  readonly unit?: string;
  readonly site?: string;
  readonly name?: string;
  readonly password?: string;
  /** Absent: the step is skipped. */
  readonly camera?: {
    readonly url: string;
    readonly name: string;
    readonly user: string;
    readonly password: string;
  };
  /** Called when a step is shown and filled in. */
  readonly onStep?: (name: 'unit' | 'person' | 'camera' | 'done') => Promise<void>;
}

export async function walkWizard(page: Page, walk: Walk): Promise<void> {
  await page.goto('/');
  await page.waitForURL(/\/setup/);
  const lang = (await page.evaluate('document.documentElement.lang')) === 'zh-CN' ? 'zh' : 'en';
  const words = {
    setup: setupWords[lang],
    shell: shellWords[lang],
    login: loginWords[lang],
    password: passwordWords[lang],
    camera: cameraWords[lang],
  };
  const at = { page, words };
  await fillUnit(at, walk);
  await walk.onStep?.('unit');
  await press(at, words.shell.next);
  await fillPerson(at, walk);
  await walk.onStep?.('person');
  await press(at, words.setup.create);
  await page.getByRole('heading', { name: words.setup.cameraTitle }).waitFor();
  if (walk.camera) await fillCamera(at, walk.camera);
  await walk.onStep?.('camera');
  await press(at, walk.camera ? words.setup.addCamera : words.setup.skip);
  await page.getByRole('heading', { name: words.setup.doneTitle }).waitFor();
  await walk.onStep?.('done');
}

interface At {
  readonly page: Page;
  // biome-ignore lint/suspicious/noExplicitAny: one of two languages, whose keys are the same
  readonly words: any;
}

/** By keyboard: a button that cannot be reached or does not answer to Enter ends the walk. */
async function press({ page }: At, name: string): Promise<void> {
  const button = page.getByRole('button', { name, exact: true });
  await button.focus();
  await page.keyboard.press('Enter');
}

async function fillUnit({ page, words }: At, walk: Walk): Promise<void> {
  await page.getByLabel(words.setup.unit, { exact: true }).fill(walk.unit ?? '和平区实验小学');
  await page.getByLabel(words.setup.site, { exact: true }).fill(walk.site ?? '主校区');
}

async function fillPerson({ page, words }: At, walk: Walk): Promise<void> {
  const password = walk.password ?? 'an evening walk by the river';
  await page.getByLabel(words.setup.name, { exact: true }).fill(walk.name ?? '李明');
  await page.getByLabel(words.login.password, { exact: true }).fill(password);
  await page.getByLabel(words.password.again, { exact: true }).fill(password);
}

async function fillCamera(at: At, camera: NonNullable<Walk['camera']>): Promise<void> {
  const { page, words } = at;
  await page.getByLabel(words.camera.fieldName, { exact: true }).fill(camera.name);
  await page.getByLabel(words.camera.fieldUrl, { exact: true }).fill(camera.url);
  await page.getByLabel(words.camera.fieldUser, { exact: true }).fill(camera.user);
  await page.getByLabel(words.camera.fieldPassword, { exact: true }).fill(camera.password);
  await press(at, words.camera.test);
  await page.locator('.connection-found .notice').waitFor();
}
