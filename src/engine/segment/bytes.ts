/**
 * The bytes of one stored file, wherever its volume keeps them: the only way in which anything reads footage. What is
 * read is what is stored, sealed; nothing here knows what it means.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { assert, Fault, systemClock } from '../../base/index.ts';
import { bucketOf, knownBuckets, openObject } from '../bucket/index.ts';
import type { Volume } from '../engine.ts';

export interface SegmentBytes extends AsyncDisposable {
  /** Every read is a round trip: better few and large ones. Its two ends are there already. */
  readonly isFar?: boolean;
  /** Bytes there are now; an open segment grows. */
  size(): Promise<number>;
  /** Fills `into` from byte `at` on; fewer bytes than asked only where the file ends. */
  read(into: Uint8Array, at: number): Promise<number>;
}

/** Opens a stored file; `path` lies inside of its volume. A Fault, with its cause, when it cannot be opened. */
export async function openBytes(volume: Volume, path: string): Promise<SegmentBytes> {
  assert(!path.split('/').includes('..'), 'a segment lies inside of its volume');
  const access = bucketOf(volume);
  if (access !== null) return openObject(access, path, systemClock);
  return openInFolder(join(volume.path, path)).catch((error: unknown) => openMoved(path, error));
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

async function openInFolder(full: string): Promise<SegmentBytes> {
  const handle = await open(full, 'r').catch((cause: unknown) => {
    throw new Fault(`${full} cannot be opened`, { cause });
  });
  return {
    size: async () => (await handle.stat()).size,
    async read(into, at) {
      let filled = 0;
      while (filled < into.length) {
        const { bytesRead } = await handle.read(into, filled, into.length - filled, at + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled;
    },
    [Symbol.asyncDispose]: () => handle.close(),
  };
}
