/** The store's answer to the engine: which files hold a span, and why there is nothing between them. */
import { Fault, type Log, sayError } from '../base/index.ts';
import type { Footage, SegmentRef, StreamKind } from '../engine/index.ts';
import { type Span, without } from './cover.ts';
import type { Disks } from './disks.ts';
import { overlapping, type StoredSegment } from './segments.ts';
import { covered, type StoreAt, smallIn } from './timeline.ts';

/** Two hours of segments that a flapping camera cut to seconds. */
const maxSegments = 5_000;
/** Asked of a disk at once. */
const sizesAtOnce = 64;

export interface FootageAt extends StoreAt {
  readonly disks: Pick<Disks, 'sizes'>;
  readonly log: Log;
}

export async function footage(at: FootageAt, cameraId: string, span: Span): Promise<Footage> {
  const segments = await segmentsIn(at, cameraId, span, 'main');
  const window = { fromMs: span.fromMs, toMs: Math.min(span.toMs, at.clock.wallMs()) };
  const { spans, gaps } = await covered(at, cameraId, window);
  const small = gaps.length === 0 ? [] : await smallIn(at, cameraId, window, spans);
  if (small.length > 0) segments.push(...(await smallSegments(at, cameraId, span, small)));
  return {
    segments: segments.sort((a, b) => a.startMs - b.startMs),
    // A player passes a gap over: where it has the sub-stream to show there is none.
    gaps: gaps.flatMap(({ cause, detail, ...gap }) =>
      without(gap, small).map(({ fromMs, toMs }) => ({ fromMs, toMs, cause, detail: { ...detail } })),
    ),
  };
}

async function segmentsIn(
  at: FootageAt,
  cameraId: string,
  span: Span,
  stream: StreamKind,
): Promise<SegmentRef[]> {
  const fresh = at.keeper
    .freshOf(cameraId, stream)
    .filter((segment) => segment.startMs < span.toMs && segment.endMs > span.fromMs);
  const stored = await overlapping(at.db.kysely, cameraId, span, maxSegments, stream);
  const present = await keepPresent(at, cameraId, stored);
  const byId = new Map<string, SegmentRef>();
  for (const { id, volume, path, startMs, endMs, open } of [...present, ...fresh])
    byId.set(id, { id, volume, path, startMs, endMs, open });
  return [...byId.values()];
}

/** Of the sub-stream those that show something which nothing else does. */
async function smallSegments(
  at: FootageAt,
  cameraId: string,
  span: Span,
  small: readonly Span[],
): Promise<SegmentRef[]> {
  const all = await segmentsIn(at, cameraId, span, 'sub');
  return all.filter(({ startMs, endMs }) => small.some((one) => startMs < one.toMs && endMs > one.fromMs));
}

/** Those whose file is there. One that is gone, or is back, changes its row, and with it every later answer. */
async function keepPresent(
  at: FootageAt,
  cameraId: string,
  stored: readonly StoredSegment[],
): Promise<StoredSegment[]> {
  const reached = stored.filter((segment) => !segment.isAway);
  const gone = new Set<StoredSegment>();
  for (const some of Map.groupBy(reached, (segment) => segment.volume.path).values())
    for (const [segment, condition] of await conditionsOf(at, some)) {
      if (condition !== segment.condition) await mark(at, cameraId, segment, condition);
      if (condition === 'missing') gone.add(segment);
    }
  return reached.filter((segment) => !gone.has(segment));
}

/** A file that is shorter than it was is damaged; the engine plays what is whole of it. All are of one volume. */
async function conditionsOf(
  { disks }: FootageAt,
  segments: readonly StoredSegment[],
): Promise<[StoredSegment, StoredSegment['condition']][]> {
  const sizes = await sizesOf(
    disks,
    segments[0]!.volume.path,
    segments.map(({ path }) => path),
  );
  return segments.map((segment, i) => {
    const size = sizes[i];
    if (size === undefined) return [segment, segment.condition];
    if (size === null) return [segment, 'missing'];
    return [segment, size < segment.bytes ? 'damaged' : 'good'];
  });
}

/** As far as they can be had. */
async function sizesOf(
  disks: Pick<Disks, 'sizes'>,
  root: string,
  paths: readonly string[],
): Promise<(number | null)[]> {
  // A bucket is watched as a whole; to ask it for each of a hundred segments would delay every seek.
  if (root.startsWith('s3://')) return [];
  const sizes: (number | null)[] = [];
  try {
    for (let i = 0; i < paths.length; i += sizesAtOnce)
      sizes.push(...(await disks.sizes(root, paths.slice(i, i + sizesAtOnce))));
  } catch (error) {
    // A disk that fails, or does not answer, says nothing of any file.
    if (!(error instanceof Fault)) throw error;
  }
  return sizes;
}

async function mark(
  { db, log }: FootageAt,
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
      .where('stream', '=', segment.stream)
      .where('start_ms', '=', startMs)
      .where('id', '=', id)
      .execute();
  } catch (error) {
    log.warn({ segment: id, error: sayError(error) }, 'the condition of a segment could not be written');
  }
}
