create table release (
  number bigint primary key,
  base bigint not null,
  kind text not null,
  state text not null
    constraint release_state check (state in ('building', 'ready', 'published', 'withdrawn')),
  undone boolean not null,
  created_at_ms bigint not null,
  published_at_ms bigint
);

create table release_source (
  release bigint not null references release (number),
  kind text not null constraint release_source_kind check (kind in (
    'ipe', 'structure', 'fibres', 'prises', 'adduction')),
  extracted_on text not null,
  file_name text not null,
  digest text not null,
  row_count bigint not null,
  primary key (release, kind)
);

create table release_pointer (
  slot bigint primary key constraint release_pointer_slot check (slot = 1),
  number bigint not null,
  version bigint not null
);

insert into release_pointer (slot, number, version) values (1, 0, 0);

create table order_freeze (
  kind text not null constraint order_freeze_kind check (kind in ('building', 'pm')),
  reference text not null,
  from_at_ms bigint not null,
  to_at_ms bigint not null,
  reason text not null,
  primary key (kind, reference, from_at_ms)
);

create table live_fibre (
  fibre_id text primary key,
  state text not null constraint live_fibre_state check (state in (
    'disponible', 'reservee', 'occupee', 'hors_service')),
  dedicated boolean not null,
  pto_ref text not null,
  holder_operator_id text,
  order_id text,
  version bigint not null
);

create index live_fibre_order on live_fibre (order_id) where order_id is not null;

create table live_line (
  pto_ref text primary key,
  pm_ref text not null,
  pbo_ref text not null,
  fibre_id text not null,
  state text not null constraint live_line_state check (state in ('libre', 'en_service')),
  holder_operator_id text,
  holder_code text not null,
  order_id text,
  pending_order_id text,
  version bigint not null
);

create index live_line_holder on live_line (holder_operator_id, pto_ref)
  where holder_operator_id is not null;
