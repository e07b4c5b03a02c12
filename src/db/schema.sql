-- The schema, as a manual: every table says what a row is and who writes it, every column its unit. The database is
-- made by the files of migrations/; a test proves that their sum is this file.

-- One row a migration that was applied to this database. Written by db/migrate.
create table migration (
  -- File name without .sql: NNNN_name.
  name text primary key,
  -- SHA-256 of the file as it was applied, hex.
  sha256 text not null,
  applied_at timestamptz not null default now()
);
comment on table migration is 'One row a migration that was applied to this database. Written by db/migrate.';
comment on column migration.name is 'File name without .sql: NNNN_name.';
comment on column migration.sha256 is 'SHA-256 of the file as it was applied, hex.';
