/**
 * The examination of the ledger (`custos fsck --ledger`): every leaf computed from its row, every node from the leaves,
 * both held against the tiles and against every checkpoint that was signed. It names what is wrong, first things first,
 * in memory that does not grow with the ledger.
 */
import type { Kysely } from 'kysely';
import { Fault } from '../base/index.ts';
import type { Tables } from '../db/index.ts';
import { examineRows } from './examine-rows.ts';
import { examineTiles } from './examine-tiles.ts';
import type { LedgerFiles } from './files.ts';
import { type ExamineAt, type Finding, type FirstWrong, type Found, maxFindings } from './finding.ts';
import { openCheckpoint, type VerifierKey } from './note.ts';

export interface Examination {
  readonly entries: number;
  readonly leaves: number;
  readonly checkpoints: number;
  /** Leaves under the newest checkpoint. */
  readonly signed: number;
  /** Entries that are not in the tree yet. */
  readonly waiting: number;
  /** Entries whose time is more than an hour before that of an entry ahead of them: a clock set back, or put in later. */
  readonly backdated: { readonly count: number; readonly firstSeq: number | null };
  readonly first: FirstWrong | null;
  /** At most a hundred, in the order of the tree. */
  readonly findings: readonly Finding[];
}

export async function examineLedger(at: ExamineAt): Promise<Examination> {
  const key = await at.files.key();
  if (!key) throw new Fault('there is no ledger here: its public key is missing');
  const findings: Finding[] = [];
  const found: Found = (finding) => {
    if (findings.length < maxFindings) findings.push(finding);
  };
  const size = await newestSize(at.files, key, found);
  const inTable = await countLeaves(at.db);
  const progress = (done: number) => at.progress?.(done, size + inTable);
  const tiles = await examineTiles(at.files, key, size, progress);
  for (const one of tiles.unsigned) found({ what: 'checkpoint', leaf: null, seq: null, where: one });
  const seen = await examineRows(at, { key, size, tiles, progress: (done) => progress(size + done) }, found);
  const entries = await countEntries(at.db);
  return {
    entries,
    waiting: Math.max(0, entries - seen.rows),
    leaves: seen.leaves,
    checkpoints: tiles.checkpoints,
    signed: size,
    backdated: seen.backdated,
    first: firstOf(findings, seen.between),
    findings,
  };
}

/** Entries of rows before what only two checkpoints say together. */
function firstOf(findings: readonly Finding[], between: FirstWrong | null): FirstWrong | null {
  const rows = findings.filter(({ what, leaf }) => leaf !== null && what !== 'tile' && what !== 'checkpoint');
  const first = rows.sort((a, b) => a.leaf! - b.leaf!)[0];
  if (first && (between === null || first.leaf! < between.to))
    return { from: first.leaf!, to: first.leaf!, seq: first.seq };
  return between;
}

/** Of the newest checkpoint; where that file is wrong, of the longest in the lists. */
async function newestSize(files: LedgerFiles, key: VerifierKey, found: Found): Promise<number> {
  const newest = await files.newest();
  const checkpoint = newest === null ? null : openCheckpoint(newest, key);
  if (checkpoint) return checkpoint.size;
  found({ what: 'checkpoint', leaf: null, seq: null, where: 'checkpoint' });
  let size = 0;
  for await (const { note } of files.checkpoints())
    size = Math.max(size, openCheckpoint(note, key)?.size ?? 0);
  return size;
}

async function countLeaves(db: Kysely<Tables>): Promise<number> {
  const row = await db
    .selectFrom('ledger_leaf')
    .select(({ fn }) => fn.max('leaf').as('last'))
    .executeTakeFirst();
  return row?.last == null ? 0 : Number(row.last) + 1;
}

async function countEntries(db: Kysely<Tables>): Promise<number> {
  const row = await db
    .selectFrom('ledger')
    .select(({ fn }) => fn.countAll<number>().as('entries'))
    .executeTakeFirstOrThrow();
  return row.entries;
}
