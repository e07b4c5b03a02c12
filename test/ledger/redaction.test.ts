/** Redaction: the words are gone from every page of the database, the proofs hold, and nobody else may take a word out. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import {
  append,
  canonicalEntry,
  type Entry,
  examineLedger,
  type PersonalField,
  personalFields,
  proveEntry,
  redact,
  scrub,
  system,
} from '../../src/ledger/index.ts';
import { digestOf } from '../../src/ledger/leaf.ts';
import { openingOf, readOpening, writeOpening } from '../../src/ledger/redaction.ts';
import { hashOfLeaf, verifyInclusion } from '../../src/ledger/tree.ts';
import { add, asSuperuser, type Place, place } from './place.ts';

const secret = 'Li-Si-with-the-blue-bicycle';
const entry: Entry = {
  ...{ atMs: Date.UTC(2026, 10, 22), action: 'footage.mark', outcome: 'done', reason: `saw ${secret}` },
  actor: { ...system, name: secret, from: `${secret}.example` },
  subject: { kind: 'person', id: 'per_1', name: secret },
  detail: { words: [secret] },
};

const write = (at: Place, more: Partial<Entry> = {}): Promise<number> =>
  at.db.kysely.transaction().execute((trx) => append(trx, { ...entry, ...more }));

function take(at: Place, seq: number, fields: readonly PersonalField[]): Promise<PersonalField[]> {
  return at.db.kysely.transaction().execute(async (trx) => {
    const ordered = await append(trx, {
      ...entry,
      actor: system,
      reason: 'order',
      subject: null,
      detail: { seq },
    });
    return redact(trx, { seq, fields, ordered, atMs: 0 });
  });
}

/** The pages of a table as they are on the disk. */
async function pagesOf({ db }: Place, table: string): Promise<string> {
  await sql`checkpoint`.execute(db.kysely);
  const { rows } = await sql<{ path: string; dir: string }>`
    select pg_relation_filepath(${table}) path, current_setting('data_directory') dir`.execute(db.kysely);
  return readFileSync(join(rows[0]!.dir, rows[0]!.path), 'latin1');
}

const findings = async ({ db, files }: Place) =>
  (await examineLedger({ db: db.kysely, files })).findings.map(({ what, seq }) => `${what} ${seq}`);

test('what was redacted is on no page of the database any more, and the entry is proven as before', async () => {
  await using at = await place();
  await using tree = await at.open();
  await add(at, 0, 20);
  const seq = await write(at);
  await add(at, 20, 30);
  await tree.settle();
  assert.ok((await pagesOf(at, 'ledger')).includes(secret), 'the test sees what is there');
  const proofOf = async () => {
    const { leaf, salt, entry, proof, fields } = await proveEntry({ db: at.db.kysely, tree }, seq);
    const { size, root } = tree.signed;
    assert.ok(verifyInclusion({ leaf, size, hash: hashOfLeaf(digestOf(salt, entry)), proof, root }));
    return { entry, fields: fields.map(({ field }) => field) };
  };
  const before = await proofOf();
  assert.deepEqual(before.fields, personalFields);
  assert.ok(!before.entry.includes(secret), 'the leaf itself holds commitments only');
  assert.deepEqual(await take(at, seq, ['reason', 'detail']), ['reason', 'detail']);
  assert.deepEqual(await take(at, seq, personalFields), ['actor', 'from', 'subject']);
  await scrub(at.db.kysely);
  const after = await proofOf();
  assert.deepEqual([after.entry, after.fields], [before.entry, []]);
  for (const table of ['ledger', 'ledger_leaf', 'ledger_redaction'])
    assert.ok(!(await pagesOf(at, table)).includes(secret), table);
  const { rows } = await sql<{ salt: null }>`select salt from ledger_leaf where seq = ${seq}`.execute(
    at.db.kysely,
  );
  assert.equal(rows[0]?.salt, null, 'nobody can try names against the commitments');
  await tree.settle();
  assert.deepEqual(await findings(at), []);
});

test('a row changes in no other way than its redaction says, and comes back in none', async () => {
  await using at = await place();
  await using tree = await at.open();
  const seq = await write(at);
  await tree.settle();
  const refused = [
    `update ledger set reason = null where seq = ${seq}`,
    `update ledger set action = 'x' where seq = ${seq}`,
    `update ledger_leaf set salt = null where seq = ${seq}`,
    `update ledger_leaf set digest = salt where seq = ${seq}`,
    'delete from ledger_redaction',
  ];
  await take(at, seq, ['reason']);
  for (const one of [...refused.slice(1, 2), `update ledger set reason = 'y', detail = '{}'`, refused[4]!])
    await assert.rejects(sql.raw(one).execute(at.db.kysely), /append-only/, one);
  await tree.settle();
  const other = await write(at, { detail: { i: 2 } });
  await tree.settle();
  for (const one of refused.slice(0, 4))
    await assert.rejects(
      sql.raw(one.replace(`${seq}`, `${other}`)).execute(at.db.kysely),
      /append-only/,
      one,
    );
  assert.deepEqual(await findings(at), []);
  await asSuperuser(at, `update ledger set subject_name = 'someone else' where seq = ${seq}`);
  assert.deepEqual(await findings(at), [`edited ${seq}`]);
  await asSuperuser(
    at,
    `update ledger set subject_name = '${secret}' where seq = ${seq}`,
    `update ledger_redaction set opening = jsonb_set(opening, '{reason}', '"cAAAA"') where seq = ${seq}`,
  );
  assert.deepEqual(await findings(at), [`edited ${seq}`], 'a commitment cannot be exchanged');
});

test('an entry of the first form is proven as it always was, and is whole or nothing', async () => {
  await using at = await place();
  const seq = await write(at);
  const salt = Buffer.alloc(32, 5);
  await at.db.kysely
    .insertInto('ledger_leaf')
    .values({ leaf: 0, seq, salt, digest: digestOf(salt, canonicalEntry(seq, entry)), form: 1 })
    .execute();
  await using tree = await at.open();
  await add(at, 0, 3);
  await tree.settle();
  const proven = await proveEntry({ db: at.db.kysely, tree }, seq);
  assert.equal(JSON.parse(proven.entry).reason, entry.reason);
  assert.deepEqual(await findings(at), []);
  await assert.rejects(take(at, seq, ['reason']), { code: 'ledger.not-redactable' });
});

test('nothing in Custos deletes an entry: six months and three years are kept because everything is', () => {
  const src = join(import.meta.dirname, '../../src');
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(ts|sql)$/.test(name),
  );
  assert.ok(files.length > 200);
  const deleting = files.filter((name) =>
    /deleteFrom\('ledger|(delete from|truncate( table)?) (only )?ledger/i.test(
      readFileSync(join(src, name), 'utf8'),
    ),
  );
  assert.deepEqual(deleting, []);
});

test('an opening is read back as it was written', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.subarray([...personalFields]),
      (salt, gone) => {
        const opening = openingOf(salt);
        const fields = { ...opening.fields };
        for (const field of gone) fields[field] = { commitment: Buffer.from(salt).toString('base64') };
        const written = writeOpening({ leaf: opening.leaf, fields });
        assert.equal(writeOpening(readOpening(JSON.parse(written))), written);
      },
    ),
  );
});
