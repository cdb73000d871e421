-- The bundle of each message, as the sender compressed it; of refused and erased resources only an empty object.
-- A version of a resource is a place in it. Versions from before have their content in their own row.
CREATE TABLE message_content (
    organisation TEXT NOT NULL,
    message BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    content_sealed BYTEA NOT NULL,
    PRIMARY KEY (organisation, message, received_at)
) PARTITION BY RANGE (received_at);

-- What comes when there is no partition for its month; `lmr admin partitions` makes them ahead.
CREATE TABLE message_content_rest PARTITION OF message_content DEFAULT;

ALTER TABLE resource_version ADD COLUMN content_from BIGINT;
ALTER TABLE resource_version ADD COLUMN content_length BIGINT;

-- Whether the bundle is there, and how far it is on its way out.
ALTER TABLE message ADD COLUMN has_content BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE message ADD COLUMN lent_until BIGINT;
ALTER TABLE message ADD COLUMN times_lent BIGINT NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN acknowledged_at BIGINT;

CREATE INDEX message_waiting ON message (received_at, id) WHERE has_content AND acknowledged_at IS NULL;
