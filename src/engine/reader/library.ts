/** Open segment files with their indexes, lent to whoever reads: at most so many are kept, the least used goes. */
import { join } from 'node:path';
import type { SegmentRef, SourceId } from '../engine.ts';
import type { DayKeys } from '../keys/index.ts';
import { SegmentFile } from '../segment/index.ts';

/** A file in use; given back by disposal. */
export interface Loan extends Disposable {
  readonly file: SegmentFile;
}

interface Entry {
  readonly opening: Promise<SegmentFile>;
  users: number;
  /** Walked when the store knew it as closed: it grows no more. */
  isFinal: boolean;
  /** Closed by the last who uses it. */
  isForgotten?: boolean;
}

/** Two hours of one camera are 120 files; a descriptor and about 15 KB of index each. */
const defaultLimit = 384;

export class Library implements AsyncDisposable {
  readonly #entries = new Map<string, Entry>();
  readonly #keys: DayKeys;
  readonly #limit: number;

  constructor(keys: DayKeys, limit: number = defaultLimit) {
    this.#keys = keys;
    this.#limit = limit;
  }

  /** Opens a file or finds it open. Throws what `SegmentFile.open` throws; a failure is not remembered. */
  async borrow(ref: SegmentRef): Promise<Loan> {
    const path = join(ref.volume.path, ref.path);
    const known = this.#entries.get(path);
    const opening = known?.opening ?? SegmentFile.open(ref.volume, ref.path, this.#keys);
    const entry = known ?? { opening, users: 0, isFinal: !ref.open };
    // Back in at the end: the order of the map is the order of use.
    this.#entries.delete(path);
    this.#entries.set(path, entry);
    entry.users++;
    this.#evict();
    try {
      const file = await entry.opening;
      if (known !== undefined && !entry.isFinal) {
        await file.grow();
        entry.isFinal = !ref.open;
      }
      return { file, [Symbol.dispose]: once(() => this.#giveBack(entry)) };
    } catch (error) {
      this.#giveBack(entry);
      if (this.#entries.get(path) === entry) this.#entries.delete(path);
      throw error;
    }
  }

  /** The key of a stream's day was destroyed: what was opened with it is known no more. */
  forget(source: SourceId, day: string): void {
    for (const [path, entry] of this.#entries) {
      if (!path.includes(`/${source}/${day}/`)) continue;
      this.#entries.delete(path);
      entry.isForgotten = true;
      if (entry.users === 0) void closeEntry(entry);
    }
  }

  get size(): number {
    return this.#entries.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(entries.map((entry) => closeEntry(entry)));
  }

  #giveBack(entry: Entry): void {
    entry.users--;
    if (entry.isForgotten && entry.users === 0) void closeEntry(entry);
    this.#evict();
  }

  #evict(): void {
    for (const [path, entry] of this.#entries) {
      if (this.#entries.size <= this.#limit) return;
      if (entry.users > 0) continue;
      this.#entries.delete(path);
      void closeEntry(entry);
    }
  }
}

/** A file that could not be opened is closed already, and whoever asked for it has the error. */
const closeEntry = (entry: Entry): Promise<void> =>
  entry.opening.then(
    (file) => file[Symbol.asyncDispose](),
    () => {},
  );

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    act();
  };
}
