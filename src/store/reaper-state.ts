/** The reaper's one row: what it knows of the clock, and how long records of sign-ins are kept. */
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
import {
  apartMs,
  type Behind,
  type ClockBelief,
  confirmed,
  firstBelief,
  look,
  type Reading,
  type Standing,
} from './reaper-clock.ts';
import { isoPeriod } from './retention.ts';

/** The first time there is none yet: the newest moment on record is what was last known for certain. */
export async function readBelief(
  db: Kysely<Tables>,
  now: Reading,
  how: { readonly lock: boolean } = { lock: false },
): Promise<ClockBelief> {
  const row = await db
    .selectFrom('reaper')
    .selectAll()
    .$if(how.lock, (query) => query.forUpdate())
    .executeTakeFirst();
  if (!row) return firstBelief(now, await newestOnRecord(db));
  const { boot, wall_ms, up_ms } = row;
  const [behind] = await db.selectFrom('clock_behind').selectAll().where('is_open', '=', true).execute();
  const last = boot === null ? null : { boot, wallMs: wall_ms ?? 0, upMs: up_ms ?? 0 };
  return {
    ...{ provenMs: row.believed_ms, doubt: row.doubt, last, ended: [] },
    stood: row.stood as Standing[],
    behind: behind ? { fromMs: behind.from_ms, toMs: behind.to_ms, byMs: behind.by_ms } : null,
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

export async function writeBelief(trx: Kysely<Tables>, belief: ClockBelief): Promise<void> {
  const { provenMs, doubt, last, stood } = belief;
  const row = {
    ...{ believed_ms: Math.round(provenMs), doubt, boot: last?.boot ?? null },
    ...{ wall_ms: rounded(last?.wallMs), up_ms: rounded(last?.upMs) },
    stood: JSON.stringify(stood),
  };
  await trx
    .insertInto('reaper')
    .values(row)
    .onConflict((conflict) => conflict.column('one').doUpdateSet(row))
    .execute();
  await writeBehind(trx, belief);
}

const rounded = (ms: number | undefined): number | null => (ms === undefined ? null : Math.round(ms));

/** The open span grows, ends, or was none: then what is dated in it is dated rightly. */
async function writeBehind(trx: Kysely<Tables>, { behind, ended }: ClockBelief): Promise<void> {
  const rowOf = ({ fromMs, toMs, byMs }: Behind) => ({
    ...{ from_ms: Math.floor(fromMs), to_ms: Math.ceil(toMs), by_ms: Math.ceil(byMs) },
  });
  await trx.deleteFrom('clock_behind').where('is_open', '=', true).execute();
  const rows = [
    ...ended.map((one) => ({ ...rowOf(one), is_open: false })),
    ...(behind ? [{ ...rowOf(behind), is_open: true }] : []),
  ];
  if (rows.length > 0) await trx.insertInto('clock_behind').values(rows).execute();
}

/** One look at the clock, kept. Whoever confirms the time meanwhile comes before it or after it. */
export async function lookAtClock(
  db: Kysely<Tables>,
  now: Reading,
): Promise<{ before: ClockBelief; after: ClockBelief }> {
  return db.transaction().execute(async (trx) => {
    const before = await readBelief(trx, now, { lock: true });
    const after = look(before, now);
    await writeBelief(trx, after);
    return { before, after };
  });
}

const confirmWithinMs = 300_000;
/** Less is what two clocks of one machine may differ by. */
const nothingToConfirmMs = 60_000;

/** A person says what time it is; it must be what the clock says. */
export async function confirmClock(
  trx: Transaction<Tables>,
  grant: Grant<'retention.decide'>,
  saidMs: number,
  now: Reading,
): Promise<{ provenMs: number; doubt: 'back' | 'forward' | null }> {
  const before = await readBelief(trx, now, { lock: true });
  const seen = look(before, now);
  if (seen.doubt === null && Math.abs(apartMs(seen)) < nothingToConfirmMs) refuse('keeping.no-doubt');
  if (Math.abs(saidMs - now.wallMs) > confirmWithinMs)
    refuse('keeping.clock', { server: new Date(now.wallMs).toISOString() });
  await keepConfirmed(trx, before, now, grant.by.name);
  return { provenMs: seen.provenMs, doubt: seen.doubt };
}

async function keepConfirmed(
  trx: Transaction<Tables>,
  before: ClockBelief,
  now: Reading,
  by: string,
): Promise<void> {
  await writeBelief(trx, confirmed(now, before));
  await trx
    .updateTable('reaper')
    .set({ confirmed: new Date(now.wallMs), confirmed_by: by })
    .execute();
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
  now: Reading,
): Promise<void> {
  const rows = await trx.selectFrom('site').select('profiles').execute();
  const profiles = [...new Set(rows.flatMap((row) => row.profiles))];
  checkLogPeriod(period, profiles.length > 0 ? profiles : ['cn-national'], utcDayOf(now.wallMs));
  await writeBelief(trx, await readBelief(trx, now, { lock: true }));
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
