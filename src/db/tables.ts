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

/** Written by `ledger/`, by its sequencer; append-only. */
export interface LedgerLeafTable {
  leaf: number;
  seq: number;
  salt: Uint8Array;
  digest: Uint8Array;
}

/** Written by `collect/`. */
export interface SiteTable {
  id: string;
  name: string;
  name_folded: string;
  address: string;
  time_zone: string;
  created: Date;
}

/** Written by `collect/`. */
export interface CameraTable {
  id: string;
  site_id: string;
  name: string;
  name_folded: string;
  url: string;
  sub_url: string | null;
  user_name: string;
  password_sealed: Uint8Array | null;
  sub_user_name: string | null;
  sub_password_sealed: Uint8Array | null;
  transport: 'auto' | 'tcp' | 'udp';
  sound_basis: string | null;
  paused_at: Date | null;
  paused_by: string | null;
  paused_reason: string | null;
  retired_at: Date | null;
  retired_by: string | null;
  retired_reason: string | null;
  ordered_ms: number;
  revision: Generated<number>;
  created: Date;
}

/** Written by `store/`. */
export interface VolumeTable {
  id: string;
  path: string;
  segments: Generated<number>;
  bytes: Generated<number>;
  created: Date;
}

/** Written by `store/`. */
export interface SegmentTable {
  camera_id: string;
  stream: 'main' | 'sub';
  start_ms: number;
  id: string;
  end_ms: number;
  condition: Generated<'good' | 'missing' | 'damaged'>;
  class: Generated<'ordinary' | 'important' | 'evidence' | 'alarm'>;
  volume_id: string;
  path: string;
  run: string;
  start_ticks: number;
  duration_ticks: number;
  bytes: number;
  parts: number;
  pictures: number;
  codec: string;
  width: number;
  height: number;
  packets_lost: number;
  damaged_pictures: number;
  digest: Uint8Array;
  recovered: Generated<boolean>;
}

/** Written by `store/`. */
export interface GapTable {
  id: string;
  camera_id: string;
  from_ms: number;
  to_ms: number | null;
  inside: Generated<boolean>;
  cause: string;
  detail: ColumnType<Record<string, string | number>, string, string>;
}

/** Written by `store/`. */
export interface RunTable {
  id: string;
  started: Date;
  alive: Date;
  ended: Date | null;
}

/** Written by `display/`. */
export interface ViewTable {
  id: string;
  camera_id: string;
  person_id: string;
  session_id: string;
  kind: 'live' | 'playback';
  stream: 'main' | 'sub';
  from_ms: number | null;
  to_ms: number | null;
  purpose: string;
  transcoded: boolean;
  opened: Date;
  expires: Date;
  ended: Date | null;
  ended_why: string | null;
  delivered_s: Generated<number>;
}

export interface Tables {
  unit: UnitTable;
  person: PersonTable;
  session: SessionTable;
  ledger: LedgerTable;
  ledger_leaf: LedgerLeafTable;
  site: SiteTable;
  camera: CameraTable;
  volume: VolumeTable;
  segment: SegmentTable;
  gap: GapTable;
  run: RunTable;
  view: ViewTable;
  migration: MigrationTable;
}
