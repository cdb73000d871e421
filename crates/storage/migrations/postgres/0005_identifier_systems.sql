-- Which sender has used which identifier system for its administrations: two with the same one are warned.
CREATE TABLE identifier_system (
    system_mac BYTEA NOT NULL,
    organisation TEXT NOT NULL,
    PRIMARY KEY (system_mac, organisation)
);
