/** Every segment file of some volumes, read for what it says of itself, oldest first for each stream. */
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { SegmentFacts, Volume } from '../engine/index.ts';
import type { DayKeys } from '../engine/keys/index.ts';
import { inspect } from '../engine/segment/index.ts';
import { fileNameOf, isDay, isSource } from './footage-names.ts';
import type { Day, DayRead } from './heads-thread.ts';

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
  for (const volume of volumes) for (const path of await daysOf(volume)) days.push({ volume, path });
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

async function ask(thread: Worker, { volume, path }: { volume: Volume; path: string }) {
  const files = await names(join(volume.path, path), (name) => fileNameOf(name) !== null);
  files.sort((a, b) => fileNameOf(a)!.startMs - fileNameOf(b)!.startMs || (a < b ? -1 : 1));
  const day: Day = { volume, paths: files.map((name) => `${path}/${name}`) };
  thread.postMessage(day);
  const [read] = (await once(thread, 'message')) as [DayRead];
  return { day, read };
}

async function take({ volume, paths }: Day, read: DayRead, keys: DayKeys, reading: Reading): Promise<void> {
  for (const [i, path] of paths.entries()) {
    const full = join(volume.path, path);
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
