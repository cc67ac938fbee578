-- Lots of eligibility tests: a file of addresses, answered line by line behind the portal.
create table eligibility_lot (
  operator_id text not null references operator (operator_id),
  id text not null,
  state text not null constraint eligibility_lot_state check (state in (
    'waiting', 'running', 'done', 'failed', 'deleted')),
  file_name text not null,
  upload_id text not null,
  digest text not null,
  lines bigint not null,
  unknown_columns text not null,
  done bigint not null,
  at_byte bigint not null,
  release bigint,
  extracted_on text not null,
  eligible bigint not null,
  eligible_le bigint not null,
  non_eligible bigint not null,
  a_preciser bigint not null,
  refuse bigint not null,
  refusal_code text not null,
  submitted_name text not null,
  channel text not null,
  created_at_ms bigint not null,
  started_at_ms bigint,
  ended_at_ms bigint,
  touched_real_at_ms bigint not null,
  primary key (operator_id, id)
);

create index eligibility_lot_created on eligibility_lot (operator_id, created_at_ms, id);

create index eligibility_lot_open on eligibility_lot (touched_real_at_ms)
  where state in ('waiting', 'running');

create index eligibility_lot_gone on eligibility_lot (operator_id, id) where state = 'deleted';

create index eligibility_lot_old on eligibility_lot (created_at_ms);

-- What was answered to each line; what only a reader needs is in `answer`, as JSON.
create table eligibility_lot_row (
  operator_id text not null,
  lot_id text not null,
  line bigint not null,
  reference text not null,
  verdict text not null constraint eligibility_lot_row_verdict check (verdict in (
    'eligible', 'eligible_le', 'non_eligible', 'a_preciser', 'refuse')),
  code text not null,
  building_ref text not null,
  insee text not null,
  commune text not null,
  lon_e6 bigint,
  lat_e6 bigint,
  answer text not null,
  primary key (operator_id, lot_id, line)
);
