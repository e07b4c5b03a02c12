-- Filing with the public security organ: the unit's facts, what of a filed item changed and when, the documents, the
-- filings with their frozen copies, and what was said of their clocks.

alter table person drop constraint person_roles_check;
alter table person add constraint person_roles_check check (
  cardinality(roles) >= 1
  and roles <@ array['administrator', 'maintainer', 'watcher', 'approver', 'auditor', 'filer', 'receiver', 'delegate']
);

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
