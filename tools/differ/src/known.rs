//! Differences that are explained: which side is right by the specification, and why.

use anyhow::{Context, Result};
use regex::Regex;
use serde::Deserialize;

use crate::finding::{Difference, Side};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    known: Vec<Row>,
    #[serde(default)]
    same: Vec<Same>,
}

/// Two ids for one finding.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Same {
    reference: String,
    ours: String,
    #[expect(dead_code, reason = "for readers of the file")]
    why: String,
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
    #[expect(dead_code, reason = "for readers of the file")]
    why: String,
    /// Whose fault the difference is: `reference`, `ours`, or `neither`.
    #[expect(dead_code, reason = "for readers of the file")]
    fault: String,
}

/// The list of `known.toml`.
pub(crate) struct Known {
    rows: Vec<(Side, Regex, Regex, Regex)>,
    hits: Vec<usize>,
    /// Pairs of ids, the reference's first, that mean the same.
    pub(crate) same: Vec<(String, String)>,
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
        let same = file.same.into_iter().map(|pair| (pair.reference, pair.ours)).collect();
        Ok(Self { rows, hits, same })
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
