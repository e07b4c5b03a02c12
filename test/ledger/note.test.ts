/** Notes, checkpoints and cosignatures: the examples of the specifications, and what must not be believed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  cosignature,
  formatCheckpoint,
  formatSignerKey,
  formatVerifierKey,
  openCheckpoint,
  openNote,
  parseCheckpoint,
  parseSignerKey,
  parseVerifierKey,
  signerOf,
  signNote,
} from '../../src/ledger/note.ts';

/** The keys of the documentation of Go's golang.org/x/mod/sumdb/note. */
const goSecret = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
const goKey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const goNote =
  'If you think cryptography is the answer to your problem,\n' +
  "then you don't know what your problem is.\n\n" +
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';

const signer = signerOf('custos/log', Buffer.alloc(32, 7));
const witness = signerOf('witness.example.com/w1', Buffer.alloc(32, 9), 'witness');
const text = formatCheckpoint({ origin: 'custos/log', size: 42, root: Buffer.alloc(32, 3) });

test('keys and signatures are those of the reference implementation in Go', () => {
  const key = parseVerifierKey(goKey)!;
  const secret = parseSignerKey(goSecret)!;
  assert.equal(formatVerifierKey(secret), goKey);
  assert.equal(signNote(goNote.slice(0, goNote.indexOf('\n\n') + 1), secret), goNote);
  assert.equal(openNote(goNote, [key])?.signedBy.length, 1);
  assert.equal(openNote(goNote, [signer])?.signedBy.length, 0);
});

test('a key survives its written form, and one whose id does not fit is none', () => {
  assert.deepEqual(parseVerifierKey(formatVerifierKey(witness))?.kind, 'witness');
  assert.equal(
    formatVerifierKey(parseSignerKey(formatSignerKey('custos/log', Buffer.alloc(32, 7)))!),
    formatVerifierKey(signer),
  );
  assert.equal(parseVerifierKey(goKey.replace('c74f20a3', 'c74f20a4')), null);
  assert.equal(parseVerifierKey(goKey.replace('Peter', 'Paul')), null);
  assert.equal(parseSignerKey(goSecret.replace('c74f20a3', 'c74f20a4')), null);
});

test('a checkpoint that is changed in any byte is not believed', () => {
  const note = signNote(text, signer);
  assert.deepEqual(openCheckpoint(note, signer)?.size, 42);
  const bytes = Buffer.from(note);
  fc.assert(
    fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 0, max: 7 }), (at, bit) => {
      const other = Buffer.from(bytes);
      other[at]! ^= 1 << bit;
      assert.equal(openCheckpoint(other.toString('utf8'), signer), null);
    }),
    { numRuns: 300 },
  );
});

test('a checkpoint of another log, or signed by a witness alone, is not this log’s', () => {
  const foreign = formatCheckpoint({ origin: 'other/log', size: 42, root: Buffer.alloc(32, 3) });
  assert.equal(openCheckpoint(signNote(foreign, signer), signer), null);
  assert.equal(openCheckpoint(`${text}\n${cosignature(text, witness, 1_679_315_147)}`, signer), null);
});

test('a witness signs below the log, with the time it saw', () => {
  const note = signNote(text, signer) + cosignature(text, witness, 1_679_315_147);
  const opened = openNote(note, [signer, witness])!;
  assert.deepEqual(
    opened.signedBy.map(({ key, timeS }) => [key.name, timeS]),
    [
      ['custos/log', null],
      ['witness.example.com/w1', 1_679_315_147],
    ],
  );
  assert.equal(openCheckpoint(note, signer)?.size, 42);
  const other = formatCheckpoint({ origin: 'custos/log', size: 43, root: Buffer.alloc(32, 3) });
  assert.equal(openNote(signNote(other, signer) + cosignature(text, witness, 1), [witness]), null);
});

test('a checkpoint has one form', () => {
  assert.deepEqual(parseCheckpoint(text)?.size, 42);
  assert.deepEqual(parseCheckpoint(`${text}extension\n`)?.size, 42);
  for (const wrong of [
    '',
    text.slice(0, -1),
    text.replace('42', '042'),
    text.replace('42', '-1'),
    text.replace('42', '99999999999999999'),
    text.replace('AwMD', 'AwM'),
    `${text}\nx\n`,
  ]) {
    assert.equal(parseCheckpoint(wrong), null, wrong);
  }
});

test('whatever is read as a note, nothing is thrown', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('—', ' ', '\n', '\n\n', 'a', 'x08go/==', '+', '\0') }),
      (note) => {
        openNote(note, [signer]);
        parseVerifierKey(note);
        parseCheckpoint(note);
      },
    ),
  );
});
