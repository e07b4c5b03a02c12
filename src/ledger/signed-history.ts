/** The checkpoints of a ledger, one after the other, held against a tree as it grows. */
import type { LedgerFiles } from './files.ts';
import { maxFindings } from './finding.ts';
import { type Checkpoint, openCheckpoint, type VerifierKey } from './note.ts';
import { type Edge, newEdge, rootOf, sameHash } from './tree.ts';

/** A history that was signed, held against a tree as it grows; each checkpoint is read once and forgotten. */
export class SignedHistory {
  readonly #notes: AsyncGenerator<Checkpoint>;
  readonly unsigned: string[] = [];
  #next: Checkpoint | null = null;
  count = 0;
  /** The last size at which tree and history agreed. */
  goodUntil = 0;
  /** The first size at which they did not; null when they always did. */
  badAt: number | null = null;

  constructor(files: LedgerFiles, key: VerifierKey) {
    this.#notes = this.#read(files, key);
  }

  /** Read up to the first checkpoint, and held against the tree without leaves. */
  static async begin(files: LedgerFiles, key: VerifierKey): Promise<SignedHistory> {
    const history = new SignedHistory(files, key);
    await history.#advance();
    await history.holds(newEdge());
    return history;
  }

  async *#read(files: LedgerFiles, key: VerifierKey): AsyncGenerator<Checkpoint> {
    for await (const { note, file } of files.checkpoints()) {
      const checkpoint = openCheckpoint(note, key);
      if (checkpoint) yield checkpoint;
      else if (this.unsigned.length < maxFindings) this.unsigned.push(`checkpoints/${file}`);
    }
    const newest = await files.newest();
    const checkpoint = newest === null ? null : openCheckpoint(newest, key);
    if (checkpoint) yield checkpoint;
  }

  async #advance(): Promise<void> {
    const { value, done } = await this.#notes.next();
    this.#next = done ? null : value;
    if (!done) this.count++;
  }

  /** True when the tree of this size has the root that was signed for it, or none was. */
  async holds(edge: Edge): Promise<boolean> {
    let isRight = true;
    while (this.#next && this.#next.size <= edge.size) {
      // Sizes only ever grow: a smaller one after a larger is of another history.
      if (this.#next.size < edge.size || !sameHash(this.#next.root, rootOf(edge))) isRight = false;
      await this.#advance();
    }
    if (!isRight) this.badAt ??= edge.size;
    else if (this.badAt === null) this.goodUntil = edge.size;
    return isRight;
  }

  /** The next size at which something was signed; Infinity when nothing more was. */
  get nextSize(): number {
    return this.#next?.size ?? Number.POSITIVE_INFINITY;
  }

  async end(): Promise<void> {
    while (this.#next) await this.#advance();
  }
}
