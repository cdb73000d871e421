//! The receiver's domain: receive, check, senders, versions; owns the storage trait.
