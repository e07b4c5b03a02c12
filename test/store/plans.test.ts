/** The hot queries touch only the days and indexes that they must: their plans, without figures, as a golden file. */
import { test } from 'node:test';
import { CompiledQuery, type Kysely, sql } from 'kysely';
import { newId } from '../../src/base/index.ts';
import type { Tables } from '../../src/db/index.ts';
import { calendarQuery } from '../../src/store/calendar.ts';
import { candidatesQuery } from '../../src/store/gap-search.ts';
import { makeDays } from '../../src/store/index.ts';
import { islandsQuery } from '../../src/store/segments.ts';
import { gapRows } from '../../src/store/timeline.ts';
import { testDatabase } from '../support/database.ts';
import { golden } from '../support/golden.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const fromMs = Date.UTC(2026, 9, 10);
const days = 10;

async function fill(db: Kysely<Tables>): Promise<string[]> {
  const cameras = Array.from({ length: 40 }, () => newId('cam')).sort();
  await sql`insert into site (id, name, name_folded, time_zone, created) values ('site', 'site', 'site', 'UTC', now())`.execute(
    db,
  );
  await sql`insert into volume (id, path, created) values ('footage', '/nowhere', now())`.execute(db);
  await sql`
    insert into camera (id, site_id, name, name_folded, url, transport, ordered_ms, created)
    select id, 'site', id, id, 'rtsp://camera/', 'auto', 0, now() from unnest(${cameras}::text[]) as id
  `.execute(db);
  await makeDays(
    db,
    Array.from({ length: days }, (_, day) => fromMs + day * dayMs),
  );
  await sql`
    insert into segment (camera_id, stream, start_ms, id, end_ms, volume_id, path, run, start_ticks, duration_ticks, bytes,
      parts, pictures, codec, width, height, packets_lost, damaged_pictures, digest)
    select camera, 'main', at, 'seg_' || camera || at, at + 300000, 'footage', '', 'run', 0, 1, 1, 1, 1, 'avc1', 1, 1, 0, 0,
      sha256('x')
    from unnest(${cameras}::text[]) as camera,
      generate_series(${fromMs}::int8, ${fromMs + days * dayMs - 1}::int8, 300000::int8) as at
  `.execute(db);
  await sql`
    insert into gap (id, camera_id, from_ms, to_ms, cause)
    select 'gap_' || camera || at, camera, at, at + 1000, 'unreachable'
    from unnest(${cameras}::text[]) as camera,
      generate_series(${fromMs}::int8, ${fromMs + days * dayMs - 1}::int8, 3600000::int8) as at
  `.execute(db);
  await sql`
    insert into ledger (at, actor, from_address, action, outcome)
    select now(), 'system', 'local', case when nr % 100 = 0 then 'camera.pause' else 'segment.stored' end, 'done'
    from generate_series(1, 20000) as nr
  `.execute(db);
  for (const table of ['ledger', 'segment', 'gap', 'recorded_day', 'camera', 'volume'])
    await sql`vacuum analyze ${sql.table(table)}`.execute(db);
  return cameras;
}

/** The same index either way: which of the two depends on how far a vacuum has come. */
const pagesNotYetVisible =
  /Bitmap Heap Scan on recorded_day\n +-> {2}Bitmap Index Scan on recorded_day_pkey/g;
const oneWay = 'Index Only Scan using recorded_day_pkey on recorded_day';

/** Which way it goes, through which index, to which days; no costs and no values, which are another run's. */
async function planOf(
  db: Kysely<Tables>,
  query: { compile(db: Kysely<Tables>): CompiledQuery<unknown> },
): Promise<string[]> {
  const { sql: text, parameters } = query.compile(db);
  const { rows } = await db.executeQuery<{ 'QUERY PLAN': string }>(
    CompiledQuery.raw(`explain (costs off) ${text}`, [...parameters]),
  );
  return rows
    .map((row) => row['QUERY PLAN'])
    .filter((line) => /->|Scan|Sub|Init|CTE/.test(line) && !/Cond:|Filter:|Key:|Window:/.test(line))
    .map((line) => `  ${line.trimEnd()}`);
}

test('the hot queries touch only what they must', async () => {
  await using db = await testDatabase();
  const { kysely } = db;
  const cameras = await fill(kysely);
  const camera = cameras[7] as string;
  const day = { fromMs: fromMs + 4 * dayMs, toMs: fromMs + 5 * dayMs };
  const hour = { fromMs: day.fromMs + 5 * hourMs, toMs: day.fromMs + 6 * hourMs };
  const queries = {
    'spans of a camera for a day': islandsQuery([camera], day),
    'gaps of a camera for a day': gapRows(kysely, [camera], day),
    'calendar of a camera': calendarQuery(kysely, [camera], '2026-10'),
    'cameras that may have gaps in an hour': candidatesQuery({ ...hour, limit: 100 }, 0),
    'a segment by its id, which holds its time': sql`
      select path from segment where id = ${'seg_x'} and start_ms between ${hour.fromMs}::int8 and ${hour.fromMs + 120_000}::int8`,
    'the ledger of one action': sql`
      select * from ledger where action = 'camera.configure' and action <> 'segment.stored' order by seq desc limit 101`,
    'the ledger of what was refused': sql`
      select * from ledger where outcome = 'refused' and action <> 'segment.stored' order by seq desc limit 101`,
    'the ledger without single segments': sql`
      select * from ledger where seq < ${19_000}::int8 and action <> 'segment.stored' order by seq desc limit 101`,
  };
  const text: string[] = [];
  for (const [name, query] of Object.entries(queries)) {
    const plan = await planOf(kysely, query as Parameters<typeof planOf>[1]);
    text.push(name, ...plan, '');
  }
  golden('query-plans.txt', text.join('\n').replace(pagesNotYetVisible, oneWay));
});
