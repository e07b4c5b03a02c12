/** The tree against the vectors of RFC 6962's reference, and its proofs against every other answer. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  consistencyRanges,
  emptyRoot,
  grow,
  type Hash,
  hashOfLeaf,
  inclusionRanges,
  newEdge,
  nodesOfTiles,
  parseTilePath,
  partialTiles,
  type Range,
  rootOf,
  rootOfRange,
  type Tile,
  tilePath,
  tilesOf,
  tileWidth,
  tileWidthAt,
  verifyConsistency,
  verifyInclusion,
} from '../../src/ledger/tree.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const unhex = (text: string): Hash => Buffer.from(text, 'hex');

/** The eight leaves and roots of the reference tree of Certificate Transparency (merkle_tree_test). */
const leaves = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map(unhex);
const roots = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

/** The definition of RFC 6962 §2.1, word for word, as a second opinion. */
function mth(data: readonly Hash[]): string {
  if (data.length === 0) return createHash('sha256').digest('hex');
  if (data.length === 1) return createHash('sha256').update(Buffer.of(0)).update(data[0]!).digest('hex');
  let k = 1;
  while (k * 2 < data.length) k *= 2;
  const [left, right] = [unhex(mth(data.slice(0, k))), unhex(mth(data.slice(k)))];
  return createHash('sha256').update(Buffer.of(1)).update(left).update(right).digest('hex');
}

/** A grown tree, read through its tiles alone. */
function treeOf(data: readonly Hash[]) {
  const edge = newEdge();
  const tiles = new Map<string, readonly Hash[]>();
  const keep = (tile: Tile) => tiles.set(`${tile.level}/${tile.index}`, tile.hashes);
  for (const one of data) grow(edge, hashOfLeaf(one)).forEach(keep);
  partialTiles(edge).forEach(keep);
  const read = nodesOfTiles((level, index) => tiles.get(`${level}/${index}`)!);
  const proof = (ranges: readonly Range[]) => ranges.map((range) => rootOfRange(range, read));
  return { edge, tiles, root: rootOf(edge), read, proof };
}

const numbered = (n: number) => Array.from({ length: n }, (_, i) => Buffer.from(`leaf ${i}`));
const flipped = (hash: Hash, bit: number): Hash => {
  const other = Buffer.from(hash);
  other[bit >> 3]! ^= 1 << (bit & 7);
  return other;
};

test('the reference tree of eight leaves has the roots of RFC 6962', () => {
  assert.equal(hex(emptyRoot()), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  roots.forEach((root, i) => {
    assert.equal(hex(treeOf(leaves.slice(0, i + 1)).root), root, `size ${i + 1}`);
  });
});

test('audit paths and consistency proofs are those of the reference', () => {
  const tree = treeOf(leaves);
  const path = (leaf: number, size: number) => tree.proof(inclusionRanges(leaf, size)).map(hex);
  assert.deepEqual(path(0, 1), []);
  assert.deepEqual(path(0, 8), [
    '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
    '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
    '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
  ]);
  assert.deepEqual(path(5, 8), [
    'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  ]);
  const between = (older: number, newer: number) => tree.proof(consistencyRanges(older, newer)).map(hex);
  assert.deepEqual(between(1, 1), []);
  assert.deepEqual(between(6, 8), [
    '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
    'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  ]);
  assert.deepEqual(between(2, 5), [
    '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
    'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
  ]);
});

test('a tree grown along its edge is the tree of the definition, across tiles', () => {
  for (const n of [3, 255, 256, 257, 511, 513, 700]) {
    const data = numbered(n);
    assert.equal(hex(treeOf(data).root), mth(data), `size ${n}`);
  }
  const { tiles, edge, root, read } = treeOf(numbered(66_000));
  assert.deepEqual(
    [
      tiles.get('0/256')?.length,
      tiles.get('1/0')?.length,
      tiles.get('1/1')?.length,
      tiles.get('2/0')?.length,
    ],
    [256, 256, 1, 1],
  );
  assert.equal(hex(rootOfRange({ begin: 0, end: edge.size }, read)), hex(root));
});

const big = treeOf(numbered(1_000));
const sizes = fc.integer({ min: 1, max: 1_000 });

test('every inclusion proof verifies, and with any bit flipped, any other leaf or size it does not', () => {
  fc.assert(
    fc.property(sizes, fc.nat(), fc.nat(), (size, pick, bit) => {
      const leaf = pick % size;
      const root = rootOfRange({ begin: 0, end: size }, big.read);
      const proof = big.proof(inclusionRanges(leaf, size));
      const right = { leaf, size, hash: hashOfLeaf(Buffer.from(`leaf ${leaf}`)), proof, root };
      assert.ok(verifyInclusion(right));
      assert.ok(!verifyInclusion({ ...right, hash: flipped(right.hash, bit % 256) }));
      assert.ok(!verifyInclusion({ ...right, root: flipped(root, bit % 256) }));
      assert.ok(!verifyInclusion({ ...right, proof: [...proof, root] }));
      assert.ok(!verifyInclusion({ ...right, leaf: size }));
      assert.ok(!verifyInclusion({ ...right, leaf: leaf + 0.5 }));
      if (size > 1) assert.ok(!verifyInclusion({ ...right, leaf: (leaf + 1) % size }));
      if (proof.length === 0) return;
      assert.ok(!verifyInclusion({ ...right, proof: proof.slice(1) }));
      const wrong = proof.with(bit % proof.length, flipped(proof[bit % proof.length]!, bit % 256));
      assert.ok(!verifyInclusion({ ...right, proof: wrong }));
    }),
    { numRuns: 150 },
  );
});

test('every consistency proof verifies, and with any bit flipped or another past it does not', () => {
  fc.assert(
    fc.property(sizes, fc.nat(), fc.nat(), (newer, pick, bit) => {
      const older = 1 + (pick % newer);
      const rootAt = (end: number) => rootOfRange({ begin: 0, end }, big.read);
      const proof = big.proof(consistencyRanges(older, newer));
      const right = { older, newer, olderRoot: rootAt(older), newerRoot: rootAt(newer), proof };
      assert.ok(verifyConsistency(right));
      assert.ok(!verifyConsistency({ ...right, olderRoot: flipped(right.olderRoot, bit % 256) }));
      assert.ok(!verifyConsistency({ ...right, newerRoot: flipped(right.newerRoot, bit % 256) }));
      assert.ok(!verifyConsistency({ ...right, proof: [...proof, right.newerRoot] }));
      assert.ok(!verifyConsistency({ ...right, older: newer + 1 }));
      if (proof.length === 0) return;
      assert.ok(!verifyConsistency({ ...right, proof: proof.slice(1) }));
      assert.ok(!verifyConsistency({ ...right, proof: [] }));
      const wrong = proof.with(bit % proof.length, flipped(proof[bit % proof.length]!, bit % 256));
      assert.ok(!verifyConsistency({ ...right, proof: wrong }));
    }),
    { numRuns: 150 },
  );
  const empty = { older: 0, olderRoot: emptyRoot(), newer: 1_000, newerRoot: big.root, proof: [] };
  assert.ok(verifyConsistency(empty));
  assert.ok(!verifyConsistency({ ...empty, olderRoot: big.root }));
});

test('a proof needs only tiles that a tree of its size has, and they hold all its nodes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 40 }), fc.nat(), (size, pick) => {
      const leaf = pick % size;
      const ranges = [...inclusionRanges(leaf, size), ...consistencyRanges(leaf + 1, size)];
      const tiles = tilesOf(ranges, size);
      assert.ok(
        tiles.every(({ level, index, width }) => width > 0 && width === tileWidthAt(size, level, index)),
      );
      assert.ok(tiles.length <= 12);
      const widths = new Map(tiles.map(({ level, index, width }) => [`${level}/${index}`, width]));
      const some = Buffer.alloc(32);
      const read = nodesOfTiles((level, index) =>
        Array.from({ length: widths.get(`${level}/${index}`) ?? 0 }, () => some),
      );
      for (const range of ranges.slice(0, 4)) rootOfRange(range, read);
    }),
    { numRuns: 60 },
  );
});

test('a tile has one address and no other', () => {
  assert.equal(tilePath(0, 1_234_067, tileWidth), '0/x001/x234/067');
  assert.equal(tilePath('entries', 5, 12), 'entries/005.p/12');
  assert.equal(tilePath(2, 1_000, 255), '2/x001/000.p/255');
  fc.assert(
    fc.property(
      fc.constantFrom<number | 'entries'>(0, 1, 7, 63, 'entries'),
      fc.integer({ min: 0, max: 999_999_999_999 }),
      fc.integer({ min: 1, max: 256 }),
      (level, index, width) => {
        assert.deepEqual(parseTilePath(tilePath(level, index, width)), { level, index, width });
      },
    ),
  );
  const wrong =
    '|0|0/|0/1|0/0001|00/001|64/001|0/x000/001|0/001.p/0|0/001.p/256|0/001.p/01|0/001/|0/../001|-1/001';
  for (const path of wrong.split('|')) assert.equal(parseTilePath(path), null, path);
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), (path) => {
      const found = parseTilePath(path);
      if (found) assert.equal(tilePath(found.level, found.index, found.width), path);
    }),
  );
});

test('what a tile holds for a tree of a size is what the specification counts', () => {
  const size = 70_000;
  const widths = [0, 1, 2].map((level) => tileWidthAt(size, level, Math.floor(size / 256 ** (level + 1))));
  assert.deepEqual(widths, [112, 17, 1]);
  assert.equal(tileWidthAt(size, 0, 272), 256);
  assert.equal(tileWidthAt(size, 0, 274), 0);
  assert.equal(tileWidthAt(256, 0, 1), 0);
});
