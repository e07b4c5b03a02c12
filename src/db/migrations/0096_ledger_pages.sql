-- Pages of the ledger by what was done, and of what was refused, among millions of others.
create index ledger_by_action on ledger (action, seq) where action <> 'segment.stored';
create index ledger_not_done on ledger (outcome, seq) where outcome <> 'done';
