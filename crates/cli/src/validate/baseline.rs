//! A baseline: the findings of an earlier run, so that the next one tells only what is new. It holds no value of any
//! resource and is made to be kept under version control.

use std::path::Path;

use lmr_lmdi::Finding;
use serde::{Deserialize, Serialize};

use crate::config::read_text;
use crate::output;
use crate::text::fail;

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
        // What the parser says is about JSON; and the file may be somebody's data, so no remedy writes over it.
        let Ok(baseline) = serde_json::from_str::<Self>(&read_text(path)?) else {
            fail!(
                "{path} er ikke en grunnlinje, en fil som --write-baseline har laget: oppgi den riktige filen",
                "{path} is not a baseline, a file that --write-baseline has made: give the right file",
                path = path.display()
            );
        };
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

    /// Refuses to write over a file that is something else: a baseline, of whatever layout, is replaced only by another.
    /// A file with nothing in it, and what is not a file (`/dev/stdout`), is written to.
    pub(super) fn may_replace(path: &Path) -> anyhow::Result<()> {
        let is_filled =
            std::fs::metadata(path).is_ok_and(|there| there.is_file() && there.len() > 0);
        if path == Path::new("-") || !is_filled {
            return Ok(());
        }
        let text = read_text(path)?;
        let is_baseline = serde_json::from_str::<serde_json::Value>(&text)
            .is_ok_and(|json| json["layout"].is_u64() && json["findings"].is_array());
        if !is_baseline {
            fail!(
                "{path} finnes og er ikke en grunnlinje, så den skrives ikke over: oppgi en ny fil",
                "{path} is there and is not a baseline, so it is not overwritten: give a new file",
                path = path.display()
            );
        }
        Ok(())
    }

    pub(super) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        output::write(Some(path), text.as_bytes())
    }
}
