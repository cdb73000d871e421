-- The sender leads every key and every index, and no foreign key leaves a sender: so the tables can be divided by
-- sender as they are. What is not led by it, and why, is listed in tests/contract/keys.rs.

ALTER TABLE resource_version ADD COLUMN organisation TEXT;
UPDATE resource_version v SET organisation = m.organisation FROM message m WHERE m.id = v.message;
ALTER TABLE message_code ADD COLUMN organisation TEXT;
UPDATE message_code c SET organisation = m.organisation FROM message m WHERE m.id = c.message;

ALTER TABLE resource_version
    DROP CONSTRAINT resource_version_message_fkey,
    DROP CONSTRAINT resource_version_resource_id_fkey,
    DROP CONSTRAINT resource_version_pkey,
    ALTER COLUMN organisation SET NOT NULL;
DROP INDEX resource_version_message;
ALTER TABLE message_code
    DROP CONSTRAINT message_code_message_fkey,
    DROP CONSTRAINT message_code_pkey,
    ALTER COLUMN organisation SET NOT NULL;
DROP INDEX message_code_code;

-- message.id is counted within the sender from now on: its place in the sender's chain of the audit log, plus
-- audit_head.message_offset.
ALTER TABLE message
    DROP CONSTRAINT message_pkey,
    DROP CONSTRAINT message_content_sha256_key,
    DROP CONSTRAINT message_bundle_identifier_mac_key,
    ALTER COLUMN id DROP IDENTITY,
    ADD PRIMARY KEY (organisation, id),
    ADD UNIQUE (organisation, content_sha256),
    ADD UNIQUE (organisation, bundle_identifier_mac);
DROP INDEX message_received_at;
DROP INDEX message_waiting;
CREATE INDEX message_waiting ON message (organisation, received_at, id)
    WHERE has_content AND acknowledged_at IS NULL;
CREATE INDEX message_content_sha256 ON message (content_sha256);

ALTER TABLE resource
    DROP CONSTRAINT resource_pkey,
    DROP CONSTRAINT resource_identity_mac_key,
    ADD PRIMARY KEY (organisation, identity_mac),
    ADD UNIQUE (organisation, resource_id);

ALTER TABLE resource_version
    ADD PRIMARY KEY (organisation, message, entry),
    ADD UNIQUE (organisation, resource_id, version),
    ADD FOREIGN KEY (organisation, message) REFERENCES message (organisation, id),
    ADD FOREIGN KEY (organisation, resource_id) REFERENCES resource (organisation, resource_id);

ALTER TABLE message_code
    ADD PRIMARY KEY (organisation, message, code),
    ADD FOREIGN KEY (organisation, message) REFERENCES message (organisation, id);
CREATE INDEX message_code_code ON message_code (organisation, code, message);

ALTER TABLE identifier_system
    DROP CONSTRAINT identifier_system_pkey,
    ADD PRIMARY KEY (organisation, system_mac);
CREATE INDEX identifier_system_mac ON identifier_system (system_mac);

-- Of nobody known: an empty organisation.
DROP INDEX refused_call_received_at;
DROP INDEX refused_call_organisation;
UPDATE refused_call SET organisation = '' WHERE organisation IS NULL;
DELETE FROM refused_call a USING refused_call b
    WHERE a.organisation = b.organisation AND a.received_at = b.received_at AND a.request_id = b.request_id
        AND a.code = b.code AND a.id < b.id;
ALTER TABLE refused_call
    ALTER COLUMN organisation SET NOT NULL,
    DROP COLUMN id,
    ADD PRIMARY KEY (organisation, received_at, request_id, code);

DROP INDEX audit_entry_at;
CREATE INDEX audit_entry_at ON audit_entry (chain, at);

-- Every sender with messages has a head, also those whose messages are from before the audit log.
INSERT INTO audit_head (chain, sequence, digest) SELECT DISTINCT organisation, 0, ''::BYTEA FROM message
    ON CONFLICT DO NOTHING;
-- What message.id is ahead of the chain: messages from before this migration were counted over all senders.
ALTER TABLE audit_head ADD COLUMN message_offset BIGINT NOT NULL DEFAULT 0;
UPDATE audit_head SET message_offset =
    GREATEST(0, COALESCE((SELECT MAX(id) FROM message WHERE organisation = chain), 0) - sequence);
-- The database that has taken the sender over; whoever wants to store goes there.
ALTER TABLE audit_head ADD COLUMN moved_to TEXT;
-- The database that the sender is bound to; none: the one with this table.
ALTER TABLE avsender ADD COLUMN database TEXT;
