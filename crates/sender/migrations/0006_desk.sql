-- What an operator has decided not to send: it stays here, neither listed nor sent, until it changes at the source.
ALTER TABLE held ADD COLUMN discarded_at INTEGER;
ALTER TABLE held ADD COLUMN discarded_by TEXT;
ALTER TABLE held ADD COLUMN discard_reason TEXT;

-- The journal of what operators did. Nothing in it is changed or removed.
ALTER TABLE operation ADD COLUMN operator TEXT;
ALTER TABLE operation ADD COLUMN reason TEXT;
-- The records that the act was about, as a JSON list.
ALTER TABLE operation ADD COLUMN records TEXT NOT NULL DEFAULT '[]';
CREATE TRIGGER operation_is_not_changed BEFORE UPDATE ON operation
BEGIN SELECT raise(ABORT, 'the journal is only added to'); END;
CREATE TRIGGER operation_is_not_removed BEFORE DELETE ON operation
BEGIN SELECT raise(ABORT, 'the journal is only added to'); END;

-- Parts of the source that cannot be used, as the last transfer left them: rows that cannot be mapped, broken
-- lines and files.
CREATE TABLE source_issue (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    file       TEXT NOT NULL,
    line       INTEGER,
    source_key TEXT,
    is_row     INTEGER NOT NULL,
    cause_nb   TEXT NOT NULL,
    cause_en   TEXT NOT NULL,
    since      INTEGER NOT NULL
) STRICT;

-- Which hook was notified of what: each cause once a day, or once for good.
CREATE TABLE notified (
    hook  TEXT NOT NULL,
    cause TEXT NOT NULL,
    day   TEXT NOT NULL,
    at    INTEGER NOT NULL,
    PRIMARY KEY (hook, cause, day)
) STRICT, WITHOUT ROWID;
