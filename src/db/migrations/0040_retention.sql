-- Retention: what the law has to know of a site, what the unit decided, what a person marked or holds, and what went.

alter table site
  add column profiles text[] not null default array['cn-national'],
  add column place_class text not null default 'art7.2-operator' check (
    place_class in ('art7.1-government', 'art7.2-operator', 'art9-other-public', 'art33-non-public', 'state-security')
  ),
  add column place_type text,
  add column key_target boolean not null default false;
comment on column site.profiles is 'Ids of law profiles that bind it, beside those of the key target.';
comment on column site.place_class is 'Its class under Order 799, a recorded decision of the unit: it decides the duties.';
comment on column site.place_type is 'What kind of place it is (law/places.ts); null = not said.';
comment on column site.key_target is 'A key target of counter-terrorism (CTL art. 32).';

create table retention (
  site_id text primary key references site (id),
  period_n integer check (period_n between 1 and 3660),
  period_unit text check (period_unit in ('hour', 'day', 'month', 'year')),
  justification text not null default '',
  gives_way boolean not null default true,
  decided_conflict text,
  decided_keeps text check (decided_keeps in ('floor', 'ceiling')),
  decided_reason text,
  decided_by text,
  decided timestamptz,
  settled timestamptz not null,
  settled_by text not null,
  check ((period_n is null) = (period_unit is null)),
  check ((decided_conflict is null) = (decided_keeps is null))
);
comment on table retention is 'How long a site keeps, as a person settled it; of a site without a row nothing is deleted. Written by store.';
comment on column retention.period_n is 'The unit''s own period; null = no longer than the law asks for.';
comment on column retention.justification is 'Why it is kept beyond what the law asks for; empty = none on record.';
comment on column retention.gives_way is 'When a disk is full, footage past the law''s floor may go before the unit''s own period is over.';
comment on column retention.decided_conflict is 'The conflict of a floor with a ceiling that the decision is about, by name (law/keeping.ts); it decides no other.';
comment on column retention.settled is 'UTC; when somebody last said how long.';

create table hold (
  id text primary key,
  camera_id text not null references camera (id),
  from_ms bigint not null,
  to_ms bigint not null check (to_ms > from_ms),
  until timestamptz,
  reason text not null check (length(reason) between 1 and 2000),
  authority text not null default '',
  reference text not null default '',
  created timestamptz not null,
  created_by text not null,
  released timestamptz,
  released_by text,
  released_reason text,
  check ((released is null) = (released_by is null))
);
comment on table hold is 'A span of a camera that must not be deleted, whatever else says so; two may overlap. Never deleted. Written by store.';
comment on column hold.until is 'UTC; null = until it is released.';
comment on column hold.authority is 'Who asked for it: the organ, where it is one.';
comment on column hold.reference is 'The number of the notice or case.';
create index hold_in_force on hold (camera_id, to_ms) where released is null;

create table mark (
  id text primary key,
  camera_id text not null references camera (id),
  from_ms bigint not null,
  to_ms bigint not null check (to_ms > from_ms),
  kind text not null check (kind in ('important', 'alarm')),
  period_n integer check (period_n between 1 and 3660),
  period_unit text check (period_unit in ('hour', 'day', 'month', 'year')),
  reason text not null check (length(reason) between 1 and 2000),
  created timestamptz not null,
  created_by text not null,
  removed timestamptz,
  removed_by text,
  removed_reason text,
  check ((period_n is null) = (period_unit is null)),
  check ((removed is null) = (removed_by is null))
);
comment on table mark is 'A span of a camera of important value, or the record of an alarm. Never deleted. Written by store.';
comment on column mark.period_n is 'How long a person wants it kept; null = as long as the law asks for its kind.';
create index mark_in_force on mark (camera_id, to_ms) where removed is null;

create table erasure (
  id text primary key,
  camera_id text not null references camera (id),
  from_ms bigint not null,
  to_ms bigint not null check (to_ms > from_ms),
  requester text not null,
  reason text not null check (length(reason) between 1 and 2000),
  created timestamptz not null,
  created_by text not null,
  answer jsonb not null,
  closed timestamptz
);
comment on table erasure is 'Someone asked that a span be erased: it goes as soon as neither a floor nor a hold keeps it. Written by store.';
comment on column erasure.requester is 'Who asked, as the person at the desk wrote it down.';
comment on column erasure.answer is 'What was answered: each piece of the span with its outcome and the reason.';
comment on column erasure.closed is 'UTC; when nothing was left of the span.';
create index erasure_open on erasure (camera_id) where closed is null;

create table certificate (
  id text primary key,
  no bigint generated always as identity unique,
  camera_id text not null references camera (id),
  day date not null,
  state text not null check (state in ('ordered', 'done')),
  why text not null check (why in ('served', 'ceiling', 'erasure', 'room')),
  because jsonb not null,
  ordered timestamptz not null,
  ordered_by text not null,
  segments jsonb not null check (jsonb_typeof(segments) = 'array'),
  count integer not null check (count > 0),
  bytes bigint not null,
  digest bytea not null check (length(digest) = 32),
  keys jsonb not null default '[]',
  keys_kept jsonb not null default '[]',
  missing jsonb not null default '[]',
  trouble text,
  tries integer not null default 0,
  finished timestamptz,
  seq bigint not null,
  check ((state = 'done') = (finished is not null))
);
comment on table certificate is 'A deletion of segments of one camera and day: what went, why and by whose order. Never deleted. Written by store, by the reaper.';
comment on column certificate.no is 'The number that people say.';
comment on column certificate.day is 'UTC day of the segments'' start.';
comment on column certificate.state is 'ordered: written before the first file goes; done: nothing of it is left.';
comment on column certificate.why is 'served: past the floor and of no further recorded purpose; ceiling; erasure: somebody asked; room: the disk was full.';
comment on column certificate.because is 'The rules: clause, profile, instrument, article, period.';
comment on column certificate.segments is 'id, stream, from, to (ms), bytes, digest (hex), volume, path of each.';
comment on column certificate.digest is 'SHA-256 of the canonical JSON of segments; stands in the ledger.';
comment on column certificate.keys is 'Destroyed keys: source, keyId, at (ms).';
comment on column certificate.keys_kept is 'Keys that stay, and why: files that the index does not know lie in the folder.';
comment on column certificate.missing is 'Ids of segments whose file was gone before.';
comment on column certificate.trouble is 'Why it is not done yet; null = nothing is wrong.';
comment on column certificate.seq is 'The entry of the ledger that ordered it.';
create index certificate_open on certificate (no) where state = 'ordered';
create index certificate_of_camera on certificate (camera_id, day);

create table reaper (
  one boolean primary key default true check (one),
  believed_ms bigint not null,
  doubt text check (doubt in ('back', 'forward')),
  doubted_ms bigint,
  steady_ms bigint not null default 0,
  confirmed timestamptz,
  confirmed_by text,
  log_period_n integer not null default 12 check (log_period_n between 1 and 3660),
  log_period_unit text not null default 'month' check (log_period_unit in ('day', 'month', 'year')),
  check ((doubt is null) = (doubted_ms is null))
);
comment on table reaper is 'What the reaper knows of the clock, and how long records of sign-ins are kept; one row. Written by store.';
comment on column reaper.believed_ms is 'UTC in ms: the last reading of the clock that was believed.';
comment on column reaper.doubt is 'back or forward: how the clock jumped; nothing is deleted until a person confirms it or it has run steadily for long.';
comment on column reaper.doubted_ms is 'The reading that was not believed.';
comment on column reaper.steady_ms is 'For how long the clock has run steadily since, by the machine''s other clock.';
comment on column reaper.log_period_n is 'For how long the address and browser of a sign-in are kept after it ended.';
