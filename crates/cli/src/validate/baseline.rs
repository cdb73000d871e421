//! A baseline: the findings of an earlier run, so that the next one tells only what is new. It holds no value of any
//! resource and is made to be kept under version control.

use std::path::Path;

use lmr_lmdi::Finding;
use serde::{Deserialize, Serialize};

use crate::config::read_text;
use crate::output;
use crate::text::{Explain, fail, text};

/// The layout that this version writes.
const LAYOUT: u32 = 1;

/// A file of findings.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Baseline {
    layout: u32,
    pub(super) findings: Vec<Entry>,
}

/// One of them.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) file: String,
    pub(super) code: String,
    pub(super) at: String,
    pub(super) fingerprint: String,
}

impl Entry {
    pub(super) fn of(fingerprint: String, file: &str, finding: &Finding) -> Self {
        Self {
            file: file.to_owned(),
            code: finding.code.as_str().to_owned(),
            at: finding.expression.clone(),
            fingerprint,
        }
    }
}

impl Baseline {
    /// In an order in which little moves when the findings change.
    pub(super) fn of(mut findings: Vec<Entry>) -> Self {
        findings.sort_unstable();
        Self { layout: LAYOUT, findings }
    }

    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        if !path.exists() {
            fail!(
                "grunnlinjen {path} finnes ikke; --write-baseline {path} lager den",
                "there is no baseline {path}; --write-baseline {path} makes it",
                path = path.display()
            );
        }
        let baseline: Self = serde_json::from_str(&read_text(path)?).explain(|| {
            text!(
                "{path} er ikke en grunnlinje; --write-baseline {path} lager en ny",
                "{path} is not a baseline; --write-baseline {path} makes a new one",
                path = path.display()
            )
        })?;
        if baseline.layout != LAYOUT {
            fail!(
                "grunnlinjen {path} har utforming {layout}; dette programmet leser {LAYOUT}",
                "the baseline {path} has layout {layout}; this program reads {LAYOUT}",
                path = path.display(),
                layout = baseline.layout
            );
        }
        Ok(baseline)
    }

    pub(super) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        output::write(Some(path), text.as_bytes())
    }
}
