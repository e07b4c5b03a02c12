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
  -- A new volume, path or class counts for nothing here.
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

select recount_recorded(id) from camera;

-- "Which cameras have gaps in this hour" asks for a span across all cameras.
create index gap_by_span on gap using gist (int8range(from_ms, to_ms));

-- One entry a segment would hide all others from who reads the ledger, and from the index they are found by.
create index ledger_but_segments on ledger (seq) where action <> 'segment.stored';
