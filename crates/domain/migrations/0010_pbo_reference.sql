-- A PBO is named by its reference alone in the search box.
create index pbo_reference on pbo (pbo_ref);
