/**
 * A camera server goes away and comes back on the same port: recording resumes by itself, the gap says why and what was
 * wrong, in figures and in words on the camera's page, and the camera beside it is recorded as if nothing had been.
 * `CUSTOS_LONG=1` keeps it away for half a minute and holds recording to its three seconds.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cameraProblems, fill, gapCauses } from '../../src/contract/index.ts';
import { type Caller, type Custos, until } from '../support/custos.ts';
import { type Clip, loopLaunch, makeClip, startGst } from '../support/gst.ts';
import { isStretchOfLoop, pictureDigests } from './support/frames.ts';
import {
  awkwardPassword,
  downloadClip,
  type Gap,
  holesOf,
  openDesk,
  type Person,
  recorded,
  timelineOf,
} from './support/person.ts';

const isLong = process.env.CUSTOS_LONG === '1';
const awayMs = isLong ? 30_000 : 8_000;
/** The promise is 3 s; a machine that runs other tests beside this one is late with everything. */
const backWithinMs = isLong ? 3_000 : 15_000;
const gop = 15;
const fps = 15;

const serve = (clip: Clip, port = 0) =>
  startGst({
    port,
    signIn: { kind: 'digest', user: 'admin', password: awkwardPassword },
    streams: [{ path: '/s', launch: loopLaunch(clip.stream, clip.codec, fps) }],
  });

test('a camera that was away is recorded again when it is back; the gap names its trouble, its neighbour has none', {
  timeout: 240_000,
}, async (t) => {
  await using stack = new AsyncDisposableStack();
  const clip = stack.use(await makeClip({ seconds: 8, fps, gop, width: 320, height: 180, kbps: 300 }));
  const neighbour = stack.use(await serve(clip));
  const before = stack.use(await serve(clip));
  const desk = stack.use(await openDesk());
  const [away, beside] = [
    await add(desk.caller, desk.siteId, 'Away', before.url('/s')),
    await add(desk.caller, desk.siteId, 'Beside', neighbour.url('/s')),
  ];
  for (const id of [away, beside]) await recorded(desk.caller, id, 4);

  const goneMs = Date.now();
  await before[Symbol.asyncDispose]();
  await until('the gap is open', async () => (await openGap(desk.caller, away)) || undefined);
  await passed(goneMs + awayMs);
  const backMs = Date.now();
  stack.use(await serve(clip, before.port));
  const listensMs = Date.now();
  const gap = await until('the gap is over', async () => {
    const found = (await holesOf(desk.caller, away)).at(-1);
    return found && !found.open ? found : undefined;
  });
  t.diagnostic(
    `away ${((listensMs - goneMs) / 1000).toFixed(1)} s; recording again ${((gap.toMs - listensMs) / 1000).toFixed(2)} s ` +
      `after it listened (${((gap.toMs - backMs) / 1000).toFixed(2)} s after its process was started); gap ` +
      `${((gap.toMs - gap.fromMs) / 1000).toFixed(2)} s: ${gap.cause} ${JSON.stringify(gap.detail)}`,
  );
  assert.ok(gap.toMs - listensMs <= backWithinMs, 'recording is back in time');
  assert.ok(gap.fromMs >= goneMs - 1_500 && gap.fromMs <= goneMs + 1_500, 'the gap begins when it went');
  assert.equal(gap.cause, 'unreachable');
  assert.ok(String(gap.detail.problem) in cameraProblems, `the gap names the trouble: ${gap.detail.problem}`);

  await recorded(desk.caller, beside, (Date.now() - goneMs) / 1000 + 2);
  assert.equal((await holesOf(desk.caller, away)).length, 1, 'one absence is one gap');
  assert.deepEqual(await holesOf(desk.caller, beside), []);
  const person = stack.use(await desk.sit('zh'));
  await readsGap(person, away, gap);
  const [span] = (await timelineOf(desk.caller, beside)).spans;
  assert.ok(span);
  const { file } = await downloadClip(person, beside, {
    fromMs: Math.ceil(span.fromMs / 1000) * 1000,
    toMs: Math.floor(span.toMs / 1000 - 1) * 1000,
  });
  const pictures = await pictureDigests(file, clip.codec);
  assert.ok(isStretchOfLoop(clip.slices, pictures), 'its neighbour lost no picture meanwhile');
  assert.ok(pictures.length > (awayMs / 1000) * fps);
  silentOn(desk.custos);
});

async function add(caller: Caller, siteId: string, name: string, url: string): Promise<string> {
  const body = { name, siteId, url, user: 'admin', password: awkwardPassword };
  return (await caller.must('POST', '/api/cameras', body)).id;
}

async function openGap(caller: Caller, id: string): Promise<Gap | undefined> {
  return (await timelineOf(caller, id)).gaps.find((gap) => gap.open && gap.cause === 'unreachable');
}

const passed = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, ms - Date.now())));

/** The sentence of the cause, and the one of the camera's trouble, stand in the list of gaps. */
async function readsGap({ page, lang }: Person, id: string, gap: Gap): Promise<void> {
  await page.goto(`/cameras/${id}`);
  const row = page.locator('.gap-table tbody tr').filter({ hasText: gapCauses.unreachable[lang] });
  await row.waitFor();
  const problem = cameraProblems[gap.detail.problem as keyof typeof cameraProblems];
  const said = (await row.textContent()) ?? '';
  assert.ok(said.includes(fill(problem[lang], gap.detail).replace(/[。.]$/, '')), said);
}

function silentOn(custos: Custos): void {
  assert.ok(!custos.log().includes(awkwardPassword));
}
