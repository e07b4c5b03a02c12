-- Several volumes: what a person ordered of each, what was found, where each camera is recorded, and who is told of trouble.

alter table volume drop constraint volume_path_key;
alter table volume
  add column kind text not null default 'folder' check (kind in ('folder', 's3')),
  add column name text not null default 'footage' check (length(name) between 1 and 80),
  add column state text not null default 'in-use' check (state in ('in-use', 'draining', 'read-only')),
  add column reserve_bytes bigint check (reserve_bytes >= 0),
  add column limit_bytes bigint check (limit_bytes > 0),
  add column marked boolean not null default false,
  add column away timestamptz,
  add column away_why text,
  add column rung integer not null default 0 check (rung between 0 and 5),
  add column added_by text not null default 'system',
  add column removed timestamptz,
  add column removed_by text,
  add column removed_reason text,
  add constraint volume_away_says_why check ((away is null) = (away_why is null)),
  add constraint volume_removed_by_someone check ((removed is null) = (removed_by is null));
create unique index volume_path on volume (path) where removed is null;
create unique index volume_name on volume (lower(name)) where removed is null;
comment on table volume is 'A folder or bucket that holds segments; never deleted, certificates name it. Written by store.';
comment on column volume.name is 'As people call it; gaps and warnings name it.';
comment on column volume.state is 'By a person''s order. draining: nothing new, and it is to be empty one day; read-only: nothing new, and nothing is deleted.';
comment on column volume.reserve_bytes is 'Free bytes of the device that recording never uses; null = a twentieth of it, at most 10 GB.';
comment on column volume.limit_bytes is 'The most bytes of segments it may hold; null = what the device has.';
comment on column volume.marked is 'True once its marker was written: from then on a folder without it is another disk.';
comment on column volume.away is 'UTC; since when it cannot be used. Null while it can.';
comment on column volume.away_why is 'missing, unmarked, foreign, read-only, io or stuck.';
comment on column volume.rung is 'How far the ladder is climbed: 0 room, 1 past-ceiling, 2 past-floor, 3 spill, 4 sub-stream only, 5 recording stops.';

alter table camera
  add column importance text not null default 'ordinary' check (importance in ('least', 'ordinary', 'most'));
comment on column camera.importance is 'Who is recorded longest when disks are full: least goes first. Set by a person.';

create table placement (
  camera_id text primary key references camera (id),
  volume_id text references volume (id),
  mode text not null check (mode in ('full', 'sub', 'none')),
  since timestamptz not null
);
comment on table placement is 'Where a camera is recorded now: it stays there until the volume is full, slow or gone. Written by store.';
comment on column placement.volume_id is 'Null while no volume takes it.';
comment on column placement.mode is 'What the ladder leaves of it: full, the sub-stream only, or nothing new.';

create table storage_warning (
  key text primary key,
  kind text not null,
  volume_id text references volume (id),
  camera_id text references camera (id),
  since timestamptz not null,
  due_ms bigint,
  detail jsonb not null default '{}' check (jsonb_typeof(detail) = 'object')
);
comment on table storage_warning is 'What is wrong with storage now, or will be; the row goes when it is over. Written by store.';
comment on column storage_warning.key is 'Kind and subject: one of a kind for each.';
comment on column storage_warning.due_ms is 'UTC in ms: when it will be, for a forecast.';

create table storage_event (
  seq bigint generated always as identity primary key,
  at timestamptz not null,
  kind text not null,
  volume_id text references volume (id),
  camera_id text references camera (id),
  detail jsonb not null default '{}' check (jsonb_typeof(detail) = 'object')
);
comment on table storage_event is 'What webhooks are told of, in order, each beside its row of the ledger. Written by store.';

create table webhook (
  id text primary key,
  url text not null,
  secret_sealed bytea not null,
  reaches text not null check (reaches in ('public', 'private', 'loopback')),
  told bigint not null,
  added timestamptz not null,
  added_by text not null,
  removed timestamptz,
  removed_by text,
  check ((removed is null) = (removed_by is null))
);
comment on table webhook is 'An address that an administrator wants told of trouble. Written by transmit.';
comment on column webhook.secret_sealed is 'The key of its signatures, under the key in DATA/keys, bound to the id.';
comment on column webhook.reaches is 'What its name led to when it was typed; it is never followed into a nearer network later.';
comment on column webhook.told is 'Seq of the last storage_event that was queued for it.';

create table webhook_delivery (
  id text primary key,
  webhook_id text not null references webhook (id),
  kind text not null,
  body text not null,
  made timestamptz not null,
  state text not null check (state in ('waiting', 'delivered', 'given-up')),
  tries integer not null default 0,
  due timestamptz not null,
  tried timestamptz,
  status integer,
  problem text
);
comment on table webhook_delivery is 'One message to one webhook, tried again until it is taken or given up; the oldest go. Written by transmit.';
comment on column webhook_delivery.due is 'UTC; not tried before.';
comment on column webhook_delivery.status is 'The HTTP status of the last answer; null when none came.';
comment on column webhook_delivery.problem is 'What was wrong with the last try, in a word.';
create index webhook_delivery_waiting on webhook_delivery (due) where state = 'waiting';
create index webhook_delivery_of on webhook_delivery (webhook_id, made);
