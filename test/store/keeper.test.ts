/** Rows of what is recorded: written behind, in order, whole, also when the database was away for a while. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import { newId, noLog, systemClock } from '../../src/base/index.ts';
import { type Database, openDatabase } from '../../src/db/index.ts';
import type { Fact, SegmentFacts } from '../../src/engine/index.ts';
import { merge } from '../../src/store/cover.ts';
import { touchMs } from '../../src/store/gaps.ts';
import { Keeper, makeDays, timeline } from '../../src/store/index.ts';
import { islands } from '../../src/store/segments.ts';
import { daysOf } from '../../src/store/timeline.ts';
import { testDatabase } from '../support/database.ts';
import { promisedMs } from '../support/promise.ts';

const volume = { id: 'footage', path: '/nowhere' };
const dayMs = 86_400_000;

async function seed(db: Database, orderedMs: number): Promise<string> {
  const now = new Date();
  const site = {
    id: newId('site'),
    name: 'site',
    name_folded: newId('site'),
    address: '',
    time_zone: 'Asia/Shanghai',
  };
  const id = newId('cam');
  await db.kysely
    .insertInto('site')
    .values({ ...site, created: now })
    .execute();
  await db.kysely
    .insertInto('camera')
    .values({
      ...{ id, site_id: site.id, name: id, name_folded: id, url: 'rtsp://h/', sub_url: null },
      ...{
        user_name: '',
        password_sealed: null,
        sub_user_name: null,
        sub_password_sealed: null,
        transport: 'auto',
      },
      ...{ sound_basis: null, paused_at: null, paused_by: null, paused_reason: null },
      ...{ retired_at: null, retired_by: null, retired_reason: null, ordered_ms: orderedMs, created: now },
    })
    .execute();
  await db.kysely
    .insertInto('volume')
    .values({ ...volume, created: now })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return id;
}

function segment(cameraId: string, startMs: number, endMs: number): SegmentFacts {
  const id = newId('seg', Math.floor(startMs));
  const numbers = { parts: 2, pictures: 50, width: 640, height: 360, packetsLost: 0, damagedPictures: 0 };
  const times = { startMs, endMs, startTicks: 0, durationTicks: (endMs - startMs) * 90 };
  const where = {
    cameraId,
    stream: 'main',
    volumeId: volume.id,
    path: `${cameraId}.main/${id}.mp4`,
  } as const;
  return {
    id,
    ...where,
    ...times,
    ...numbers,
    run: 'run',
    bytes: 1000,
    codec: 'avc1.640028',
    digest: 'ab'.repeat(32),
  };
}

const closed = (of: SegmentFacts): Fact => ({
  kind: 'segment-closed',
  source: `${of.cameraId}.main`,
  segment: of,
});

async function keeperOn(db: Database, cameras: { id: string; orderedMs: number }[], limit?: number) {
  const keeper = new Keeper({ db, clock: systemClock, log: noLog, volume, ...(limit ? { limit } : {}) });
  await keeper.load(cameras);
  return keeper;
}

test('facts become rows, the volume counts them, and a fact that comes twice is one row', async () => {
  await using db = await testDatabase();
  const orderedMs = Date.now() - 100_000;
  const id = await seed(db, orderedMs);
  await using keeper = await keeperOn(db, [{ id, orderedMs }]);
  const first = segment(id, orderedMs, orderedMs + 60_000);
  const second = segment(id, orderedMs + 70_000, orderedMs + 80_000);
  keeper.hear(closed(first));
  const source = `${id}.main`;
  keeper.hear({ kind: 'gap-opened', source, atMs: first.endMs, cause: 'unreachable', detail: {} });
  keeper.hear({ kind: 'gap-closed', source, atMs: second.startMs });
  keeper.hear(closed(second));
  keeper.hear(closed(second));
  assert.ok(await keeper.written(5_000));
  const rows = await db.kysely
    .selectFrom('segment')
    .select(['id', 'start_ms', 'end_ms'])
    .orderBy('start_ms')
    .execute();
  assert.deepEqual(
    rows.map((row) => row.id),
    [first.id, second.id],
  );
  const { segments, bytes } = await db.kysely.selectFrom('volume').selectAll().executeTakeFirstOrThrow();
  assert.deepEqual([segments, bytes], [2, 2000]);
  const line = await timeline(
    { db, keeper, clock: systemClock },
    { id, orderedMs },
    { fromMs: orderedMs, toMs: second.endMs },
  );
  assert.deepEqual(
    line.gaps.map(({ fromMs, toMs, cause }) => [fromMs - orderedMs, toMs - orderedMs, cause]),
    [[60_000, 70_000, 'unreachable']],
  );
  assert.ok(Math.abs(line.coverage - 70 / 80) < 0.001);
});

test('what no fact explains is told as unexplained', async () => {
  await using db = await testDatabase();
  const orderedMs = Date.now() - 100_000;
  const id = await seed(db, orderedMs);
  await using keeper = await keeperOn(db, [{ id, orderedMs }]);
  keeper.hear(closed(segment(id, orderedMs + 5_000, orderedMs + 20_000)));
  keeper.hear(closed(segment(id, orderedMs + 30_000, orderedMs + 40_000)));
  const { gaps } = await timeline(
    { db, keeper, clock: systemClock },
    { id, orderedMs },
    { fromMs: orderedMs - 60_000, toMs: orderedMs + 60_000 },
  );
  assert.deepEqual(
    gaps.map(({ fromMs, toMs, cause }) => [(fromMs - orderedMs) / 1000, (toMs - orderedMs) / 1000, cause]),
    [
      [0, 5, 'unexplained'],
      [20, 30, 'unexplained'],
      [40, 60, 'unexplained'],
    ],
  );
});

test('a segment of a camera that is not known does not hold up the others', async () => {
  await using db = await testDatabase();
  const orderedMs = Date.now() - 100_000;
  const id = await seed(db, orderedMs);
  await using keeper = await keeperOn(db, [{ id, orderedMs }]);
  keeper.hear(closed(segment('cam_0000000000000000000000', orderedMs, orderedMs + 1000)));
  const good = segment(id, orderedMs, orderedMs + 1000);
  keeper.hear(closed(good));
  assert.ok(await keeper.written(5_000));
  assert.deepEqual(await db.kysely.selectFrom('segment').select('id').execute(), [{ id: good.id }]);
});

test('a database that is killed under the facts loses none of them', { timeout: 120_000 }, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'custos-keeper-'));
  try {
    await using db = await openDatabase({ dataDir, log: noLog, clock: systemClock });
    const orderedMs = Date.now() - 3 * dayMs;
    const id = await seed(db, orderedMs);
    await using keeper = await keeperOn(db, [{ id, orderedMs }]);
    const all = Array.from({ length: 600 }, (_, i) =>
      segment(id, orderedMs + i * 60_000, orderedMs + (i + 1) * 60_000),
    );
    for (const [i, one] of all.entries()) {
      // While it is being started again there is nobody to kill.
      if ((i === 200 || i === 400) && db.pid !== null) process.kill(db.pid, 'SIGKILL');
      keeper.hear(closed(one));
      if (i % 50 === 0) await keeper.written(20);
    }
    assert.ok(await keeper.written(60_000), 'all is written when the database is back');
    const { count } = await db.kysely
      .selectFrom('segment')
      .select((select) => select.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    assert.equal(count, all.length);
    assert.ok(db.restarts >= 1);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});

test('a full queue forgets segments, says so, and asks for a survey when the database is back', async () => {
  await using db = await testDatabase();
  const orderedMs = Date.now() - dayMs;
  const id = await seed(db, orderedMs);
  await using keeper = await keeperOn(db, [{ id, orderedMs }], 10);
  const asked = new Promise<{ why: string; sinceMs: number }>((resolve) => keeper.onSurveyNeeded(resolve));
  // Faster than any database: the queue overflows before the first batch is through.
  for (let i = 0; i < 500; i++)
    keeper.hear(closed(segment(id, orderedMs + i * 1000, orderedMs + (i + 1) * 1000)));
  keeper.hear({
    kind: 'gap-opened',
    source: `${id}.main`,
    atMs: orderedMs + 500_000,
    cause: 'stalled',
    detail: {},
  });
  const needed = await asked;
  assert.equal(needed.why, 'rows-lost');
  assert.ok(needed.sinceMs >= orderedMs);
});

test('the database merges spans as the rule says, whatever lies there', async () => {
  await using db = await testDatabase();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 200_000 }), fc.integer({ min: 1, max: 70_000 })), {
        maxLength: 30,
      }),
      fc.integer({ min: 0, max: 150_000 }),
      async (spans, from) => {
        const id = await seed(db, 0);
        await using keeper = await keeperOn(db, [{ id, orderedMs: 0 }]);
        for (const [startMs, length] of spans) keeper.hear(closed(segment(id, startMs, startMs + length)));
        assert.ok(await keeper.written(5_000));
        const window = { fromMs: from, toMs: from + 60_000 };
        const found = await islands(db.kysely, id, window);
        const reaching = spans
          .map(([startMs, length]) => ({ fromMs: startMs, toMs: startMs + length }))
          .filter((span) => span.fromMs < window.toMs && span.toMs > window.fromMs);
        assert.deepEqual(
          found.map(({ fromMs, toMs }) => ({ fromMs, toMs })),
          merge(reaching, touchMs),
        );
      },
    ),
    { numRuns: 40 },
  );
});

test('days have the hours that their zone gives them', () => {
  const hours = (month: string, zone: string, day: string) => {
    const found = daysOf(month, zone).find((one) => one.day === day)!;
    return (found.toMs - found.fromMs) / 3_600_000;
  };
  assert.equal(hours('2026-10', 'Europe/Berlin', '2026-10-25'), 25);
  assert.equal(hours('2026-03', 'Europe/Berlin', '2026-03-29'), 23);
  assert.equal(hours('2026-11', 'Asia/Shanghai', '2026-11-22'), 24);
  assert.equal(daysOf('2028-02', 'Asia/Shanghai').length, 29);
  assert.throws(() => daysOf('2026-13', 'Asia/Shanghai'));
  assert.throws(() => daysOf('2026-11', 'Nowhere/City'));
});

test('a month of a camera is read within a blink', async () => {
  await using db = await testDatabase();
  const orderedMs = Date.now() - 31 * dayMs;
  const id = await seed(db, orderedMs);
  await makeDays(
    db.kysely,
    Array.from({ length: 32 }, (_, day) => orderedMs + day * dayMs),
  );
  await db.kysely
    .insertInto('segment')
    .columns([
      'camera_id',
      'stream',
      'start_ms',
      'id',
      'end_ms',
      'volume_id',
      'path',
      'run',
      'start_ticks',
      'duration_ticks',
      'bytes',
      'parts',
      'pictures',
      'codec',
      'width',
      'height',
      'packets_lost',
      'damaged_pictures',
      'digest',
    ])
    .expression((select) =>
      select
        .selectFrom(sql<{ i: number }>`generate_series(0, ${31 * 1440 - 1})`.as<'i'>(sql`i(n)`))
        .select([
          sql<string>`${id}`.as('camera_id'),
          sql<'main'>`'main'`.as('stream'),
          sql<number>`${orderedMs}::int8 + n * 60000::int8`.as('start_ms'),
          sql<string>`'seg_' || n || ${id}::text`.as('id'),
          sql<number>`${orderedMs}::int8 + (n + 1) * 60000::int8`.as('end_ms'),
          sql<string>`${volume.id}`.as('volume_id'),
          sql<string>`'path' || n`.as('path'),
          sql<string>`'run'`.as('run'),
          sql<number>`0`.as('start_ticks'),
          sql<number>`5400000`.as('duration_ticks'),
          sql<number>`1000`.as('bytes'),
          sql<number>`120`.as('parts'),
          sql<number>`1500`.as('pictures'),
          sql<string>`'avc1.640028'`.as('codec'),
          sql<number>`1920`.as('width'),
          sql<number>`1080`.as('height'),
          sql<number>`0`.as('packets_lost'),
          sql<number>`0`.as('damaged_pictures'),
          sql<Uint8Array>`decode(repeat('ab', 32), 'hex')`.as('digest'),
        ]),
    )
    .execute();
  await sql`analyze segment`.execute(db.kysely);
  await using keeper = await keeperOn(db, [{ id, orderedMs }]);
  const at = { db, keeper, clock: systemClock };
  const beganMs = performance.now();
  const { spans } = await timeline(
    at,
    { id, orderedMs },
    { fromMs: orderedMs, toMs: orderedMs + 31 * dayMs },
  );
  const tookMs = performance.now() - beganMs;
  assert.equal(spans.length, 1);
  // 60 ms on a quiet machine; the bound is for a busy one, where a scan of all rows would take many seconds.
  assert.ok(tookMs < promisedMs(3_000), `${tookMs} ms`);
});
