-- The figure of the menu is read at every page.

create index eligibility_watch_unread on eligibility_watch (operator_id) where unread;
