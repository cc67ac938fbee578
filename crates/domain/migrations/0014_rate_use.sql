-- What each node of one store let through lately, so that the others count it too. Of use for minutes.
create table rate_use (
  class text not null,
  whose text not null,
  node text not null,
  used bigint not null,
  told_real_at_ms bigint not null,
  primary key (class, whose, node)
);

create index rate_use_told on rate_use (told_real_at_ms);
