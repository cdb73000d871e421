//! The check before sending: what a run asks of it, and the receiver's rule set as its answer.

use jiff::Timestamp;
use lmr_fhir::{Language, Limits};
use lmr_lmdi::codes::Code;
use lmr_lmdi::{Advice, CheckOptions, Finding, PersonNumbers, RuleSetId, RuleSets, read_content};

use crate::outbox::HeldFinding;

/// The check before sending: the rule set of the receiver.
pub trait Checker: Send + Sync {
    /// Checks a bundle; gives only what would be refused, no warnings.
    ///
    /// # Errors
    /// [`CheckError`] when the check itself could not be made.
    fn check(&self, bundle: &str, context: &CheckContext) -> Result<Vec<CheckFinding>, CheckError>;

    /// Changes when the check may come to another result for the same bundle: what is held is then
    /// checked again.
    fn fingerprint(&self) -> String;

    /// Whether FHIR has a resource type of this name.
    fn is_resource_type(&self, name: &str) -> bool;
}

/// What a check and a seal need apart from the bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckContext {
    /// Time of the check.
    pub now: Timestamp,
    /// Start of the reporting period.
    pub from: Timestamp,
    /// End of the reporting period.
    pub to: Timestamp,
}

/// Something that refuses an entry or the whole bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckFinding {
    /// Index of the entry; `None` for the bundle as a whole.
    pub entry: Option<usize>,
    /// What is wrong.
    pub finding: HeldFinding,
}

/// The check could not be made: this installation's matter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the check before sending could not be made: {reason}")]
pub struct CheckError {
    /// Why.
    pub reason: String,
}

/// The check with the same rule set as the receiver's.
pub struct RuleSetChecker {
    rule_set: RuleSetId,
    person_numbers: PersonNumbers,
    accept_2032_numbers: bool,
    rule_sets: RuleSets,
    advice: Advice,
    show_canonicals: bool,
}

impl RuleSetChecker {
    /// Checks by this rule set. `person_numbers` should be what the receiver takes.
    #[must_use]
    pub fn new(rule_set: RuleSetId, person_numbers: PersonNumbers) -> Self {
        Self {
            rule_set,
            person_numbers,
            accept_2032_numbers: false,
            advice: Advice::Warn,
            show_canonicals: false,
            rule_sets: RuleSets::default(),
        }
    }

    /// Takes numbers that are valid only under the scheme of 2032, where the receiver does.
    #[must_use]
    pub fn accepting_2032_numbers(self, accept: bool) -> Self {
        Self { accept_2032_numbers: accept, ..self }
    }

    /// Checks codes against the code lists that these rule sets were made with. They should be
    /// those of the receiver.
    #[must_use]
    pub fn with_rule_sets(self, rule_sets: RuleSets) -> Self {
        Self { rule_sets, ..self }
    }

    /// Shows the addresses of profiles, extensions and code systems in its sentences, which are for a person then and
    /// not kept.
    #[must_use]
    pub fn showing_canonicals(self, show: bool) -> Self {
        Self { show_canonicals: show, ..self }
    }

    /// Warns of what the register would lose in silence, or holds it back.
    #[must_use]
    pub fn with_advice(self, advice: Advice) -> Self {
        Self { advice, ..self }
    }
}

impl Checker for RuleSetChecker {
    fn check(&self, bundle: &str, context: &CheckContext) -> Result<Vec<CheckFinding>, CheckError> {
        let rules = self
            .rule_sets
            .get(self.rule_set)
            .map_err(|error| CheckError { reason: error.to_string() })?;
        let options = CheckOptions {
            reporting_period: Some((context.from, context.to)),
            person_numbers: self.person_numbers,
            accept_2032_numbers: self.accept_2032_numbers,
            advice: self.advice,
            show_canonicals: self.show_canonicals,
            threads: 0,
            pinned: Some(self.rule_set),
            rule_sets: self.rule_sets.clone(),
            ..CheckOptions::at(context.now)
        };
        let limits = Limits { depth: 100, ..Limits::default() };
        let document = match read_content(bundle.as_bytes(), limits) {
            Ok(document) => document,
            Err(error) => return Ok(vec![of_whole(error.code)]),
        };
        let verdict = match rules.check_bundle(&document, &options) {
            Ok(verdict) => verdict,
            Err(error) => return Ok(vec![of_whole(error.code)]),
        };
        let of_bundle = verdict.bundle.iter().filter(|f| f.refuses()).map(|f| of_finding(None, f));
        let of_entries = verdict.entries.iter().flat_map(|entry| {
            entry.findings.iter().filter(|f| f.refuses()).map(|f| of_finding(Some(entry.index), f))
        });
        Ok(of_bundle.chain(of_entries).collect())
    }

    fn fingerprint(&self) -> String {
        // The program's version identifies its rules, the digest the guide's.
        format!(
            "{} {} {} {:?} {} {:?}",
            env!("CARGO_PKG_VERSION"),
            self.rule_set.as_str(),
            self.rule_set.digest(),
            self.person_numbers,
            self.accept_2032_numbers,
            self.advice,
        )
    }

    fn is_resource_type(&self, name: &str) -> bool {
        self.rule_sets
            .get(self.rule_set)
            .is_ok_and(|rules| rules.definitions().is_resource_type(name))
    }
}

fn of_whole(code: Code) -> CheckFinding {
    let text = code.text();
    let finding = HeldFinding {
        code: Some(code.as_str().to_owned()),
        path: None,
        text_nb: text.explanation.nb.to_owned(),
        text_en: text.explanation.en.to_owned(),
    };
    CheckFinding { entry: None, finding }
}

fn of_finding(entry: Option<usize>, finding: &Finding) -> CheckFinding {
    let held = HeldFinding {
        code: Some(finding.code.as_str().to_owned()),
        path: (!finding.expression.is_empty()).then(|| finding.expression.clone()),
        text_nb: with_reasons(finding, Language::Bokmal),
        text_en: with_reasons(finding, Language::English),
    };
    CheckFinding { entry, finding: held }
}

/// The sentence, and why: a slice or profile that did not match is explained by what broke inside.
fn with_reasons(finding: &Finding, language: Language) -> String {
    let reasons = finding.reasons(language);
    match reasons.as_slice() {
        [] => finding.text(language).into_owned(),
        reasons => format!("{} ({})", finding.text(language), reasons.join(" | ")),
    }
}
