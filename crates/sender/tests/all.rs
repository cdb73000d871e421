//! The tests of this crate that need nothing of their own, as one program: it is linked once.

mod folder;
mod postgres_table;
mod real_server;
mod server;
mod sql_server_table;
mod table;
mod table_rows;
mod transport;
mod upgrade;
