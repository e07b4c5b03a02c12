/** A leaf of the ledger: what of a row is hashed, and how. The same for who writes it, proves it and examines it. */
import { createHash } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { Tables } from '../db/index.ts';
import { canonicalEntry } from './entry.ts';
import type { Hash } from './tree.ts';

export type LedgerRow = Selectable<Tables['ledger']>;

export const canonicalRow = (row: LedgerRow): string =>
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
