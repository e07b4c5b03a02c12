/**
 * Requests for erasure: what neither a floor nor a hold keeps goes with the reaper's next look, the rest when it may;
 * the answer says so for each piece of the span, with the reason.
 */
import { type Kysely, sql, type Transaction } from 'kysely';
import { newId } from '../base/index.ts';
import type { Tables } from '../db/index.ts';
import type { Grant } from '../gate/index.ts';
import { type CertifiedReason, certifiedReasons } from './certificates.ts';
import type { Span } from './cover.ts';
import { touchMs } from './gaps.ts';
import { checkSpan } from './holds.ts';
import { keepingOfCamera, lockKeeping } from './retention.ts';
import { type CameraKeeping, holdEndsMs, isHeld, sentenceOf } from './retention-plan.ts';

export interface ErasurePiece extends Span {
  readonly outcome: 'suspended' | 'kept' | 'erased' | 'nothing';
  readonly untilMs: number | null;
  readonly because: readonly CertifiedReason[];
}

export interface Erasure extends Span {
  readonly id: string;
  readonly cameraId: string;
  readonly cameraName: string;
  readonly siteName: string;
  readonly requester: string;
  readonly reason: string;
  readonly createdMs: number;
  readonly createdBy: string;
  readonly closedMs: number | null;
  readonly pieces: readonly ErasurePiece[];
}

const maxSegments = 100_000;
const floorClause = 'store.retention-floor';

/** Pure: what becomes of each segment of the span once its erasure was asked for. */
export function answerErasure(
  span: Span,
  segments: readonly { readonly startMs: number; readonly endMs: number }[],
  of: CameraKeeping,
  nowMs: number,
): ErasurePiece[] {
  const asked = { ...of, erasures: [...of.erasures, span] };
  const pieces: ErasurePiece[] = [];
  for (const segment of segments) {
    const piece = { fromMs: segment.startMs, toMs: segment.endMs, ...fateOf(segment, asked, nowMs) };
    const last = pieces.at(-1);
    const isSame =
      last &&
      last.outcome === piece.outcome &&
      piece.fromMs <= last.toMs + touchMs &&
      JSON.stringify(last.because) === JSON.stringify(piece.because);
    if (isSame)
      pieces[pieces.length - 1] = {
        ...last,
        toMs: Math.max(last.toMs, piece.toMs),
        untilMs: laterOf(last.untilMs, piece.untilMs),
      };
    else pieces.push(piece);
  }
  return pieces.length > 0 ? pieces : [{ ...span, outcome: 'nothing', untilMs: null, because: [] }];
}

const laterOf = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? null : Math.max(a, b);

/** A hold is named before the floor: it is what the one who asks has to know. */
function fateOf(
  segment: { startMs: number; endMs: number },
  of: CameraKeeping,
  nowMs: number,
): Pick<ErasurePiece, 'outcome' | 'untilMs' | 'because'> {
  const sentence = sentenceOf(segment, of, { nowMs, aheadMs: 0 });
  if (isHeld(of, segment, nowMs)) {
    return { outcome: 'suspended', untilMs: holdEndsMs(of, segment, nowMs), because: [] };
  }
  if (sentence.kind === 'delete') return { outcome: 'erased', untilMs: null, because: [] };
  return {
    outcome: 'kept',
    untilMs: sentence.untilMs,
    because: certifiedReasons(floorClause, sentence.because),
  };
}

export async function addErasure(
  trx: Transaction<Tables>,
  grant: Grant<'footage.erase'>,
  given: Span & { readonly requester: string; readonly reason: string },
  nowMs: number,
): Promise<Erasure> {
  checkSpan(given);
  const cameraId = grant.subject.id ?? '';
  await lockKeeping(trx, cameraId);
  const span = { fromMs: Math.floor(given.fromMs), toMs: Math.ceil(given.toMs) };
  const of = await keepingOfCamera(trx, cameraId, nowMs);
  const pieces = answerErasure(span, await segmentsIn(trx, cameraId, span), of, nowMs);
  const id = newId('erase', nowMs);
  const { requester, reason } = given;
  await trx
    .insertInto('erasure')
    .values({
      ...{ id, camera_id: cameraId, from_ms: span.fromMs, to_ms: span.toMs, requester, reason },
      ...{ created: new Date(nowMs), created_by: grant.by.name, answer: JSON.stringify(pieces) },
    })
    .execute();
  return asErasure(await selectErasures(trx).where('erasure.id', '=', id).executeTakeFirstOrThrow());
}

const selectErasures = (db: Kysely<Tables>) =>
  db
    .selectFrom('erasure')
    .innerJoin('camera', 'camera.id', 'erasure.camera_id')
    .innerJoin('site', 'site.id', 'camera.site_id')
    .selectAll('erasure')
    .select(['camera.name as camera_name', 'site.name as site_name']);

type Row = Awaited<ReturnType<ReturnType<typeof selectErasures>['executeTakeFirstOrThrow']>>;

const asErasure = (row: Row): Erasure => ({
  ...{ id: row.id, cameraId: row.camera_id, cameraName: row.camera_name, siteName: row.site_name },
  ...{ fromMs: row.from_ms, toMs: row.to_ms, requester: row.requester, reason: row.reason },
  ...{ createdMs: row.created.getTime(), createdBy: row.created_by },
  closedMs: row.closed?.getTime() ?? null,
  pieces: row.answer as ErasurePiece[],
});

const longestSegmentMs = 15 * 60_000;

async function segmentsIn(
  db: Kysely<Tables>,
  cameraId: string,
  { fromMs, toMs }: Span,
): Promise<{ startMs: number; endMs: number }[]> {
  const rows = await db
    .selectFrom('segment')
    .select(['start_ms', 'end_ms'])
    .where('camera_id', '=', cameraId)
    .where('stream', '=', 'main')
    .where('start_ms', '>=', fromMs - longestSegmentMs)
    .where('start_ms', '<', toMs)
    .where('end_ms', '>', fromMs)
    .orderBy('start_ms')
    .limit(maxSegments)
    .execute();
  return rows.map((row) => ({ startMs: row.start_ms, endMs: row.end_ms }));
}

export async function listErasures(
  db: Kysely<Tables>,
  { limit, beforeId }: { limit: number; beforeId: string | null },
): Promise<Erasure[]> {
  const rows = await selectErasures(db)
    .$if(beforeId !== null, (query) => query.where('erasure.id', '<', beforeId ?? ''))
    .orderBy('erasure.id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(asErasure);
}

/** What was written a moment ago is not in the index yet. */
const settledMs = 600_000;

/** Closes those of whose span nothing is left. */
export async function closeErasures(db: Kysely<Tables>, nowMs: number): Promise<void> {
  await db
    .updateTable('erasure')
    .set({ closed: new Date(nowMs) })
    .where('closed', 'is', null)
    .where('to_ms', '<', nowMs - settledMs)
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('segment')
            .select('segment.id')
            .whereRef('segment.camera_id', '=', 'erasure.camera_id')
            .where('segment.stream', 'in', ['main', 'sub'])
            .where('segment.start_ms', '>=', sql<number>`erasure.from_ms - ${longestSegmentMs}`)
            .whereRef('segment.start_ms', '<', 'erasure.to_ms')
            .whereRef('segment.end_ms', '>', 'erasure.from_ms'),
        ),
      ),
    )
    .execute();
}
