//! What makes a finding the same one in the next report: file, rule and element. Not its line nor the number of its
//! bundle entry, which move; not its text, which has a language; no value of the resource.

use std::collections::HashMap;

use lmr_lmdi::Finding;
use sha2::{Digest as _, Sha256};

/// Fingerprints of a report's findings. Equal findings of a file (a resource a line) are distinguished by their number.
#[derive(Debug, Default)]
pub struct Fingerprints {
    seen: HashMap<String, usize>,
}

impl Fingerprints {
    /// The fingerprint of the next finding.
    pub fn next(&mut self, file: &str, finding: &Finding) -> String {
        let profile = finding.issue().and_then(|issue| issue.profile.as_deref());
        let mut digest = Sha256::new();
        for part in [
            file,
            finding.code.as_str(),
            finding.message_id().unwrap_or_default(),
            profile.unwrap_or_default(),
            &finding.expression,
        ] {
            digest.update(part.as_bytes());
            digest.update([0]);
        }
        let print: String =
            digest.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        let count = self.seen.entry(print.clone()).or_insert(0);
        *count += 1;
        format!("{print}:{count}")
    }
}
