/**
 * Where the reaper's hands are: the files of one volume. A file is removed by its exact path, which the index knows;
 * nothing here looks for files, so that what nobody knows is never touched.
 */
import { open, readdir, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { assert, Fault } from '../base/index.ts';

/** A volume, as the reaper needs it. */
export interface Shelf {
  /** Removes one file; false: it was not there. A Fault where it cannot be removed now. */
  remove(path: string): Promise<boolean>;
  /** What was removed stays removed when the power goes. Empty folders go with it. */
  settle(paths: readonly string[]): Promise<void>;
  /** True when anything lies in this stream's folder of this day. */
  hasAny(source: string, day: string): Promise<boolean>;
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

export function folderShelf(root: string): Shelf {
  return {
    async remove(path) {
      assert(!path.split('/').includes('..'), 'a segment lies inside of its volume');
      try {
        await unlink(join(root, path));
        return true;
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw fault(root, path, error);
        await mustBeThere(root);
        return false;
      }
    },
    async settle(paths) {
      for (const folder of new Set(paths.map((path) => dirname(path)))) await settleFolder(root, folder);
    },
    async hasAny(source, day) {
      try {
        return (await readdir(join(root, source, day))).length > 0;
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return false;
        throw fault(root, `${source}/${day}`, error);
      }
    },
  };
}

const fault = (root: string, path: string, cause: unknown): Fault =>
  new Fault(`${join(root, path)}: ${codeOf(cause) || 'cannot be removed'}`, { cause, retry: true });

/** An empty mount point is a disk that was pulled out, not footage that is gone. */
async function mustBeThere(root: string): Promise<void> {
  const there = await readdir(root).catch(() => []);
  if (there.length === 0) throw new Fault(`${root}: the volume is not there`, { retry: true });
}

async function settleFolder(root: string, folder: string): Promise<void> {
  const full = join(root, folder);
  try {
    await sync(full);
    await rmdir(full);
    await sync(dirname(full));
  } catch (error) {
    // Gone already, or it holds what is not ours to remove.
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) throw fault(root, folder, error);
  }
}

async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
