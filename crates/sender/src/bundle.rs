//! The LegemiddelregisterBundle's text, in the form of the era. Resources keep their bytes: only references and,
//! where the guide demands it, `meta.profile` are changed.

use lmr_fhir::{Edits, Kind, Node, escape_into};
use lmr_lmdi::RuleSetId;

/// Base of the guide's canonical addresses.
const PROFILE: &str = "http://hl7.no/fhir/ig/lmdi/StructureDefinition/lmdi-";

/// One entry's parts.
pub(crate) struct EntryText {
    pub(crate) full_url: String,
    pub(crate) resource_type: String,
    pub(crate) resource: String,
}

/// Writes the bundle. `identifier` is a UUID, `timestamp` a FHIR instant.
pub(crate) fn write(
    rule_set: RuleSetId,
    identifier: &str,
    timestamp: &str,
    entries: &[EntryText],
) -> String {
    let length: usize = entries.iter().map(|entry| entry.resource.len() + 200).sum();
    let mut out = String::with_capacity(length + 400);
    out.push_str(r#"{"resourceType":"Bundle","#);
    if rule_set.is_transaction() {
        out.push_str(r#""meta":{"profile":["#);
        escape_into(&mut out, rule_set.bundle_profile());
        out.push_str("]},");
    }
    out.push_str(r#""identifier":{"system":"urn:ietf:rfc:3986","value":"#);
    escape_into(&mut out, &format!("urn:uuid:{identifier}"));
    out.push_str(r#"},"type":""#);
    out.push_str(rule_set.bundle_type());
    out.push_str(r#"","timestamp":"#);
    escape_into(&mut out, timestamp);
    out.push_str(r#","entry":["#);
    for (at, entry) in entries.iter().enumerate() {
        out.push_str(if at == 0 { r#"{"fullUrl":"# } else { r#",{"fullUrl":"# });
        escape_into(&mut out, &entry.full_url);
        out.push_str(r#","resource":"#);
        out.push_str(&entry.resource);
        out.push_str(r#","request":{"method":"POST","url":"#);
        escape_into(&mut out, &entry.resource_type);
        out.push_str("}}");
    }
    out.push_str("]}");
    out
}

/// Adds the guide's profile for the resource's type, where it names none of the guide's profiles itself. A type the
/// guide does not know stays as it is: the check reports it.
pub(crate) fn name_profile(
    rule_set: RuleSetId,
    node: Node<'_>,
    resource_type: &str,
    edits: &mut Edits,
) {
    let Some(url) = rule_set.profile_of(resource_type) else { return };
    let inside = |node: Node<'_>| node.span().start + 1..node.span().start + 1;
    let comma = |node: Node<'_>| if node.members().next().is_some() { "," } else { "" };
    let Some(meta) = node.member("meta") else {
        return edits
            .replace(inside(node), format!(r#""meta":{{"profile":["{url}"]}}{}"#, comma(node)));
    };
    if meta.kind() != Kind::Object {
        // Wrong as it is: the check reports it.
        return;
    }
    match meta.member("profile") {
        None => edits.replace(inside(meta), format!(r#""profile":["{url}"]{}"#, comma(meta))),
        Some(profiles) if profiles.kind() == Kind::Array => {
            let named = profiles.members().any(|profile| {
                profile.as_str().is_some_and(|profile| profile.starts_with(PROFILE))
            });
            if !named {
                edits.replace(inside(profiles), format!(r#""{url}"{}"#, comma(profiles)));
            }
        }
        Some(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lmr_fhir::{Document, ParseOptions};

    fn with_profile(json: &str) -> String {
        let document = Document::parse(json, &ParseOptions::strict()).unwrap();
        let mut edits = Edits::new();
        name_profile(RuleSetId::Lmdi112, document.root(), "Patient", &mut edits);
        edits.apply(json).unwrap()
    }

    #[test]
    fn the_profile_is_named_where_it_is_missing_and_left_where_it_is_not() {
        let url = format!("{PROFILE}patient");
        assert_eq!(
            with_profile(r#"{"resourceType":"Patient"}"#),
            format!(r#"{{"meta":{{"profile":["{url}"]}},"resourceType":"Patient"}}"#)
        );
        assert_eq!(
            with_profile(r#"{"meta":{}}"#),
            format!(r#"{{"meta":{{"profile":["{url}"]}}}}"#)
        );
        assert_eq!(
            with_profile(r#"{"meta":{"versionId":"1"}}"#),
            format!(r#"{{"meta":{{"profile":["{url}"],"versionId":"1"}}}}"#)
        );
        assert_eq!(
            with_profile(r#"{"meta":{"profile":["http://eget.no/p"]}}"#),
            format!(r#"{{"meta":{{"profile":["{url}","http://eget.no/p"]}}}}"#)
        );
        let named = format!(r#"{{"meta":{{"profile":["{url}"]}}, "decimal": 1.50}}"#);
        assert_eq!(with_profile(&named), named);
        assert_eq!(with_profile(r#"{"meta":[]}"#), r#"{"meta":[]}"#);
    }
}
