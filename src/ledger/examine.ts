/**
 * The examination of the ledger (`custos fsck --ledger`): every leaf computed from its row, every node from the leaves,
 * both held against the tiles and against every checkpoint that was signed. It names what is wrong, first things first.
 */
import type { Kysely } from 'kysely';
import { Fault } from '../base/index.ts';
import type { Tables } from '../db/index.ts';
import { hashesOf, type LedgerFiles } from './files.ts';
import { canonicalRow, digestOf, type LedgerRow } from './leaf.ts';
import { type Checkpoint, openCheckpoint } from './note.ts';
import {
  type Edge,
  grow,
  type Hash,
  hashOfLeaf,
  newEdge,
  partialTiles,
  rootOf,
  sameHash,
  tilePath,
  tileWidth,
  tileWidthAt,
} from './tree.ts';

/**
 * `edited`: the row is not what was hashed. `deleted`: the row, or its leaf, is gone. `reordered`: it is there, but in
 * another place. `inserted`: a leaf that was never in the tree. `tile`: a file contradicts the signed tree.
 * `checkpoint`: a checkpoint is not signed by the ledger's key, or its tree is not a part of the newest one.
 */
export interface Finding {
  readonly what: 'edited' | 'deleted' | 'reordered' | 'inserted' | 'tile' | 'checkpoint';
  readonly leaf: number | null;
  readonly seq: number | null;
  /** Where the entry is now, of a reordered one; the file, of a tile or a checkpoint. */
  readonly where: string | null;
}

export interface Examination {
  readonly entries: number;
  readonly leaves: number;
  readonly checkpoints: number;
  /** Leaves under the newest checkpoint. */
  readonly signed: number;
  /** Entries that are not in the tree yet. */
  readonly waiting: number;
  /** At most a hundred, in the order of the tree. */
  readonly findings: readonly Finding[];
}

const maxFindings = 100;
const pageRows = 2_000;

interface At {
  readonly db: Kysely<Tables>;
  readonly files: LedgerFiles;
}

interface Signed extends Checkpoint {
  readonly file: string;
}

export async function examineLedger(at: At): Promise<Examination> {
  const findings: Finding[] = [];
  const found = (finding: Finding): void => {
    if (findings.length < maxFindings) findings.push(finding);
  };
  const checkpoints = await readCheckpoints(at.files, found);
  const newest = checkpoints.at(-1);
  const size = newest?.size ?? 0;
  const areTilesSound = await examineTiles(at.files, checkpoints, found);
  const leaves = await examineRows(at, { size, areTilesSound, checkpoints }, found);
  const [entries, waiting] = await countEntries(at.db);
  return { entries, leaves, checkpoints: checkpoints.length, signed: size, waiting, findings };
}

/** All that are rightly signed, by size. */
async function readCheckpoints(files: LedgerFiles, found: (one: Finding) => void): Promise<Signed[]> {
  const key = await files.key();
  if (!key) throw new Fault('there is no ledger here: its public key is missing');
  const newest = await files.newest();
  const all: Signed[] = [];
  const take = (note: string, file: string) => {
    const checkpoint = openCheckpoint(note, key);
    if (checkpoint) all.push({ ...checkpoint, file });
    else found({ what: 'checkpoint', leaf: null, seq: null, where: file });
  };
  for await (const { note, file } of files.checkpoints()) take(note, `checkpoints/${file}`);
  if (newest === null) found({ what: 'checkpoint', leaf: null, seq: null, where: 'checkpoint' });
  else take(newest, 'checkpoint');
  return all.sort((a, b) => a.size - b.size);
}

/** Says of each checkpoint, when the tree reaches its size, whether its root is the tree's. */
function checkRoots(checkpoints: readonly Signed[], edge: Edge): Signed[] {
  const here = checkpoints.filter(({ size }) => size === edge.size);
  if (here.length === 0) return [];
  const root = rootOf(edge);
  return here.filter((one) => !sameHash(one.root, root));
}

/** Level 0 as the files have it makes all other tiles and every checkpoint. True when the files are one signed tree. */
async function examineTiles(
  files: LedgerFiles,
  checkpoints: readonly Signed[],
  found: (one: Finding) => void,
): Promise<boolean> {
  const size = checkpoints.at(-1)?.size ?? 0;
  const edge = newEdge();
  let isSound = true;
  const wrong = (finding: Omit<Finding, 'seq'>) => {
    isSound = false;
    found({ seq: null, ...finding });
  };
  const bySize = groupBySize(checkpoints);
  for (const one of checkRoots(bySize.get(0) ?? [], edge))
    wrong({ what: 'checkpoint', leaf: 0, where: one.file });
  const compare = async (level: number, index: number, hashes: readonly Hash[]) => {
    const tile = await files.readTile(level, index, hashes.length);
    if (!tile || !sameHash(tile, Buffer.concat(hashes)))
      wrong({ what: 'tile', leaf: null, where: `tile/${tilePath(level, index, hashes.length)}` });
  };
  for (let index = 0; index * tileWidth < size; index++) {
    const width = tileWidthAt(size, 0, index);
    const tile = await files.readTile(0, index, width);
    if (!tile) {
      wrong({ what: 'tile', leaf: index * tileWidth, where: `tile/${tilePath(0, index, width)}` });
      return false;
    }
    for (const hash of hashesOf(tile)) {
      const full = grow(edge, hash);
      for (const { level, index: at, hashes } of full) if (level > 0) await compare(level, at, hashes);
      for (const one of checkRoots(bySize.get(edge.size) ?? [], edge))
        wrong({ what: 'checkpoint', leaf: edge.size, where: one.file });
    }
  }
  for (const { level, index, hashes } of partialTiles(edge))
    if (level > 0) await compare(level, index, hashes);
  return isSound;
}

function groupBySize(checkpoints: readonly Signed[]): Map<number, Signed[]> {
  const groups = new Map<number, Signed[]>();
  for (const one of checkpoints) groups.set(one.size, [...(groups.get(one.size) ?? []), one]);
  return groups;
}

interface Leaf {
  readonly leaf: number;
  readonly seq: number;
  readonly salt: Uint8Array;
  readonly digest: Uint8Array;
  readonly row: LedgerRow | null;
}

/**
 * The rows against the leaves of the tree: those of the tiles when they are the signed tree, else the digests in the
 * table, whose own tree is then held against the checkpoints. Returns how many leaves the table has.
 */
async function examineRows(
  at: At,
  of: { size: number; areTilesSound: boolean; checkpoints: readonly Signed[] },
  found: (one: Finding) => void,
): Promise<number> {
  const edge = newEdge();
  const bySize = groupBySize(of.checkpoints);
  const signed = of.areTilesSound ? tileReader(at.files, of.size) : async () => null;
  let [next, count, named, isShifted] = [0, 0, 0, false];
  let where: string | null = null;
  const missing = (until: number) => {
    const end = Math.min(until, next + maxFindings);
    for (; next < end; next++) found({ what: 'deleted', leaf: next, seq: null, where });
  };
  for await (const one of leavesOf(at.db)) {
    if (!isShifted) missing(one.leaf);
    next = one.leaf + 1;
    where = `after seq ${one.seq}`;
    count++;
    const ours = one.row === null ? one.digest : digestOf(one.salt, canonicalRow(one.row));
    const expected = (await signed(one.leaf)) ?? hashOfLeaf(one.digest);
    const isRight = one.row !== null && sameHash(hashOfLeaf(ours), expected);
    if (!isRight && !isShifted && named++ < maxFindings) {
      const finding = await name(at, of, one, expected);
      found(finding);
      // From here on every leaf stands one place off; naming each of them would say nothing more.
      isShifted = finding.what === 'inserted' || (finding.what === 'deleted' && finding.seq === null);
    }
    if (of.areTilesSound || edge.size !== one.leaf) continue;
    grow(edge, hashOfLeaf(ours));
    for (const wrong of checkRoots(bySize.get(edge.size) ?? [], edge))
      found({ what: 'checkpoint', leaf: edge.size, seq: one.seq, where: wrong.file });
  }
  if (!isShifted) missing(of.size);
  return count;
}

/** What became of an entry whose row does not give the leaf that stands in its place. */
async function name(
  at: At,
  of: { size: number; areTilesSound: boolean },
  one: Leaf,
  expected: Hash,
): Promise<Finding> {
  const finding = { leaf: one.leaf, seq: one.seq, where: null };
  if (one.row === null && sameHash(hashOfLeaf(one.digest), expected)) return { ...finding, what: 'deleted' };
  if (sameHash(hashOfLeaf(one.digest), expected)) {
    const other = await findContent(at.db, one);
    return other === null
      ? { ...finding, what: 'edited' }
      : { ...finding, what: 'reordered', where: `seq ${other}` };
  }
  const ours = one.row === null ? one.digest : digestOf(one.salt, canonicalRow(one.row));
  const place = of.areTilesSound ? await findLeaf(at.files, of.size, hashOfLeaf(ours)) : null;
  const isMoved = await isElsewhere(at.db, one.leaf, expected);
  if (place === null) return { ...finding, what: isMoved ? 'inserted' : 'edited' };
  // What belongs here is nowhere, and what stands here belongs further on: the rest moved up.
  if (!isMoved) return { leaf: one.leaf, seq: null, what: 'deleted', where: `before seq ${one.seq}` };
  return { ...finding, what: 'reordered', where: `leaf ${place}` };
}

/** The seq under which the content of this leaf's entry stands now, when rows exchanged places. */
async function findContent(db: Kysely<Tables>, leaf: Leaf): Promise<number | null> {
  for await (const { row } of leavesOf(db)) {
    if (row === null || row.seq === leaf.seq) continue;
    if (sameHash(digestOf(leaf.salt, canonicalRow({ ...row, seq: leaf.seq })), leaf.digest)) return row.seq;
  }
  return null;
}

async function findLeaf(files: LedgerFiles, size: number, hash: Hash): Promise<number | null> {
  const read = tileReader(files, size);
  for (let leaf = 0; leaf < size; leaf++) {
    const other = await read(leaf);
    if (other && sameHash(other, hash)) return leaf;
  }
  return null;
}

/** Whether the leaf that belongs here stands in another place of the table. */
async function isElsewhere(db: Kysely<Tables>, leaf: number, expected: Hash): Promise<boolean> {
  for await (const other of leavesOf(db)) {
    if (other.leaf !== leaf && sameHash(hashOfLeaf(other.digest), expected)) return true;
  }
  return false;
}

/** The hash of a signed leaf out of the tiles; null for leaves that came after the newest checkpoint. */
function tileReader(files: LedgerFiles, size: number): (leaf: number) => Promise<Hash | null> {
  let held: { index: number; hashes: readonly Hash[] } | undefined;
  return async (leaf) => {
    if (leaf >= size) return null;
    const index = Math.floor(leaf / tileWidth);
    if (held?.index !== index) {
      const bytes = await files.readTile(0, index, tileWidthAt(size, 0, index));
      held = { index, hashes: bytes ? hashesOf(bytes) : [] };
    }
    return held.hashes[leaf % tileWidth] ?? null;
  };
}

/** In the order of the tree, each with its row, if that is still there. */
async function* leavesOf(db: Kysely<Tables>): AsyncGenerator<Leaf> {
  for (let next = 0; ; ) {
    const leaves = await db
      .selectFrom('ledger_leaf')
      .selectAll()
      .where('leaf', '>=', next)
      .orderBy('leaf')
      .limit(pageRows)
      .execute();
    if (leaves.length === 0) return;
    const seqs = leaves.map(({ seq }) => seq);
    const rows = await db.selectFrom('ledger').selectAll().where('seq', 'in', seqs).execute();
    const bySeq = new Map(rows.map((row) => [row.seq, row]));
    for (const leaf of leaves) yield { ...leaf, row: bySeq.get(leaf.seq) ?? null };
    next = leaves.at(-1)!.leaf + 1;
  }
}

async function countEntries(db: Kysely<Tables>): Promise<[entries: number, waiting: number]> {
  const row = await db
    .selectFrom('ledger')
    .leftJoin('ledger_leaf', 'ledger_leaf.seq', 'ledger.seq')
    .select(({ fn }) => [
      fn.countAll<number>().as('entries'),
      fn.count<number>('ledger_leaf.leaf').as('leaves'),
    ])
    .executeTakeFirstOrThrow();
  return [row.entries, row.entries - row.leaves];
}
