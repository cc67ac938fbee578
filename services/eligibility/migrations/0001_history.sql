-- What an operator asked of the eligibility and what it led to, kept for a bounded time. A mere
-- look, written behind the answer: neither audit nor proof of anything.
create table eligibility_request (
  operator_id text not null references operator (operator_id),
  id text not null,
  at_ms bigint not null,
  real_at_ms bigint not null,
  door text not null constraint eligibility_request_door check (door in ('portal', 'xml')),
  asked_by text not null,
  asked_name text not null,
  asked_query text not null,
  shown text not null,
  searched text not null,
  verdict text not null constraint eligibility_request_verdict check (verdict in (
    'eligible', 'later', 'not_eligible', 'choice', 'refused')),
  code text not null,
  opens_on text not null,
  building_ref text not null,
  address text not null,
  buildings bigint not null,
  extracted_on text not null,
  release bigint not null,
  primary key (operator_id, id)
);

create index eligibility_request_at on eligibility_request (operator_id, at_ms, id);

create index eligibility_request_real on eligibility_request (real_at_ms);
