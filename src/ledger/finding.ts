/** What an examination of the ledger finds, and what it needs to look. */
import type { Kysely } from 'kysely';
import type { Tables } from '../db/index.ts';
import type { LedgerFiles } from './files.ts';

/**
 * `edited`: the row is not what was hashed. `deleted`: the row, or its leaf, is gone. `reordered`: it is there, but in
 * another place. `inserted`: a leaf that was never in the tree. `loose`: an entry without a leaf among entries that have
 * theirs. `tile`: a file contradicts the signed tree. `checkpoint`: a checkpoint is not signed by the ledger's key, or
 * its tree is not a part of the newest one.
 */
export interface Finding {
  readonly what: 'edited' | 'deleted' | 'reordered' | 'inserted' | 'loose' | 'tile' | 'checkpoint';
  readonly leaf: number | null;
  readonly seq: number | null;
  /** Where the entry is now, of a reordered one; the file, of a tile or a checkpoint. */
  readonly where: string | null;
}

/** The first wrong entry: exactly, or between two checkpoints of which the first is still right. */
export interface FirstWrong {
  readonly from: number;
  /** As `from` when it is known exactly. */
  readonly to: number;
  readonly seq: number | null;
}

export const maxFindings = 100;

export interface ExamineAt {
  readonly db: Kysely<Tables>;
  readonly files: LedgerFiles;
  /** How far it is, in leaves, the files and the rows counted apart. */
  readonly progress?: ((done: number, of: number) => void) | undefined;
}

export type Found = (finding: Finding) => void;
