//! Results of a run, by kind of input, and the table made of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Kind, finding::Side};

/// What the inputs of one kind came to.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) inputs: usize,
    pub(crate) verdicts: usize,
    pub(crate) findings: usize,
    /// Findings that a row of `known.toml` explains, and the rows.
    pub(crate) explained: usize,
    pub(crate) rows: BTreeSet<usize>,
    /// Inputs at which the reference ended with an exception of its own.
    pub(crate) broken_down: usize,
    /// What differs, by side and id.
    pub(crate) kinds: BTreeMap<(Side, String), usize>,
    /// Kinds of differences that were shown with an example.
    pub(crate) shown: Vec<(Side, String)>,
}

impl Tally {
    pub(crate) fn done(&self) -> usize {
        self.inputs + self.broken_down
    }

    pub(crate) fn verdicts_per_cent(&self) -> f64 {
        self.per_cent(self.verdicts)
    }

    pub(crate) fn findings_per_cent(&self) -> f64 {
        self.per_cent(self.findings)
    }

    fn per_cent(&self, part: usize) -> f64 {
        100.0 * part as f64 / self.inputs.max(1) as f64
    }
}

/// The table as docs/conformance.md has it, and below it what differs, most frequent first.
pub(crate) fn print(tallies: &BTreeMap<Kind, Tally>) {
    println!(
        "\n| input | inputs | verdict equal | findings equal | findings explained | by rows of known.toml |"
    );
    println!("|---|---|---|---|---|---|");
    for (kind, tally) in tallies {
        println!(
            "| {} | {} | {:.2} % | {:.2} % | {} | {} |",
            kind.title(),
            tally.inputs,
            tally.verdicts_per_cent(),
            tally.findings_per_cent(),
            tally.explained,
            tally.rows.len()
        );
        if tally.broken_down > 0 {
            println!("(at {} more the reference broke down)", tally.broken_down);
        }
    }
    let mut counted: BTreeMap<&(Side, String), usize> = BTreeMap::new();
    for (kind, count) in tallies.values().flat_map(|tally| &tally.kinds) {
        *counted.entry(kind).or_default() += count;
    }
    let mut counted: Vec<_> = counted.into_iter().collect();
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    println!();
    for ((side, id), count) in counted {
        println!("{count:>6}  {side}  {id}");
    }
}
