//! A run: inputs of each kind through both validators.

use std::{fs::File, io::Write as _};

use anyhow::{Result, bail};
use fastrand::Rng;

use crate::{
    Arguments, Kind,
    finding::{Difference, Finding},
    generate::{expressions, instance::Generator, mutation, spelling, variant},
    input::{Input, Sources},
    known::Known,
    ours::{Evaluated, Ours},
    reference::Reference,
    shrink,
    tally::{Agreement, Tally},
};

/// Both validators, and where results go.
pub(crate) struct Run<'a> {
    pub(crate) arguments: &'a Arguments,
    pub(crate) ours: &'a Ours,
    pub(crate) reference: Reference,
    pub(crate) known: Known,
    pub(crate) report: Option<File>,
    /// Our validator with the definitions of the last input that had any.
    pub(crate) own: Option<(Vec<String>, Ours)>,
}

impl Run<'_> {
    /// The documents of a file, or changed ones of each.
    pub(crate) fn given(&mut self, inputs: &[Input], seed: u64, tally: &mut Tally) -> Result<()> {
        if self.arguments.changes == 0 {
            return inputs.iter().try_for_each(|input| self.one(Kind::Given, input, tally));
        }
        let mut rng = random(seed, Kind::Given);
        for (number, input) in inputs.iter().enumerate() {
            for change in 0..self.arguments.changes {
                let serial = format!("{seed}-{number}-{change}");
                if let Some(variant) = variant::of(&mut rng, input, &serial) {
                    self.one(Kind::Given, &variant, tally)?;
                }
            }
        }
        Ok(())
    }

    /// As many inputs of a kind as were asked for, or as there are.
    pub(crate) fn generated(
        &mut self,
        kind: Kind,
        seed: u64,
        sources: &Sources<'_>,
        tally: &mut Tally,
    ) -> Result<()> {
        let mut rng = random(seed, kind);
        let end = tally.done() + self.arguments.count;
        if let Some(inputs) = sources.limited(kind, &mut rng, &self.reference.core()?)? {
            for input in inputs.iter().take(self.arguments.count) {
                self.one(kind, input, tally)?;
            }
            return Ok(());
        }
        let mut generator = Generator::new(self.ours.definitions());
        let begin = tally.done();
        while tally.done() < end {
            let serial = format!("{seed}-{}", tally.done() - begin);
            if let Some(input) = sources.next(kind, &mut rng, &mut generator, &serial) {
                self.one(kind, &input, tally)?;
            }
        }
        Ok(())
    }

    /// Expressions through both engines. What differs is printed for people: where the specification leaves
    /// room, neither is wrong.
    ///
    /// # Errors
    ///
    /// One of them fails on an expression on which nothing can fail: nothing would be compared.
    pub(crate) fn expressions(&mut self, seed: u64, agreement: &mut Agreement) -> Result<()> {
        for expression in expressions::CONTROLS {
            let theirs = self.reference.evaluate(expressions::DOCUMENT, expression)?;
            let mine = self.ours.evaluate(expressions::DOCUMENT, expression);
            if theirs.is_err() || theirs != mine {
                bail!("{expression}: {} with the reference, {} with us", of(&theirs), of(&mine));
            }
        }
        let mut rng = random(seed, Kind::Expressions);
        for _ in 0..self.arguments.count {
            let expression = expressions::expression(&mut rng);
            let theirs = self.reference.evaluate(expressions::DOCUMENT, &expression)?;
            let mine = self.ours.evaluate(expressions::DOCUMENT, &expression);
            if agreement.add(&theirs, &mine) {
                continue;
            }
            println!("{expression}\n   reference {}\n   ours      {}", of(&theirs), of(&mine));
        }
        Ok(())
    }

    fn one(&mut self, kind: Kind, input: &Input, tally: &mut Tally) -> Result<()> {
        let difference = self.compare(kind, input, tally)?;
        if let (Some(report), Some(difference)) = (&mut self.report, difference) {
            writeln!(report, "{}", difference.report(&input.made, &input.document))?;
        }
        Ok(())
    }

    /// Compares both on one input. Each kind of difference is shown once, shrunk.
    fn compare(
        &mut self,
        kind: Kind,
        input: &Input,
        tally: &mut Tally,
    ) -> Result<Option<Difference>> {
        let is_at_hand =
            self.own.as_ref().is_some_and(|(definitions, _)| *definitions == input.definitions);
        if !is_at_hand && !input.definitions.is_empty() {
            self.own = Some((input.definitions.clone(), self.ours.with(&input.definitions)?));
        }
        let ours = match &self.own {
            Some((_, own)) if !input.definitions.is_empty() => own,
            _ => self.ours,
        };
        let text = input.text();
        let Some(theirs) = self.reference.validate(&text, &input.profiles, &input.definitions)?
        else {
            tally.broken_down += 1;
            return Ok(None);
        };
        let mine = ours.validate(&text, &input.profiles, 1);
        let explained_before = self.known.total();
        let difference = self.known.unexplained(&input.document, &theirs, &mine);
        tally.inputs += 1;
        tally.verdicts += usize::from(!difference.verdict_differs);
        tally.findings += usize::from(difference.is_empty());
        tally.explained += self.known.total() - explained_before;
        tally.rows.extend(self.known.take_used());
        if difference.is_empty() {
            return Ok(None);
        }
        for (kind, count) in difference.kinds() {
            *tally.kinds.entry(kind).or_default() += count;
        }
        // The first kind of difference that nothing before it had. Errors first: they decide the verdict.
        let mut wanted: Vec<_> =
            difference.kinds().into_keys().filter(|key| !tally.shown.contains(key)).collect();
        wanted.sort_by_key(|(_, id)| !id.starts_with("error"));
        let Some(wanted) = wanted.into_iter().next() else { return Ok(Some(difference)) };
        if tally.shown.len() >= self.arguments.details {
            return Ok(Some(difference));
        }
        tally.shown.push(wanted.clone());
        let (reference, known) = (&mut self.reference, &mut self.known);
        if let Some(text) = &input.text {
            println!("\n== {kind:?}: {}\n   {}", input.made, text.escape_debug());
            for (side, finding) in &difference.alone {
                println!("   {side}: {finding}");
            }
            return Ok(Some(difference));
        }
        let smallest = shrink::shrink(&input.document, 150, |trial| {
            let text = trial.to_string();
            let Ok(Some(theirs)) = reference.validate(&text, &input.profiles, &[]) else {
                return false;
            };
            let mine = ours.validate(&text, &input.profiles, 1);
            known.unexplained(trial, &theirs, &mine).kinds().contains_key(&wanted)
        });
        let text = smallest.to_string();
        let theirs = reference.validate(&text, &input.profiles, &[])?.unwrap_or_default();
        let mine = ours.validate(&text, &input.profiles, 1);
        let verdict = if difference.verdict_differs { ", other verdict" } else { "" };
        println!("\n== {kind:?}{verdict}: {}", input.made);
        println!("   {text}");
        for (side, finding) in known.unexplained(&smallest, &theirs, &mine).alone {
            println!("   {side}: {finding}");
        }
        // What the shrinking used does not count.
        known.take_used();
        Ok(Some(difference))
    }
}

/// What an expression gives, as it is printed.
fn of(evaluated: &Evaluated) -> String {
    match evaluated {
        Ok(items) => format!("{items:?}"),
        Err(reason) => format!("fails: {reason}"),
    }
}

/// Equal spellings give equal findings, whatever the number of threads.
pub(crate) fn spellings(seed: u64, ours: &Ours, sources: &Sources<'_>, count: usize) -> bool {
    let mut rng = random(seed, Kind::Spellings);
    let mut generator = Generator::new(ours.definitions());
    let mut wrong = 0;
    let mut done = 0;
    while done < count {
        let Some((mut document, made)) = sources.document(&mut rng, &mut generator) else {
            continue;
        };
        if rng.bool() {
            mutation::mutate(&mut rng, &mut document);
        }
        done += 1;
        let expected = sorted(ours.validate(&document.to_string(), &[], 1));
        let text = spelling::respell(&mut rng, &document);
        for (threads, found) in
            [(1, sorted(ours.validate(&text, &[], 1))), (3, sorted(ours.validate(&text, &[], 3)))]
        {
            if found != expected {
                wrong += 1;
                println!("\n== Spellings: {made}, {threads} threads\n   {document}\n   {text}");
                for finding in expected.iter().filter(|f| !found.contains(f)) {
                    println!("   only as first written: {finding:?}");
                }
                for finding in found.iter().filter(|f| !expected.contains(f)) {
                    println!("   only respelt: {finding:?}");
                }
            }
        }
    }
    println!("spellings: {done} documents, {wrong} with other findings");
    wrong == 0
}

fn random(seed: u64, kind: Kind) -> Rng {
    Rng::with_seed(seed.wrapping_mul(31).wrapping_add(kind as u64))
}

/// Severity, id and location, sorted; texts may quote the spelling.
fn sorted(findings: Vec<Finding>) -> Vec<(String, String, String)> {
    let mut keys: Vec<_> = findings.into_iter().map(|f| (f.severity, f.id, f.location)).collect();
    keys.sort();
    keys
}
