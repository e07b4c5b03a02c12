-- The schema, as a manual: every table says what a row is and who writes it, every column its unit. The database is
-- made by the files of migrations/; a test proves that their sum is this file.

create table migration (
  name text primary key,
  sha256 text not null,
  applied_at timestamptz not null default now()
);
comment on table migration is 'One row a migration that was applied to this database. Written by db/migrate.';
comment on column migration.name is 'File name without .sql: NNNN_name.';
comment on column migration.sha256 is 'SHA-256 of the file as it was applied, hex.';

-- Who may come in, and the ledger of what was decided and done. Written by gate and ledger.

create table unit (
  one boolean primary key default true check (one),
  id text not null,
  name text not null check (length(name) between 1 and 80),
  created timestamptz not null
);
comment on table unit is 'The managing unit, one row, made by the set-up. Written by gate.';
comment on column unit.one is 'Always true: the primary key that lets one of two set-ups win.';

create table person (
  id text primary key,
  name text not null check (length(name) between 1 and 64),
  name_folded text not null unique,
  display_name text not null check (length(display_name) between 1 and 80),
  password_hash text not null check (password_hash like '$argon2id$%'),
  roles text[] not null check (
    cardinality(roles) >= 1
    and roles <@ array['administrator', 'maintainer', 'watcher', 'approver', 'auditor']
  ),
  active boolean not null default true,
  created timestamptz not null,
  last_sign_in timestamptz
);
comment on table person is 'Someone who may sign in. A row is never deleted: the ledger refers to it. Written by gate.';
comment on column person.name_folded is 'The sign-in name in NFKC and lower case: case does not matter.';
comment on column person.password_hash is 'argon2id in PHC form.';
comment on column person.last_sign_in is 'UTC; null before the first.';

create table session (
  id text primary key,
  person_id text not null references person (id),
  kind text not null check (kind in ('cookie', 'token')),
  token_digest bytea not null unique check (length(token_digest) = 32),
  created timestamptz not null,
  last_seen timestamptz not null,
  expires timestamptz not null,
  from_address text not null,
  agent text not null check (length(agent) <= 200),
  ended timestamptz,
  ended_why text
);
comment on table session is 'One sign-in of one person. Written by gate.';
comment on column session.token_digest is 'SHA-256 of the token; the token itself is with the caller only.';
comment on column session.last_seen is 'UTC, at most a minute behind.';
comment on column session.expires is 'UTC; the absolute end, whatever happens.';
comment on column session.ended is 'UTC; null while it runs.';
comment on column session.ended_why is 'signed-out, everywhere, expired, idle, crowded, deactivated, roles or password.';
create index session_open_of_person on session (person_id, created) where ended is null;

create table ledger (
  seq bigint generated always as identity primary key,
  at timestamptz not null,
  actor_id text,
  actor text not null,
  session_id text,
  from_address text not null,
  action text not null check (length(action) between 1 and 60),
  outcome text not null check (outcome in ('done', 'refused', 'failed')),
  code text,
  subject_kind text,
  subject_id text,
  subject_name text,
  reason text,
  detail jsonb not null default '{}' check (jsonb_typeof(detail) = 'object'),
  check (outcome <> 'refused' or code is not null)
);
comment on table ledger is 'What was decided and done, one row each, append-only. Written by ledger, in the transaction of the change.';
comment on column ledger.seq is 'Order of writing; a rolled-back transaction leaves a hole.';
comment on column ledger.at is 'UTC, in milliseconds.';
comment on column ledger.actor_id is 'The person; null for the system and for someone who is not signed in.';
comment on column ledger.code is 'The refusal''s code, when refused; the fault''s, when failed.';
comment on column ledger.reason is 'Why, in the actor''s words: a purpose, a reason to pause.';
comment on column ledger.detail is 'What else is worth knowing; never a secret.';
create index ledger_by_actor on ledger (actor_id, seq) where actor_id is not null;
create index ledger_by_subject on ledger (subject_id, seq) where subject_id is not null;
create index ledger_by_at on ledger (at);

create function ledger_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the ledger is append-only';
end
$$;
create trigger ledger_append_only before update or delete on ledger
  for each row execute function ledger_is_append_only();
create trigger ledger_no_truncate before truncate on ledger
  for each statement execute function ledger_is_append_only();

create table ledger_leaf (
  leaf bigint primary key check (leaf >= 0),
  seq bigint not null unique,
  salt bytea not null check (length(salt) = 32),
  digest bytea not null check (length(digest) = 32)
);
comment on table ledger_leaf is 'One leaf of the Merkle tree over the ledger, append-only. Written by ledger, by its sequencer.';
comment on column ledger_leaf.leaf is 'Place in the tree, from 0 and without holes: the order in which entries were seen to be committed.';
comment on column ledger_leaf.seq is 'The entry. No foreign key: it would write to every entry once more, and custos fsck proves more.';
comment on column ledger_leaf.salt is 'Random, so that nobody can guess an entry from its digest.';
comment on column ledger_leaf.digest is 'SHA-256 of the salt and the canonical entry: the data of the leaf.';

create trigger ledger_leaf_append_only before update or delete on ledger_leaf
  for each row execute function ledger_is_append_only();
create trigger ledger_leaf_no_truncate before truncate on ledger_leaf
  for each statement execute function ledger_is_append_only();

-- What may be seen (site, camera), what is kept of it (volume, segment, gap, run) and who looked (view).

create table site (
  id text primary key,
  name text not null check (length(name) between 1 and 80),
  name_folded text not null unique,
  address text not null default '',
  time_zone text not null,
  created timestamptz not null
);
comment on table site is 'A place under the unit. Written by collect.';
comment on column site.name_folded is 'The name in NFKC and lower case: two sites may not differ by case alone.';
comment on column site.time_zone is 'IANA name; days of the calendar and hours on paper are those of this zone.';

create table camera (
  id text primary key,
  site_id text not null references site (id),
  name text not null check (length(name) between 1 and 80),
  name_folded text not null,
  url text not null,
  sub_url text,
  user_name text not null default '',
  password_sealed bytea,
  sub_user_name text,
  sub_password_sealed bytea,
  transport text not null check (transport in ('auto', 'tcp', 'udp')),
  sound_basis text,
  paused_at timestamptz,
  paused_by text,
  paused_reason text,
  retired_at timestamptz,
  retired_by text,
  retired_reason text,
  ordered_ms bigint not null,
  revision integer not null default 1,
  created timestamptz not null,
  check ((paused_at is null) = (paused_by is null)),
  check ((retired_at is null) = (retired_by is null))
);
comment on table camera is 'A device and the addresses of its streams. Never deleted: its footage outlives it. Written by collect.';
comment on column camera.url is 'rtsp:// or rtsps://, without credentials.';
comment on column camera.password_sealed is 'AES-256-GCM under the key in DATA/keys, bound to the camera''s id; null = none.';
comment on column camera.sub_user_name is 'Where the sub-stream has credentials of its own; null = those of the main stream.';
comment on column camera.sound_basis is 'The recorded basis without which sound is dropped (PR-15).';
comment on column camera.paused_by is 'Name of the person, as the gap names them.';
comment on column camera.ordered_ms is 'UTC in ms: when recording was first ordered. From here every second is footage or a gap.';
comment on column camera.revision is 'Counts changes; a change that was made on an older one is refused.';
create unique index camera_name_at_site on camera (site_id, name_folded) where retired_at is null;

create table volume (
  id text primary key,
  path text not null unique,
  segments bigint not null default 0,
  bytes bigint not null default 0,
  created timestamptz not null
);
comment on table volume is 'A folder that holds segments. Written by store.';
comment on column volume.segments is 'How many rows of segment name it; kept with them in one transaction.';

create table segment (
  camera_id text not null references camera (id),
  stream text not null check (stream in ('main', 'sub')),
  start_ms bigint not null check (start_ms between 0 and 253402300799999),
  id text not null,
  end_ms bigint not null check (end_ms >= start_ms),
  condition text not null default 'good' check (condition in ('good', 'missing', 'damaged')),
  class text not null default 'ordinary' check (class in ('ordinary', 'important', 'evidence', 'alarm')),
  volume_id text not null references volume (id),
  path text not null,
  run text not null,
  start_ticks bigint not null,
  duration_ticks bigint not null,
  bytes bigint not null,
  parts integer not null,
  pictures integer not null,
  codec text not null,
  width integer not null,
  height integer not null,
  packets_lost integer not null,
  damaged_pictures integer not null,
  digest bytea not null check (length(digest) = 32),
  recovered boolean not null default false,
  primary key (camera_id, stream, start_ms, id) include (end_ms, condition)
) partition by range (start_ms);
comment on table segment is 'One closed file of parts of one stream, written after the file is durable; a partition a UTC day of start_ms, without a default one. Written by store.';
comment on column segment.start_ms is 'UTC in ms of the first picture.';
comment on column segment.id is 'Holds the time of its start, so that whoever has the id knows the partition.';
comment on column segment.end_ms is 'UTC in ms of the end of the last picture.';
comment on column segment.condition is 'good, or what was found when the file was wanted; a file that is back is good again.';
comment on column segment.class is 'What it is kept as: ordinary, important (important value), evidence (marked as such), alarm (record of an alarm).';
comment on column segment.path is 'Relative to the volume.';
comment on column segment.run is 'An unbroken stretch of one connection; decode times go on within it.';
comment on column segment.start_ticks is 'Decode time of the first picture in the run, 1/90000 s.';
comment on column segment.digest is 'SHA-256 of the file.';
comment on column segment.recovered is 'True when the row was made by a survey of the disk, not by the recorder''s report.';
create unique index segment_by_id on segment (id, start_ms);

-- Attached, not created in place: that would wait for every reader of every day, and every reader for it.
create function make_segment_day(at_ms bigint) returns text language plpgsql as $$
declare
  day_ms constant bigint := 86400000;
  from_ms constant bigint := at_ms - mod(at_ms, day_ms);
  part constant text := 'segment_' || to_char(to_timestamp(from_ms / 1000) at time zone 'UTC', 'YYYYMMDD');
begin
  if to_regclass(part) is not null then
    return null;
  end if;
  -- Two makers of one day: the second finds it made. The number is "segday" in ASCII.
  perform pg_advisory_xact_lock(126879363522937);
  if to_regclass(part) is not null then
    return null;
  end if;
  execute format('create table %I (like segment including defaults including constraints including indexes)', part);
  execute format('alter table segment attach partition %I for values from (%s) to (%s)', part, from_ms, from_ms + day_ms);
  return part;
end
$$;
comment on function make_segment_day is 'Makes the partition of the day that at_ms lies in; its name, or null where it is there.';

create table gap (
  id text primary key,
  camera_id text not null references camera (id),
  from_ms bigint not null,
  to_ms bigint check (to_ms > from_ms),
  inside boolean not null default false,
  cause text not null,
  detail jsonb not null default '{}' check (jsonb_typeof(detail) = 'object')
);
comment on table gap is 'A span of a camera''s main stream without footage, and why. Written by store, by its one state machine.';
comment on column gap.to_ms is 'UTC in ms; null while it lasts.';
comment on column gap.inside is 'True where pictures are missing inside of a segment: there the gap counts, not the segment''s span.';
comment on column gap.detail is 'Values of the cause''s sentence: by whom, the camera''s problem.';
create unique index gap_open_of_camera on gap (camera_id) where to_ms is null;
create index gap_by_end on gap (camera_id, coalesce(to_ms, 9223372036854775807), from_ms);

create table run (
  id text primary key,
  started timestamptz not null,
  alive timestamptz not null,
  ended timestamptz
);
comment on table run is 'One run of the server, from start to end. Written by store.';
comment on column run.alive is 'UTC; moved every few seconds: when a run was not ended, it lived at least until here.';
comment on column run.ended is 'UTC; null while it runs, and for ever when it was not stopped but died.';
create index run_by_start on run (started);

create table view (
  id text primary key,
  camera_id text not null references camera (id),
  person_id text not null references person (id),
  session_id text not null references session (id),
  kind text not null check (kind in ('live', 'playback')),
  stream text not null check (stream in ('main', 'sub')),
  from_ms bigint,
  to_ms bigint check (to_ms > from_ms),
  purpose text not null,
  transcoded boolean not null,
  opened timestamptz not null,
  expires timestamptz not null,
  ended timestamptz,
  ended_why text,
  delivered_s double precision not null default 0,
  check ((kind = 'playback') = (from_ms is not null and to_ms is not null))
);
comment on table view is 'One live or playback session of one person; its id is the ticket. The use register. Written by display.';
comment on column view.expires is 'UTC; moved ahead by the running player while the gate still permits.';
comment on column view.ended_why is 'closed, revoked, expired, engine or restart.';
comment on column view.delivered_s is 'Seconds of video that were written to the viewer''s sockets.';
create index view_open on view (person_id) where ended is null;
create index view_of_camera on view (camera_id, opened);
