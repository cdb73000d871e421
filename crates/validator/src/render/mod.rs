//! Issues made into pages and texts for people.

mod html;

pub use html::{Mark, Page};
