-- How answer_sealed was coded before it was sealed: identity or gzip.
ALTER TABLE message ADD COLUMN answer_coding TEXT NOT NULL DEFAULT 'identity';

-- How many entries of a message were refused with a code.
CREATE TABLE message_code (
    message BIGINT NOT NULL REFERENCES message (id),
    code TEXT NOT NULL,
    entries BIGINT NOT NULL,
    PRIMARY KEY (message, code)
);

-- Calls that were refused as a whole. Those of nobody known are counted by code and hour, so that strangers cannot
-- fill the table; of each sender the newest are kept.
CREATE TABLE refused_call (
    id INTEGER PRIMARY KEY,
    received_at BIGINT NOT NULL,
    organisation TEXT,
    client_id TEXT,
    message_id TEXT,
    request_id TEXT NOT NULL,
    code TEXT NOT NULL,
    entries BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    dependent BIGINT NOT NULL,
    calls BIGINT NOT NULL
);

CREATE INDEX refused_call_received_at ON refused_call (received_at);
CREATE INDEX refused_call_organisation ON refused_call (organisation, id);
