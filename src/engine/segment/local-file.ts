/**
 * A stored file in a folder volume, by a plain descriptor: a `FileHandle` that nobody was left to close is closed by the
 * garbage collector, and where the disk is gone by then, that ends the process.
 */
import { close, fstat, open, read } from 'node:fs';
import { promisify } from 'node:util';
import type { SegmentBytes } from '../terms.ts';
import { inLane } from './lane.ts';

const openFile = promisify(open);
const sizeOf = promisify(fstat);
const readInto = promisify(read);
const closeFile = promisify(close);

/** The file system's own error, or `NoAnswer`. */
export async function openLocal(root: string, full: string): Promise<SegmentBytes> {
  let isWanted = true;
  const opening = async () => {
    const fd = await openFile(full, 'r');
    // It came after the answer was waited for.
    if (!isWanted) closeLater(root, fd);
    return fd;
  };
  const fd = await inLane(root, opening).catch((error: unknown) => {
    isWanted = false;
    throw error;
  });
  return {
    size: async () => (await inLane(root, () => sizeOf(fd))).size,
    async read(into, at) {
      let filled = 0;
      while (filled < into.length) {
        const from = filled;
        const reading = () => readInto(fd, into, from, into.length - from, at + from);
        const { bytesRead } = await inLane(root, reading);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return filled;
    },
    [Symbol.asyncDispose]: async () => closeLater(root, fd),
  };
}

const closings = new Map<string, Promise<void>>();

/** Nobody waits for it: on a network share that is gone, closing hangs like all else, and takes one thread for all. */
function closeLater(root: string, fd: number): void {
  const before = closings.get(root) ?? Promise.resolve();
  const done = before.then(() => closeFile(fd)).catch(() => {});
  closings.set(root, done);
}
