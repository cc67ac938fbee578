create table building (
  building_ref text not null,
  state text not null constraint building_state check (state in (
    'cible', 'signe', 'en_cours_de_deploiement', 'raccordable_demande',
    'rad_en_cours_de_deploiement', 'deploye', 'abandonne')),
  insee text not null,
  rivoli text not null,
  postcode text not null,
  commune text not null,
  hexacle text not null,
  street_hexacle text not null,
  ban_key text not null,
  street_type text not null,
  street_name text not null,
  number text not null,
  complement text not null,
  batiment text not null,
  kind text not null constraint building_kind check (kind in ('house', 'flats')),
  is_new boolean not null,
  dwellings bigint not null,
  wired_on text,
  agreement_needed boolean not null,
  agreement_signed_on text,
  zone text not null,
  oi_code text not null,
  pm_ref text not null,
  pmt_ref text not null,
  pbo_kind text not null,
  connection_kind text not null,
  x double precision,
  y double precision,
  projection text not null,
  orders_from text,
  reports_from text,
  opened_on text,
  changed_on text,
  digest bigint not null,
  from_release bigint not null,
  to_release bigint not null default 9223372036854775807,
  primary key (building_ref, from_release)
);

create index building_hexacle on building (hexacle);

create index building_street_number on building (insee, rivoli, number, complement);

create index building_pm on building (pm_ref);

create table pm (
  pm_ref text not null,
  state text not null constraint pm_state check (state in (
    'planifie', 'en_cours_de_deploiement', 'deploye', 'abandonne')),
  kind text not null,
  installed_on text,
  capacity bigint not null,
  engineering text not null,
  dwellings bigint not null,
  first_handed_over_on text,
  opened_on text,
  insee text not null,
  active_place boolean not null,
  pmt_refs text not null,
  digest bigint not null,
  from_release bigint not null,
  to_release bigint not null default 9223372036854775807,
  primary key (pm_ref, from_release)
);

create table dwelling (
  building_ref text not null,
  batiment text not null,
  escalier text not null,
  etage text not null,
  porte text not null,
  rank bigint not null,
  pbo_ref text not null,
  pto_ref text not null,
  state text not null constraint dwelling_state check (state in (
    'a_construire', 'libre', 'en_service')),
  digest bigint not null,
  from_release bigint not null,
  to_release bigint not null default 9223372036854775807,
  primary key (building_ref, batiment, escalier, etage, porte, rank, from_release)
);

create index dwelling_pto on dwelling (pto_ref);

create table fibre (
  fibre_id text not null,
  pm_ref text not null,
  pbo_ref text not null,
  cable text not null,
  tube text not null,
  colour text not null,
  state text not null constraint fibre_state check (state in (
    'disponible', 'reservee', 'occupee', 'hors_service')),
  dedicated boolean not null,
  pto_ref text not null,
  digest bigint not null,
  from_release bigint not null,
  to_release bigint not null default 9223372036854775807,
  primary key (fibre_id, from_release)
);

create index fibre_pbo on fibre (pm_ref, pbo_ref, fibre_id);

create table pto (
  pto_ref text not null,
  pm_ref text not null,
  pbo_ref text not null,
  fibre_id text not null,
  state text not null constraint pto_state check (state in ('libre', 'en_service')),
  oc_code text not null,
  digest bigint not null,
  from_release bigint not null,
  to_release bigint not null default 9223372036854775807,
  primary key (pto_ref, from_release)
);

create table presence (
  oc_code text not null,
  pm_ref text not null,
  prestation_ref text not null,
  digest bigint not null,
  from_release bigint not null,
  to_release bigint not null default 9223372036854775807,
  primary key (oc_code, pm_ref, prestation_ref, from_release)
);

create index presence_prestation on presence (oc_code, prestation_ref);

-- Which release is being edited: an importer that finds another number here has lost its place.
create table reference_build (
  slot bigint primary key constraint reference_build_slot check (slot = 1),
  release bigint not null
);

insert into reference_build (slot, release) values (1, 0);
