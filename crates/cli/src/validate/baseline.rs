//! A baseline: the findings of an earlier run, so that the next one tells only what is new. It holds no value of any
//! resource and is made to be kept under version control.

use std::path::Path;

use lmr_lmdi::Finding;
use serde::{Deserialize, Serialize};

use crate::config::read_text;
use crate::output::{self, Language};
use crate::text::{fail, text};

/// The layout that this version writes.
const LAYOUT: u32 = 1;

/// A file of findings.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Baseline {
    layout: u32,
    pub(super) findings: Vec<Entry>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
        let text = read_text(path)?;
        // Another layout may have other members, and is named as such all the same.
        if let Some(layout) = other_layout(&text) {
            fail!(
                "grunnlinjen {path} har utforming {layout}; dette programmet leser {LAYOUT}",
                "the baseline {path} has layout {layout}; this program reads {LAYOUT}",
                path = path.display()
            );
        }
        // What the parser says is about JSON; and the file may be somebody's data, so no remedy writes over it.
        let Ok(baseline) = serde_json::from_str(&text) else {
            fail!(
                "{path} er ikke en grunnlinje, en fil som --write-baseline har laget: oppgi den riktige filen",
                "{path} is not a baseline, a file that --write-baseline has made: give the right file",
                path = path.display()
            );
        };
        Ok(baseline)
    }

    /// What is to be replaced. A baseline of this layout, of which findings in files that are not looked at now are kept;
    /// `None` where there is nothing, or one of another layout, which cannot be kept in part and is named. Everything else
    /// that is wrong with it is an error: the findings that it has would be lost.
    pub(super) fn to_replace(path: &Path, lang: Language) -> anyhow::Result<Option<Self>> {
        if !is_filled(path) {
            return Ok(None);
        }
        Self::may_replace(path)?;
        if let Some(layout) = other_layout(&read_text(path)?) {
            let note = text!(
                "lmr: grunnlinjen {path} har utforming {layout}, som dette programmet ikke leser: den blir erstattet, og det den \
                 har om filer som ikke er sett på nå, blir borte",
                "lmr: the baseline {path} has layout {layout}, which this program does not read: it is replaced, and what it has of \
                 files that are not looked at now is dropped",
                path = path.display()
            );
            output::complain(note.get(lang));
            return Ok(None);
        }
        Self::read(path).map(Some)
    }

    /// Refuses to write over a file that is something else: a baseline, of whatever layout, is replaced only by another.
    /// A file with nothing in it, and what is not a file (`/dev/stdout`), is written to.
    fn may_replace(path: &Path) -> anyhow::Result<()> {
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

fn is_filled(path: &Path) -> bool {
    path != Path::new("-")
        && std::fs::metadata(path).is_ok_and(|there| there.is_file() && there.len() > 0)
}

/// The layout of a baseline that this version does not read.
fn other_layout(text: &str) -> Option<u64> {
    let json: serde_json::Value = serde_json::from_str(text).ok()?;
    let layout = json["layout"].as_u64().filter(|_| json["findings"].is_array())?;
    (layout != u64::from(LAYOUT)).then_some(layout)
}
