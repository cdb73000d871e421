-- What was received of each sender by the day in Norway (days since 1970-01-01), so that an overview of a year reads few
-- rows. Takes the place of the sums by hour, of which only days were ever made.
CREATE TABLE day_count (
    organisation TEXT NOT NULL,
    day BIGINT NOT NULL,
    -- The last hour (since 1970, UTC) in which a message was taken; none where all were refused.
    last_hour BIGINT,
    accepted BIGINT NOT NULL,
    refused_messages BIGINT NOT NULL,
    entries BIGINT NOT NULL,
    stored BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    dependent BIGINT NOT NULL,
    PRIMARY KEY (organisation, day)
);

-- Codes by the day as well; the sums by hour stay for the alerts.
CREATE TABLE day_code (
    organisation TEXT NOT NULL,
    day BIGINT NOT NULL,
    code TEXT NOT NULL,
    entries BIGINT NOT NULL,
    calls BIGINT NOT NULL,
    PRIMARY KEY (organisation, day, code)
);

INSERT INTO day_count (organisation, day, last_hour, accepted, refused_messages, entries, stored, unchanged, refused,
    dependent)
SELECT organisation, (to_timestamp(hour * 3600) AT TIME ZONE 'Europe/Oslo')::DATE - DATE '1970-01-01' AS norwegian_day,
    MAX(CASE WHEN accepted > 0 THEN hour END), SUM(accepted), SUM(refused_messages), SUM(entries), SUM(stored),
    SUM(unchanged), SUM(refused), SUM(dependent)
FROM hour_count GROUP BY organisation, norwegian_day;

INSERT INTO day_code (organisation, day, code, entries, calls)
SELECT organisation, (to_timestamp(hour * 3600) AT TIME ZONE 'Europe/Oslo')::DATE - DATE '1970-01-01' AS norwegian_day,
    code, SUM(entries), SUM(calls)
FROM hour_code GROUP BY organisation, norwegian_day, code;

DROP TABLE hour_count;

-- The reporting periods of a sender are read from the index alone.
DROP INDEX message_organisation_received_at;
CREATE INDEX message_received ON message (organisation, received_at, outcome, reporting_from, reporting_to);

INSERT INTO schema_program (version, program) VALUES (12, '0.2.0');
