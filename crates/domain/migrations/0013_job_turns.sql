-- A job that is one short turn of a work that takes minutes: such turns are run apart from those that
-- somebody waits for, and from those that take minutes in one go. It is marked long as well, so that
-- the version before runs it among those.
alter table job add column turns boolean not null default false;
