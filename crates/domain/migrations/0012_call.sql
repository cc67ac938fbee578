-- What each operator's machines asked of the XML web services and what they were answered, for its
-- developers. The texts stand apart, so that a list does not read them.
create table call_log (
  operator_id text not null,
  id text not null,
  at_ms bigint not null,
  real_at_ms bigint not null,
  service text not null,
  operation text not null,
  certificate_id text not null,
  certificate text not null,
  request_key text not null,
  outcome text not null
    constraint call_log_outcome check (outcome in ('accepted', 'refused', 'fault')),
  code text not null,
  message text not null,
  duration_us bigint not null,
  request_size bigint not null,
  reply_size bigint not null,
  error_line bigint,
  error_column bigint,
  error_element text not null,
  error_rule text not null,
  kept_bytes bigint not null,
  primary key (operator_id, id)
);

create index call_log_at on call_log (operator_id, at_ms, id);

create index call_log_old on call_log (real_at_ms);

create table call_text (
  operator_id text not null,
  call_id text not null,
  request text not null,
  reply text not null,
  primary key (operator_id, call_id),
  foreign key (operator_id, call_id) references call_log (operator_id, id)
);

-- How much is kept of each operator, so that its cap is looked at without counting.
create table call_volume (
  operator_id text primary key,
  calls bigint not null,
  bytes bigint not null
);
