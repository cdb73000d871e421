//! Namespaces of FHIR XML: what a narrative's prefixes mean stays, and text of any shape takes what its length takes.

use std::collections::HashMap;

use lmr_fhir::xml::XmlErrorKind;
use lmr_fhir::{Document, Language, Localized, Node, ParseOptions};
use lmr_validator::xml::{to_json, to_xml};
use proptest::prelude::*;

use super::hostile::spent;

const XHTML: &str = "http://www.w3.org/1999/xhtml";
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// A patient with its narratives in resources of their own.
fn patient(attributes: &str, narratives: &[String]) -> String {
    let contained: String = narratives
        .iter()
        .map(|narrative| {
            format!(r#"<contained><Patient>{}</Patient></contained>"#, text_of(narrative))
        })
        .collect();
    format!(r#"<Patient xmlns="http://hl7.org/fhir" {attributes}>{contained}</Patient>"#)
}

fn text_of(narrative: &str) -> String {
    format!(r#"<text><status value="generated"/>{narrative}</text>"#)
}

fn json(text: &str) -> Result<String, XmlErrorKind> {
    to_json(text.as_bytes(), 100).map(|converted| converted.json).map_err(|error| error.kind)
}

fn document(text: &str) -> Document<'static> {
    let json = json(text).unwrap_or_else(|kind| panic!("{kind}\n{text}"));
    Document::parse(json, &ParseOptions::strict()).expect("JSON")
}

fn narratives(document: &Document<'_>) -> Vec<String> {
    let contained = document.root().member("contained").expect("contained resources");
    let div = |resource: Node<'_>| resource.member("text")?.member("div")?.as_str().map(Into::into);
    contained.members().map(|resource| div(resource).expect("a narrative")).collect()
}

const H: &str = r#"xmlns:h="http://www.w3.org/1999/xhtml""#;

/// The one narrative in its JSON, which is the same when it is written as XML and read again.
fn converted(attributes: &str, narrative: &str) -> String {
    let document = document(&patient(&format!("{H} {attributes}"), &[narrative.to_owned()]));
    let [found] = <[String; 1]>::try_from(narratives(&document)).expect("one narrative");
    let written = to_xml(document.root()).unwrap_or_else(|error| panic!("{error}\n{found}"));
    let again = narratives(&self::document(&written));
    assert_eq!(again, std::slice::from_ref(&found), "{narrative}");
    found
}

#[test]
fn a_narrative_keeps_what_its_prefixes_mean() {
    let own = r#"<div xmlns="http://www.w3.org/1999/xhtml""#;
    for (attributes, narrative, expected) in [
        ("", "<h:div/>", format!("{own}/>")),
        ("", "<h:div>a<h:br/></h:div>", format!("{own}>a<br/></div>")),
        // What is declared outside is declared in the div, once.
        (
            r#"xmlns:x="u""#,
            r#"<div xmlns="http://www.w3.org/1999/xhtml"><p x:a="b" xml:lang="nb">c</p><p x:a="d"/></div>"#,
            format!(r#"{own} xmlns:x="u"><p x:a="b" xml:lang="nb">c</p><p x:a="d"/></div>"#),
        ),
        (
            r#"xmlns:s="u&amp;&quot;&#10;""#,
            "<h:div><s:a><s:b/><h:i/></s:a><h:b/></h:div>",
            format!(r#"{own} xmlns:s="u&amp;&quot;&#10;"><s:a><s:b/><i/></s:a><b/></div>"#),
        ),
        ("", "<h:div h:id='a'/>", format!(r#"{own} {H} h:id="a"/>"#)),
        ("", "<h:div><p/></h:div>", format!(r#"{own}><p xmlns="http://hl7.org/fhir"/></div>"#)),
        // What is declared inside stays where it is.
        (
            r#"xmlns:s="u""#,
            r#"<h:div xmlns="v" xmlns:t="w"><s:a xmlns:s="x"><t:b/></s:a><c/></h:div>"#,
            format!(r#"{own} xmlns:t="w"><s:a xmlns:s="x"><t:b/></s:a><c xmlns="v"/></div>"#),
        ),
        (
            "",
            r#"<h:div><a xmlns="u"><h:b><c/></h:b></a></h:div>"#,
            format!(r#"{own} {H}><a xmlns="u"><h:b><c/></h:b></a></div>"#),
        ),
        // No declaration, though it looks like one.
        ("", r#"<h:div title="xmlns=">a</h:div>"#, format!("{own} title=\"xmlns=\">a</div>")),
        // As written: it has all that it needs.
        (
            "",
            "<div xmlns='http://www.w3.org/1999/xhtml' ><p  >a</p ></div >",
            "<div xmlns='http://www.w3.org/1999/xhtml' ><p  >a</p ></div >".to_owned(),
        ),
    ] {
        assert_eq!(converted(attributes, narrative), expected);
    }
}

#[test]
fn the_prefix_xml_stays() {
    let own = r#"<div xmlns="http://www.w3.org/1999/xhtml">"#;
    for inner in ["<xml:p>a</xml:p>", "<xml:br/>", r#"<p><xml:p xml:lang="nb"><b/></xml:p></p>"#] {
        let written = format!("{own}{inner}</div>");
        assert_eq!(converted("", &written), written);
    }
    let prefixed = "<h:div><xml:p><h:b>a</h:b></xml:p></h:div>";
    assert_eq!(converted("", prefixed), format!("{own}<xml:p><b>a</b></xml:p></div>"));
}

#[test]
fn a_prefix_that_xml_1_1_takes_back_does_not_reach_the_narrative() {
    let narrative =
        r#"<div xmlns="http://www.w3.org/1999/xhtml" xmlns:a=""><p xmlns:a="">x</p></div>"#;
    let text = patient(r#"xmlns:a="u""#, &[narrative.to_owned()]);
    let document = document(&format!(r#"<?xml version="1.1"?>{text}"#));
    let expected = r#"<div xmlns="http://www.w3.org/1999/xhtml"><p>x</p></div>"#;
    assert_eq!(narratives(&document), [expected]);
    assert!(to_xml(document.root()).is_ok());
}

/// Texts of about a size, each of a shape of which one that repeats names of namespaces makes many times as much.
fn shapes(n: usize) -> Vec<(&'static str, String)> {
    let long = "u".repeat(n);
    let xhtml = format!(r#"xmlns="{XHTML}""#);
    let inside =
        |div: &str, content: String| patient(H, &[format!("<h:div {div}>{content}</h:div>")]);
    let each = |write: &dyn Fn(usize) -> String| (0..n / 20).map(write).collect::<String>();
    let foreign = format!(r#"xmlns:a="{long}""#);
    let nested = |start: &str, end: &str| format!("{}{}", start.repeat(n / 20), end.repeat(n / 20));
    vec![
        ("elements with a prefix", inside(&foreign, "<a:b/><h:c/>".repeat(n / 20))),
        ("elements in turns", inside(&foreign, nested("<a:b><h:c>", "</h:c></a:b>"))),
        ("attributes of elements", inside(&foreign, r#"<h:c a:b=""/>"#.repeat(n / 20))),
        (
            "attributes of one element",
            inside(&foreign, format!("<h:c{}/>", each(&|i| format!(r#" a:b{i}="""#)))),
        ),
        (
            "another default namespace",
            inside(
                "",
                format!(r#"<b xmlns="{long}">{}</b>"#, "<c/><h:d><e/></h:d>".repeat(n / 20)),
            ),
        ),
        (
            "a declaration again and again",
            inside("", nested(&format!("<span {xhtml}>"), "</span>")),
        ),
        (
            "declarations in turns",
            inside("", nested(r#"<a:b xmlns:a="u"><a:b xmlns:a="v">"#, "</a:b></a:b>")),
        ),
        (
            "prefixes of one element",
            inside("", format!("<h:c{}/>", each(&|i| format!(r#" xmlns:a{i}="u{i}" a{i}:b="""#)))),
        ),
        (
            "prefixes of elements inside one another",
            inside(
                "",
                format!(
                    "{}{}",
                    each(&|i| format!(r#"<a{i}:b xmlns:a{i}="u"><h:c>"#)),
                    (0..n / 20).rev().map(|i| format!("</h:c></a{i}:b>")).collect::<String>()
                ),
            ),
        ),
        (
            "prefixes outside",
            patient(
                &format!("{H}{}", each(&|i| format!(r#" xmlns:a{i}="u""#))),
                &vec!["<h:div><h:b/></h:div>".to_owned(); n / 20],
            ),
        ),
        (
            "a namespace outside",
            patient(
                &format!(r#"{H} xmlns:a="{long}""#),
                &vec!["<h:div><h:b/></h:div>".to_owned(); n / 20],
            ),
        ),
        (
            "a namespace outside that one narrative uses",
            patient(&format!(r#"{H} xmlns:a="{long}""#), &["<h:div><a:b/></h:div>".to_owned()]),
        ),
    ]
}

#[test]
fn narratives_are_in_line_with_their_text() {
    for (name, text) in shapes(20_000) {
        let json = json(&text).unwrap_or_else(|kind| panic!("{name}: {kind}"));
        assert!(json.len() < 3 * text.len(), "{name}: {} from {}", json.len(), text.len());
    }
}

#[test]
fn namespaces_are_read_in_line_with_the_text() {
    let cost = |text: &str| {
        let before = spent()?;
        assert!(json(text).is_ok());
        Some(spent()? - before)
    };
    for ((name, small), (_, large)) in shapes(40_000).into_iter().zip(shapes(160_000)) {
        // Four times the text: by the square it would be sixteen times as much. The least of some rounds, since what
        // else runs only adds to it.
        let mut least = [u64::MAX; 2];
        let is_linear = (0..20).any(|_| {
            for (text, least) in [&small, &large].into_iter().zip(&mut least) {
                *least = cost(text).unwrap_or_default().min(*least);
            }
            least[1] <= 8 * least[0]
        });
        assert!(is_linear, "{name}: {least:?} ns");
    }
}

#[test]
fn any_number_of_namespaces_is_read() {
    let own = r#"<div xmlns="http://www.w3.org/1999/xhtml">"#;
    let span = format!(r#"<span xmlns="{XHTML}">"#);
    for count in [127, 128, 129, 130, 5_000] {
        let nested = format!("{own}{}{}</div>", span.repeat(count), "</span>".repeat(count));
        assert_eq!(converted("", &nested), nested);
        let declarations: String = (0..count).map(|i| format!(r#" xmlns:a{i}="u{i}""#)).collect();
        let last = count - 1;
        assert_eq!(
            converted(&declarations, &format!("<h:div><a0:b/><a{last}:b/></h:div>")),
            format!(
                r#"{} xmlns:a0="u0" xmlns:a{last}="u{last}"><a0:b/><a{last}:b/></div>"#,
                &own[..own.len() - 1]
            ),
        );
    }
}

#[test]
fn narratives_do_not_multiply_a_namespace_from_outside() {
    let text = |length: usize, narrative: &str, count: usize| {
        let attributes = format!(r#"{H} xmlns:a="{}""#, "u".repeat(length));
        patient(&attributes, &vec![narrative.to_owned(); count])
    };
    // Each has its own as long as they are short together.
    let short = json(&text(20, r#"<h:div a:b="c"/>"#, 2_000)).expect("XML");
    assert_eq!(short.matches("uuuuuuuuuuuuuuuuuuuu").count(), 2_000);
    for narrative in
        [r#"<h:div a:b="c"/>"#, r#"<h:div><h:p a:b="c"/></h:div>"#, "<h:div><a:b/></h:div>"]
    {
        let kind = json(&text(1_000, narrative, 2_000)).expect_err("too long together");
        assert!(matches!(kind, XmlErrorKind::NarrativeNamespaces(_)), "{narrative}: {kind}");
        // The remedy of the message.
        let inside = narrative.replacen("<h:div", r#"<h:div xmlns:a="u""#, 1);
        assert!(json(&text(1_000, &inside, 2_000)).is_ok());
    }
    // The default namespace that elements without a prefix have from outside.
    let default = format!(
        r#"<f:Patient xmlns:f="http://hl7.org/fhir" {H} xmlns="{}"><f:text><f:status value="generated"/><h:div>{}</h:div></f:text></f:Patient>"#,
        "u".repeat(1_000),
        "<p/>".repeat(1_000)
    );
    let kind = json(&default).expect_err("too long together");
    assert_eq!(kind, XmlErrorKind::NarrativeNamespaces(64 * 1024));
    assert_eq!(kind.clone().redacted(), kind);
    for (language, part) in [
        (Language::Bokmal, "deklarer navnerommene i"),
        (Language::English, "declare the namespaces in"),
    ] {
        let text = kind.text(language);
        assert!(text.contains(part) && text.contains("65536"), "{text}");
    }
}

/// The elements and attributes of markup without text, each with its namespace; `around` is what is declared outside.
fn meaning(markup: &str, around: &[(&str, &str)]) -> Vec<String> {
    let outside: HashMap<String, String> =
        around.iter().map(|(prefix, name)| ((*prefix).to_owned(), (*name).to_owned())).collect();
    let mut scopes = vec![outside];
    let mut found = Vec::new();
    for tag in markup.split('<').skip(1).map(|tag| tag.trim_end_matches('>')) {
        if tag.starts_with('/') {
            scopes.pop();
            found.push("end".to_owned());
            continue;
        }
        let mut parts = tag.trim_end_matches('/').split(' ');
        let name = parts.next().unwrap_or_default();
        let attributes: Vec<(&str, &str)> = parts
            .filter_map(|part| part.split_once('='))
            .map(|(n, v)| (n, v.trim_matches('"')))
            .collect();
        let mut scope = scopes.last().cloned().unwrap_or_default();
        for (name, value) in &attributes {
            if let Some(prefix) = name.strip_prefix("xmlns") {
                scope.insert(prefix.trim_start_matches(':').to_owned(), (*value).to_owned());
            }
        }
        let resolved = |name: &str, is_element: bool| match name.split_once(':') {
            Some(("xml", local)) => format!("{{{XML}}}{local}"),
            Some((prefix, local)) => format!("{{{}}}{local}", scope[prefix]),
            None if is_element => format!("{{{}}}{name}", scope.get("").map_or("", |name| name)),
            None => name.to_owned(),
        };
        found.push(resolved(name, true));
        let attributes = attributes.iter().filter(|(name, _)| !name.starts_with("xmlns"));
        found.extend(attributes.map(|(name, value)| format!("@{}={value}", resolved(name, false))));
        if tag.ends_with('/') {
            found.push("end".to_owned());
        } else {
            scopes.push(scope);
        }
    }
    found
}

const AROUND: [(&str, &str); 4] =
    [("", "http://hl7.org/fhir"), ("h", XHTML), ("a", "urn:a"), ("b", XHTML)];

fn attributes() -> impl Strategy<Value = String> {
    let declared = (
        prop::sample::select(vec!["xmlns", "xmlns:h", "xmlns:a", "xmlns:b"]),
        prop::sample::select(vec![XHTML, "urn:a", "urn:b", "http://hl7.org/fhir"]),
    )
        .prop_map(|(name, value)| format!(r#" {name}="{value}""#));
    let written =
        prop::sample::select(vec![r#" c="1""#, r#" h:c="2""#, r#" a:d="3""#, r#" xml:lang="nb""#]);
    (prop::option::weighted(0.4, declared), prop::option::weighted(0.4, written))
        .prop_map(|(declared, written)| declared.unwrap_or_default() + written.unwrap_or_default())
}

fn element() -> impl Strategy<Value = String> {
    let name = || prop::sample::select(vec!["p", "h:p", "a:p", "b:p", "xml:p"]);
    let leaf = (name(), attributes()).prop_map(|(name, own)| format!("<{name}{own}/>"));
    leaf.prop_recursive(5, 30, 4, move |inner| {
        (name(), attributes(), prop::collection::vec(inner, 0..4))
            .prop_map(|(name, own, inner)| format!("<{name}{own}>{}</{name}>", inner.concat()))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_generated_narrative_means_the_same_in_json(
        (start, end) in prop::sample::select(vec![
            ("<h:div", "</h:div>"),
            ("<b:div", "</b:div>"),
            (r#"<div xmlns="http://www.w3.org/1999/xhtml""#, "</div>"),
            (r#"<h:div xmlns="urn:c""#, "</h:div>"),
            (r#"<h:div xmlns:b="urn:c" xmlns:d="urn:d""#, "</h:div>"),
        ]),
        inner in prop::collection::vec(element(), 0..4),
    ) {
        let narrative = format!("{start}>{}{end}", inner.concat());
        let outside = format!(r#"xmlns:b="{XHTML}" xmlns:a="urn:a""#);
        let found = converted(&outside, &narrative);
        prop_assert!(found.starts_with(r#"<div xmlns="http://www.w3.org/1999/xhtml""#), "{found}");
        prop_assert_eq!(meaning(&found, &[]), meaning(&narrative, &AROUND), "{}\n{}", narrative, found);
    }
}
