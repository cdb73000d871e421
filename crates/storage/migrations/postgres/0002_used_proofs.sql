-- Used DPoP proofs, by digest, until they would be too old anyway. Shared by all receivers on this database.
CREATE TABLE used_proof (
    digest BYTEA NOT NULL PRIMARY KEY,
    until BIGINT NOT NULL
);

CREATE INDEX used_proof_until ON used_proof (until);
