//! Forms: the fields of a request's body, and of its query.

use crate::frame::Failure;
use lmr_fhir::Bilingual;
use lmr_lmdi::person::looks_personal;
use std::collections::HashMap;

/// Longest value of a field that is a reason or a name, in characters.
const MAX_TEXT: usize = 1000;

/// The fields of a form, each once: the first of a name counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(HashMap<String, String>);

impl Fields {
    pub(crate) fn of(pairs: Vec<(String, String)>) -> Self {
        let mut fields = HashMap::new();
        for (name, value) in pairs {
            fields.entry(name).or_insert(value);
        }
        Self(fields)
    }

    /// A field's text as it is; empty where it is not there.
    pub(crate) fn raw(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// A field's text without white space around it; `None` where nothing is left.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        Some(self.raw(name).trim()).filter(|text| !text.is_empty())
    }

    /// What was written in a field, for the same form again. Never a private key: somebody has taken the wrong file, and
    /// what is shown may be seen and kept.
    pub(crate) fn written(&self, name: &str) -> &str {
        let text = self.raw(name);
        if text.contains("PRIVATE KEY") { "" } else { text }
    }

    /// Whether the form has the field, with something in it or not.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A reason in the visitor's words: something, not a whole document, and nobody's number. It is kept in logs from
    /// which nothing is taken out.
    pub(crate) fn reason(&self) -> Option<String> {
        let reason = self.text("reason")?;
        let is_fit = reason.chars().count() <= MAX_TEXT && !looks_personal(reason);
        is_fit.then(|| reason.to_owned())
    }
}

/// Parameters that every page may have: what became of a form, as its answer says it.
const OF_ALL: [&str; 1] = ["done"];

/// Refuses an address with a parameter that the page does not know: a filter that is misspelt would show everything.
pub(crate) fn only(query: &HashMap<String, String>, known: &[&str]) -> Result<(), Failure> {
    let is_known =
        |name: &&String| known.contains(&name.as_str()) || OF_ALL.contains(&name.as_str());
    // In order, so that the same address is refused with the same words.
    let Some(name) = query.keys().filter(|name| !is_known(name)).min() else { return Ok(()) };
    // An address is anybody's: it may be long, and is shown in part.
    let name: String = name.chars().take(40).collect();
    let (nb, en) = match known {
        [] => ("ingen valg".to_owned(), "no choices".to_owned()),
        known => (known.join(", "), known.join(", ")),
    };
    Err(Failure::Invalid(Bilingual {
        nb: format!("«{name}» i adressen er ikke noe som kan velges her. Siden kjenner {nb}."),
        en: format!(
            "`{name}` in the address is nothing that can be chosen here. The page knows {en}."
        ),
    }))
}

/// Bytes with everything encoded that has a meaning in a query (RFC 3986).
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// A query of those fields that have a value, with its question mark; empty without any.
pub(crate) fn query(fields: &[(&str, Option<&str>)]) -> String {
    let mut out = String::new();
    for (name, value) in fields {
        let Some(value) = value.filter(|value| !value.is_empty()) else { continue };
        out.push(if out.is_empty() { '?' } else { '&' });
        out.push_str(name);
        out.push('=');
        out.push_str(&encoded(value));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_has_what_is_asked_for_and_nothing_else() {
        let fields = [("a", Some("æ&=")), ("b", None), ("c", Some("")), ("d", Some("1"))];
        assert_eq!(query(&fields), "?a=%C3%A6%26%3D&d=1");
        assert_eq!(query(&[]), "");
    }

    #[test]
    fn a_private_key_is_not_written_again() {
        let fields = Fields::of(vec![
            ("certificate".into(), "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII".into()),
            ("name".into(), " Liksom ".into()),
        ]);
        assert_eq!((fields.written("certificate"), fields.written("name")), ("", " Liksom "));
    }

    #[test]
    fn the_first_of_a_field_counts_and_blanks_are_none() {
        let fields = Fields::of(
            [("x", "1"), ("x", "2"), ("reason", "  ")].map(|(n, v)| (n.into(), v.into())).to_vec(),
        );
        assert_eq!((fields.text("x"), fields.reason(), fields.raw("y")), (Some("1"), None, ""));
    }

    #[test]
    fn a_reason_with_a_number_in_any_spelling_is_none() {
        let reason = |text: String| Fields::of(vec![("reason".to_owned(), text)]).reason();
        for spelling in lmr_fhir::digits::spellings("12818012345") {
            assert_eq!(reason(format!("sak om {} i dag", spelling.text)), None);
        }
        assert!(reason("feilsendt 2026-11-26T10:15, sak 2026/1234".to_owned()).is_some());
    }
}
