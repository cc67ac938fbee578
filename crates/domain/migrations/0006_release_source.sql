-- The kinds of file are data that grows: the table is written anew with the longer list.
create table release_source_of_kind (
  release bigint not null references release (number),
  kind text not null constraint release_source_of_kind_kind check (kind in (
    'ipe', 'structure', 'fibres', 'prises', 'adduction', 'pm', 'pbo', 'cables', 'routes', 'nd',
    'ban', 'catalogue', 'gracethd')),
  extracted_on text not null,
  file_name text not null,
  digest text not null,
  row_count bigint not null,
  primary key (release, kind)
);

insert into release_source_of_kind (release, kind, extracted_on, file_name, digest, row_count)
  select release, kind, extracted_on, file_name, digest, row_count from release_source;

drop table release_source;

alter table release_source_of_kind rename to release_source;
