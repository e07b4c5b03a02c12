/**
 * The days of the index: `segment` has one partition a UTC day. They are made ahead, and on demand for old footage that
 * was found again; a day that is over and of which nothing is left is dropped whole.
 */
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../db/index.ts';

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
