/** The reaper's hands in a bucket: objects by their exact path, all of their versions. */
import { Fault } from '../base/index.ts';
import { deleteObject, listObjects, type Wire } from '../engine/index.ts';
import type { Shelf } from './reaper-files.ts';

export function bucketShelf(wire: Wire): Shelf {
  return {
    /**
     * True: it is gone; false: it was gone before, which the certificate says. A BucketFault `locked` names the day until which the storage keeps it, whoever asks; the reaper
     * writes it down and comes again.
     */
    async remove(path) {
      try {
        return await deleteObject(wire, path);
      } catch (error) {
        throw new Fault(`${path}: ${(error as Error).message}`, { cause: error, retry: true });
      }
    },
    // What the storage said is deleted is: it has no cache of ours to force out, and no folders.
    async settle() {},
    async hasAny(source, day) {
      for await (const _ of listObjects(wire, { under: `${source}/${day}/` })) return true;
      return false;
    },
  };
}
