/** Where the reaper's hands are: the files of one volume, each named by its exact path. */
import { dirname } from 'node:path';
import { type Disks, ownDisks } from './disks.ts';

/** A volume, as the reaper needs it. */
export interface Shelf {
  /** Removes one file; false: it was not there. A Fault where it cannot be removed now. */
  remove(path: string): Promise<boolean>;
  /** What was removed stays removed when the power goes. Empty folders go with it. */
  settle(paths: readonly string[]): Promise<void>;
  /** True when anything lies in this stream's folder of this day. */
  hasAny(source: string, day: string): Promise<boolean>;
}

export const folderShelf = (root: string, disks: Disks = ownDisks): Shelf => ({
  remove: (path) => disks.remove(root, path),
  settle: (paths) => disks.settle(root, [...new Set(paths.map((path) => dirname(path)))]),
  hasAny: (source, day) => disks.hasAny(root, `${source}/${day}`),
});
