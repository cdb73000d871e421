//! Texts: connection.

use super::text::Text;

pub(super) const TEXTS: &[Text] = &[];
pub(super) const OWN_TEXTS: &[Text] = &[];
