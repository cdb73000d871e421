//! Results of a run, by kind of input, and the table made of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use crate::{
    Kind,
    finding::Side,
    ours::{Evaluated, same_items},
};

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

/// What both engines made of expressions, each counted in one of four ways.
#[derive(Default)]
pub(crate) struct Agreement {
    same: usize,
    both_fail: usize,
    one_fails: usize,
    different: usize,
}

impl Agreement {
    /// Counts an expression. Whether both sides made the same of it.
    pub(crate) fn add(&mut self, theirs: &Evaluated, mine: &Evaluated) -> bool {
        let is_same = matches!((theirs, mine), (Ok(theirs), Ok(mine)) if same_items(theirs, mine));
        let counter = match (theirs, mine) {
            (Ok(_), Ok(_)) if is_same => &mut self.same,
            (Ok(_), Ok(_)) => &mut self.different,
            (Err(_), Err(_)) => &mut self.both_fail,
            _ => &mut self.one_fails,
        };
        *counter += 1;
        is_same || (theirs.is_err() && mine.is_err())
    }

    /// Equal items, of the expressions that neither side fails on; 0 where there are none of those.
    pub(crate) fn per_cent(&self) -> f64 {
        100.0 * self.same as f64 / (self.same + self.different).max(1) as f64
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { same, both_fail, one_fails, different } = self;
        write!(
            f,
            "expressions: {same} with the same items, {different} with different ones ({:.1} % the same); \
             both fail on {both_fail}, one on {one_fails}",
            self.per_cent()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failing_is_not_agreeing() {
        let items = |text: &str| Evaluated::Ok(vec![text.to_owned()]);
        let fails = |text: &str| Evaluated::Err(text.to_owned());
        let mut agreement = Agreement::default();
        assert!(agreement.per_cent() < f64::EPSILON);
        for (theirs, mine, is_equal) in [
            (fails("a"), fails("b"), true),
            (fails("a"), items("1"), false),
            (items("1"), fails("b"), false),
        ] {
            assert_eq!(agreement.add(&theirs, &mine), is_equal);
        }
        assert!(agreement.per_cent() < f64::EPSILON, "{agreement}");
        assert!(agreement.add(&items("1"), &items("1")));
        assert!(!agreement.add(&items("1"), &items("2")));
        assert!((agreement.per_cent() - 50.0).abs() < f64::EPSILON, "{agreement}");
        let counted =
            [agreement.same, agreement.different, agreement.both_fail, agreement.one_fails];
        assert_eq!(counted, [1, 1, 1, 2]);
    }
}
