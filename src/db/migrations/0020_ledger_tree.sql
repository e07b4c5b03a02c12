-- The leaves of the ledger's Merkle tree.

create table ledger_leaf (
  leaf bigint primary key check (leaf >= 0),
  seq bigint not null unique,
  salt bytea not null check (length(salt) = 32),
  digest bytea not null check (length(digest) = 32)
);
comment on table ledger_leaf is 'One leaf of the Merkle tree over the ledger, append-only. Written by ledger, by its sequencer.';
comment on column ledger_leaf.leaf is 'Place in the tree, from 0 and without holes: the order in which entries were seen to be committed.';
comment on column ledger_leaf.seq is 'The entry. No foreign key: it would write to every entry once more, and custos fsck proves more.';
comment on column ledger_leaf.salt is 'Random, so that nobody can guess an entry from its digest.';
comment on column ledger_leaf.digest is 'SHA-256 of the salt and the canonical entry: the data of the leaf.';

create trigger ledger_leaf_append_only before update or delete on ledger_leaf
  for each row execute function ledger_is_append_only();
create trigger ledger_leaf_no_truncate before truncate on ledger_leaf
  for each statement execute function ledger_is_append_only();
