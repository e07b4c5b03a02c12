-- The number that the unit itself gives a camera: what a spreadsheet is read in by, once and again.

alter table camera
  add column own_number text check (length(own_number) between 1 and 40),
  add column number_folded text,
  add constraint camera_number_is_folded check ((own_number is null) = (number_folded is null));
comment on column camera.own_number is 'What the unit itself calls it by, e.g. of its plans or of GB/T 28181; null: none was given.';
create unique index camera_number_at_site on camera (site_id, number_folded) where retired_at is null;
