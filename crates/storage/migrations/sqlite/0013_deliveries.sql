-- Whether a message is a delivery follows from what of it was stored (IS_DELIVERY in tables.rs): with these columns the reporting
-- periods of a sender are read from the index alone.
DROP INDEX message_received;
CREATE INDEX message_received
    ON message (organisation, received_at, outcome, reporting_from, reporting_to, created, updated, unchanged);

INSERT INTO schema_program (version, program) VALUES (13, '0.2.0');
