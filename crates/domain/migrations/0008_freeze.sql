-- Freezes become acts of the OI's staff: who put and lifted each, when, up to when it was meant to
-- last, and whether its reason is the OI's own.
alter table order_freeze add column internal boolean not null default false;

alter table order_freeze add column until_at_ms bigint;

alter table order_freeze add column set_by text not null default '';

alter table order_freeze add column set_at_ms bigint;

alter table order_freeze add column lifted_by text not null default '';

alter table order_freeze add column lifted_at_ms bigint;
