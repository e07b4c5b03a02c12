/** The store's answer to the engine: which files hold a span, and why there is nothing between them. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Log, sayError } from '../base/index.ts';
import type { Footage, SegmentRef } from '../engine/index.ts';
import type { Span } from './cover.ts';
import { overlapping, type StoredSegment } from './segments.ts';
import { covered, type StoreAt } from './timeline.ts';

/** Two hours of segments that a flapping camera cut to seconds. */
const maxSegments = 5_000;
const statsAtOnce = 32;

export async function footage(
  at: StoreAt & { readonly log: Log },
  cameraId: string,
  span: Span,
): Promise<Footage> {
  const fresh = at.keeper
    .freshOf(cameraId)
    .filter((segment) => segment.startMs < span.toMs && segment.endMs > span.fromMs);
  const stored = await overlapping(at.db.kysely, cameraId, span, maxSegments);
  const present = await keepPresent(at, cameraId, stored);
  const window = { fromMs: span.fromMs, toMs: Math.min(span.toMs, at.clock.wallMs()) };
  const { gaps } = await covered(at, cameraId, window);
  const byId = new Map<string, SegmentRef>();
  for (const { id, volume, path, startMs, endMs, open } of [...present, ...fresh])
    byId.set(id, { id, volume, path, startMs, endMs, open });
  return {
    segments: [...byId.values()].sort((a, b) => a.startMs - b.startMs),
    gaps: gaps.map(({ fromMs, toMs, cause, detail }) => ({ fromMs, toMs, cause, detail: { ...detail } })),
  };
}

/** Those whose file is there. One that is gone, or is back, changes its row, and with it every later answer. */
async function keepPresent(
  at: StoreAt & { readonly log: Log },
  cameraId: string,
  stored: readonly StoredSegment[],
): Promise<StoredSegment[]> {
  const found: StoredSegment[] = [];
  const reached = stored.filter((segment) => !segment.isAway);
  for (let i = 0; i < reached.length; i += statsAtOnce) {
    const some = reached.slice(i, i + statsAtOnce);
    const conditions = await Promise.all(some.map(conditionOf));
    for (const [index, segment] of some.entries()) {
      const condition = conditions[index]!;
      if (condition !== segment.condition) await mark(at, cameraId, segment, condition);
      if (condition !== 'missing') found.push(segment);
    }
  }
  return found;
}

/** A file that is shorter than it was is damaged; the engine plays what is whole of it. */
async function conditionOf(segment: StoredSegment): Promise<StoredSegment['condition']> {
  // A bucket is watched as a whole; to ask it for each of a hundred segments would delay every seek.
  if (segment.volume.path.startsWith('s3://')) return segment.condition;
  try {
    const { size } = await stat(join(segment.volume.path, segment.path));
    return size < segment.bytes ? 'damaged' : 'good';
  } catch {
    return 'missing';
  }
}

async function mark(
  { db, log }: StoreAt & { readonly log: Log },
  cameraId: string,
  segment: StoredSegment,
  condition: StoredSegment['condition'],
): Promise<void> {
  const { id, startMs, path } = segment;
  const what = { segment: id, camera: cameraId, path, was: segment.condition, condition };
  log[condition === 'good' ? 'info' : 'error'](what, 'the condition of a stored segment changed');
  try {
    await db.kysely
      .updateTable('segment')
      .set({ condition })
      .where('camera_id', '=', cameraId)
      .where('stream', '=', 'main')
      .where('start_ms', '=', startMs)
      .where('id', '=', id)
      .execute();
  } catch (error) {
    log.warn({ segment: id, error: sayError(error) }, 'the condition of a segment could not be written');
  }
}
