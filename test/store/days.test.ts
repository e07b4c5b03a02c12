/** The index in days: made when footage needs them, dropped when nothing is left, counted as the rows come and go. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import { newId, noLog, systemClock } from '../../src/base/index.ts';
import type { Database } from '../../src/db/index.ts';
import type { SegmentFacts } from '../../src/engine/index.ts';
import { list } from '../../src/ledger/index.ts';
import {
  calendar,
  calendarOf,
  camerasWithGaps,
  Days,
  daysOf,
  dropEmptyDays,
  Keeper,
  listDays,
  makeDays,
  recountDays,
  timeline,
} from '../../src/store/index.ts';
import { testDatabase } from '../support/database.ts';

const volume = { id: 'footage', path: '/nowhere' };
const dayMs = 86_400_000;
const midnightMs = Date.UTC(2026, 9, 20);

async function seed(db: Database, options: { zone?: string; cameras?: number } = {}) {
  const created = new Date(midnightMs);
  const site = newId('site');
  const time_zone = options.zone ?? 'Asia/Shanghai';
  await db.kysely
    .insertInto('site')
    .values({ id: site, name: site, name_folded: site, address: '', time_zone, created })
    .execute();
  const ids = Array.from({ length: options.cameras ?? 1 }, () => newId('cam')).sort();
  for (const id of ids)
    await db.kysely
      .insertInto('camera')
      .values({
        ...{ id, site_id: site, name: id, name_folded: id, url: 'rtsp://h/', transport: 'auto' },
        ...{ user_name: '', sub_url: null, password_sealed: null, sub_user_name: null },
        ...{ sub_password_sealed: null, sound_basis: null, paused_at: null, paused_by: null },
        ...{ paused_reason: null, retired_at: null, retired_by: null, retired_reason: null },
        ...{ ordered_ms: 0, created },
      })
      .execute();
  await db.kysely
    .insertInto('volume')
    .values({ ...volume, created })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return { site, ids, id: ids[0] as string };
}

function segment(
  cameraId: string,
  startMs: number,
  endMs: number,
  stream: 'main' | 'sub' = 'main',
): SegmentFacts {
  const id = newId('seg', startMs);
  return {
    ...{ id, cameraId, stream, volumeId: volume.id, path: `${cameraId}.${stream}/${id}` },
    ...{ startMs, endMs, startTicks: 0, durationTicks: (endMs - startMs) * 90, run: 'run', bytes: 1000 },
    ...{ parts: 2, pictures: 50, width: 640, height: 360, packetsLost: 0, damagedPictures: 0 },
    ...{ codec: 'avc1.640028', digest: 'ab'.repeat(32) },
  };
}

const keeperOn = (db: Database) => new Keeper({ db, clock: systemClock, log: noLog, volume });

async function store(db: Database, segments: readonly SegmentFacts[], recovered = false): Promise<void> {
  await using keeper = keeperOn(db);
  for (const one of segments) keeper.closed(one, recovered);
  assert.ok(await keeper.written(20_000));
}

const rowsOf = async (db: Database) =>
  db.kysely.selectFrom('segment').select(['id', 'path']).orderBy('start_ms').orderBy('id').execute();

test('footage of any day finds its day, made by as many at once as come', async () => {
  await using db = await testDatabase();
  const { ids } = await seed(db, { cameras: 4 });
  await Promise.all(
    ids.map((id) =>
      store(
        db,
        Array.from({ length: 5 }, (_, day) =>
          segment(id, midnightMs - day * dayMs, midnightMs - day * dayMs + 60_000),
        ),
        true,
      ),
    ),
  );
  const { rows } = await sql<{ day: string; n: number }>`
    select tableoid::regclass::text as day, count(*)::int as n from segment group by 1 order by 1`.execute(
    db.kysely,
  );
  assert.deepEqual(
    rows.map(({ day, n }) => [day, n]),
    ['16', '17', '18', '19', '20'].map((day) => [`segment_202610${day}`, 4]),
  );
});

test('a row of no day is refused by the database, never taken by a day for all the rest', async () => {
  await using db = await testDatabase();
  await seed(db);
  await makeDays(db.kysely, [midnightMs]);
  const { rows } = await sql<{ partdefid: number }>`
    select partdefid::int from pg_partitioned_table where partrelid = 'segment'::regclass`.execute(db.kysely);
  assert.deepEqual(rows, [{ partdefid: 0 }]);
});

test('a day is dropped when it is over and nothing is left of it, and made again when footage of it is found', async () => {
  await using db = await testDatabase();
  const { id } = await seed(db);
  await using keeper = keeperOn(db);
  const old = segment(id, midnightMs, midnightMs + 60_000);
  const kept = segment(id, midnightMs + dayMs, midnightMs + dayMs + 60_000);
  for (const one of [old, kept]) keeper.closed(one, false);
  assert.ok(await keeper.written(20_000));
  const names = async () => (await listDays(db.kysely)).map(({ name }) => name);
  assert.deepEqual(await dropEmptyDays(db.kysely, midnightMs + 9 * dayMs), []);
  await db.kysely.deleteFrom('segment').where('id', '=', old.id).execute();
  assert.deepEqual(await dropEmptyDays(db.kysely, midnightMs + dayMs / 2), [], 'the day is not over');
  assert.deepEqual(await dropEmptyDays(db.kysely, midnightMs + 9 * dayMs), ['segment_20261020']);
  assert.deepEqual(await names(), ['segment_20261021']);
  const back = segment(id, midnightMs + 120_000, midnightMs + 180_000);
  keeper.closed(back, true);
  assert.ok(await keeper.written(20_000));
  assert.deepEqual(
    await rowsOf(db),
    [back, kept].map(({ id, path }) => ({ id, path })),
  );
});

test('days are made ahead of the clock', async () => {
  await using db = await testDatabase();
  await seed(db);
  const nowMs = Date.UTC(2031, 0, 30, 23);
  const clock = { ...systemClock, wallMs: () => nowMs };
  await using days = new Days({ db, clock, log: noLog });
  await days.turn();
  assert.deepEqual(
    (await listDays(db.kysely)).map(({ name }) => name),
    ['segment_20310130', 'segment_20310131', 'segment_20310201'],
  );
});

test('one id is one file: another file of the same id is named and changes nothing', async () => {
  await using db = await testDatabase();
  const { id } = await seed(db);
  const first = segment(id, midnightMs, midnightMs + 60_000);
  const copy = { ...first, path: `${first.path}-copy`, digest: 'cd'.repeat(32) };
  const timeless = {
    ...segment(id, midnightMs, midnightMs + 60_000),
    startMs: midnightMs + 3_600_000,
    endMs: midnightMs + 3_660_000,
  };
  const said: object[] = [];
  const log = { ...noLog, error: (what: object) => said.push(what) } as typeof noLog;
  const lost: unknown[] = [];
  await using keeper = new Keeper({ db, clock: systemClock, log, volume });
  keeper.onSurveyNeeded((needed) => lost.push(needed));
  for (const one of [first, copy, first, timeless]) keeper.closed(one, true);
  assert.ok(await keeper.written(20_000));
  keeper.closed(copy, true);
  assert.ok(await keeper.written(20_000));
  assert.deepEqual(await rowsOf(db), [{ id: first.id, path: first.path }]);
  const { volumeId } = first;
  const taken = {
    id: first.id,
    path: copy.path,
    volumeId,
    why: 'id-is-taken',
    taken: { path: first.path, volumeId },
  };
  assert.deepEqual(
    said.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))),
    [taken, taken, { id: timeless.id, path: timeless.path, volumeId, why: 'id-has-another-time' }].toSorted(
      (a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)),
    ),
  );
  assert.deepEqual(lost, [], 'nothing is looked up again for a file that is none of ours');
});

test('a stored segment has one entry in the ledger, which is shown when it is asked for', async () => {
  await using db = await testDatabase();
  const { id } = await seed(db);
  const one = segment(id, midnightMs, midnightMs + 60_000);
  await store(db, [one, one]);
  await store(db, [one], true);
  const all = await list(db.kysely, { limit: 10, segments: true });
  assert.deepEqual(
    all.items.map(({ action, actor, subject_kind, subject_id, detail }) => ({
      action,
      actor,
      subject_kind,
      subject_id,
      detail,
    })),
    [
      {
        action: 'segment.stored',
        actor: 'system',
        subject_kind: 'segment',
        subject_id: one.id,
        detail: {
          ...{ camera: id, stream: 'main', from: '2026-10-20T00:00:00.000Z', to: '2026-10-20T00:01:00.000Z' },
          ...{ bytes: 1000, digest: one.digest, volume: volume.id, path: one.path },
        },
      },
    ],
  );
  assert.equal((await list(db.kysely, { limit: 10 })).items.length, 0);
  assert.equal((await list(db.kysely, { limit: 10, action: 'segment.stored' })).items.length, 1);
  assert.equal((await list(db.kysely, { limit: 10, subject: one.id })).items.length, 1);
});

/** What is counted, by day. */
const counts = async (db: Database, cameraId: string) => {
  const rows = await db.kysely
    .selectFrom('recorded_day')
    .select([sql<string>`day::text`.as('day'), 'recorded_ms', 'lost_ms', 'segments', 'bytes'])
    .where('camera_id', '=', cameraId)
    .orderBy('day')
    .execute();
  return rows.map(({ day, recorded_ms, lost_ms, segments, bytes }) => [
    day,
    recorded_ms,
    lost_ms,
    segments,
    bytes,
  ]);
};

test('a day counts what began in it, and of a segment over midnight each day its part', async () => {
  await using db = await testDatabase();
  const { id } = await seed(db, { zone: 'Asia/Shanghai' });
  const localMidnight = midnightMs + 16 * 3_600_000;
  const over = segment(id, localMidnight - 20_000, localMidnight + 40_000);
  await store(db, [over, segment(id, localMidnight - 5_000, localMidnight + 5_000, 'sub')]);
  assert.deepEqual(await counts(db, id), [
    ['2026-10-20', 20_000, 0, 2, 2000],
    ['2026-10-21', 40_000, 0, 0, 0],
  ]);
  const ofIt = db.kysely.updateTable('segment').where('id', '=', over.id);
  await ofIt.set({ condition: 'missing' }).execute();
  assert.deepEqual(await counts(db, id), [['2026-10-20', 0, 0, 2, 2000]]);
  await ofIt.set({ condition: 'good' }).execute();
  await ofIt.set({ path: 'elsewhere' }).execute();
  await db.kysely.deleteFrom('segment').where('stream', '=', 'sub').execute();
  assert.deepEqual(await counts(db, id), [
    ['2026-10-20', 20_000, 0, 1, 1000],
    ['2026-10-21', 40_000, 0, 0, 0],
  ]);
  await db.kysely.deleteFrom('segment').execute();
  assert.deepEqual(await counts(db, id), []);
});

test('a site in another zone has other days: they are counted anew, and right before and after', async () => {
  await using db = await testDatabase();
  const { id, site } = await seed(db, { zone: 'Asia/Shanghai' });
  const startMs = midnightMs + 15 * 3_600_000;
  await store(
    db,
    Array.from({ length: 120 }, (_, i) => segment(id, startMs + i * 60_000, startMs + (i + 1) * 60_000)),
  );
  await using keeper = keeperOn(db);
  const at = { db, keeper, clock: systemClock };
  const read = async (zone: string) =>
    (await calendar(at, { id, orderedMs: startMs }, '2026-10', zone))
      .slice(0, 2)
      .map(({ day, seconds }) => [day, seconds]);
  const inShanghai = [
    ['2026-10-20', 3600],
    ['2026-10-21', 3600],
  ];
  const inBerlin = [
    ['2026-10-20', 7200],
    ['2026-10-21', 0],
  ];
  assert.deepEqual(await read('Asia/Shanghai'), inShanghai);
  assert.deepEqual(await read('Europe/Berlin'), inBerlin);
  await db.kysely.updateTable('site').set({ time_zone: 'Europe/Berlin' }).where('id', '=', site).execute();
  assert.deepEqual(await read('Europe/Berlin'), inBerlin, 'computed as long as it is not counted');
  assert.equal(await recountDays(db.kysely), 1);
  assert.equal(await recountDays(db.kysely), 0);
  assert.deepEqual(await counts(db, id), [['2026-10-20', 7_200_000, 0, 120, 120_000]]);
  assert.deepEqual(await read('Europe/Berlin'), inBerlin);
  assert.deepEqual(await read('Asia/Shanghai'), inShanghai);
  await db.kysely.updateTable('site').set({ time_zone: 'Nowhere/City' }).where('id', '=', site).execute();
  await recountDays(db.kysely);
  await store(db, [segment(id, startMs + dayMs, startMs + dayMs + 60_000)]);
  assert.equal(
    await recountDays(db.kysely),
    0,
    'a zone that the database does not know keeps no footage out',
  );
});

test('what is counted is what the rows say, after any history of them', async () => {
  await using db = await testDatabase();
  const act = fc.record({
    what: fc.constantFrom('add', 'add', 'add', 'lose', 'find', 'delete', 'zone', 'gap'),
    camera: fc.integer({ min: 0, max: 1 }),
    atS: fc.integer({ min: 0, max: 3 * 86_400 }),
    lengthS: fc.integer({ min: 1, max: 7_200 }),
    stream: fc.constantFrom('main' as const, 'sub' as const),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 25 }), async (acts) => {
      const { ids, site } = await seed(db, { cameras: 2, zone: 'Europe/Berlin' });
      const fromMs = Date.UTC(2026, 9, 24); // The clock is set back in the night to the 25th.
      let zones = 0;
      for (const { what, camera, atS, lengthS, stream } of acts) {
        const id = ids[camera] as string;
        const startMs = fromMs + atS * 1000;
        if (what === 'add') await store(db, [segment(id, startMs, startMs + lengthS * 1000, stream)]);
        if (what === 'lose' || what === 'find')
          await db.kysely
            .updateTable('segment')
            .set({ condition: what === 'lose' ? 'missing' : 'good' })
            .where('camera_id', '=', id)
            .where('start_ms', '<', startMs)
            .execute();
        if (what === 'delete')
          await db.kysely
            .deleteFrom('segment')
            .where('camera_id', '=', id)
            .where('start_ms', '<', startMs)
            .execute();
        if (what === 'gap') {
          await using keeper = keeperOn(db);
          await keeper.load([{ id, orderedMs: 0 }]);
          keeper.tell(id, {
            kind: 'passed',
            fromMs: startMs,
            toMs: startMs + lengthS * 10,
            cause: 'network-loss',
            detail: {},
          });
          assert.ok(await keeper.written(20_000));
        }
        if (what === 'zone') {
          const time_zone = ['Asia/Shanghai', 'America/St_Johns', 'UTC', 'Europe/Berlin'][
            zones++ % 4
          ] as string;
          await db.kysely.updateTable('site').set({ time_zone }).where('id', '=', site).execute();
          await recountDays(db.kysely);
        }
      }
      for (const id of ids) {
        const kept = (await counts(db, id)).filter(([, ms, , segments]) => ms !== 0 || segments !== 0);
        await sql`select recount_recorded(${id})`.execute(db.kysely);
        const anew = (await counts(db, id)).filter(([, ms, , segments]) => ms !== 0 || segments !== 0);
        // Of a day that went altogether the pictures that were lost in it went too.
        const withoutLost = (rows: typeof kept) =>
          rows.map(([day, ms, , segments, bytes]) => [day, ms, segments, bytes]);
        assert.deepEqual(withoutLost(kept), withoutLost(anew));
      }
      await db.kysely.deleteFrom('segment').execute();
    }),
    { numRuns: 25 },
  );
});

test('the calendar that is counted is the one that is computed, on the days of 25 and of 23 hours too', async () => {
  await using db = await testDatabase();
  await calendarAgrees(db, {
    month: '2026-10',
    orderedMs: Date.UTC(2026, 9, 24, 20),
    days: [24, 25, 26],
    hours: 25,
  });
  await calendarAgrees(db, {
    month: '2026-03',
    orderedMs: Date.UTC(2026, 2, 28, 20),
    days: [28, 29, 30],
    hours: 23,
  });
});

async function calendarAgrees(
  db: Parameters<typeof keeperOn>[0],
  { month, orderedMs, days, hours }: { month: string; orderedMs: number; days: number[]; hours: number },
) {
  const { id } = await seed(db, { zone: 'Europe/Berlin' });
  const startOf = (minute: number) => orderedMs + minute * 60_000;
  const isThere = (minute: number) => minute % 500 !== 7;
  const all = Array.from({ length: 2_000 }, (_, minute) => minute).filter(isThere);
  await store(
    db,
    all.map((minute) => segment(id, startOf(minute), startOf(minute + 1))),
  );
  await using keeper = keeperOn(db);
  const nowMs = startOf(2_000);
  const at = { db, keeper, clock: { ...systemClock, wallMs: () => nowMs } };
  const kept = await calendar(at, { id, orderedMs }, month, 'Europe/Berlin');
  await db.kysely
    .updateTable('recorded_zone')
    .set({ time_zone: 'UTC' })
    .where('camera_id', '=', id)
    .execute();
  const computed = await calendar(at, { id, orderedMs }, month, 'Europe/Berlin');
  assert.deepEqual(
    kept.map(({ day, seconds, gaps }) => [day, seconds, gaps > 0]),
    computed.map(({ day, seconds, gaps }) => [day, seconds, gaps > 0]),
  );
  assert.deepEqual(
    kept.map(({ day }) => day),
    days.map((day) => `${month}-${day}`),
  );
  // The day on which the clock changes: every minute of it, less those that are not there.
  const [, changed] = daysOf(month, 'Europe/Berlin').filter(({ day }) => days.includes(Number(day.slice(8))));
  assert.equal(changed!.toMs - changed!.fromMs, hours * 3_600_000);
  const inDay = (minute: number) => startOf(minute) >= changed!.fromMs && startOf(minute) < changed!.toMs;
  assert.equal(kept[1]?.seconds, 60 * all.filter(inDay).length);
  const [calendars] = await calendarOf(db, [id], month);
  assert.deepEqual(
    calendars?.days,
    kept.map(({ day, seconds }) => [Number(day.slice(8)), seconds]),
  );
}

test('the cameras with gaps in an hour are those whose timeline has them, page by page', async () => {
  await using db = await testDatabase();
  const spans = fc.array(
    fc.record({ atS: fc.integer({ min: -1200, max: 3_700 }), lengthS: fc.integer({ min: 1, max: 2_000 }) }),
    { maxLength: 6 },
  );
  const told = fc.array(
    fc.record({ atS: fc.integer({ min: -600, max: 3_700 }), lengthS: fc.integer({ min: 1, max: 900 }) }),
    { maxLength: 2 },
  );
  const camera = fc.record({ isWhole: fc.boolean(), spans, told });
  const fromMs = midnightMs + 5 * 3_600_000;
  const hour = { fromMs, toMs: fromMs + 3_600_000 };
  await fc.assert(
    fc.asyncProperty(fc.array(camera, { minLength: 1, maxLength: 6 }), async (cameras) => {
      const { ids, site } = await seed(db, { cameras: cameras.length });
      await using keeper = keeperOn(db);
      await keeper.load(ids.map((id) => ({ id, orderedMs: 0 })));
      for (const [index, one] of cameras.entries()) {
        const id = ids[index] as string;
        const whole = Array.from({ length: 70 }, (_, minute) => ({ atS: (minute - 3) * 60, lengthS: 60 }));
        for (const { atS, lengthS } of one.isWhole ? whole : one.spans)
          keeper.closed(segment(id, fromMs + atS * 1000, fromMs + (atS + lengthS) * 1000), true);
        for (const { atS, lengthS } of one.told)
          keeper.tell(id, {
            kind: 'passed',
            fromMs: fromMs + atS * 1000,
            toMs: fromMs + (atS + lengthS) * 1000,
            cause: 'network-loss',
            detail: {},
          });
      }
      assert.ok(await keeper.written(20_000));
      const at = { db, keeper, clock: systemClock };
      const found: string[] = [];
      for (let after: string | undefined; ; ) {
        const page = await camerasWithGaps(at, { ...hour, siteId: site, after, limit: 2 });
        found.push(...page.items.map(({ cameraId }) => cameraId));
        after = page.next;
        if (after === undefined) break;
      }
      const expected: string[] = [];
      for (const id of ids) {
        const { gaps } = await timeline(at, { id, orderedMs: 0 }, hour);
        if (gaps.length > 0) expected.push(id);
      }
      assert.deepEqual(found, expected);
    }),
    { numRuns: 25 },
  );
});
