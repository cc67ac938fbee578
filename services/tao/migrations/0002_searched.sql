-- What lists of anomalies are searched in, in lower case: both engines do not lower the same letters.
alter table tao_anomaly add column searched text not null default '';

update tao_anomaly set searched = lower(reference || ' | ' || address_label || ' | ' || commune
  || ' | ' || insee || ' | ' || building_ref || ' | ' || pto_ref);
