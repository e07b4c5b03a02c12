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
  created timestamptz not null,
  second_roles text[] not null default '{}' check (
    second_roles <@ array['administrator', 'maintainer', 'watcher', 'approver', 'auditor', 'filer', 'receiver', 'delegate']
  ),
  inside text[] not null default '{}' check (cardinality(inside) <= 100)
);
comment on table unit is 'The managing unit, one row, made by the set-up. Written by gate.';
comment on column unit.one is 'Always true: the primary key that lets one of two set-ups win.';
comment on column unit.second_roles is 'Roles that sign in with a second factor, wherever they are.';
comment on column unit.inside is 'Networks of the unit, address/bits; from elsewhere everybody needs a second factor; empty: nobody is elsewhere.';

create table person (
  id text primary key,
  name text not null check (length(name) between 1 and 64),
  name_folded text not null unique,
  display_name text not null check (length(display_name) between 1 and 80),
  password_hash text not null check (password_hash like '$argon2id$%'),
  roles text[] not null check (
    cardinality(roles) >= 1
    and roles <@ array['administrator', 'maintainer', 'watcher', 'approver', 'auditor', 'filer', 'receiver', 'delegate']
  ),
  active boolean not null default true,
  created timestamptz not null,
  last_sign_in timestamptz,
  employer text not null default '' check (length(employer) <= 80),
  guard boolean not null default false,
  cleared_until timestamptz,
  left_at timestamptz,
  left_why text check (length(left_why) between 1 and 2000),
  constraint person_left_is_not_active check (left_at is null or not active)
);
comment on table person is 'Someone who may sign in. A row is never deleted: the ledger refers to it. Written by gate.';
comment on column person.name_folded is 'The sign-in name in NFKC and lower case: case does not matter.';
comment on column person.password_hash is 'argon2id in PHC form.';
comment on column person.last_sign_in is 'UTC; null before the first.';
comment on column person.employer is 'The firm of a contractor; empty: of the unit itself.';
comment on column person.guard is 'Stands guard: needs a certificate.';
comment on column person.cleared_until is 'UTC; the moment from which the account is inert, worked out of person_record whenever that changes; null: it never worked. law/person-records.ts.';
comment on column person.left_at is 'UTC; when everything of this person ended; null: has not left.';
comment on column person.left_why is 'Why, in the words of who wrote it down.';

create table person_record (
  id text primary key,
  person_id text not null references person (id),
  kind text not null check (length(kind) between 1 and 60),
  on_day text not null check (on_day ~ '^\d{4}-\d{2}-\d{2}$'),
  until_day text not null check (until_day ~ '^\d{4}-\d{2}-\d{2}$'),
  ends timestamptz not null,
  score smallint check (score between 0 and 100),
  said text not null check (length(said) between 1 and 2000),
  written timestamptz not null,
  written_by text not null,
  writer_id text references person (id),
  ended timestamptz,
  ended_by text,
  ended_reason text,
  constraint person_record_until_later check (until_day >= on_day),
  constraint person_record_ended_by_someone check ((ended is null) = (ended_by is null))
);
comment on table person_record is 'What stands on record for a person: vetting, training, examination, certificate, agreement; of each kind the one that holds longest counts. Never edited, never deleted. Written by gate.';
comment on column person_record.kind is 'law/person-records.ts.';
comment on column person_record.on_day is 'The day it is of, of the unit''s calendar: that of its first site.';
comment on column person_record.until_day is 'The last day on which it holds.';
comment on column person_record.ends is 'UTC; the end of that day: the moment from which it holds no more.';
comment on column person_record.score is 'Of an examination, out of 100.';
comment on column person_record.writer_id is 'Who wrote it; null: the system, at a set-up or on the machine itself.';
comment on column person_record.ended is 'UTC; it was wrong, or the person left.';
create index person_record_of_person on person_record (person_id, kind) where ended is null;

create table session (
  id text primary key,
  person_id text not null references person (id),
  kind text not null check (kind in ('cookie', 'token', 'api')),
  token_digest bytea not null unique check (length(token_digest) = 32),
  created timestamptz not null,
  last_seen timestamptz not null,
  expires timestamptz not null,
  from_address text not null,
  agent text not null check (length(agent) <= 200),
  ended timestamptz,
  ended_why text,
  strong boolean not null default false,
  name text not null default '' check (length(name) <= 80),
  scope text[],
  constraint session_scope_of_a_program check ((kind = 'api') = (scope is not null))
);
comment on table session is 'One sign-in of one person. Written by gate.';
comment on column session.kind is 'cookie: a browser; token: a bearer token got by password; api: a program''s, with a scope and an end.';
comment on column session.strong is 'Signed in with a second factor, or proved one since.';
comment on column session.name is 'Of a program''s token: what it is for.';
comment on column session.scope is 'Of a program''s token: the actions it may be used for, of those its person may do.';
comment on column session.token_digest is 'SHA-256 of the token; the token itself is with the caller only.';
comment on column session.last_seen is 'UTC, at most a minute behind.';
comment on column session.expires is 'UTC; the absolute end, whatever happens.';
comment on column session.ended is 'UTC; null while it runs.';
comment on column session.ended_why is 'signed-out, everywhere, expired, idle, crowded, deactivated, roles, password, inert or left.';
create index session_open_of_person on session (person_id, created) where ended is null;

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
-- One entry a segment would hide all others from who reads the ledger, and from the index they are found by.
create index ledger_but_segments on ledger (seq) where action <> 'segment.stored';
create index ledger_by_action on ledger (action, seq) where action <> 'segment.stored';
create index ledger_not_done on ledger (outcome, seq) where outcome <> 'done';

create function ledger_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the ledger is append-only';
end
$$;
create trigger ledger_append_only before delete on ledger
  for each row execute function ledger_is_append_only();
create trigger ledger_no_truncate before truncate on ledger
  for each statement execute function ledger_is_append_only();

create table ledger_leaf (
  leaf bigint primary key check (leaf >= 0),
  seq bigint not null unique,
  salt bytea check (length(salt) = 32),
  digest bytea not null check (length(digest) = 32),
  form smallint not null default 1 check (form in (1, 2))
);
comment on table ledger_leaf is 'One leaf of the Merkle tree over the ledger, append-only. Written by ledger, by its sequencer.';
comment on column ledger_leaf.leaf is 'Place in the tree, from 0 and without holes: the order in which entries were seen to be committed.';
comment on column ledger_leaf.seq is 'The entry. No foreign key: it would write to every entry once more, and custos fsck proves more.';
comment on column ledger_leaf.salt is 'Random, so that nobody can guess an entry from its digest; in form 2 every other salt of the entry comes of it. Destroyed by a redaction.';
comment on column ledger_leaf.digest is 'SHA-256 of the salt and the canonical entry: the data of the leaf.';
comment on column ledger_leaf.form is '1: the digest is over the entry whole; 2: over an entry that has commitments in the place of its personal fields, so that these can be redacted.';

create table ledger_redaction (
  seq bigint primary key,
  ordered bigint not null,
  at timestamptz not null,
  opening jsonb not null
);
comment on table ledger_redaction is 'An entry of which personal fields were destroyed under the law. Written by ledger, in the transaction of the entry that ordered it.';
comment on column ledger_redaction.seq is 'The entry that says less now.';
comment on column ledger_redaction.ordered is 'The entry that says who ordered it, on what ground; the latest, when it was done twice.';
comment on column ledger_redaction.opening is 'What proves the rest: the salt of the leaf; of each field its salt (s…), or its commitment (c…) once it is gone. Base64.';

create trigger ledger_redaction_stays before delete on ledger_redaction
  for each row execute function ledger_is_append_only();
create trigger ledger_redaction_no_truncate before truncate on ledger_redaction
  for each statement execute function ledger_is_append_only();

create function ledger_only_redacts() returns trigger language plpgsql as $$
declare
  opening jsonb := (select r.opening from ledger_redaction r where r.seq = old.seq);
  expected ledger := old;
begin
  if opening is not null then
    if opening->>'actor' like 'c%' then expected.actor := ''; end if;
    if opening->>'from' like 'c%' then expected.from_address := ''; end if;
    if opening->>'subject' like 'c%' then expected.subject_name := null; end if;
    if opening->>'reason' like 'c%' then expected.reason := null; end if;
    if opening->>'detail' like 'c%' then expected.detail := '{}'; end if;
    if new is not distinct from expected then return new; end if;
  end if;
  raise exception 'the ledger is append-only';
end
$$;
comment on function ledger_only_redacts is 'An entry loses what its redaction names, and changes in no other way.';

create trigger ledger_only_redacts before update on ledger
  for each row execute function ledger_only_redacts();

create function ledger_leaf_only_forgets() returns trigger language plpgsql as $$
declare
  expected ledger_leaf := old;
begin
  expected.salt := null;
  if old.form = 2 and new is not distinct from expected
    and exists (select from ledger_redaction r where r.seq = old.seq) then return new; end if;
  raise exception 'the ledger is append-only';
end
$$;
comment on function ledger_leaf_only_forgets is 'A leaf loses its salt when its entry was redacted, and changes in no other way.';

create trigger ledger_leaf_append_only before delete on ledger_leaf
  for each row execute function ledger_is_append_only();
create trigger ledger_leaf_only_forgets before update on ledger_leaf
  for each row execute function ledger_leaf_only_forgets();
create trigger ledger_leaf_no_truncate before truncate on ledger_leaf
  for each statement execute function ledger_is_append_only();

-- What may be seen (site, camera), what is kept of it (volume, segment, gap, run) and who looked (view).

create table site (
  id text primary key,
  name text not null check (length(name) between 1 and 80),
  name_folded text not null unique,
  address text not null default '',
  time_zone text not null,
  created timestamptz not null,
  profiles text[] not null default array['cn-national'],
  place_class text not null default 'art7.2-operator' check (
    place_class in ('art7.1-government', 'art7.2-operator', 'art9-other-public', 'art33-non-public', 'state-security')
  ),
  place_type text,
  key_target boolean not null default false,
  class_decided timestamptz,
  class_by text,
  class_why text not null default '',
  owner text check (owner in ('government', 'operator', 'security-duty-holder', 'other')),
  functions text[] not null default array['collect', 'transmit', 'display', 'store']
    check (functions <@ array['collect', 'transmit', 'display', 'store']),
  area jsonb not null default '[]' check (jsonb_typeof(area) = 'array'),
  neighbours jsonb not null default '[]' check (jsonb_typeof(neighbours) = 'array'),
  private_areas jsonb not null default '[]' check (jsonb_typeof(private_areas) = 'array'),
  constraint site_class_decided_by_someone check ((class_decided is null) = (class_by is null))
);
comment on table site is 'A place under the unit. Written by collect.';
comment on column site.name_folded is 'The name in NFKC and lower case: two sites may not differ by case alone.';
comment on column site.time_zone is 'IANA name; days of the calendar and hours on paper are those of this zone.';
comment on column site.profiles is 'Ids of law profiles that bind it, beside those of the key target.';
comment on column site.place_class is 'Its class under Order 799, a recorded decision of the unit: it decides the duties.';
comment on column site.place_type is 'What kind of place it is (law/places.ts); null = not said.';
comment on column site.key_target is 'A key target of counter-terrorism (CTL art. 32).';
comment on column site.class_decided is 'UTC; when a named person decided the place class; null: nobody has, and no camera operates.';
comment on column site.class_by is 'Name of the person who decided the place class.';
comment on column site.class_why is 'Why it is of this class, in that person''s words.';
comment on column site.owner is 'Who runs the system there (law/facts.ts); null = not said.';
comment on column site.functions is 'Which of the four functions of such a system it does (Order 799, art. 2).';
comment on column site.area is 'Outline on the ground: [{lat, lon}], WGS-84; empty = not drawn.';
comment on column site.neighbours is 'Protected neighbours: [{id, name, kind, outline, withinM}].';
comment on column site.private_areas is 'Windows, doors and private areas: [{id, kind, outline}]; a camera that sees one needs a mask.';

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
  importance text not null default 'ordinary' check (importance in ('least', 'ordinary', 'most')),
  check ((paused_at is null) = (paused_by is null)),
  check ((retired_at is null) = (retired_by is null)),
  step text not null default 'tested'
    check (step in ('planned', 'approved', 'installed', 'tested', 'operating', 'suspended', 'retired')),
  step_at timestamptz,
  step_by text,
  step_reason text,
  carried_over boolean not null default false,
  operating_since text check (operating_since ~ '^\d{4}-\d{2}-\d{2}$'),
  room text check (length(room) between 1 and 60),
  zone text not null default 'public' check (zone in ('public', 'private')),
  owner text check (owner in ('government', 'operator', 'security-duty-holder', 'other')),
  purpose text not null default 'public-safety' check (purpose in ('public-safety', 'enforcement', 'other')),
  lat double precision check (lat between -90 and 90),
  lon double precision check (lon between -180 and 180),
  azimuth_deg double precision check (azimuth_deg >= 0 and azimuth_deg < 360),
  angle_deg double precision check (angle_deg > 0 and angle_deg <= 360),
  range_m double precision check (range_m > 0 and range_m <= 10000),
  turns boolean not null default false,
  masked text[] not null default '{}',
  capabilities text[] not null default '{}'
    check (capabilities <@ array['high-definition', 'wide-dynamic-range', 'night-vision']),
  end_of_support text check (end_of_support ~ '^\d{4}-\d{2}-\d{2}$'),
  constraint camera_position_is_whole check ((lat is null) = (lon is null)),
  constraint camera_retired_is_its_step check ((step = 'retired') = (retired_at is not null)),
  own_number text check (length(own_number) between 1 and 40),
  number_folded text,
  constraint camera_number_is_folded check ((own_number is null) = (number_folded is null))
);
comment on table camera is 'A device and the addresses of its streams. Never deleted: its footage outlives it. Written by collect.';
comment on column camera.url is 'rtsp:// or rtsps://, without credentials.';
comment on column camera.password_sealed is 'AES-256-GCM under the key in DATA/keys, bound to the camera''s id; null = none.';
comment on column camera.sub_user_name is 'Where the sub-stream has credentials of its own; null = those of the main stream.';
comment on column camera.sound_basis is 'The recorded basis without which sound is dropped (PR-15).';
comment on column camera.paused_by is 'Name of the person, as the gap names them.';
comment on column camera.ordered_ms is 'UTC in ms: when recording was first ordered. From here every second is footage or a gap.';
comment on column camera.revision is 'Counts changes; a change that was made on an older one is refused.';
comment on column camera.importance is 'Who is recorded longest when disks are full: least goes first. Set by a person.';
comment on column camera.step is 'Where it stands in its life; only tested (trial run) and operating record.';
comment on column camera.step_at is 'UTC; since when it stands there. Null: since before the steps were kept.';
comment on column camera.step_by is 'Name of the person who took the step, as the gap names them.';
comment on column camera.carried_over is 'Operated before the register asked for what operating needs: what is missing is shown as to be done. Never set again.';
comment on column camera.operating_since is 'First day of operating, of the site''s calendar; null: it never did.';
comment on column camera.room is 'Kind of room or spot (law/rooms.ts); null: not said, and it does not operate.';
comment on column camera.zone is 'private: an area that is not open to the public.';
comment on column camera.owner is 'Null: as the site''s.';
comment on column camera.lat is 'WGS-84, degrees.';
comment on column camera.azimuth_deg is 'Where it looks, clockwise from north.';
comment on column camera.angle_deg is 'Of its view from edge to edge.';
comment on column camera.range_m is 'How far it is meant to see.';
comment on column camera.turns is 'Turns and zooms: it may see its whole circle.';
comment on column camera.masked is 'Ids of the site''s private areas that its mask covers.';
comment on column camera.end_of_support is 'Last day of its maker''s support.';
comment on column camera.own_number is 'What the unit itself calls it by, e.g. of its plans or of GB/T 28181; null: none was given.';
create unique index camera_name_at_site on camera (site_id, name_folded) where retired_at is null;
create unique index camera_number_at_site on camera (site_id, number_folded) where retired_at is null;

create table legal_record (
  id text primary key,
  site_id text not null references site (id),
  camera_id text references camera (id),
  kind text not null check (length(kind) between 1 and 60),
  on_day text not null check (on_day ~ '^\d{4}-\d{2}-\d{2}$'),
  until_day text check (until_day ~ '^\d{4}-\d{2}-\d{2}$'),
  said text not null check (length(said) between 1 and 2000),
  written timestamptz not null,
  written_by text not null,
  ended timestamptz,
  ended_by text,
  ended_reason text,
  constraint legal_record_until_later check (until_day is null or until_day >= on_day),
  constraint legal_record_ended_by_someone check ((ended is null) = (ended_by is null))
);
comment on table legal_record is 'What stands on record for a site or a camera: necessity, sign, notice, consent; the newest that is not ended counts. Never deleted. Written by collect.';
comment on column legal_record.camera_id is 'Null: for the site, and where its kind is of cameras for all of them.';
comment on column legal_record.kind is 'law/records.ts.';
comment on column legal_record.on_day is 'The day it is of, of the site''s calendar.';
comment on column legal_record.until_day is 'The last day on which it holds, where it says so itself.';
comment on column legal_record.ended is 'UTC; a sign was taken down, a consent withdrawn.';
create index legal_record_of_site on legal_record (site_id, kind, on_day) where ended is null;

-- What stands behind a record: the approved view as a picture, a neighbour's consent as it was signed.

create table record_document (
  record_id text primary key references legal_record (id),
  name text not null check (length(name) between 1 and 120),
  media_type text not null check (media_type in ('image/jpeg', 'image/png', 'application/pdf')),
  bytes bytea not null check (length(bytes) between 1 and 6291456),
  sha256 bytea not null check (length(sha256) = 32),
  written timestamptz not null,
  written_by text not null
);
comment on table record_document is 'The one file of a record, as it was given; never changed and never deleted: its digest stands in the ledger. Written by collect.';
comment on column record_document.media_type is 'As its first bytes say, not as its sender did.';
comment on column record_document.sha256 is 'Of bytes.';

create function record_document_stays() returns trigger language plpgsql as $$
begin
  raise exception 'the document of a record is neither changed nor deleted';
end
$$;
create trigger record_document_stays before update or delete on record_document
  for each row execute function record_document_stays();

-- Places that must have a system (Order 799, art. 7; local lists): what is not there is a gap, with or without a site here.

create table mandatory_place (
  id text primary key,
  name text not null check (length(name) between 1 and 80),
  name_folded text not null,
  place_type text not null check (length(place_type) between 1 and 60),
  profile text not null check (length(profile) between 1 and 60),
  site_id text references site (id),
  address text not null default '',
  responsible text not null default '',
  designation text not null default '',
  designated_on text check (designated_on ~ '^\d{4}-\d{2}-\d{2}$'),
  lat double precision check (lat between -90 and 90),
  lon double precision check (lon between -180 and 180),
  key_positions jsonb not null default '[]' check (jsonb_typeof(key_positions) = 'array'),
  written timestamptz not null,
  written_by text not null,
  ended timestamptz,
  ended_by text,
  ended_reason text,
  constraint mandatory_place_position_is_whole check ((lat is null) = (lon is null)),
  constraint mandatory_place_ended_by_someone check ((ended is null) = (ended_by is null))
);
comment on table mandatory_place is 'A place that must have a system, whether or not it has a site here. Never deleted: it ends. Written by collect.';
comment on column mandatory_place.place_type is 'law/places.ts.';
comment on column mandatory_place.profile is 'Of the jurisdiction whose list names it (law/profiles), where it has no site.';
comment on column mandatory_place.site_id is 'The site there; null: none yet, which is the widest gap.';
comment on column mandatory_place.responsible is 'Who has to build it, as known.';
comment on column mandatory_place.designation is 'The document that names it, where it is not the list of the law; empty: the list.';
comment on column mandatory_place.lat is 'WGS-84, degrees.';
comment on column mandatory_place.key_positions is 'What a camera has to see: [{id, name, at: {lat, lon}}].';
comment on column mandatory_place.ended is 'UTC; it is no such place any more.';
create unique index mandatory_place_name on mandatory_place (name_folded) where ended is null;

-- Of law/profiles, said once more: a test holds the two against each other for every profile and every room.
create function prohibited_rooms(profile text) returns text[] language sql immutable as $$
  select case
    when profile in ('cn-national', 'cn-liaoning') then array[
      'guest-room', 'private-dining-room', 'student-dormitory-room', 'staff-dormitory-room', 'staff-rest-room',
      'bath', 'toilet', 'changing-room', 'lactation-room', 'fitting-room', 'other-private']
    when profile = 'cn-qingdao' then array[
      'guest-room', 'private-dining-room', 'student-dormitory-room', 'staff-dormitory-room', 'staff-rest-room',
      'bath', 'toilet', 'changing-room', 'lactation-room', 'fitting-room', 'other-private',
      'office-interior', 'ward', 'residential-hallway-or-window']
    when profile = 'school-policy' then array['classroom', 'student-dormitory-room', 'other-private']
    when profile in ('company-policy', 'es') then array['toilet', 'changing-room']
    when profile = 'kr' then array['bath', 'toilet', 'changing-room']
    when profile = 'hotel' then array['guest-room', 'private-dining-room', 'bath', 'toilet', 'changing-room']
    when profile = 'smart-city' then array['other-private']
    else array[]::text[]
  end
$$;
comment on function prohibited_rooms is 'Rooms inside which a profile forbids a camera (Order 799, art. 8; Qingdao Order 204, art. 9).';

create function is_prohibited(room text, profiles text[]) returns boolean language sql immutable as $$
  select room is not null and exists (select from unnest(profiles) profile where room = any(prohibited_rooms(profile)))
$$;

-- Asked of an operating camera of a place that is open to the public in China: the class was decided by a person, a
-- sign stands, area and purpose were announced, and why it is needed was said within the last year.
create function lacks_to_operate(of camera) returns text language plpgsql stable as $$
declare
  place site;
  today date;
begin
  select * into strict place from site where id = of.site_id;
  today := (now() at time zone place.time_zone)::date;
  if place.class_decided is null then return 'place-class'; end if;
  if of.room is null then return 'room'; end if;
  if place.place_class in ('art33-non-public', 'state-security')
    or not exists (select from unnest(place.profiles) profile where profile like 'cn-%') then return null; end if;
  if not exists (select from legal_record r where r.site_id = place.id and r.ended is null and r.kind = 'sign'
    and coalesce(r.camera_id, of.id) = of.id) then return 'sign'; end if;
  if not exists (select from legal_record r where r.site_id = place.id and r.ended is null and r.kind = 'public-notice')
    then return 'notice'; end if;
  if not exists (select from legal_record r where r.site_id = place.id and r.camera_id = of.id and r.ended is null
    and r.kind = 'necessity' and r.on_day::date > today - interval '1 year' - interval '2 days') then return 'necessity'; end if;
  return null;
end
$$;
comment on function lacks_to_operate is 'The first thing that an operating camera lacks; null: nothing. Two days of grace for clocks: the exact day is judged by law/life.ts.';

create function camera_by_law() returns trigger language plpgsql as $$
declare
  moves constant boolean := tg_op = 'INSERT'
    or row(new.step, new.room, new.site_id, new.carried_over) is distinct from row(old.step, old.room, old.site_id, old.carried_over);
  stays constant boolean := tg_op = 'UPDATE' and row(new.room, new.site_id) is not distinct from row(old.room, old.site_id);
  lacks text;
begin
  if new.carried_over and (tg_op = 'INSERT' or not old.carried_over) then
    raise exception 'no camera is carried over any more'
      using errcode = 'check_violation', constraint = 'camera_carried_over_once';
  end if;
  -- Out of use is a way that is always open, also for a camera that a new law forbids.
  if not moves or new.step = 'retired' or (new.step = 'suspended' and stays) then return new; end if;
  -- Locked, so that a site is not changed behind a camera that is being made.
  perform from site where id = new.site_id for share;
  if is_prohibited(new.room, (select profiles from site where id = new.site_id)) then
    raise exception 'a camera inside of % is prohibited', new.room
      using errcode = 'check_violation', constraint = 'camera_in_prohibited_interior';
  end if;
  if new.step = 'operating' and not new.carried_over then
    lacks := lacks_to_operate(new);
    if lacks is not null then
      raise exception 'a camera cannot operate without %', lacks
        using errcode = 'check_violation', constraint = 'camera_operates_by_law';
    end if;
  end if;
  return new;
end
$$;
create trigger camera_by_law before insert or update on camera
  for each row execute function camera_by_law();

create function site_by_law() returns trigger language plpgsql as $$
begin
  if exists (select from camera where site_id = new.id and step <> 'retired' and is_prohibited(room, new.profiles)) then
    raise exception 'a camera at % would stand in a prohibited interior', new.name
      using errcode = 'check_violation', constraint = 'camera_in_prohibited_interior';
  end if;
  if exists (select from camera where site_id = new.id and step = 'operating' and not carried_over
    and lacks_to_operate(camera) is not null) then
    raise exception 'a camera at % would operate without what it needs', new.name
      using errcode = 'check_violation', constraint = 'camera_operates_by_law';
  end if;
  return null;
end
$$;
create trigger site_by_law after update on site for each row
  when (row(old.profiles, old.place_class, old.class_decided is null)
    is distinct from row(new.profiles, new.place_class, new.class_decided is null))
  execute function site_by_law();

create function legal_record_by_law() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then raise exception 'what stood on record is never deleted'; end if;
  perform from site where id = old.site_id for no key update;
  if row(new.id, new.site_id, new.camera_id, new.kind, new.on_day, new.until_day, new.said, new.written, new.written_by)
    is distinct from
    row(old.id, old.site_id, old.camera_id, old.kind, old.on_day, old.until_day, old.said, old.written, old.written_by)
    or old.ended is not null then
    raise exception 'what stands on record is not edited: it ends, and another one is written';
  end if;
  if exists (select from camera where site_id = old.site_id and step = 'operating' and not carried_over
    and lacks_to_operate(camera) = case old.kind when 'public-notice' then 'notice' else old.kind end) then
    raise exception 'a camera would operate without %', old.kind
      using errcode = 'check_violation', constraint = 'camera_operates_by_law';
  end if;
  return null;
end
$$;
create trigger legal_record_by_law after update or delete on legal_record
  for each row execute function legal_record_by_law();

create table volume (
  id text primary key,
  path text not null,
  segments bigint not null default 0,
  bytes bigint not null default 0,
  created timestamptz not null,
  kind text not null default 'folder' check (kind in ('folder', 's3')),
  name text not null default 'footage' check (length(name) between 1 and 80),
  state text not null default 'in-use' check (state in ('in-use', 'draining', 'read-only')),
  reserve_bytes bigint check (reserve_bytes >= 0),
  limit_bytes bigint check (limit_bytes > 0),
  marked boolean not null default false,
  away timestamptz,
  away_why text,
  rung integer not null default 0 check (rung between 0 and 5),
  added_by text not null default 'system',
  removed timestamptz,
  removed_by text,
  removed_reason text,
  constraint volume_away_says_why check ((away is null) = (away_why is null)),
  constraint volume_removed_by_someone check ((removed is null) = (removed_by is null))
);
create unique index volume_path on volume (path) where removed is null;
create unique index volume_name on volume (lower(name)) where removed is null;
comment on table volume is 'A folder or bucket that holds segments; never deleted, certificates name it. Written by store.';
comment on column volume.segments is 'How many rows of segment name it; kept with them in one transaction.';
comment on column volume.name is 'As people call it; gaps and warnings name it.';
comment on column volume.state is 'By a person''s order. draining: nothing new, and it is to be empty one day; read-only: nothing new, and nothing is deleted.';
comment on column volume.reserve_bytes is 'Free bytes of the device that recording never uses; null = a twentieth of it, at most 10 GB.';
comment on column volume.limit_bytes is 'The most bytes of segments it may hold; null = what the device has.';
comment on column volume.marked is 'True once its marker was written: from then on a folder without it is another disk.';
comment on column volume.away is 'UTC; since when it cannot be used. Null while it can.';
comment on column volume.away_why is 'missing, unmarked, foreign, read-only, io or stuck.';
comment on column volume.rung is 'How far the ladder is climbed: 0 room, 1 past-ceiling, 2 past-floor, 3 spill, 4 sub-stream only, 5 recording stops.';

create table segment (
  camera_id text not null references camera (id),
  stream text not null check (stream in ('main', 'sub')),
  start_ms bigint not null check (start_ms between 0 and 253402300799999),
  id text not null,
  end_ms bigint not null check (end_ms >= start_ms),
  condition text not null default 'good' check (condition in ('good', 'missing', 'damaged')),
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
  -- Two makers of one day: the second finds it made. A lock of the table, for only such a one lets it see what was made.
  lock table segment in share update exclusive mode;
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
-- "Which cameras have gaps in this hour" asks for a span across all cameras.
create index gap_by_span on gap using gist (int8range(from_ms, to_ms));

-- The calendar, kept and not computed: what of each local day is recorded, counted in the transaction of the rows.

create table recorded_zone (
  camera_id text primary key references camera (id),
  time_zone text not null
);
comment on table recorded_zone is 'The zone in whose days a camera is counted in recorded_day: its site''s, as last counted. Locked by who counts. Written by store, by triggers of segment and gap.';
comment on column recorded_zone.time_zone is 'IANA name; UTC where the database does not know the site''s zone.';

create table recorded_day (
  camera_id text not null references camera (id),
  day date not null,
  recorded_ms bigint not null,
  lost_ms bigint not null,
  segments integer not null,
  bytes bigint not null,
  primary key (camera_id, day) include (recorded_ms, lost_ms)
) with (fillfactor = 70);
comment on table recorded_day is 'What is recorded of a camera in one day of its zone; none without any. Written by store, by triggers of segment and gap.';
comment on column recorded_day.recorded_ms is 'Of the main stream, in good segments; a segment over midnight counts for both days.';
comment on column recorded_day.lost_ms is 'Of it missing inside of segments (gap.inside).';
comment on column recorded_day.segments is 'Rows of segment that began in this day, of all streams and conditions.';
comment on column recorded_day.bytes is 'Their files'' bytes.';

create type recorded_change as (
  camera_id text,
  from_ms bigint,
  to_ms bigint,
  recorded integer,
  lost integer,
  segments integer,
  bytes bigint
);

create function known_zone(zone text) returns text language plpgsql stable as $$
begin
  perform now() at time zone zone;
  return zone;
exception when others then
  return 'UTC';
end
$$;
comment on function known_zone is 'The zone, or UTC where this database does not know it: a name must never keep footage out of the index.';

-- Who counts shares the cameras' zones, who counts anew has them alone: so that no change falls between two zones.
create function count_recorded(changes recorded_change[]) returns void language plpgsql as $$
declare
  cameras constant text[] := array(select distinct camera_id from unnest(changes) order by camera_id);
begin
  insert into recorded_zone (camera_id, time_zone)
    select camera.id, known_zone(site.time_zone) from camera join site on site.id = camera.site_id
    where camera.id = any(cameras) and not exists (select from recorded_zone known where known.camera_id = camera.id)
    order by camera.id
  on conflict do nothing;
  perform from recorded_zone where camera_id = any(cameras) order by camera_id for share;

  insert into recorded_day as kept (camera_id, day, recorded_ms, lost_ms, segments, bytes)
    select change.camera_id, local.day, sum(change.recorded * local.ms), sum(change.lost * local.ms),
      sum(case when local.day = local.first then change.segments else 0 end),
      sum(case when local.day = local.first then change.bytes else 0 end)
    from unnest(changes) as change
    join recorded_zone zone on zone.camera_id = change.camera_id
    cross join lateral (
      select noon::date as day, (to_timestamp(change.from_ms / 1000.0) at time zone zone.time_zone)::date as first,
        greatest(0, least(change.to_ms, floor(extract(epoch from (noon::date + 1)::timestamp at time zone zone.time_zone) * 1000)::bigint)
          - greatest(change.from_ms, floor(extract(epoch from noon::date::timestamp at time zone zone.time_zone) * 1000)::bigint)) as ms
      from generate_series(
        (to_timestamp(change.from_ms / 1000.0) at time zone zone.time_zone)::date::timestamp,
        (to_timestamp(greatest(change.from_ms, change.to_ms - 1) / 1000.0) at time zone zone.time_zone)::date::timestamp,
        interval '1 day'
      ) as noon
      limit 400
    ) as local
    group by change.camera_id, local.day
    having sum(change.recorded * local.ms) <> 0 or sum(change.lost * local.ms) <> 0
      or sum(change.segments) <> 0 or sum(change.bytes) <> 0
    order by change.camera_id, local.day
  on conflict (camera_id, day) do update set
    recorded_ms = kept.recorded_ms + excluded.recorded_ms,
    lost_ms = kept.lost_ms + excluded.lost_ms,
    segments = kept.segments + excluded.segments,
    bytes = kept.bytes + excluded.bytes;

  if exists (select from unnest(changes) where segments < 0) then
    -- Of a day that was not touched an empty row may be the gap of a segment that is still written.
    delete from recorded_day where camera_id = any(cameras) and segments <= 0 and recorded_ms <= 0 and day between
      (select to_timestamp(min(from_ms) / 1000) - interval '1 day' from unnest(changes) where segments < 0)::date
      and (select to_timestamp(max(to_ms) / 1000) + interval '1 day' from unnest(changes) where segments < 0)::date;
  end if;
end
$$;
comment on function count_recorded is 'Adds to recorded_day, or takes from it: each change with how often its span and its file count.';

create function segments_came() returns trigger language plpgsql as $$
begin
  perform count_recorded(array(
    select (camera_id, start_ms, end_ms, (stream = 'main' and condition = 'good')::int, 0, 1, bytes)::recorded_change
    from come
  ));
  return null;
end
$$;

create function segments_went() returns trigger language plpgsql as $$
begin
  perform count_recorded(array(
    select (camera_id, start_ms, end_ms, -(stream = 'main' and condition = 'good')::int, 0, -1, -bytes)::recorded_change
    from gone
  ));
  return null;
end
$$;

create function segments_changed() returns trigger language plpgsql as $$
begin
  -- A new volume or path counts for nothing here.
  if not exists (
    select camera_id, stream, start_ms, end_ms, condition, bytes from come
    except select camera_id, stream, start_ms, end_ms, condition, bytes from gone
  ) then
    return null;
  end if;
  perform count_recorded(array(
    select (camera_id, start_ms, end_ms, (stream = 'main' and condition = 'good')::int, 0, 1, bytes)::recorded_change
    from come
    union all
    select (camera_id, start_ms, end_ms, -(stream = 'main' and condition = 'good')::int, 0, -1, -bytes)::recorded_change
    from gone
  ));
  return null;
end
$$;

create function gaps_came() returns trigger language plpgsql as $$
begin
  if exists (select from come where inside) then
    perform count_recorded(array(
      select (camera_id, from_ms, to_ms, 0, 1, 0, 0)::recorded_change from come where inside and to_ms is not null
    ));
  end if;
  return null;
end
$$;

create trigger segments_came after insert on segment referencing new table as come
  for each statement execute function segments_came();
create trigger segments_went after delete on segment referencing old table as gone
  for each statement execute function segments_went();
create trigger segments_changed after update on segment referencing old table as gone new table as come
  for each statement execute function segments_changed();
create trigger gaps_came after insert on gap referencing new table as come
  for each statement execute function gaps_came();

create function recount_recorded(camera text) returns void language plpgsql as $$
declare
  week_ms constant bigint := 604800000;
  oldest_ms bigint;
  newest_ms bigint;
begin
  insert into recorded_zone (camera_id, time_zone) values (camera, 'UTC') on conflict do nothing;
  perform from recorded_zone where camera_id = camera for update;
  delete from recorded_day where camera_id = camera;
  update recorded_zone set time_zone = (
    select known_zone(site.time_zone) from camera as one join site on site.id = one.site_id where one.id = camera
  ) where camera_id = camera;
  select min(start_ms), max(start_ms) into oldest_ms, newest_ms from segment
    where camera_id = camera and stream in ('main', 'sub');
  while oldest_ms <= newest_ms loop
    perform count_recorded(array(
      select (camera_id, start_ms, end_ms, (stream = 'main' and condition = 'good')::int, 0, 1, bytes)::recorded_change
      from segment
      where camera_id = camera and stream in ('main', 'sub') and start_ms >= oldest_ms and start_ms < oldest_ms + week_ms
    ));
    oldest_ms := oldest_ms + week_ms;
  end loop;
  perform count_recorded(array(
    select (camera_id, from_ms, to_ms, 0, 1, 0, 0)::recorded_change
    from gap where camera_id = camera and inside and to_ms is not null
  ));
end
$$;
comment on function recount_recorded is 'Counts all of a camera anew, in the days of its site''s zone as it is now.';

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

-- Who may look at what, and who decides for whom is away. Written by gate; shift by display.

create table permission (
  id text primary key,
  kind text not null check (kind in ('asked', 'founding', 'emergency')),
  state text not null check (state in ('asked', 'refused', 'withdrawn', 'issued', 'revoked', 'ended')),
  revision integer not null default 1,
  person_id text not null references person (id),
  actions text[] not null check (
    cardinality(actions) >= 1 and actions <@ array['live', 'playback', 'still', 'export']
  ),
  whole_unit boolean not null,
  sites text[] not null,
  cameras text[] not null,
  look_back_h integer not null check (look_back_h between 0 and 17568),
  from_minute integer check (from_minute between 0 and 1439),
  to_minute integer check (to_minute between 1 and 1440),
  time_zone text not null,
  purpose text not null,
  reason text not null check (length(trim(reason)) between 2 and 2000),
  necessity text not null check (length(trim(necessity)) between 2 and 2000),
  asked_by text not null references person (id),
  asked timestamptz not null,
  starts timestamptz not null,
  ends timestamptz not null,
  replaces text references permission (id),
  decided_by text references person (id),
  decided_for text references person (id),
  decided timestamptz,
  decision_note text,
  ended timestamptz,
  ended_by text references person (id),
  ended_why text,
  recertify_by timestamptz,
  recertified_by text references person (id),
  event text,
  event_level integer check (event_level between 1 and 4),
  review text,
  reviewed_by text references person (id),
  reviewed timestamptz,
  check (starts < ends),
  check (whole_unit or cardinality(sites) + cardinality(cameras) >= 1),
  check ((from_minute is null) = (to_minute is null)),
  check ((kind = 'emergency') = (event is not null and event_level is not null)),
  check (kind <> 'asked' or decided_by is null or state in ('withdrawn', 'asked')
    or (decided_by <> asked_by and decided_by <> person_id
      and decided_for is distinct from asked_by and decided_for is distinct from person_id)),
  check (kind <> 'asked' or state not in ('issued', 'revoked', 'ended') or decided is not null),
  check (reviewed_by is null or reviewed_by <> person_id)
);
comment on table permission is 'A right to look: one person''s, to some actions on some cameras, at some hours, for one purpose, with an end. Written by gate.';
comment on column permission.kind is 'asked: requested and approved by another. founding: the first person''s own, while nobody else could approve. emergency: opened at once for an event, with a review owed.';
comment on column permission.state is 'Only issued permits anything. ended: over by itself; revoked: taken away with a reason.';
comment on column permission.revision is 'Grows with each change; who decides says which one was seen.';
comment on column permission.person_id is 'Whose it is; asked_by may be another.';
comment on column permission.whole_unit is 'All cameras of the unit, those of later too; sites and cameras are then empty.';
comment on column permission.look_back_h is 'How old footage may be when it is asked for, hours.';
comment on column permission.from_minute is 'Of the day, in time_zone; null: at every hour. A span over midnight begins later than it ends.';
comment on column permission.decided_by is 'Who approved or refused it: never who asked, nor whose it is.';
comment on column permission.decided_for is 'The approver who had delegated the decision; null when the decider decides in his own right.';
comment on column permission.replaces is 'The permission that this one takes the place of when it is issued.';
comment on column permission.recertify_by is 'UTC; by then someone must have said that it is still needed.';
comment on column permission.event is 'Number or name of the event, of an emergency.';
comment on column permission.event_level is '1 especially grave, 2 grave, 3 larger, 4 ordinary: it bounds how long it lasts.';
comment on column permission.review is 'What was done with an emergency permission; owed by another person until it is written.';
create index permission_running on permission (person_id) where state = 'issued';
create index permission_by_ask on permission (asked desc, id);
create index permission_to_end on permission (ends) where state = 'issued';

create table delegation (
  id text primary key,
  from_person text not null references person (id),
  to_person text not null references person (id),
  starts timestamptz not null,
  ends timestamptz not null,
  reason text not null check (length(trim(reason)) between 2 and 2000),
  made timestamptz not null,
  ended timestamptz,
  check (from_person <> to_person),
  check (starts < ends)
);
comment on table delegation is 'An approver who is away lets another decide on permissions for a while. Written by gate.';
comment on column delegation.ended is 'UTC; when it was taken back before its end.';
create index delegation_running on delegation (to_person) where ended is null;

create table shift (
  id text primary key,
  person_id text not null references person (id),
  session_id text not null references session (id),
  post text not null check (length(trim(post)) between 2 and 80),
  began timestamptz not null,
  ends timestamptz not null,
  ended timestamptz,
  ended_why text,
  note text
);
comment on table shift is 'One person on duty at a post: live views of that time are registered by it. Written by display.';
comment on column shift.ends is 'UTC; it ends by itself then at the latest.';
comment on column shift.ended_why is 'handed-over, session or time.';
comment on column shift.note is 'What the next shift should know.';
create unique index shift_running on shift (person_id) where ended is null;

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
  permission_id text references permission (id),
  shift_id text references shift (id),
  purpose_code text,
  for_whom text,
  authority text,
  unit text,
  person_name text,
  stills integer not null default 0,
  exports integer not null default 0,
  export_bytes bigint not null default 0,
  check ((kind = 'playback') = (from_ms is not null and to_ms is not null))
);
comment on table view is 'One live or playback session of one person; its id is the ticket. The use register. Written by display.';
comment on column view.expires is 'UTC; moved ahead by the running player while the gate still permits.';
comment on column view.ended_why is 'closed, revoked, expired, engine or restart.';
comment on column view.delivered_s is 'Seconds of video that were written to the viewer''s sockets.';
create index view_open on view (person_id) where ended is null;
create index view_of_camera on view (camera_id, opened);
comment on column view.permission_id is 'By which permission; null in rows from before permissions.';
comment on column view.shift_id is 'The shift a live view on duty belongs to; null when it was registered by itself.';
comment on column view.purpose_code is 'The permission''s purpose, of the list in contract/permissions.';
comment on column view.for_whom is 'For whom it was looked at, or where the footage goes, in the viewer''s words.';
comment on column view.authority is 'Number of a notice or letter, where there is one.';
comment on column view.unit is 'The viewer''s unit as it was called then.';
comment on column view.person_name is 'The viewer''s name as it was then.';
comment on column view.export_bytes is 'Bytes of files that were asked for as downloads.';
create index view_by_opened on view (opened, id);
create index view_of_permission on view (permission_id, opened) where permission_id is not null;

-- How long it is kept, what a person marked or holds, and what went. Written by store.

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
  why text not null check (why in ('served', 'ceiling', 'erasure', 'room', 'key')),
  because jsonb not null,
  ordered timestamptz not null,
  ordered_by text not null,
  segments jsonb not null check (jsonb_typeof(segments) = 'array'),
  count integer not null,
  bytes bigint not null,
  digest bytea not null check (length(digest) = 32),
  keys jsonb not null default '[]',
  keys_kept jsonb not null default '[]',
  missing jsonb not null default '[]',
  trouble text,
  tries integer not null default 0,
  finished timestamptz,
  seq bigint not null,
  problem jsonb,
  again timestamptz,
  key_of text check (key_of in ('main', 'sub')),
  check ((state = 'done') = (finished is not null)),
  constraint certificate_count_check check (count > 0 or why = 'key'),
  constraint certificate_key_check check ((why = 'key') = (key_of is not null))
);
comment on table certificate is 'A deletion of segments of one camera and day: what went, why and by whose order. Never deleted. Written by store, by the reaper.';
comment on column certificate.no is 'The number that people say.';
comment on column certificate.day is 'UTC day of the segments'' start.';
comment on column certificate.state is 'ordered: written before the first file goes; done: nothing of it is left.';
comment on column certificate.why is 'served: past the floor and of no further recorded purpose; ceiling; erasure: somebody asked; room: the disk was full; key: the day''s key alone, which had to stay when its footage went.';
comment on column certificate.key_of is 'The stream whose key of the day goes, where nothing but that key does.';
comment on column certificate.because is 'The rules: clause, profile, instrument, article, period.';
comment on column certificate.segments is 'id, stream, from, to (ms), bytes, digest (hex), volume, path of each.';
comment on column certificate.digest is 'SHA-256 of the canonical JSON of segments; stands in the ledger.';
comment on column certificate.keys is 'Destroyed keys: source, keyId, at (ms).';
comment on column certificate.keys_kept is 'Keys that stay, and why: files that the index does not know lie in the folder.';
comment on column certificate.missing is 'Ids of segments whose file was gone before.';
comment on column certificate.trouble is 'Why it is not done yet; null = nothing is wrong.';
comment on column certificate.seq is 'The entry of the ledger that ordered it.';
comment on column certificate.problem is 'Code and values of the bucket''s problem that stands in the way, when that is what it is; null = none, or another trouble.';
comment on column certificate.again is 'What was refused until a day is not tried before this; null = at every look.';
create index certificate_open on certificate (no) where state = 'ordered';
create index certificate_of_camera on certificate (camera_id, day);

create table key_kept (
  camera_id text not null references camera (id),
  stream text not null check (stream in ('main', 'sub')),
  day date not null,
  why text not null,
  looked timestamptz,
  primary key (camera_id, stream, day)
);
comment on table key_kept is 'A day''s key that stayed when footage of that day was deleted; the row goes with the key. Written by store, by the reaper.';
comment on column key_kept.day is 'UTC.';
comment on column key_kept.why is 'day-not-over, more-footage or unknown-files.';
comment on column key_kept.looked is 'When the reaper last looked whether the key may go; null: not yet.';
create index key_kept_next on key_kept (looked nulls first);

create table reaper (
  one boolean primary key default true check (one),
  believed_ms bigint not null,
  doubt text check (doubt in ('back', 'forward')),
  confirmed timestamptz,
  confirmed_by text,
  log_period_n integer not null default 12 check (log_period_n between 1 and 3660),
  log_period_unit text not null default 'month' check (log_period_unit in ('day', 'month', 'year')),
  boot text,
  wall_ms bigint,
  up_ms bigint,
  stood jsonb not null default '[]',
  check (num_nulls(boot, wall_ms, up_ms) in (0, 3))
);
comment on table reaper is 'What the reaper knows of the clock, and how long records of sign-ins are kept; one row. Written by store.';
comment on column reaper.believed_ms is 'UTC in ms that it was at least at the last look: the last confirmed reading and what the machine has run since. Steps of the clock are not in it.';
comment on column reaper.doubt is 'back or forward: the clock is too far from that; nothing is deleted until a person or a time server confirms it.';
comment on column reaper.boot is 'Which start of the machine the last look was in; null before the first.';
comment on column reaper.wall_ms is 'What the clock said at the last look.';
comment on column reaper.up_ms is 'For how long the machine had run then, in ms.';
comment on column reaper.stood is 'How the clock stood since the machine was started, or since it was confirmed: spans (fromMs, toMs) by its own word, how far it was ahead of the running time (offsetMs), and whether that was in doubt.';
comment on column reaper.log_period_n is 'For how long the address and browser of a sign-in are kept after it ended.';

create table clock_behind (
  no bigint generated always as identity primary key,
  from_ms bigint not null,
  to_ms bigint not null check (to_ms >= from_ms),
  by_ms bigint not null check (by_ms > 0),
  is_open boolean not null
);
comment on table clock_behind is 'A time in which the clock ran behind: what is dated in the span is by so much younger than its date, and is kept by so much longer. Written by store, by the reaper.';
comment on column clock_behind.from_ms is 'As the wrong clock said, UTC in ms.';
comment on column clock_behind.is_open is 'It still runs behind.';
create unique index clock_behind_open on clock_behind (is_open) where is_open;

-- Where cameras are recorded, what is wrong with storage, and who is told of it.

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

create table completeness (
  site_id text not null references site (id),
  month text not null check (month ~ '^\d{4}-\d{2}$'),
  made timestamptz not null,
  digest bytea not null check (length(digest) = 32),
  report jsonb not null,
  primary key (site_id, month)
);
comment on table completeness is 'The completeness report of a site and month, made once its month was over, and never changed. Written by store.';
comment on column completeness.month is 'YYYY-MM, of the site''s time zone.';
comment on column completeness.digest is 'SHA-256 of the report''s canonical JSON; the ledger has it too.';

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

create table key_ring (
  no bigint generated always as identity primary key,
  ring text,
  since timestamptz not null,
  until timestamptz,
  reason text,
  check (until is null or until >= since)
);
comment on table key_ring is 'The key rings of this database''s footage, one after the other. Written by store: by the start that knew none, and when a person accepts another.';
comment on column key_ring.ring is 'mst_…, the id in DATA/keys/footage/master.json; null = it was lost before it was known.';
comment on column key_ring.since is 'UTC; the first one''s footage may be older.';
comment on column key_ring.until is 'UTC; null = in force. What was sealed under another ring than the one in force cannot be read.';
comment on column key_ring.reason is 'Why this ring was accepted in the place of the one before; null for the first.';
create unique index key_ring_in_force on key_ring ((until is null)) where until is null;

-- Filing with the public security organ: the unit's facts, what of a filed item changed and when, the documents, the
-- filings with their frozen copies, and what was said of their clocks.

create table unit_facts (
  one boolean primary key default true check (one),
  credit_code text not null default '' check (length(credit_code) <= 40),
  address text not null default '' check (length(address) <= 200),
  legal_person text not null default '' check (length(legal_person) <= 80),
  contact text not null default '' check (length(contact) <= 80),
  phone text not null default '' check (length(phone) <= 40),
  changed timestamptz not null,
  changed_by text not null
);
comment on table unit_facts is 'What a filing tells of the managing unit. One row. Written by govern.';
comment on column unit_facts.credit_code is 'Unified social credit code.';
comment on column unit_facts.legal_person is 'Legal representative.';
comment on column unit_facts.contact is 'Who answers the organ''s questions.';

create table site_use (
  site_id text primary key references site (id),
  organ text not null default '' check (length(organ) <= 80),
  organ_key text check (length(organ_key) <= 300),
  used_since text check (used_since ~ '^\d{4}-\d{2}-\d{2}$'),
  stopped_on text check (stopped_on ~ '^\d{4}-\d{2}-\d{2}$'),
  stopped_why text not null default '' check (length(stopped_why) <= 2000),
  changed timestamptz not null,
  changed_by text not null
);
comment on table site_use is 'To whom a site is filed and since when its system is used. Written by govern.';
comment on column site_use.organ is 'The county-level public security organ.';
comment on column site_use.organ_key is 'Verifier key of the organ''s desk, by which its answers are believed; null = it answers on paper.';
comment on column site_use.used_since is 'First day of use where that was before the first camera operated in Custos; of the site''s calendar.';
comment on column site_use.stopped_on is 'The day on which the system was taken out of use; null = it is used.';

create table filed_change (
  seq bigint generated always as identity primary key,
  at timestamptz not null,
  site_id text references site (id),
  camera_id text references camera (id),
  field text not null check (field in (
    'unit', 'address', 'camera-added', 'camera-removed', 'camera-moved', 'camera-type',
    'storage-period', 'person-responsible', 'stop'
  )),
  value jsonb
);
comment on table filed_change is 'When something changed that a filing tells, whoever changed it and by whatever path. Written by triggers; where none saw the change, by govern when it noticed it.';
comment on column filed_change.site_id is 'Null: the unit itself, of every site.';
comment on column filed_change.value is 'What it was changed to, in the form of the filing; null: not said.';
create index filed_change_of_site on filed_change (site_id, seq);

create table filing_document (
  id text primary key,
  site_id text not null references site (id),
  kind text not null check (length(kind) between 1 and 60),
  name text not null check (length(name) between 1 and 120),
  on_day text not null check (on_day ~ '^\d{4}-\d{2}-\d{2}$'),
  bytes bytea not null check (length(bytes) between 1 and 4194304),
  digest bytea not null check (digest = sha256(bytes)),
  added timestamptz not null,
  added_by text not null,
  ended timestamptz,
  ended_by text,
  ended_reason text,
  check ((ended is null) = (ended_by is null))
);
comment on table filing_document is 'A PDF that belongs to the filings of a site; the newest of a kind that is not ended counts. Never deleted. Written by govern.';
comment on column filing_document.kind is 'law/records.ts.';
comment on column filing_document.on_day is 'The day that stands on the document.';
comment on column filing_document.digest is 'SHA-256 of its bytes.';
create index filing_document_of_site on filing_document (site_id) where ended is null;

create table filing (
  id text primary key,
  site_id text not null references site (id),
  no integer not null check (no >= 1),
  state text not null check (state in ('draft', 'submitted', 'received', 'returned')),
  kind text check (kind in ('first', 'change', 'stop')),
  replaces text references filing (id),
  made timestamptz not null,
  made_by text not null,
  content text,
  digest bytea,
  frozen timestamptz,
  frozen_seq bigint,
  attested_by text,
  attested_as text,
  way text check (way in ('portal', 'paper', 'pack')),
  submitted_on text check (submitted_on ~ '^\d{4}-\d{2}-\d{2}$'),
  answered timestamptz,
  answered_by text,
  answered_on text check (answered_on ~ '^\d{4}-\d{2}-\d{2}$'),
  receipt_no text check (length(receipt_no) between 1 and 80),
  reasons text check (length(reasons) between 1 and 4000),
  answer_note text,
  unique (site_id, no),
  constraint filing_is_frozen check (
    (state = 'draft') = (content is null)
    and (content is null) = (digest is null) and (content is null) = (frozen is null)
    and (content is null) = (frozen_seq is null)
    and (content is null) = (kind is null) and (content is null) = (attested_by is null)
    and (content is null) = (way is null) and (content is null) = (submitted_on is null)
  ),
  constraint filing_copy_fits_digest check (digest = sha256(convert_to(content, 'UTF8'))),
  constraint filing_answered_once check (
    (state in ('received', 'returned')) = (answered is not null)
    and (answered is null) = (answered_by is null) and (answered is null) = (answered_on is null)
    and (state = 'received') = (receipt_no is not null) and (state = 'returned') = (reasons is not null)
  )
);
comment on table filing is 'One filing of a site: a draft is read from the register anew each time; what was submitted is frozen. Never deleted but as a draft. Written by govern.';
comment on column filing.no is 'Of the site, counted up; a pack with an older number is a replayed one.';
comment on column filing.replaces is 'The returned one that it is submitted again for.';
comment on column filing.content is 'The frozen copy: canonical JSON, as it was attested.';
comment on column filing.digest is 'SHA-256 of content; the ledger has it too.';
comment on column filing.frozen_seq is 'Seq of the last filed_change that it tells of.';
comment on column filing.attested_by is 'Who declared it true, by name.';
comment on column filing.attested_as is 'In what office.';
comment on column filing.submitted_on is 'Of the site''s calendar; it decides whether it was in time.';
comment on column filing.answered_on is 'The day that stands on the receipt or the return.';
comment on column filing.answer_note is 'The organ''s signed answer, where one was taken in.';
create unique index filing_one_draft on filing (site_id) where state = 'draft';

create function filing_stays() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    if old.state <> 'draft' then raise exception 'what was filed is never deleted'; end if;
    return old;
  end if;
  if old.state <> 'draft' and (new.state = 'draft' or row(new.id, new.site_id, new.no, new.kind, new.replaces, new.content,
      new.digest, new.frozen, new.frozen_seq, new.attested_by, new.attested_as, new.way, new.submitted_on)
    is distinct from row(old.id, old.site_id, old.no, old.kind, old.replaces, old.content,
      old.digest, old.frozen, old.frozen_seq, old.attested_by, old.attested_as, old.way, old.submitted_on)) then
    raise exception 'what was filed is not edited';
  end if;
  if old.answered is not null then raise exception 'an answer stands'; end if;
  return new;
end
$$;
create trigger filing_stays before update or delete on filing for each row execute function filing_stays();

create table filing_reminder (
  site_id text not null references site (id),
  clock text not null check (length(clock) between 1 and 60),
  days integer not null check (days in (15, 7, 3, 1, 0)),
  last_day text check (last_day ~ '^\d{4}-\d{2}-\d{2}$'),
  told timestamptz not null,
  primary key (site_id, clock, days)
);
comment on table filing_reminder is 'That somebody was told of a filing clock, once for each threshold. Written by govern.';
comment on column filing_reminder.clock is 'Kind and first day: what changed on one day is one clock.';
comment on column filing_reminder.days is 'The threshold in days; 0: it is over.';
comment on column filing_reminder.last_day is 'Null: the law says "promptly", or that year''s calendar is not known.';

-- What a filing tells is watched where it stands, so that no path around the screens goes unseen.

create function acted_at() returns timestamptz language sql volatile as $$
  select coalesce(nullif(current_setting('custos.acted_at', true), '')::timestamptz, clock_timestamp())
$$;
comment on function acted_at is 'The moment of the act that the transaction stands for, as its ledger row has it; without one, now.';

create function is_in_use(of camera) returns boolean language sql immutable as $$
  select of.step in ('operating', 'suspended') or (of.step = 'tested' and of.operating_since is not null)
$$;
comment on function is_in_use is 'Whether a filing tells of this camera: it was put into use and not taken out again.';

create function camera_changes_filing() returns trigger language plpgsql as $$
declare
  was_in constant boolean := tg_op = 'UPDATE' and is_in_use(old);
  is_in constant boolean := is_in_use(new);
  stays constant boolean := was_in and is_in and old.site_id = new.site_id;
begin
  if was_in and not stays then
    insert into filed_change (at, site_id, camera_id, field, value)
      values (acted_at(), old.site_id, new.id, 'camera-removed', 'false');
  end if;
  if is_in and not stays then
    insert into filed_change (at, site_id, camera_id, field, value)
      values (acted_at(), new.site_id, new.id, 'camera-added', 'true');
  end if;
  if stays and row(new.lat, new.lon, new.azimuth_deg, new.angle_deg, new.range_m, new.room)
    is distinct from row(old.lat, old.lon, old.azimuth_deg, old.angle_deg, old.range_m, old.room) then
    insert into filed_change (at, site_id, camera_id, field, value) values (acted_at(), new.site_id, new.id,
      'camera-moved', jsonb_build_object('lat', new.lat, 'lon', new.lon, 'azimuthDeg', new.azimuth_deg,
        'angleDeg', new.angle_deg, 'rangeM', new.range_m, 'room', new.room));
  end if;
  if stays and row(new.turns, new.sound_basis is null, new.capabilities, new.purpose, new.zone)
    is distinct from row(old.turns, old.sound_basis is null, old.capabilities, old.purpose, old.zone) then
    insert into filed_change (at, site_id, camera_id, field, value) values (acted_at(), new.site_id, new.id,
      'camera-type', jsonb_build_object('turns', new.turns, 'sound', new.sound_basis is not null,
        'capabilities', to_jsonb(new.capabilities), 'purpose', new.purpose, 'zone', new.zone));
  end if;
  return null;
end
$$;
create trigger camera_changes_filing after insert or update on camera
  for each row execute function camera_changes_filing();

create function site_changes_filing() returns trigger language plpgsql as $$
begin
  if row(new.name, new.address, new.place_type, new.place_class, new.owner)
    is distinct from row(old.name, old.address, old.place_type, old.place_class, old.owner) then
    insert into filed_change (at, site_id, field, value) values (acted_at(), new.id, 'address',
      jsonb_build_object('name', new.name, 'address', new.address, 'placeType', new.place_type,
        'placeClass', new.place_class, 'owner', new.owner));
  end if;
  if row(new.profiles, new.place_type, new.place_class, new.key_target)
    is distinct from row(old.profiles, old.place_type, old.place_class, old.key_target) then
    insert into filed_change (at, site_id, field) values (acted_at(), new.id, 'storage-period');
  end if;
  return null;
end
$$;
create trigger site_changes_filing after update on site for each row execute function site_changes_filing();

create function retention_changes_filing() returns trigger language plpgsql as $$
begin
  insert into filed_change (at, site_id, field) values (acted_at(), new.site_id, 'storage-period');
  return null;
end
$$;
create trigger retention_changes_filing after insert or update on retention
  for each row execute function retention_changes_filing();

create function unit_changes_filing() returns trigger language plpgsql as $$
begin
  insert into filed_change (at, field) values (acted_at(), 'unit');
  return null;
end
$$;
create trigger unit_changes_filing after update on unit for each row execute function unit_changes_filing();
create trigger unit_facts_change_filing after insert or update on unit_facts
  for each row execute function unit_changes_filing();

create function record_changes_filing() returns trigger language plpgsql as $$
begin
  if new.kind = 'person-responsible' and new.camera_id is null then
    insert into filed_change (at, site_id, field) values (acted_at(), new.site_id, 'person-responsible');
  end if;
  return null;
end
$$;
create trigger record_changes_filing after insert or update on legal_record
  for each row execute function record_changes_filing();

create function use_changes_filing() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' or new.stopped_on is distinct from old.stopped_on then
    insert into filed_change (at, site_id, field, value)
      values (acted_at(), new.site_id, 'stop', to_jsonb(new.stopped_on));
  end if;
  return null;
end
$$;
create trigger use_changes_filing after insert or update on site_use
  for each row execute function use_changes_filing();

-- The desk of the organ that receives filings: the units that file there, what they brought, and its inspections. A unit
-- sees its own rows alone, and a second wall says so: each unit has a database role of its own, and every statement made
-- under it meets the policies below.

create table desk_unit (
  id text primary key,
  name text not null check (length(name) between 1 and 80),
  name_folded text not null unique,
  credit_code text not null default '' check (length(credit_code) <= 40),
  key text not null unique check (length(key) <= 300),
  db_role text not null unique check (db_role ~ '^custos_unit_[0-9a-z]{22}$'),
  added timestamptz not null,
  added_by text not null
);
comment on table desk_unit is 'A managing unit that files at this desk. Written by govern.';
comment on column desk_unit.key is 'Verifier key that signs its packs, held against its sealed form by the clerk who added it.';
comment on column desk_unit.db_role is 'The database role under which its own people''s calls run.';

create table desk_delegate (
  person_id text primary key references person (id),
  unit_id text not null references desk_unit (id),
  added timestamptz not null,
  added_by text not null
);
comment on table desk_delegate is 'Whose people somebody belongs to: they see this unit''s rows at the desk and no other''s. Written by govern.';

create table desk_place (
  id text primary key,
  unit_id text not null references desk_unit (id),
  name text not null check (length(name) between 1 and 80),
  address text not null default '' check (length(address) <= 200),
  place_class text not null check (place_class in ('art7.1-government', 'art7.2-operator', 'art9-other-public', 'art33-non-public')),
  place_type text,
  profiles text[] not null,
  used_since text check (used_since ~ '^\d{4}-\d{2}-\d{2}$'),
  brought_as text,
  added timestamptz not null,
  added_by text not null,
  unique (unit_id, brought_as)
);
comment on table desk_place is 'A place that a unit files, known by its first pack or entered by the clerk before one came. Written by govern.';
comment on column desk_place.brought_as is 'Its id at the unit; null: nothing came yet.';
comment on column desk_place.used_since is 'First day of use, of the place''s calendar; from here the 30 days run.';

create table desk_filing (
  id text primary key,
  unit_id text not null references desk_unit (id),
  place_id text not null references desk_place (id),
  no integer not null check (no >= 1),
  kind text not null check (kind in ('first', 'change', 'stop')),
  digest bytea not null unique,
  content text not null,
  submitted_on text not null check (submitted_on ~ '^\d{4}-\d{2}-\d{2}$'),
  arrived timestamptz not null,
  brought_by text not null,
  state text not null check (state in ('arrived', 'accepted', 'returned')),
  answered timestamptz,
  answered_by text,
  answered_on text check (answered_on ~ '^\d{4}-\d{2}-\d{2}$'),
  receipt_no text unique check (length(receipt_no) between 1 and 80),
  reasons text check (length(reasons) between 1 and 4000),
  answer_note text,
  unique (place_id, no),
  check (digest = sha256(convert_to(content, 'UTF8'))),
  check (
    (state = 'arrived') = (answered is null) and (answered is null) = (answered_by is null)
    and (answered is null) = (answered_on is null) and (answered is null) = (answer_note is null)
    and (state = 'accepted') = (receipt_no is not null) and (state = 'returned') = (reasons is not null)
  )
);
comment on table desk_filing is 'A pack that a unit brought, as it was signed, and what the organ answered. Never deleted. Written by govern.';
comment on column desk_filing.content is 'Canonical JSON whose digest the unit signed.';
comment on column desk_filing.no is 'The unit''s own count at that place: an older one that comes later was replayed.';
comment on column desk_filing.answer_note is 'The signed answer that the unit takes home.';

create table desk_document (
  unit_id text not null references desk_unit (id),
  digest bytea not null,
  bytes bytea not null check (length(bytes) between 1 and 4194304),
  primary key (unit_id, digest),
  check (digest = sha256(bytes))
);
comment on table desk_document is 'A PDF out of a pack; one that comes again is kept once. Written by govern.';

create table desk_inspection (
  id text primary key,
  unit_id text not null references desk_unit (id),
  place_id text not null references desk_place (id),
  on_day text not null check (on_day ~ '^\d{4}-\d{2}-\d{2}$'),
  purpose text not null check (length(purpose) between 1 and 2000),
  officer_a text not null check (length(officer_a) between 1 and 80),
  number_a text not null check (length(number_a) between 1 and 40),
  officer_b text not null check (length(officer_b) between 1 and 80),
  number_b text not null check (length(number_b) between 1 and 40),
  planned timestamptz not null,
  planned_by text not null,
  held_on text check (held_on ~ '^\d{4}-\d{2}-\d{2}$'),
  found_cameras integer check (found_cameras between 0 and 100000),
  findings text check (length(findings) <= 4000),
  outcome text check (outcome in ('in-order', 'to-correct')),
  correct_by text check (correct_by ~ '^\d{4}-\d{2}-\d{2}$'),
  recorded timestamptz,
  recorded_by text,
  constraint two_officers check (
    lower(normalize(number_a, nfkc)) <> lower(normalize(number_b, nfkc))
    and lower(normalize(officer_a, nfkc)) <> lower(normalize(officer_b, nfkc))
  ),
  check (
    (recorded is null) = (held_on is null) and (recorded is null) = (recorded_by is null)
    and (recorded is null) = (outcome is null) and (recorded is null) = (findings is null)
    and (outcome = 'to-correct') = (correct_by is not null)
  )
);
comment on table desk_inspection is 'An inspection of a place by two officers: planned, then its result. Never deleted. Written by govern.';
comment on column desk_inspection.number_a is 'Number on the officer''s identity card.';
comment on column desk_inspection.found_cameras is 'Cameras that were found in use; null: not counted.';
comment on column desk_inspection.correct_by is 'Last day to correct what was found.';

create function desk_rows_stay() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then raise exception 'what came to the desk is never deleted'; end if;
  if tg_table_name = 'desk_filing' and (old.answered is not null or row(new.id, new.unit_id, new.place_id, new.no, new.kind,
    new.digest, new.content, new.submitted_on, new.arrived, new.brought_by) is distinct from row(old.id, old.unit_id,
    old.place_id, old.no, old.kind, old.digest, old.content, old.submitted_on, old.arrived, old.brought_by)) then
    raise exception 'what came is not edited, and an answer stands';
  end if;
  return new;
end
$$;
create trigger desk_filing_stays before update or delete on desk_filing for each row execute function desk_rows_stay();
create trigger desk_inspection_stays before delete on desk_inspection for each row execute function desk_rows_stay();

create function desk_unit_here() returns text language sql stable as $$
  select id from desk_unit where db_role = current_user
$$;
comment on function desk_unit_here is 'The unit whose role runs the statement; null: none.';

alter table desk_unit enable row level security;
alter table desk_place enable row level security;
alter table desk_filing enable row level security;
alter table desk_document enable row level security;
alter table desk_inspection enable row level security;
create policy own_unit on desk_unit for select using (db_role = current_user);
create policy own_places on desk_place using (unit_id = desk_unit_here()) with check (unit_id = desk_unit_here());
create policy own_filings on desk_filing for select using (unit_id = desk_unit_here());
create policy brings_filings on desk_filing for insert with check (unit_id = desk_unit_here() and state = 'arrived');
create policy own_documents on desk_document using (unit_id = desk_unit_here()) with check (unit_id = desk_unit_here());
create policy own_inspections on desk_inspection for select using (unit_id = desk_unit_here() and recorded is not null);
