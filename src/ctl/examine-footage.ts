/**
 * Is the footage there that the index knows, and does the index know what is there? One stream and one day at a time,
 * so that ten million segments need no more memory than a day of one camera. No file is ever changed, moved or
 * deleted here; the index gets the digest of what a rebuild took in unread.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Kysely } from 'kysely';
import { type Clock, Fault, sayError } from '../base/index.ts';
import type { Tables } from '../db/index.ts';
import { BucketFault, isOfTheBucket } from '../engine/bucket/index.ts';
import type { DayKeys, RingThere } from '../engine/keys/index.ts';
import { examine, inspect, openBytes, type SegmentBytes } from '../engine/segment/index.ts';
import {
  classOf,
  digestNotRead,
  isSealedIn,
  keepingOfCamera,
  type SegmentClass,
  type Span,
  setDigest,
} from '../store/index.ts';
import { fileNameOf, isDay, isSource } from './footage-names.ts';
import type { Pace } from './pace.ts';
import { bucketPlace, type Entry, folderPlace, type Place } from './places.ts';

export const depths = ['present', 'size', 'digest'] as const;
export type Depth = (typeof depths)[number];

/** Of a segment that the index knows, with what it is kept as: a lost hour under an evidence hold is another matter. */
export type FootageFinding = WhatWasFound & { readonly class?: SegmentClass };

type WhatWasFound =
  | { readonly what: 'missing'; readonly path: string; readonly segment: string }
  | {
      readonly what: 'short';
      readonly path: string;
      readonly segment: string;
      readonly bytes: number;
      readonly wanted: number;
    }
  | {
      readonly what: 'long';
      readonly path: string;
      readonly segment: string;
      readonly bytes: number;
      readonly wanted: number;
    }
  | {
      readonly what: 'digest';
      readonly path: string;
      readonly segment: string;
      readonly where: readonly string[];
    }
  | { readonly what: 'sealed'; readonly path: string; readonly segment: string; readonly why: string }
  | { readonly what: 'unreadable'; readonly path: string; readonly segment: string; readonly why: string }
  | { readonly what: 'unknown'; readonly path: string }
  | { readonly what: 'double'; readonly path: string; readonly segment: string; readonly other: string }
  | { readonly what: 'foreign'; readonly path: string }
  | { readonly what: 'ring'; readonly path: string; readonly why: 'missing' | 'foreign' }
  | {
      readonly what: 'keyless';
      /** `<camera>.<stream>/<day>`: of one day and for one reason. */
      readonly path: string;
      readonly segments: number;
      readonly why: 'missing' | 'destroyed' | 'other-ring';
    }
  | { readonly what: 'volume'; readonly path: string; readonly why: string };

export interface FootageSeen {
  segments: number;
  files: number;
  bytes: number;
  /** Being written, or taken up by the next start: in no index yet, and right so. */
  fresh: number;
  /** There twice, on its way into a bucket: the same under the same path, and the row names one of them. */
  moving: number;
  /** Taken in unread by a rebuild, now read and proven: the index has their digest. */
  digested: number;
  findings: number;
}

export interface ExamineAt {
  readonly db: Kysely<Tables>;
  readonly clock: Clock;
  readonly depth: Depth;
  readonly pace: Pace;
  /** Null: what is sealed cannot be proven, only compared. */
  readonly keys: DayKeys | null;
  /** Where it is given: which segments have no key any more is named, a day at a time. */
  readonly ring?: {
    readonly path: string;
    /** It is not the one of this footage: said once, and nothing of single days. */
    readonly wrong: 'missing' | 'foreign' | null;
    readonly there: RingThere;
    /** Sealed in these times: under a ring that was lost. */
    readonly lost: readonly Span[];
  } | null;
  /** A file begun at or after this may have no row yet. */
  readonly freshFromMs: number;
  readonly found: (finding: FootageFinding) => void;
  readonly progress: (seen: FootageSeen, total: { segments: number; bytes: number }) => void;
}

interface Row {
  readonly id: string;
  readonly cameraId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly volumeId: string;
  readonly path: string;
  readonly bytes: number;
  readonly digest: Uint8Array;
}
const dayMs = 86_400_000;
const streams = ['main', 'sub'] as const;
/** A minute a segment is 1,440 a day; a camera that comes and goes every second stays below. */
const maxRows = 200_000;

export async function examineFootage(at: ExamineAt): Promise<FootageSeen> {
  const seen: FootageSeen = {
    ...{ segments: 0, files: 0, bytes: 0, fresh: 0, moving: 0, digested: 0, findings: 0 },
  };
  const count: ExamineAt = {
    ...at,
    found: (finding) => {
      seen.findings++;
      at.found(finding);
    },
  };
  if (at.ring?.wrong) count.found({ what: 'ring', path: at.ring.path, why: at.ring.wrong });
  const volumes = await at.db.selectFrom('volume').selectAll().orderBy('id').execute();
  const total = {
    segments: volumes.reduce((sum, row) => sum + row.segments, 0),
    bytes: volumes.reduce((sum, row) => sum + row.bytes, 0),
  };
  using stack = new DisposableStack();
  const places = usable(count, volumes, (place) => stack.use(place));
  const day: DayAt = { ...count, seen, places, away: new Set() };
  for (const source of await sourcesOf(day)) {
    for await (const one of daysOf(day, source)) {
      await examineDay(day, source, one);
      at.progress(seen, total);
    }
  }
  return seen;
}

interface VolumeRow {
  readonly id: string;
  readonly path: string;
  readonly kind?: string;
  readonly removed?: Date | null;
}

/** A volume that is not there is one finding, not one for each of its segments. */
function usable(at: ExamineAt, volumes: readonly VolumeRow[], use: (place: Place) => Place): Place[] {
  const good: Place[] = [];
  for (const row of volumes) {
    const isFolder = row.kind === undefined || row.kind === 'folder';
    // A bucket is removed only when nothing lies in it, and its secret goes with it.
    if (!isFolder && row.removed) continue;
    const place = isFolder ? (existsSync(row.path) ? folderPlace(row) : null) : bucketPlace(row);
    const why = isFolder ? 'it is not there' : 'its secret cannot be opened with the keys that are here';
    if (place !== null) good.push(use(place));
    else at.found({ what: 'volume', path: row.path, why });
  }
  return good;
}

/** `<camera>.<stream>`: what the index has and what lies in the volumes. */
async function sourcesOf(at: DayAt): Promise<string[]> {
  const cameras = await at.db.selectFrom('camera').select('id').orderBy('id').execute();
  const sources = new Set(cameras.flatMap(({ id }) => streams.map((stream) => `${id}.${stream}`)));
  for (const place of at.places) {
    for (const entry of await list(at, place, '')) {
      if (entry.isFolder && isSource(entry.name)) sources.add(entry.name);
      else if (!isOurs(entry)) at.found({ what: 'foreign', path: `${place.path}/${entry.name}` });
    }
  }
  return [...sources].sort();
}

/** The file system's own, what Custos keeps beside the footage, and what it tries a bucket with. */
const isOurs = ({ name }: Entry): boolean =>
  name === 'lost+found' || name.startsWith('.custos') || name === 'custos-test';

async function list(at: DayAt, place: Place, path: string): Promise<Entry[]> {
  if (at.away.has(place.id)) return [];
  try {
    return await place.list(path);
  } catch (error) {
    const finding = place.isFolder
      ? ({ what: 'volume', path: `${place.path}/${path}`, why: sayError(error) } as const)
      : awayOnce(at, place, error);
    if (finding) at.found(finding);
    return [];
  }
}

/** Days of a stream, oldest first: those of the index are asked for one by one. */
async function* daysOf(at: DayAt, source: string): AsyncGenerator<string> {
  const stored = new Set<string>();
  for (const place of at.places) {
    for (const entry of await list(at, place, source)) {
      if (entry.isFolder && isDay(entry.name)) stored.add(entry.name);
      else at.found({ what: 'foreign', path: `${place.path}/${source}/${entry.name}` });
    }
  }
  const left = [...stored].sort();
  for (let sinceMs = Number.MIN_SAFE_INTEGER; ; ) {
    const next = await nextStart(at.db, source, sinceMs);
    const day = next === null ? null : dayOf(next);
    while (left.length > 0 && (day === null || left[0]! < day)) yield left.shift() as string;
    if (day === null) return;
    if (left[0] === day) left.shift();
    yield day;
    sinceMs = Date.parse(day) + dayMs;
  }
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const partsOf = (source: string) => ({
  cameraId: source.slice(0, source.lastIndexOf('.')),
  stream: source.endsWith('.sub') ? ('sub' as const) : ('main' as const),
});

async function nextStart(db: Kysely<Tables>, source: string, sinceMs: number): Promise<number | null> {
  const { cameraId, stream } = partsOf(source);
  const row = await db
    .selectFrom('segment')
    .select('start_ms')
    .where('camera_id', '=', cameraId)
    .where('stream', '=', stream)
    .where('start_ms', '>=', sinceMs)
    .orderBy('start_ms')
    .limit(1)
    .executeTakeFirst();
  return row?.start_ms ?? null;
}

type DayAt = ExamineAt & {
  readonly seen: FootageSeen;
  readonly places: readonly Place[];
  /** Buckets that do not answer. */
  readonly away: Set<string>;
};

/** A file, and how long its listing says that it is. */
interface Found {
  readonly place: Place;
  readonly path: string;
  readonly bytes: number | null;
}

async function examineDay(at: DayAt, source: string, day: string): Promise<void> {
  // The files first: one that gets its row while we look is then known, and one that is deleted is asked for twice.
  const files = new Map<string, Found>();
  for (const place of at.places) {
    for (const { name, isFile, bytes } of await list(at, place, `${source}/${day}`)) {
      const path = `${source}/${day}/${name}`;
      if (isFile && fileNameOf(name)) files.set(`${place.id} ${path}`, { place, path, bytes });
      else at.found({ what: 'foreign', path: `${place.path}/${path}` });
    }
  }
  const rows = await rowsOf(at.db, source, day);
  await examineKeys(at, { source, day, rows });
  for (const row of rows) {
    const place = at.places.find(({ id }) => id === row.volumeId);
    const key = `${row.volumeId} ${row.path}`;
    const listed = files.get(key) ?? null;
    files.delete(key);
    if (!place || at.away.has(place.id)) continue;
    await at.pace.turn(() => examineRow(at, place, row, listed));
  }
  for (const file of files.values()) await examineFile(at, file);
}

/** Whose key is gone: said of a day at once, for the files themselves may be as they were stored. */
async function examineKeys(
  at: DayAt,
  { source, day, rows }: { source: string; day: string; rows: readonly Row[] },
): Promise<void> {
  const { ring } = at;
  if (!ring || ring.wrong || rows.length === 0) return;
  const path = `${source}/${day}`;
  const others = rows.filter(({ startMs }) => isSealedIn(ring.lost, startMs)).length;
  if (others > 0) at.found({ what: 'keyless', path, segments: others, why: 'other-ring' });
  const segments = rows.length - others;
  const key = segments > 0 ? await ring.there.key(source, day) : 'there';
  if (key !== 'there')
    at.found({ what: 'keyless', path, segments, why: key === 'gone' ? 'destroyed' : 'missing' });
}

async function rowsOf(db: Kysely<Tables>, source: string, day: string): Promise<Row[]> {
  const { cameraId, stream } = partsOf(source);
  const fromMs = Date.parse(day);
  const rows = await db
    .selectFrom('segment')
    .select(['id', 'volume_id', 'path', 'bytes', 'digest', 'start_ms', 'end_ms'])
    .where('camera_id', '=', cameraId)
    .where('stream', '=', stream)
    .where('start_ms', '>=', fromMs)
    .where('start_ms', '<', fromMs + dayMs)
    .orderBy('start_ms')
    .limit(maxRows)
    .execute();
  return rows.map(({ volume_id, start_ms, end_ms, ...row }) => ({
    ...row,
    ...{ cameraId, volumeId: volume_id, startMs: start_ms, endMs: end_ms },
  }));
}

async function examineRow(at: DayAt, place: Place, row: Row, listed: Found | null): Promise<void> {
  at.seen.segments++;
  const finding = await judge(at, place, row, listed);
  // Retention may have been faster than we are.
  if (!finding || !(await isStillKnown(at.db, row))) return;
  const nowMs = at.clock.wallMs();
  const kept = classOf(row, await keepingOfCamera(at.db, row.cameraId, nowMs), nowMs);
  at.found('segment' in finding ? { ...finding, class: kept } : finding);
}

async function judge(
  at: DayAt,
  place: Place,
  row: Row,
  listed: Found | null,
): Promise<FootageFinding | null> {
  const path = `${place.path}/${row.path}`;
  const named = { path, segment: row.id };
  if (at.depth === 'present' && listed !== null) return null;
  try {
    if (at.depth !== 'digest') {
      const size = listed?.bytes ?? (await place.sizeOf(row.path));
      if (size === null) return { what: 'missing', ...named };
      return at.depth === 'present' ? null : bySize(named, size, row.bytes);
    }
    await using bytes = await openBytes(place, row.path);
    const wrong = bySize(named, await bytes.size(), row.bytes);
    if (wrong) return wrong;
    const digest = await digestOf(bytes, at);
    if (digest.equals(row.digest)) return null;
    if (notRead.equals(row.digest)) return await firstRead(at, place, row, digest);
    return { what: 'digest', ...named, where: await whereWrong(at, place, row.path) };
  } catch (error) {
    if (isGone(error)) return { what: 'missing', ...named };
    if (!place.isFolder && isAway(error)) return awayOnce(at, place, error);
    return { what: 'unreadable', ...named, why: sayError(error) };
  }
}

const notRead = Buffer.from(digestNotRead, 'hex');

/** A rebuild took it in by its ends. What it is was sealed into it: with its key it proves itself, and has a digest. */
async function firstRead(
  at: DayAt,
  place: Place,
  row: Row,
  digest: Uint8Array,
): Promise<FootageFinding | null> {
  const named = { path: `${place.path}/${row.path}`, segment: row.id };
  if (at.keys === null) return { what: 'sealed', ...named, why: 'there are no keys to open it with' };
  const wrong = await examine(place, row.path, at.keys);
  if (wrong.length > 0) return { what: 'sealed', ...named, why: wrong.slice(0, 3).join('; ') };
  await setDigest(at.db, row.id, digest);
  at.seen.digested++;
  return null;
}

/** The records that do not open, with their key; without it, those whose headers are damaged. */
async function whereWrong({ keys }: DayAt, place: Place, path: string): Promise<readonly string[]> {
  return keys === null ? (await inspect(place, path, false)).damaged : examine(place, path, keys);
}

function bySize(
  named: { path: string; segment: string },
  bytes: number,
  wanted: number,
): FootageFinding | null {
  if (bytes === wanted) return null;
  return { what: bytes < wanted ? 'short' : 'long', ...named, bytes, wanted };
}

/** A bucket that cannot be reached is one finding, not one for each of its segments. */
function awayOnce({ away }: DayAt, place: Place, error: unknown): FootageFinding | null {
  if (away.has(place.id)) return null;
  away.add(place.id);
  return { what: 'volume', path: place.path, why: sayError(error) };
}

const isAway = (error: unknown): boolean =>
  error instanceof BucketFault ? isOfTheBucket(error.problem.code) : error instanceof Fault && error.retry;

function isGone(error: unknown): boolean {
  if (error instanceof BucketFault && error.problem.code === 'no-object') return true;
  for (let one: unknown = error; one instanceof Error; one = one.cause)
    if ((one as NodeJS.ErrnoException).code === 'ENOENT') return true;
  return false;
}

const chunk = Buffer.allocUnsafeSlow(1 << 20);

/** One at a time: the buffer is shared. */
async function digestOf(bytes: SegmentBytes, { seen, pace }: DayAt): Promise<Buffer> {
  const hash = createHash('sha256');
  for (let from = 0; ; ) {
    const read = await bytes.read(chunk, from);
    hash.update(chunk.subarray(0, read));
    from += read;
    seen.bytes += read;
    if (read < chunk.length) return hash.digest();
    await pace.rest();
  }
}

async function isStillKnown(db: Kysely<Tables>, row: Row): Promise<boolean> {
  const found = await findRow(db, row.id);
  return found !== null && found.path === row.path && found.volumeId === row.volumeId;
}

interface Known {
  readonly volumeId: string;
  readonly path: string;
  readonly bytes: number;
}

async function findRow(db: Kysely<Tables>, id: string): Promise<Known | null> {
  const row = await db
    .selectFrom('segment')
    .select(['volume_id', 'path', 'bytes'])
    .where('id', '=', id)
    .limit(1)
    .executeTakeFirst();
  return row ? { volumeId: row.volume_id, path: row.path, bytes: row.bytes } : null;
}

/** A file that no row of its day names: written or moved now, a second of its kind, or one that nobody knows. */
async function examineFile(at: DayAt, file: Found): Promise<void> {
  at.seen.files++;
  const { place, path } = file;
  const { startMs, id } = fileNameOf(path.slice(path.lastIndexOf('/') + 1))!;
  const row = await findRow(at.db, id);
  const full = `${place.path}/${path}`;
  if (row?.volumeId === place.id && row.path === path) return;
  if (row) {
    const other = at.places.find((one) => one.id === row.volumeId);
    if (await isMoving(at.db, file, row, other)) at.seen.moving++;
    else
      at.found({
        what: 'double',
        path: full,
        segment: id,
        other: `${other?.path ?? row.volumeId}/${row.path}`,
      });
  } else if (startMs >= at.freshFromMs) at.seen.fresh++;
  else if (await place.has(path).catch(() => true)) at.found({ what: 'unknown', path: full });
}

/** Carried into a bucket and not told of by its row yet; or told of, and not removed from its folder yet. */
async function isMoving(
  db: Kysely<Tables>,
  { place, path, bytes }: Found,
  row: Known,
  other: Place | undefined,
): Promise<boolean> {
  if (row.path !== path) return false;
  if (!place.isFolder) return other?.isFolder === true && bytes === row.bytes;
  const moved = await db
    .selectFrom('moved_file')
    .select('path')
    .where('volume_id', '=', place.id)
    .where('path', '=', path)
    .executeTakeFirst();
  return moved !== undefined;
}
