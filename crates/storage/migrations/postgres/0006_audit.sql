-- The audit log: a chain of entries for each sender (its receipts) and one of the register's own acts.
-- Entries are only added. The head's row is locked by whoever adds one, so that a chain has no forks.
CREATE TABLE audit_head (
    chain TEXT NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL,
    -- SHA-256 of the newest entry's text; empty before the first.
    digest BYTEA NOT NULL
);

CREATE TABLE audit_entry (
    chain TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    at BIGINT NOT NULL,
    action TEXT NOT NULL,
    entry TEXT NOT NULL,
    mac BYTEA NOT NULL,
    PRIMARY KEY (chain, sequence)
);

CREATE INDEX audit_entry_at ON audit_entry (at);

-- The message's entry in its sender's chain; none for messages from before this migration.
ALTER TABLE message ADD COLUMN audit_sequence BIGINT;

CREATE FUNCTION audit_entry_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries of the audit log are only added';
END
$$;

CREATE TRIGGER audit_entry_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_stays();
