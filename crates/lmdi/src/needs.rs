//! Which version of the guide a content needs: what the rule set before refuses and this one takes.
//!
//! Why: nothing in a message says which guide it follows, and a counterpart may still be on an older one.
//! The versions in which an element was opened are data, in `rulesets/since.json`.

use std::sync::LazyLock;

use lmr_fhir::{Document, Node, ParseOptions};

use crate::codes::{Code, Language};
use crate::expression::without_indices;
use crate::finding::{ElementLocation, Finding};
use crate::options::CheckOptions;
use crate::rule_set::{RuleSet, RuleSetError};

const DATA: &str = include_str!("../rulesets/since.json");

/// Element paths without indices, with the version of the guide that opened what is below them.
static SINCE: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    // Embedded; a test holds every row to its form.
    let Ok(document) = Document::parse(DATA, &ParseOptions::strict()) else { return Vec::new() };
    document.root().members().filter_map(read).collect()
});

fn read(row: Node<'_>) -> Option<(String, String)> {
    Some((row.key()?.into_owned(), row.as_str()?.into_owned()))
}

/// Findings that say "needs version n or newer because …", one for each reason. Empty where this rule set
/// refuses the content itself, extends no other, or the other takes it too.
///
/// # Errors
/// [`RuleSetError`]: an error of this program.
pub fn needs(
    rules: &RuleSet,
    document: &Document<'_>,
    options: &CheckOptions,
) -> Result<Vec<Finding>, RuleSetError> {
    let Some(older) = rules.id().extends() else { return Ok(Vec::new()) };
    if rules.check_resource(document, options).iter().any(Finding::refuses) {
        return Ok(Vec::new());
    }
    let refused = options.rule_sets.get(older)?.check_resource(document, options);
    Ok(refused.iter().filter(|f| f.refuses()).map(|f| reason(f, rules.id().version())).collect())
}

fn reason(refused: &Finding, newest: &str) -> Finding {
    let path = without_indices(&refused.expression);
    let since = SINCE
        .iter()
        .filter(|(element, _)| path.starts_with(element.as_str()))
        .max_by_key(|(element, _)| element.len())
        .map_or(newest, |(_, version)| version);
    let location = ElementLocation {
        expression: refused.expression.clone(),
        full_expression: refused.full_expression.clone(),
        line: refused.line,
        column: refused.column,
        span: refused.span.clone(),
    };
    let (nb, en) = (refused.text(Language::Bokmal), refused.text(Language::English));
    Finding::with_text(
        Code::NeedsNewerGuide,
        location,
        format!("Krever veiledningen {since} eller nyere. Eldre versjoner sier: {nb}"),
        format!("Needs the guide {since} or newer. Older versions say: {en}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read() {
        let document = Document::parse(DATA, &ParseOptions::strict()).unwrap();
        assert_eq!(document.root().members().count(), SINCE.len());
        assert!(SINCE.len() >= 4);
    }
}
