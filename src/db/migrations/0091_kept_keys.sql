-- A day's key that had to stay goes later, with a certificate of its own.

alter table certificate drop constraint certificate_why_check;
alter table certificate drop constraint certificate_count_check;
alter table certificate add column key_of text check (key_of in ('main', 'sub'));
alter table certificate add constraint certificate_why_check
  check (why in ('served', 'ceiling', 'erasure', 'room', 'key'));
alter table certificate add constraint certificate_count_check check (count > 0 or why = 'key');
alter table certificate add constraint certificate_key_check check ((why = 'key') = (key_of is not null));
comment on column certificate.why is 'served: past the floor and of no further recorded purpose; ceiling; erasure: somebody asked; room: the disk was full; key: the day''s key alone, which had to stay when its footage went.';
comment on column certificate.key_of is 'The stream whose key of the day goes, where nothing but that key does.';

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

insert into key_kept (camera_id, stream, day, why)
select camera_id, split_part(kept ->> 'source', '.', 2), day, kept ->> 'why'
from certificate, jsonb_array_elements(keys_kept) kept
where state = 'done' and not exists (
  select from certificate later, jsonb_array_elements(later.keys) gone
  where later.camera_id = certificate.camera_id and later.day = certificate.day and gone ->> 'source' = kept ->> 'source'
)
on conflict do nothing;
