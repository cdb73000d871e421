-- Times are milliseconds since 1970 (UTC). Identities and versions are keyed hashes, never content.

CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- What the register has confirmed.
CREATE TABLE stored (
    identity      BLOB PRIMARY KEY,
    version       BLOB NOT NULL,
    resource_type TEXT NOT NULL,
    seq           INTEGER NOT NULL,
    at            INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What is held back until it changes at the source or an operator releases it.
CREATE TABLE held (
    number        INTEGER PRIMARY KEY AUTOINCREMENT,
    identity      BLOB NOT NULL UNIQUE,
    version       BLOB NOT NULL,
    resource_type TEXT NOT NULL,
    resource_id   TEXT,
    file          TEXT NOT NULL,
    line          INTEGER NOT NULL,
    since         INTEGER NOT NULL,
    origin        TEXT NOT NULL CHECK (origin IN ('check', 'register')),
    message_id    TEXT,
    issues        TEXT NOT NULL
) STRICT;

CREATE TABLE message (
    seq              INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id       TEXT NOT NULL UNIQUE,
    made_at          INTEGER NOT NULL,
    state            TEXT NOT NULL CHECK (state IN
        ('planned', 'sending', 'waiting', 'exhausted', 'stopped', 'delivered', 'refused', 'released')),
    -- The message as it goes out; gone when nothing can be sent again.
    sealed           BLOB,
    bytes            INTEGER NOT NULL,
    resource_bytes     INTEGER NOT NULL,
    entries          INTEGER NOT NULL,
    round            INTEGER NOT NULL DEFAULT 0,
    may_have_arrived INTEGER NOT NULL DEFAULT 0,
    next_attempt     INTEGER,
    settled_at       INTEGER,
    reason           TEXT
) STRICT;

CREATE INDEX message_open ON message (state) WHERE state IN
    ('planned', 'sending', 'waiting', 'exhausted', 'stopped');

CREATE TABLE item (
    seq           INTEGER NOT NULL REFERENCES message (seq),
    position      INTEGER NOT NULL,
    identity      BLOB NOT NULL,
    version       BLOB NOT NULL,
    role          TEXT NOT NULL CHECK (role IN ('new', 'changed', 'dependency')),
    -- What the message was made for; the rest came along.
    root          INTEGER NOT NULL,
    resource_type TEXT NOT NULL,
    resource_id   TEXT,
    file          TEXT NOT NULL,
    line          INTEGER NOT NULL,
    outcome       TEXT,
    PRIMARY KEY (seq, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    seq         INTEGER NOT NULL REFERENCES message (seq),
    started_at  INTEGER NOT NULL,
    ended_at    INTEGER,
    outcome     TEXT,
    http_status INTEGER,
    detail      TEXT
) STRICT;

CREATE INDEX attempt_of ON attempt (seq);

CREATE TABLE run (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT NOT NULL CHECK (kind IN ('planned', 'retry')),
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,
    report     TEXT
) STRICT;
