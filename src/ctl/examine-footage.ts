/**
 * Is the footage there that the index knows, and does the index know what is there? One stream and one day at a time,
 * so that ten million segments need no more memory than a day of one camera. No file is ever changed, moved or
 * deleted here; the index gets the digest of what a rebuild took in unread.
 */
import { createHash } from 'node:crypto';
import { type Dirent, existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { type Clock, Fault, sayError } from '../base/index.ts';
import type { Tables } from '../db/index.ts';
import { BucketFault, isOfTheBucket } from '../engine/bucket/index.ts';
import type { DayKeys } from '../engine/keys/index.ts';
import { examine, inspect, openBytes, type SegmentBytes } from '../engine/segment/index.ts';
import { digestNotRead, setDigest } from '../store/index.ts';
import { fileNameOf, isDay, isSource } from './footage-names.ts';
import type { Pace } from './pace.ts';

export const depths = ['present', 'size', 'digest'] as const;
export type Depth = (typeof depths)[number];

export type FootageFinding =
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
  | { readonly what: 'volume'; readonly path: string; readonly why: string };

export interface FootageSeen {
  segments: number;
  files: number;
  bytes: number;
  /** Being written, or taken up by the next start: in no index yet, and right so. */
  fresh: number;
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
  /** A file begun at or after this may have no row yet. */
  readonly freshFromMs: number;
  readonly found: (finding: FootageFinding) => void;
  readonly progress: (seen: FootageSeen, total: { segments: number; bytes: number }) => void;
}

interface Row {
  readonly id: string;
  readonly volumeId: string;
  readonly path: string;
  readonly bytes: number;
  readonly digest: Uint8Array;
}
interface Place {
  readonly id: string;
  readonly path: string;
  readonly isFolder: boolean;
}

const dayMs = 86_400_000;
const streams = ['main', 'sub'] as const;
/** A minute a segment is 1,440 a day; a camera that comes and goes every second stays below. */
const maxRows = 200_000;

export async function examineFootage(at: ExamineAt): Promise<FootageSeen> {
  const seen: FootageSeen = { segments: 0, files: 0, bytes: 0, fresh: 0, digested: 0, findings: 0 };
  const count: ExamineAt = {
    ...at,
    found: (finding) => {
      seen.findings++;
      at.found(finding);
    },
  };
  const volumes = await at.db.selectFrom('volume').selectAll().orderBy('id').execute();
  const places = volumes.map((row): Place => ({ id: row.id, path: row.path, isFolder: isFolder(row) }));
  const total = {
    segments: volumes.reduce((sum, row) => sum + row.segments, 0),
    bytes: volumes.reduce((sum, row) => sum + row.bytes, 0),
  };
  const known = await usable(count, places);
  const away = new Set<string>();
  for (const source of await sourcesOf(count, known)) {
    for await (const day of daysOf(at.db, known, source, count.found)) {
      await examineDay({ ...count, seen, places: known, away }, source, day);
      at.progress(seen, total);
    }
  }
  return seen;
}

const isFolder = (row: object): boolean => !('kind' in row) || row.kind === 'folder';

/** A volume that is not there is one finding, not one for each of its segments. */
async function usable(at: ExamineAt, places: readonly Place[]): Promise<Place[]> {
  const good: Place[] = [];
  for (const place of places) {
    if (!place.isFolder || existsSync(place.path)) good.push(place);
    else at.found({ what: 'volume', path: place.path, why: 'it is not there' });
  }
  return good;
}

/** `<camera>.<stream>`: what the index has and what lies on the disks. */
async function sourcesOf(at: ExamineAt, places: readonly Place[]): Promise<string[]> {
  const cameras = await at.db.selectFrom('camera').select('id').orderBy('id').execute();
  const sources = new Set(cameras.flatMap(({ id }) => streams.map((stream) => `${id}.${stream}`)));
  for (const place of places.filter((one) => one.isFolder)) {
    for (const entry of await list(place, '', at.found)) {
      if (entry.isDirectory() && isSource(entry.name)) sources.add(entry.name);
      else if (!isOurs(entry)) at.found({ what: 'foreign', path: join(place.path, entry.name) });
    }
  }
  return [...sources].sort();
}

/** The file system's own, and what Custos keeps beside the footage. */
const isOurs = (entry: Dirent): boolean => entry.name === 'lost+found' || entry.name.startsWith('.custos');

async function list(place: Place, path: string, found: ExamineAt['found']): Promise<Dirent[]> {
  try {
    return await readdir(join(place.path, path), { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      found({ what: 'volume', path: join(place.path, path), why: sayError(error) });
    return [];
  }
}

/** Days of a stream, oldest first: those of the index are asked for one by one. */
async function* daysOf(
  db: Kysely<Tables>,
  places: readonly Place[],
  source: string,
  found: ExamineAt['found'],
): AsyncGenerator<string> {
  const onDisk = new Set<string>();
  for (const place of places.filter((one) => one.isFolder)) {
    for (const entry of await list(place, source, found)) {
      if (entry.isDirectory() && isDay(entry.name)) onDisk.add(entry.name);
      else found({ what: 'foreign', path: join(place.path, source, entry.name) });
    }
  }
  const left = [...onDisk].sort();
  for (let sinceMs = Number.MIN_SAFE_INTEGER; ; ) {
    const next = await nextStart(db, source, sinceMs);
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

async function examineDay(at: DayAt, source: string, day: string): Promise<void> {
  // The files first: one that gets its row while we look is then known, and one that is deleted is asked for twice.
  const files = new Map<string, Place>();
  for (const place of at.places.filter((one) => one.isFolder)) {
    for (const entry of await list(place, `${source}/${day}`, at.found)) {
      const path = `${source}/${day}/${entry.name}`;
      if (entry.isFile() && fileNameOf(entry.name)) files.set(`${place.id} ${path}`, place);
      else at.found({ what: 'foreign', path: join(place.path, path) });
    }
  }
  for (const row of await rowsOf(at.db, source, day)) {
    const place = at.places.find(({ id }) => id === row.volumeId);
    const isListed = files.delete(`${row.volumeId} ${row.path}`);
    if (!place || at.away.has(place.id)) continue;
    await at.pace.turn(() => examineRow(at, place, row, isListed));
  }
  for (const [key, place] of files) await examineFile(at, place, key.slice(place.id.length + 1));
}

async function rowsOf(db: Kysely<Tables>, source: string, day: string): Promise<Row[]> {
  const { cameraId, stream } = partsOf(source);
  const fromMs = Date.parse(day);
  const rows = await db
    .selectFrom('segment')
    .select(['id', 'volume_id', 'path', 'bytes', 'digest'])
    .where('camera_id', '=', cameraId)
    .where('stream', '=', stream)
    .where('start_ms', '>=', fromMs)
    .where('start_ms', '<', fromMs + dayMs)
    .orderBy('start_ms')
    .limit(maxRows)
    .execute();
  return rows.map(({ volume_id, ...row }) => ({ ...row, volumeId: volume_id }));
}

async function examineRow(at: DayAt, place: Place, row: Row, isListed: boolean): Promise<void> {
  at.seen.segments++;
  const finding = await judge(at, place, row, isListed);
  // Retention may have been faster than we are.
  if (finding && (await isStillKnown(at.db, row))) at.found(finding);
}

async function judge(at: DayAt, place: Place, row: Row, isListed: boolean): Promise<FootageFinding | null> {
  const path = join(place.path, row.path);
  const named = { path, segment: row.id };
  if (at.depth === 'present' && isListed) return null;
  if (at.depth === 'size' && place.isFolder) {
    const there = await stat(path).catch(() => null);
    if (there) return bySize(named, there.size, row.bytes);
    return { what: 'missing', ...named };
  }
  try {
    await using bytes = await openBytes(place, row.path);
    const size = await bytes.size();
    const wrong = bySize(named, size, row.bytes);
    if (at.depth !== 'digest' || wrong) return wrong;
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
  const named = { path: join(place.path, row.path), segment: row.id };
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

async function findRow(db: Kysely<Tables>, id: string): Promise<{ volumeId: string; path: string } | null> {
  const row = await db
    .selectFrom('segment')
    .select(['volume_id', 'path'])
    .where('id', '=', id)
    .limit(1)
    .executeTakeFirst();
  return row ? { volumeId: row.volume_id, path: row.path } : null;
}

/** A file that no row of its day names: written now, a second of its kind, or one that nobody knows. */
async function examineFile(at: DayAt, place: Place, path: string): Promise<void> {
  at.seen.files++;
  const { startMs, id } = fileNameOf(path.slice(path.lastIndexOf('/') + 1))!;
  const row = await findRow(at.db, id);
  const full = join(place.path, path);
  if (row?.volumeId === place.id && row.path === path) return;
  if (row) {
    const other = at.places.find((one) => one.id === row.volumeId);
    at.found({ what: 'double', path: full, segment: id, other: join(other?.path ?? row.volumeId, row.path) });
  } else if (startMs >= at.freshFromMs) at.seen.fresh++;
  else if (existsSync(full)) at.found({ what: 'unknown', path: full });
}
