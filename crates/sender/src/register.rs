//! The register's rules and its envelope, as the agent uses them.

use lmr_envelope::{Certificate, Header, RandomSource, SealError, SigningKey, seal};
use lmr_fhir::Limits;
use lmr_identifiers::OrganisationNumber;
use lmr_lmdi::codes::{Code, Language};
use lmr_lmdi::{CheckOptions, Finding, PersonNumbers, RuleSet, RuleSetId, read_content};

use crate::agent::{CheckContext, CheckFault, CheckImpossible, Checker, Sealer};
use crate::outbox::HeldIssue;

/// The check with the same rule set as the receiver's.
pub struct RuleSetChecker {
    rule_set: RuleSetId,
    person_numbers: PersonNumbers,
    accept_2032_numbers: bool,
}

impl RuleSetChecker {
    /// Checks by this rule set. `person_numbers` should be what the receiver takes.
    #[must_use]
    pub fn new(rule_set: RuleSetId, person_numbers: PersonNumbers) -> Self {
        Self { rule_set, person_numbers, accept_2032_numbers: false }
    }

    /// Takes numbers that are valid only under the scheme of 2032, where the receiver does.
    #[must_use]
    pub fn accepting_2032_numbers(self, accept: bool) -> Self {
        Self { accept_2032_numbers: accept, ..self }
    }
}

impl Checker for RuleSetChecker {
    fn check(
        &self,
        bundle: &str,
        context: &CheckContext,
    ) -> Result<Vec<CheckFault>, CheckImpossible> {
        let rules = RuleSet::get(self.rule_set)
            .map_err(|error| CheckImpossible { reason: error.to_string() })?;
        let options = CheckOptions {
            reporting_period: Some((context.from, context.to)),
            person_numbers: self.person_numbers,
            accept_2032_numbers: self.accept_2032_numbers,
            threads: 0,
            pinned: Some(self.rule_set),
            ..CheckOptions::at(context.now)
        };
        let limits = Limits { depth: 100, ..Limits::default() };
        let document = match read_content(bundle.as_bytes(), limits) {
            Ok(document) => document,
            Err(fault) => return Ok(vec![of_whole(fault.code)]),
        };
        let verdict = match rules.check_bundle(&document, &options) {
            Ok(verdict) => verdict,
            Err(fault) => return Ok(vec![of_whole(fault.code)]),
        };
        let of_bundle = verdict.bundle.iter().filter(|f| f.refuses()).map(|f| fault(None, f));
        let of_entries = verdict.entries.iter().flat_map(|entry| {
            entry.findings.iter().filter(|f| f.refuses()).map(|f| fault(Some(entry.index), f))
        });
        Ok(of_bundle.chain(of_entries).collect())
    }
}

fn of_whole(code: Code) -> CheckFault {
    let text = code.text();
    let issue = HeldIssue {
        code: Some(code.as_str().to_owned()),
        path: None,
        text_nb: text.explanation.nb.to_owned(),
        text_en: text.explanation.en.to_owned(),
    };
    CheckFault { entry: None, issue }
}

fn fault(entry: Option<usize>, finding: &Finding) -> CheckFault {
    let issue = HeldIssue {
        code: Some(finding.code.as_str().to_owned()),
        path: (!finding.expression.is_empty()).then(|| finding.expression.clone()),
        text_nb: with_reasons(finding, Language::Bokmal),
        text_en: with_reasons(finding, Language::English),
    };
    CheckFault { entry, issue }
}

/// The sentence, and why: a slice or profile that did not match is explained by what broke inside.
fn with_reasons(finding: &Finding, language: Language) -> String {
    let reasons = finding.reasons(language);
    match reasons.as_slice() {
        [] => finding.text(language).into_owned(),
        reasons => format!("{} ({})", finding.text(language), reasons.join(" | ")),
    }
}

/// SignertKryptertBundle, for the register's certificate and with the sender's.
pub struct EnvelopeSealer<R> {
    sender: OrganisationNumber,
    recipient: Certificate,
    signer: SigningKey,
    random: R,
}

impl<R: RandomSource> EnvelopeSealer<R> {
    /// Seals for `recipient` in the name of `sender`, whose certificate `signer` holds.
    pub fn new(
        sender: OrganisationNumber,
        recipient: Certificate,
        signer: SigningKey,
        random: R,
    ) -> Self {
        Self { sender, recipient, signer, random }
    }
}

impl<R: RandomSource> Sealer for EnvelopeSealer<R> {
    fn seal(
        &self,
        bundle: &[u8],
        message_id: &str,
        context: &CheckContext,
    ) -> Result<Vec<u8>, SealError> {
        let header = Header {
            message_id,
            sender: self.sender,
            reporting_from: context.from,
            reporting_to: context.to,
            generated_at: context.now,
        };
        seal(bundle, &header, &self.recipient, &self.signer, &self.random)
    }
}
