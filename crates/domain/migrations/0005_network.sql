-- The rest of the network, and what tells a line of a file that has not changed without reading it:
-- `line_digest`, of the bytes it was read from. `origin` is the kind of file that a row of a table
-- fed by several comes from: a file removes only what files of its own kind brought.
alter table building add column line_digest bigint not null default 0;

alter table building add column lon double precision;

alter table building add column lat double precision;

alter table pm add column line_digest bigint not null default 0;

alter table pm add column origin text not null default 'ipe';

alter table pm add column lon double precision;

alter table pm add column lat double precision;

alter table dwelling add column line_digest bigint not null default 0;

alter table fibre add column line_digest bigint not null default 0;

alter table fibre add column origin text not null default 'fibres';

alter table pto add column line_digest bigint not null default 0;

alter table presence add column line_digest bigint not null default 0;

create table pbo (
  pm_ref text not null,
  pbo_ref text not null,
  kind text not null,
  capacity bigint not null,
  lon double precision,
  lat double precision,
  origin text not null,
  digest bigint not null,
  line_digest bigint not null,
  from_release bigint not null,
  to_release bigint not null default 9223372036854775807,
  primary key (pm_ref, pbo_ref, from_release)
);

create table cable (
  cable_ref text not null,
  pm_ref text not null,
  from_ref text not null,
  to_ref text not null,
  capacity bigint not null,
  modulo bigint not null,
  colour_code text not null,
  origin text not null,
  digest bigint not null,
  line_digest bigint not null,
  from_release bigint not null,
  to_release bigint not null default 9223372036854775807,
  primary key (cable_ref, from_release)
);

create index cable_pm on cable (pm_ref);

create table optical_route (
  pto_ref text not null,
  rank bigint not null,
  pm_ref text not null,
  pbo_ref text not null,
  module text not null,
  position text not null,
  module_cable text not null,
  module_tube text not null,
  module_fibre text not null,
  cable_ref text not null,
  tube text not null,
  fibre text not null,
  fibre_id text not null,
  connector bigint not null,
  connector_colour text not null,
  origin text not null,
  digest bigint not null,
  line_digest bigint not null,
  from_release bigint not null,
  to_release bigint not null default 9223372036854775807,
  primary key (pto_ref, rank, from_release)
);

create index optical_route_fibre on optical_route (fibre_id);

create table nd (
  nd text not null,
  building_ref text not null,
  pto_ref text not null,
  copper_state text not null constraint nd_copper_state check (copper_state in (
    'active', 'inactive')),
  digest bigint not null,
  line_digest bigint not null,
  from_release bigint not null,
  to_release bigint not null default 9223372036854775807,
  primary key (nd, from_release)
);

create index nd_building on nd (building_ref);

create table ban_address (
  ban_key text not null,
  insee text not null,
  street_code text not null,
  number text not null,
  complement text not null,
  street_name text not null,
  afnor_name text not null,
  place_name text not null,
  postcode text not null,
  commune text not null,
  delivery_name text not null,
  old_insee text not null,
  old_commune text not null,
  lon double precision,
  lat double precision,
  certified boolean not null,
  digest bigint not null,
  line_digest bigint not null,
  from_release bigint not null,
  to_release bigint not null default 9223372036854775807,
  primary key (ban_key, from_release)
);

create index ban_address_street on ban_address (insee, street_code, number);

create table offer (
  code text not null,
  label text not null,
  family text not null constraint offer_family check (family in ('passive', 'active')),
  technology text not null,
  zones text not null,
  building_states text not null,
  building_kinds text not null,
  presence_needed boolean not null,
  active_place_needed boolean not null,
  from_day text,
  to_day text,
  digest bigint not null,
  line_digest bigint not null,
  from_release bigint not null,
  to_release bigint not null default 9223372036854775807,
  primary key (code, from_release)
);

create index building_insee on building (insee, street_name, number);

-- What a release began and ended, for its differences and for undoing it.
create index building_from on building (from_release);

create index pm_from on pm (from_release);

create index dwelling_from on dwelling (from_release);

create index fibre_from on fibre (from_release);

create index pto_from on pto (from_release);

create index presence_from on presence (from_release);

create index pbo_from on pbo (from_release);

create index cable_from on cable (from_release);

create index optical_route_from on optical_route (from_release);

create index nd_from on nd (from_release);

create index ban_address_from on ban_address (from_release);

create index offer_from on offer (from_release);

create index building_to on building (to_release) where to_release < 9223372036854775807;

create index pm_to on pm (to_release) where to_release < 9223372036854775807;

create index dwelling_to on dwelling (to_release) where to_release < 9223372036854775807;

create index fibre_to on fibre (to_release) where to_release < 9223372036854775807;

create index pto_to on pto (to_release) where to_release < 9223372036854775807;

create index presence_to on presence (to_release) where to_release < 9223372036854775807;

create index pbo_to on pbo (to_release) where to_release < 9223372036854775807;

create index cable_to on cable (to_release) where to_release < 9223372036854775807;

create index optical_route_to on optical_route (to_release)
  where to_release < 9223372036854775807;

create index nd_to on nd (to_release) where to_release < 9223372036854775807;

create index ban_address_to on ban_address (to_release) where to_release < 9223372036854775807;

create index offer_to on offer (to_release) where to_release < 9223372036854775807;
