-- Who may come in, and the ledger of what was decided and done.

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
