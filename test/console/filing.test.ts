/**
 * Filing as somebody new does it, in a real browser: file, change a camera on a Friday, see the Wednesday, have it
 * returned by the organ's desk, submit again, and have the receipt. Then the pages themselves: axe, widths, looks.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { sayKey } from '../../src/govern/index.ts';
import { pdfOf } from '../govern/pdf.ts';
import { changeCamera, makeSchool, must, papers, setClock } from '../govern/school.ts';
import { callerWith, personNamed, type TestCaller, testPassword } from '../support/edge.ts';
import { type House, openHouse } from '../support/house.ts';
import { type Look, openBrowser, openContext } from './support/tour.ts';

const look: Look = { language: 'en', theme: 'light', width: 1440, height: 900 };
const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const consoleDir = join(import.meta.dirname, '../../web/dist');
/** Where pictures are left for somebody to look at; nowhere unless asked. */
const shots = process.env.CUSTOS_SHOTS;

/** Minutes of a browser: made before a release, and whenever its pages change. */
const notLong = process.env.CUSTOS_LONG ? false : 'a long journey: CUSTOS_LONG=1';

describe('filing', { timeout: 240_000, skip: notLong }, () => {
  let house: House;
  let browser: Browser;
  let folder: string;
  let builder: TestCaller;
  let filer: Page;
  let clerk: Page;
  let siteId: string;
  let cameras: string[];
  const contexts: BrowserContext[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'custos-filing-'));
    browser = await openBrowser();
    house = await openHouse({ consoleDir });
    await setClock(house, '2026-11-09T02:00:00Z');
    await house.db.kysely
      .insertInto('unit')
      .values({ id: 'unit_0000000000000000000000', name: '第一中学', created: new Date() })
      .execute();
    builder = await callerWith(house, 'administrator', 'maintainer');
    ({ siteId, cameraIds: cameras } = await makeSchool(builder, {
      ...{ name: '和平校区', on: '2026-11-02', cameras: ['大门', '操场'] },
    }));
    filer = await pageAs('filer');
    clerk = await pageAs('receiver');
  });
  after(async () => {
    for (const context of contexts) await context.close();
    await browser?.close();
    await house?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  async function pageAs(role: 'filer' | 'receiver'): Promise<Page> {
    await personNamed(house, role, role);
    const context = await openContext(browser, house.url, look);
    contexts.push(context);
    const reply = await context.request.post('/api/session', {
      data: { name: role, password: testPassword },
    });
    assert.ok(reply.ok());
    return context.newPage();
  }

  const dialog = (page: Page, name: string | RegExp) => page.getByRole('dialog', { name }).last();
  const press = (on: Page | ReturnType<typeof dialog>, name: string) =>
    on.getByRole('button', { name, exact: true }).click();

  /** What is behind a link, as a file of the reader's own. */
  async function download(page: Page, path: string, name: string): Promise<string> {
    const reply = await page.request.get(path);
    assert.ok(reply.ok(), path);
    const file = join(folder, name);
    await writeFile(file, await reply.body());
    return file;
  }

  /** Begins a filing, declares it true, and resolves with the pack as a file. */
  async function declare(name: string): Promise<string> {
    await filer.goto('/filing');
    await press(filer, 'Begin a filing');
    await press(filer, 'Declare true and submit');
    const form = dialog(filer, 'Declare true and submit');
    await press(form, 'Declare true and submit');
    await form.getByText('Only what is true can be filed.').waitFor();
    await form.getByLabel('In what office you declare it').fill('Compliance officer');
    await form.getByRole('checkbox', { name: 'What is filed is true' }).check();
    await press(form, 'Declare true and submit');
    await filer.getByText('Submitted, no answer yet').first().waitFor();
    const link = filer.getByRole('link', { name: 'Signed pack' });
    return download(filer, (await link.getAttribute('href')) ?? '', name);
  }

  async function bring(pack: string): Promise<void> {
    await clerk.goto('/desk');
    await press(clerk, 'Take in a pack');
    const form = dialog(clerk, 'Take in a pack');
    await form.locator('input[type=file]').setInputFiles(pack);
    await press(form, 'Take in a pack');
    await form.waitFor({ state: 'detached' });
  }

  /** Examines what has to be, and answers; resolves with the signed answer as a file. */
  async function answer(how: 'Accept' | 'Return', says: string, name: string): Promise<string> {
    const row = clerk.getByRole('row').filter({ hasText: 'To be examined' });
    await row.getByRole('button', { name: /^Examine/ }).click();
    await clerk.getByText('The filing is complete.').waitFor();
    await press(clerk, how);
    const form = dialog(clerk, how);
    await form.getByRole('textbox').fill(says);
    await press(form, how);
    const done = clerk.getByRole('row').filter({ hasText: says });
    const href = await done.getByRole('link', { name: 'Signed answer' }).getAttribute('href');
    return download(clerk, href ?? '', name);
  }

  async function takeHome(file: string, shows: string): Promise<void> {
    await filer.goto('/filing?show=filings');
    await press(filer, 'Take in a signed answer');
    const form = dialog(filer, 'Take in a signed answer');
    await form.locator('input[type=file]').setInputFiles(file);
    await press(form, 'Take in a signed answer');
    await form.waitFor({ state: 'detached' });
    await filer.getByRole('row').filter({ hasText: shows }).first().waitFor();
  }

  test('a new unit says who it is, adds its papers, files, and has its receipt', async () => {
    await filer.goto('/filing?show=unit');
    const facts = {
      'Unified social credit code': '91210100MA0ABCDE1X',
      Address: '沈阳市和平区中山路 1 号',
      'Legal representative': '李明',
      Contact: '王芳',
      Telephone: '024-1234567',
    };
    for (const [label, value] of Object.entries(facts))
      await filer.getByLabel(label, { exact: true }).fill(value);
    await press(filer, 'Save');
    await filer.getByText('Saved.').waitFor();
    await filer.getByRole('link', { name: 'Due' }).click();
    const panel = filer.getByRole('region', { name: '和平校区' });
    await panel.getByText(/by 2026-12-09 \(Wednesday\)/).waitFor();
    await panel.getByText(/Documents that the law asks for and that are not there/).waitFor();
    await press(filer, 'Organ and use');
    const use = dialog(filer, /Organ and use/);
    await use.getByLabel('Public security organ').fill('和平区公安分局');
    await use.getByLabel('Key of the organ’s desk').fill(sayKey(house.filingKey));
    await press(use, 'Save');
    await use.waitFor({ state: 'detached' });
    await addPapers();
    const pack = await declare('first.json');
    await clerk.goto('/desk?show=units');
    await press(clerk, 'Register a unit');
    const unit = dialog(clerk, 'Register a unit');
    await unit.getByLabel('Name', { exact: true }).fill('第一中学');
    await unit.getByLabel('Key on its sealed form').fill(sayKey(house.filingKey));
    await press(unit, 'Save');
    await clerk.getByRole('region', { name: '第一中学' }).waitFor();
    await bring(pack);
    await takeHome(await answer('Accept', '210102-2026-17', 'receipt.txt'), '210102-2026-17');
  });

  /** One that is no PDF, one that is, by hand; the others by the API. */
  async function addPapers(): Promise<void> {
    const [first, ...others] = papers;
    await press(filer, 'Add a document');
    const form = dialog(filer, 'Add a document');
    await form.getByLabel('What it is called').fill('授权委托书');
    const input = form.locator('input[type=file]');
    await input.setInputFiles({
      name: 'letter.pdf',
      mimeType: 'application/pdf',
      buffer: Buffer.from('no PDF'),
    });
    await press(form, 'Save');
    await form.getByText('This file is no PDF.').waitFor();
    await input.setInputFiles({
      name: 'letter.pdf',
      mimeType: 'application/pdf',
      buffer: pdfOf(first ?? ''),
    });
    await press(form, 'Save');
    await form.waitFor({ state: 'detached' });
    const api = await callerWith(house, 'filer');
    for (const kind of others)
      await must(api)('POST', `/api/sites/${siteId}/documents`, {
        ...{ kind, name: kind, on: '2026-10-01', pdf: pdfOf(kind).toString('base64') },
      });
  }

  test('a camera that is moved on a Friday shows the Wednesday; returned with reasons, filed again, received', async () => {
    await setClock(house, '2026-11-13T02:00:00Z');
    await changeCamera(builder, cameras[0]!, { position: { lat: 41.81, lon: 123.43 } });
    await setClock(house, '2026-11-14T02:00:00Z');
    await filer.goto('/filing');
    const panel = filer.getByRole('region', { name: '和平校区', exact: true });
    await panel.getByText('since 2026-11-13 (Friday)').waitFor();
    await panel.getByText('by 2026-11-18 (Wednesday)').waitFor();
    await panel.getByText(/Liaoning Order 211, art\. 12\(1\)/).waitFor();
    const drift = filer.getByRole('region', { name: /What differs from what was filed/ });
    for (const cell of ['Latitude', '41.8', '41.81'])
      await drift.getByRole('cell', { name: cell, exact: true }).waitFor();
    await picture(filer, 'due');
    await bring(await declare('change.json'));
    await picture(clerk, 'desk');
    await takeHome(
      await answer('Return', 'The drawing of the gate is missing', 'returned.txt'),
      'The drawing of the gate is missing',
    );
    await filer.goto('/filing');
    await panel.getByText('by 2026-11-18 (Wednesday)').waitFor();
    await bring(await declare('again.json'));
    await takeHome(await answer('Accept', '210102-2026-18', 'second.txt'), '210102-2026-18');
    await filer.goto('/filing');
    await panel.getByText('Nothing is due.').waitFor();
  });

  test('the pages are clean for axe and fit a telephone, in both languages and both themes', async () => {
    const found: string[] = [];
    for (const [page, path] of [
      [filer, '/filing'],
      [filer, '/filing?show=unit'],
      [clerk, '/desk'],
      [clerk, '/desk?show=units'],
    ] as const)
      for (const [language, theme] of [
        ['zh', 'dark'],
        ['en', 'light'],
      ] as const) {
        await wear(page, language, theme);
        await page.goto(path);
        await page.locator('h1').waitFor();
        await page.locator('.state-waiting').waitFor({ state: 'detached' });
        const add = (what: readonly string[]) =>
          found.push(...what.map((each) => `${path} ${language}: ${each}`));
        add(await violations(page));
        await page.setViewportSize({ width: 390, height: 844 });
        const width = Number(await page.evaluate('document.documentElement.scrollWidth'));
        if (width > 390) add([`${width} px wide on a telephone`]);
        await picture(page, `${path.replace(/\W+/g, '-')}-${language}-${theme}-390`);
        await page.setViewportSize({ width: 1440, height: 900 });
        await picture(page, `${path.replace(/\W+/g, '-')}-${language}-${theme}`);
      }
    assert.deepEqual(found, []);
  });

  async function picture(page: Page, name: string): Promise<void> {
    if (shots) await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
  }
});

/** Kept in the browser as a person's choice is; the next page comes in it. */
async function wear(page: Page, language: string, theme: string): Promise<void> {
  await page.addInitScript(
    `localStorage.setItem('custos.language', '${language}'); localStorage.setItem('custos.theme', '${theme}')`,
  );
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const found = (await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")) as {
    violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[];
  };
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ''}`),
  );
}
