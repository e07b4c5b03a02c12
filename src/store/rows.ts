/**
 * Changes of rows on their way to the database: kept in order, written in batches, tried again while the database is
 * away. The queue has a bound: what passes it is forgotten here, said, and found again by a survey of the disk.
 */
import { type Kysely, sql, type Transaction } from 'kysely';
import { type Clock, Fault, type Log, rfc3339, sayError, timeOfId } from '../base/index.ts';
import { brokenConstraint, type Database, type Tables } from '../db/index.ts';
import type { SegmentFacts } from '../engine/index.ts';
import { appendAll, type Entry, segmentStored, system } from '../ledger/index.ts';
import { KnownDays } from './days.ts';
import type { GapChange } from './gaps.ts';
import { pause } from './pause.ts';

export interface SegmentChange {
  readonly kind: 'segment';
  readonly segment: SegmentFacts;
  readonly recovered: boolean;
}

export type RowChange =
  | SegmentChange
  | { readonly kind: 'gap'; readonly cameraId: string; readonly change: GapChange };

export interface RowQueueOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly limit?: number;
  /** These are in the database now. */
  written(changes: readonly RowChange[]): void;
  /** These were forgotten because the queue was full, or refused by the database. */
  lost(changes: readonly RowChange[]): void;
}

/** Five hours of 64 cameras that record, or many minutes of ones that come and go. */
const defaultLimit = 20_000;
const batchSize = 200;
const firstWaitMs = 100;
const mostWaitMs = 2_000;

export class RowQueue implements AsyncDisposable {
  readonly #at: RowQueueOptions;
  readonly #ending = new AbortController();
  readonly #days = new KnownDays();
  #waiting: RowChange[] = [];
  #running: Promise<void> | null = null;
  #isAway = false;

  constructor(options: RowQueueOptions) {
    this.#at = options;
  }

  push(changes: readonly RowChange[]): void {
    if (changes.length === 0) return;
    this.#waiting.push(...changes);
    this.#keepBound();
    this.#start();
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      // A push between the last look and the end would otherwise wait for the next one.
      if (this.#waiting.length > 0 && !this.#ending.signal.aborted) this.#start();
    });
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** True while the database does not take the rows. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /** Resolves when all that was pushed so far is written, or after `withinMs`; says which. */
  async written(withinMs: number): Promise<boolean> {
    const untilMs = this.#at.clock.monoMs() + withinMs;
    while (this.#running !== null) {
      const leftMs = untilMs - this.#at.clock.monoMs();
      if (leftMs <= 0) return false;
      await within(this.#running, leftMs);
    }
    return true;
  }

  /** Segments are forgotten first: they are on the disk, and a survey finds them. */
  #keepBound(): void {
    const limit = this.#at.limit ?? defaultLimit;
    if (this.#waiting.length <= limit) return;
    const kept = this.#waiting.filter((change) => change.kind === 'gap').slice(-limit);
    const isKept = new Set<RowChange>(kept);
    const lost = this.#waiting.filter((change) => !isKept.has(change));
    this.#waiting = kept;
    this.#at.log.error(
      { lost: lost.length },
      'the database was away for too long: the disk will be surveyed',
    );
    this.#at.lost(lost);
  }

  async #run(): Promise<void> {
    let waitMs = firstWaitMs;
    while (this.#waiting.length > 0 && !this.#ending.signal.aborted) {
      const batch = this.#waiting.splice(0, batchSize);
      try {
        await this.#write(batch);
        waitMs = firstWaitMs;
        this.#isAway = false;
      } catch (error) {
        this.#isAway = true;
        this.#waiting.unshift(...batch);
        this.#at.log.warn(
          { waiting: this.#waiting.length, error: sayError(error) },
          'rows wait for the database',
        );
        await pause(waitMs, this.#ending.signal);
        waitMs = Math.min(waitMs * 2, mostWaitMs);
      }
    }
  }

  /** One that the database refuses for good must not hold up the others. */
  async #write(batch: readonly RowChange[]): Promise<void> {
    try {
      await this.#writeInDays(batch);
      this.#at.written(batch);
    } catch (error) {
      if (isPassing(error)) throw error;
      if (batch.length > 1) {
        for (const change of batch) await this.#write([change]);
        return;
      }
      this.#at.log.error({ change: nameOf(batch[0]!), error: sayError(error) }, 'a row cannot be written');
      this.#at.lost(batch);
    }
  }

  /** A day that was dropped when nothing was left of it is made once more. */
  async #writeInDays(batch: readonly RowChange[]): Promise<void> {
    const { kysely } = this.#at.db;
    const starts = batch.flatMap((change) => (change.kind === 'segment' ? [change.segment.startMs] : []));
    const write = async () => {
      await this.#days.make(kysely, starts);
      const strange = await writeRows(kysely, batch, this.#at.clock.wallMs());
      for (const one of strange) this.#at.log.error({ ...one }, 'a segment is not taken into the index');
    };
    try {
      await write();
    } catch (error) {
      if (brokenConstraint(error) !== '') throw error;
      this.#days.forget();
      await write();
    }
  }

  /** What is not written by then is found by the survey of the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.written(3_000);
    this.#ending.abort();
    if (this.#waiting.length > 0)
      this.#at.log.error({ waiting: this.#waiting.length }, 'rows were not written');
  }
}

const isPassing = (error: unknown): boolean => error instanceof Fault && error.retry;

const nameOf = (change: RowChange): object =>
  change.kind === 'segment'
    ? { kind: 'segment', id: change.segment.id, camera: change.segment.cameraId }
    : { kind: 'gap', op: change.change.op, id: change.change.id, camera: change.cameraId };

async function within(work: Promise<unknown>, ms: number): Promise<void> {
  const ended = new AbortController();
  await Promise.race([work, pause(ms, ended.signal)]);
  ended.abort();
}

/** In one transaction, in order. Doing it twice does no harm: after a lost connection nobody knows what was done. */
async function writeRows(
  db: Kysely<Tables>,
  changes: readonly RowChange[],
  nowMs: number,
): Promise<StrangeSegment[]> {
  return db.transaction().execute(async (trx) => {
    const strange: StrangeSegment[] = [];
    let segments: SegmentChange[] = [];
    for (const change of changes) {
      if (change.kind === 'segment') {
        segments.push(change);
        continue;
      }
      strange.push(...(await storeSegments(trx, segments, nowMs)));
      segments = [];
      await writeGap(trx, change.cameraId, change.change);
    }
    strange.push(...(await storeSegments(trx, segments, nowMs)));
    return strange;
  });
}

/** A file that is not taken into the index, and why: the index stays as it is. */
export interface StrangeSegment {
  readonly id: string;
  readonly path: string;
  readonly volumeId: string;
  readonly why: 'id-is-taken' | 'id-has-another-time';
  /** The file that has the id. */
  readonly taken?: { readonly path: string; readonly volumeId: string };
}

/** A start that was read from the first part's own time may be off by so much from the one that the id was made with. */
const idSlackMs = 60_000;

/** Rows, volumes' counts and the ledger's entries of those that are new. */
export async function storeSegments(
  trx: Transaction<Tables>,
  segments: readonly SegmentChange[],
  nowMs: number,
): Promise<StrangeSegment[]> {
  if (segments.length === 0) return [];
  const { fresh, strange } = await sift(trx, segments);
  if (fresh.length === 0) return strange;
  const inserted = await trx
    .insertInto('segment')
    .values(fresh.map(({ segment, recovered }) => segmentRow(segment, recovered)))
    .onConflict((conflict) => conflict.columns(['id', 'start_ms']).doNothing())
    .returning(['id', 'volume_id', 'bytes'])
    .execute();
  await addToVolumes(trx, inserted);
  const isNew = new Set(inserted.map(({ id }) => id));
  const entries = fresh.filter(({ segment }) => isNew.has(segment.id));
  await appendAll(
    trx,
    entries.map((one) => storedEntry(one, nowMs)),
  );
  return strange;
}

/** One id is one file: the second fact of a file is nothing new, and another file of its name is none of ours. */
async function sift(
  trx: Transaction<Tables>,
  segments: readonly SegmentChange[],
): Promise<{ fresh: SegmentChange[]; strange: StrangeSegment[] }> {
  const strange: StrangeSegment[] = [];
  const timely = segments.filter(({ segment }) => {
    const isTimely = Math.abs((timeOfId(segment.id) ?? Number.NaN) - segment.startMs) <= idSlackMs;
    if (!isTimely) strange.push({ ...fileOf(segment), why: 'id-has-another-time' });
    return isTimely;
  });
  const files = await filesOf(
    trx,
    timely.map(({ segment }) => segment),
  );
  const fresh: SegmentChange[] = [];
  for (const change of timely) {
    const taken = files.get(change.segment.id);
    if (!taken) {
      fresh.push(change);
      files.set(change.segment.id, fileOf(change.segment));
    } else if (taken.path !== change.segment.path || taken.volumeId !== change.segment.volumeId) {
      const { path, volumeId } = taken;
      strange.push({ ...fileOf(change.segment), why: 'id-is-taken', taken: { path, volumeId } });
    }
  }
  return { fresh, strange };
}

interface File {
  readonly id: string;
  readonly path: string;
  readonly volumeId: string;
}

const fileOf = ({ id, path, volumeId }: SegmentFacts): File => ({ id, path, volumeId });

/** The files that these ids have in the index. The span is what keeps the search to their days. */
async function filesOf(
  trx: Transaction<Tables>,
  segments: readonly SegmentFacts[],
): Promise<Map<string, File>> {
  if (segments.length === 0) return new Map();
  const starts = segments.map((segment) => segment.startMs);
  const rows = await trx
    .selectFrom('segment')
    .select(['id', 'path', 'volume_id as volumeId'])
    .where(sql<boolean>`id = any(${segments.map((segment) => segment.id)}::text[])`)
    .where('start_ms', '>=', Math.floor(Math.min(...starts)) - 2 * idSlackMs)
    .where('start_ms', '<=', Math.ceil(Math.max(...starts)) + 2 * idSlackMs)
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}

async function addToVolumes(
  trx: Transaction<Tables>,
  rows: readonly { volume_id: string; bytes: number }[],
): Promise<void> {
  const byVolume = new Map<string, { segments: number; bytes: number }>();
  for (const { volume_id, bytes } of rows) {
    const sum = byVolume.get(volume_id) ?? { segments: 0, bytes: 0 };
    byVolume.set(volume_id, { segments: sum.segments + 1, bytes: sum.bytes + bytes });
  }
  // Always in one order: two who write at once then wait for each other, and never in a ring.
  for (const [id, sum] of [...byVolume].sort(([a], [b]) => (a < b ? -1 : 1))) {
    await trx
      .updateTable('volume')
      .set({ segments: sql`segments + ${sum.segments}`, bytes: sql`bytes + ${sum.bytes}` })
      .where('id', '=', id)
      .execute();
  }
}

/** What a stranger needs to tell that a file is the one that was stored, and nobody else learns from: no address. */
const storedEntry = ({ segment, recovered }: SegmentChange, nowMs: number): Entry => ({
  atMs: nowMs,
  actor: system,
  action: segmentStored,
  outcome: 'done',
  subject: { kind: 'segment', id: segment.id },
  detail: {
    camera: segment.cameraId,
    stream: segment.stream,
    from: rfc3339(Math.round(segment.startMs)),
    to: rfc3339(Math.round(segment.endMs)),
    bytes: segment.bytes,
    digest: segment.digest,
    volume: segment.volumeId,
    path: segment.path,
    ...(recovered ? { recovered } : {}),
  },
});

function segmentRow(segment: SegmentFacts, recovered: boolean) {
  const startMs = Math.round(segment.startMs);
  return {
    camera_id: segment.cameraId,
    stream: segment.stream,
    start_ms: startMs,
    id: segment.id,
    end_ms: Math.max(startMs, Math.round(segment.endMs)),
    volume_id: segment.volumeId,
    path: segment.path,
    run: segment.run,
    start_ticks: Math.round(segment.startTicks),
    duration_ticks: Math.round(segment.durationTicks),
    bytes: segment.bytes,
    parts: segment.parts,
    pictures: segment.pictures,
    codec: segment.codec,
    width: segment.width,
    height: segment.height,
    packets_lost: segment.packetsLost,
    damaged_pictures: segment.damagedPictures,
    digest: Buffer.from(segment.digest, 'hex'),
    recovered,
  };
}

async function writeGap(trx: Transaction<Tables>, cameraId: string, change: GapChange): Promise<void> {
  switch (change.op) {
    case 'open':
      await endOthers(trx, cameraId, change.id, change.fromMs);
      await insertGap(trx, cameraId, { ...change, toMs: null, inside: false });
      return;
    case 'insert':
      await insertGap(trx, cameraId, change);
      return;
    case 'shift':
      await trx
        .updateTable('gap')
        .set({ from_ms: ms(change.fromMs) })
        .where('id', '=', change.id)
        .execute();
      return;
    case 'rename':
      await trx
        .updateTable('gap')
        .set({ cause: change.cause, detail: JSON.stringify(change.detail) })
        .where('id', '=', change.id)
        .execute();
      return;
    case 'close':
      await trx
        .updateTable('gap')
        .set({ to_ms: sql<number>`greatest(from_ms + 1, ${ms(change.toMs)}::int8)` })
        .where('id', '=', change.id)
        .where('to_ms', 'is', null)
        .execute();
      return;
    case 'drop':
      await trx.deleteFrom('gap').where('id', '=', change.id).execute();
  }
}

/** None is open but when the change that closed it was lost with a full queue. */
async function endOthers(
  trx: Transaction<Tables>,
  cameraId: string,
  id: string,
  atMs: number,
): Promise<void> {
  await trx
    .updateTable('gap')
    .set({ to_ms: sql<number>`greatest(from_ms + 1, ${ms(atMs)}::int8)` })
    .where('camera_id', '=', cameraId)
    .where('to_ms', 'is', null)
    .where('id', '<>', id)
    .execute();
}

async function insertGap(
  trx: Transaction<Tables>,
  cameraId: string,
  gap: {
    id: string;
    fromMs: number;
    toMs: number | null;
    inside: boolean;
    cause: string;
    detail: Readonly<Record<string, string | number>>;
  },
): Promise<void> {
  await trx
    .insertInto('gap')
    .values({
      id: gap.id,
      camera_id: cameraId,
      from_ms: ms(gap.fromMs),
      to_ms: gap.toMs === null ? null : Math.max(ms(gap.toMs), ms(gap.fromMs) + 1),
      inside: gap.inside,
      cause: gap.cause,
      detail: JSON.stringify(gap.detail),
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}

const ms = (value: number): number => Math.round(value);
