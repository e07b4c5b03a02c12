-- Second factors, tokens for programs, and recovery by two administrators.
alter table unit
  add column second_roles text[] not null default '{}' check (
    second_roles <@ array['administrator', 'maintainer', 'watcher', 'approver', 'auditor', 'filer', 'receiver', 'delegate']
  ),
  add column inside text[] not null default '{}' check (cardinality(inside) <= 100);
comment on column unit.second_roles is 'Roles that sign in with a second factor, wherever they are.';
comment on column unit.inside is 'Networks of the unit, address/bits; from elsewhere everybody needs a second factor; empty: nobody is elsewhere.';

alter table session drop constraint session_kind_check;
alter table session
  add constraint session_kind_check check (kind in ('cookie', 'token', 'api')),
  add column strong boolean not null default false,
  add column name text not null default '' check (length(name) <= 80),
  add column scope text[],
  add constraint session_scope_of_a_program check ((kind = 'api') = (scope is not null));
comment on column session.kind is 'cookie: a browser; token: a bearer token got by password; api: a program''s, with a scope and an end.';
comment on column session.strong is 'Signed in with a second factor, or proved one since.';
comment on column session.name is 'Of a program''s token: what it is for.';
comment on column session.scope is 'Of a program''s token: the actions it may be used for, of those its person may do.';

create table second_factor (
  id text primary key,
  person_id text not null references person (id),
  kind text not null check (kind in ('totp', 'passkey')),
  name text not null check (length(name) between 1 and 80),
  created timestamptz not null,
  last_used timestamptz,
  secret_sealed bytea,
  last_step bigint,
  credential_id bytea check (length(credential_id) between 1 and 1023),
  public_key bytea check (length(public_key) <= 2000),
  algorithm integer,
  sign_count bigint,
  ended timestamptz,
  ended_why text,
  constraint second_factor_of_its_kind check (
    (kind = 'totp') = (secret_sealed is not null and last_step is not null)
    and (kind = 'passkey') = (credential_id is not null and public_key is not null and algorithm is not null and sign_count is not null)
  )
);
comment on table second_factor is 'What a person proves beside the password. Written by gate, only once it was proved.';
comment on column second_factor.secret_sealed is 'totp: its key, base64, sealed with keys/secrets.key.';
comment on column second_factor.last_step is 'totp: the last 30 s step whose code was used; no code of it or before is taken again.';
comment on column second_factor.public_key is 'passkey: SPKI.';
comment on column second_factor.algorithm is 'passkey: COSE algorithm.';
comment on column second_factor.sign_count is 'passkey: the authenticator''s own count of signatures; one that does not grow is of a copy.';
comment on column second_factor.ended_why is 'removed, recovery or left.';
create unique index second_factor_credential on second_factor (credential_id) where ended is null;
create index second_factor_of_person on second_factor (person_id) where ended is null;

create table recovery_code (
  person_id text not null references person (id),
  digest bytea not null check (length(digest) = 32),
  created timestamptz not null,
  used timestamptz,
  primary key (person_id, digest)
);
comment on table recovery_code is 'Codes on paper, each good once in place of a second factor. New ones replace all of them. Written by gate.';
comment on column recovery_code.digest is 'SHA-256 of the person''s id and the code: 59 bits of chance.';

create table recovery (
  id text primary key,
  person_id text not null references person (id),
  reason text not null check (length(reason) between 2 and 2000),
  asked timestamptz not null,
  asked_by text not null references person (id),
  approved timestamptz,
  approved_by text references person (id),
  code_digest bytea check (length(code_digest) = 32),
  expires timestamptz not null,
  used timestamptz,
  constraint recovery_by_two check (approved_by is null or (approved_by <> asked_by and approved_by <> person_id)),
  constraint recovery_not_own check (asked_by <> person_id),
  constraint recovery_approved check ((approved is null) = (approved_by is null) and (approved is null) = (code_digest is null)),
  constraint recovery_used check (used is null or approved is not null)
);
comment on table recovery is 'A way back in for who lost password or second factor: one administrator asks, another approves. Written by gate.';
comment on column recovery.code_digest is 'SHA-256 of the person''s id and the code that was shown to who approved.';
comment on column recovery.expires is 'UTC; until then it may be approved, and after that used.';
comment on column recovery.used is 'UTC; when the person set a new password by it.';
create index recovery_of_person on recovery (person_id) where used is null;
