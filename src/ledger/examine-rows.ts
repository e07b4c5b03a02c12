/** The rows of the ledger against what was signed: each leaf in its place, and the name of what became of it when not. */
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../db/index.ts';
import type { TilesSeen } from './examine-tiles.ts';
import { hashesOf, type LedgerFiles } from './files.ts';
import { type ExamineAt, type Finding, type FirstWrong, type Found, maxFindings } from './finding.ts';
import { digestOfRow, type LedgerRow } from './leaf.ts';
import type { VerifierKey } from './note.ts';
import { type Opening, openingsOf } from './redaction.ts';
import { SignedHistory } from './signed-history.ts';
import { grow, type Hash, hashOfLeaf, newEdge, sameHash, tilePath, tileWidth, tileWidthAt } from './tree.ts';

const pageRows = 2_000;
/** What became of an entry is looked for in the whole ledger: of the first few only. */
const maxSearches = 3;
const hourMs = 3_600_000;

interface Of {
  readonly key: VerifierKey;
  readonly size: number;
  readonly tiles: TilesSeen;
  readonly progress: (done: number) => void;
}

interface RowsSeen {
  readonly leaves: number;
  /** Leaves whose entry is there. */
  readonly rows: number;
  readonly between: FirstWrong | null;
  readonly backdated: { readonly count: number; readonly firstSeq: number | null };
}

interface Leaf {
  readonly leaf: number;
  readonly seq: number;
  readonly salt: Uint8Array | null;
  readonly form: number;
  readonly digest: Uint8Array;
  readonly row: LedgerRow | null;
  readonly redacted: Opening | null;
}

/**
 * Against the leaves of the tiles when these are the signed tree. Else the digests in the table are taken for the leaves,
 * and their tree is held against the checkpoints: is it right, then only files are wrong.
 */
export async function examineRows(at: ExamineAt, of: Of, found: Found): Promise<RowsSeen> {
  const history = of.tiles.areSound ? null : await SignedHistory.begin(at.files, of.key);
  const pass = new Pass(at, of, { found, history });
  for await (const one of leavesOf(at.db)) {
    await pass.take(one);
    if (one.leaf % pageRows === 0) of.progress(pass.leaves);
  }
  await pass.end();
  await findLoose(at.db, found);
  return { leaves: pass.leaves, rows: pass.rows, between: pass.between, backdated: pass.backdated };
}

class Pass {
  readonly #at: ExamineAt;
  readonly #of: Of;
  readonly #found: Found;
  readonly #signed: (leaf: number) => Promise<Hash | null>;
  readonly #history: SignedHistory | null;
  readonly #edge = newEdge();
  readonly #wrongTiles = new Set<number>();
  #next = 0;
  #named = 0;
  #isShifted = false;
  #where: string | null = null;
  #latestMs = 0;
  leaves = 0;
  rows = 0;
  backdated: { count: number; firstSeq: number | null } = { count: 0, firstSeq: null };
  between: FirstWrong | null = null;

  constructor(at: ExamineAt, of: Of, { found, history }: { found: Found; history: SignedHistory | null }) {
    this.#at = at;
    this.#of = of;
    this.#found = found;
    this.#signed = tileReader(at.files, of.size);
    this.#history = history;
  }

  async take(one: Leaf): Promise<void> {
    if (!this.#isShifted) this.#missing(one.leaf);
    this.#next = one.leaf + 1;
    this.#where = `after seq ${one.seq}`;
    this.leaves++;
    if (one.row) this.rows++;
    this.#date(one);
    const inTile = await this.#signed(one.leaf);
    const expected = (this.#history ? null : inTile) ?? hashOfLeaf(one.digest);
    const ours = one.row && digestOfRow(one.row, one, one.redacted);
    if (!(ours && sameHash(hashOfLeaf(ours), expected))) await this.#name(one, expected);
    if (this.#history) await this.#grow(one, inTile);
  }

  /** Naming every leaf behind one that is too many or too few would say nothing more: each stands one place off. */
  async #name(one: Leaf, expected: Hash): Promise<void> {
    if (this.#isShifted || this.#named++ >= maxFindings) return;
    const isDeep = this.#named <= maxSearches;
    const finding = await name(this.#at, this.#of, one, { expected, isDeep });
    this.#found(finding);
    this.#isShifted = finding.what === 'inserted' || (finding.what === 'deleted' && finding.seq === null);
  }

  async #grow(one: Leaf, inTile: Hash | null): Promise<void> {
    if (this.#edge.size !== one.leaf) return;
    const hash = hashOfLeaf(one.digest);
    if (inTile && !sameHash(inTile, hash)) this.#wrongTiles.add(Math.floor(one.leaf / tileWidth));
    grow(this.#edge, hash);
    if (this.#edge.size >= this.#history!.nextSize) await this.#history!.holds(this.#edge);
  }

  #date({ seq, row }: Leaf): void {
    const atMs = row?.at.getTime() ?? this.#latestMs;
    if (atMs < this.#latestMs - hourMs)
      this.backdated = { count: this.backdated.count + 1, firstSeq: this.backdated.firstSeq ?? seq };
    this.#latestMs = Math.max(this.#latestMs, atMs);
  }

  #missing(until: number): void {
    const end = Math.min(until, this.#next + maxFindings);
    for (; this.#next < end; this.#next++)
      this.#found({ what: 'deleted', leaf: this.#next, seq: null, where: this.#where });
  }

  async end(): Promise<void> {
    if (!this.#isShifted) this.#missing(this.#of.size);
    if (this.#history) await this.#judge(this.#history);
  }

  /** The tiles are not the signed tree: are the rows? Then the files are named; else how far both were still right. */
  async #judge(history: SignedHistory): Promise<void> {
    await history.end();
    const { size, tiles } = this.#of;
    const isRight = history.badAt === null && this.#edge.size >= size;
    const tile = (where: string, leaf: number | null) =>
      this.#found({ what: 'tile', leaf, seq: null, where });
    const own = [...this.#wrongTiles].slice(0, maxFindings);
    for (const index of own)
      tile(`tile/${tilePath(0, index, tileWidthAt(size, 0, index))}`, index * tileWidth);
    // A tile of leaves that is wrong makes all above it look wrong.
    if (!isRight || own.length === 0) for (const { path, leaf } of tiles.wrong) tile(path, leaf);
    if (history.badAt === null) return;
    this.between = { from: history.goodUntil, to: history.badAt - 1, seq: null };
    this.#found({ what: 'checkpoint', leaf: history.badAt, seq: null, where: 'checkpoints' });
  }
}

/** What became of an entry whose row does not give the leaf that stands in its place. */
async function name(
  at: ExamineAt,
  { size, tiles }: Of,
  one: Leaf,
  { expected, isDeep }: { expected: Hash; isDeep: boolean },
): Promise<Finding> {
  const finding = { leaf: one.leaf, seq: one.seq, where: null };
  const isOwnLeaf = sameHash(hashOfLeaf(one.digest), expected);
  if (one.row === null && isOwnLeaf) return { ...finding, what: 'deleted' };
  if (!isDeep) return { ...finding, what: 'edited' };
  if (isOwnLeaf) {
    const other = await findContent(at.db, one);
    return other === null
      ? { ...finding, what: 'edited' }
      : { ...finding, what: 'reordered', where: `seq ${other}` };
  }
  const ours = (one.row && digestOfRow(one.row, one, one.redacted)) ?? one.digest;
  const place = tiles.areSound ? await findLeaf(at.files, size, hashOfLeaf(ours)) : null;
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
    const digest = digestOfRow({ ...row, seq: leaf.seq }, leaf, leaf.redacted);
    if (digest && sameHash(digest, leaf.digest)) return row.seq;
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
    const isNamed = sql<boolean>`seq = any(${seqs}::int8[])`;
    const rows = await db.selectFrom('ledger').selectAll().where(isNamed).execute();
    const bySeq = new Map(rows.map((row) => [row.seq, row]));
    const openings = await openingsOf(db, seqs);
    for (const leaf of leaves)
      yield { ...leaf, row: bySeq.get(leaf.seq) ?? null, redacted: openings.get(leaf.seq) ?? null };
    next = leaves.at(-1)!.leaf + 1;
  }
}

/** A turn of the sequencer takes a second; what it passed over for longer than this was never written by Custos. */
const turnMs = 5_000;
const lookEveryMs = 500;

/**
 * Entries without a leaf although later ones have theirs: rows put into a gap of the sequence. A transaction that ends
 * late looks the same until the sequencer has been by.
 */
async function findLoose(db: Kysely<Tables>, found: Found): Promise<void> {
  let loose = await looseSeqs(db);
  for (let waitedMs = 0; loose.length > 0 && waitedMs < turnMs; waitedMs += lookEveryMs) {
    await sql`select pg_sleep(${lookEveryMs / 1000})`.execute(db);
    loose = await looseSeqs(db);
  }
  for (const seq of loose) found({ what: 'loose', leaf: null, seq, where: null });
}

async function looseSeqs(db: Kysely<Tables>): Promise<number[]> {
  const { rows } = await sql<{ seq: number }>`
    select seq from ledger
    where seq < (select max(seq) from ledger_leaf)
      and not exists (select from ledger_leaf where ledger_leaf.seq = ledger.seq)
    order by seq limit ${maxFindings}
  `.execute(db);
  return rows.map(({ seq }) => seq);
}
