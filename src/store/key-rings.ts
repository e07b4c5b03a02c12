/** Under which key rings footage was sealed: the one in force, and the times whose footage another one would open. */
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../db/index.ts';
import type { SourceId } from '../engine/index.ts';
import { append, system } from '../ledger/index.ts';
import type { Span } from './cover.ts';

type Db = Kysely<Tables>;

export interface RingInForce {
  /** `mst_…`; null: it was lost before it was known. */
  readonly ring: string | null;
}

export async function ringInForce(db: Db): Promise<RingInForce | null> {
  const row = await db.selectFrom('key_ring').select('ring').where('until', 'is', null).executeTakeFirst();
  return row ?? null;
}

/** The first ring of a database: nothing was sealed under another as far as anyone knows. */
export async function firstRing(db: Db, ring: string, nowMs: number): Promise<void> {
  await db
    .insertInto('key_ring')
    .values({ ring, since: new Date(nowMs) })
    .execute();
}

export interface Accepted {
  readonly from: string | null;
  readonly to: string;
  /** Segments that are in the index now: what of them the new ring has no key for cannot be read any more. */
  readonly segments: number;
}

/** Another ring in the place of the one in force, with its entry in the ledger; what was sealed before stays sealed. */
export async function acceptRing(
  db: Db,
  { ring, reason, nowMs }: { ring: string; reason: string; nowMs: number },
): Promise<Accepted> {
  return db.transaction().execute(async (trx) => {
    const { segments } = await trx
      .selectFrom('volume')
      .select(sql<number>`coalesce(sum(segments), 0)::int8`.as('segments'))
      .executeTakeFirstOrThrow();
    const now = new Date(nowMs);
    const before = await trx.selectFrom('key_ring').select('no').limit(1).executeTakeFirst();
    // Footage of a ring that was lost before anyone wrote down which it was.
    if (!before && segments > 0)
      await trx.insertInto('key_ring').values({ ring: null, since: now, until: now }).execute();
    const replaced = await trx
      .updateTable('key_ring')
      // The clock may have been set back since.
      .set({ until: sql<Date>`greatest(since, ${now})` })
      .where('until', 'is', null)
      .returning('ring')
      .executeTakeFirst();
    await trx.insertInto('key_ring').values({ ring, since: now, reason }).execute();
    const accepted = { from: replaced?.ring ?? null, to: ring, segments };
    await append(trx, {
      ...{ atMs: nowMs, actor: system, action: 'keys.accept', outcome: 'done' },
      ...{ subject: { kind: 'system' }, reason, detail: accepted },
    });
    return accepted;
  });
}

/** From when to when footage was sealed under a ring that is not the one in force: it cannot be read. */
export async function lostRingSpans(db: Db): Promise<Span[]> {
  const rows = await db.selectFrom('key_ring').select(['ring', 'since', 'until']).orderBy('no').execute();
  const now = rows.at(-1)?.ring;
  return rows.flatMap(({ ring, until }, i) => {
    if (until === null || ring === now) return [];
    // Each begins where the one before it ended; what is older than the first was the first's.
    return [{ fromMs: rows[i - 1]?.until?.getTime() ?? 0, toMs: until.getTime() }];
  });
}

export const isSealedIn = (spans: readonly Span[], startMs: number): boolean =>
  spans.some(({ fromMs, toMs }) => startMs >= fromMs && startMs < toMs);

const sampled = 16;

/** A few streams and the UTC day of the newest segment of each: their keys are in the ring that sealed them. */
export async function newestSealed(db: Db): Promise<{ source: SourceId; day: string }[]> {
  const { rows } = await sql<{ id: string; stream: string; start_ms: number }>`
    select camera.id, newest.stream, newest.start_ms
    from camera cross join lateral (
      select stream, start_ms from segment
      where camera_id = camera.id and stream = 'main' order by start_ms desc limit 1
    ) as newest
    limit ${sampled}
  `.execute(db);
  return rows.map(({ id, stream, start_ms: startMs }) => ({
    source: `${id}.${stream}`,
    day: new Date(startMs).toISOString().slice(0, 10),
  }));
}
