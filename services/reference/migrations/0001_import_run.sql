-- Imports, whichever door they came through: the OI's own, so of no operator.
create table import_run (
  id text primary key,
  kind text not null,
  file_name text not null,
  uploads text not null,
  digest text not null,
  extracted_on text not null,
  dry_run boolean not null,
  approve boolean not null,
  state text not null constraint import_run_state check (state in (
    'received', 'running', 'checked', 'waiting', 'publishing', 'published', 'refused', 'failed',
    'withdrawn')),
  phase text not null,
  done bigint not null,
  total bigint not null,
  summary text not null,
  release bigint,
  seeded bigint not null,
  report_upload text not null,
  rejects_upload text not null,
  refusal_code text not null,
  refusal_field text not null,
  refusal_detail text not null,
  uploaded_by text not null,
  uploaded_name text not null,
  decided_by text not null,
  decided_name text not null,
  channel text not null,
  created_at_ms bigint not null,
  created_real_at_ms bigint not null,
  ended_at_ms bigint,
  touched_real_at_ms bigint not null,
  version bigint not null
);

create index import_run_created on import_run (created_at_ms, id);

create index import_run_release on import_run (release) where release is not null;

-- What a release changed, counted once it was complete.
create table release_change (
  release bigint not null,
  released_table text not null,
  added bigint not null,
  changed bigint not null,
  removed bigint not null,
  primary key (release, released_table)
);

-- Who wants a mail at each publication, where that is not the operator's own contact.
create table publication_notice (
  operator_id text primary key references operator (operator_id),
  wanted boolean not null,
  recipient text not null
);
