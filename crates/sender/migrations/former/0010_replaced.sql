-- Sources in which a type and an id always name the same resource.
CREATE TABLE id_space (
    number INTEGER PRIMARY KEY,
    name   TEXT NOT NULL UNIQUE
) STRICT;

-- Of which of them the resource's id is.
ALTER TABLE stored ADD COLUMN id_space INTEGER;
ALTER TABLE item ADD COLUMN id_space TEXT;

-- The record that the source has under the id of the vanished one, where it has one.
ALTER TABLE vanished ADD COLUMN replaced_by BLOB;

-- What new attempts and annulments have left since the last planned transfer, counted when it is booked: the report of
-- a run that is cut off is never written.
INSERT INTO setting (name, value)
SELECT 'since-transfer.' || k.name, CAST(sum(CAST(json_extract(r.report, '$.' || k.name) AS INTEGER)) AS TEXT)
FROM run r, (SELECT 'given_up' AS name UNION SELECT 'not_stored' UNION SELECT 'doubtful_receipts') k
WHERE r.kind IN ('retry', 'annulment') AND r.report IS NOT NULL
    AND r.number > (SELECT max(number) FROM run WHERE kind = 'planned' AND report IS NOT NULL)
GROUP BY k.name
HAVING sum(CAST(json_extract(r.report, '$.' || k.name) AS INTEGER)) > 0;

INSERT INTO schema_program (version, program) VALUES (10, '0.2.0');
