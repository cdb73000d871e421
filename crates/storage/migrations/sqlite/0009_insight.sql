-- What was received of each sender by the hour (hours since 1970), so that an overview of months reads few rows.
CREATE TABLE hour_count (
    organisation TEXT NOT NULL,
    hour BIGINT NOT NULL,
    accepted BIGINT NOT NULL,
    refused_messages BIGINT NOT NULL,
    entries BIGINT NOT NULL,
    stored BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    dependent BIGINT NOT NULL,
    PRIMARY KEY (organisation, hour)
) WITHOUT ROWID;

INSERT INTO hour_count (organisation, hour, accepted, refused_messages, entries, stored, unchanged, refused, dependent)
SELECT organisation, received_at / 3600000000,
       SUM(CASE WHEN outcome = 'accepted' THEN 1 ELSE 0 END), SUM(CASE WHEN outcome = 'accepted' THEN 0 ELSE 1 END),
       SUM(entries), SUM(created + updated), SUM(unchanged), SUM(refused), SUM(dependent)
FROM message GROUP BY organisation, received_at / 3600000000;

-- The codes given by the hour, to entries and to calls. Callers whom nobody knows have an empty organisation.
CREATE TABLE hour_code (
    organisation TEXT NOT NULL,
    hour BIGINT NOT NULL,
    code TEXT NOT NULL,
    entries BIGINT NOT NULL,
    calls BIGINT NOT NULL,
    PRIMARY KEY (organisation, hour, code)
) WITHOUT ROWID;

INSERT INTO hour_code (organisation, hour, code, entries, calls)
SELECT organisation, hour, code, SUM(entries), SUM(calls) FROM (
    SELECT m.organisation AS organisation, m.received_at / 3600000000 AS hour, c.code AS code, c.entries AS entries,
           0 AS calls
    FROM message_code c JOIN message m ON m.id = c.message
    UNION ALL
    SELECT COALESCE(organisation, ''), received_at / 3600000000, code, 0, calls FROM refused_call
) AS given GROUP BY organisation, hour, code;

-- Messages of which nothing was taken, for the list of them.
CREATE INDEX message_refused ON message (organisation, received_at) WHERE outcome = 'refused';

-- Who has dealt with which alert, and why. What happens after opens it again.
CREATE TABLE alert_note (
    alert TEXT NOT NULL PRIMARY KEY,
    closed_at BIGINT NOT NULL,
    -- How much of the hour in which it was closed was known then.
    seen BIGINT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL
) WITHOUT ROWID;
