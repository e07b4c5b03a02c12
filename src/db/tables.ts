/**
 * The tables as Kysely sees them: one interface a table, listed in `Tables` under the table's name. What a row is and
 * who writes it stands in `schema.sql`; only the folder named there writes it.
 *
 * How SQL types arrive: `timestamptz` is a `Date`, `int8` a safe number, `bytea` a `Buffer`, `jsonb` its value.
 * On the way in give `Date`, number, `Uint8Array`, and for `jsonb` the text of `JSON.stringify` (pg would turn a bare
 * array into an SQL array). `numeric` (the type of `sum(int8)`) arrives as text: write `sum(x)::int8`.
 */
import type { ColumnType, Generated, GeneratedAlways } from 'kysely';

/** Written by `db/migrate.ts` alone. */
export interface MigrationTable {
  name: string;
  sha256: string;
  applied_at: Generated<Date>;
}

/** Written by `gate/`. */
export interface UnitTable {
  one: Generated<boolean>;
  id: string;
  name: string;
  created: Date;
}

/** Written by `gate/`. */
export interface PersonTable {
  id: string;
  name: string;
  name_folded: string;
  display_name: string;
  password_hash: string;
  roles: ('administrator' | 'maintainer' | 'watcher' | 'approver' | 'auditor')[];
  active: Generated<boolean>;
  created: Date;
  last_sign_in: Date | null;
}

/** Written by `gate/`. */
export interface SessionTable {
  id: string;
  person_id: string;
  kind: 'cookie' | 'token';
  token_digest: Uint8Array;
  created: Date;
  last_seen: Date;
  expires: Date;
  from_address: string;
  agent: string;
  ended: Date | null;
  ended_why: string | null;
}

/** Written by `ledger/`; append-only. */
export interface LedgerTable {
  seq: GeneratedAlways<number>;
  at: Date;
  actor_id: string | null;
  actor: string;
  session_id: string | null;
  from_address: string;
  action: string;
  outcome: 'done' | 'refused' | 'failed';
  code: string | null;
  subject_kind: string | null;
  subject_id: string | null;
  subject_name: string | null;
  reason: string | null;
  detail: ColumnType<Record<string, unknown>, string, never>;
}

export interface Tables {
  unit: UnitTable;
  person: PersonTable;
  session: SessionTable;
  ledger: LedgerTable;
  migration: MigrationTable;
}
