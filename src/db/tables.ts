/**
 * The tables as Kysely sees them: one interface a table, listed in `Tables` under the table's name. What a row is and
 * who writes it stands in `schema.sql`; only the folder named there writes it.
 *
 * How SQL types arrive: `timestamptz` is a `Date`, `int8` a safe number, `bytea` a `Buffer`, `jsonb` its value.
 * On the way in give `Date`, number, `Uint8Array`, and for `jsonb` the text of `JSON.stringify` (pg would turn a bare
 * array into an SQL array). `numeric` (the type of `sum(int8)`) arrives as text: write `sum(x)::int8`.
 */
import type { ColumnType, Generated, GeneratedAlways } from 'kysely';
import type { FilingTables } from './tables-filing.ts';
import type {
  PersonRecordTable,
  RecoveryCodeTable,
  RecoveryTable,
  SecondFactorTable,
} from './tables-people.ts';
import type { DelegationTable, PermissionTable, ShiftTable } from './tables-permissions.ts';

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
  second_roles: Generated<PersonTable['roles']>;
  inside: Generated<string[]>;
}

/** Written by `gate/`. */
export interface PersonTable {
  id: string;
  name: string;
  name_folded: string;
  display_name: string;
  password_hash: string;
  roles: (
    | 'administrator'
    | 'maintainer'
    | 'watcher'
    | 'approver'
    | 'auditor'
    | 'filer'
    | 'receiver'
    | 'delegate'
  )[];
  active: Generated<boolean>;
  created: Date;
  last_sign_in: Date | null;
  employer: Generated<string>;
  guard: Generated<boolean>;
  cleared_until: Date | null;
  left_at: Date | null;
  left_why: string | null;
}

/** Written by `gate/`. */
export interface SessionTable {
  id: string;
  person_id: string;
  kind: 'cookie' | 'token' | 'api';
  token_digest: Uint8Array;
  created: Date;
  last_seen: Date;
  expires: Date;
  from_address: string;
  agent: string;
  ended: Date | null;
  ended_why: string | null;
  strong: Generated<boolean>;
  name: Generated<string>;
  scope: Generated<string[] | null>;
}

/** Written by `ledger/`; append-only, but for what a redaction takes out. */
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
  detail: ColumnType<Record<string, unknown>, string, string>;
}

/** Written by `ledger/`, by its sequencer; append-only, but for a salt that a redaction destroys. */
export interface LedgerLeafTable {
  leaf: number;
  seq: number;
  salt: Uint8Array | null;
  digest: Uint8Array;
  form: Generated<number>;
}

/** Written by `ledger/`. */
export interface LedgerRedactionTable {
  seq: number;
  ordered: number;
  at: Date;
  opening: ColumnType<Record<string, string>, string, string>;
}

/** Written by `collect/`. */
export interface SiteTable {
  id: string;
  name: string;
  name_folded: string;
  address: string;
  time_zone: string;
  created: Date;
  profiles: Generated<string[]>;
  place_class: Generated<PlaceClass>;
  place_type: string | null;
  key_target: Generated<boolean>;
  class_decided: Date | null;
  class_by: string | null;
  class_why: Generated<string>;
  owner: OwnerKind | null;
  functions: Generated<string[]>;
  area: Json<readonly PlacePoint[]>;
  neighbours: Json<readonly ProtectedNeighbourJson[]>;
  private_areas: Json<readonly PrivateAreaJson[]>;
}
/** Always given as JSON text: an array would be sent as one of SQL. */
type Json<T> = ColumnType<T, string | undefined, string>;
type OwnerKind = 'government' | 'operator' | 'security-duty-holder' | 'other';
interface PlacePoint {
  readonly lat: number;
  readonly lon: number;
}
interface ProtectedNeighbourJson {
  readonly id: string;
  readonly name: string;
  readonly kind: 'military' | 'secret-unit';
  readonly outline: readonly PlacePoint[];
  readonly withinM: number;
}
interface PrivateAreaJson {
  readonly id: string;
  readonly kind: 'window' | 'door' | 'private-area';
  readonly outline: readonly PlacePoint[];
}
type PlaceClass =
  | 'art7.1-government'
  | 'art7.2-operator'
  | 'art9-other-public'
  | 'art33-non-public'
  | 'state-security';

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
  importance: Generated<'least' | 'ordinary' | 'most'>;
  step: Generated<CameraStep>;
  step_at: Date | null;
  step_by: string | null;
  step_reason: string | null;
  carried_over: Generated<boolean>;
  operating_since: string | null;
  room: string | null;
  zone: Generated<'public' | 'private'>;
  owner: OwnerKind | null;
  purpose: Generated<'public-safety' | 'enforcement' | 'other'>;
  lat: number | null;
  lon: number | null;
  azimuth_deg: number | null;
  angle_deg: number | null;
  range_m: number | null;
  turns: Generated<boolean>;
  masked: Generated<string[]>;
  capabilities: Generated<string[]>;
  end_of_support: string | null;
  own_number: string | null;
  number_folded: string | null;
}
type CameraStep = 'planned' | 'approved' | 'installed' | 'tested' | 'operating' | 'suspended' | 'retired';

/** Written by `collect/`. */
export interface RecordDocumentTable {
  record_id: string;
  name: string;
  media_type: 'image/jpeg' | 'image/png' | 'application/pdf';
  bytes: Uint8Array;
  sha256: Uint8Array;
  written: Date;
  written_by: string;
}

/** Written by `collect/`. */
export interface MandatoryPlaceTable {
  id: string;
  name: string;
  name_folded: string;
  place_type: string;
  profile: string;
  site_id: string | null;
  address: string;
  responsible: string;
  designation: string;
  designated_on: string | null;
  lat: number | null;
  lon: number | null;
  key_positions: ColumnType<{ id: string; name: string; at: { lat: number; lon: number } }[], string, string>;
  written: Date;
  written_by: string;
  ended: Date | null;
  ended_by: string | null;
  ended_reason: string | null;
}

/** Written by `collect/`. */
export interface LegalRecordTable {
  id: string;
  site_id: string;
  camera_id: string | null;
  kind: string;
  on_day: string;
  until_day: string | null;
  said: string;
  written: Date;
  written_by: string;
  ended: Date | null;
  ended_by: string | null;
  ended_reason: string | null;
}

/** Written by `store/`. */
export interface VolumeTable {
  id: string;
  path: string;
  segments: Generated<number>;
  bytes: Generated<number>;
  created: Date;
  kind: Generated<'folder' | 's3'>;
  name: Generated<string>;
  state: Generated<'in-use' | 'draining' | 'read-only'>;
  reserve_bytes: number | null;
  limit_bytes: number | null;
  marked: Generated<boolean>;
  away: Date | null;
  away_why: string | null;
  rung: Generated<number>;
  added_by: Generated<string>;
  removed: Date | null;
  removed_by: string | null;
  removed_reason: string | null;
}

/** Written by `store/`. */
export interface PlacementTable {
  camera_id: string;
  volume_id: string | null;
  mode: 'full' | 'sub' | 'none';
  since: Date;
}

/** Written by `store/`. */
export interface VolumeWarningTable {
  key: string;
  kind: string;
  volume_id: string | null;
  camera_id: string | null;
  since: Date;
  due_ms: number | null;
  detail: ColumnType<Record<string, string | number>, string, string>;
}

/** Written by `store/`; append-only. */
export interface VolumeEventTable {
  seq: GeneratedAlways<number>;
  at: Date;
  kind: string;
  volume_id: string | null;
  camera_id: string | null;
  detail: ColumnType<Record<string, string | number>, string, string>;
}

/** Written by `transmit/`. */
export interface WebhookTable {
  id: string;
  url: string;
  secret_sealed: Uint8Array;
  reaches: 'public' | 'private' | 'loopback';
  told: number;
  added: Date;
  added_by: string;
  removed: Date | null;
  removed_by: string | null;
}

/** Written by `transmit/`. */
export interface WebhookDeliveryTable {
  id: string;
  webhook_id: string;
  kind: string;
  body: string;
  made: Date;
  state: 'waiting' | 'delivered' | 'given-up';
  tries: Generated<number>;
  due: Date;
  tried: Date | null;
  status: number | null;
  problem: string | null;
}

/** Written by `store/`. */
export interface SegmentTable {
  camera_id: string;
  stream: 'main' | 'sub';
  start_ms: number;
  id: string;
  end_ms: number;
  condition: Generated<'good' | 'missing' | 'damaged'>;
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

/** Written by triggers of `segment` and `gap`. */
export interface RecordedZoneTable {
  camera_id: string;
  time_zone: string;
}

/** Written by triggers of `segment` and `gap`. */
export interface RecordedDayTable {
  camera_id: string;
  /** Ask for it as text: `day::text`. */
  day: string;
  recorded_ms: number;
  lost_ms: number;
  segments: number;
  bytes: number;
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
  permission_id: string | null;
  shift_id: string | null;
  purpose_code: string | null;
  for_whom: string | null;
  authority: string | null;
  unit: string | null;
  person_name: string | null;
  stills: Generated<number>;
  exports: Generated<number>;
  export_bytes: Generated<number>;
}

/** Written by `store/`. */
export interface RetentionTable {
  site_id: string;
  period_n: number | null;
  period_unit: PeriodUnit | null;
  justification: Generated<string>;
  gives_way: Generated<boolean>;
  decided_conflict: string | null;
  decided_keeps: 'floor' | 'ceiling' | null;
  decided_reason: string | null;
  decided_by: string | null;
  decided: Date | null;
  settled: Date;
  settled_by: string;
}
type PeriodUnit = 'hour' | 'day' | 'month' | 'year';

/** Written by `store/`. */
export interface HoldTable {
  id: string;
  camera_id: string;
  from_ms: number;
  to_ms: number;
  until: Date | null;
  reason: string;
  authority: Generated<string>;
  reference: Generated<string>;
  created: Date;
  created_by: string;
  released: Date | null;
  released_by: string | null;
  released_reason: string | null;
}

/** Written by `store/`. */
export interface MarkTable {
  id: string;
  camera_id: string;
  from_ms: number;
  to_ms: number;
  kind: 'important' | 'alarm';
  period_n: number | null;
  period_unit: PeriodUnit | null;
  reason: string;
  created: Date;
  created_by: string;
  removed: Date | null;
  removed_by: string | null;
  removed_reason: string | null;
}

/** Written by `store/`. */
export interface ErasureTable {
  id: string;
  camera_id: string;
  from_ms: number;
  to_ms: number;
  requester: string;
  reason: string;
  created: Date;
  created_by: string;
  answer: ColumnType<unknown, string, string>;
  closed: Date | null;
}

/** Written by `store/`, by the reaper. */
export interface CertificateTable {
  id: string;
  no: GeneratedAlways<number>;
  camera_id: string;
  day: ColumnType<string, string, never>;
  state: 'ordered' | 'done';
  why: 'served' | 'ceiling' | 'erasure' | 'room' | 'key';
  because: ColumnType<unknown, string, never>;
  ordered: Date;
  ordered_by: string;
  segments: ColumnType<unknown, string, never>;
  count: number;
  bytes: number;
  digest: Uint8Array;
  keys: ColumnType<unknown, string | undefined, string>;
  keys_kept: ColumnType<unknown, string | undefined, string>;
  missing: ColumnType<unknown, string | undefined, string>;
  trouble: string | null;
  tries: Generated<number>;
  finished: Date | null;
  seq: number;
  problem: ColumnType<
    { code: string; values: Record<string, string | number> } | null,
    string | null | undefined,
    string | null
  >;
  again: ColumnType<Date | null, Date | null | undefined, Date | null>;
  key_of: 'main' | 'sub' | null;
}

/** Written by `store/`, by the reaper; one row. */
export interface ReaperTable {
  one: Generated<boolean>;
  believed_ms: number;
  doubt: 'back' | 'forward' | null;
  boot: string | null;
  wall_ms: number | null;
  up_ms: number | null;
  stood: ColumnType<unknown, string | undefined, string>;
  confirmed: Date | null;
  confirmed_by: string | null;
  log_period_n: Generated<number>;
  log_period_unit: Generated<'day' | 'month' | 'year'>;
}

/** Written by `store/`. */
export interface ClockBehindTable {
  no: GeneratedAlways<number>;
  from_ms: number;
  to_ms: number;
  by_ms: number;
  is_open: boolean;
}

/** Written by `store/`. */
export interface KeyKeptTable {
  camera_id: string;
  stream: 'main' | 'sub';
  day: string;
  why: string;
  looked: Date | null;
}

/** Written by `store/`. */
export interface KeyRingTable {
  no: GeneratedAlways<number>;
  ring: string | null;
  since: Date;
  until: Date | null;
  reason: string | null;
}

/** Written by `store/`; a row is never changed. */
export interface CompletenessTable {
  site_id: string;
  /** YYYY-MM, of the site's time zone. */
  month: string;
  made: Date;
  digest: Uint8Array;
  report: ColumnType<unknown, string, never>;
}

/** Written by `store/`. */
export interface BucketTable {
  volume_id: string;
  endpoint: string;
  region: string;
  bucket: string;
  prefix: Generated<string>;
  style: 'path' | 'host';
  access_key_id: string;
  secret_sealed: Uint8Array;
  ca: string | null;
  lock_mode: Generated<'none' | 'governance' | 'compliance'>;
  has_lock: boolean;
  move_after_days: number | null;
  move_above_percent: number | null;
  bytes_per_second: Generated<number>;
  problem: ColumnType<
    { code: string; values: Record<string, string | number> } | null,
    string | null,
    string | null
  >;
  checked: Date;
  revision: Generated<number>;
}

/** Written by `store/`. */
export interface MovedFileTable {
  volume_id: string;
  path: string;
  segment_id: string;
  bytes: number;
  moved: Date;
}

export interface Tables extends FilingTables {
  unit: UnitTable;
  person: PersonTable;
  session: SessionTable;
  person_record: PersonRecordTable;
  second_factor: SecondFactorTable;
  recovery_code: RecoveryCodeTable;
  recovery: RecoveryTable;
  ledger: LedgerTable;
  ledger_leaf: LedgerLeafTable;
  ledger_redaction: LedgerRedactionTable;
  site: SiteTable;
  camera: CameraTable;
  legal_record: LegalRecordTable;
  mandatory_place: MandatoryPlaceTable;
  record_document: RecordDocumentTable;
  volume: VolumeTable;
  placement: PlacementTable;
  storage_warning: VolumeWarningTable;
  storage_event: VolumeEventTable;
  webhook: WebhookTable;
  webhook_delivery: WebhookDeliveryTable;
  segment: SegmentTable;
  gap: GapTable;
  recorded_zone: RecordedZoneTable;
  recorded_day: RecordedDayTable;
  run: RunTable;
  view: ViewTable;
  permission: PermissionTable;
  delegation: DelegationTable;
  shift: ShiftTable;
  retention: RetentionTable;
  hold: HoldTable;
  mark: MarkTable;
  erasure: ErasureTable;
  certificate: CertificateTable;
  reaper: ReaperTable;
  clock_behind: ClockBehindTable;
  key_kept: KeyKeptTable;
  key_ring: KeyRingTable;
  bucket: BucketTable;
  moved_file: MovedFileTable;
  migration: MigrationTable;
  completeness: CompletenessTable;
}
