/** A leaf of the ledger: what of a row is hashed, and how. The same for who writes it, proves it and examines it. */
import { createHash } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { Tables } from '../db/index.ts';
import { canonicalEntry, canonicalJson } from './entry.ts';
import {
  commitmentOf,
  type Opening,
  openingOf,
  type PersonalField,
  personalFields,
  valuesOf,
} from './redaction.ts';
import type { Hash } from './tree.ts';

export type LedgerRow = Selectable<Tables['ledger']>;
export type LeafRow = Pick<Selectable<Tables['ledger_leaf']>, 'form' | 'salt'>;

/** What proves a leaf to a stranger: the entry as it was hashed, and what its commitments hold, where that is still there. */
export interface OpenedLeaf {
  readonly salt: Uint8Array;
  readonly entry: string;
  readonly fields: readonly { field: PersonalField; salt: Uint8Array; value: string }[];
}

/** The form of all new leaves: personal fields stand in it as commitments. */
export const newForm = 2;

/** Null when what would open it is gone without a redaction. */
export function openLeaf(row: LedgerRow, leaf: LeafRow, redacted: Opening | null): OpenedLeaf | null {
  if (leaf.form === 1) return leaf.salt && { salt: leaf.salt, entry: canonicalRow(row), fields: [] };
  const opening = redacted ?? (leaf.salt && openingOf(leaf.salt));
  if (!opening) return null;
  const values = valuesOf(row);
  const committed = {} as Record<PersonalField, string | null>;
  const fields: OpenedLeaf['fields'][number][] = [];
  for (const field of personalFields) {
    const one = opening.fields[field];
    const value = values[field];
    committed[field] = 'salt' in one ? commitmentOf(one.salt, value) : one.commitment;
    if ('salt' in one && committed[field] !== null)
      fields.push({ field, salt: one.salt, value: canonicalJson(value) });
  }
  return { salt: opening.leaf, entry: committedRow(row, committed), fields };
}

/** Null as above. */
export function digestOfRow(row: LedgerRow, leaf: LeafRow, redacted: Opening | null): Hash | null {
  const opened = openLeaf(row, leaf, redacted);
  return opened && digestOf(opened.salt, opened.entry);
}

const committedRow = (row: LedgerRow, committed: Readonly<Record<PersonalField, string | null>>): string =>
  canonicalJson({
    form: newForm,
    seq: row.seq,
    at: row.at.toISOString(),
    actor: { id: row.actor_id, name: committed.actor },
    session: row.session_id,
    from: committed.from,
    action: row.action,
    outcome: row.outcome,
    code: row.code,
    subject:
      row.subject_kind === null
        ? null
        : { kind: row.subject_kind, id: row.subject_id, name: committed.subject },
    reason: committed.reason,
    detail: committed.detail,
  });

const canonicalRow = (row: LedgerRow): string =>
  canonicalEntry(row.seq, {
    atMs: row.at.getTime(),
    actor: {
      personId: row.actor_id,
      name: row.actor,
      sessionId: row.session_id,
      from: row.from_address,
    },
    action: row.action,
    outcome: row.outcome,
    code: row.code,
    subject:
      row.subject_kind === null
        ? null
        : { kind: row.subject_kind, id: row.subject_id, name: row.subject_name },
    reason: row.reason,
    detail: row.detail,
  });

/** The data of the leaf. The salt has 32 bytes, so that where it ends and the entry begins is no question. */
export const digestOf = (salt: Uint8Array, canonical: string): Hash =>
  createHash('sha256').update(salt).update(canonical, 'utf8').digest();
