-- A deletion that a locked bucket refuses waits for the end of the lock, and says so in the reader's language.

alter table certificate add column problem jsonb;
alter table certificate add column again timestamptz;
comment on column certificate.problem is 'Code and values of the bucket''s problem that stands in the way, when that is what it is; null = none, or another trouble.';
comment on column certificate.again is 'What was refused until a day is not tried before this; null = at every look.';
