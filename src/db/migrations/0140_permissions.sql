-- Who may look at what, from when until when and why (permission), who decides for whom is away (delegation), and the
-- use register: shifts, and what a view was for. Written by gate; shift and view by display.

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

alter table view
  add column permission_id text references permission (id),
  add column shift_id text references shift (id),
  add column purpose_code text,
  add column for_whom text,
  add column authority text,
  add column unit text,
  add column person_name text,
  add column stills integer not null default 0,
  add column exports integer not null default 0,
  add column export_bytes bigint not null default 0;
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
