/**
 * A person in front of the console of a whole Custos: adds cameras by the form, reads what it says, downloads clips.
 * Everything goes through the page in a real browser, except what only a test wants to know.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { toField } from '../../../web/src/camera/zone.ts';
import { cameraPageWords } from '../../../web/src/words/camera.ts';
import { cameraWords } from '../../../web/src/words/cameras.ts';
import { openBrowser, openContext, signIn } from '../../console/support/tour.ts';
import { type Caller, type Custos, setUp, startCustos, until } from '../../support/custos.ts';

export type Language = 'en' | 'zh';

/** What every installer fears: each of these characters means something in an address. */
export const awkwardPassword = 'p@ss:w/rd#?%^[ü';

export interface Typed {
  readonly name: string;
  readonly url: string;
  readonly user?: string;
  readonly password?: string;
}

export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
  readonly cause: string;
  readonly detail: Readonly<Record<string, string | number>>;
  readonly open: boolean;
}

export interface Person extends AsyncDisposable {
  readonly custos: Custos;
  readonly caller: Caller;
  readonly page: Page;
  readonly lang: Language;
}

export interface Desk extends AsyncDisposable {
  readonly custos: Custos;
  readonly caller: Caller;
  readonly siteId: string;
  /** Another window on the same console, in a language of its own. */
  sit(lang: Language): Promise<Person>;
}

export const zone = 'Asia/Shanghai';

/** A Custos that has been set up, and a browser beside it. */
export async function openDesk(): Promise<Desk> {
  await using stack = new AsyncDisposableStack();
  const custos = stack.use(await startCustos());
  const { caller, siteId } = await setUp(custos);
  const browser = await openBrowser();
  stack.defer(() => browser.close());
  const resources = stack.move();
  return {
    custos,
    caller,
    siteId,
    sit: (lang) => sit(custos, caller, browser, lang),
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  };
}

async function sit(custos: Custos, caller: Caller, browser: Browser, lang: Language): Promise<Person> {
  const look = { language: lang, theme: 'light', width: 1440, height: 900 } as const;
  const context = await openContext(browser, custos.origin, look);
  await signIn(context, { persona: 'first', name: 'first', password: 'correct horse battery' });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  return { custos, caller, page, lang, [Symbol.asyncDispose]: () => context.close() };
}

// ── the form ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export async function openForm({ page }: Person): Promise<void> {
  await page.goto('/cameras/new');
  await page.locator('.connection-test').waitFor();
}

export async function fillForm({ page, lang }: Person, typed: Typed): Promise<void> {
  const t = cameraWords[lang];
  await page.getByLabel(t.fieldName, { exact: true }).fill(typed.name);
  await page.getByLabel(t.fieldUrl, { exact: true }).fill(typed.url);
  await page.getByLabel(t.fieldUser, { exact: true }).fill(typed.user ?? '');
  await page.getByLabel(t.fieldPassword, { exact: true }).fill(typed.password ?? '');
}

/** Presses "Test connection" and reads the sentence. */
export async function testConnection({ page, lang }: Person): Promise<string> {
  const t = cameraWords[lang];
  await Promise.all([
    page.waitForResponse((response) => response.url().endsWith('/api/cameras/probe')),
    page.getByRole('button', { name: t.test }).click(),
  ]);
  // While it tests, the sentence of the test before is not shown.
  const said = page.locator('.connection-found .notice');
  await said.waitFor();
  return ((await said.textContent()) ?? '').trim();
}

/** Saves what the form says; resolves with the new camera's id. */
export async function saveForm(person: Person, name: string): Promise<string> {
  const { page, lang, caller } = person;
  await page.getByRole('button', { name: cameraWords[lang].addDo, exact: true }).click();
  await page.waitForURL((url) => url.pathname === '/cameras');
  const { items } = await caller.must('GET', '/api/cameras');
  const made = items.find((camera: { name: string }) => camera.name === name);
  if (!made) throw new Error(`${name} is not in the register`);
  return made.id;
}

/** The whole way: address, name and password, a test that succeeds, and it records. */
export async function addByForm(person: Person, typed: Typed): Promise<{ id: string; said: string }> {
  await openForm(person);
  await fillForm(person, typed);
  const said = await testConnection(person);
  return { id: await saveForm(person, typed.name), said };
}

// ── the recording ────────────────────────────────────────────────────────────────────────────────────────────────────

const iso = (ms: number): string => new Date(ms).toISOString();
const spanMs = (each: { from: string; to: string }) => ({
  fromMs: Date.parse(each.from),
  toMs: Date.parse(each.to),
});

export async function timelineOf(
  caller: Caller,
  id: string,
): Promise<{ spans: { fromMs: number; toMs: number }[]; gaps: Gap[] }> {
  const [from, to] = [iso(Date.now() - 3_600_000), iso(Date.now() + 1000)];
  const said = await caller.must('GET', `/api/cameras/${id}/timeline?from=${from}&to=${to}`);
  return {
    spans: said.spans.map(spanMs),
    gaps: said.gaps.map((gap: Gap & { from: string; to: string }) => ({ ...gap, ...spanMs(gap) })),
  };
}

/** Waits until so many seconds on end are in files, counted back from the newest. */
export async function recorded(caller: Caller, id: string, seconds: number, boundMs = 90_000) {
  return until(
    `${seconds} s are recorded`,
    async () => {
      const newest = (await timelineOf(caller, id)).spans.at(-1);
      const leftMs = seconds * 1000 - (newest ? newest.toMs - newest.fromMs : 0);
      // Not asked more often than there can be news: minutes are waited for on a busy machine.
      if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, Math.min(leftMs / 2, 2_000)));
      return leftMs <= 0 ? newest : undefined;
    },
    seconds * 1000 + boundMs,
  );
}

/** What lies between the first and the last recorded picture and is not recorded; the way there does not count. */
export async function holesOf(caller: Caller, id: string): Promise<Gap[]> {
  const { spans, gaps } = await timelineOf(caller, id);
  const [first, last] = [spans[0], spans.at(-1)];
  if (!first || !last) throw new Error('nothing is recorded');
  return gaps.filter((gap) => gap.toMs > first.fromMs && gap.fromMs < last.toMs);
}

// ── the clip ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Opens the recording, marks a clip by typing two times (whole seconds), and downloads it. Resolves with the file. */
export async function downloadClip(
  person: Person,
  id: string,
  span: { fromMs: number; toMs: number },
): Promise<{ file: string; bytes: number }> {
  const { page, lang, custos } = person;
  const t = cameraPageWords[lang];
  await page.goto(`/cameras/${id}?at=${iso(span.fromMs)}&w=300`);
  const say = page.getByRole('dialog').locator('.ant-btn-primary');
  await say.click();
  await say.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: t.clip, exact: true }).click();
  const panel = page.getByRole('region', { name: t.clipTitle, exact: true });
  await panel.getByLabel(t.clipFrom, { exact: true }).fill(toField(span.fromMs, zone));
  await panel.getByLabel(t.clipTo, { exact: true }).fill(toField(span.toMs, zone));
  const [download] = await Promise.all([
    page.waitForEvent('download', { timeout: 120_000 }),
    panel.getByRole('button', { name: t.clipDownload }).click(),
  ]);
  const file = join(custos.dataDir, `clip-${id}.mp4`);
  await download.saveAs(file);
  return { file, bytes: (await stat(file)).size };
}

// ── what may not be anywhere ─────────────────────────────────────────────────────────────────────────────────────────

/** Every form in which a password could stand in a text. */
export function formsOf(password: string, user: string): string[] {
  const escaped = encodeURIComponent(password);
  const inJson = JSON.stringify(password).slice(1, -1);
  const basic = Buffer.from(`${user}:${password}`).toString('base64');
  return [...new Set([password, escaped, escaped.toLowerCase(), encodeURI(password), inJson, basic])];
}

/** Which of these files hold one of the texts. */
export async function filesWith(files: readonly string[], texts: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const file of files) {
    const bytes = await readFile(file).catch(() => Buffer.alloc(0));
    if (texts.some((text) => bytes.includes(text))) found.push(file);
  }
  return found;
}
