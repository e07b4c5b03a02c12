/** Every segment file of some volumes, read for what it says of itself, oldest first for each stream, a few at once. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SegmentFacts, Volume } from '../engine/index.ts';
import { inspect } from '../engine/segment/index.ts';
import { fileNameOf, isDay, isSource } from './footage-names.ts';

export interface Reading {
  read(facts: SegmentFacts, path: string): Promise<void>;
  failed(path: string, why: string): void;
  progress(done: number, of: number): void;
}

const atOnce = 16;

export async function readVolumes(volumes: readonly Volume[], reading: Reading): Promise<void> {
  const days: { volume: Volume; path: string }[] = [];
  for (const volume of volumes) for (const path of await daysOf(volume)) days.push({ volume, path });
  // Days say how far it is: to count the files first would be to list everything twice.
  for (const [index, { volume, path }] of days.entries()) {
    await readDay(volume, path, reading);
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

async function readDay(volume: Volume, day: string, reading: Reading): Promise<void> {
  const files = (await names(join(volume.path, day), (name) => fileNameOf(name) !== null)).sort(
    (a, b) => fileNameOf(a)!.startMs - fileNameOf(b)!.startMs || (a < b ? -1 : 1),
  );
  for (let i = 0; i < files.length; i += atOnce) {
    const paths = files.slice(i, i + atOnce).map((name) => `${day}/${name}`);
    const found = await Promise.all(paths.map((path) => inspect(volume, path, false)));
    for (const [k, { facts, damaged }] of found.entries()) {
      const full = join(volume.path, paths[k] as string);
      if (facts) await reading.read(facts, full);
      for (const why of damaged) reading.failed(full, why);
    }
  }
}
