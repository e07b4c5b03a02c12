/**
 * The bytes of one stored file, wherever its volume keeps them: the only way in which anything reads footage. What is
 * read is what is stored, sealed; nothing here knows what it means.
 */
import { join } from 'node:path';
import { assert, Fault, systemClock } from '../../base/index.ts';
import { bucketOf, knownBuckets, openObject } from '../bucket/index.ts';
import type { SegmentBytes, Volume } from '../terms.ts';
import { NoAnswer } from './lane.ts';
import { openLocal } from './local-file.ts';

export type { SegmentBytes } from '../terms.ts';

/** Opens a stored file; `path` lies inside of its volume. A Fault, with its cause, when it cannot be opened. */
export async function openBytes(volume: Volume, path: string): Promise<SegmentBytes> {
  assert(!path.split('/').includes('..'), 'a segment lies inside of its volume');
  const access = bucketOf(volume);
  if (access !== null) return openObject(access, path, systemClock);
  return openInFolder(volume.path, path).catch((error: unknown) => openMoved(path, error));
}

/** A file that was moved into a bucket since someone was told where it lies: it has the same path there. */
async function openMoved(path: string, error: unknown): Promise<SegmentBytes> {
  const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
  if (code !== 'ENOENT') throw error;
  for (const access of knownBuckets().values()) {
    const moved = await openObject(access, path, systemClock).catch(() => null);
    if (moved !== null) return moved;
  }
  throw error;
}

async function openInFolder(root: string, path: string): Promise<SegmentBytes> {
  const full = join(root, path);
  return openLocal(root, full).catch((cause: unknown) => {
    throw cause instanceof NoAnswer ? cause : new Fault(`${full} cannot be opened`, { cause });
  });
}
