/** A thread that reads the ends of a day's files at a time, beside the one that writes their rows. */
import { parentPort } from 'node:worker_threads';
import type { SegmentFacts, Volume } from '../engine/index.ts';
import { factsByHeads } from './heads.ts';

export interface Day {
  readonly volume: Volume;
  /** Oldest first. */
  readonly paths: readonly string[];
}
/** Null where the file has to be walked. */
export type DayRead = readonly (SegmentFacts | null)[];

parentPort?.on('message', ({ volume, paths }: Day) => {
  parentPort?.postMessage(paths.map((path) => orNull(() => factsByHeads(volume, path))));
});

/** Whatever is wrong with it, the walk finds and names it. */
function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
