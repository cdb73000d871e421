//! The storage trait on SQLite and PostgreSQL.
