/** Every page of the console and how to get there in a real browser: for the accessibility test and the screenshots. */
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { bucketWords } from '../../../web/src/words/buckets.ts';
import { cameraPageWords } from '../../../web/src/words/camera.ts';
import { cameraWords } from '../../../web/src/words/cameras.ts';
import { keepingWords } from '../../../web/src/words/keeping.ts';
import { permissionWords } from '../../../web/src/words/permissions.ts';
import { storageWords } from '../../../web/src/words/storage.ts';
import { until } from '../../support/custos.ts';

export interface Login {
  readonly persona: string;
  readonly name: string;
  readonly password: string;
}

export interface Look {
  readonly language: 'zh' | 'en';
  readonly theme: 'light' | 'dark';
  readonly width: number;
  readonly height: number;
}

export interface Stop {
  readonly name: string;
  readonly path: string;
  /** The action without which the page is not shown; null: before a sign-in. */
  readonly needs: string | null;
  /** Pictures have to arrive before it is what people see. */
  readonly hasVideo?: boolean;
  /** Opens what the address alone does not. */
  readonly open?: (page: Page) => Promise<void>;
}

/** Presses what says so in the page's own language; which of several, its hidden name may add. */
async function press(page: Page, area: Words, key: string): Promise<void> {
  const says = page.getByText(await wordOf(page, area, key), { exact: true });
  await page.getByRole('button').filter({ has: says }).first().click();
}

async function wordOf(page: Page, { zh, en }: Words, key: string): Promise<string> {
  const isChinese = (await page.evaluate('document.documentElement.lang')) === 'zh-CN';
  return (isChinese ? zh : en)[key] as string;
}

interface Words {
  readonly zh: Readonly<Record<string, string>>;
  readonly en: Readonly<Record<string, string>>;
}

const opens =
  (area: Words, ...keys: readonly string[]) =>
  async (page: Page): Promise<void> => {
    for (const key of keys) await press(page, area, key);
    await page.getByRole('dialog').waitFor();
  };

const markClip = async (page: Page): Promise<void> => {
  await press(page, cameraPageWords, 'clip');
  await page.locator('.clip').waitFor();
};

export const tour: readonly Stop[] = [
  { name: 'login', path: '/login', needs: null },
  { name: 'wall', path: '/wall', needs: 'view.live', hasVideo: true },
  { name: 'camera', path: '/cameras/:first', needs: 'view.playback', hasVideo: true },
  { name: 'camera-hour', path: '/cameras/:first?w=3600', needs: 'view.playback', hasVideo: true },
  {
    ...{ name: 'purpose', path: '/cameras/:first?at=:ago', needs: 'view.playback' },
    open: (page) => page.getByRole('dialog').waitFor(),
  },
  { name: 'playback', path: '/cameras/:first?at=:ago&w=300', needs: 'view.playback', hasVideo: true },
  {
    name: 'clip',
    path: '/cameras/:first?at=:ago&w=300',
    // Who may take a file away plays it too; to hold it a role is enough.
    needs: 'footage.download',
    hasVideo: true,
    open: markClip,
  },
  ...(['hold', 'mark', 'erase'] as const).map((key) => ({
    name: `clip-${key}`,
    path: '/cameras/:first?at=:ago&w=300',
    ...{ needs: 'footage.download', hasVideo: true },
    open: async (page: Page) => {
      await markClip(page);
      await opens(keepingWords, key)(page);
    },
  })),
  { name: 'cameras', path: '/cameras', needs: 'camera.configure' },
  { name: 'cameras-filtered', path: '/cameras?q=nothing-has-this-name', needs: 'camera.configure' },
  { name: 'sites', path: '/cameras?show=sites', needs: 'site.configure' },
  {
    name: 'site-new',
    path: '/cameras?show=sites',
    needs: 'site.configure',
    open: opens(cameraWords, 'addSite'),
  },
  { name: 'camera-new', path: '/cameras/new', needs: 'camera.configure' },
  { name: 'camera-edit', path: '/cameras?edit=:first', needs: 'camera.configure' },
  { name: 'permissions', path: '/permissions', needs: 'permission.ask' },
  {
    ...{ name: 'permission-ask', path: '/permissions', needs: 'permission.ask' },
    open: opens(permissionWords, 'ask'),
  },
  { name: 'permissions-running', path: '/permissions?show=running', needs: 'permission.decide' },
  {
    ...{ name: 'permission-revoke', path: '/permissions?show=running', needs: 'permission.decide' },
    open: opens(permissionWords, 'revoke'),
  },
  { name: 'permissions-findings', path: '/permissions?show=findings', needs: 'permission.read' },
  { name: 'permissions-delegations', path: '/permissions?show=delegations', needs: 'permission.read' },
  { name: 'registers', path: '/registers', needs: 'use.read' },
  { name: 'registers-odd', path: '/registers?show=odd', needs: 'use.read' },
  { name: 'registers-month', path: '/registers?show=month', needs: 'use.read' },
  { name: 'ledger', path: '/ledger', needs: 'ledger.read' },
  { name: 'ledger-proof', path: '/ledger?proof=1', needs: 'ledger.read' },
  { name: 'completeness', path: '/completeness', needs: 'completeness.read' },
  { name: 'duties', path: '/duties', needs: 'duty.read' },
  { name: 'keeping', path: '/keeping', needs: 'retention.read' },
  { name: 'keeping-form', path: '/keeping', needs: 'site.configure', open: opens(keepingWords, 'settle') },
  { name: 'keeping-log', path: '/keeping', needs: 'unit.configure', open: opens(keepingWords, 'logEdit') },
  {
    name: 'keeping-decide',
    path: '/keeping',
    needs: 'retention.decide',
    open: opens(keepingWords, 'decide'),
  },
  { name: 'holds', path: '/keeping?show=holds', needs: 'footage.hold' },
  {
    ...{ name: 'hold-release', path: '/keeping?show=holds', needs: 'footage.hold' },
    open: opens(keepingWords, 'release'),
  },
  { name: 'marks', path: '/keeping?show=marks', needs: 'footage.hold' },
  { name: 'erasures', path: '/keeping?show=erasures', needs: 'footage.hold' },
  { name: 'certificates', path: '/keeping?show=certificates', needs: 'retention.read' },
  { name: 'certificate', path: '/keeping/certificates/:certificate', needs: 'retention.read' },
  { name: 'people', path: '/people', needs: 'person.configure' },
  { name: 'person-new', path: '/people?edit=new', needs: 'person.configure' },
  { name: 'storage', path: '/storage', needs: 'webhook.configure' },
  { name: 'volume-new', path: '/storage', needs: 'storage.configure', open: opens(storageWords, 'add') },
  { name: 'bucket-new', path: '/storage', needs: 'storage.configure', open: opens(bucketWords, 'add') },
  { name: 'system', path: '/system', needs: 'system.read' },
  { name: 'me', path: '/me', needs: 'self' },
  { name: 'not-found', path: '/no/such/page', needs: 'self' },
];

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

/** A browser of somebody's own: its language, look and size, and nobody signed in. */
export async function openContext(browser: Browser, origin: string, look: Look): Promise<BrowserContext> {
  const context = await browser.newContext({
    baseURL: origin,
    viewport: { width: look.width, height: look.height },
    locale: look.language === 'zh' ? 'zh-CN' : 'en-GB',
    timezoneId: 'Asia/Shanghai',
    colorScheme: look.theme,
    reducedMotion: 'reduce',
  });
  const kept = { 'custos.language': look.language, 'custos.theme': look.theme };
  await context.addInitScript(
    `for (const [key, value] of ${JSON.stringify(Object.entries(kept))}) localStorage.setItem(key, value)`,
  );
  return context;
}

/** Signs the context in by the API; returns what this person may do. */
export async function signIn(context: BrowserContext, login: Login): Promise<readonly string[]> {
  const { name, password } = login;
  const response = await context.request.post('/api/session', { data: { name, password } });
  if (!response.ok()) throw new Error(`${login.persona} cannot sign in: ${response.status()}`);
  const { me } = (await response.json()) as { me: { may: string[] } };
  return me.may;
}

/** Loads a stop of the tour and waits until it shows what it is about. */
export async function goTo(page: Page, stop: Stop): Promise<void> {
  await page.goto(await pathOf(page, stop));
  await until(`${stop.path} shows its content`, async () => (await page.evaluate(isThere)) || undefined);
  if (stop.hasVideo) {
    await sayPurpose(page);
    await waitForPictures(page);
  }
  await stop.open?.(page);
  await page.evaluate('document.fonts.ready.then(() => undefined)');
}

/** A picture is not shown before it is said why it is looked at; once said, it is not asked again in this tab. */
async function sayPurpose(page: Page): Promise<void> {
  const say = page.getByRole('dialog').locator('.ant-btn-primary');
  const shown = async () => (await say.isVisible()) || (await page.evaluate(isMoving)) || undefined;
  const asks = await until('the purpose is asked', shown, picturesWithinMs).catch(() => undefined);
  if (asks && (await say.isVisible())) await say.click();
}

async function pathOf(page: Page, stop: Stop): Promise<string> {
  if (stop.path.includes(':certificate')) {
    const response = await page.context().request.get('/api/certificates');
    const { items } = (await response.json()) as { items: { id: string }[] };
    if (!items[0]) throw new Error('nothing was deleted yet');
    return stop.path.replace(':certificate', items[0].id);
  }
  if (!stop.path.includes(':first')) return stop.path;
  const response = await page.context().request.get('/api/cameras');
  const { items } = (await response.json()) as { items: { id: string; status: string }[] };
  const first = items.find((each) => each.status === 'recording') ?? items[0];
  if (!first) throw new Error('there is no camera to show');
  const ago = new Date(Date.now() - 40_000).toISOString();
  return stop.path.replace(':first', first.id).replace(':ago', ago);
}

/** A camera may be covered or down: the page is shown as it is after a while. */
const picturesWithinMs = 10_000;

async function waitForPictures(page: Page): Promise<void> {
  await until(
    'pictures move',
    async () => (await page.evaluate(isMoving)) || undefined,
    picturesWithinMs,
  ).catch(() => undefined);
}

/** As text: these run in the page, and the page's policy forbids what Playwright's own waiting would do there. */
const isThere = `Boolean(document.querySelector('h1')?.textContent) && !document.querySelector('.state-waiting')`;
const isMoving = `(() => {
  const hosts = [...document.querySelectorAll('[data-state]')];
  return hosts.length > 0 && hosts.every((each) => ['live', 'playing', 'paused'].includes(each.dataset.state));
})()`;
