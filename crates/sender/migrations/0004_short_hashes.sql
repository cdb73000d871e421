-- Identities and versions are the first 128 bits of their hashes.
UPDATE stored SET identity = substr(identity, 1, 16), version = substr(version, 1, 16);
UPDATE held SET identity = substr(identity, 1, 16), version = substr(version, 1, 16);
UPDATE item SET identity = substr(identity, 1, 16), version = substr(version, 1, 16);
UPDATE vanished SET identity = substr(identity, 1, 16);
DELETE FROM waiting;
