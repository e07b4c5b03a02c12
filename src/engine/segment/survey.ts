/**
 * What a volume holds, told by its files alone: the index is rebuilt from this after a crash, or altogether. Damaged
 * and foreign files are named and never deleted; with `repair` a file is cut after its last whole part.
 */
import { createHash } from 'node:crypto';
import { createReadStream, type Dirent } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault, sayError } from '../../base/index.ts';
import type { SegmentFacts, Volume } from '../engine.ts';
import { Mp4Error } from '../mp4/index.ts';
import { SegmentFile } from './file.ts';
import { checkMark, markName, probeName } from './mark.ts';

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
}

/** A minute a file, 64 cameras, a year: more files than this are on no volume. */
const maxFiles = 40_000_000;
const maxNamed = 10_000;
const atOnce = 4;

const sourceName = /^[A-Za-z0-9_-]{1,64}\.(main|sub)$/;
const dayName = /^\d{4}-\d{2}-\d{2}$/;
const segmentName = /^(\d{1,15})-([A-Za-z0-9_-]{1,64})\.mp4$/;

/** Where a segment lies in its volume: `<cameraId>.<stream>/<UTC day>/<startMs>-<id>.mp4`. */
export function segmentPath(of: { cameraId: string; stream: string; startMs: number; id: string }): string {
  const startMs = Math.floor(of.startMs);
  const day = new Date(startMs).toISOString().slice(0, 10);
  return `${of.cameraId}.${of.stream}/${day}/${startMs}-${of.id}.mp4`;
}

export async function survey(volume: Volume, options: SurveyOptions): Promise<Survey> {
  const segments: SegmentFacts[] = [];
  const damaged: { path: string; why: string }[] = [];
  const name = (path: string, why: string): void => {
    if (damaged.length < maxNamed) damaged.push({ path, why });
  };
  const known = new Set(options.known);
  await checkMark(volume).catch((cause: unknown) => {
    throw new Fault(`the volume ${volume.path} is not there`, { cause });
  });
  const files = segmentFiles(volume.path, options, name);
  const work = async (): Promise<void> => {
    for (;;) {
      const next = await files.next();
      if (next.done) return;
      if (known.has(next.value)) continue;
      const found = await inspect(volume, next.value, options.repair);
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

async function list(
  root: string,
  path: string,
  name: (path: string, why: string) => void,
): Promise<Dirent[]> {
  try {
    const entries = await readdir(join(root, path), { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (path === '') throw new Fault(`the volume ${root} cannot be read`, { cause: error });
    name(path, `cannot be read: ${sayError(error)}`);
    return [];
  }
}

interface Found {
  readonly facts: SegmentFacts | null;
  readonly damaged: readonly string[];
}

/** What one file is; cut after its last whole part when that is asked for. */
export async function inspect(volume: Volume, path: string, repair: boolean): Promise<Found> {
  const full = join(volume.path, path);
  try {
    await using file = await SegmentFile.open(full);
    const damaged = file.damage.map((one) => one.why);
    if (file.brokenEnd !== null) damaged.push(file.brokenEnd.why);
    if (file.parts.length === 0) return { facts: null, damaged: [...damaged, 'no part of it is whole'] };
    if (file.tail !== null && repair) await cut(full, file.wholeUntil);
    else if (file.tail !== null) damaged.push(`${file.tail.bytes} bytes at its end are of no whole part`);
    const bytes = file.tail !== null && !repair ? file.fileBytes : file.wholeUntil;
    const digest = await digestOf(full, bytes);
    return { facts: factsOf(file, volume, path, bytes, digest), damaged };
  } catch (error) {
    if (error instanceof Mp4Error) return { facts: null, damaged: [error.message] };
    return { facts: null, damaged: [`cannot be read: ${sayError(error)}`] };
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

/** SHA-256 of the first `bytes` of a file, hex. */
export async function digestOf(path: string, bytes: number): Promise<string> {
  const hash = createHash('sha256');
  if (bytes > 0)
    for await (const chunk of createReadStream(path, { end: bytes - 1, highWaterMark: 1 << 20 }))
      hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function factsOf(
  file: SegmentFile,
  volume: Volume,
  path: string,
  bytes: number,
  digest: string,
): SegmentFacts {
  const first = file.parts[0]!;
  const last = file.parts.at(-1)!;
  const video = file.init.videos[0]!;
  const { id, cameraId, stream, run } = file.identity;
  return {
    id,
    cameraId,
    stream,
    volumeId: volume.id,
    path,
    startMs: first.wallMs,
    endMs: last.wallMs + last.ticks / 90,
    run,
    startTicks: first.decodeTicks,
    durationTicks: last.decodeTicks + last.ticks - first.decodeTicks,
    bytes,
    parts: file.parts.length,
    pictures: file.parts.reduce((sum, part) => sum + part.pictures, 0),
    codec: video.codecString,
    width: video.width,
    height: video.height,
    // Told only by the stream itself; a file that was found knows nothing of them.
    packetsLost: 0,
    damagedPictures: 0,
    digest,
  };
}
