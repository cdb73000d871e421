-- Receipts as the register signed them. Two with one number show that the register went back.
CREATE TABLE receipt (
    sequence   INTEGER NOT NULL,
    digest     BLOB NOT NULL,
    message_id TEXT NOT NULL,
    kept_at    INTEGER NOT NULL,
    problem    TEXT,
    receipt    TEXT NOT NULL,
    PRIMARY KEY (sequence, digest)
) STRICT, WITHOUT ROWID;
