//! What makes two resources of one sender the same resource, and what counts as a change.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use lmr_fhir::{Bundle, Element, Kind, Name, Node, escape_into};

macro_rules! names {
    ($($constant:ident = $text:literal),* $(,)?) => {
        $(static $constant: LazyLock<Name> = LazyLock::new(|| Name::new($text));)*
    };
}

names! { ID = "id", IDENTIFIER = "identifier", SYSTEM = "system", VALUE = "value" }

/// A resource's identity at the register, within one sender's organisation.
///
/// The key holds what the sender wrote, so it may be a person's number: never in logs or answers.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    /// FHIR resource type.
    pub resource_type: String,
    /// `identifier:system|value`, `id:…` or `url:urn:uuid:…`.
    pub key: String,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("resource_type", &self.resource_type)
            .finish_non_exhaustive()
    }
}

impl Identity {
    /// Resource type + first business identifier with a value; else `id`; else `fullUrl` if it is a
    /// urn:uuid. `None` when the resource has none of them.
    #[must_use]
    pub fn of(resource: Element<'_>, full_url: Option<&str>) -> Option<Self> {
        let resource_type = resource.resource_type()?.into_owned();
        let business = resource.children_named(&IDENTIFIER).find_map(|identifier| {
            let value = identifier.child(&VALUE)?.text()?;
            if value.trim().is_empty() {
                return None;
            }
            let system = identifier.child(&SYSTEM).and_then(Element::text).unwrap_or_default();
            Some(format!("identifier:{system}|{value}"))
        });
        let key = business
            .or_else(|| {
                let id = resource.child(&ID)?.text()?;
                (!id.is_empty()).then(|| format!("id:{id}"))
            })
            .or_else(|| {
                let url = full_url?.to_ascii_lowercase();
                url.starts_with("urn:uuid:").then(|| format!("url:{url}"))
            })?;
        Some(Self { resource_type, key })
    }

    /// The system of the business identifier that the identity is made of, if it has one.
    #[must_use]
    pub fn system(&self) -> Option<&str> {
        let (system, _) = self.key.strip_prefix("identifier:")?.split_once('|')?;
        Some(system).filter(|system| !system.is_empty())
    }

    /// The identity as one text, for replacing references in the canonical form.
    fn as_reference(&self) -> String {
        format!("{}?{}", self.resource_type, self.key)
    }
}

/// The identities of a bundle's entries by `fullUrl`: needed for the canonical form, since a sender may
/// give an entry a new urn:uuid in every bundle.
#[derive(Clone, Default)]
pub struct Identities {
    by_url: HashMap<String, String>,
}

impl Identities {
    /// Of every entry that has a `fullUrl` and an identity.
    #[must_use]
    pub fn of_bundle(bundle: Bundle<'_>) -> Self {
        let mut by_url = HashMap::new();
        for entry in bundle.entries() {
            let (Some(url), Some(resource)) = (entry.full_url(), entry.resource()) else {
                continue;
            };
            if let Some(identity) = Identity::of(resource, Some(&url)) {
                by_url.entry(url.into_owned()).or_insert_with(|| identity.as_reference());
            }
        }
        Self { by_url }
    }

    /// Adds one resource.
    pub fn add(&mut self, full_url: &str, resource: Element<'_>) {
        if let Some(identity) = Identity::of(resource, Some(full_url)) {
            self.by_url.insert(full_url.to_owned(), identity.as_reference());
        }
    }

    fn reference(&self, text: &str) -> Option<&str> {
        self.by_url.get(text).map(String::as_str)
    }
}

/// The canonical form of a resource: equal bytes mean "unchanged", and their hash is the content hash.
///
/// JSON without white space, members in byte order of their names, strings with the fewest escapes,
/// numbers as they were written (1.0 is not 1.00). Left out: `meta.versionId` and `meta.lastUpdated`,
/// which the source's server changes by itself, and duplicate members after the first. A reference to
/// another entry of the bundle is replaced by that entry's identity.
#[must_use]
pub fn canonical_content(resource: Element<'_>, identities: &Identities) -> Vec<u8> {
    let mut out = String::with_capacity(resource.span().len());
    if let Some(node) = resource.value() {
        write(node, identities, Level::Resource, &mut out);
    }
    out.into_bytes()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Resource,
    Meta,
    Below,
}

fn write(node: Node<'_>, identities: &Identities, level: Level, out: &mut String) {
    match node.kind() {
        Kind::Object => {
            let mut members: Vec<_> = node
                .members()
                .filter(|member| !member.is_duplicate())
                .filter_map(|member| Some((member.key()?, member)))
                .filter(|(key, _)| {
                    level != Level::Meta || (key != "versionId" && key != "lastUpdated")
                })
                .filter(|(key, member)| {
                    level != Level::Resource || key != "meta" || !is_idle_meta(*member)
                })
                .collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            out.push('{');
            for (i, (key, member)) in members.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                escape_into(out, key);
                out.push(':');
                let below = if level == Level::Resource && key == "meta" {
                    Level::Meta
                } else {
                    Level::Below
                };
                match (key.as_ref(), member.as_str()) {
                    ("reference", Some(text)) => {
                        escape_into(out, identities.reference(&text).unwrap_or(&text));
                    }
                    _ => write(*member, identities, below, out),
                }
            }
            out.push('}');
        }
        Kind::Array => {
            out.push('[');
            for (i, item) in node.members().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write(item, identities, Level::Below, out);
            }
            out.push(']');
        }
        Kind::String => escape_into(out, &node.as_str().unwrap_or_default()),
        Kind::Number | Kind::Boolean | Kind::Null | Kind::Bare => out.push_str(node.raw()),
    }
}

/// A `meta` that holds nothing but what the source's server changes by itself.
fn is_idle_meta(meta: Node<'_>) -> bool {
    meta.kind() == Kind::Object
        && meta
            .members()
            .all(|m| m.key().is_some_and(|key| key == "versionId" || key == "lastUpdated"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use lmr_fhir::{Document, ParseOptions};

    fn parse(text: &str) -> Document<'_> {
        Document::parse(text, &ParseOptions::strict()).unwrap()
    }

    fn canonical(text: &str) -> String {
        let document = parse(text);
        String::from_utf8(canonical_content(document.root_element(), &Identities::default()))
            .unwrap()
    }

    fn key(text: &str, full_url: Option<&str>) -> Option<String> {
        Identity::of(parse(text).root_element(), full_url).map(|identity| identity.key)
    }

    #[test]
    fn the_first_identifier_with_a_value_is_the_identity() {
        let text = r#"{"resourceType":"Medication","id":"a",
            "identifier":[{"system":"urn:s"},{"system":"urn:s","value":"7"},{"value":"8"}]}"#;
        assert_eq!(key(text, None).as_deref(), Some("identifier:urn:s|7"));
    }

    #[test]
    fn an_identity_knows_the_system_of_its_identifier() {
        let system = |key: &str| {
            let identity = Identity { resource_type: "Medication".to_owned(), key: key.to_owned() };
            identity.system().map(str::to_owned)
        };
        assert_eq!(system("identifier:urn:s|7").as_deref(), Some("urn:s"));
        for key in ["identifier:|7", "id:a", "url:urn:uuid:1"] {
            assert_eq!(system(key), None, "{key}");
        }
    }

    #[test]
    fn without_identifier_the_id_counts_and_then_a_urn_uuid() {
        let url = "urn:uuid:0A0B0C0D-0000-4000-8000-000000000001";
        assert_eq!(
            key(r#"{"resourceType":"Medication","id":"a"}"#, Some(url)).as_deref(),
            Some("id:a")
        );
        assert_eq!(
            key(r#"{"resourceType":"Medication"}"#, Some(url)).as_deref(),
            Some("url:urn:uuid:0a0b0c0d-0000-4000-8000-000000000001")
        );
        assert_eq!(
            key(r#"{"resourceType":"Medication"}"#, Some("http://a.example/Medication/1")),
            None
        );
        assert_eq!(key(r#"{"id":"a"}"#, None), None);
    }

    #[test]
    fn order_and_white_space_do_not_change_the_canonical_form_but_decimals_do() {
        let a =
            r#"{ "resourceType":"Medication", "id":"a", "amount":{"numerator":{"value":1.0}} }"#;
        let b = r#"{"id":"a","amount":{"numerator":{"value":1.0}},"resourceType":"Medication"}"#;
        let c = r#"{"id":"a","amount":{"numerator":{"value":1.00}},"resourceType":"Medication"}"#;
        assert_eq!(canonical(a), canonical(b));
        assert_ne!(canonical(b), canonical(c));
    }

    #[test]
    fn what_the_sources_server_changes_by_itself_is_not_a_change() {
        let a = r#"{"resourceType":"Medication","id":"a","meta":{"versionId":"1","lastUpdated":"2025-01-01T00:00:00Z"}}"#;
        assert_eq!(canonical(a), canonical(r#"{"resourceType":"Medication","id":"a"}"#));
        let b = r#"{"resourceType":"Medication","meta":{"versionId":"1","profile":["urn:p"]}}"#;
        assert_eq!(canonical(b), r#"{"meta":{"profile":["urn:p"]},"resourceType":"Medication"}"#);
    }

    #[test]
    fn a_new_urn_uuid_for_the_same_target_is_not_a_change() {
        let bundle = |uuid: &str| {
            format!(
                r#"{{"resourceType":"Bundle","entry":[
                {{"fullUrl":"{uuid}","resource":{{"resourceType":"Medication","id":"m"}}}},
                {{"resource":{{"resourceType":"MedicationRequest","medicationReference":{{"reference":"{uuid}"}}}}}}]}}"#
            )
        };
        let content = |text: &str| {
            let document = parse(text);
            let bundle = Bundle::of(&document).unwrap();
            let resource = bundle.entries().nth(1).unwrap().resource().unwrap();
            canonical_content(resource, &Identities::of_bundle(bundle))
        };
        let (one, two) = (content(&bundle("urn:uuid:1")), content(&bundle("urn:uuid:2")));
        assert_eq!(one, two);
        assert!(String::from_utf8(one).unwrap().contains("Medication?id:m"));
    }
}
