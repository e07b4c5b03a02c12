/**
 * Footage that was found on the disks is taken into the index: rows as recording writes them, cameras
 * that nobody knows any more, and for their holes gaps that say why nothing better can be said.
 */
import { type Kysely, sql } from 'kysely';
import { type Clock, type Log, newId } from '../base/index.ts';
import { addFoundCamera, isCameraId, setFoundFrom } from '../collect/index.ts';
import type { Database, Tables } from '../db/index.ts';
import type { SegmentFacts, Volume } from '../engine/index.ts';
import { append, system } from '../ledger/index.ts';
import { KnownDays } from './days.ts';
import { touchMs } from './gaps.ts';
import { type SegmentChange, storeSegments } from './rows.ts';

/** PostgreSQL takes 65,535 values a statement; a row has about thirty. */
const batchSize = 1_000;
const writers = 3;
const gapsAtOnce = 1_000;

export interface Adopted {
  readonly segments: number;
  readonly cameras: number;
  readonly gaps: number;
  /** The database refused them; each is named in the log. */
  readonly refused: number;
}

export class Adoption {
  readonly #at: { db: Database; clock: Clock; log: Log };
  readonly #known = new Set<string>();
  readonly #days = new KnownDays();
  /** Made here, with the first moment of their footage. */
  readonly #found = new Map<string, number>();
  #waiting: SegmentChange[] = [];
  readonly #writing = new Set<Promise<void>>();
  #fault: unknown = null;
  #segments = 0;
  #refused = 0;

  constructor(at: { db: Database; clock: Clock; log: Log }) {
    this.#at = at;
  }

  async begin(): Promise<void> {
    const rows = await this.#at.db.kysely.selectFrom('camera').select('id').execute();
    for (const { id } of rows) this.#known.add(id);
  }

  /** Oldest first for each camera; of two with one id the first counts. False: the file names no camera of Custos. */
  async take(segment: SegmentFacts): Promise<boolean> {
    const { cameraId, startMs } = segment;
    if (!isCameraId(cameraId)) return false;
    if (!this.#known.has(cameraId)) await this.#find(cameraId, startMs);
    const firstMs = this.#found.get(cameraId);
    if (firstMs !== undefined && startMs < firstMs) this.#found.set(cameraId, startMs);
    this.#waiting.push({ kind: 'segment', segment, recovered: true });
    if (this.#waiting.length >= batchSize) await this.#send();
    return true;
  }

  async #find(id: string, firstMs: number): Promise<void> {
    const nowMs = this.#at.clock.wallMs();
    await this.#at.db.kysely.transaction().execute((trx) => addFoundCamera(trx, { id, firstMs, nowMs }));
    this.#known.add(id);
    this.#found.set(id, firstMs);
  }

  /** Whoever reads the disks waits while as many batches are written as may be at once. */
  async #send(): Promise<void> {
    const batch = this.#waiting.splice(0);
    while (this.#writing.size >= writers) await Promise.race(this.#writing);
    if (this.#fault) throw this.#fault;
    await this.#days.make(
      this.#at.db.kysely,
      batch.map(({ segment }) => segment.startMs),
    );
    const writing: Promise<void> = this.#write(batch)
      .catch((error: unknown) => {
        this.#fault ??= error;
      })
      .finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }

  async #write(batch: readonly SegmentChange[]): Promise<void> {
    const strange = await this.#at.db.kysely.transaction().execute(async (trx) => {
      // A rebuild that is cut off is begun again: nothing is lost with its last moments.
      await sql`set local synchronous_commit = off`.execute(trx);
      return storeSegments(trx, batch, this.#at.clock.wallMs());
    });
    this.#segments += batch.length - strange.length;
    this.#refused += strange.filter(({ why }) => why !== 'id-is-taken').length;
    for (const one of strange) this.#at.log.warn({ ...one }, 'a file is not taken into the index');
  }

  /** All rows written, gaps made, and one entry of the ledger that says that the index was made anew. */
  async end(): Promise<Adopted> {
    if (this.#waiting.length > 0) await this.#send();
    await Promise.all(this.#writing);
    if (this.#fault) throw this.#fault;
    const { db, clock } = this.#at;
    const nowMs = clock.wallMs();
    let gaps = 0;
    for (const [id, firstMs] of this.#found) gaps += await gapsOfFound(db.kysely, { id, firstMs, nowMs });
    const adopted = { segments: this.#segments, cameras: this.#found.size, gaps, refused: this.#refused };
    await db.kysely.transaction().execute((trx) =>
      append(trx, {
        ...{ atMs: nowMs, actor: system, action: 'index.rebuild', outcome: 'done' },
        ...{ subject: { kind: 'system' }, detail: adopted },
      }),
    );
    return adopted;
  }
}

/** A folder that holds footage becomes a volume again: under the id of its marker, which rows and certificates name. */
export async function adoptVolume(
  db: Kysely<Tables>,
  of: { path: string; id: string; nowMs: number },
): Promise<Volume> {
  const { path } = of;
  const known = await db
    .selectFrom('volume')
    .select('id')
    .where((is) => is.or([is('id', '=', of.id), is.and([is('path', '=', path), is('removed', 'is', null)])]))
    .executeTakeFirst();
  if (!known)
    await db
      .insertInto('volume')
      .values({ id: of.id, path, name: of.id, created: new Date(of.nowMs) })
      .execute();
  return { id: known?.id ?? of.id, path };
}

/** What stands in the index for the digest of a file that was not read yet. */
export const digestNotRead = '0'.repeat(64);

/** The digest of a file that a rebuild took in unread, and that was now read and found to be as it was sealed. */
export async function setDigest(db: Kysely<Tables>, id: string, digest: Uint8Array): Promise<void> {
  await db
    .updateTable('segment')
    .set({ digest })
    .where('id', '=', id)
    .where('digest', '=', Buffer.from(digestNotRead, 'hex'))
    .execute();
}

/** Where nothing was found between two segments, and since the last: a gap that lasts until it is recorded again. */
async function gapsOfFound(
  db: Kysely<Tables>,
  { id, firstMs, nowMs }: { id: string; firstMs: number; nowMs: number },
): Promise<number> {
  await setFoundFrom(db, id, firstMs);
  const { rows } = await sql<{ from_ms: number; to_ms: number | null }>`
    with seen as (
      select start_ms, end_ms, max(end_ms) over (
        order by start_ms, id rows between unbounded preceding and 1 preceding
      ) as before_ms
      from segment where camera_id = ${id} and stream = 'main'
    )
    select before_ms as from_ms, start_ms as to_ms from seen where start_ms > before_ms + ${touchMs}
    union all
    select max(end_ms), null from seen having max(end_ms) is not null
    order by 1
  `.execute(db);
  const gaps = rows.map((row) => ({
    ...{ id: newId('gap', nowMs), camera_id: id, from_ms: row.from_ms, to_ms: row.to_ms },
    ...{ inside: false, cause: 'index-rebuilt', detail: '{}' },
  }));
  for (let i = 0; i < gaps.length; i += gapsAtOnce)
    await db
      .insertInto('gap')
      .values(gaps.slice(i, i + gapsAtOnce))
      .execute();
  return gaps.length;
}
