/**
 * seek.frame_ms: an hour of 1080p25 H.264 at 4 Mb/s on the disk, and clicks at random places of a camera's timeline in
 * Chromium: from the click until a picture of that instant is on the screen, which its own number tells.
 */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId, systemClock } from '../src/base/index.ts';
import { KeyRing } from '../src/engine/index.ts';
import type { DayKey } from '../src/engine/keys/index.ts';
import { record } from '../test/engine/segment/record.ts';
import { type Caller, setUp, startCustos, until } from '../test/support/custos.ts';
import { markedUnits, pictureMs, pictures } from './support/marked.ts';
import { percentile, say, tell } from './support/report.ts';
import { readPictures, type Seat, type Shown, sayPurpose, sit, stateIs } from './support/screen.ts';

const clicks = Number(process.env.BENCH_CLICKS ?? 30);
const minutes = Number(process.env.BENCH_RECORDED_MIN ?? 60);
const minuteMs = pictures * pictureMs;
/** Playing goes on from the instant: a picture up to so long after it answers the click as well. */
const laterMs = 400;
/** Numbers come again each minute; a place whose number is near the last one's could not be told from playing on. */
const apartMs = 5000;

/** The server's own keys of the days that the footage touches. */
async function keysOf(dataDir: string, source: string, instantsMs: readonly number[]) {
  const dir = join(dataDir, 'keys', 'footage');
  const ring = await KeyRing.open({ dir, master: { kind: 'file' }, clock: systemClock });
  const days = new Set(instantsMs.map((ms) => new Date(ms).toISOString().slice(0, 10)));
  const keys = new Map<string, DayKey>();
  for (const day of days) keys.set(day, await ring.dayKey(source, day, { create: true }));
  return (_source: string, day: string) => keys.get(day) as DayKey;
}

/** An hour in files as the recorder writes them, a minute each, ending a minute ago. */
async function writeHour(dataDir: string, cameraId: string): Promise<number> {
  const clip = { ...markedUnits(), audio: null, sounds: [] };
  const startMs = Date.now() - (minutes + 1) * minuteMs;
  const keyOf = await keysOf(dataDir, `${cameraId}.main`, [startMs, Date.now()]);
  const run = newId('run');
  for (let minute = 0; minute < minutes; minute++)
    record({ id: 'vol', path: join(dataDir, 'footage') }, clip, {
      ...{ cameraId, run, seconds: 60, keyOf },
      startMs: startMs + minute * minuteMs,
      startTicks: 1000 + minute * minuteMs * 90,
    });
  return startMs;
}

async function prepare(dataDir: string): Promise<{ id: string; startMs: number }> {
  let id: string;
  {
    await using custos = await startCustos({ dataDir });
    const { caller, siteId } = await setUp(custos);
    // Nobody listens there: what is recorded is what is written below, and nothing more.
    const body = { siteId, name: 'Gate', url: 'rtsp://127.0.0.1:9/none' };
    id = (await caller.must('POST', '/api/cameras', body)).id;
  }
  say('writing an hour of footage');
  return { id, startMs: await writeHour(dataDir, id) };
}

/** The index has all of it: else the clicks would measure how a gap is shown. */
async function checkIndexed(caller: Caller, id: string, startMs: number): Promise<void> {
  const [from, to] = [startMs, startMs + minutes * minuteMs].map((ms) => new Date(ms).toISOString());
  const { oldest, newest } = await caller.must('GET', `/api/cameras/${id}/timeline?from=${from}&to=${to}`);
  const foundMs = Date.parse(newest) - Date.parse(oldest);
  if (!(foundMs > (minutes - 0.1) * minuteMs)) throw new Error(`only ${oldest} to ${newest} is in the index`);
}

const inClip = (ms: number, startMs: number): number => (ms - startMs) % minuteMs;

/** Places all over the hour, each told apart from what plays before it. */
function places(startMs: number): number[] {
  const found: number[] = [];
  let random = 20_260_101;
  while (found.length < clicks) {
    random = (random * 1_103_515_245 + 12_345) % 2 ** 31;
    const atMs = startMs + 10_000 + (random / 2 ** 31) * (minutes * minuteMs - 20_000);
    const apart = Math.abs(inClip(atMs, startMs) - inClip(found.at(-1) ?? startMs, startMs));
    if (Math.min(apart, minuteMs - apart) > apartMs) found.push(atMs);
  }
  return found;
}

async function clickAt(seat: Seat, wantedMs: number): Promise<void> {
  const strip = seat.page.locator('.timeline-strip');
  const [fromMs, toMs] = await Promise.all(
    ['min', 'max'].map(async (end) => Number(await strip.getAttribute(`aria-value${end}`))),
  );
  const box = await strip.boundingBox();
  if (!box) throw new Error('there is no timeline');
  const share = (wantedMs - (fromMs as number)) / ((toMs as number) - (fromMs as number));
  if (share <= 0 || share >= 1) throw new Error('the place is not on the timeline');
  await seat.page.mouse.click(box.x + Math.round(share * box.width), box.y + box.height / 2);
}

/** From the click to the first picture whose number is that of the instant. */
async function seekOnce(seat: Seat, wantedMs: number, startMs: number): Promise<number> {
  const before = seat.page.url();
  await clickAt(seat, wantedMs);
  await until('the address has the instant', () => seat.page.url() !== before || undefined);
  const atMs = Date.parse(new URL(seat.page.url()).searchParams.get('at') as string);
  const answers = ({ number }: Shown) => {
    const later = (number * pictureMs - inClip(atMs, startMs) + pictureMs + minuteMs) % minuteMs;
    return later < laterMs;
  };
  const clickedMs = await seat.clickedMs();
  const found = await until(
    `a picture of ${new Date(atMs).toISOString()}`,
    async () => (await seat.shown()).find((each) => each.atMs > clickedMs && answers(each)),
    20_000,
  );
  await seat.forget();
  return found.atMs - clickedMs;
}

async function run(dataDir: string): Promise<void> {
  const { id, startMs } = await prepare(dataDir);
  say('starting on it');
  await using custos = await startCustos({ dataDir });
  const caller = await custos.caller().signIn('first', 'correct horse battery');
  await checkIndexed(caller, id, startMs);
  await using seat = await sit(custos);
  const middle = new Date(startMs + (minutes / 2) * minuteMs).toISOString();
  await seat.page.goto(`/cameras/${id}?at=${middle}&w=${minutes * 60 + 120}`);
  await sayPurpose(seat.page);
  await stateIs(seat.page, ['playing']);
  await readPictures(seat.page, true);
  const tookMs: number[] = [];
  for (const wantedMs of places(startMs)) tookMs.push(await seekOnce(seat, wantedMs, startMs));
  say(`each: ${tookMs.map(Math.round).join(' ')}`);
  const p95 = percentile(tookMs, 95);
  tell({
    metric: 'seek.frame_ms',
    unit: 'ms',
    at: { recordedMin: minutes, load: Number((loadavg()[0] as number).toFixed(1)) },
    ours: p95,
    p50: percentile(tookMs, 50),
    p95,
    must: 'p95 ≤ 300',
    reached: p95 <= 300,
  });
}

const dataDir = await mkdtemp(join(tmpdir(), 'custos-bench-'));
try {
  await run(dataDir);
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
