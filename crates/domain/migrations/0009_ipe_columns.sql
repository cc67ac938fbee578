-- What the IPE says besides: where a PM stands, whether the OI alone patches there, when a new
-- building is to be handed over, who manages it.
alter table building add column delivery_on text;

alter table building add column manager text not null default '';

alter table pm add column hexacle text not null default '';

alter table pm add column street_hexacle text not null default '';

alter table pm add column ban_key text not null default '';

alter table pm add column rivoli text not null default '';

alter table pm add column number text not null default '';

alter table pm add column complement text not null default '';

alter table pm add column street_type text not null default '';

alter table pm add column street_name text not null default '';

alter table pm add column batiment text not null default '';

alter table pm add column postcode text not null default '';

alter table pm add column commune text not null default '';

alter table pm add column address_quality text not null default '';

alter table pm add column oi_patching boolean not null default false;
