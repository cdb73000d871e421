//! The source's own key of a resource: what people search for in the system it comes from.

use lmr_fhir::Node;
use lmr_identifiers::systems;
use lmr_lmdi::person::looks_personal;

/// Longest key that is kept, in characters.
const MAX_KEY: usize = 64;

/// The value of the first business identifier that is not a person's number; `None` where there is none.
/// Lists, reports and the outbox show it, so it must not be an identity number under any system.
pub(crate) fn source_key(resource: Node<'_>) -> Option<String> {
    let identifiers = resource.member("identifier")?;
    let all: Vec<Node<'_>> = match identifiers.kind() {
        lmr_fhir::Kind::Array => identifiers.members().collect(),
        _ => vec![identifiers],
    };
    all.into_iter().find_map(|identifier| {
        let system = identifier.member("system").and_then(Node::as_str).unwrap_or_default();
        let value = identifier.member("value").and_then(Node::as_str)?;
        let is_person = [systems::NATIONAL_IDENTITY_NUMBER, systems::D_NUMBER].contains(&&*system);
        let value = value.trim();
        (!is_person && !value.is_empty() && !looks_personal(value))
            .then(|| value.chars().take(MAX_KEY).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use lmr_fhir::{Document, ParseOptions};

    fn key(json: &str) -> Option<String> {
        let document = Document::parse(json.to_owned(), &ParseOptions::strict()).unwrap();
        source_key(document.root())
    }

    #[test]
    fn the_first_identifier_that_is_not_a_persons_number_is_the_key() {
        assert_eq!(key(r#"{"identifier":[{"value":"ADM-17"}]}"#).as_deref(), Some("ADM-17"));
        let person = r#"{"system":"urn:oid:2.16.578.1.12.4.1.4.1","value":"x"}"#;
        assert_eq!(key(&format!(r#"{{"identifier":[{person}]}}"#)), None);
        let local = r#"{"system":"urn:oid:1.2","value":" P-9 "}"#;
        let both = format!(r#"{{"identifier":[{person},{local}]}}"#);
        assert_eq!(key(&both).as_deref(), Some("P-9"));
        for lmr_fhir::digits::Spelling { text, .. } in lmr_fhir::digits::spellings("12818012345") {
            let value = format!(r#"{{"identifier":[{{"value":"a{text}b"}}]}}"#);
            assert_eq!(key(&value), None, "{text}");
        }
        assert_eq!(key("{}"), None);
    }
}
