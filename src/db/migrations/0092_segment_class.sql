-- What a segment is kept as follows from the holds and marks on its time; a copy of it here was never written.

alter table segment drop column class;

create or replace function segments_changed() returns trigger language plpgsql as $$
begin
  -- A new volume or path counts for nothing here.
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
