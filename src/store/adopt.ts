/**
 * Footage that was found on the disks is taken into the index: rows by the same queue that recording uses, cameras
 * that nobody knows any more, and for their holes gaps that say why nothing better can be said.
 */
import { type Kysely, sql } from 'kysely';
import { type Clock, type Log, newId } from '../base/index.ts';
import { addFoundCamera, isCameraId } from '../collect/index.ts';
import type { Database, Tables } from '../db/index.ts';
import type { SegmentFacts, Volume } from '../engine/index.ts';
import { append, system } from '../ledger/index.ts';
import { touchMs } from './gaps.ts';
import { RowQueue } from './rows.ts';

/** Rows in memory; whoever reads the disks waits beyond this. */
const mostWaiting = 4_000;
const writeWithinMs = 120_000;
const gapsAtOnce = 1_000;

export interface Adopted {
  readonly segments: number;
  readonly cameras: number;
  readonly gaps: number;
  /** The database refused them; each is named in the log. */
  readonly refused: number;
}

export class Adoption implements AsyncDisposable {
  readonly #at: { db: Database; clock: Clock; log: Log };
  readonly #rows: RowQueue;
  readonly #known = new Set<string>();
  /** Made here, with the first moment of their footage. */
  readonly #found = new Map<string, number>();
  #segments = 0;
  #refused = 0;

  constructor(at: { db: Database; clock: Clock; log: Log }) {
    this.#at = at;
    this.#rows = new RowQueue({
      ...at,
      written: (changes) => {
        this.#segments += changes.length;
      },
      lost: (changes) => {
        this.#refused += changes.length;
      },
    });
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
    if (this.#rows.length >= mostWaiting) await this.#rows.written(writeWithinMs);
    this.#rows.push([{ kind: 'segment', segment, recovered: true }]);
    return true;
  }

  async #find(id: string, firstMs: number): Promise<void> {
    const nowMs = this.#at.clock.wallMs();
    await this.#at.db.kysely.transaction().execute((trx) => addFoundCamera(trx, { id, firstMs, nowMs }));
    this.#known.add(id);
    this.#found.set(id, firstMs);
  }

  /** All rows written, gaps made, and one entry of the ledger that says that the index was made anew. */
  async end(): Promise<Adopted> {
    await this.#rows.written(writeWithinMs);
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

  [Symbol.asyncDispose](): Promise<void> {
    return this.#rows[Symbol.asyncDispose]();
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
  await db
    .updateTable('camera')
    .set({ ordered_ms: Math.floor(firstMs) })
    .where('id', '=', id)
    .execute();
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
