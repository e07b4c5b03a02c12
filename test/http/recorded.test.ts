/** Looking over many cameras, through a whole server: which have gaps, what their month holds, and a ledger that can be read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setUp, startCustos, until } from '../support/custos.ts';

test('cameras without pictures are found by the hour, page by page, and their month is empty', async () => {
  await using custos = await startCustos();
  const { caller, siteId } = await setUp(custos);
  const ids: string[] = [];
  for (const name of ['East', 'West', 'North']) {
    // Nobody listens there: each second since it was ordered is a gap.
    const camera = await caller.must('POST', '/api/cameras', {
      siteId,
      name,
      url: 'rtsp://127.0.0.1:9/none',
    });
    ids.push(camera.id);
  }
  const beganMs = Date.now();
  const query = () => {
    const to = new Date(Math.max(Date.now(), beganMs + 1_000)).toISOString();
    return `from=${new Date(beganMs - 60_000).toISOString()}&to=${to}&site=${siteId}`;
  };
  const first = await until('all three have gaps', async () => {
    const page = await caller.must('GET', `/api/gaps?${query()}&limit=3`);
    return page.items.length === 3 ? page : undefined;
  });
  assert.deepEqual(first.items.map(({ name }: { name: string }) => name).sort(), ['East', 'North', 'West']);
  assert.ok(
    first.items.every(({ lostS, gaps }: { lostS: number; gaps: unknown[] }) => lostS > 0 && gaps.length > 0),
  );
  const found: string[] = [];
  for (let cursor = ''; ; ) {
    const page = await caller.must('GET', `/api/gaps?${query()}&limit=2${cursor && `&cursor=${cursor}`}`);
    found.push(...page.items.map(({ camera }: { camera: string }) => camera));
    if (page.next === undefined) break;
    cursor = page.next;
  }
  assert.deepEqual(found, ids.toSorted());
  const month = await caller.must(
    'GET',
    `/api/calendar?month=${new Date().toISOString().slice(0, 7)}&site=${siteId}`,
  );
  assert.deepEqual(
    month.items.map(({ camera, days }: { camera: string; days: unknown[] }) => [camera, days]),
    ids.toSorted().map((id) => [id, []]),
  );
  const tooLong = `from=${new Date(beganMs - 90_000_000).toISOString()}&to=${new Date(beganMs).toISOString()}`;
  assert.equal((await caller.call('GET', `/api/gaps?${tooLong}`)).body.code, 'view.range');
  assert.equal((await caller.call('GET', `/api/gaps?${query()}&cursor=x`)).body.code, 'request.malformed');
  assert.equal((await caller.call('GET', '/api/calendar?month=2026-13')).status >= 400, true);
  assert.equal((await custos.caller().call('GET', `/api/gaps?${query()}`)).status, 401);
});
