/**
 * What the server does with files of a folder volume besides recording: the work itself. It runs in the process that
 * watches volumes (`volumes-watch-child.ts`), for each of these calls may wait for ever where a disk answers no more.
 * A file is named by its exact path, which the index knows; nothing here looks for files, so that what nobody knows is
 * never touched.
 */
import { open, readdir, rmdir, stat, statfs, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { assert, Fault } from '../base/index.ts';

/** `root` is a volume's folder, the rest lies in it. Each rejects with a Fault that may be tried again. */
export interface Disks {
  /** Removes one file; false: it was not there. */
  remove(root: string, path: string): Promise<boolean>;
  /** What was removed from these folders stays removed when the power goes. Empty folders go with it. */
  settle(root: string, folders: readonly string[]): Promise<void>;
  /** True when anything lies in this folder. */
  hasAny(root: string, folder: string): Promise<boolean>;
  /** Bytes of each file; null: it is not there. */
  sizes(root: string, paths: readonly string[]): Promise<(number | null)[]>;
  space(root: string): Promise<Space>;
}

export interface Space {
  readonly totalBytes: number;
  readonly freeBytes: number;
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';
const isNone = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(codeOf(error));
const fault = (root: string, path: string, cause: unknown): Fault =>
  new Fault(`${join(root, path)}: ${codeOf(cause) || 'cannot be used'}`, { cause, retry: true });

/** In this process: whoever calls waits with a thread of its own. */
export const ownDisks: Disks = {
  async remove(root, path) {
    const full = inside(root, path);
    try {
      await unlink(full);
      return true;
    } catch (error) {
      if (!isNone(error)) throw fault(root, path, error);
      await mustBeThere(root);
      return false;
    }
  },
  async settle(root, folders) {
    for (const folder of new Set(folders)) await settleFolder(root, folder);
  },
  async hasAny(root, folder) {
    try {
      return (await readdir(inside(root, folder))).length > 0;
    } catch (error) {
      if (isNone(error)) return false;
      throw fault(root, folder, error);
    }
  },
  async sizes(root, paths) {
    const sizes: (number | null)[] = [];
    for (const path of paths) sizes.push(await sizeOf(root, path));
    return sizes;
  },
  async space(root) {
    try {
      const disk = await statfs(root);
      return { totalBytes: disk.blocks * disk.bsize, freeBytes: disk.bavail * disk.bsize };
    } catch (error) {
      throw fault(root, '', error);
    }
  },
};

function inside(root: string, path: string): string {
  assert(!path.split('/').includes('..'), 'a segment lies inside of its volume');
  return join(root, path);
}

async function sizeOf(root: string, path: string): Promise<number | null> {
  try {
    return (await stat(inside(root, path))).size;
  } catch (error) {
    if (isNone(error)) return null;
    throw fault(root, path, error);
  }
}

/** An empty mount point is a disk that was pulled out, not footage that is gone. */
async function mustBeThere(root: string): Promise<void> {
  const there = await readdir(root).catch(() => []);
  if (there.length === 0) throw new Fault(`${root}: the volume is not there`, { retry: true });
}

async function settleFolder(root: string, folder: string): Promise<void> {
  const full = inside(root, folder);
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
  await using handle = await open(folder, 'r');
  await handle.sync();
}
