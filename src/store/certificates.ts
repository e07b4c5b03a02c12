/**
 * Certificates of deletion. One is written before the first file goes and finished when nothing of it is left; the
 * steps are those of docs/storage.md ("Deleting"), each may be done again, and a start takes up what was begun.
 */
import { createHash } from 'node:crypto';
import { type DeleteQueryBuilder, type Kysely, sql, type Transaction } from 'kysely';
import { type Clock, newId, refuse } from '../base/index.ts';
import { type BucketProblem, bucketProblems } from '../contract/index.ts';
import type { Database, Tables } from '../db/index.ts';
import type { Reason } from '../law/index.ts';
import { append, canonicalJson, system } from '../ledger/index.ts';
import { merge } from './cover.ts';
import { touchMs } from './gaps.ts';
import { keepingOfCamera, lockKeeping } from './retention.ts';
import { classOf, type DeletedBy, type PlanAt, type SegmentClass, sentenceOf } from './retention-plan.ts';

export type Stream = 'main' | 'sub';

export interface CertifiedSegment {
  readonly id: string;
  readonly stream: Stream;
  readonly startMs: number;
  readonly endMs: number;
  readonly bytes: number;
  /** SHA-256 of the file, hex. */
  readonly digest: string;
  readonly volume: string;
  readonly path: string;
  /** What it was kept as when its deletion was ordered; absent in certificates of before there were classes. */
  readonly class?: SegmentClass;
}

/** A rule, as it stands in a certificate and in the console. */
export interface CertifiedReason {
  readonly clause: string;
  readonly profile: string;
  readonly instrument: string;
  readonly article: string;
  readonly quote: string;
  readonly rank: string;
  readonly period: { readonly n: number; readonly unit: string };
}

export interface Certificate {
  readonly id: string;
  readonly no: number;
  readonly cameraId: string;
  /** UTC. */
  readonly day: string;
  readonly state: 'ordered' | 'done';
  readonly why: DeletedBy | 'key';
  readonly because: readonly CertifiedReason[];
  readonly orderedMs: number;
  readonly orderedBy: string;
  readonly segments: readonly CertifiedSegment[];
  readonly count: number;
  readonly bytes: number;
  readonly digest: string;
  readonly missing: readonly string[];
  readonly keys: readonly { source: string; keyId: string; atMs: number }[];
  readonly keysKept: readonly { source: string; why: string }[];
  /** The stream whose day's key goes, where nothing but that key does. */
  readonly keyOf: Stream | null;
  readonly trouble: string | null;
  /** The trouble, when it is a bucket's. */
  readonly problem: BucketProblem | null;
  /** It is not tried before. */
  readonly againMs: number | null;
  readonly finishedMs: number | null;
  readonly seq: number;
}

export interface DeletionAt {
  readonly db: Database;
  readonly clock: Clock;
}

export interface Candidate {
  readonly stream: 'main' | 'sub';
  readonly startMs: number;
  readonly id: string;
}

export const utcDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

export function certifiedReasons(clause: string, reasons: readonly Reason[]): CertifiedReason[] {
  return reasons.map(({ profile, answer: { value, cite } }) => ({
    clause,
    profile,
    instrument: cite.instrument,
    article: cite.article,
    quote: cite.quote,
    rank: cite.rank,
    period: value as CertifiedReason['period'],
  }));
}

const clauseOf = (why: DeletedBy): string =>
  why === 'ceiling' ? 'store.retention-ceiling' : 'store.retention-floor';

/**
 * Step 1. Judges each candidate once more, under the camera's lock and in the transaction that writes the order: a
 * hold is either seen here or comes after. Null when none of them is to go any more.
 */
export async function orderDeletion(
  { db, clock }: DeletionAt,
  cameraId: string,
  candidates: readonly Candidate[],
  at: PlanAt,
): Promise<Certificate | null> {
  return db.kysely.transaction().execute(async (trx) => {
    await lockKeeping(trx, cameraId);
    await sql`select 1 from site join camera on camera.site_id = site.id where camera.id = ${cameraId} for share of site`.execute(
      trx,
    );
    const of = await keepingOfCamera(trx, cameraId, at.nowMs);
    const rows = await lockSegments(trx, cameraId, candidates);
    const judged = rows.map((segment) => ({ segment, sentence: sentenceOf(segment, of, at) }));
    const first = judged.map(({ sentence }) => sentence).find((sentence) => sentence.kind === 'delete');
    if (!first) return null;
    const { why, because } = first;
    const segments = judged
      .filter(({ sentence }) => sentence.kind === 'delete' && sentence.why === why)
      .map(({ segment }) => ({ ...segment, class: classOf(segment, of, at.nowMs) }));
    const day = utcDay(segments[0]?.startMs ?? 0);
    const orderedBy = why === 'erasure' ? await requesterOf(trx, cameraId, segments) : 'system';
    const reasons = certifiedReasons(clauseOf(why), because);
    const given = { cameraId, day, why, because: reasons, orderedBy, segments, keyOf: null };
    return writeOrder(trx, given, clock.wallMs());
  });
}

/** Step 1 for a key that had to stay: what stood in its way is gone. Null when the key went meanwhile. */
export async function orderKey({ db, clock }: DeletionAt, kept: KeptKey): Promise<Certificate | null> {
  const { cameraId, stream, day } = kept;
  return db.kysely.transaction().execute(async (trx) => {
    await lockKeeping(trx, cameraId);
    const row = await keptRow(trx.deleteFrom('key_kept'), kept).returning('why').executeTakeFirst();
    if (!row) return null;
    const nothing = { because: [], segments: [], orderedBy: 'system' };
    return writeOrder(trx, { cameraId, day, why: 'key', keyOf: stream, ...nothing }, clock.wallMs());
  });
}

async function lockSegments(
  trx: Transaction<Tables>,
  cameraId: string,
  candidates: readonly Candidate[],
): Promise<CertifiedSegment[]> {
  if (candidates.length === 0) return [];
  const starts = candidates.map(({ startMs }) => startMs);
  const ids = candidates.map(({ id }) => id);
  const rows = await trx
    .selectFrom('segment')
    .select(['id', 'stream', 'start_ms', 'end_ms', 'bytes', 'digest', 'volume_id', 'path'])
    .where('camera_id', '=', cameraId)
    .where('stream', '=', candidates[0]!.stream)
    .where('start_ms', '>=', Math.min(...starts))
    .where('start_ms', '<=', Math.max(...starts))
    .where('id', '=', sql<string>`any(${ids}::text[])`)
    .orderBy('start_ms')
    .orderBy('id')
    .forUpdate()
    .execute();
  return rows.map((row) => ({
    id: row.id,
    stream: row.stream,
    startMs: row.start_ms,
    endMs: row.end_ms,
    bytes: row.bytes,
    digest: Buffer.from(row.digest).toString('hex'),
    volume: row.volume_id,
    path: row.path,
  }));
}

/** Whoever wrote the request down gave the order. */
async function requesterOf(
  trx: Transaction<Tables>,
  cameraId: string,
  segments: readonly CertifiedSegment[],
): Promise<string> {
  const row = await trx
    .selectFrom('erasure')
    .select('created_by')
    .where('camera_id', '=', cameraId)
    .where('closed', 'is', null)
    .where('from_ms', '<', segments[0]?.endMs ?? 0)
    .where('to_ms', '>', segments[0]?.startMs ?? 0)
    .orderBy('created')
    .executeTakeFirst();
  return row?.created_by ?? 'system';
}

async function writeOrder(
  trx: Transaction<Tables>,
  given: Pick<Certificate, 'cameraId' | 'day' | 'why' | 'because' | 'orderedBy' | 'segments' | 'keyOf'>,
  nowMs: number,
): Promise<Certificate> {
  const id = newId('cert', nowMs);
  const { cameraId, day, why, because, orderedBy, segments, keyOf } = given;
  const digest = digestOf(segments);
  const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
  const camera = await trx.selectFrom('camera').select('name').where('id', '=', cameraId).executeTakeFirst();
  const seq = await append(trx, {
    ...{ atMs: nowMs, actor: system, action: 'footage.delete', outcome: 'done' },
    subject: { kind: 'camera', id: cameraId, name: camera?.name },
    detail: {
      ...{ certificate: id, day, why, because, orderedBy, segments: segments.length, bytes, digest },
      ...(keyOf ? { keyOf } : {}),
    },
  });
  const { no } = await trx
    .insertInto('certificate')
    .values({
      ...{ id, camera_id: cameraId, day, state: 'ordered', why, because: JSON.stringify(because) },
      ...{ ordered: new Date(nowMs), ordered_by: orderedBy, segments: JSON.stringify(segments) },
      ...{ count: segments.length, bytes, digest: Buffer.from(digest, 'hex'), seq, key_of: keyOf },
    })
    .returning('no')
    .executeTakeFirstOrThrow();
  return {
    ...{ id, no, cameraId, day, state: 'ordered', why, because, orderedMs: nowMs, orderedBy, segments },
    ...{ count: segments.length, bytes, digest, seq, missing: [], keys: [], keysKept: [], keyOf },
    ...{ trouble: null, problem: null, againMs: null, finishedMs: null },
  };
}

export const digestOf = (segments: readonly CertifiedSegment[]): string =>
  createHash('sha256').update(canonicalJson(segments)).digest('hex');

/**
 * Where the segments of an order lie now: one may have moved to another volume since. Those without a row are gone.
 */
export async function stillThere(
  db: Kysely<Tables>,
  { cameraId, segments }: Certificate,
): Promise<CertifiedSegment[]> {
  if (segments.length === 0) return [];
  const starts = segments.map(({ startMs }) => startMs);
  const rows = await db
    .selectFrom('segment')
    .select(['id', 'volume_id', 'path'])
    .where('camera_id', '=', cameraId)
    .where('start_ms', '>=', Math.min(...starts))
    .where('start_ms', '<=', Math.max(...starts))
    .where('id', '=', sql<string>`any(${segments.map(({ id }) => id)}::text[])`)
    .execute();
  const places = new Map(rows.map((row) => [row.id, { volume: row.volume_id, path: row.path }]));
  return segments.flatMap((segment) => {
    const place = places.get(segment.id);
    return place ? [{ ...segment, ...place }] : [];
  });
}

/**
 * Step 4. The rows of files that are gone for good: out of the index, out of the volume's and the calendar's counts,
 * and into the timeline as what was deleted on its day. Rows that are gone already do nothing, and one that moved to
 * another volume meanwhile stays for the next try.
 */
export async function forgetSegments(
  { db, clock }: DeletionAt,
  certificate: Certificate,
  gone: readonly CertifiedSegment[],
): Promise<void> {
  if (gone.length === 0) return;
  const places = gone.map(({ id, volume }) => `${id} ${volume}`);
  await db.kysely.transaction().execute(async (trx) => {
    const starts = gone.map(({ startMs }) => startMs);
    const deleted = await trx
      .deleteFrom('segment')
      .where('camera_id', '=', certificate.cameraId)
      .where('start_ms', '>=', Math.min(...starts))
      .where('start_ms', '<=', Math.max(...starts))
      .where(sql`id || ' ' || volume_id`, '=', sql`any(${places}::text[])`)
      .returning(['stream', 'start_ms', 'end_ms', 'bytes', 'volume_id'])
      .execute();
    for (const [volume, rows] of Map.groupBy(deleted, (row) => row.volume_id)) {
      const bytes = rows.reduce((sum, row) => sum + row.bytes, 0);
      await trx
        .updateTable('volume')
        .set({
          segments: sql`greatest(0, segments - ${rows.length})`,
          bytes: sql`greatest(0, bytes - ${bytes}::int8)`,
        })
        .where('id', '=', volume)
        .execute();
    }
    await writeDeletedGaps(trx, certificate, deleted, clock.wallMs());
  });
}

async function writeDeletedGaps(
  trx: Transaction<Tables>,
  { cameraId, no }: Certificate,
  deleted: readonly { stream: string; start_ms: number; end_ms: number }[],
  nowMs: number,
): Promise<void> {
  const spans = merge(
    deleted
      .filter((row) => row.stream === 'main' && row.end_ms > row.start_ms)
      .map((row) => ({ fromMs: row.start_ms, toMs: row.end_ms })),
    touchMs,
  );
  if (spans.length === 0) return;
  await trx
    .insertInto('gap')
    .values(
      spans.map(({ fromMs, toMs }) => ({
        ...{ id: newId('gap', nowMs), camera_id: cameraId, from_ms: fromMs, to_ms: toMs, inside: false },
        ...{ cause: 'deleted', detail: JSON.stringify({ certificate: no }) },
      })),
    )
    .execute();
}

/** Step 6. Nothing of it is left: the certificate is whole, and the ledger says how it went. */
export async function finishDeletion(
  { db, clock }: DeletionAt,
  { id, cameraId, day, no, count, digest }: Certificate,
  how: Pick<Certificate, 'missing' | 'keys' | 'keysKept'>,
): Promise<void> {
  const nowMs = clock.wallMs();
  await db.kysely.transaction().execute(async (trx) => {
    const done = await trx
      .updateTable('certificate')
      .set({
        ...{ state: 'done', finished: new Date(nowMs), trouble: null, problem: null, again: null },
        missing: JSON.stringify(how.missing),
        keys: JSON.stringify(how.keys),
        keys_kept: JSON.stringify(how.keysKept),
      })
      .where('id', '=', id)
      .where('state', '=', 'ordered')
      .returning('id')
      .executeTakeFirst();
    if (!done) return;
    await keepKeys(trx, { cameraId, day }, how);
    await append(trx, {
      ...{ atMs: nowMs, actor: system, action: 'footage.deleted', outcome: 'done' },
      subject: { kind: 'camera', id: cameraId },
      detail: { certificate: id, no, segments: count, digest, ...how },
    });
  });
}

// ---- keys that stay for now

export interface KeptKey {
  readonly cameraId: string;
  readonly stream: Stream;
  /** UTC. */
  readonly day: string;
}

async function keepKeys(
  trx: Transaction<Tables>,
  { cameraId, day }: Pick<Certificate, 'cameraId' | 'day'>,
  { keys, keysKept }: Pick<Certificate, 'keys' | 'keysKept'>,
): Promise<void> {
  for (const { source } of keys)
    await keptRow(trx.deleteFrom('key_kept'), { cameraId, day, stream: streamOf(source) }).execute();
  if (keysKept.length === 0) return;
  await trx
    .insertInto('key_kept')
    .values(
      keysKept.map(({ source, why }) => ({
        ...{ camera_id: cameraId, stream: streamOf(source), day, why, looked: null },
      })),
    )
    .onConflict((conflict) =>
      conflict
        .columns(['camera_id', 'stream', 'day'])
        .doUpdateSet((row) => ({ why: row.ref('excluded.why') })),
    )
    .execute();
}

const streamOf = (source: string): Stream => (source.endsWith('.sub') ? 'sub' : 'main');

const keptRow = <O>(query: DeleteQueryBuilder<Tables, 'key_kept', O>, { cameraId, stream, day }: KeptKey) =>
  query.where('camera_id', '=', cameraId).where('stream', '=', stream).where('day', '=', day);

/** Those that were not looked at for longest. */
export async function keptKeys(db: Kysely<Tables>, limit: number): Promise<KeptKey[]> {
  const rows = await db
    .selectFrom('key_kept')
    .select(['camera_id', 'stream', sql<string>`day::text`.as('day')])
    .orderBy(sql`looked nulls first`)
    .limit(limit)
    .execute();
  return rows.map((row) => ({ cameraId: row.camera_id, stream: row.stream, day: row.day }));
}

export async function noteKept(
  { db, clock }: DeletionAt,
  { cameraId, stream, day }: KeptKey,
  why: string,
): Promise<void> {
  await db.kysely
    .updateTable('key_kept')
    .set({ why, looked: new Date(clock.wallMs()) })
    .where('camera_id', '=', cameraId)
    .where('stream', '=', stream)
    .where('day', '=', day)
    .execute();
}

export interface Trouble {
  readonly trouble: string;
  readonly problem: BucketProblem | null;
  readonly againMs: number | null;
}

/** What stands in the way, for the board; what was found to be gone before is kept for the certificate. */
export async function noteTrouble(
  db: Kysely<Tables>,
  id: string,
  { trouble, problem, againMs }: Trouble,
  missing: readonly string[],
): Promise<void> {
  await db
    .updateTable('certificate')
    .set({
      ...{ trouble: trouble.slice(0, 500), tries: sql`tries + 1`, missing: JSON.stringify(missing) },
      problem: problem && JSON.stringify(problem),
      again: againMs === null ? null : new Date(againMs),
    })
    .where('id', '=', id)
    .execute();
}

// ---- reading

const select = (db: Kysely<Tables>) =>
  db
    .selectFrom('certificate')
    .innerJoin('camera', 'camera.id', 'certificate.camera_id')
    .innerJoin('site', 'site.id', 'camera.site_id')
    .select(['certificate.id', 'no', 'camera_id', 'state', 'why', 'ordered', 'ordered_by', 'finished'])
    .select(['count', 'certificate.bytes', 'trouble', 'problem', 'again', 'digest', 'seq'])
    .select(['camera.name as camera_name', 'site.name as site_name', 'site.time_zone'])
    .select(sql<string>`certificate.day::text`.as('day'));
const selectWhole = (db: Kysely<Tables>) =>
  select(db).select(['because', 'segments', 'missing', 'keys', 'keys_kept', 'key_of']);

export type CertificateHead = Omit<
  Certificate,
  'because' | 'segments' | 'missing' | 'keys' | 'keysKept' | 'keyOf'
> & {
  readonly cameraName: string;
  readonly siteName: string;
  readonly timeZone: string;
};

type HeadRow = Awaited<ReturnType<ReturnType<typeof select>['executeTakeFirstOrThrow']>>;
type WholeRow = Awaited<ReturnType<ReturnType<typeof selectWhole>['executeTakeFirstOrThrow']>>;

const asHead = (row: HeadRow): CertificateHead => ({
  id: row.id,
  no: row.no,
  cameraId: row.camera_id,
  cameraName: row.camera_name,
  siteName: row.site_name,
  timeZone: row.time_zone,
  day: row.day,
  state: row.state,
  why: row.why,
  orderedMs: row.ordered.getTime(),
  orderedBy: row.ordered_by,
  finishedMs: row.finished?.getTime() ?? null,
  count: row.count,
  bytes: row.bytes,
  digest: Buffer.from(row.digest).toString('hex'),
  trouble: row.trouble,
  problem: row.problem && row.problem.code in bucketProblems ? (row.problem as BucketProblem) : null,
  againMs: row.again?.getTime() ?? null,
  seq: row.seq,
});

const asWhole = (row: WholeRow): CertificateHead & Certificate => ({
  ...asHead(row),
  because: row.because as Certificate['because'],
  segments: row.segments as Certificate['segments'],
  missing: row.missing as Certificate['missing'],
  keys: row.keys as Certificate['keys'],
  keysKept: row.keys_kept as Certificate['keysKept'],
  keyOf: row.key_of,
});

/** Begun and not finished, oldest first; without those that a lock holds up until later. */
export async function openCertificates(
  db: Kysely<Tables>,
  limit: number,
  nowMs: number,
): Promise<Certificate[]> {
  const rows = await selectWhole(db)
    .where('state', '=', 'ordered')
    .where((is) => is.or([is('again', 'is', null), is('again', '<=', new Date(nowMs))]))
    .orderBy('no')
    .limit(limit)
    .execute();
  return rows.map(asWhole);
}

/** Segments of a camera whose deletion is ordered and not done: of one segment there is one certificate. */
export async function orderedIds(db: Kysely<Tables>, cameraId: string): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    select segment ->> 'id' as id from certificate, jsonb_array_elements(segments) segment
    where state = 'ordered' and camera_id = ${cameraId}
  `.execute(db);
  return new Set(rows.map(({ id }) => id));
}

export async function findCertificate(
  db: Kysely<Tables>,
  id: string,
): Promise<CertificateHead & Certificate> {
  const row = await selectWhole(db).where('certificate.id', '=', id).executeTakeFirst();
  return row ? asWhole(row) : refuse('certificate.unknown');
}

export async function listCertificates(
  db: Kysely<Tables>,
  filter: { readonly limit: number; readonly beforeNo: number | null; readonly cameraId: string | null },
): Promise<CertificateHead[]> {
  const rows = await select(db)
    .$if(filter.beforeNo !== null, (query) => query.where('no', '<', filter.beforeNo))
    .$if(filter.cameraId !== null, (query) => query.where('camera_id', '=', filter.cameraId))
    .orderBy('no', 'desc')
    .limit(filter.limit)
    .execute();
  return rows.map(asHead);
}

export async function openCounts(db: Kysely<Tables>): Promise<{ open: number; troubled: number }> {
  const row = await db
    .selectFrom('certificate')
    .where('state', '=', 'ordered')
    .select((select) => select.fn.countAll<number>().as('open'))
    .select((select) => select.fn.count<number>('trouble').as('troubled'))
    .executeTakeFirstOrThrow();
  return row;
}
