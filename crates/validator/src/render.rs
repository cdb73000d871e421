//! Issues made into pages and texts for people.

mod html;
mod layout;

pub use html::{Mark, Page};
