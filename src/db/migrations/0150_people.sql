-- What the law wants on record for a person, and until when an account works.
alter table person
  add column employer text not null default '' check (length(employer) <= 80),
  add column guard boolean not null default false,
  add column cleared_until timestamptz,
  add column left_at timestamptz,
  add column left_why text check (length(left_why) between 1 and 2000),
  add constraint person_left_is_not_active check (left_at is null or not active);
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

comment on column session.ended_why is 'signed-out, everywhere, expired, idle, crowded, deactivated, roles, password, inert or left.';

-- Who had an account before has a month to bring the records in, as the first person of an installation has.
insert into person_record (id, person_id, kind, on_day, until_day, ends, said, written, written_by)
select 'rec_' || substr(p.id, 5), p.id, 'founding', to_char(now(), 'YYYY-MM-DD'), to_char(now() + interval '30 days', 'YYYY-MM-DD'),
  now() + interval '30 days', 'Account from before records of persons were kept / 启用人员记录前的账号', now(), 'system'
from person p where p.active;
update person set cleared_until = now() + interval '30 days' where active;
