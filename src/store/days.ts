/**
 * The days of the index: `segment` has one partition a UTC day. They are made ahead, and on demand for old footage that
 * was found again; a day that is over and of which nothing is left is dropped whole. Besides, the days of the calendar
 * are counted anew where a site's time zone was changed.
 */
import { type Kysely, sql } from 'kysely';
import { type Clock, Fault, type Log, sayError } from '../base/index.ts';
import { type Database, isLockTimeout, type Tables } from '../db/index.ts';
import { pause } from './pause.ts';

const dayMs = 86_400_000;

export const dayOf = (ms: number): number => Math.floor(ms / dayMs) * dayMs;

/** Makes sure that each of these moments has its partition. Two makers at once make it once. */
export async function makeDays(db: Kysely<Tables>, startsMs: Iterable<number>): Promise<void> {
  for (const day of new Set(Array.from(startsMs, dayOf)))
    await sql`select make_segment_day(${day}::int8)`.execute(db);
}

/** The days that a writer knows to be there, so that it need not ask for every batch. */
export class KnownDays {
  readonly #days = new Set<number>();

  async make(db: Kysely<Tables>, startsMs: Iterable<number>): Promise<void> {
    const unknown = [...startsMs].map(dayOf).filter((day) => !this.#days.has(day));
    await makeDays(db, unknown);
    for (const day of unknown) this.#days.add(day);
  }

  /** One of them was dropped meanwhile. */
  forget(): void {
    this.#days.clear();
  }
}

/** UTC days that have a partition, oldest first. */
export async function listDays(db: Kysely<Tables>): Promise<{ name: string; dayMs: number }[]> {
  const { rows } = await sql<{ name: string }>`
    select inhrelid::regclass::text as name from pg_inherits where inhparent = 'segment'::regclass order by name
  `.execute(db);
  return rows.flatMap(({ name }) => {
    const [, year, month, day] = /^segment_(\d{4})(\d\d)(\d\d)$/.exec(name) ?? [];
    return year === undefined
      ? []
      : [{ name, dayMs: Date.UTC(Number(year), Number(month) - 1, Number(day)) }];
  });
}

/**
 * Drops the days before `beforeMs` of which nothing is left, and says which. Taking one out waits for whoever reads the
 * index, and whoever comes then waits for it: so it waits for moments only, and is tried again at the next time.
 */
export async function dropEmptyDays(db: Kysely<Tables>, beforeMs: number): Promise<string[]> {
  const dropped: string[] = [];
  for (const { name, dayMs: day } of await listDays(db)) {
    if (day + dayMs > beforeMs || !(await isEmpty(db, name))) continue;
    const isDropped = await db.transaction().execute(async (trx) => {
      await sql`set local lock_timeout = '500ms'`.execute(trx);
      await sql`lock table segment, ${sql.table(name)} in access exclusive mode`.execute(trx);
      if (!(await isEmpty(trx, name))) return false; // Footage of it was found meanwhile.
      await sql`alter table segment detach partition ${sql.table(name)}`.execute(trx);
      await sql`drop table ${sql.table(name)}`.execute(trx);
      return true;
    });
    if (isDropped) dropped.push(name);
  }
  return dropped;
}

async function isEmpty(db: Kysely<Tables>, name: string): Promise<boolean> {
  const { rows } = await sql`select from ${sql.table(name)} limit 1`.execute(db);
  return rows.length === 0;
}

/** Counts the days of cameras whose site is in another zone now; says of how many. */
export async function recountDays(db: Kysely<Tables>): Promise<number> {
  const { rows } = await sql<{ id: string }>`
    select camera.id from camera
    join site on site.id = camera.site_id
    join recorded_zone on recorded_zone.camera_id = camera.id
    where recorded_zone.time_zone <> known_zone(site.time_zone)
    order by camera.id
  `.execute(db);
  for (const { id } of rows) await sql`select recount_recorded(${id})`.execute(db);
  return rows.length;
}

const aheadDays = 2;
/** Footage of the last days may still be found on a disk that was away. */
const keptEmptyMs = 2 * dayMs;
const everyMs = 600_000;

/** Keeps the days of the index as they should be, every few minutes. */
export class Days implements AsyncDisposable {
  readonly #at: { readonly db: Database; readonly clock: Clock; readonly log: Log };
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;

  constructor(at: { readonly db: Database; readonly clock: Clock; readonly log: Log }) {
    this.#at = at;
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      try {
        await this.turn();
      } catch (error) {
        const isPassing = isLockTimeout(error) || (error instanceof Fault && error.retry);
        this.#at.log[isPassing ? 'info' : 'error'](
          { error: sayError(error) },
          'the days of the index wait for their care',
        );
      }
      await pause(everyMs, this.#ending.signal);
    }
  }

  async turn(): Promise<void> {
    const { db, clock, log } = this.#at;
    const nowMs = clock.wallMs();
    await makeDays(
      db.kysely,
      Array.from({ length: aheadDays + 1 }, (_, day) => nowMs + day * dayMs),
    );
    const recounted = await recountDays(db.kysely);
    if (recounted > 0) log.info({ cameras: recounted }, 'the calendar was counted anew in another time zone');
    const dropped = await dropEmptyDays(db.kysely, nowMs - keptEmptyMs);
    if (dropped.length > 0) log.info({ days: dropped }, 'days of the index with nothing left were dropped');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }
}
