-- Which version of the program each schema came with, so that an older program can name the version that is needed. Every
-- later migration adds its row; those before came with 0.1.0.
CREATE TABLE schema_program (
    version BIGINT PRIMARY KEY,
    program TEXT NOT NULL
);
INSERT INTO schema_program (version, program) VALUES (2, '0.2.0');
