create table operator (
  operator_id text primary key,
  code text not null unique,
  name text not null,
  role text not null constraint operator_role check (role in ('oi', 'oc')),
  contact_email text not null,
  suspended_at_ms bigint,
  created_at_ms bigint not null
);

create table operator_siren (
  operator_id text not null references operator (operator_id),
  siren text not null,
  primary key (operator_id, siren)
);

create table contract (
  operator_id text not null references operator (operator_id),
  id text not null,
  reference text not null,
  signed_at_ms bigint not null,
  ended_at_ms bigint,
  primary key (operator_id, id),
  unique (operator_id, reference)
);

create table contract_offer (
  operator_id text not null,
  contract_id text not null,
  offer_code text not null,
  primary key (operator_id, contract_id, offer_code),
  foreign key (operator_id, contract_id) references contract (operator_id, id)
);

create table subscription (
  operator_id text not null references operator (operator_id),
  id text not null,
  service text not null,
  ordered_at_ms bigint not null,
  activated_at_ms bigint,
  suspended_at_ms bigint,
  ended_at_ms bigint,
  primary key (operator_id, id),
  unique (operator_id, service)
);

create table account (
  operator_id text not null references operator (operator_id),
  id text not null,
  login text not null unique,
  name text not null,
  email text not null,
  seat bigint not null constraint account_seat check (seat between 1 and 100),
  state text not null constraint account_state check (state in ('created', 'active', 'disabled')),
  password_hash text,
  created_at_ms bigint not null,
  version bigint not null,
  primary key (operator_id, id),
  unique (operator_id, seat)
);

create table account_permission (
  operator_id text not null,
  account_id text not null,
  permission text not null,
  primary key (operator_id, account_id, permission),
  foreign key (operator_id, account_id) references account (operator_id, id)
);

create table session (
  operator_id text not null,
  id text not null,
  token_hash text not null unique,
  account_id text not null,
  csrf_token text not null,
  opened_real_at_ms bigint not null,
  seen_real_at_ms bigint not null,
  expires_real_at_ms bigint not null,
  revoked_real_at_ms bigint,
  primary key (operator_id, id),
  foreign key (operator_id, account_id) references account (operator_id, id)
);

create index session_account on session (operator_id, account_id);

create table login_throttle (
  throttle_key text primary key,
  failures bigint not null,
  next_real_at_ms bigint not null,
  seen_real_at_ms bigint not null
);

create index login_throttle_seen on login_throttle (seen_real_at_ms);

create table certificate (
  operator_id text not null references operator (operator_id),
  id text not null,
  fingerprint text not null unique,
  label text not null,
  responsible text not null,
  not_after_real_at_ms bigint not null,
  state text not null
    constraint certificate_state check (state in ('active', 'disabled', 'revoked')),
  created_at_ms bigint not null,
  primary key (operator_id, id)
);

create table audit (
  operator_id text not null,
  id text not null,
  at_ms bigint not null,
  real_at_ms bigint not null,
  actor_kind text not null,
  actor_id text not null,
  actor_name text not null,
  channel text not null,
  request_id text not null,
  action text not null,
  target text not null,
  outcome text not null
    constraint audit_outcome check (outcome in ('accepted', 'refused', 'denied', 'consulted')),
  code text not null,
  detail text not null,
  primary key (operator_id, id)
);

create table audit_unsealed (
  operator_id text not null,
  audit_id text not null,
  primary key (audit_id)
);

create table audit_seal (
  seq bigint primary key,
  operator_id text not null,
  audit_id text not null unique,
  hash text not null
);

create table event (
  operator_id text not null,
  id text not null,
  at_ms bigint not null,
  kind text not null,
  subject text not null,
  payload text not null,
  primary key (operator_id, id)
);

create table event_unnumbered (
  operator_id text not null,
  event_id text not null,
  primary key (event_id)
);

create table event_number (
  operator_id text not null,
  n bigint not null,
  event_id text not null,
  primary key (operator_id, n),
  foreign key (operator_id, event_id) references event (operator_id, id)
);

create table outbox (
  operator_id text not null,
  id text not null,
  kind text not null,
  recipient text not null,
  payload text not null,
  state text not null
    constraint outbox_state check (state in ('pending', 'leased', 'sent', 'parked')),
  attempts bigint not null,
  created_real_at_ms bigint not null,
  due_real_at_ms bigint not null,
  lease_token text not null,
  error text not null,
  primary key (operator_id, id)
);

create index outbox_due on outbox (due_real_at_ms) where state in ('pending', 'leased');

create table job (
  operator_id text not null,
  id text not null,
  kind text not null,
  dedup_key text not null,
  payload text not null,
  state text not null
    constraint job_state check (state in ('pending', 'leased', 'done', 'failed')),
  attempts bigint not null,
  due_at_ms bigint not null,
  retry_real_at_ms bigint not null,
  lease_token text not null,
  error text not null,
  primary key (operator_id, id),
  unique (operator_id, kind, dedup_key)
);

create index job_due on job (due_at_ms) where state in ('pending', 'leased');

create table idempotency (
  operator_id text not null,
  channel text not null,
  key text not null,
  digest text not null,
  answer text not null,
  real_at_ms bigint not null,
  primary key (operator_id, channel, key)
);

create index idempotency_age on idempotency (real_at_ms);

create table lease (
  name text primary key,
  holder text not null,
  token bigint not null,
  until_real_at_ms bigint not null
);

create table setting (
  name text primary key,
  value text not null
);
