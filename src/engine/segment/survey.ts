/**
 * What a volume holds, told by its files alone: the index is rebuilt from this after a crash, or altogether. Damaged
 * and foreign files are named and never deleted; with `repair` a file is cut after its last whole record.
 */
import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault, sayError, systemClock } from '../../base/index.ts';
import { type BucketAccess, bucketOf, listObjects, Wire } from '../bucket/index.ts';
import { type DayKeys, NoKey } from '../keys/index.ts';
import {
  type Header,
  readHeader,
  SealError,
  type SegmentIdentity,
  type SegmentSeal,
  segmentSeal,
} from '../seal/index.ts';
import type { SegmentFacts, Volume } from '../terms.ts';
import { openBytes, type SegmentBytes } from './bytes.ts';
import { openHalf } from './file.ts';
import { inLane, NoAnswer } from './lane.ts';
import { checkMark, markName, probeName } from './mark.ts';
import { type RecordAt, RecordWalk, readRecord, readStart, type Tail } from './records.ts';

export interface Survey {
  readonly segments: readonly SegmentFacts[];
  readonly damaged: readonly { path: string; why: string }[];
}
export interface SurveyOptions {
  readonly sinceMs: number;
  /** Files begun at or after this are passed over: one that was just begun is being written. */
  readonly untilMs?: number;
  readonly repair: boolean;
  /** Paths relative to the volume. A file that is being written belongs here: `repair` would cut it. */
  readonly known: readonly string[];
  /** With keys `repair` finds what a power cut tore at the end of a file that was not closed. */
  readonly keys?: DayKeys;
}

/** A minute a file, 64 cameras, a year: more files than this are on no volume. */
const maxFiles = 40_000_000;
const maxNamed = 10_000;
const atOnce = 4;

const sourceName = /^[A-Za-z0-9_-]{1,64}\.(main|sub)$/;
const dayName = /^\d{4}-\d{2}-\d{2}$/;
const segmentName = /^(\d{1,15})-([A-Za-z0-9_-]{1,64})\.cvs$/;

/** Where a segment lies in its volume: `<cameraId>.<stream>/<UTC day>/<startMs>-<id>.cvs`. */
export function segmentPath(of: { cameraId: string; stream: string; startMs: number; id: string }): string {
  const startMs = Math.floor(of.startMs);
  const day = new Date(startMs).toISOString().slice(0, 10);
  return `${of.cameraId}.${of.stream}/${day}/${startMs}-${of.id}.cvs`;
}

export async function survey(volume: Volume, options: SurveyOptions): Promise<Survey> {
  const segments: SegmentFacts[] = [];
  const damaged: { path: string; why: string }[] = [];
  const name = (path: string, why: string): void => {
    if (damaged.length < maxNamed) damaged.push({ path, why });
  };
  const known = new Set(options.known);
  const access = bucketOf(volume);
  if (access === null)
    await inLane(volume.path, () => checkMark(volume)).catch((cause: unknown) => {
      throw new Fault(`the volume ${volume.path} is not there`, { cause });
    });
  const files =
    access === null ? segmentFiles(volume.path, options, name) : segmentObjects(access, options, name);
  // An object is whole or not there: nothing is ever cut in a bucket.
  const repair = options.repair && access === null;
  const work = async (): Promise<void> => {
    for (;;) {
      const next = await files.next();
      if (next.done) return;
      if (known.has(next.value)) continue;
      const found = await inspect(volume, next.value, repair, options.keys ?? null);
      if (found.facts !== null) segments.push(found.facts);
      for (const why of found.damaged) name(next.value, why);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  segments.sort((a, b) => a.startMs - b.startMs || (a.path < b.path ? -1 : 1));
  return { segments, damaged };
}

/** Paths of segments begun within a span. Whatever else lies there is named once and left alone. */
async function* segmentFiles(
  root: string,
  { sinceMs, untilMs = Number.POSITIVE_INFINITY }: { sinceMs: number; untilMs?: number },
  name: (path: string, why: string) => void,
): AsyncGenerator<string, void, undefined> {
  const sinceDay = new Date(Math.max(0, sinceMs)).toISOString().slice(0, 10);
  let files = 0;
  for (const source of await list(root, '', name)) {
    if (['lost+found', markName, probeName].includes(source.name)) continue;
    if (!source.isDirectory() || !sourceName.test(source.name)) {
      name(source.name, 'not a recording of Custos');
      continue;
    }
    for (const day of await list(root, source.name, name)) {
      const dayPath = `${source.name}/${day.name}`;
      if (!day.isDirectory() || !dayName.test(day.name)) {
        name(dayPath, 'not a recording of Custos');
        continue;
      }
      if (day.name < sinceDay) continue;
      for (const file of await list(root, dayPath, name)) {
        const path = `${dayPath}/${file.name}`;
        const startMs = segmentName.exec(file.name)?.[1];
        if (!file.isFile() || startMs === undefined) name(path, 'not a recording of Custos');
        else if (Number(startMs) >= Math.floor(sinceMs) && Number(startMs) < untilMs && files++ < maxFiles)
          yield path;
      }
    }
  }
}

/** The same of a bucket: names are as on a disk. */
async function* segmentObjects(
  access: BucketAccess,
  { sinceMs, untilMs = Number.POSITIVE_INFINITY }: { sinceMs: number; untilMs?: number },
  name: (path: string, why: string) => void,
): AsyncGenerator<string, void, undefined> {
  using wire = new Wire(access, systemClock);
  for await (const { path } of listObjects(wire)) {
    const [source = '', day = '', file = '', ...more] = path.split('/');
    const startMs = segmentName.exec(file)?.[1];
    const isOurs = sourceName.test(source) && dayName.test(day) && startMs !== undefined && more.length === 0;
    if (!isOurs) name(path, 'not a recording of Custos');
    else if (Number(startMs) >= Math.floor(sinceMs) && Number(startMs) < untilMs) yield path;
  }
}

async function list(
  root: string,
  path: string,
  name: (path: string, why: string) => void,
): Promise<Dirent[]> {
  try {
    const entries = await inLane(root, () => readdir(join(root, path), { withFileTypes: true }));
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (error instanceof NoAnswer) throw error;
    if (path === '') throw new Fault(`the volume ${root} cannot be read`, { cause: error });
    name(path, `cannot be read: ${sayError(error)}`);
    return [];
  }
}

interface Found {
  readonly facts: SegmentFacts | null;
  readonly damaged: readonly string[];
}

/**
 * What one file is, by its clear headers; cut after its last whole record when that is asked for. A file that was not
 * closed in order is also opened with its key, if there is one: what a power cut left half written at its end is cut
 * off too. `beforeStep` is told the numbered steps of docs/storage.md, "Recovering": for tests.
 */
export async function inspect(
  volume: Volume,
  path: string,
  repair: boolean,
  keys: DayKeys | null = null,
  beforeStep: (step: string) => void = () => {},
): Promise<Found> {
  try {
    beforeStep('recover 1');
    await using bytes = await openBytes(volume, path);
    const read = await readAll(bytes, keys, beforeStep);
    const { parts, damaged, tail } = read;
    if (parts.length === 0) return { facts: null, damaged: [...damaged, 'no part of it is whole'] };
    if (tail !== null && repair) {
      beforeStep('recover 3');
      await inLane(volume.path, () => cut(join(volume.path, path), tail.at));
    }
    beforeStep('recover 4');
    if (tail !== null && !repair) damaged.push(`${tail.bytes} bytes at its end are of no whole part`);
    const length = tail !== null && repair ? tail.at : read.fileBytes;
    return { facts: factsOf(read, volume, path, length, await digestOf(bytes, length)), damaged };
  } catch (error) {
    if (error instanceof SealError) return { facts: null, damaged: [error.message] };
    // Each file after it would be waited for as long.
    if (error instanceof NoAnswer) throw error;
    return { facts: null, damaged: [`cannot be read: ${sayError(error)}`] };
  }
}

interface ReadThrough {
  readonly identity: SegmentIdentity;
  /** Whole parts that are of this file. */
  readonly parts: readonly RecordAt[];
  readonly end: RecordAt | null;
  readonly damaged: string[];
  readonly tail: Tail | null;
  readonly fileBytes: number;
}

async function readAll(
  bytes: SegmentBytes,
  keys: DayKeys | null,
  beforeStep: (step: string) => void,
): Promise<ReadThrough> {
  const header = readHeader(await readStart(bytes));
  const { identity } = header;
  const damaged = header.damage === null ? [] : [header.damage.message];
  const walk = new RecordWalk(bytes, header.recordsAt);
  const records: RecordAt[] = [];
  for await (const met of walk.grow()) {
    if ('broken' in met) damaged.push(met.broken.why);
    else records.push(met.record);
  }
  const end = records.at(-1)?.type === 'end' ? records.at(-1)! : null;
  if (end === null) beforeStep('recover 2');
  const sound = end === null ? await opened(bytes, header, records, keys, damaged) : records;
  const wholeUntil = sound.at(-1)?.end ?? header.recordsAt;
  const { fileBytes } = walk;
  const isCut = end === null && wholeUntil < walk.next;
  const torn: Tail = { at: wholeUntil, bytes: fileBytes - wholeUntil, why: 'torn' };
  const parts = sound.filter((record) => record.type === 'part');
  if (end?.totals && end.totals.parts !== parts.length)
    damaged.push(`${end.totals.parts} parts were written and ${parts.length} are there`);
  return { identity, parts, end, damaged, tail: isCut ? torn : walk.tail, fileBytes };
}

/** The records that open with their key, up to the last of them; all, where there is no key. */
async function opened(
  bytes: SegmentBytes,
  header: Header,
  records: readonly RecordAt[],
  keys: DayKeys | null,
  damaged: string[],
): Promise<readonly RecordAt[]> {
  const seal = keys === null ? null : await sealOf(header, keys);
  if (seal === null) return records;
  const why: (string | null)[] = [];
  for (const record of records) why.push(await wrongIn(bytes, record, seal));
  const last = why.lastIndexOf(null);
  const kept = records.slice(0, last + 1);
  damaged.push(...why.slice(0, last + 1).filter((one) => one !== null));
  return kept.filter((_, i) => why[i] === null);
}

/** null when there is no key: then what the headers say has to do. */
async function sealOf({ identity, bytes }: Header, keys: DayKeys): Promise<SegmentSeal | null> {
  const { cameraId, stream, keyDay, keyId, suite } = identity;
  try {
    const { key } = await keys.toOpen(`${cameraId}.${stream}`, keyDay, keyId);
    return segmentSeal(suite, key, bytes);
  } catch (error) {
    // A service that does not answer now must not keep footage out of the index.
    if (error instanceof Fault) return null;
    throw error;
  }
}

/** What does not open in a record; null: all of it does. */
async function wrongIn(bytes: SegmentBytes, record: RecordAt, seal: SegmentSeal): Promise<string | null> {
  try {
    const all = await readRecord(bytes, record);
    openHalf(seal, record, 1, all);
    if (record.bodyBytes > 0) openHalf(seal, record, 2, all);
    return null;
  } catch (error) {
    if (error instanceof SealError) return error.message;
    throw error;
  }
}

/** Everything that can be found wrong in one file, its pictures opened with their key. Empty: it is as it was made. */
export async function examine(volume: Volume, path: string, keys: DayKeys): Promise<readonly string[]> {
  await using bytes = await openBytes(volume, path);
  try {
    const header = readHeader(await readStart(bytes));
    const { cameraId, stream, keyDay, keyId, suite } = header.identity;
    const { key } = await keys.toOpen(`${cameraId}.${stream}`, keyDay, keyId);
    const seal = segmentSeal(suite, key, header.bytes);
    const wrong = header.damage === null ? [] : [header.damage.message];
    const walk = new RecordWalk(bytes, header.recordsAt);
    for await (const met of walk.grow()) {
      const why = 'broken' in met ? met.broken.why : await wrongIn(bytes, met.record, seal);
      if (why !== null) wrong.push(why);
    }
    if (walk.tail !== null) wrong.push(walk.tail.why);
    return wrong;
  } catch (error) {
    if (error instanceof SealError || error instanceof NoKey) return [error.message];
    throw error;
  }
}

async function cut(path: string, bytes: number): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.truncate(bytes);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

const readBytes = 1 << 20;

/** SHA-256 of the first bytes of a stored file, hex. */
export async function digestOf(bytes: SegmentBytes, length: number): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(readBytes, Math.max(1, length)));
  for (let at = 0; at < length; ) {
    const read = await bytes.read(buffer.subarray(0, Math.min(buffer.length, length - at)), at);
    if (read === 0) throw new Fault(`a file ends at ${at}, before ${length}`);
    hash.update(buffer.subarray(0, read));
    at += read;
  }
  return hash.digest('hex');
}

function factsOf(
  { identity, parts, end }: ReadThrough,
  volume: Volume,
  path: string,
  bytes: number,
  digest: string,
): SegmentFacts {
  const first = parts[0]!;
  const last = parts.at(-1)!;
  const { id, cameraId, stream, run, codec, width, height } = identity;
  return {
    ...{ id, cameraId, stream, volumeId: volume.id, path },
    startMs: Math.round(first.wallMs),
    endMs: Math.round(last.wallMs + last.ticks / 90),
    run,
    startTicks: first.decodeTicks,
    durationTicks: last.decodeTicks + last.ticks - first.decodeTicks,
    ...{ bytes, parts: parts.length },
    pictures: parts.reduce((sum, part) => sum + part.pictures, 0),
    ...{ codec, width, height },
    // Told by the end record alone; a file that was not closed knows nothing of them.
    packetsLost: end?.totals?.packetsLost ?? 0,
    damagedPictures: end?.totals?.damagedPictures ?? 0,
    digest,
  };
}
