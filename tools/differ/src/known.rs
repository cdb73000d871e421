//! Differences that are explained: which side is right by the specification, and why.

use anyhow::{Context, Result};
use regex::Regex;
use serde::Deserialize;

use crate::finding::{Difference, Side};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    known: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// `reference` or `ours`: who reports it alone.
    side: String,
    /// The message id, as a regular expression over the whole id.
    id: String,
    /// Regular expression that the text must contain.
    #[serde(default)]
    text: String,
    /// The location, as a regular expression that must be contained.
    #[serde(default)]
    location: String,
    /// What the specification says.
    #[expect(dead_code, reason = "for who reads the file")]
    why: String,
    /// Whose fault the difference is: `reference`, `ours`, or `neither`.
    #[expect(dead_code, reason = "for who reads the file")]
    fault: String,
}

/// The list of `known.toml`.
pub(crate) struct Known {
    rows: Vec<(Side, Regex, Regex, Regex)>,
    hits: Vec<usize>,
}

impl Known {
    pub(crate) fn read() -> Result<Self> {
        let file: File = toml::from_str(include_str!("../known.toml")).context("known.toml")?;
        let rows = file
            .known
            .iter()
            .map(|row| {
                let side = match &*row.side {
                    "reference" => Side::Reference,
                    "ours" => Side::Ours,
                    other => anyhow::bail!("known.toml: side {other}"),
                };
                Ok((
                    side,
                    Regex::new(&format!("^(?:{})$", row.id))?,
                    Regex::new(&row.text)?,
                    Regex::new(&row.location)?,
                ))
            })
            .collect::<Result<Vec<_>>>()?;
        let hits = vec![0; rows.len()];
        Ok(Self { rows, hits })
    }

    /// What of the difference is not explained. The verdict counts as explained if an error was.
    pub(crate) fn unexplained(&mut self, mut difference: Difference) -> Difference {
        let mut explained_error = false;
        difference.alone.retain(|(side, finding)| {
            let found = self.rows.iter().position(|(s, id, text, location)| {
                s == side
                    && id.is_match(&finding.id)
                    && text.is_match(&finding.text)
                    && location.is_match(&finding.location)
            });
            match found {
                Some(row) => {
                    self.hits[row] += 1;
                    explained_error |= finding.is_error();
                    false
                }
                None => true,
            }
        });
        if explained_error && !difference.alone.iter().any(|(_, f)| f.is_error()) {
            difference.verdict_differs = false;
        }
        difference
    }

    pub(crate) fn total(&self) -> usize {
        self.hits.iter().sum()
    }
}
