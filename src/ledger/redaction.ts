/**
 * Redaction: what an entry says of persons may have to go, and the tree must still verify. Such fields stand in the leaf
 * as salted commitments only; to redact one is to destroy its text and its salt. That something was done, when, by which
 * id and with what outcome stays proven; the redaction is an entry of its own.
 */
import { hash } from 'node:crypto';
import { type Kysely, sql, type Transaction } from 'kysely';
import { refuse } from '../base/index.ts';
import type { Tables } from '../db/index.ts';
import { canonicalJson } from './entry.ts';

/** The fields that may name or describe a person. */
export const personalFields = ['actor', 'from', 'subject', 'reason', 'detail'] as const;
export type PersonalField = (typeof personalFields)[number];

/** What opens a leaf: the salt of the leaf itself, and for each field its salt, or the commitment once that is gone. */
export interface Opening {
  readonly leaf: Uint8Array;
  readonly fields: Readonly<Record<PersonalField, { salt: Uint8Array } | { commitment: string }>>;
}

const eachField = <T>(make: (field: PersonalField) => T): Record<PersonalField, T> => ({
  actor: make('actor'),
  from: make('from'),
  subject: make('subject'),
  reason: make('reason'),
  detail: make('detail'),
});

const sha256 = (...parts: (Uint8Array | string)[]): Buffer =>
  hash('sha256', Buffer.concat(parts.map((part) => Buffer.from(part))), 'buffer');

/** Every salt of an entry comes of one secret of 32 bytes, so that only that one is stored as long as nothing is redacted. */
export function openingOf(secret: Uint8Array): Opening {
  return { leaf: sha256(secret, 'leaf'), fields: eachField((field) => ({ salt: sha256(secret, field) })) };
}

/** Base64 of SHA-256 over the field's salt and its canonical JSON; null where there is nothing to say. */
export const commitmentOf = (salt: Uint8Array, value: unknown): string | null =>
  isNothing(value) ? null : sha256(salt, canonicalJson(value)).toString('base64');

const isNothing = (value: unknown): boolean =>
  value === null || (typeof value === 'object' && Object.keys(value).length === 0);

/** As `ledger_redaction.opening` has it: salts begin with `s`, commitments with `c`. */
export const writeOpening = ({ leaf, fields }: Opening): string =>
  JSON.stringify({
    leaf: Buffer.from(leaf).toString('base64'),
    ...eachField((field) => {
      const one = fields[field];
      return 'salt' in one ? `s${Buffer.from(one.salt).toString('base64')}` : `c${one.commitment}`;
    }),
  });

export function readOpening(stored: Readonly<Record<string, string>>): Opening {
  const fields = eachField((field): Opening['fields'][PersonalField] => {
    const [kind, text] = [stored[field]?.[0], stored[field]?.slice(1) ?? ''];
    return kind === 's' ? { salt: Buffer.from(text, 'base64') } : { commitment: text };
  });
  return { leaf: Buffer.from(stored.leaf ?? '', 'base64'), fields };
}

const columns = {
  actor: { actor: '' },
  from: { from_address: '' },
  subject: { subject_name: null },
  reason: { reason: null },
  detail: { detail: '{}' },
} as const;

/** What stands in the row now, of each personal field. */
export const valuesOf = (row: {
  actor: string;
  from_address: string;
  subject_name: string | null;
  reason: string | null;
  detail: unknown;
}): Record<PersonalField, unknown> => ({
  actor: row.actor,
  from: row.from_address,
  subject: row.subject_name,
  reason: row.reason,
  detail: row.detail,
});

/**
 * Destroys these fields of an entry that is in the tree. `ordered` is the entry of the ledger that says who ordered it
 * and why, in the same transaction. Fields with nothing in them, and those that are gone already, are passed over;
 * returns those that went.
 */
export async function redact(
  trx: Transaction<Tables>,
  of: { seq: number; fields: readonly PersonalField[]; ordered: number; atMs: number },
): Promise<PersonalField[]> {
  const leaf = await trx
    .selectFrom('ledger_leaf')
    .selectAll()
    .where('seq', '=', of.seq)
    .forUpdate()
    .executeTakeFirst();
  const row = await trx
    .selectFrom('ledger')
    .selectAll()
    .where('seq', '=', of.seq)
    .forUpdate()
    .executeTakeFirst();
  if (!row) refuse('ledger.unknown');
  if (!leaf) refuse('ledger.not-in-tree', { seconds: 10 });
  // Leaves of the first form hash the entry whole: nothing of it can be taken away and the rest still be proven.
  if (leaf.form !== 2) refuse('ledger.not-redactable');
  const known = await redactionOf(trx, of.seq);
  const before = known ?? openingOf(leaf.salt!);
  const values = valuesOf(row);
  const fields = { ...before.fields };
  const gone = of.fields.filter((field) => {
    const one = before.fields[field];
    const commitment = 'salt' in one ? commitmentOf(one.salt, values[field]) : null;
    if (commitment !== null) fields[field] = { commitment };
    return commitment !== null;
  });
  if (gone.length === 0) refuse('ledger.nothing-to-redact');
  const opening = writeOpening({ leaf: before.leaf, fields });
  await trx
    .insertInto('ledger_redaction')
    .values({ seq: of.seq, ordered: of.ordered, at: new Date(of.atMs), opening })
    .onConflict((conflict) => conflict.column('seq').doUpdateSet({ ordered: of.ordered, opening }))
    .execute();
  const emptied = Object.assign({}, ...gone.map((field) => columns[field]));
  await trx.updateTable('ledger').set(emptied).where('seq', '=', of.seq).execute();
  if (!known) await trx.updateTable('ledger_leaf').set({ salt: null }).where('seq', '=', of.seq).execute();
  return gone;
}

async function redactionOf(db: Kysely<Tables>, seq: number): Promise<Opening | null> {
  const found = await openingsOf(db, [seq]);
  return found.get(seq) ?? null;
}

/** Of those among the entries that were redacted. */
export async function openingsOf(db: Kysely<Tables>, seqs: readonly number[]): Promise<Map<number, Opening>> {
  if (seqs.length === 0) return new Map();
  const rows = await db
    .selectFrom('ledger_redaction')
    .select(['seq', 'opening'])
    .where(sql<boolean>`seq = any(${seqs}::int8[])`)
    .execute();
  return new Map(rows.map(({ seq, opening }) => [seq, readOpening(opening)]));
}

/** Which fields of these entries are gone. */
export async function redactedFields(
  db: Kysely<Tables>,
  seqs: readonly number[],
): Promise<Map<number, PersonalField[]>> {
  const openings = await openingsOf(db, seqs);
  const gone = ({ fields }: Opening) => personalFields.filter((field) => 'commitment' in fields[field]);
  return new Map([...openings].map(([seq, opening]) => [seq, gone(opening)]));
}

/** Up to here the tables are written anew on the spot, which takes a second or two. */
const smallBytes = 512 * 1024 ** 2;

/**
 * Takes the old text out of the table's pages. A large table is only vacuumed: what lay in a page's free room goes as
 * that room is used again, or when whoever keeps the database rewrites it (`vacuum full ledger`).
 */
export async function scrub(db: Kysely<Tables>): Promise<void> {
  const { rows } = await sql<{ bytes: number }>`select pg_table_size('ledger') bytes`.execute(db);
  const full = Number(rows[0]?.bytes) <= smallBytes ? sql`full` : sql``;
  await sql`vacuum ${full} ledger, ledger_leaf, ledger_redaction`.execute(db);
}
