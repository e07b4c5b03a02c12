/** What the browser verifies of an entry: right is right, and any change of what it is given is not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson } from '../../src/ledger/index.ts';
import { digestOf } from '../../src/ledger/leaf.ts';
import {
  cosignature,
  formatCheckpoint,
  formatVerifierKey,
  signerOf,
  signNote,
} from '../../src/ledger/note.ts';
import { commitmentOf } from '../../src/ledger/redaction.ts';
import {
  type Hash,
  hashOfLeaf,
  hashOfNode,
  inclusionRanges,
  type Range,
  rootOfRange,
} from '../../src/ledger/tree.ts';
import { type ProofFile, verifyProof } from '../../web/src/ledger/verify.ts';

const log = signerOf('custos/ledger/test', Buffer.alloc(32, 1));
const witness = signerOf('organ.example/w1', Buffer.alloc(32, 2), 'witness');
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const salt = Buffer.alloc(32, 3);

function proofOf(leaf: number, size: number): ProofFile {
  const reason = { salt: Buffer.alloc(32, 4), value: '南门的自行车' };
  const entry = canonicalJson({
    ...{ seq: leaf + 1, form: 2, actor: { id: null, name: null }, from: null, subject: null, detail: null },
    reason: commitmentOf(reason.salt, reason.value),
  });
  const leaves = Array.from({ length: size }, (_, i) =>
    hashOfLeaf(i === leaf ? digestOf(salt, entry) : Buffer.from(`leaf ${i}`)),
  );
  const read = (level: number, index: number): Hash =>
    level === 0 ? leaves[index]! : hashOfNode(read(level - 1, index * 2), read(level - 1, index * 2 + 1));
  const root = (range: Range) => rootOfRange(range, read);
  const text = formatCheckpoint({ origin: log.name, size, root: root({ begin: 0, end: size }) });
  return {
    ...{ seq: leaf + 1, entry, leaf, salt: base64(salt) },
    fields: [{ field: 'reason', salt: base64(reason.salt), value: canonicalJson(reason.value) }],
    proof: inclusionRanges(leaf, size).map((range) => base64(root(range))),
    checkpoint: signNote(text, log) + cosignature(text, witness, 1_679_315_147),
    key: formatVerifierKey(log),
    witnesses: [formatVerifierKey(witness)],
  };
}

test('a proof holds in the browser, for every leaf of every tree, with who signed and who witnessed it', async () => {
  for (let size = 1; size <= 20; size++) {
    for (let leaf = 0; leaf < size; leaf++) {
      const { witnesses, ...rest } = await verifyProof(proofOf(leaf, size));
      assert.deepEqual(rest, { fields: 'right', path: 'right', signature: 'right', size });
      assert.deepEqual(witnesses, [{ name: witness.name, atMs: 1_679_315_147_000, outcome: 'right' }]);
    }
  }
});

test('whatever is changed of it, the browser says which step is wrong', async () => {
  const good = proofOf(5, 13);
  const other = signerOf(log.name, Buffer.alloc(32, 9));
  const text = good.checkpoint.slice(0, good.checkpoint.indexOf('\n\n') + 1);
  const wrong = async (change: Partial<ProofFile>) => {
    const { fields, path, signature } = await verifyProof({ ...good, ...change });
    return Object.entries({ fields, path, signature })
      .filter(([, outcome]) => outcome !== 'right')
      .map(([step]) => step);
  };
  assert.deepEqual(await wrong({}), []);
  assert.deepEqual(await wrong({ fields: [{ ...good.fields[0]!, value: '"another"' }] }), ['fields']);
  assert.deepEqual(await wrong({ entry: good.entry.replace('"seq":6', '"seq":7') }), ['path']);
  assert.deepEqual(await wrong({ leaf: 4 }), ['path']);
  assert.deepEqual(await wrong({ seq: 7 }), ['path'], 'the proof of another row');
  assert.deepEqual(await wrong({ proof: good.proof.slice(1) }), ['path']);
  assert.deepEqual(await wrong({ key: formatVerifierKey(other) }), ['signature']);
  assert.deepEqual(await wrong({ checkpoint: signNote(text, other) }), ['signature']);
  const resized = good.checkpoint.replace('\n13\n', '\n14\n');
  assert.ok((await wrong({ checkpoint: resized })).includes('signature'));
  const forged = await verifyProof({
    ...good,
    checkpoint:
      signNote(text, log) + cosignature(text, signerOf(witness.name, Buffer.alloc(32, 8), 'witness'), 1),
  });
  assert.deepEqual(forged.witnesses, [], 'another key under the witness’s name is not its own');
  await assert.rejects(verifyProof({ ...good, checkpoint: 'no note' }));
});

test('no bit of path, salt or root can be turned unseen', async () => {
  const good = proofOf(11, 37);
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: good.proof.length - 1 }),
      fc.nat({ max: 31 }),
      fc.nat({ max: 7 }),
      async (which, byte, bit) => {
        const turn = (text: string) => {
          const bytes = Buffer.from(text, 'base64');
          bytes[byte]! ^= 1 << bit;
          return base64(bytes);
        };
        const path = good.proof.map((one, i) => (i === which ? turn(one) : one));
        assert.equal((await verifyProof({ ...good, proof: path })).path, 'wrong');
        assert.equal((await verifyProof({ ...good, salt: turn(good.salt) })).path, 'wrong');
      },
    ),
    { numRuns: 50 },
  );
});
