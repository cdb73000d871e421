-- Expand/contract: a released migration is never edited; a new file adds, a later one removes.
-- Times are microseconds since 1970-01-01T00:00Z. Columns named *_sealed are AES-256-GCM, *_mac are keyed digests.

-- One row: shows at start whether the key belongs to this database.
CREATE TABLE key_check (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    salt BYTEA NOT NULL,
    check_sealed BYTEA NOT NULL
);

CREATE TABLE avsender (
    organisation TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    rule_set TEXT,
    start_date TEXT
);

CREATE TABLE avsender_certificate (
    organisation TEXT NOT NULL REFERENCES avsender (organisation) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    der BYTEA NOT NULL,
    accepted_from BIGINT,
    accepted_until BIGINT,
    PRIMARY KEY (organisation, position)
);

CREATE TABLE avsender_address (
    organisation TEXT NOT NULL REFERENCES avsender (organisation) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    network TEXT NOT NULL,
    PRIMARY KEY (organisation, position)
);

CREATE TABLE message (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation TEXT NOT NULL,
    message_id TEXT NOT NULL,
    -- Of the encrypted content: nothing can be learnt from it.
    content_sha256 BYTEA NOT NULL,
    bundle_identifier_mac BYTEA,
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
    salt BYTEA NOT NULL,
    answer_sealed BYTEA NOT NULL,
    UNIQUE (organisation, message_id),
    UNIQUE (content_sha256),
    UNIQUE (bundle_identifier_mac)
);

CREATE INDEX message_received_at ON message (received_at);

CREATE TABLE resource (
    resource_id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    organisation TEXT NOT NULL,
    -- Over organisation, kind and business identifier, which may be a person's number.
    identity_mac BYTEA NOT NULL UNIQUE,
    version BIGINT NOT NULL
);

CREATE TABLE resource_version (
    resource_id TEXT NOT NULL REFERENCES resource (resource_id),
    version BIGINT NOT NULL,
    message BIGINT NOT NULL REFERENCES message (id),
    entry BIGINT NOT NULL,
    stored_at BIGINT NOT NULL,
    hash_sealed BYTEA NOT NULL,
    content_sealed BYTEA NOT NULL,
    PRIMARY KEY (resource_id, version)
);

CREATE INDEX resource_version_message ON resource_version (message);
