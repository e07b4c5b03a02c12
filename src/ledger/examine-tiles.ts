/** The files of the ledger against each other: tiles of leaves make all other tiles and every checkpoint. */
import { hashesOf, type LedgerFiles } from './files.ts';
import type { VerifierKey } from './note.ts';
import { SignedHistory } from './signed-history.ts';
import {
  grow,
  type Hash,
  newEdge,
  partialTiles,
  sameHash,
  tilePath,
  tileWidth,
  tileWidthAt,
} from './tree.ts';

export interface TilesSeen {
  /** The tiles are one tree, and it is the one that was signed, every time. */
  readonly areSound: boolean;
  /** Files that are missing, short, or not made of the leaves below them. */
  readonly wrong: readonly { readonly path: string; readonly leaf: number | null }[];
  /** Lists with a checkpoint that the key did not sign. */
  readonly unsigned: readonly string[];
  readonly checkpoints: number;
}

const maxWrong = 100;

export async function examineTiles(
  files: LedgerFiles,
  key: VerifierKey,
  size: number,
  progress: (done: number) => void,
): Promise<TilesSeen> {
  const history = await SignedHistory.begin(files, key);
  const wrong: { path: string; leaf: number | null }[] = [];
  const blame = (path: string, leaf: number | null) => {
    if (wrong.length < maxWrong) wrong.push({ path: `tile/${path}`, leaf });
  };
  const compare = async (level: number, index: number, hashes: readonly Hash[]) => {
    const tile = await files.readTile(level, index, hashes.length);
    if (!tile || !sameHash(tile, Buffer.concat(hashes))) blame(tilePath(level, index, hashes.length), null);
  };
  const edge = newEdge();
  for (let index = 0; index * tileWidth < size; index++) {
    const width = tileWidthAt(size, 0, index);
    const tile = await files.readTile(0, index, width);
    if (!tile) {
      blame(tilePath(0, index, width), index * tileWidth);
      break; // What stands above it cannot be made any more; the rows say the rest.
    }
    for (const hash of hashesOf(tile)) {
      for (const { level, index: at, hashes } of grow(edge, hash))
        if (level > 0) await compare(level, at, hashes);
      if (edge.size >= history.nextSize) await history.holds(edge);
    }
    progress(edge.size);
  }
  const isWhole = edge.size === size;
  if (isWhole)
    for (const { level, index, hashes } of partialTiles(edge))
      if (level > 0) await compare(level, index, hashes);
  await history.end();
  return {
    areSound: isWhole && wrong.length === 0 && history.badAt === null,
    ...{ wrong, unsigned: history.unsigned, checkpoints: history.count },
  };
}
