-- The source's own key (business identifier) of a resource, where it is not a person's number: so that
-- people find in their system what a list names.
ALTER TABLE stored ADD COLUMN resource_id TEXT;
ALTER TABLE stored ADD COLUMN source_key TEXT;
-- When the register confirmed that the resource is annulled.
ALTER TABLE stored ADD COLUMN annulled_at INTEGER;
ALTER TABLE item ADD COLUMN source_key TEXT;
-- Whether the message annuls the resource.
ALTER TABLE item ADD COLUMN is_annulment INTEGER NOT NULL DEFAULT 0;
ALTER TABLE held ADD COLUMN source_key TEXT;
-- Everything that is wrong with it depends on the time: it is tried again by itself.
ALTER TABLE held ADD COLUMN depends_on_clock INTEGER NOT NULL DEFAULT 0;

-- Correct resources that wait because they refer to a held one, as the last transfer left them.
CREATE TABLE waiting (
    identity      BLOB PRIMARY KEY,
    held          BLOB NOT NULL,
    resource_type TEXT NOT NULL,
    resource_id   TEXT,
    source_key    TEXT,
    file          TEXT NOT NULL,
    line          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Confirmed resources that a complete source does not hold any more.
CREATE TABLE vanished (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    identity BLOB NOT NULL UNIQUE,
    since    INTEGER NOT NULL
) STRICT;

-- The content last sent, encrypted with a key of the hospital's own, for annulments.
CREATE TABLE sent_copy (
    seq    INTEGER PRIMARY KEY REFERENCES message (seq),
    sealed BLOB NOT NULL
) STRICT;

-- What operators did: annulments with their reasons, what was forgotten.
CREATE TABLE operation (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at     INTEGER NOT NULL,
    kind   TEXT NOT NULL,
    text   TEXT NOT NULL
) STRICT;

-- Annulments are runs of their own.
CREATE TABLE run_with_annulments (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT NOT NULL CHECK (kind IN ('planned', 'retry', 'annulment')),
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,
    report     TEXT
) STRICT;
INSERT INTO run_with_annulments SELECT number, kind, started_at, ended_at, report FROM run;
DROP TABLE run;
ALTER TABLE run_with_annulments RENAME TO run;
