/**
 * Whatever is killed while eight cameras record comes back by itself, and what was recorded before is still there.
 * `CUSTOS_KILLS` sets how often each is killed (3 by default, 10 for a release).
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it, type TestContext } from 'node:test';
import { startDemo } from '../../demo/index.ts';
import { noLog, systemClock } from '../../src/base/index.ts';
import { type Caller, type Custos, setUp, startCustos, until } from '../support/custos.ts';

const kills = Number(process.env.CUSTOS_KILLS ?? 3);
/**
 * Promised: at most 1 s of video before the kill is missing, recording is back within 5 s. On a machine that does
 * nothing else `CUSTOS_STRICT=1` holds it to that; a busy one is only kept from hanging, and says what it measured.
 */
const strict = process.env.CUSTOS_STRICT === '1';
const mostLostMs = strict ? 1000 : 3000;
const mostDownMs = strict ? 5000 : 30_000;
let worst = { lostMs: 0, downMs: 0 };

let demo: Awaited<ReturnType<typeof startDemo>>;
let custos: Custos;
let caller: Caller;
const cameraIds: string[] = [];

before(async () => {
  demo = await startDemo({ port: 0, clock: systemClock, log: noLog });
  custos = await startCustos();
  const set = await setUp(custos);
  caller = set.caller;
  for (const camera of demo.cameras)
    for (const url of [camera.mainUrl, camera.subUrl]) {
      const name = `${camera.name} ${url.slice(-4)}`.slice(0, 60);
      const added = await caller.must('POST', '/api/cameras', {
        name,
        siteId: set.siteId,
        url,
        user: camera.user,
        password: camera.password,
      });
      cameraIds.push(added.id);
    }
  await allRecordPast(systemClock.wallMs());
});

after(async () => {
  await custos?.[Symbol.asyncDispose]();
  await demo?.[Symbol.asyncDispose]();
});

/** Until each camera has recorded pictures taken after `wallMs`. */
async function allRecordPast(wallMs: number, boundMs = 30_000): Promise<void> {
  await until(
    'all eight cameras record',
    async () => {
      const reply = await caller.call('GET', '/api/cameras').catch(() => undefined);
      if (reply?.status !== 200) return undefined;
      const late = reply.body.items.filter(
        (camera: { recordedUntil: string | null; status: string }) =>
          !(
            camera.recordedUntil &&
            Date.parse(camera.recordedUntil) > wallMs &&
            camera.status === 'recording'
          ),
      );
      return late.length === 0 && reply.body.items.length === 8 ? true : undefined;
    },
    boundMs,
  );
}

const timelineOf = (id: string, fromMs: number, toMs: number) =>
  caller
    .callSoon(
      'GET',
      `/api/cameras/${id}/timeline?from=${new Date(fromMs).toISOString()}&to=${new Date(toMs).toISOString()}`,
    )
    .then(({ body }) => body);

/** Milliseconds of video that the kill at `killedMs` cost, and the causes that stand for it. */
async function lossAround(id: string, killedMs: number): Promise<{ lostMs: number; causes: string[] }> {
  const { spans, gaps } = await timelineOf(id, killedMs - 20_000, systemClock.wallMs());
  const earlier = spans.filter((span: { from: string }) => Date.parse(span.from) < killedMs);
  const recordedTo = Math.max(...earlier.map((span: { to: string }) => Date.parse(span.to)));
  return {
    lostMs: killedMs - recordedTo,
    causes: gaps
      .filter((gap: { to: string }) => Date.parse(gap.to) >= killedMs - mostLostMs)
      .map((gap: { cause: string }) => gap.cause),
  };
}

async function recordedBefore(wallMs: number): Promise<number> {
  let seconds = 0;
  for (const id of cameraIds) {
    const { spans } = await timelineOf(id, wallMs - 3_600_000, wallMs);
    for (const span of spans)
      seconds += (Math.min(Date.parse(span.to), wallMs) - Date.parse(span.from)) / 1000;
  }
  return seconds;
}

/** Lets the cameras record for a random while, so that kills fall everywhere in a part, a group and a segment. */
async function recordAWhile(): Promise<void> {
  await allRecordPast(systemClock.wallMs() + 1500 + Math.random() * 2500);
}

/** Every camera records again, `sinceMs` ago it was killed or started. */
function noteDown(sinceMs: number): void {
  const downMs = systemClock.wallMs() - sinceMs;
  worst.downMs = Math.max(worst.downMs, downMs);
  assert.ok(downMs <= mostDownMs, `recording again only after ${downMs} ms`);
}

async function expectLittleLost(killedMs: number, cause: string): Promise<void> {
  for (const id of cameraIds) {
    const { lostMs, causes } = await lossAround(id, killedMs);
    worst.lostMs = Math.max(worst.lostMs, lostMs);
    assert.ok(lostMs <= mostLostMs, `${lostMs} ms of ${id} before the kill are missing`);
    assert.ok(causes.includes(cause), `a gap with cause ${cause}, not ${causes}`);
    assert.ok(!causes.includes('unexplained'), 'every missing second has a cause');
  }
}

describe('what is killed comes back', () => {
  beforeEach(() => {
    worst = { lostMs: 0, downMs: 0 };
  });
  afterEach((t) => {
    const { lostMs, downMs } = worst;
    (t as TestContext).diagnostic(`worst: ${lostMs} ms lost before, recording ${downMs} ms after`);
  });

  it(`a killed engine process is back, and its gap says so, ${kills} times`, async () => {
    for (let i = 0; i < kills; i++) {
      await recordAWhile();
      const { engine } = await caller.must('GET', '/api/system');
      const settledMs = systemClock.wallMs() - 60_000;
      const kept = await recordedBefore(settledMs);
      const killedMs = systemClock.wallMs();
      for (const { pid, sources } of engine) if (sources > 0) process.kill(pid, 'SIGKILL');
      await allRecordPast(killedMs, mostDownMs);
      noteDown(killedMs);
      await expectLittleLost(killedMs, 'engine-restart');
      assert.ok((await recordedBefore(settledMs)) >= kept - 0.1, 'what was recorded before is still there');
    }
  });

  it(`a killed database is back, and no picture is missing for it, ${kills} times`, async () => {
    for (let i = 0; i < kills; i++) {
      await recordAWhile();
      const name = `校门 ${i}`;
      const { items } = await caller.must('GET', '/api/sites');
      await caller.must('PATCH', `/api/sites/${items[0].id}`, { name });
      const beganMs = systemClock.wallMs();
      const postmaster = Number(
        (await readFile(join(custos.dataDir, 'pg/postmaster.pid'), 'utf8')).split('\n')[0],
      );
      process.kill(postmaster, 'SIGKILL');
      await allRecordPast(beganMs, mostDownMs);
      const again = (await caller.callSoon('GET', '/api/sites')).body;
      assert.equal(again.items[0].name, name, 'a committed row survives');
      await allRecordPast(systemClock.wallMs());
      for (const id of cameraIds) {
        const { gaps } = await timelineOf(id, beganMs - 1000, systemClock.wallMs() - 1000);
        assert.deepEqual(gaps, [], 'recording does not need the database');
      }
    }
  });

  it(`the whole of Custos killed at once is back on the next start, ${kills} times`, async () => {
    for (let i = 0; i < kills; i++) {
      await recordAWhile();
      const kept = await recordedBefore(systemClock.wallMs() - 2000);
      const killedMs = systemClock.wallMs();
      await custos.kill();
      const startedMs = systemClock.wallMs();
      custos = await startCustos({ dataDir: custos.dataDir });
      const again = custos.caller();
      again.cookie = caller.cookie;
      again.csrf = caller.csrf;
      caller = again;
      await allRecordPast(startedMs, mostDownMs);
      noteDown(startedMs);
      await expectLittleLost(killedMs, 'system-crash');
      assert.ok((await recordedBefore(killedMs)) >= kept - 0.1, 'what was recorded before is still there');
    }
  });

  it('a stop that was asked for is named so, and leaves nothing running', async () => {
    await recordAWhile();
    const stoppedMs = systemClock.wallMs();
    assert.equal(await custos.stop(), 0);
    assert.ok(systemClock.wallMs() - stoppedMs < 10_000, 'down within ten seconds');
    assert.throws(() => process.kill(-custos.pid, 0), 'nobody is left in its process group');
    custos = await startCustos({ dataDir: custos.dataDir });
    const again = custos.caller();
    again.cookie = caller.cookie;
    again.csrf = caller.csrf;
    caller = again;
    await allRecordPast(systemClock.wallMs());
    await expectLittleLost(stoppedMs, 'system-stopped');
  });
});
