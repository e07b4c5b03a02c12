/**
 * Days of the calendar: how much of each is recorded. The days of a camera in its site's zone are counted while rows
 * come and go (`recorded_day`); only the days of another zone are computed, from the timeline.
 */
import { type Kysely, sql } from 'kysely';
import type { Database, Tables } from '../db/index.ts';
import { clip, type Gap, merge, type Span } from './cover.ts';
import { lostRingSpans } from './key-rings.ts';
import {
  awayIn,
  type CameraTime,
  covered,
  daysOf,
  gapsIn,
  recordedWindow,
  type StoreAt,
  volumesAway,
} from './timeline.ts';

export interface CalendarDay {
  /** ISO date in the zone. */
  readonly day: string;
  readonly seconds: number;
  /** Of them what lies where nothing can be read now. */
  readonly awaySeconds: number;
  readonly gaps: number;
}

type NamedDay = { readonly day: string } & Span;

/** Each day of a month as the zone has it: 23, 24 or 25 hours. Days without footage and without gaps are left out. */
export async function calendar(
  at: StoreAt,
  camera: CameraTime,
  month: string,
  timeZone: string,
): Promise<CalendarDay[]> {
  const days = daysOf(month, timeZone);
  const whole = { fromMs: days[0]!.fromMs, toMs: days.at(-1)!.toMs };
  const window = await recordedWindow(at, camera, whole);
  const [counted, lost] = await Promise.all([
    countedDays(at.db.kysely, camera.id, month, timeZone),
    lostRingSpans(at.db.kysely),
  ]);
  // What is counted does not know of what cannot be read any more; the timeline does.
  const isCounted = counted && !lost.some((span) => span.fromMs < window.toMs && span.toMs > window.fromMs);
  const found = isCounted
    ? await fromCounts(at, camera, days, window, counted)
    : await fromTimeline(at, camera, days, window);
  return found.filter(({ seconds, gaps }) => seconds > 0 || gaps > 0);
}

async function fromTimeline(at: StoreAt, camera: CameraTime, days: readonly NamedDay[], window: Span) {
  const found = await covered(at, camera.id, window);
  const away = found.gaps.filter(isAway);
  const gaps = found.gaps.filter((gap) => !isAway(gap));
  return days.map(({ day, ...within }) => ({
    day,
    seconds: Math.round((lengthIn(found.spans, within) + lengthIn(away, within)) / 1000),
    awaySeconds: Math.round(lengthIn(away, within) / 1000),
    gaps: gaps.filter((gap) => gap.fromMs < within.toMs && gap.toMs > within.fromMs).length,
  }));
}

const isAway = (gap: Gap): boolean => gap.cause === 'bucket-away';

interface Counted {
  readonly recordedMs: number;
  readonly segments: number;
}

/** Null when the camera is counted in the days of another zone, or not yet. */
async function countedDays(
  db: Kysely<Tables>,
  cameraId: string,
  month: string,
  timeZone: string,
): Promise<Map<string, Counted> | null> {
  const zone = await db
    .selectFrom('recorded_zone')
    .select('time_zone')
    .where('camera_id', '=', cameraId)
    .executeTakeFirst();
  if (zone?.time_zone !== timeZone) return null;
  const rows = await daysQuery(db, [cameraId], month)
    .select([sql<string>`day::text`.as('day'), 'recorded_ms', 'lost_ms', 'segments'])
    .execute();
  return new Map(
    rows.map((row) => [
      row.day,
      { recordedMs: Math.max(0, row.recorded_ms - row.lost_ms), segments: row.segments },
    ]),
  );
}

const daysQuery = (db: Kysely<Tables>, cameraIds: readonly string[], month: string) =>
  db
    .selectFrom('recorded_day')
    .where(sql<boolean>`camera_id = any(${cameraIds}::text[])`)
    .where(sql<boolean>`day >= ${`${month}-01`}::date`)
    .where(sql<boolean>`day < (${`${month}-01`}::date + interval '1 month')::date`);

/** Files follow each other within a few milliseconds; what is missing beyond that has no cause that was told. */
const joinMs = 20;
const leastUntoldMs = 2_000;

async function fromCounts(
  at: StoreAt,
  camera: CameraTime,
  days: readonly NamedDay[],
  window: Span,
  counted: ReadonlyMap<string, Counted>,
): Promise<CalendarDay[]> {
  const told = (await gapsIn(at.db, [camera.id], window, at.clock.wallMs())).get(camera.id) ?? [];
  const fresh = freshSpans(at, camera.id);
  const away = merge(await awayIn(at.db, camera.id, window), 0);
  return days.map(({ day, ...whole }) => {
    const within = clip(whole, window);
    const { recordedMs, segments } = counted.get(day) ?? { recordedMs: 0, segments: 0 };
    const lengthMs = Math.max(0, within.toMs - within.fromMs);
    const keptMs = Math.min(lengthMs, recordedMs + lengthIn(fresh, within));
    const here = told.filter((gap) => gap.fromMs < within.toMs && gap.toMs > within.fromMs);
    const untoldMs = lengthMs - keptMs - toldMs(here, within);
    const isUntold = untoldMs > leastUntoldMs + joinMs * segments;
    return {
      ...{ day, seconds: Math.round(keptMs / 1000), gaps: here.length + (isUntold ? 1 : 0) },
      awaySeconds: Math.round(Math.min(keptMs, lengthIn(away, within)) / 1000),
    };
  });
}

/** Of segments whose rows are on the way. */
const freshSpans = ({ keeper }: StoreAt, cameraId: string): Span[] =>
  merge(
    keeper.freshOf(cameraId).map(({ startMs, endMs }) => ({ fromMs: startMs, toMs: endMs })),
    0,
  );

/** Those inside of segments are taken from what is recorded already, and are missing there all the same. */
function toldMs(gaps: readonly Gap[], within: Span): number {
  return lengthIn(merge(gaps, 0), within);
}

export interface CalendarOfCamera {
  readonly cameraId: string;
  /** Day of the month and recorded seconds. */
  readonly days: readonly (readonly [day: number, seconds: number])[];
  /** Days of which something lies where nothing can be read now. */
  readonly away: readonly number[];
}

/** A month of many cameras, each in the days of its own site; in the order in which they are asked for. */
export async function calendarOf(
  db: Database,
  cameraIds: readonly string[],
  month: string,
): Promise<CalendarOfCamera[]> {
  const rows = await calendarQuery(db.kysely, cameraIds, month).execute();
  const found = new Map(rows.map((row) => [row.camera_id, row.days]));
  const away = await awayDays(db.kysely, cameraIds, month);
  return cameraIds.map((cameraId) => ({
    ...{ cameraId, days: daysIn(found.get(cameraId) ?? '{}'), away: away.get(cameraId) ?? [] },
  }));
}

/**
 * Asked only while a volume is away: the first and the last file of each day. Footage moves oldest first, so that a day
 * of which anything is there begins or ends there.
 */
async function awayDays(
  db: Kysely<Tables>,
  cameraIds: readonly string[],
  month: string,
): Promise<Map<string, number[]>> {
  const [volumes, lost] = await Promise.all([volumesAway(db), lostRingSpans(db)]);
  if (volumes.length === 0 && lost.length === 0) return new Map();
  const ids = volumes.map(({ id }) => id);
  const end = (way: 'asc' | 'desc') => sql`
    select volume_id from (
      select volume_id from segment
      where segment.camera_id = found.camera_id and stream = 'main' and start_ms >= from_ms and start_ms < to_ms
      order by start_ms ${sql.raw(way)} limit 1
    ) as ${sql.raw(`${way}_end`)}`;
  const { rows } = await sql<{ camera_id: string; days: number[] }>`
    select camera_id, array_agg(number order by number) as days from (
      select recorded_day.camera_id, extract(day from day)::int4 as number,
        (extract(epoch from day::timestamp at time zone time_zone) * 1000)::int8 as from_ms,
        (extract(epoch from (day + 1)::timestamp at time zone time_zone) * 1000)::int8 as to_ms
      from recorded_day join recorded_zone on recorded_zone.camera_id = recorded_day.camera_id
      where recorded_day.camera_id = any(${cameraIds}::text[]) and segments > 0
        and day >= ${`${month}-01`}::date and day < (${`${month}-01`}::date + interval '1 month')::date
    ) as found
    where ${isLostDay(lost)} or exists (
      select 1 from (${end('asc')} union all ${end('desc')}) as ends where volume_id = any(${ids}::text[])
    )
    group by camera_id
  `.execute(db);
  return new Map(rows.map((row) => [row.camera_id, row.days]));
}

/** Of a day that was sealed under a lost key ring nothing can be read either. */
const isLostDay = (lost: readonly Span[]) => sql`exists (
  select from unnest(${lost.map(({ fromMs }) => fromMs)}::int8[], ${lost.map(({ toMs }) => toMs)}::int8[]) as gone (a, z)
  where from_ms < z and to_ms > a
)`;

/** A day and its seconds as one number: a thousand cameras have thirty thousand of them. */
const daysIn = (array: string): [day: number, seconds: number][] =>
  (JSON.parse(`[${array.slice(1, -1)}]`) as number[])
    .sort((a, b) => a - b)
    .map((one) => [Math.floor(one / dayShift), one % dayShift]);
const dayShift = 1_000_000;

export const calendarQuery = (db: Kysely<Tables>, cameraIds: readonly string[], month: string) =>
  daysQuery(db, cameraIds, month)
    .select('camera_id')
    .select(
      sql<string>`array_agg(
        (day - ${`${month}-01`}::date + 1) * ${dayShift}::int8 + greatest(0, recorded_ms - lost_ms + 500) / 1000
      )::text`.as('days'),
    )
    .groupBy('camera_id');

function lengthIn(spans: readonly Span[], within: Span): number {
  return spans.reduce((sum, span) => {
    const { fromMs, toMs } = clip(span, within);
    return sum + Math.max(0, toMs - fromMs);
  }, 0);
}
