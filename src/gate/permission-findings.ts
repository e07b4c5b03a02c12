/** What an audit of permissions finds by itself: rights nobody uses, that reach too far, or wait for somebody. */
import { type Kysely, sql } from 'kysely';
import { permissions as contract } from '../contract/index.ts';
import type { Tables } from '../db/index.ts';
import type { PermissionRow } from './permission-rows.ts';
import { rowsOf } from './permission-rows.ts';

const dayMs = 86_400_000;
/** Before that nothing can be said about use. */
const youngDays = 30;
const soonDays = 14;

export interface Finding {
  readonly permission: string;
  readonly personId: string;
  readonly personName: string;
  readonly kind: 'unused' | 'excessive' | 'recertify' | 'ends-soon' | 'review-owed' | 'still-open';
  readonly sinceMs: number;
  readonly values: Readonly<Record<string, string | number>>;
}

interface Use {
  readonly cameras: number;
  readonly playbacks: number;
  readonly stills: number;
  readonly exports: number;
}

export async function permissionFindings(db: Kysely<Tables>, nowMs: number): Promise<Finding[]> {
  const rows = await rowsOf(db)
    .where((or) =>
      or.or([or('state', '=', 'issued'), or.and([or('kind', '=', 'emergency'), or('review', 'is', null)])]),
    )
    .orderBy('asked')
    .limit(5_000)
    .execute();
  const [used, reach] = await Promise.all([usageOf(db, nowMs), reachOf(db)]);
  return rows.flatMap((row) => findingsOf(row, used.get(row.id) ?? noUse, reach(row), nowMs));
}

const noUse: Use = { cameras: 0, playbacks: 0, stills: 0, exports: 0 };

/** Pure: what is found about one. */
export function findingsOf(row: PermissionRow, use: Use, reached: number, nowMs: number): Finding[] {
  const found: Finding[] = [];
  const add = (kind: Finding['kind'], since: Date, values: Finding['values'] = {}) =>
    found.push({
      ...{ permission: row.id, personId: row.person_id, personName: row.person_name },
      ...{ kind, sinceMs: since.getTime(), values },
    });
  const isRunning = row.state === 'issued' && row.ends.getTime() > nowMs;
  if (row.state === 'issued' && !isRunning) add('still-open', row.ends);
  if (row.kind === 'emergency' && !isRunning && row.review === null)
    add('review-owed', row.ended ?? row.ends, { event: row.event ?? '' });
  if (!isRunning || row.kind === 'emergency') return found;
  if (row.recertify_by !== null && row.recertify_by.getTime() <= nowMs && row.recertify_by < row.ends)
    add('recertify', row.recertify_by);
  if (row.ends.getTime() - nowMs <= soonDays * dayMs) add('ends-soon', row.ends);
  const since = row.last_used ?? row.starts;
  if (nowMs - since.getTime() >= contract.unusedDays * dayMs) add('unused', since);
  else if (nowMs - row.starts.getTime() >= youngDays * dayMs) addExcess(row, use, reached, add);
  return found;
}

function addExcess(
  row: PermissionRow,
  use: Use,
  reached: number,
  add: (kind: 'excessive', since: Date, values: Finding['values']) => void,
): void {
  const idle = [
    ...(row.actions.includes('playback') && use.playbacks === 0 ? ['playback'] : []),
    ...(row.actions.includes('still') && use.stills === 0 ? ['still'] : []),
    ...(row.actions.includes('export') && use.exports === 0 ? ['export'] : []),
  ];
  const isWide = reached >= 4 && use.cameras * 4 < reached;
  if (idle.length > 0 || isWide)
    add('excessive', row.starts, { used: use.cameras, reached, actions: idle.join(', ') });
}

async function usageOf(db: Kysely<Tables>, nowMs: number): Promise<Map<string, Use>> {
  const rows = await db
    .selectFrom('view')
    .select('permission_id')
    .select([
      sql<number>`count(distinct camera_id)::int`.as('cameras'),
      sql<number>`count(*) filter (where kind = 'playback')::int`.as('playbacks'),
      sql<number>`sum(stills)::int`.as('stills'),
      sql<number>`sum(exports)::int`.as('exports'),
    ])
    .where('permission_id', 'is not', null)
    .where('opened', '>', new Date(nowMs - contract.unusedDays * dayMs))
    .groupBy('permission_id')
    .execute();
  return new Map(rows.map(({ permission_id: id, ...use }) => [id ?? '', use]));
}

/** How many cameras a permission reaches today. */
async function reachOf(db: Kysely<Tables>): Promise<(row: PermissionRow) => number> {
  const rows = await db
    .selectFrom('camera')
    .select(['id', 'site_id'])
    .where('retired_at', 'is', null)
    .execute();
  return (row) =>
    row.whole_unit
      ? rows.length
      : rows.filter(({ id, site_id: site }) => row.cameras.includes(id) || row.sites.includes(site)).length;
}
