-- Buckets: volumes of kind s3, what is moved there and when, and files here that are still to go after a move.

create table bucket (
  volume_id text primary key references volume (id),
  endpoint text not null,
  region text not null,
  bucket text not null,
  prefix text not null default '',
  style text not null check (style in ('path', 'host')),
  access_key_id text not null,
  secret_sealed bytea not null,
  ca text,
  lock_mode text not null default 'none' check (lock_mode in ('none', 'governance', 'compliance')),
  has_lock boolean not null,
  move_after_days integer check (move_after_days between 0 and 3660),
  move_above_percent integer check (move_above_percent between 10 and 99),
  bytes_per_second bigint not null default 0 check (bytes_per_second >= 0),
  problem jsonb check (jsonb_typeof(problem) = 'object'),
  checked timestamptz not null,
  revision integer not null default 1
);
comment on table bucket is 'How a volume of kind s3 is reached, and what is moved there. Stays when the volume is removed, without its secret. Written by store.';
comment on column bucket.endpoint is 'http(s)://host[:port].';
comment on column bucket.prefix is 'In front of every object''s name, without a slash at either end.';
comment on column bucket.style is 'path: endpoint/bucket/key; host: bucket.endpoint/key.';
comment on column bucket.secret_sealed is 'AES-256-GCM under the key in DATA/keys, bound to the volume''s id; empty once the volume is removed.';
comment on column bucket.ca is 'PEM of the authorities that may have signed the storage''s certificate; null = those the machine trusts.';
comment on column bucket.lock_mode is 'Object lock that each segment gets until its earliest deletion.';
comment on column bucket.has_lock is 'Whether the bucket can lock objects at all, as last tried.';
comment on column bucket.move_after_days is 'Segments that ended so long ago are moved here; null = not by age.';
comment on column bucket.move_above_percent is 'A folder that is fuller than this is relieved, oldest segments first; null = not for room.';
comment on column bucket.bytes_per_second is 'The most that moving sends or reads back; 0 = no bound.';
comment on column bucket.problem is 'What is wrong with it now: code and values of its sentence; null = nothing.';
comment on column bucket.checked is 'UTC; when it was last tried.';
comment on column bucket.revision is 'Counts changes; a change that was made on an older one is refused.';

create table moved_file (
  volume_id text not null references volume (id),
  path text not null,
  segment_id text not null,
  bytes bigint not null,
  moved timestamptz not null,
  primary key (volume_id, path)
);
comment on table moved_file is 'A file in a folder whose segment lies in a bucket by now: verified there, and still to be removed here. Written by store.';
comment on column moved_file.bytes is 'A file of another size is not the one that was moved, and stays.';
