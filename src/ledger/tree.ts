/**
 * The Merkle tree of RFC 6962 / RFC 9162 §2.1, pure: hashes, growth along the right edge, tiles of C2SP tlog-tiles,
 * proofs and their verification. Sizes and indices are plain numbers below 2^53; a hash has 32 bytes.
 */
import { hash } from 'node:crypto';
import { assert } from '../base/index.ts';

export type Hash = Uint8Array;

/** Leaves `begin` to `end`, without `end`. */
export interface Range {
  readonly begin: number;
  readonly end: number;
}

/** The hash of the complete subtree of 2^level leaves that begins at leaf index · 2^level. */
export type NodeReader = (level: number, index: number) => Hash;

export const hashBytes = 32;
/** Hashes in a full tile: eight levels of the tree. */
export const tileWidth = 256;
const tileHeight = 8;

/** In one call: three times as fast as an object a hash, and a proof is made of hundreds. */
const sha256 = (...parts: Uint8Array[]): Hash => hash('sha256', Buffer.concat(parts), 'buffer');
const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);

export const hashOfLeaf = (data: Uint8Array): Hash => sha256(leafPrefix, data);
export const hashOfNode = (left: Hash, right: Hash): Hash => sha256(nodePrefix, left, right);
/** The root of a tree without leaves: the hash of nothing. */
export const emptyRoot = (): Hash => sha256();

/** The largest power of two that is smaller than `n`; `n` is 2 or more. */
function splitOf(n: number): number {
  let half = 1;
  while (half * 2 < n) half *= 2;
  return half;
}

/** The root of a complete subtree: the number of its leaves is a power of two. */
export function rootOfComplete(hashes: readonly Hash[]): Hash {
  let row = hashes;
  while (row.length > 1) {
    assert(row.length % 2 === 0, 'a complete subtree has a power of two of leaves');
    row = Array.from({ length: row.length / 2 }, (_, i) => hashOfNode(row[2 * i]!, row[2 * i + 1]!));
  }
  return row[0]!;
}

/**
 * The right edge of a growing tree: for each level of tiles the hashes of its last, not yet full tile. It is all that
 * growing needs, and what the partial tiles hold.
 */
export interface Edge {
  size: number;
  readonly rows: Hash[][];
}

export interface Tile {
  readonly level: number;
  readonly index: number;
  readonly hashes: readonly Hash[];
}

export const newEdge = (): Edge => ({ size: 0, rows: [] });

/** Appends one leaf's hash; returns the tiles that became full, lowest first. */
export function grow(edge: Edge, leaf: Hash): Tile[] {
  const full: Tile[] = [];
  let hash = leaf;
  let span = tileWidth;
  for (let level = 0; ; level++) {
    edge.rows[level] ??= [];
    const row = edge.rows[level]!;
    row.push(hash);
    if (row.length < tileWidth) break;
    full.push({ level, index: Math.floor(edge.size / span), hashes: row });
    hash = rootOfComplete(row);
    edge.rows[level] = [];
    span *= tileWidth;
  }
  edge.size++;
  return full;
}

/** The tiles at the edge that are not full, as a tree of this size has them. */
export function partialTiles(edge: Edge): Tile[] {
  return edge.rows.flatMap((hashes, level) => {
    const index = Math.floor(edge.size / tileWidth ** (level + 1));
    return hashes.length > 0 ? [{ level, index, hashes: [...hashes] }] : [];
  });
}

export function rootOf(edge: Edge): Hash {
  let root: Hash | undefined;
  for (const row of edge.rows) {
    for (let end = row.length; end > 0; ) {
      const width = lowestBit(end);
      const left = rootOfComplete(row.slice(end - width, end));
      root = root === undefined ? left : hashOfNode(left, root);
      end -= width;
    }
  }
  return root ?? emptyRoot();
}

const lowestBit = (n: number): number => n & -n;

/** Hashes in the tile for a tree of this size: 0 when there is none of it, 256 when it is full. */
export function tileWidthAt(size: number, level: number, index: number): number {
  const inLevel = Math.floor(size / tileWidth ** level);
  return Math.max(0, Math.min(tileWidth, inLevel - index * tileWidth));
}

/** `3/x001/x234/067`, and `.p/12` behind it when the tile is not full. */
export const tilePath = (level: number | 'entries', index: number, width: number): string =>
  `${level}/${indexPath(index)}${width === tileWidth ? '' : `.p/${width}`}`;

export function indexPath(index: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g)!;
  return groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
}

export interface TileAddress {
  readonly level: number | 'entries';
  readonly index: number;
  readonly width: number;
}

/** The only writing of each address is taken; anything else is null. */
export function parseTilePath(path: string): TileAddress | null {
  const found = /^(entries|0|[1-9]\d?)\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path);
  if (!found) return null;
  const [, level = '', digits = '', partial] = found;
  const address = {
    level: level === 'entries' ? ('entries' as const) : Number(level),
    index: Number(digits.replace(/[x/]/g, '')),
    width: partial === undefined ? tileWidth : Number(partial),
  };
  const isLevel = address.level === 'entries' || address.level <= 63;
  return isLevel && tilePath(address.level, address.index, address.width) === path ? address : null;
}

/** Complete subtrees that make up a range whose begin is a multiple of the power of two at or above its length. */
function completeNodes({ begin, end }: Range): { level: number; index: number }[] {
  const nodes: { level: number; index: number }[] = [];
  for (let at = begin; at < end; ) {
    let level = 0;
    while (at + 2 ** (level + 1) <= end) level++;
    nodes.push({ level, index: at / 2 ** level });
    at += 2 ** level;
  }
  return nodes;
}

/** MTH(D[begin:end]) of RFC 6962 §2.1. */
export function rootOfRange(range: Range, read: NodeReader): Hash {
  const nodes = completeNodes(range).map(({ level, index }) => read(level, index));
  return nodes.length === 0 ? emptyRoot() : nodes.reduceRight((right, left) => hashOfNode(left, right));
}

/** The ranges whose roots are the audit path of a leaf, from the leaf up (RFC 6962 §2.1.1). */
export function inclusionRanges(leaf: number, size: number): Range[] {
  assert(leaf >= 0 && leaf < size, 'a proof is asked for a leaf of the tree');
  const ranges: Range[] = [];
  let [begin, end] = [0, size];
  while (end - begin > 1) {
    const middle = begin + splitOf(end - begin);
    if (leaf < middle) {
      ranges.push({ begin: middle, end });
      end = middle;
    } else {
      ranges.push({ begin, end: middle });
      begin = middle;
    }
  }
  return ranges.reverse();
}

/** The ranges whose roots prove that a tree of `older` leaves is the beginning of one of `newer` (§2.1.2). */
export function consistencyRanges(older: number, newer: number): Range[] {
  assert(older > 0 && older <= newer, 'consistency is asked from a tree with leaves to one not smaller');
  const ranges: Range[] = [];
  let [begin, end] = [0, newer];
  let isWhole = true;
  while (older < end) {
    const middle = begin + splitOf(end - begin);
    if (older <= middle) {
      ranges.push({ begin: middle, end });
      end = middle;
    } else {
      ranges.push({ begin, end: middle });
      begin = middle;
      isWhole = false;
    }
  }
  if (!isWhole) ranges.push({ begin, end });
  return ranges.reverse();
}

/** The tiles that hold every node of these ranges, as a tree of `size` leaves has them, each once. */
export function tilesOf(ranges: readonly Range[], size: number): (TileAddress & { level: number })[] {
  const tiles = new Map<string, TileAddress & { level: number }>();
  for (const { level, index } of ranges.flatMap(completeNodes)) {
    const tileLevel = Math.floor(level / tileHeight);
    const at = Math.floor((index * 2 ** (level % tileHeight)) / tileWidth);
    const tile = { level: tileLevel, index: at, width: tileWidthAt(size, tileLevel, at) };
    tiles.set(tilePath(tile.level, tile.index, tileWidth), tile);
  }
  return [...tiles.values()];
}

/** Reads nodes out of tiles; `tile` gives the hashes of one, at least as many as the tree has of it. */
export function nodesOfTiles(tile: (level: number, index: number) => readonly Hash[]): NodeReader {
  return (level, index) => {
    const span = 2 ** (level % tileHeight);
    const first = index * span;
    const hashes = tile(Math.floor(level / tileHeight), Math.floor(first / tileWidth));
    const from = first % tileWidth;
    assert(hashes.length >= from + span, 'a tile holds the nodes that are read from it');
    return rootOfComplete(hashes.slice(from, from + span));
  };
}

export const sameHash = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && Buffer.compare(a, b) === 0;

/** RFC 9162 §2.1.3.2. */
export function verifyInclusion(of: {
  leaf: number;
  size: number;
  hash: Hash;
  proof: readonly Hash[];
  root: Hash;
}): boolean {
  if (!isIndex(of.leaf) || !isIndex(of.size) || of.leaf >= of.size) return false;
  let [fn, sn] = [of.leaf, of.size - 1];
  let root = of.hash;
  for (const hash of of.proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      root = hashOfNode(hash, root);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
    } else {
      root = hashOfNode(root, hash);
    }
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 && sameHash(root, of.root);
}

/** RFC 9162 §2.1.4.2; every tree continues the empty one. */
export function verifyConsistency(of: {
  older: number;
  newer: number;
  olderRoot: Hash;
  newerRoot: Hash;
  proof: readonly Hash[];
}): boolean {
  const { older, newer, olderRoot, newerRoot } = of;
  if (!isIndex(older) || !isIndex(newer) || older > newer) return false;
  if (older === newer) return of.proof.length === 0 && sameHash(olderRoot, newerRoot);
  if (older === 0) return of.proof.length === 0 && sameHash(olderRoot, emptyRoot());
  const isComplete = Number.isInteger(Math.log2(older));
  const [first, ...rest] = isComplete ? [olderRoot, ...of.proof] : of.proof;
  if (first === undefined || (isComplete && of.proof.length === 0)) return false;
  let [fn, sn] = [older - 1, newer - 1];
  while (fn % 2 === 1) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  let [fr, sr] = [first, first];
  for (const hash of rest) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      [fr, sr] = [hashOfNode(hash, fr), hashOfNode(hash, sr)];
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
    } else {
      sr = hashOfNode(sr, hash);
    }
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 && sameHash(fr, olderRoot) && sameHash(sr, newerRoot);
}

const isIndex = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;
