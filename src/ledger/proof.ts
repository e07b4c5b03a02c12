/** Proofs, read out of the tiles: that an entry is in the tree, and that one tree continues another. */
import type { Kysely } from 'kysely';
import { Fault, refuse } from '../base/index.ts';
import type { Tables } from '../db/index.ts';
import { hashesOf, type LedgerFiles } from './files.ts';
import { type OpenedLeaf, openLeaf } from './leaf.ts';
import type { Checkpoint } from './note.ts';
import { openingsOf } from './redaction.ts';
import type { LedgerTree } from './sequencer.ts';
import {
  consistencyRanges,
  type Hash,
  inclusionRanges,
  nodesOfTiles,
  type Range,
  rootOfRange,
  sameHash,
  tilesOf,
  tileWidth,
} from './tree.ts';

export interface EntryProof {
  readonly leaf: number;
  readonly salt: Uint8Array;
  /** The canonical entry; with the salt before it, it hashes to the data of the leaf. */
  readonly entry: string;
  /** What the commitments in the entry hold; a field that was redacted is not among them. */
  readonly fields: OpenedLeaf['fields'];
  readonly proof: readonly Hash[];
  /** Signed note over the tree that the proof leads to: one that a witness cosigned, where there is one over the entry. */
  readonly checkpoint: string;
}

/** How long an entry may wait for its checkpoint. */
const waitS = 10;

/** Signs anew when the entry is not under a checkpoint yet. */
export async function proveEntry(
  at: { db: Kysely<Tables>; tree: LedgerTree },
  seq: number,
): Promise<EntryProof> {
  let [row, leaf] = await Promise.all([rowOf(at.db, seq), leafOf(at.db, seq)]);
  if (!row) refuse('ledger.unknown');
  if (!leaf || leaf.leaf >= at.tree.signed.size) {
    await at.tree.settle();
    leaf = await leafOf(at.db, seq);
  }
  // Read again only where a redaction may have come between: its salt and its words go together.
  if (leaf?.salt === null) row = (await rowOf(at.db, seq)) ?? row;
  const { signed, cosignatures } = at.tree;
  if (!leaf || leaf.leaf >= signed.size) refuse('ledger.not-in-tree', { seconds: waitS });
  const best = cosignatures.best();
  const { size, note } = best && leaf.leaf < best.size ? best : signed;
  const proof = await rootsOf(at.tree.files, inclusionRanges(leaf.leaf, size), size);
  const redacted = leaf.salt === null ? ((await openingsOf(at.db, [seq])).get(seq) ?? null) : null;
  const opened = openLeaf(row, leaf, redacted);
  if (!opened) throw new Fault('what opens this entry is gone without a redaction: custos fsck --ledger');
  return { leaf: leaf.leaf, ...opened, proof, checkpoint: note };
}

const rowOf = (db: Kysely<Tables>, seq: number) =>
  db.selectFrom('ledger').selectAll().where('seq', '=', seq).executeTakeFirst();

const leafOf = (db: Kysely<Tables>, seq: number) =>
  db.selectFrom('ledger_leaf').select(['leaf', 'salt', 'form']).where('seq', '=', seq).executeTakeFirst();

/** That the tree of `older` leaves is the beginning of that of `newer`, both signed before. */
export const proveConsistency = (files: LedgerFiles, older: number, newer: number): Promise<Hash[]> =>
  rootsOf(files, consistencyRanges(older, newer), newer);

async function rootsOf(files: LedgerFiles, ranges: readonly Range[], size: number): Promise<Hash[]> {
  const reading = tilesOf(ranges, size).map(async ({ level, index, width }) => {
    const bytes = await files.readTile(level, index, width);
    if (!bytes) throw new Fault(`tile ${level}/${index} of the ledger is missing: custos fsck --ledger`);
    return [`${level}/${index}`, hashesOf(bytes)] as const;
  });
  const tiles = new Map(await Promise.all(reading));
  const read = nodesOfTiles((level, index) => tiles.get(`${level}/${index}`) ?? []);
  return ranges.map((range) => rootOfRange(range, read));
}

/** Whether this is the root that the log's own tiles have at this size: what was shown to somebody under our key. */
export async function isOwnTree(
  files: LedgerFiles,
  { size, root }: Checkpoint,
  newest: number,
): Promise<boolean> {
  if (size === 0 || size > newest) return size === 0;
  const [own] = await rootsOf(files, [{ begin: 0, end: size }], newest);
  return own !== undefined && sameHash(own, root);
}

/** The bundle of C2SP tlog-tiles: the data of these leaves, each with its length before it. Null when one is missing. */
export async function entryBundle(db: Kysely<Tables>, index: number, width: number): Promise<Buffer | null> {
  const first = index * tileWidth;
  const rows = await db
    .selectFrom('ledger_leaf')
    .select('digest')
    .where('leaf', '>=', first)
    .where('leaf', '<', first + width)
    .orderBy('leaf')
    .execute();
  if (rows.length !== width) return null;
  return Buffer.concat(rows.flatMap(({ digest }) => [Buffer.of(0, digest.length), digest]));
}
