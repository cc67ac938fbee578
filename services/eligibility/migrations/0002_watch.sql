-- Places whose verdict an operator wants to be told of when it changes.
create table eligibility_watch (
  operator_id text not null references operator (operator_id),
  id text not null,
  place text not null,
  building_ref text not null,
  address text not null,
  reference text not null,
  note text not null,
  searched text not null,
  account_id text not null,
  account_name text not null,
  verdict text not null,
  state text not null constraint eligibility_watch_state check (state in (
    'eligible', 'later', 'not_eligible', 'refused')),
  opens_on text not null,
  release bigint not null,
  verdict_before text not null,
  unread boolean not null,
  created_at_ms bigint not null,
  moved_at_ms bigint not null,
  primary key (operator_id, id),
  unique (operator_id, place)
);

create index eligibility_watch_moved on eligibility_watch (operator_id, moved_at_ms, id);

create index eligibility_watch_opens on eligibility_watch (opens_on) where opens_on <> '';

-- Every change of a watched verdict; a watch that is stopped leaves its own.
create table eligibility_watch_change (
  operator_id text not null references operator (operator_id),
  id text not null,
  watch_id text not null,
  round bigint not null,
  at_ms bigint not null,
  verdict_before text not null,
  verdict_after text not null,
  release bigint not null,
  primary key (operator_id, id)
);

create index eligibility_watch_change_watch on eligibility_watch_change
  (operator_id, watch_id, at_ms, id);

create index eligibility_watch_change_round on eligibility_watch_change (operator_id, round);

-- The release and the business day for which watches were last set to be tested again: of no
-- operator. Rounds are numbered, so that coming back to a release is a round of its own.
create table eligibility_round (
  id text primary key,
  number bigint not null,
  release bigint not null,
  day text not null
);
