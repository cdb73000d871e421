//! Forms of well-formed and ill-formed XML, as the parser of the JDK (17, `DocumentBuilder`, namespace aware) takes and
//! refuses them.
//!
//! A row of `xml_forms/jdk.txt` is `+` (taken) or `-`, the text as a JSON string with two abbreviations, and where it
//! has one the family of its name as that parser reads it.

use lmr_fhir::xml::XmlErrorKind;
use lmr_fhir::{Document, Node, ParseOptions};
use lmr_validator::xml::to_json;

const ROWS: &str = include_str!("xml_forms/jdk.txt");

struct Row {
    taken: bool,
    text: String,
    family: Option<String>,
}

fn rows() -> impl Iterator<Item = Row> {
    ROWS.lines().map(|line| {
        let (sign, rest) = line.split_at(2);
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<String>();
        let text = values.next().expect("a text").expect("JSON");
        let family = values.next().map(|family| family.expect("JSON"));
        let text = text.replace("~F", "xmlns=\"http://hl7.org/fhir\"").replace(
            "~D",
            "<text><status value=\"generated\"/><div xmlns=\"http://www.w3.org/1999/xhtml\"",
        );
        Row { taken: sign == "+ ", text, family }
    })
}

/// Whether a text is XML to us: what FHIR has no place for is XML all the same.
fn is_xml(kind: &XmlErrorKind) -> bool {
    use XmlErrorKind as E;
    match kind {
        E::Doctype
        | E::Text
        | E::Namespace(_)
        | E::Attribute(_)
        | E::Order(_)
        | E::OneResource(_)
        | E::Xhtml
        | E::NarrativeNamespaces(_)
        | E::TooDeep(_)
        | E::Declared(_)
        | E::OtherEncoding(_) => true,
        E::NotUtf8
        | E::Character(_)
        | E::Empty
        | E::UnexpectedEnd
        | E::EndTag { .. }
        | E::NotXml(_)
        | E::IllFormed(_)
        | E::Entity(_) => false,
    }
}

/// Why a row is decided otherwise here.
fn reason(row: &Row) -> Option<&'static str> {
    let has = |parts: &[&str]| parts.iter().any(|part| row.text.contains(part));
    let is_second = row.text.starts_with("<?xml version=\"1.1\"?>");
    if row.taken {
        return if is_second && has(&["&#1;", "&#31;"]) {
            Some("FHIR has no control characters, and JSON could not carry them")
        } else if is_second && has(&["<a\u{85}/>", "<a\u{2028}/>"]) {
            Some(
                "the ends of lines that 1.1 adds are white space between tags and in values, not in tags",
            )
        } else if has(&["<:a", " :a="]) {
            Some("a name that begins with a colon is none where there are namespaces")
        } else {
            None
        };
    }
    // The JDK has the names of the fourth edition, a list of letters; 1.1 has those of the fifth.
    let fifth = ["\u{2070}a", "\u{3001}a", "\u{10000}a", "\u{feff}a", "\u{200c}a", "a\u{203f}"];
    let is_markup = ["<", "</", "<?", " ", ":"]
        .iter()
        .any(|before| fifth.iter().any(|name| row.text.contains(&format!("{before}{name}"))));
    (!is_second && is_markup).then_some("the fifth edition allows more names than the fourth")
}

fn family(json: &str) -> Option<String> {
    let document = Document::parse(json, &ParseOptions::strict()).expect("JSON");
    let name = document.root().member("name")?.members().next()?;
    name.member("family").and_then(Node::as_str).map(Into::into)
}

#[test]
fn what_the_jdk_takes_as_xml_is_taken_and_what_it_refuses_is_refused() {
    let mut other = Vec::new();
    let mut differences = 0;
    for row in rows() {
        let found = to_json(row.text.as_bytes(), 100);
        let is_same = match &found {
            Ok(converted) => {
                row.taken
                    && row
                        .family
                        .as_ref()
                        .is_none_or(|f| family(&converted.json).as_ref() == Some(f))
            }
            Err(error) => !row.taken || is_xml(&error.kind),
        };
        if is_same {
            continue;
        }
        if reason(&row).is_some() {
            differences += 1;
            continue;
        }
        let found = found.map(|converted| converted.json).map_err(|error| error.kind);
        other.push(format!("{} {:?}\n    {found:?} {:?}", row.taken, row.text, row.family));
    }
    assert!(other.is_empty(), "{}\n{}", other.len(), other.join("\n"));
    assert_eq!(differences, 82, "rows that are decided otherwise");
}
