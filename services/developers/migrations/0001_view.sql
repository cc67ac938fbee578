-- Accounts made before there was a developers' area: whoever reads what its machines exchange reads
-- their calls too, as every profile given since does.
insert into account_permission (operator_id, account_id, permission)
select distinct operator_id, account_id, 'developpeurs.view'
from account_permission
where permission in ('eligibilite.view', 'fci.view', 'tao.view')
on conflict do nothing;
