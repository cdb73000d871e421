//! Texts: profile.

use super::text::Text;

pub(super) const TEXTS: &[Text] = &[];
