-- The sender leads every key and every index, and no foreign key leaves a sender: so the tables can be divided by
-- sender as they are. What is not led by it, and why, is listed in tests/contract/keys.rs.
-- SQLite changes no key of a table that is there, so the tables are copied.

CREATE TABLE message_10 (
    organisation TEXT NOT NULL,
    -- Counted within the sender: its place in the sender's chain of the audit log, plus audit_head.message_offset.
    id BIGINT NOT NULL,
    message_id TEXT NOT NULL,
    content_sha256 BLOB NOT NULL,
    bundle_identifier_mac BLOB,
    rule_set TEXT NOT NULL,
    client_id TEXT NOT NULL,
    reporting_from BIGINT NOT NULL,
    reporting_to BIGINT NOT NULL,
    generated_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    entries BIGINT NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    dependent BIGINT NOT NULL,
    salt BLOB NOT NULL,
    answer_coding TEXT NOT NULL,
    answer_sealed BLOB NOT NULL,
    audit_sequence BIGINT,
    has_content BOOLEAN NOT NULL DEFAULT FALSE,
    lent_until BIGINT,
    times_lent BIGINT NOT NULL DEFAULT 0,
    acknowledged_at BIGINT,
    PRIMARY KEY (organisation, id),
    UNIQUE (organisation, message_id),
    UNIQUE (organisation, content_sha256),
    UNIQUE (organisation, bundle_identifier_mac)
);

INSERT INTO message_10 (organisation, id, message_id, content_sha256, bundle_identifier_mac, rule_set, client_id,
    reporting_from, reporting_to, generated_at, received_at, outcome, entries, created, updated, unchanged, refused,
    dependent, salt, answer_coding, answer_sealed, audit_sequence, has_content, lent_until, times_lent, acknowledged_at)
SELECT organisation, id, message_id, content_sha256, bundle_identifier_mac, rule_set, client_id,
    reporting_from, reporting_to, generated_at, received_at, outcome, entries, created, updated, unchanged, refused,
    dependent, salt, answer_coding, answer_sealed, audit_sequence, has_content, lent_until, times_lent, acknowledged_at
FROM message ORDER BY id;

CREATE TABLE resource_10 (
    organisation TEXT NOT NULL,
    -- Over organisation, kind and business identifier, which may be a person's number.
    identity_mac BLOB NOT NULL,
    resource_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (organisation, identity_mac),
    UNIQUE (organisation, resource_id)
) WITHOUT ROWID;

INSERT INTO resource_10 (organisation, identity_mac, resource_id, kind, version)
SELECT organisation, identity_mac, resource_id, kind, version FROM resource;

-- In the order of the messages, so that new rows are always at the end.
CREATE TABLE resource_version_10 (
    organisation TEXT NOT NULL,
    message BIGINT NOT NULL,
    entry BIGINT NOT NULL,
    resource_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    stored_at BIGINT NOT NULL,
    hash_sealed BLOB NOT NULL,
    content_sealed BLOB NOT NULL,
    administration_sealed BLOB,
    content_from BIGINT,
    content_length BIGINT,
    PRIMARY KEY (organisation, message, entry),
    UNIQUE (organisation, resource_id, version),
    FOREIGN KEY (organisation, message) REFERENCES message_10 (organisation, id),
    FOREIGN KEY (organisation, resource_id) REFERENCES resource_10 (organisation, resource_id)
) WITHOUT ROWID;

INSERT INTO resource_version_10 (organisation, message, entry, resource_id, version, stored_at, hash_sealed,
    content_sealed, administration_sealed, content_from, content_length)
SELECT m.organisation, v.message, v.entry, v.resource_id, v.version, v.stored_at, v.hash_sealed,
    v.content_sealed, v.administration_sealed, v.content_from, v.content_length
FROM resource_version v JOIN message m ON m.id = v.message ORDER BY v.message, v.entry;

CREATE TABLE message_code_10 (
    organisation TEXT NOT NULL,
    message BIGINT NOT NULL,
    code TEXT NOT NULL,
    entries BIGINT NOT NULL,
    PRIMARY KEY (organisation, message, code),
    FOREIGN KEY (organisation, message) REFERENCES message_10 (organisation, id)
) WITHOUT ROWID;

INSERT INTO message_code_10 (organisation, message, code, entries)
SELECT m.organisation, c.message, c.code, c.entries FROM message_code c JOIN message m ON m.id = c.message;

DROP TABLE resource_version;
DROP TABLE message_code;
DROP TABLE resource;
DROP TABLE message;
ALTER TABLE message_10 RENAME TO message;
ALTER TABLE resource_10 RENAME TO resource;
ALTER TABLE resource_version_10 RENAME TO resource_version;
ALTER TABLE message_code_10 RENAME TO message_code;

CREATE INDEX message_organisation_received_at ON message (organisation, received_at);
CREATE INDEX message_waiting ON message (organisation, received_at, id)
    WHERE has_content AND acknowledged_at IS NULL;
CREATE INDEX message_refused ON message (organisation, received_at) WHERE outcome = 'refused';
CREATE INDEX message_content_sha256 ON message (content_sha256);
CREATE INDEX message_code_code ON message_code (organisation, code, message);

CREATE TABLE identifier_system_10 (
    organisation TEXT NOT NULL,
    system_mac BLOB NOT NULL,
    PRIMARY KEY (organisation, system_mac)
) WITHOUT ROWID;
INSERT INTO identifier_system_10 (organisation, system_mac) SELECT organisation, system_mac FROM identifier_system;
DROP TABLE identifier_system;
ALTER TABLE identifier_system_10 RENAME TO identifier_system;
CREATE INDEX identifier_system_mac ON identifier_system (system_mac);

-- Of nobody known: an empty organisation.
CREATE TABLE refused_call_10 (
    organisation TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    request_id TEXT NOT NULL,
    code TEXT NOT NULL,
    client_id TEXT,
    message_id TEXT,
    entries BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    dependent BIGINT NOT NULL,
    calls BIGINT NOT NULL,
    PRIMARY KEY (organisation, received_at, request_id, code)
) WITHOUT ROWID;
INSERT INTO refused_call_10 (organisation, received_at, request_id, code, client_id, message_id, entries, refused,
    dependent, calls)
SELECT COALESCE(organisation, ''), received_at, request_id, code, client_id, message_id, MAX(entries), MAX(refused),
    MAX(dependent), SUM(calls)
FROM refused_call GROUP BY COALESCE(organisation, ''), received_at, request_id, code;
DROP TABLE refused_call;
ALTER TABLE refused_call_10 RENAME TO refused_call;

DROP INDEX audit_entry_at;
CREATE INDEX audit_entry_at ON audit_entry (chain, at);

-- Every sender with messages has a head, also those whose messages are from before the audit log.
INSERT INTO audit_head (chain, sequence, digest) SELECT DISTINCT organisation, 0, x'' FROM message WHERE TRUE
    ON CONFLICT DO NOTHING;
-- What message.id is ahead of the chain: messages from before this migration were counted over all senders.
ALTER TABLE audit_head ADD COLUMN message_offset BIGINT NOT NULL DEFAULT 0;
UPDATE audit_head SET message_offset =
    MAX(0, COALESCE((SELECT MAX(id) FROM message WHERE organisation = chain), 0) - sequence);
-- The database that has taken the sender over; whoever wants to store goes there.
ALTER TABLE audit_head ADD COLUMN moved_to TEXT;
-- The database that the sender is bound to; none: the one with this table.
ALTER TABLE avsender ADD COLUMN database TEXT;
