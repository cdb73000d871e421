-- What the next version of an administration is held against (annulled or not, which patient). Absent for other
-- resources, and for versions from before this migration.
ALTER TABLE resource_version ADD COLUMN administration_sealed BYTEA;
