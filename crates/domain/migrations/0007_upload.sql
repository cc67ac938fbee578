-- Files that came from outside, and files the platform made to be fetched. On SQLite their bytes lie
-- in a folder beside the database, under the id; on PostgreSQL in chunks here.
create table upload (
  operator_id text not null,
  id text not null,
  purpose text not null constraint upload_purpose check (purpose in ('reference', 'report')),
  state text not null constraint upload_state check (state in ('received', 'clean', 'refused')),
  file_name text not null,
  size bigint not null,
  digest text not null,
  scanner text not null,
  finding text not null,
  received_at_ms bigint not null,
  primary key (operator_id, id)
);

create table upload_chunk (
  operator_id text not null,
  upload_id text not null,
  seq bigint not null,
  bytes bytea not null,
  primary key (operator_id, upload_id, seq)
);

-- A long job is run apart from those that somebody waits for.
alter table job add column long boolean not null default false;

-- Who published a release and who withdrew it, when and why: its history.
alter table release add column published_by text not null default '';

alter table release add column withdrawn_by text not null default '';

alter table release add column withdrawn_at_ms bigint;

alter table release add column withdrawn_why text not null default '';
