/** A demo of its own and a browser on it, for the tests of one file. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before } from 'node:test';
import type { Browser } from 'playwright-core';
import { type Custos, startCustos } from '../../support/custos.ts';
import { type Login, openBrowser } from './tour.ts';

export interface DemoHouse {
  readonly browser: Browser;
  readonly custos: Custos;
  readonly logins: readonly Login[];
  login(persona: string): Login;
}

/** To be called in a `describe`: what it returns is there once its tests run. */
export function openDemo(prepare: (house: DemoHouse) => Promise<void> = async () => undefined): DemoHouse {
  const house = {
    login: (persona: string): Login => {
      const found = house.logins.find((each) => each.persona === persona);
      if (!found) throw new Error(`the demo has no ${persona}`);
      return found;
    },
  } as { -readonly [K in keyof DemoHouse]: DemoHouse[K] };
  before(async () => {
    // One after the other: whichever fails, the other is closed.
    house.browser = await openBrowser();
    house.custos = await startCustos({ args: ['--demo'] });
    house.logins = JSON.parse(await readFile(join(house.custos.dataDir, 'demo-logins.json'), 'utf8'));
    await prepare(house);
  });
  after(async () => {
    await house.browser?.close();
    await house.custos?.[Symbol.asyncDispose]();
    await rm(`${house.custos?.dataDir}-disk`, { recursive: true, force: true });
  });
  return house;
}
