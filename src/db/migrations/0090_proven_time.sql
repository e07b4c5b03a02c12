-- What time it is for certain: the clock is held against the machine's running time, over restarts too.

alter table reaper drop column doubted_ms, drop column steady_ms;
alter table reaper
  add column boot text,
  add column wall_ms bigint,
  add column up_ms bigint,
  add column stood jsonb not null default '[]',
  add check (num_nulls(boot, wall_ms, up_ms) in (0, 3));
comment on column reaper.believed_ms is 'UTC in ms that it was at least at the last look: the last confirmed reading and what the machine has run since. Steps of the clock are not in it.';
comment on column reaper.doubt is 'back or forward: the clock is too far from that; nothing is deleted until a person or a time server confirms it.';
comment on column reaper.boot is 'Which start of the machine the last look was in; null before the first.';
comment on column reaper.wall_ms is 'What the clock said at the last look.';
comment on column reaper.up_ms is 'For how long the machine had run then, in ms.';
comment on column reaper.stood is 'How the clock stood since the machine was started, or since it was confirmed: spans (fromMs, toMs) by its own word, how far it was ahead of the running time (offsetMs), and whether that was in doubt.';

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
