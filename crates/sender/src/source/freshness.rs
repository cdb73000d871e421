//! Which files may still be being written.

use std::fs::Metadata;

use jiff::{SignedDuration, Timestamp};

/// How long after its last change a file that ends in the middle is taken for one that is still being
/// written.
pub(super) const FRESH: SignedDuration = SignedDuration::from_mins(5);

/// When a file was last changed.
pub(super) fn changed_at(metadata: &Metadata) -> Option<Timestamp> {
    Timestamp::try_from(metadata.modified().ok()?).ok()
}

/// How far a file's last change is from now, before or after: the clocks of two machines differ, and a file dated in the
/// future would otherwise be left for the next run for as long.
pub(super) fn age(metadata: &Metadata, now: Timestamp) -> Option<SignedDuration> {
    Some(now.duration_since(changed_at(metadata)?).abs())
}
