//! Findings as JSON: an object each, as `lmr validate --format json` prints them a line each.

use std::borrow::Cow;

use lmr_fhir::Language;
use lmr_lmdi::{Finding, RuleSetId};
use serde::{Serialize, Serializer};

use crate::case::sentence;

/// A finding in a file, to be written as JSON; its `Display` is that JSON. What is not known is `null`; line and column are
/// 0 then.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FindingObject<'f> {
    file: &'f str,
    rule_set: Option<&'static str>,
    rule_set_digest: Option<Digest>,
    severity: &'static str,
    code: &'static str,
    issue_type: &'static str,
    message_id: Option<&'f str>,
    expression: &'f str,
    line: u32,
    column: u32,
    text: Cow<'f, str>,
    profile: Option<&'f str>,
    reasons: Vec<String>,
    cause: &'static str,
    remedy: &'static str,
    retry: &'static str,
}

/// The digest of a rule set as answers name it: `sha256:` and hexadecimal digits.
#[derive(Clone, Copy, Debug)]
pub struct Digest(pub RuleSetId);

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("sha256:{}", self.0.digest()))
    }
}

impl std::fmt::Display for FindingObject<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| std::fmt::Error)?)
    }
}

/// A finding in a file.
#[must_use]
pub fn finding<'f>(
    file: &'f str,
    rule_set: Option<RuleSetId>,
    finding: &'f Finding,
    language: Language,
) -> FindingObject<'f> {
    let text = finding.code.text();
    let issue = finding.issue();
    FindingObject {
        file,
        rule_set: rule_set.map(RuleSetId::as_str),
        rule_set_digest: rule_set.map(Digest),
        severity: finding.severity.as_str(),
        code: finding.code.as_str(),
        issue_type: finding.issue_type(),
        message_id: finding.message_id(),
        expression: &finding.full_expression,
        line: finding.line,
        column: finding.column,
        text: sentence(finding, language),
        profile: issue.and_then(|issue| issue.profile.as_deref()),
        reasons: issue
            .map(|issue| issue.inner.iter().map(|inner| inner.text(language)).collect())
            .unwrap_or_default(),
        cause: text.cause.in_language(language),
        remedy: text.remedy.in_language(language),
        retry: finding.retry().as_str(),
    }
}
