/** What is done in the office, done in a real browser on the demo: each change is seen where it belongs. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import { openDemo } from './support/demo.ts';
import { openContext, signIn } from './support/tour.ts';

const look = { language: 'en', theme: 'light', width: 1440, height: 900 } as const;

/** Minutes of a browser: made before a release, and whenever its pages change. */
const notLong = process.env.CUSTOS_LONG ? false : 'a long journey: CUSTOS_LONG=1';

describe('in the office', { timeout: 400_000, skip: notLong }, () => {
  const demo = openDemo();

  async function pageAs(persona: string): Promise<Page & AsyncDisposable> {
    const context = await openContext(demo.browser, demo.custos.origin, look);
    await signIn(context, demo.login(persona));
    return closing(await context.newPage(), context);
  }

  async function pageOfNobody(): Promise<Page & AsyncDisposable> {
    const context = await openContext(demo.browser, demo.custos.origin, look);
    return closing(await context.newPage(), context);
  }

  test('a pause asks for a reason, names who paused, and both stand in the ledger', async () => {
    await using page = await pageAs('maintainer');
    await page.goto('/cameras');
    await choose(page, 'School gate', 'Pause recording');
    const dialog = page.getByRole('dialog', { name: /Pause recording of .*School gate/ });
    await dialog.getByRole('button', { name: 'Pause', exact: true }).click();
    await dialog.getByText('Say why. It is written to the ledger.').waitFor();
    await dialog.getByLabel('Reason').fill('Lens is cleaned');
    await dialog.getByRole('button', { name: 'Pause', exact: true }).click();
    const row = rowOf(page, 'School gate');
    await row.getByText(/by .*: Lens is cleaned/).waitFor();
    await choose(page, 'School gate', 'Record again');
    await row.getByText('Lens is cleaned').waitFor({ state: 'detached' });

    await using ledger = await pageAs('auditor');
    await ledger.goto('/ledger?action=camera.pause');
    const rows = ledger.getByRole('row').filter({ hasText: 'School gate' });
    await rows.getByText('Lens is cleaned').waitFor();
  });

  test('a test of the connection says in a sentence what is wrong', async () => {
    await using page = await pageAs('maintainer');
    await page.goto('/cameras');
    await choose(page, 'Car park', 'Edit');
    const found = page.locator('.connection-found');
    const press = () => page.getByRole('button', { name: 'Test connection' }).click();
    await press();
    await found.getByText(/The camera answers: H\.264.*1280 × 720, by TCP/).waitFor();
    await page.getByLabel('Password at the camera', { exact: true }).fill('wrong');
    await press();
    await found.getByText('The camera refuses this name or password.').waitFor();
    const address = page.getByLabel('Address (RTSP)', { exact: true });
    await address.fill('rtsp://127.0.0.1:1/nothing');
    await press();
    await found.getByText(/Nothing answers at 127\.0\.0\.1:1\./).waitFor();
    await address.fill('http://127.0.0.1/');
    await press();
    await page.getByText('An address begins with rtsp:// or rtsps:// and names a host.').waitFor();
  });

  test('two who edit one camera do not overwrite each other', async () => {
    await using first = await pageAs('maintainer');
    await using second = await pageAs('administrator');
    for (const page of [first, second]) {
      await page.goto('/cameras');
      await choose(page, 'Market street', 'Edit');
      await page.getByLabel('Name', { exact: true }).waitFor();
    }
    await first.getByLabel('Name', { exact: true }).fill('Market street, east');
    await first.getByRole('button', { name: 'Save' }).click();
    await rowOf(first, 'Market street, east').waitFor();
    await second.getByLabel('Name', { exact: true }).fill('Market street, west');
    await second.getByRole('button', { name: 'Save' }).click();
    await second.getByText('Someone else changed this in the meantime.').waitFor();
    await second.getByRole('button', { name: 'Load the present state' }).click();
    assert.equal(await second.getByLabel('Name', { exact: true }).inputValue(), 'Market street, east');
  });

  test('a site is added and changed, with a time zone that exists', async () => {
    await using page = await pageAs('administrator');
    await page.goto('/cameras?show=sites');
    await page.getByRole('button', { name: 'Add a site' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name', { exact: true }).fill('South hall');
    await dialog.getByRole('button', { name: 'Save' }).click();
    // A new site is asked at once how long it keeps; that can wait.
    const keeping = page.getByRole('dialog', { name: /South hall/ });
    await keeping.getByRole('button', { name: 'Cancel' }).click();
    await keeping.waitFor({ state: 'detached' });
    await rowOf(page, 'South hall').getByText('Asia/Shanghai (UTC+8)').waitFor();
    await page.getByRole('button', { name: 'Edit South hall' }).click();
    await dialog.getByLabel('Postal address').fill('12 Renmin Road');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await rowOf(page, 'South hall').getByText('12 Renmin Road').waitFor();
  });

  test('a retired camera leaves the register', async () => {
    await using page = await pageAs('maintainer');
    await page.goto('/cameras');
    await choose(page, 'Zhongshan crossing', 'Retire');
    const dialog = page.getByRole('dialog', { name: /Retire .*Zhongshan crossing/ });
    await dialog.getByLabel('Reason').fill('Road works');
    await dialog.getByRole('button', { name: 'Retire the camera' }).click();
    await rowOf(page, 'Zhongshan crossing').waitFor({ state: 'detached' });
  });

  test('a person is added with a made password, signs in, and is out at once when deactivated', async () => {
    await using admin = await pageAs('administrator');
    await admin.goto('/people');
    await admin.getByRole('button', { name: 'Add a person' }).click();
    const drawer = admin.getByRole('dialog', { name: 'Add a person' });
    await drawer.getByLabel('Name', { exact: true }).fill('New Guard');
    await drawer.getByLabel('Sign-in name', { exact: true }).fill('new.guard');
    await drawer.getByRole('button', { name: 'Add a person' }).click();
    await drawer.getByText('Choose at least one role.').waitFor();
    await drawer.getByRole('checkbox', { name: /^Auditor/ }).check();
    await drawer.getByRole('button', { name: 'Make one' }).click();
    const password = await drawer.getByLabel('Password', { exact: true }).inputValue();
    await drawer.getByRole('button', { name: 'Add a person' }).click();
    await rowOf(admin, 'New Guard').getByText('Auditor').waitFor();

    await using guard = await pageOfNobody();
    await typeLogin(guard, 'new.guard', password);
    // Nothing is on record yet: signed in to see that, and for nothing else.
    await guard.waitForURL((url) => url.pathname === '/me');
    await guard
      .getByRole('alert')
      .getByText(/Your account is inert/)
      .waitFor();
    await admin.getByRole('button', { name: 'Records of New Guard' }).click();
    const records = admin.getByRole('dialog', { name: 'Records of New Guard' });
    for (const kind of ['Vetting', 'Confidentiality training', 'Training for the post']) {
      await records.getByRole('button', { name: 'Put on record' }).click();
      const dialog = admin.getByRole('dialog', { name: 'Put on record for New Guard' });
      await dialog.getByText(kind, { exact: true }).waitFor();
      await dialog.getByLabel('What it says').fill('Paper no. 7');
      await dialog.getByRole('button', { name: 'Put on record' }).click();
      await records.locator('.record-list').getByText(kind, { exact: true }).waitFor();
      await dialog.waitFor({ state: 'detached' });
    }
    await records.getByRole('button', { name: 'Close', exact: true }).last().click();
    await records.waitFor({ state: 'detached' });
    await guard.goto('/');
    await guard.waitForURL((url) => url.pathname === '/cameras');
    await guard.goto('/me');
    await guard.getByRole('heading', { name: 'New Guard' }).waitFor();

    await admin.getByRole('button', { name: 'Edit New Guard' }).click();
    await admin.getByRole('button', { name: 'Deactivate' }).click();
    await admin
      .getByRole('dialog', { name: 'Deactivate New Guard' })
      .getByRole('button', { name: 'Deactivate' })
      .click();
    await rowOf(admin, 'New Guard').getByText('Deactivated').waitFor();
    await guard.getByRole('link', { name: 'System' }).click();
    await guard.waitForURL(/\/login/);
  });

  test('one’s own password is changed, and the wrong present one is refused in words', async () => {
    const login = demo.login('watcher');
    await using page = await pageAs('watcher');
    await page.goto('/me');
    const next = 'a quiet shift in November';
    await page.getByLabel('New password', { exact: true }).fill(next);
    await page.getByLabel('Password again', { exact: true }).fill(next);
    await page.getByLabel('Present password', { exact: true }).fill('not this one');
    await page.getByRole('button', { name: 'Change the password' }).click();
    await page.getByText('The present password is wrong.').waitFor();
    await page.getByLabel('Present password', { exact: true }).fill(login.password);
    await page.getByRole('button', { name: 'Change the password' }).click();
    await page.getByText('The password is changed.').waitFor();
    await page.getByRole('button', { name: 'Sign out everywhere' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere' }).click();
    await page.waitForURL(/\/login/);
    await typeLogin(page, login.name, next);
    await page.waitForURL((url) => url.pathname === '/wall');
  });

  test('the register is exported as it is shown', async () => {
    await using page = await pageAs('auditor');
    await page.goto('/cameras?q=school&columns=site,codec&sort=name');
    await rowOf(page, 'School gate').waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export CSV' }).click(),
    ]);
    assert.match(download.suggestedFilename(), /^custos-cameras-\d{4}-\d{2}-\d{2}\.csv$/);
    const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n');
    assert.equal(lines[0], '\uFEFFName,Site,Codec');
    assert.equal(lines.length, 2);
    assert.match(lines[1] ?? '', /School gate.*H\.264$/);
  });

  test('what a role may not do is grey and says why', async () => {
    await using page = await pageAs('auditor');
    await page.goto('/cameras');
    const add = page.getByRole('button', { name: /^Add a camera/ });
    await add.focus();
    await page
      .getByRole('tooltip')
      .getByText('You are not allowed to do this (configure cameras).')
      .waitFor();
    assert.equal(await add.getAttribute('aria-disabled'), 'true');
    await add.press('Enter');
    assert.equal(new URL(page.url()).pathname, '/cameras');
  });

  // Last: it spends this address's patience.
  test('guessing at a password leads to a wait that counts down', async () => {
    await using page = await pageOfNobody();
    await page.goto('/login');
    const waits = page.getByText(/Too many wrong tries\. Try again in \d+ seconds?\./);
    for (let tries = 0; tries < 30 && !(await waits.isVisible()); tries++) {
      await typeLogin(page, 'auditor', `guess ${tries}`);
      await page.locator('.notice').waitFor();
    }
    await waits.waitFor();
    assert.equal(await page.getByRole('button', { name: 'Sign in' }).isDisabled(), true);
  });
});

function closing(page: Page, context: BrowserContext): Page & AsyncDisposable {
  return Object.assign(page, { [Symbol.asyncDispose]: () => context.close() });
}

function rowOf(page: Page, name: string) {
  return page.getByRole('row').filter({ hasText: name }).first();
}

async function choose(page: Page, camera: string, entry: string): Promise<void> {
  await page.getByRole('button', { name: new RegExp(`^More for .*${camera}$`) }).click();
  await page.getByRole('menuitem', { name: entry, exact: true }).click();
}

async function typeLogin(page: Page, name: string, password: string): Promise<void> {
  if (!page.url().includes('/login')) await page.goto('/login');
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
