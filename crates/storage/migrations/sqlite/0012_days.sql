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
) WITHOUT ROWID;

-- Codes by the day as well; the sums by hour stay for the alerts.
CREATE TABLE day_code (
    organisation TEXT NOT NULL,
    day BIGINT NOT NULL,
    code TEXT NOT NULL,
    entries BIGINT NOT NULL,
    calls BIGINT NOT NULL,
    PRIMARY KEY (organisation, day, code)
) WITHOUT ROWID;

-- SQLite knows no time zones. Norway is one hour ahead of UTC, and two from 01:00 UTC on the last Sunday of March to
-- 01:00 UTC on the last Sunday of October.
CREATE TABLE hour_12 (hour BIGINT PRIMARY KEY, day BIGINT NOT NULL);
INSERT INTO hour_12 (hour, day)
SELECT hour, (hour + 1 + (hour >= summer AND hour < winter)) / 24 FROM (
    SELECT hour,
        CAST(strftime('%s', strftime('%Y', hour * 3600, 'unixepoch') || '-03-25', 'weekday 0') AS INTEGER) / 3600 + 1
            AS summer,
        CAST(strftime('%s', strftime('%Y', hour * 3600, 'unixepoch') || '-10-25', 'weekday 0') AS INTEGER) / 3600 + 1
            AS winter
    FROM (SELECT hour FROM hour_count UNION SELECT hour FROM hour_code) AS known
) AS clock;

INSERT INTO day_count (organisation, day, last_hour, accepted, refused_messages, entries, stored, unchanged, refused,
    dependent)
SELECT c.organisation, h.day, MAX(CASE WHEN c.accepted > 0 THEN c.hour END), SUM(c.accepted), SUM(c.refused_messages),
    SUM(c.entries), SUM(c.stored), SUM(c.unchanged), SUM(c.refused), SUM(c.dependent)
FROM hour_count c JOIN hour_12 h ON h.hour = c.hour GROUP BY c.organisation, h.day;

INSERT INTO day_code (organisation, day, code, entries, calls)
SELECT c.organisation, h.day, c.code, SUM(c.entries), SUM(c.calls)
FROM hour_code c JOIN hour_12 h ON h.hour = c.hour GROUP BY c.organisation, h.day, c.code;

DROP TABLE hour_12;
DROP TABLE hour_count;

-- The reporting periods of a sender are read from the index alone.
DROP INDEX message_organisation_received_at;
CREATE INDEX message_received ON message (organisation, received_at, outcome, reporting_from, reporting_to);

INSERT INTO schema_program (version, program) VALUES (12, '0.2.0');
