//! Findings as a FHIR OperationOutcome, one for each resource.

use lmr_fhir::{Language, OperationOutcome, OutcomeExtension, OutcomeIssue, OutcomeValue};
use lmr_lmdi::codes::Code;
use lmr_lmdi::{Finding, RuleSetId, response};

/// The outcome of one resource of a file; without findings it says that all is in order.
#[must_use]
pub fn of(
    file: &str,
    rule_set: Option<RuleSetId>,
    findings: &[Finding],
    language: Language,
) -> OperationOutcome {
    let mut outcome = response::outcome_of(findings);
    outcome.extension.push(OutcomeExtension::new(
        response::FILE_EXTENSION,
        OutcomeValue::String(file.to_owned()),
    ));
    if let Some(id) = rule_set {
        response::name_rule_set(&mut outcome, id);
    }
    if findings.is_empty() {
        for issue in &mut outcome.issue {
            issue.text = Some("I orden".to_owned());
            issue.translations = vec![("en", "Correct".to_owned())];
        }
    }
    if language == Language::English {
        outcome.issue.iter_mut().for_each(english_first);
    }
    outcome
}

/// The sentence in English with its bokmål as the translation, instead of the other way round, and the code's title
/// in English.
fn english_first(issue: &mut OutcomeIssue) {
    for (_, code, display) in &mut issue.coding {
        if let (Some(display), Some(code)) = (display, Code::parse(code)) {
            code.title(Language::English).clone_into(display);
        }
    }
    let Some(at) = issue.translations.iter().position(|(language, _)| *language == "en") else {
        return;
    };
    let (_, english) = issue.translations.remove(at);
    issue.translations.extend(issue.text.replace(english).map(|bokmal| ("nb", bokmal)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use lmr_lmdi::ElementLocation;

    #[test]
    fn everything_is_in_the_language_that_is_asked_for() {
        let codes = [Code::ContentNotFhir, Code::JsonDuplicateKey, Code::BundleInvalid];
        for code in codes {
            let findings = [Finding::of(code, ElementLocation::default())];
            for (language, text) in [
                (Language::English, code.text().explanation.en),
                (Language::Bokmal, code.text().explanation.nb),
            ] {
                let outcome = of("a.json", None, &findings, language);
                let issue = &outcome.issue[0];
                assert_eq!(issue.text.as_deref(), Some(text));
                assert_eq!(issue.coding[0].2.as_deref(), Some(code.title(language)), "{code}");
            }
        }
    }
}
