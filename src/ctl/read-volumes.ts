/** Every segment file of some volumes, read for what it says of itself, oldest first for each stream, a few at once. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SegmentFacts, Volume } from '../engine/index.ts';
import type { DayKeys } from '../engine/keys/index.ts';
import { inspect } from '../engine/segment/index.ts';
import { fileNameOf, isDay, isSource } from './footage-names.ts';
import { factsByHeads } from './heads.ts';

export interface Reading {
  read(facts: SegmentFacts, path: string): Promise<void>;
  failed(path: string, why: string): void;
  progress(done: number, of: number): void;
}

const atOnce = 16;

export async function readVolumes(
  volumes: readonly Volume[],
  keys: DayKeys,
  reading: Reading,
): Promise<void> {
  const days: { volume: Volume; path: string }[] = [];
  for (const volume of volumes) for (const path of await daysOf(volume)) days.push({ volume, path });
  // Days say how far it is: to count the files first would be to list everything twice.
  for (const [index, { volume, path }] of days.entries()) {
    await readDay(volume, path, keys, reading);
    reading.progress(index + 1, days.length);
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

async function readDay(volume: Volume, day: string, keys: DayKeys, reading: Reading): Promise<void> {
  const files = (await names(join(volume.path, day), (name) => fileNameOf(name) !== null)).sort(
    (a, b) => fileNameOf(a)!.startMs - fileNameOf(b)!.startMs || (a < b ? -1 : 1),
  );
  for (let i = 0; i < files.length; i += atOnce) {
    const paths = files.slice(i, i + atOnce).map((name) => `${day}/${name}`);
    const found = await Promise.all(paths.map((path) => readOne(volume, path, keys)));
    for (const [k, { facts, damaged }] of found.entries()) {
      const full = join(volume.path, paths[k] as string);
      if (facts) await reading.read(facts, full);
      for (const why of damaged) reading.failed(full, why);
    }
  }
}

/** By its two ends where it was closed in order; one that was not is walked, and what is torn at its end left out. */
async function readOne(volume: Volume, path: string, keys: DayKeys) {
  try {
    const facts = await factsByHeads(volume, path);
    if (facts !== null) return { facts, damaged: [] };
  } catch {
    // Whatever is wrong with it, the walk finds and names it.
  }
  return inspect(volume, path, false, keys);
}
