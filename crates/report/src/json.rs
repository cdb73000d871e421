//! Findings as JSON: an object each, as `lmr validate --format json` prints them a line each.

use lmr_fhir::Language;
use lmr_lmdi::{Finding, RuleSetId};
use serde_json::{Value, json};

use crate::case::sentence;

/// A finding in a file. What is not known is `null`; line and column are 0 then.
#[must_use]
pub fn finding(
    file: &str,
    rule_set: Option<RuleSetId>,
    finding: &Finding,
    language: Language,
) -> Value {
    let text = finding.code.text();
    let issue = finding.issue();
    json!({
        "file": file,
        "ruleSet": rule_set.map(RuleSetId::as_str),
        "ruleSetDigest": rule_set.map(|id| format!("sha256:{}", id.digest())),
        "severity": finding.severity.as_str(),
        "code": finding.code.as_str(),
        "issueType": finding.issue_type(),
        "messageId": finding.message_id(),
        "expression": finding.full_expression,
        "line": finding.line,
        "column": finding.column,
        "text": sentence(finding, language),
        "profile": issue.and_then(|issue| issue.profile.as_deref()),
        "reasons": issue
            .map(|issue| issue.inner.iter().map(|inner| inner.text(language)).collect::<Vec<_>>())
            .unwrap_or_default(),
        "cause": text.cause.in_language(language),
        "remedy": text.remedy.in_language(language),
        "retry": finding.retry().as_str(),
    })
}
