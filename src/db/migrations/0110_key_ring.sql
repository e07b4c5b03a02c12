-- Under which key ring footage was sealed, so that a ring that was lost or exchanged is noticed before another is used.

create table key_ring (
  no bigint generated always as identity primary key,
  ring text,
  since timestamptz not null,
  until timestamptz,
  reason text,
  check (until is null or until >= since)
);
comment on table key_ring is 'The key rings of this database''s footage, one after the other. Written by store: by the start that knew none, and when a person accepts another.';
comment on column key_ring.ring is 'mst_…, the id in DATA/keys/footage/master.json; null = it was lost before it was known.';
comment on column key_ring.since is 'UTC; the first one''s footage may be older.';
comment on column key_ring.until is 'UTC; null = in force. What was sealed under another ring than the one in force cannot be read.';
comment on column key_ring.reason is 'Why this ring was accepted in the place of the one before; null for the first.';
create unique index key_ring_in_force on key_ring ((until is null)) where until is null;
