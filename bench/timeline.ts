/**
 * timeline.day_ms, timeline.calendar_ms, timeline.gaps_ms: ten million segments of 500 cameras, a minute each, in an
 * embedded PostgreSQL of its own; read through the functions that the API uses. Gaps are told where a minute is
 * missing, about one in 700. BENCH_SEGMENTS makes it smaller.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Kysely, sql } from 'kysely';
import { newId, noLog, systemClock } from '../src/base/index.ts';
import { type Database, openDatabase, type Tables } from '../src/db/index.ts';
import { calendarOf, camerasWithGaps, Keeper, makeDays, timeline } from '../src/store/index.ts';
import { percentile, say, tell } from './support/report.ts';

const wanted = Number(process.env.BENCH_SEGMENTS ?? 10_000_000);
const recorded = 500;
/** The calendar is asked of twice as many cameras; those without segments have counted days all the same. */
const counted = 1_000;
const rounds = Number(process.env.BENCH_ROUNDS ?? 200);
const dayMs = 86_400_000;
const hourMs = 3_600_000;
const minuteMs = 60_000;

const minutes = Math.ceil(wanted / recorded);
const endMs = Math.floor(Date.now() / dayMs) * dayMs;
const startMs = endMs - Math.ceil(minutes / 1_440) * dayMs;

/** The same places at every run. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
}

async function addCameras(db: Kysely<Tables>): Promise<string[]> {
  await sql`insert into site (id, name, name_folded, address, time_zone, created) values ('site', 'site', 'site', '', 'UTC', now())`.execute(
    db,
  );
  await sql`insert into volume (id, path, created) values ('footage', '/nowhere', now())`.execute(db);
  const ids = Array.from({ length: counted }, () => newId('cam')).sort();
  await sql`
    insert into camera (id, site_id, name, name_folded, url, transport, ordered_ms, created)
    select id, 'site', id, id, 'rtsp://camera/', 'auto', case when nr <= ${recorded} then ${startMs}::int8 else ${endMs}::int8 end, now()
    from unnest(${ids}::text[]) with ordinality as one (id, nr)
  `.execute(db);
  return ids;
}

/**
 * Into the day's own table and without the checks of single rows, as whoever restores a backup does. The calendar is
 * counted afterwards, for all rows at once.
 */
async function loadDay(db: Kysely<Tables>, cameras: readonly string[], fromMs: number): Promise<number> {
  const part = `segment_${new Date(fromMs).toISOString().slice(0, 10).replaceAll('-', '')}`;
  const count = Math.min(1_440, minutes - (fromMs - startMs) / minuteMs);
  return db.connection().execute(async (one) => {
    await sql`set session_replication_role = replica`.execute(one);
    const { numAffectedRows } = await sql`
      insert into ${sql.table(part)} (camera_id, stream, start_ms, id, end_ms, volume_id, path, run, start_ticks,
        duration_ticks, bytes, parts, pictures, codec, width, height, packets_lost, damaged_pictures, digest)
      select camera, 'main', at, 'seg_' || lpad(to_hex(at), 10, '0') || substr(md5(camera || at), 1, 12), at + ${minuteMs},
        'footage', camera || '.main/' || ${part.slice(8)} || '/' || at || '-' || substr(md5(camera || at), 1, 22),
        'run_' || substr(md5(camera), 1, 22), minute * 5400000, 5400000, 15000000 + hash % 1000000, 120, 1500,
        'avc1.640028', 1920, 1080, 0, 0, sha256(convert_to(camera || at, 'UTF8'))
      from unnest(${cameras.slice(0, recorded)}::text[]) as camera,
        lateral (select minute, ${fromMs}::int8 + minute * ${minuteMs}::int8 as at from generate_series(0::int8, ${count - 1}::int8) as minute) as times,
        lateral (select abs(hashtext(camera || at)::int8) as hash) as hashed
      where hash % 700 <> 0
    `.execute(one);
    await sql`set session_replication_role = default`.execute(one);
    return Number(numAffectedRows ?? 0);
  });
}

/** Two days at a time, for two processors. */
async function load(db: Kysely<Tables>, cameras: readonly string[]): Promise<number> {
  const days = Array.from({ length: Math.ceil(minutes / 1_440) }, (_, day) => startMs + day * dayMs);
  await makeDays(db, days);
  let [rows, done] = [0, 0];
  const worker = async () => {
    for (let day = days.shift(); day !== undefined; day = days.shift()) {
      const loaded = await loadDay(db, cameras, day);
      rows += loaded;
      say(`${++done} days loaded, ${rows} segments`);
    }
  };
  await Promise.all([worker(), worker()]);
  await addGapsAndCounts(db, cameras);
  for (const table of ['segment', 'gap', 'recorded_day', 'camera'])
    await sql`vacuum analyze ${sql.table(table)}`.execute(db);
  return rows;
}

async function addGapsAndCounts(db: Kysely<Tables>, cameras: readonly string[]): Promise<void> {
  await sql`
    insert into gap (id, camera_id, from_ms, to_ms, cause, detail)
    select 'gap_' || substr(md5(camera || at), 1, 22), camera, at, at + ${minuteMs}, 'unreachable', '{"problem": "timeout"}'
    from unnest(${cameras.slice(0, recorded)}::text[]) as camera,
      lateral (select ${startMs}::int8 + minute * ${minuteMs}::int8 as at from generate_series(0::int8, ${minutes - 1}::int8) as minute) as times
    where abs(hashtext(camera || at)::int8) % 700 = 0
  `.execute(db);
  say('gaps told; counting the calendar');
  await sql`insert into recorded_zone select id, 'UTC' from camera`.execute(db);
  await sql`
    insert into recorded_day
    select camera_id, (to_timestamp(start_ms / 1000) at time zone 'UTC')::date, sum(end_ms - start_ms), 0, count(*), sum(bytes)
    from segment group by 1, 2
  `.execute(db);
  await sql`
    insert into recorded_day
    select camera, day::date, 86000000, 0, 1440, 21600000000
    from unnest(${cameras}::text[]) as camera,
      generate_series(to_timestamp(${endMs / 1000}::float8 - 40 * 86400), to_timestamp(${endMs / 1000}::float8 - 86400), interval '1 day') as day
    on conflict do nothing
  `.execute(db);
}

/** The counting by hand above is the one that the triggers do: else the calendar would be measured on other rows. */
async function checkCounts(db: Kysely<Tables>, camera: string): Promise<void> {
  const read = async () =>
    (
      await sql`select day::text, recorded_ms, segments, bytes from recorded_day where camera_id = ${camera}
      and day >= to_timestamp(${startMs / 1000}::float8)::date order by day`.execute(db)
    ).rows;
  const before = await read();
  const beganMs = performance.now();
  await sql`select recount_recorded(${camera})`.execute(db);
  say(`counting one camera anew took ${Math.round(performance.now() - beganMs)} ms`);
  if (JSON.stringify(before) !== JSON.stringify(await read()))
    throw new Error('the counts are not those of the rows');
}

interface Place {
  readonly db: Database;
  readonly keeper: Keeper;
  readonly clock: typeof systemClock;
  readonly cameras: readonly string[];
  readonly segments: number;
}

async function measure(
  place: Place,
  metric: string,
  mustMs: number,
  work: (random: (below: number) => number) => Promise<number>,
): Promise<void> {
  const random = randomFrom(20_261_122);
  for (let i = 0; i < 20; i++) await work(random);
  const times: number[] = [];
  let found = 0;
  for (let i = 0; i < rounds; i++) {
    const beganMs = performance.now();
    found += await work(random);
    times.push(performance.now() - beganMs);
  }
  const p95 = percentile(times, 95);
  tell({
    ...{ metric, unit: 'ms', ours: p95, p50: percentile(times, 50), p95 },
    at: {
      segments: place.segments,
      cameras: metric.includes('calendar') ? counted : recorded,
      found: Math.round(found / rounds),
    },
    ...{ must: `p95 ≤ ${mustMs} ms`, reached: p95 <= mustMs },
  });
}

async function measureAll(place: Place): Promise<void> {
  const { db, cameras } = place;
  const days = Math.floor(minutes / 1_440);
  await measure(place, 'timeline.day_ms', 10, async (random) => {
    const fromMs = startMs + random(days) * dayMs;
    const camera = { id: cameras[random(recorded)] as string, orderedMs: startMs };
    return (await timeline(place, camera, { fromMs, toMs: fromMs + dayMs })).spans.length;
  });
  const month = new Date(endMs - 2 * dayMs).toISOString().slice(0, 7);
  await measure(place, 'timeline.calendar_ms', 50, async () => {
    const months = await calendarOf(db, cameras, month);
    return months.reduce((sum, one) => sum + one.days.length, 0);
  });
  await measure(place, 'timeline.gaps_ms', 50, async (random) => {
    const fromMs = startMs + random(days * 24) * hourMs;
    return (await camerasWithGaps(place, { fromMs, toMs: fromMs + hourMs, limit: 100 })).items.length;
  });
}

const dataDir = mkdtempSync(join(tmpdir(), 'custos-bench-timeline-'));
try {
  await using db = await openDatabase({ dataDir, log: noLog, clock: systemClock });
  const beganMs = performance.now();
  const cameras = await addCameras(db.kysely);
  const segments = await load(db.kysely, cameras);
  say(`${segments} segments in ${Math.round((performance.now() - beganMs) / 1000)} s`);
  await checkCounts(db.kysely, cameras[0] as string);
  await using keeper = new Keeper({
    db,
    clock: systemClock,
    log: noLog,
    volume: { id: 'footage', path: '/nowhere' },
  });
  await measureAll({ db, keeper, clock: systemClock, cameras, segments });
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
