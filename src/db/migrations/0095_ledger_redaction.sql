-- Entries whose personal fields can be destroyed, while the tree over them still verifies.

alter table ledger_leaf add column form smallint not null default 1 check (form in (1, 2));
comment on column ledger_leaf.form is '1: the digest is over the entry whole; 2: over an entry that has commitments in the place of its personal fields, so that these can be redacted.';
alter table ledger_leaf alter column salt drop not null;
comment on column ledger_leaf.salt is 'Random, so that nobody can guess an entry from its digest; in form 2 every other salt of the entry comes of it. Destroyed by a redaction.';

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

drop trigger ledger_append_only on ledger;
create trigger ledger_append_only before delete on ledger
  for each row execute function ledger_is_append_only();
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

drop trigger ledger_leaf_append_only on ledger_leaf;
create trigger ledger_leaf_append_only before delete on ledger_leaf
  for each row execute function ledger_is_append_only();
create trigger ledger_leaf_only_forgets before update on ledger_leaf
  for each row execute function ledger_leaf_only_forgets();
