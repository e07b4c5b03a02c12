/**
 * What lies in a volume, told in the same way of a folder and of a bucket: a level of names at a time, and the size of
 * one file. Nothing here changes anything.
 */
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../base/index.ts';
import { headOf, knownBucket, listLevel, Wire } from '../engine/bucket/index.ts';

export interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
  readonly isFile: boolean;
  /** Where a listing says it: of an object. */
  readonly bytes: number | null;
}

/** A volume that is examined. */
export interface Place extends Disposable {
  readonly id: string;
  readonly path: string;
  readonly isFolder: boolean;
  /** Empty: there is nothing below this path. Throws what keeps it from being read. */
  list(path: string): Promise<Entry[]>;
  /** Null: it is not there. */
  sizeOf(path: string): Promise<number | null>;
  has(path: string): Promise<boolean>;
}

export function folderPlace({ id, path: root }: { id: string; path: string }): Place {
  const sizeOf = async (path: string) => (await stat(join(root, path)).catch(() => null))?.size ?? null;
  return {
    ...{ id, path: root, isFolder: true, sizeOf },
    has: async (path) => existsSync(join(root, path)),
    async list(path) {
      try {
        const entries = await readdir(join(root, path), { withFileTypes: true });
        return entries.map((one) => ({
          ...{ name: one.name, isFolder: one.isDirectory(), isFile: one.isFile(), bytes: null },
        }));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
        throw error;
      }
    },
    [Symbol.dispose]: () => {},
  };
}

/** A camera's day has 1,440 objects; a level with more than this is no footage of ours. */
const maxNames = 200_000;

/** Null: how the bucket is reached is not known, or its secret cannot be opened. */
export function bucketPlace({ id, path: address }: { id: string; path: string }): Place | null {
  const access = knownBucket(id);
  if (access === null) return null;
  const wire = new Wire(access, systemClock);
  const sizeOf = async (path: string) => (await headOf(wire, path))?.bytes ?? null;
  return {
    ...{ id, path: address, isFolder: false, sizeOf },
    has: async (path) => (await sizeOf(path)) !== null,
    async list(path) {
      const entries: Entry[] = [];
      for await (const { name, bytes } of listLevel(wire, path)) {
        entries.push({ name, isFolder: bytes === null, isFile: bytes !== null, bytes });
        if (entries.length >= maxNames) break;
      }
      return entries;
    },
    [Symbol.dispose]: () => wire[Symbol.dispose](),
  };
}
