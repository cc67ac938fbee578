create table access_order (
  operator_id text not null references operator (operator_id),
  id text not null,
  reference text not null,
  prestation text unique,
  status text not null constraint access_order_status check (status in (
    'deposee', 'ar_ko', 'ar_ok', 'cr_ko', 'cr_ok', 'stoc_emise',
    'racco_oi_planifie', 'racco_ko', 'racco_ok', 'mad', 'mes', 'annul_demandee', 'annulee',
    'ecrasee')),
  version bigint not null,
  offer text not null,
  order_type text not null,
  existing_pto boolean not null,
  built_by text not null constraint access_order_built_by check (built_by in ('oc', 'oi')),
  building_ref text not null,
  address_label text not null,
  batiment text not null,
  escalier text not null,
  etage text not null,
  pm_ref text not null,
  pmt_ref text not null,
  pbo_ref text not null,
  pto_ref text not null,
  fibre_id text not null,
  reference_release bigint not null,
  request text not null,
  stoc text not null,
  motive text not null,
  comment text not null,
  account_id text not null,
  channel text not null,
  placed_at_ms bigint not null,
  updated_at_ms bigint not null,
  primary key (operator_id, id),
  unique (operator_id, reference)
);

create index access_order_updated on access_order (operator_id, updated_at_ms, id);

create index access_order_pto on access_order (pto_ref) where pto_ref <> '';

create index access_order_building on access_order (building_ref, status);

create index access_order_placed on access_order (operator_id, placed_at_ms, id);

create index access_order_status on access_order (operator_id, status, updated_at_ms, id);

create table order_timeline (
  operator_id text not null,
  id text not null,
  order_id text not null,
  seq bigint not null,
  at_ms bigint not null,
  event text not null,
  from_status text not null,
  to_status text not null constraint order_timeline_to_status check (to_status in (
    'deposee', 'ar_ko', 'ar_ok', 'cr_ko', 'cr_ok', 'stoc_emise',
    'racco_oi_planifie', 'racco_ko', 'racco_ok', 'mad', 'mes', 'annul_demandee', 'annulee',
    'ecrasee')),
  actor_kind text not null,
  actor_name text not null,
  channel text not null,
  code text not null,
  comment text not null,
  primary key (operator_id, id),
  unique (operator_id, order_id, seq),
  foreign key (operator_id, order_id) references access_order (operator_id, id)
);
