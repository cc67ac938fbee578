-- What operators report of addresses that are missing or wrong, and what became of it.
create table tao_anomaly (
  operator_id text not null references operator (operator_id),
  id text not null,
  reference text not null unique,
  kind text not null constraint tao_anomaly_kind check (kind in (
    'creation', 'newBuilding', 'modification', 'nbLogements')),
  complexity text not null constraint tao_anomaly_complexity check (complexity in (
    '', 'SIMPLE', 'COMPLEX', 'MASSE')),
  status text not null constraint tao_anomaly_status check (status in (
    'acknowledged', 'in_progress', 'pending', 'resolved', 'closed', 'rejected', 'canceled')),
  version bigint not null,
  building_ref text not null,
  hexacle text not null,
  insee text not null,
  rivoli text not null,
  number text not null,
  complement text not null,
  street text not null,
  postcode text not null,
  commune text not null,
  address_label text not null,
  place_key text not null,
  batiment text not null,
  escalier text not null,
  etage text not null,
  porte text not null,
  pto_ref text not null,
  typed text not null,
  expected text not null,
  dwellings bigint,
  comment text not null,
  reference_release bigint not null,
  resolution text not null,
  seen_in_release bigint,
  reason text not null constraint tao_anomaly_reason check (reason in (
    '', 'ALREADY_RESOLVED', 'DUPLICATE', 'INVALID', 'UNKNOWN_RESOURCE', 'UNKNOWN_ZONE',
    'UNRESOLVABLE', 'OTHER')),
  account_id text not null,
  reporter text not null,
  channel text not null,
  created_at_ms bigint not null,
  updated_at_ms bigint not null,
  lapses_at_ms bigint,
  acknowledged_ms bigint not null,
  in_progress_ms bigint not null,
  pending_ms bigint not null,
  primary key (operator_id, id)
);

-- One thing wrong at one place has one open anomaly of an operator.
create unique index tao_anomaly_open on tao_anomaly (operator_id, kind, place_key)
  where status in ('acknowledged', 'in_progress', 'pending', 'resolved');

create index tao_anomaly_created on tao_anomaly (operator_id, created_at_ms, id);

create index tao_anomaly_lapses on tao_anomaly (lapses_at_ms) where lapses_at_ms is not null;

create index tao_anomaly_commune on tao_anomaly (insee);

create table tao_anomaly_timeline (
  operator_id text not null,
  id text not null,
  anomaly_id text not null,
  seq bigint not null,
  at_ms bigint not null,
  event text not null,
  from_status text not null,
  to_status text not null constraint tao_anomaly_timeline_to_status check (to_status in (
    'acknowledged', 'in_progress', 'pending', 'resolved', 'closed', 'rejected', 'canceled')),
  actor_kind text not null,
  actor_name text not null,
  channel text not null,
  reason text not null,
  comment text not null,
  primary key (operator_id, id),
  unique (operator_id, anomaly_id, seq),
  foreign key (operator_id, anomaly_id) references tao_anomaly (operator_id, id)
);
