/** The use register as it is read: page by page, a month on paper, and what stands out in it. */
import { type Kysely, sql } from 'kysely';
import { refuse } from '../base/index.ts';
import type { Tables } from '../db/index.ts';
import { localDay } from '../law/index.ts';

export interface UseFilter {
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly person?: string | undefined;
  readonly camera?: string | undefined;
  readonly kind?: 'live' | 'playback' | 'export' | undefined;
  readonly q?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}
export type UseRow = Awaited<ReturnType<ReturnType<typeof rowsOf>['execute']>>[number];

const rowsOf = (db: Kysely<Tables>) =>
  db
    .selectFrom('view')
    .innerJoin('camera', 'camera.id', 'view.camera_id')
    .innerJoin('site', 'site.id', 'camera.site_id')
    .innerJoin('person', 'person.id', 'view.person_id')
    .leftJoin('shift', 'shift.id', 'view.shift_id')
    .selectAll('view')
    .select(['camera.name as camera_name', 'site.name as site_name', 'site.time_zone', 'shift.post'])
    .select(sql<string>`coalesce(view.person_name, person.display_name)`.as('name'))
    .select(sql<string>`coalesce(view.unit, (select name from unit), '')`.as('unit_name'));

/** One page, newest first. */
export async function listUses(db: Kysely<Tables>, filter: UseFilter) {
  const { fromMs, toMs, person, camera, kind, q } = filter;
  let query = rowsOf(db);
  if (fromMs !== undefined) query = query.where('view.opened', '>=', new Date(fromMs));
  if (toMs !== undefined) query = query.where('view.opened', '<', new Date(toMs));
  if (person !== undefined) query = query.where('view.person_id', '=', person);
  if (camera !== undefined) query = query.where('view.camera_id', '=', camera);
  if (kind === 'export') query = query.where('view.exports', '>', 0);
  else if (kind !== undefined) query = query.where('view.kind', '=', kind);
  if (q) query = query.where(sql<boolean>`position(lower(${q}) in lower(${searched})) > 0`);
  const at = filter.cursor === undefined ? null : readCursor(filter.cursor);
  if (at) query = query.where(sql<boolean>`(view.opened, view.id) < (${at.opened}, ${at.id})`);
  const rows = await query
    .orderBy('view.opened', 'desc')
    .orderBy('view.id', 'desc')
    .limit(filter.limit + 1)
    .execute();
  const items = rows.slice(0, filter.limit);
  const last = items.at(-1);
  const more = rows.length > filter.limit && last;
  return { items, ...(more ? { next: `${last.opened.getTime()}.${last.id}` } : {}) };
}

const searched = sql`concat_ws(' ', view.purpose, view.for_whom, view.authority, view.person_name, person.name, camera.name)`;

function readCursor(cursor: string): { opened: Date; id: string } {
  const [, ms, id = ''] = /^(\d{1,14})\.([a-z]+_[0-9a-z]+)$/.exec(cursor) ?? [];
  if (ms === undefined) refuse('request.malformed', { what: 'cursor' });
  return { opened: new Date(Number(ms)), id };
}

/** Far above what a unit looks at in a month; more, and the paper would say less than it holds. */
const maxOfMonth = 100_000;

/** Oldest first, as a register is written. */
export async function usesBetween(db: Kysely<Tables>, fromMs: number, toMs: number): Promise<UseRow[]> {
  const rows = await rowsOf(db)
    .where('view.opened', '>=', new Date(fromMs))
    .where('view.opened', '<', new Date(toMs))
    .orderBy('view.opened')
    .orderBy('view.id')
    .limit(maxOfMonth + 1)
    .execute();
  if (rows.length > maxOfMonth) refuse('use.too-many', { limit: maxOfMonth });
  return rows;
}

export interface Anomaly {
  readonly kind: 'odd-hours' | 'volume' | 'same-camera' | 'bulk';
  readonly personId: string;
  readonly personName: string;
  readonly cameraId: string | null;
  readonly cameraName: string | null;
  readonly day: string;
  readonly count: number;
}

/** Policy of this software: what a supervisor would ask about. None of it is a proof of anything. */
const nightFrom = 22;
const nightTo = 6;
const sameCameraTimes = 10;
const muchS = 2 * 3600;
const timesTheOthers = 3;
const bulkFiles = 20;
const bulkBytes = 10 * 1024 ** 3;

/** Pure: what stands out, by person and day. */
export function anomaliesIn(rows: readonly UseRow[]): Anomaly[] {
  const days = grouped(rows, (row) => `${row.person_id} ${dayOf(row)}`);
  return [...oddHours(days), ...bulk(days), ...volume(days), ...sameCamera(rows)].sort((a, b) =>
    a.day < b.day ? 1 : -1,
  );
}

const dayOf = (row: UseRow): string => localDay(row.opened.getTime(), row.time_zone);

function grouped(rows: readonly UseRow[], keyOf: (row: UseRow) => string): UseRow[][] {
  const groups = new Map<string, UseRow[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return [...groups.values()];
}

function anomaly(kind: Anomaly['kind'], rows: readonly UseRow[], count: number, camera = false): Anomaly {
  const [first] = rows as [UseRow];
  return {
    ...{ kind, personId: first.person_id, personName: first.name, day: dayOf(first), count },
    cameraId: camera ? first.camera_id : null,
    cameraName: camera ? first.camera_name : null,
  };
}

const hours = new Map<string, Intl.DateTimeFormat>();

/** At night, and not on a shift. */
function oddHours(days: readonly UseRow[][]): Anomaly[] {
  return days.flatMap((rows) => {
    const odd = rows.filter((row) => row.shift_id === null && isNight(row));
    return odd.length > 0 ? [anomaly('odd-hours', odd, odd.length)] : [];
  });
}

function isNight(row: UseRow): boolean {
  const { time_zone: timeZone } = row;
  const format = hours.get(timeZone) ?? new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit' });
  hours.set(timeZone, format);
  const hour = Number(format.format(row.opened)) % 24;
  return hour >= nightFrom || hour < nightTo;
}

function bulk(days: readonly UseRow[][]): Anomaly[] {
  return days.flatMap((rows) => {
    const files = rows.reduce((sum, row) => sum + row.exports, 0);
    const bytes = rows.reduce((sum, row) => sum + row.export_bytes, 0);
    return files >= bulkFiles || bytes >= bulkBytes ? [anomaly('bulk', rows, files)] : [];
  });
}

/** Much, and several times what is usual on a day, once there are days enough to say; a shift's live pictures do not count. */
function volume(days: readonly UseRow[][]): Anomaly[] {
  const secondsOf = (rows: readonly UseRow[]) =>
    rows.reduce((sum, row) => sum + (row.shift_id === null ? row.delivered_s : 0), 0);
  const all = days.map(secondsOf).sort((a, b) => a - b);
  const usual = all.length > 4 ? (all[Math.floor(all.length / 2)] ?? 0) : 0;
  return days.flatMap((rows) => {
    const mine = secondsOf(rows);
    return mine >= Math.max(muchS, timesTheOthers * usual) ? [anomaly('volume', rows, Math.round(mine))] : [];
  });
}

function sameCamera(rows: readonly UseRow[]): Anomaly[] {
  const played = rows.filter((row) => row.kind === 'playback');
  return grouped(played, (row) => `${row.person_id} ${row.camera_id}`)
    .filter((group) => group.length >= sameCameraTimes)
    .map((group) => anomaly('same-camera', group, group.length, true));
}
