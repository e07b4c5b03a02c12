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
