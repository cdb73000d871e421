-- The ledger in as few bytes as will do: it has a row for everything that was ever sent.

-- Types of resources, each once.
CREATE TABLE resource_type (
    number INTEGER PRIMARY KEY,
    name   TEXT NOT NULL UNIQUE
) STRICT;

INSERT INTO resource_type (name) SELECT DISTINCT resource_type FROM stored ORDER BY 1;

CREATE TABLE narrow_stored (
    identity      BLOB PRIMARY KEY,
    version       BLOB NOT NULL,
    resource_type INTEGER NOT NULL REFERENCES resource_type (number),
    seq           INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    -- A text, or the sixteen bytes of a UUID in its usual spelling.
    resource_id   ANY,
    source_key    ANY,
    annulled_at   INTEGER
) STRICT, WITHOUT ROWID;

INSERT INTO narrow_stored
SELECT s.identity, s.version, t.number, s.seq, s.at,
    CASE WHEN resource_id GLOB '[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]' THEN unhex(resource_id, '-') ELSE resource_id END,
    CASE WHEN source_key GLOB '[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]-[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]' THEN unhex(source_key, '-') ELSE source_key END,
    s.annulled_at
FROM stored s JOIN resource_type t ON t.name = s.resource_type
ORDER BY s.identity;

DROP TABLE stored;
ALTER TABLE narrow_stored RENAME TO stored;

-- The resources of finished messages, a row for each message. Of an identity the first eight bytes: they are only
-- asked for by an identity that is known whole, and of a thousand million two share them with a chance of 1 in 40.
CREATE TABLE sent_items (
    seq        INTEGER PRIMARY KEY REFERENCES message (seq),
    -- Eight bytes for each, in the order of the message.
    identities BLOB NOT NULL,
    -- A digit for each: 1 stored, 2 unchanged, 3 refused, 4 not stored; none where the message was not answered.
    outcomes   TEXT
) STRICT;

INSERT INTO sent_items
SELECT seq, unhex(group_concat(hex(substr(identity, 1, 8)), '' ORDER BY position)),
    CASE WHEN count(outcome) = count(*) THEN group_concat(outcome, '' ORDER BY position) END
FROM sent_item GROUP BY seq;

DROP TABLE sent_item;
