/**
 * A person in front of the console of a whole Custos, as the screen benches need them: signed in, the purpose said
 * once; and what the page itself notes of clicks and of the pictures that are shown.
 */
import type { Page } from 'playwright-core';
import { openBrowser, openContext, signIn } from '../../test/console/support/tour.ts';
import { type Custos, until } from '../../test/support/custos.ts';
import { bar, bits } from './marked.ts';

export interface Shown {
  /** The page's own clock, ms, and the same as UTC. */
  readonly atMs: number;
  readonly wallMs: number;
  /** The number in its bars. */
  readonly number: number;
}

export interface Seat extends AsyncDisposable {
  readonly page: Page;
  /** Page clock of the last click, ms. */
  clickedMs(): Promise<number>;
  /** Pictures noted since `forget`. */
  shown(): Promise<readonly Shown[]>;
  /** Page clock of each `custos:first-frame` on a camera's page since `forget`. */
  firstFrames(): Promise<readonly number[]>;
  forget(): Promise<void>;
}

/**
 * Runs in the page before anything of it. A picture of a video element counts from when the browser will have it on
 * the screen (or from when it says so, if that is later); of a canvas, from the next drawing of the screen.
 */
const notes = `(() => {
  const bench = (globalThis.bench = { clickedMs: 0, shown: [], first: [], reads: false });
  const sheet = new OffscreenCanvas(${bits * bar}, 1).getContext('2d', { willReadFrequently: true });
  const numberOf = (source, width) => {
    const scale = width / 1920;
    sheet.drawImage(source, 0, ${bar / 2} * scale, ${bits * bar} * scale, 1, 0, 0, ${bits * bar}, 1);
    const { data } = sheet.getImageData(0, 0, ${bits * bar}, 1);
    let number = 0;
    for (let bit = 0; bit < ${bits}; bit += 1)
      if (data[(bit * ${bar} + ${bar / 2}) * 4] > 128) number += 2 ** bit;
    return number;
  };
  const note = (atMs, number) =>
    bench.shown.push({ atMs, wallMs: Date.now() + atMs - performance.now(), number });
  const watchVideo = (video) => {
    const onPicture = (now, { expectedDisplayTime, width }) => {
      const atMs = Math.max(performance.now(), expectedDisplayTime);
      if (bench.reads && width) note(atMs, numberOf(video, width));
      video.requestVideoFrameCallback(onPicture);
    };
    video.requestVideoFrameCallback(onPicture);
  };
  const watchCanvas = (canvas) => {
    const host = canvas.parentElement;
    new MutationObserver(() => {
      if (!bench.reads || !canvas.isConnected) return;
      const number = numberOf(canvas, canvas.width);
      requestAnimationFrame(() => note(performance.now(), number));
    }).observe(host, { attributeFilter: ['data-shown-wall-ms'] });
  };
  const add = (node) => {
    if (!(node instanceof Element)) return;
    const found = [node, ...node.querySelectorAll('video, canvas')];
    for (const each of found) {
      if (each instanceof HTMLVideoElement) watchVideo(each);
      else if (each instanceof HTMLCanvasElement && each.parentElement?.closest('.picture-host')) watchCanvas(each);
    }
  };
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) addedNodes.forEach(add);
  }).observe(document, { childList: true, subtree: true });
  // The click is over when the button is let go: that is what opens a link and what seeks.
  addEventListener('pointerup', (event) => { bench.clickedMs = event.timeStamp; }, true);
  addEventListener('custos:first-frame', (event) => {
    if (event.target.closest('.camera-picture')) bench.first.push(performance.now());
  });
})()`;

export async function sit(custos: Custos): Promise<Seat> {
  await using stack = new AsyncDisposableStack();
  const browser = await openBrowser();
  stack.defer(() => browser.close());
  const look = { language: 'en', theme: 'dark', width: 1440, height: 900 } as const;
  const context = await openContext(browser, custos.origin, look);
  await signIn(context, { persona: 'first', name: 'first', password: 'correct horse battery' });
  await context.addInitScript(notes);
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const kept = stack.move();
  return {
    page,
    clickedMs: () => page.evaluate('bench.clickedMs'),
    shown: () => page.evaluate('bench.shown'),
    firstFrames: () => page.evaluate('bench.first'),
    forget: () => page.evaluate('void (bench.shown.length = bench.first.length = 0)'),
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}

/** Pictures are read only where they are counted: reading costs the page some of its time. */
export const readPictures = (page: Page, reads: boolean): Promise<unknown> =>
  page.evaluate(`void (bench.reads = ${reads})`);

/** Answers the question what it is looked at for, once for this tab. */
export async function sayPurpose(page: Page): Promise<void> {
  await page.getByRole('dialog').locator('.ant-btn-primary').click();
}

export const stateIs = (page: Page, states: readonly string[]): Promise<true> =>
  until(
    `a picture that is ${states.join(' or ')}`,
    async () => {
      const state = await page.evaluate(
        "document.querySelector('.camera-picture [data-state]')?.dataset.state",
      );
      return states.includes(String(state)) || undefined;
    },
    60_000,
  );
