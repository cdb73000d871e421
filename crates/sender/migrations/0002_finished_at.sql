ALTER TABLE message RENAME COLUMN settled_at TO finished_at;
