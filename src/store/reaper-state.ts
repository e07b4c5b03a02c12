/** The reaper's one row: what it believes of the clock, and how long records of sign-ins are kept. */
import { type Kysely, sql, type Transaction } from 'kysely';
import { refuse } from '../base/index.ts';
import type { Tables } from '../db/index.ts';
import type { Grant } from '../gate/index.ts';
import {
  addDays,
  choosePeriod,
  type Period,
  parseDay,
  profilesOf,
  type Ruling,
  rule,
  store,
} from '../law/index.ts';
import { type ClockBelief, confirmed, firstBelief } from './reaper-clock.ts';
import { isoPeriod } from './retention.ts';

/** The first time there is none yet: the newest moment on record is what was last known for certain. */
export async function readBelief(db: Kysely<Tables>, wallMs: number): Promise<ClockBelief> {
  const row = await db.selectFrom('reaper').selectAll().executeTakeFirst();
  if (!row) return firstBelief(wallMs, await newestOnRecord(db));
  return {
    believedMs: row.believed_ms,
    doubt: row.doubt,
    doubtedMs: row.doubted_ms,
    steadyMs: row.steady_ms,
  };
}

async function newestOnRecord(db: Kysely<Tables>): Promise<number | null> {
  const { rows } = await sql<{ newest: number | null }>`
    select greatest(
      (select (extract(epoch from max(at)) * 1000)::int8 from ledger),
      (select max(last.end_ms) from camera, lateral (
        select end_ms from segment
        where camera_id = camera.id and stream = 'main' order by start_ms desc limit 1
      ) as last)
    ) as newest
  `.execute(db);
  return rows[0]?.newest ?? null;
}

export async function writeBelief(db: Kysely<Tables>, belief: ClockBelief): Promise<void> {
  const row = {
    believed_ms: Math.round(belief.believedMs),
    doubt: belief.doubt,
    doubted_ms: belief.doubtedMs === null ? null : Math.round(belief.doubtedMs),
    steady_ms: Math.round(belief.steadyMs),
  };
  await db
    .insertInto('reaper')
    .values(row)
    .onConflict((conflict) => conflict.column('one').doUpdateSet(row))
    .execute();
}

const confirmWithinMs = 300_000;

/** A person says what time it is; it must be what the clock says. */
export async function confirmClock(
  trx: Transaction<Tables>,
  grant: Grant<'retention.decide'>,
  saidMs: number,
  nowMs: number,
): Promise<{ believedMs: number; doubt: 'back' | 'forward' }> {
  const before = await readBelief(trx, nowMs);
  if (before.doubt === null) refuse('keeping.no-doubt');
  if (Math.abs(saidMs - nowMs) > confirmWithinMs)
    refuse('keeping.clock', { server: new Date(nowMs).toISOString() });
  await writeBelief(trx, confirmed(nowMs));
  await trx
    .updateTable('reaper')
    .set({ confirmed: new Date(nowMs), confirmed_by: grant.by.name })
    .execute();
  return { believedMs: before.believedMs, doubt: before.doubt };
}

// ---- records of sign-ins

const defaultLogPeriod: Period = { n: 12, unit: 'month' };

export async function logPeriod(db: Kysely<Tables>): Promise<Period> {
  const row = await db.selectFrom('reaper').select(['log_period_n', 'log_period_unit']).executeTakeFirst();
  return row ? { n: row.log_period_n, unit: row.log_period_unit } : defaultLogPeriod;
}

export const logFloorOn = (profiles: readonly string[], day: string): Ruling<Period> =>
  rule(store.logFloor, profilesOf(profiles), day);

/** Six months are longer than 180 days: held against every day of a year, and refused with the article (RE-11). */
export function checkLogPeriod(period: Period, profiles: readonly string[], day: string): void {
  const none = rule(store.retentionCeiling, [], day);
  for (let i = 0; i < 366; i++) {
    const on = addDays(day, i);
    const choice = choosePeriod(period, logFloorOn(profiles, on), none, on);
    if (choice.ok) continue;
    const { instrument = '', article = '' } = choice.because[0]?.answer.cite ?? {};
    refuse('keeping.below-floor', { period: isoPeriod(choice.period), instrument, article }, [
      { clause: store.logFloor.id, instrument, article },
    ]);
  }
}

export async function setLogPeriod(
  trx: Transaction<Tables>,
  _grant: Grant<'unit.configure'>,
  period: { readonly n: number; readonly unit: 'day' | 'month' | 'year' },
  nowMs: number,
): Promise<void> {
  const rows = await trx.selectFrom('site').select('profiles').execute();
  const profiles = [...new Set(rows.flatMap((row) => row.profiles))];
  checkLogPeriod(period, profiles.length > 0 ? profiles : ['cn-national'], utcDayOf(nowMs));
  await writeBelief(trx, await readBelief(trx, nowMs));
  await trx.updateTable('reaper').set({ log_period_n: period.n, log_period_unit: period.unit }).execute();
}

const utcDayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** What ended before this is over its period: the same date so many months ago, or so many days. */
export function endedBefore({ n, unit }: Period, nowMs: number): number {
  const { year, month, date } = parseDay(utcDayOf(nowMs));
  if (unit === 'day') return nowMs - n * 86_400_000;
  const months = unit === 'year' ? n * 12 : n;
  // A date that the earlier month does not have falls into the month before: kept longer, never shorter.
  const lastDate = new Date(Date.UTC(year, month - months, 0)).getUTCDate();
  return Date.UTC(year, month - 1 - months, Math.min(date, lastDate));
}
