-- The index at size: one partition a UTC day, made ahead and on demand, dropped whole when nothing is left of its day.

-- Aside, not renamed: the names of the new table's constraints would be taken.
create temporary table segment_whole on commit drop as select * from segment;
drop table segment;

create table segment (
  camera_id text not null references camera (id),
  stream text not null check (stream in ('main', 'sub')),
  start_ms bigint not null check (start_ms between 0 and 253402300799999),
  id text not null,
  end_ms bigint not null check (end_ms >= start_ms),
  condition text not null default 'good' check (condition in ('good', 'missing', 'damaged')),
  class text not null default 'ordinary' check (class in ('ordinary', 'important', 'evidence', 'alarm')),
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
comment on column segment.class is 'What it is kept as: ordinary, important (important value), evidence (marked as such), alarm (record of an alarm).';
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

select make_segment_day(day.day_ms) from (
  select distinct start_ms / 86400000 * 86400000 as day_ms from segment_whole
) as day;

insert into segment (
  camera_id, stream, start_ms, id, end_ms, condition, volume_id, path, run, start_ticks, duration_ticks, bytes, parts,
  pictures, codec, width, height, packets_lost, damaged_pictures, digest, recovered
) select
  camera_id, stream, start_ms, id, end_ms, condition, volume_id, path, run, start_ticks, duration_ticks, bytes, parts,
  pictures, codec, width, height, packets_lost, damaged_pictures, digest, recovered
from segment_whole;
