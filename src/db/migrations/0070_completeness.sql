-- The monthly completeness report of each site, as it was made when its month was over.

create table completeness (
  site_id text not null references site (id),
  month text not null check (month ~ '^\d{4}-\d{2}$'),
  made timestamptz not null,
  digest bytea not null check (length(digest) = 32),
  report jsonb not null,
  primary key (site_id, month)
);
comment on table completeness is 'The completeness report of a site and month, made once its month was over, and never changed. Written by store.';
comment on column completeness.month is 'YYYY-MM, of the site''s time zone.';
comment on column completeness.digest is 'SHA-256 of the report''s canonical JSON; the ledger has it too.';
