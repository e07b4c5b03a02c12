/** Second factors, tokens and the way back in, in a real browser: by an app's code, and by a passkey of Chromium's own authenticator. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { codeOf, stepAt } from '../../src/gate/index.ts';
import { fromBase32 } from '../support/base32.ts';
import { Caller } from '../support/custos.ts';
import { openDemo } from './support/demo.ts';
import { type Look, openContext, signIn } from './support/tour.ts';

const look: Look = { language: 'en', theme: 'light', width: 1440, height: 900 };
const phone: Look = { language: 'zh', theme: 'dark', width: 390, height: 844 };
const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds, and whether anything is wider than the screen. */
async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const run = `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map((node) => id + ': ' + node.html.slice(0, 160))))`;
  const wide = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
  return [...((await page.evaluate(run)) as string[]), ...(wide ? ['wider than the screen'] : [])];
}

/** Minutes of a browser: made before a release, and whenever its pages change. */
const notLong = process.env.CUSTOS_LONG ? false : 'a long journey: CUSTOS_LONG=1';

describe('a person in a browser', { timeout: 300_000, skip: notLong }, () => {
  const demo = openDemo();

  async function open(persona: string | null, at: Look = look, origin = demo.custos.origin) {
    const context = await openContext(demo.browser, origin, at);
    if (persona) await signIn(context, demo.login(persona));
    const page = await context.newPage();
    return Object.assign(page, { [Symbol.asyncDispose]: () => context.close() });
  }

  async function typeLogin(page: Page, persona: string): Promise<void> {
    const { name, password } = demo.login(persona);
    await page.goto('/login');
    await page.getByLabel('Name', { exact: true }).fill(name);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }

  test('an app is set up by its QR code and key, and the next sign-in asks for its code', async () => {
    await using page = await open('watcher');
    await page.goto('/me');
    await page.getByRole('button', { name: 'Set up an app' }).click();
    const dialog = page.getByRole('dialog', { name: 'Set up an app' });
    await dialog.getByLabel('Your password').fill(demo.login('watcher').password);
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await dialog.locator('.qr svg').waitFor();
    const secret = ((await dialog.locator('.totp-key').textContent()) ?? '').replaceAll(' ', '');
    await dialog.getByLabel('Name').fill('Phone');
    const code = (stepsOn: number) => codeOf(fromBase32(secret), stepAt(Date.now()) + stepsOn);
    await dialog.getByLabel('Code that the app shows').fill(code(0));
    assert.deepEqual(await faultsOf(page), []);
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    const paper = page.getByRole('dialog', { name: 'Codes on paper' });
    await paper.getByRole('listitem').nth(9).waitFor();
    const onPaper = (await paper.getByRole('listitem').first().textContent()) ?? '';
    await paper.getByRole('button', { name: 'I have kept them' }).click();
    await page.getByText('10 codes on paper are left.').waitFor();

    await using login = await open(null);
    await typeLogin(login, 'watcher');
    await login.getByLabel('Code').fill('000000');
    assert.deepEqual(await faultsOf(login), []);
    await login.getByRole('button', { name: 'Sign in' }).click();
    await login.getByText(/The second factor is wrong/).waitFor();
    // Half a minute ahead: the code of now was used to confirm.
    await login.getByLabel('Code').fill(code(1));
    await login.getByRole('button', { name: 'Sign in' }).click();
    await login.waitForURL((url) => url.pathname !== '/login' && url.pathname !== '/');

    await using other = await open(null);
    await typeLogin(other, 'watcher');
    await other.getByLabel('Code').fill(onPaper);
    await other.getByRole('button', { name: 'Sign in' }).click();
    await other.waitForURL((url) => url.pathname !== '/login' && url.pathname !== '/');
  });

  test('a passkey is made and signs in; one of another authenticator does not', async () => {
    const origin = demo.custos.origin.replace('127.0.0.1', 'localhost');
    await using page = await open('approver', look, origin);
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    const options = {
      ...{ protocol: 'ctap2' as const, transport: 'internal' as const, hasResidentKey: true },
      ...{ hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    };
    const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', { options });
    await page.goto('/me');
    await page.getByRole('button', { name: 'Set up a passkey' }).click();
    const dialog = page.getByRole('dialog', { name: 'Set up a passkey' });
    await dialog.getByLabel('Your password').fill(demo.login('approver').password);
    await dialog.getByLabel('Name').fill('Key on the ring');
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await page.getByRole('button', { name: 'I have kept them' }).click();
    await page.getByText('Key on the ring').waitFor();

    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await page.waitForURL(/\/login/);
    await typeLogin(page, 'approver');
    await page.getByRole('button', { name: 'Use the passkey' }).click();
    await page.waitForURL((url) => url.pathname !== '/login' && url.pathname !== '/');
    // The wall asks for whom and why before anything else.
    await page.goto('/me');

    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await page.waitForURL(/\/login/);
    await devtools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
    await devtools.send('WebAuthn.addVirtualAuthenticator', { options });
    await typeLogin(page, 'approver');
    const use = page.getByRole('button', { name: 'Use the passkey' });
    await use.click();
    await use.and(page.locator(':not(.ant-btn-loading)')).waitFor();
    assert.match(page.url(), /\/login/);
  });

  test('a token is made on the page, shown once, works, and is ended', async () => {
    await using page = await open('maintainer');
    await page.goto('/me');
    await page.getByRole('button', { name: 'Make a token' }).click();
    const dialog = page.getByRole('dialog', { name: 'Make a token' });
    await dialog.getByLabel('What it is for').fill('Exporter');
    await dialog.getByRole('checkbox', { name: 'see the camera register' }).check();
    await dialog.getByLabel('Your password').fill(demo.login('maintainer').password);
    await dialog.getByRole('button', { name: 'Make a token' }).click();
    const token = (await page.locator('.token-shown').textContent()) ?? '';
    const ask = () =>
      fetch(`${demo.custos.origin}/api/cameras`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal((await ask()).status, 200);
    await page.getByRole('button', { name: 'I have kept them' }).click();
    await page.getByRole('button', { name: 'End the token Exporter' }).click();
    await page.getByText('There is none.').waitFor();
    assert.equal((await ask()).status, 401);
  });

  test('two administrators open the way back in for who lost the phone', async () => {
    const { name, password } = demo.login('administrator');
    const admin = await new Caller(demo.custos.origin).signIn(name, password);
    const second = {
      name: 'second.admin',
      displayName: 'Second',
      roles: ['administrator'],
      password: 'quiet-Heron-22',
    };
    const { id } = await admin.must('POST', '/api/persons', second);
    const day = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
    for (const kind of ['vetting', 'confidentiality', 'post-training'])
      await admin.must('POST', `/api/persons/${id}/records`, {
        kind,
        on: day,
        until: `${Number(day.slice(0, 4)) + 1}-01-01`,
        said: 'x',
      });
    const { items } = await admin.must('GET', '/api/persons');
    const lost = items.find((each: { name: string }) => each.name === demo.login('auditor').name);

    await using page = await open('administrator');
    await page.goto(`/people?records=${lost.id}`);
    await page.getByRole('button', { name: 'Way back in…' }).click();
    const asks = page.getByRole('dialog', { name: /A way back in for/ });
    await asks.getByLabel('Reason').fill('Phone lost');
    await asks.getByRole('button', { name: 'Ask for it' }).click();
    await page.getByText(/asks for a way back in for .*Phone lost/).waitFor();
    assert.equal(await page.getByRole('button', { name: /^Approve/ }).count(), 0);

    const context = await openContext(demo.browser, demo.custos.origin, look);
    await using other = Object.assign(await context.newPage(), {
      [Symbol.asyncDispose]: () => context.close(),
    });
    await context.request.post('/api/session', { data: { name: second.name, password: second.password } });
    await other.goto('/people');
    await other.getByRole('button', { name: /^Approve the way back in/ }).click();
    const code = (await other.locator('.token-shown').textContent()) ?? '';

    await using back = await open(null);
    await back.goto('/login');
    await back.getByRole('button', { name: 'I have a recovery code' }).click();
    await back.getByLabel('Name', { exact: true }).fill(lost.name);
    await back.getByLabel('Recovery code').fill(code);
    await back.getByLabel('Password', { exact: true }).fill('a new Quiet shift 7');
    await back.getByLabel('Password again', { exact: true }).fill('a new Quiet shift 7');
    assert.deepEqual(await faultsOf(back), []);
    await back.getByRole('button', { name: 'Set the new password' }).click();
    await back.getByText('The new password is set. Sign in with it.').waitFor();
  });

  test('records of a person and the own account fit a telephone and are clean for axe', async () => {
    await using page = await open('administrator', phone);
    await page.goto('/people');
    await page
      .getByRole('button', { name: /的登记$/ })
      .first()
      .click();
    await page.locator('.record-list').waitFor();
    assert.deepEqual(await faultsOf(page), []);
    await page.goto('/me');
    await page.getByRole('button', { name: '设置验证器应用' }).waitFor();
    assert.deepEqual(await faultsOf(page), []);
  });
});
