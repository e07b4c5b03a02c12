-- Sites and cameras as the law sees them: what a camera is and where it looks, what stands on record, the steps of its
-- life, and a second wall that no statement climbs: no camera in a prohibited interior, none operating without what
-- operating needs.

alter table site
  add column class_decided timestamptz,
  add column class_by text,
  add column class_why text not null default '',
  add column owner text check (owner in ('government', 'operator', 'security-duty-holder', 'other')),
  add column functions text[] not null default array['collect', 'transmit', 'display', 'store']
    check (functions <@ array['collect', 'transmit', 'display', 'store']),
  add column area jsonb not null default '[]' check (jsonb_typeof(area) = 'array'),
  add column neighbours jsonb not null default '[]' check (jsonb_typeof(neighbours) = 'array'),
  add column private_areas jsonb not null default '[]' check (jsonb_typeof(private_areas) = 'array'),
  add constraint site_class_decided_by_someone check ((class_decided is null) = (class_by is null));
comment on column site.class_decided is 'UTC; when a named person decided the place class; null: nobody has, and no camera operates.';
comment on column site.class_by is 'Name of the person who decided the place class.';
comment on column site.class_why is 'Why it is of this class, in that person''s words.';
comment on column site.owner is 'Who runs the system there (law/facts.ts); null = not said.';
comment on column site.functions is 'Which of the four functions of such a system it does (Order 799, art. 2).';
comment on column site.area is 'Outline on the ground: [{lat, lon}], WGS-84; empty = not drawn.';
comment on column site.neighbours is 'Protected neighbours: [{id, name, kind, outline, withinM}].';
comment on column site.private_areas is 'Windows, doors and private areas: [{id, kind, outline}]; a camera that sees one needs a mask.';
update site set class_decided = retention.settled, class_by = retention.settled_by
  from retention where retention.site_id = site.id and retention.settled is not null;

alter table camera
  add column step text not null default 'tested'
    check (step in ('planned', 'approved', 'installed', 'tested', 'operating', 'suspended', 'retired')),
  add column step_at timestamptz,
  add column step_by text,
  add column step_reason text,
  add column carried_over boolean not null default false,
  add column operating_since text check (operating_since ~ '^\d{4}-\d{2}-\d{2}$'),
  add column room text check (length(room) between 1 and 60),
  add column zone text not null default 'public' check (zone in ('public', 'private')),
  add column owner text check (owner in ('government', 'operator', 'security-duty-holder', 'other')),
  add column purpose text not null default 'public-safety' check (purpose in ('public-safety', 'enforcement', 'other')),
  add column lat double precision check (lat between -90 and 90),
  add column lon double precision check (lon between -180 and 180),
  add column azimuth_deg double precision check (azimuth_deg >= 0 and azimuth_deg < 360),
  add column angle_deg double precision check (angle_deg > 0 and angle_deg <= 360),
  add column range_m double precision check (range_m > 0 and range_m <= 10000),
  add column turns boolean not null default false,
  add column masked text[] not null default '{}',
  add column capabilities text[] not null default '{}'
    check (capabilities <@ array['high-definition', 'wide-dynamic-range', 'night-vision']),
  add column end_of_support text check (end_of_support ~ '^\d{4}-\d{2}-\d{2}$'),
  add constraint camera_position_is_whole check ((lat is null) = (lon is null));
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
update camera set step = 'retired', step_at = retired_at, step_by = retired_by where retired_at is not null;
update camera set step = 'operating', carried_over = true,
  operating_since = to_char(camera.created at time zone site.time_zone, 'YYYY-MM-DD')
  from site where site.id = camera.site_id and camera.retired_at is null;
alter table camera add constraint camera_retired_is_its_step check ((step = 'retired') = (retired_at is not null));

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
