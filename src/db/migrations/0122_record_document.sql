-- What stands behind a record: the approved view as a picture, a neighbour's consent as it was signed.

create table record_document (
  record_id text primary key references legal_record (id),
  name text not null check (length(name) between 1 and 120),
  media_type text not null check (media_type in ('image/jpeg', 'image/png', 'application/pdf')),
  bytes bytea not null check (length(bytes) between 1 and 6291456),
  sha256 bytea not null check (length(sha256) = 32),
  written timestamptz not null,
  written_by text not null
);
comment on table record_document is 'The one file of a record, as it was given; never changed and never deleted: its digest stands in the ledger. Written by collect.';
comment on column record_document.media_type is 'As its first bytes say, not as its sender did.';
comment on column record_document.sha256 is 'Of bytes.';

create function record_document_stays() returns trigger language plpgsql as $$
begin
  raise exception 'the document of a record is neither changed nor deleted';
end
$$;
create trigger record_document_stays before update or delete on record_document
  for each row execute function record_document_stays();
