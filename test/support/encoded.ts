/**
 * What FFmpeg encoded for tests: many ask for the same few pictures, and half a second goes into each asking. Made once
 * for each set of arguments and each FFmpeg, whole or not at all, by whichever test comes first; only read afterwards.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findProgram } from '../../src/base/index.ts';

const keptDir = join(import.meta.dirname, '../../node_modules/.cache/custos-clips');

/** The folder with the files that `encode` writes into the folder it is given; `how` is all that they depend on. */
export async function encoded(how: unknown, encode: (dir: string) => Promise<unknown>): Promise<string> {
  const ready = placeOf(how);
  if (existsSync(ready)) return ready;
  using draft = draftFor(ready);
  await encode(draft.dir);
  return draft.keep();
}

/** As `encoded`, where nothing can be awaited. */
export function encodedNow(how: unknown, encode: (dir: string) => unknown): string {
  const ready = placeOf(how);
  if (existsSync(ready)) return ready;
  using draft = draftFor(ready);
  encode(draft.dir);
  return draft.keep();
}

function placeOf(how: unknown): string {
  const { size, mtimeMs } = statSync(findProgram('ffmpeg') ?? 'ffmpeg');
  const name = createHash('sha256')
    .update(JSON.stringify([how, size, mtimeMs]))
    .digest('hex');
  return join(keptDir, name.slice(0, 24));
}

function draftFor(ready: string): Disposable & { dir: string; keep(): string } {
  mkdirSync(dirname(ready), { recursive: true });
  const dir = mkdtempSync(`${ready}-`);
  return {
    dir,
    keep: () => {
      try {
        renameSync(dir, ready);
      } catch (error) {
        // Two processes may make the same one: the first wins.
        if (!existsSync(ready)) throw error;
      }
      return ready;
    },
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
}
