//! Texts: terminology.

use super::text::Text;

pub(super) const TEXTS: &[Text] = &[];
