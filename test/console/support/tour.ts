/** Every page of the console and how to get there in a real browser: for the accessibility test and the screenshots. */
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
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
  readonly then?: (page: Page) => Promise<void>;
}

export const tour: readonly Stop[] = [
  { name: 'login', path: '/login', needs: null },
  { name: 'wall', path: '/wall', needs: 'view.live', hasVideo: true },
  { name: 'camera', path: '/cameras/:first', needs: 'view.playback', hasVideo: true },
  { name: 'playback', path: '/cameras/:first?at=:ago&w=300', needs: 'view.playback', hasVideo: true },
  { name: 'cameras', path: '/cameras', needs: 'camera.configure' },
  { name: 'cameras-filtered', path: '/cameras?q=nothing-has-this-name', needs: 'camera.configure' },
  { name: 'sites', path: '/cameras?show=sites', needs: 'site.configure' },
  { name: 'camera-new', path: '/cameras/new', needs: 'camera.configure' },
  { name: 'camera-edit', path: '/cameras?edit=:first', needs: 'camera.configure' },
  { name: 'ledger', path: '/ledger', needs: 'ledger.read' },
  { name: 'ledger-proof', path: '/ledger?proof=1', needs: 'ledger.read' },
  { name: 'completeness', path: '/completeness', needs: 'completeness.read' },
  { name: 'people', path: '/people', needs: 'person.configure' },
  { name: 'person-new', path: '/people?edit=new', needs: 'person.configure' },
  { name: 'storage', path: '/storage', needs: 'webhook.configure' },
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
  await stop.then?.(page);
  if (stop.hasVideo) {
    await sayPurpose(page);
    await waitForPictures(page);
  }
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
