//! Prints the description of the interface: of the receiver, or with the argument `outlet` of the outlet. CI gives it
//! to a validator.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "an example prints, and reads its argument"
)]

use lmr_server::{OUTLET_ROUTES, ROUTES, openapi_document};

fn main() {
    let document = match std::env::args().nth(1).as_deref() {
        Some("outlet") => openapi_document(&OUTLET_ROUTES),
        _ => openapi_document(&ROUTES),
    };
    println!("{document:#}");
}
