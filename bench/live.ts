/**
 * live.first_frame_ms, live.delay_ms: a whole Custos with one camera of 1080p25 H.264 at 4 Mb/s from GStreamer's RTSP
 * server, looked at in Chromium. The delay is told by a number in every picture: when our own client, in this process,
 * had it whole from the same server, and when the page had it on the screen.
 */
import { loadavg } from 'node:os';
import type { Page } from 'playwright-core';
import { noLog, systemClock } from '../src/base/index.ts';
import { openLink } from '../src/engine/rtsp/index.ts';
import { type Caller, setUp, startCustos, until } from '../test/support/custos.ts';
import { loopLaunch, startGst, unitSliceDigests } from '../test/support/gst.ts';
import { markedStream, numbersByDigest } from './support/marked.ts';
import { percentile, say, tell } from './support/report.ts';
import { readPictures, type Seat, type Shown, sayPurpose, sit, stateIs } from './support/screen.ts';

const clicks = Number(process.env.BENCH_CLICKS ?? 20);
const watchS = Number(process.env.BENCH_WATCH_S ?? 20);
/** A mode that was just begun is still catching up with the newest. */
const settleS = 5;
/** A number comes again each minute: what arrived longer ago is the round before. */
const oldestMs = 30_000;

const load = () => Number((loadavg()[0] as number).toFixed(1));
const wait = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** When each picture arrived last, UTC ms, as a second client of the same pipeline saw it. */
interface Arrivals extends AsyncDisposable {
  readonly wallMsOf: Map<number, number[]>;
}

function watchArrivals(url: string): Arrivals {
  const numbers = numbersByDigest();
  const wallMsOf = new Map<number, number[]>();
  const source = {
    id: 'bench.main',
    cameraId: 'bench',
    stream: 'main',
    url,
    user: '',
    password: '',
  } as const;
  const link = openLink(
    { source: { ...source, transport: 'tcp', sound: false, always: true }, clock: systemClock, log: noLog },
    {
      tracks: () => undefined,
      clock: () => undefined,
      closed: (problem) => problem && say(`the second client was cut off: ${JSON.stringify(problem)}`),
      unit(unit) {
        const number = numbers.get(unitSliceDigests(unit.data, 'h264')[0] ?? '');
        if (number === undefined) return;
        const wallMs = systemClock.wallMs() - (systemClock.monoMs() - unit.arrivedMs);
        wallMsOf.set(number, [...(wallMsOf.get(number) ?? []), wallMs]);
      },
    },
  );
  return { wallMsOf, [Symbol.asyncDispose]: () => link[Symbol.asyncDispose]() };
}

async function addCamera(caller: Caller, siteId: string, url: string): Promise<string> {
  const { id } = await caller.must('POST', '/api/cameras', { siteId, name: 'Gate', url });
  await until(
    'the camera is recording',
    async () => (await caller.must('GET', `/api/cameras/${id}`)).status === 'recording' || undefined,
    60_000,
  );
  return id;
}

async function firstFrames(seat: Seat, id: string, from: 'list' | 'wall'): Promise<void> {
  const { page } = seat;
  const link = page.locator(`a[href="/cameras/${id}"]`).first();
  await page.goto(from === 'list' ? '/cameras' : '/wall');
  const tookMs: number[] = [];
  const ofPlayerMs: number[] = [];
  for (let i = 0; i < clicks; i++) {
    await link.waitFor();
    await seat.forget();
    await link.click();
    const [shownMs] = await until(
      'the first picture',
      async () => {
        const first = await seat.firstFrames();
        return first.length > 0 ? first : undefined;
      },
      20_000,
    );
    tookMs.push((shownMs as number) - (await seat.clickedMs()));
    ofPlayerMs.push(
      Number(
        await page.evaluate("document.querySelector('.camera-picture [data-state]').dataset.firstFrameMs"),
      ),
    );
    await page.evaluate('history.back()');
  }
  say(
    `first frame from the ${from}: of the player alone p50 ${percentile(ofPlayerMs, 50)} ms, p95 ${percentile(ofPlayerMs, 95)} ms`,
  );
  const p95 = percentile(tookMs, 95);
  tell({
    metric: 'live.first_frame_ms',
    unit: 'ms',
    at: { from, load: load() },
    ours: p95,
    p50: percentile(tookMs, 50),
    p95,
    must: 'p95 ≤ 500',
    reached: p95 <= 500,
  });
}

async function chooseMode(page: Page, mode: 'mediasource' | 'webcodecs'): Promise<void> {
  const now = () => page.evaluate("document.querySelector('.camera-picture [data-mode]')?.dataset.mode");
  if ((await now()) !== mode) await page.locator('.controls').getByRole('switch').click();
  await until(`mode ${mode}`, async () => (await now()) === mode || undefined);
  await stateIs(page, ['live']);
}

const delayOf = ({ wallMs, number }: Shown, arrivals: Arrivals): number | undefined => {
  const arrivedMs = arrivals.wallMsOf.get(number)?.findLast((each) => each <= wallMs + 20);
  return arrivedMs !== undefined && wallMs - arrivedMs < oldestMs ? wallMs - arrivedMs : undefined;
};

async function delay(seat: Seat, arrivals: Arrivals, mode: 'mediasource' | 'webcodecs'): Promise<void> {
  await chooseMode(seat.page, mode);
  await wait(settleS);
  await seat.forget();
  await readPictures(seat.page, true);
  await wait(watchS);
  await readPictures(seat.page, false);
  const shown = await seat.shown();
  const delays = shown.map((each) => delayOf(each, arrivals)).filter((each) => each !== undefined);
  say(
    `${mode}: ${shown.length} pictures shown in ${watchS} s, ${shown.length - delays.length} with an unknown number`,
  );
  const p50 = percentile(delays, 50);
  tell({
    metric: 'live.delay_ms',
    unit: 'ms',
    at: { mode, load: load() },
    ours: p50,
    p50,
    p95: percentile(delays, 95),
    must: 'p50 ≤ 250',
    // Fewer pictures than half of what was sent is not live video, however fresh each is.
    reached: p50 <= 250 && delays.length >= (watchS * 25) / 2,
  });
}

async function run(): Promise<void> {
  const launch = loopLaunch(markedStream(), 'h264', 25);
  await using server = await startGst({ streams: [{ path: '/gate', launch, shared: true }] });
  await using custos = await startCustos();
  const { caller, siteId } = await setUp(custos);
  const id = await addCamera(caller, siteId, server.url('/gate'));
  await using arrivals = watchArrivals(server.url('/gate'));
  await using seat = await sit(custos);
  await seat.page.goto(`/cameras/${id}`);
  await sayPurpose(seat.page);
  await stateIs(seat.page, ['live']);
  for (const mode of ['mediasource', 'webcodecs'] as const) await delay(seat, arrivals, mode);
  await chooseMode(seat.page, 'mediasource');
  for (const from of ['list', 'wall'] as const) await firstFrames(seat, id, from);
}

await run();
