-- Places that must have a system (Order 799, art. 7; local lists): what is not there is a gap, with or without a site here.

create table mandatory_place (
  id text primary key,
  name text not null check (length(name) between 1 and 80),
  name_folded text not null,
  place_type text not null check (length(place_type) between 1 and 60),
  profile text not null check (length(profile) between 1 and 60),
  site_id text references site (id),
  address text not null default '',
  responsible text not null default '',
  designation text not null default '',
  designated_on text check (designated_on ~ '^\d{4}-\d{2}-\d{2}$'),
  lat double precision check (lat between -90 and 90),
  lon double precision check (lon between -180 and 180),
  key_positions jsonb not null default '[]' check (jsonb_typeof(key_positions) = 'array'),
  written timestamptz not null,
  written_by text not null,
  ended timestamptz,
  ended_by text,
  ended_reason text,
  constraint mandatory_place_position_is_whole check ((lat is null) = (lon is null)),
  constraint mandatory_place_ended_by_someone check ((ended is null) = (ended_by is null))
);
comment on table mandatory_place is 'A place that must have a system, whether or not it has a site here. Never deleted: it ends. Written by collect.';
comment on column mandatory_place.place_type is 'law/places.ts.';
comment on column mandatory_place.profile is 'Of the jurisdiction whose list names it (law/profiles), where it has no site.';
comment on column mandatory_place.site_id is 'The site there; null: none yet, which is the widest gap.';
comment on column mandatory_place.responsible is 'Who has to build it, as known.';
comment on column mandatory_place.designation is 'The document that names it, where it is not the list of the law; empty: the list.';
comment on column mandatory_place.lat is 'WGS-84, degrees.';
comment on column mandatory_place.key_positions is 'What a camera has to see: [{id, name, at: {lat, lon}}].';
comment on column mandatory_place.ended is 'UTC; it is no such place any more.';
create unique index mandatory_place_name on mandatory_place (name_folded) where ended is null;
