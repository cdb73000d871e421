-- The second database of a receiver that keeps identities apart: who the people of each message are. Columns named
-- *_sealed are AES-256-GCM, *_mac are keyed digests.

-- One row: shows at start whether the key belongs to this database.
CREATE TABLE key_check (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    salt BLOB NOT NULL,
    check_sealed BLOB NOT NULL
);

CREATE TABLE identity_part (
    -- Of the sender and its message, keyed by both keys: neither database alone leads to the other.
    message_mac BLOB NOT NULL,
    -- Of the rest of the bundle, as the other database has it, keyed in the same way: which part fits it.
    rest_mac BLOB NOT NULL,
    -- Counted from 0; an erasure writes the next.
    generation BIGINT NOT NULL,
    -- The day on which it was written, counted from 1970.
    day BIGINT NOT NULL,
    salt BLOB NOT NULL,
    -- The sender and its message, under both keys.
    message_sealed BLOB NOT NULL,
    -- Who somebody is, under the key of this database.
    people_sealed BLOB NOT NULL,
    -- Texts that may also say what somebody was given, under both keys.
    mixed_sealed BLOB NOT NULL,
    PRIMARY KEY (message_mac, rest_mac)
);

CREATE INDEX identity_part_day ON identity_part (day, message_mac, rest_mac);
