/** Every segment file of some volumes, read for what it says of itself, oldest first for each stream. */
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../base/index.ts';
import { endsOf, knownBucket, Wire } from '../engine/bucket/index.ts';
import type { SegmentFacts, Volume } from '../engine/index.ts';
import type { DayKeys } from '../engine/keys/index.ts';
import { inspect } from '../engine/segment/index.ts';
import { fileNameOf, isDay, isSource } from './footage-names.ts';
import { factsOf } from './heads.ts';
import type { Day, DayRead } from './heads-thread.ts';
import { bucketPlace, type Place } from './places.ts';

export interface Reading {
  read(facts: SegmentFacts, path: string): Promise<void>;
  failed(path: string, why: string): void;
  progress(done: number, of: number): void;
}

export async function readVolumes(
  volumes: readonly Volume[],
  keys: DayKeys,
  reading: Reading,
): Promise<void> {
  const days: { volume: Volume; path: string }[] = [];
  const far = volumes.filter(({ id }) => knownBucket(id) !== null);
  for (const volume of far) await readBucket(volume, keys, reading);
  for (const volume of volumes.filter((one) => !far.includes(one)))
    for (const path of await daysOf(volume)) days.push({ volume, path });
  const thread = new Worker(new URL('./heads-thread.ts', import.meta.url));
  try {
    let next = days[0] ? ask(thread, days[0]) : null;
    // Days say how far it is: to count the files first would be to list everything twice.
    for (const index of days.keys()) {
      const { day, read } = (await next)!;
      const following = days[index + 1];
      // The day behind is read while the rows of this one are written.
      next = following ? ask(thread, following) : null;
      await take(day, read, keys, reading);
      reading.progress(index + 1, days.length);
    }
  } finally {
    await thread.terminate();
  }
}

async function daysOf(volume: Volume): Promise<string[]> {
  const days: string[] = [];
  for (const source of await names(volume.path, isSource))
    for (const day of await names(join(volume.path, source), isDay)) days.push(`${source}/${day}`);
  return days;
}

async function names(folder: string, isWanted: (name: string) => boolean): Promise<string[]> {
  return (await readdir(folder)).filter(isWanted).sort();
}

/** Segments among these names, oldest first. */
const inOrder = (given: readonly string[]): string[] =>
  given
    .filter((name) => fileNameOf(name) !== null)
    .sort((a, b) => fileNameOf(a)!.startMs - fileNameOf(b)!.startMs || (a < b ? -1 : 1));

async function ask(thread: Worker, { volume, path }: { volume: Volume; path: string }) {
  const files = inOrder(await names(join(volume.path, path), () => true));
  const day: Day = { volume, paths: files.map((name) => `${path}/${name}`) };
  thread.postMessage(day);
  const [read] = (await once(thread, 'message')) as [DayRead];
  return { day, read };
}

async function take({ volume, paths }: Day, read: DayRead, keys: DayKeys, reading: Reading): Promise<void> {
  for (const [i, path] of paths.entries()) {
    const full = `${volume.path}/${path}`;
    const facts = read[i];
    if (facts) {
      await reading.read(facts, full);
      continue;
    }
    // Not closed in order: walked, and what is torn at its end left out.
    const found = await inspect(volume, path, false, keys);
    if (found.facts) await reading.read(found.facts, full);
    for (const why of found.damaged) reading.failed(full, why);
  }
}

// ── buckets ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Requests under way: an object is two, for its two ends. */
const objectsAtOnce = 4;

/** A bucket that cannot be read ends the rebuild: an index without what lies there would say that it was never recorded. */
async function readBucket(volume: Volume, keys: DayKeys, reading: Reading): Promise<void> {
  using place = bucketPlace(volume)!;
  using wire = new Wire(knownBucket(volume.id)!, systemClock);
  const days: string[] = [];
  for (const source of await namesIn(place, '', isSource))
    for (const day of await namesIn(place, source, isDay)) days.push(`${source}/${day}`);
  for (const [index, day] of days.entries()) {
    const objects = await place.list(day);
    const paths = inOrder(objects.flatMap(({ name, isFile }) => (isFile ? [name] : []))).map(
      (name) => `${day}/${name}`,
    );
    const read: (SegmentFacts | null)[] = new Array(paths.length).fill(null);
    let next = 0;
    const work = async () => {
      for (let i = next++; i < paths.length; i = next++) read[i] = await factsByEnds(wire, volume, paths[i]!);
    };
    await Promise.all(Array.from({ length: objectsAtOnce }, work));
    await take({ volume, paths }, read, keys, reading);
    reading.progress(index + 1, days.length);
  }
}

const namesIn = async (place: Place, path: string, isWanted: (name: string) => boolean): Promise<string[]> =>
  (await place.list(path)).flatMap(({ name, isFolder }) => (isFolder && isWanted(name) ? [name] : [])).sort();

/** What an object says of itself at its two ends. Null: it has to be walked. */
async function factsByEnds(wire: Wire, volume: Volume, path: string): Promise<SegmentFacts | null> {
  const ends = await endsOf(wire, path);
  if (ends === null) return null;
  const { start, tail } = ends;
  try {
    return factsOf({ start: start.bytes, tail: tail.bytes, size: start.objectBytes }, volume, path);
  } catch {
    return null; // Whatever is wrong with it, the walk finds and names it.
  }
}
