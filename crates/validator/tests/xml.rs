//! FHIR XML to JSON and back: nothing that FHIR knows is lost.

use lmr_fhir::xml::{IllFormed, XmlErrorKind};
use lmr_fhir::{Document, Kind, Language, Localized, Node, ParseOptions};
use lmr_validator::xml::{to_json, to_xml};
use proptest::prelude::*;

fn json(xml: &str) -> String {
    to_json(xml.as_bytes(), 100).unwrap_or_else(|error| panic!("{error}\n{xml}")).json
}

fn refusal(xml: &str) -> XmlErrorKind {
    to_json(xml.as_bytes(), 100).expect_err("must be refused").kind
}

fn xml(json: &str) -> String {
    let document = Document::parse(json, &ParseOptions::strict()).expect("JSON");
    to_xml(document.root()).unwrap_or_else(|error| panic!("{error}\n{json}"))
}

fn patient(inner: &str) -> String {
    format!(r#"<Patient xmlns="http://hl7.org/fhir">{inner}</Patient>"#)
}

/// Without the order of members, which JSON does not have; every value by its text.
fn canonical(node: Node<'_>) -> String {
    match node.kind() {
        Kind::Object => {
            let mut members: Vec<String> = node
                .members()
                .map(|member| format!("{}:{}", member.key().unwrap_or_default(), canonical(member)))
                .collect();
            members.sort();
            format!("{{{}}}", members.join(","))
        }
        Kind::Array => {
            let members: Vec<String> = node.members().map(canonical).collect();
            format!("[{}]", members.join(","))
        }
        Kind::String => format!("{:?}", node.as_str().unwrap_or_default()),
        _ => node.raw().to_owned(),
    }
}

fn same(first: &str, second: &str) {
    let read = |text: &str| {
        let document = Document::parse(text.to_owned(), &ParseOptions::strict()).expect("JSON");
        canonical(document.root())
    };
    assert_eq!(read(first), read(second));
}

#[test]
fn every_kind_of_element_has_its_json() {
    let text = r##"<?xml version="1.0" encoding="UTF-8"?>
<!-- a comment -->
<Patient xmlns="http://hl7.org/fhir">
  <id value="p1"/>
  <text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">Kari &amp; <b class="x">Ola</b><br/></div></text>
  <contained><Organization><id value="o"/><name value="Sykehus &quot;A&quot;&#10;B"/></Organization></contained>
  <extension url="http://x"><valueDecimal value="1.50"/></extension>
  <active id="a" value="true"><extension url="http://y"><valueBoolean value="false"/></extension></active>
  <name id="n"><given value="Åse"/><given id="g"/><given value="B"/></name>
  <birthDate><extension url="http://z"><valueCode value="unknown"/></extension></birthDate>
  <multipleBirthInteger value="2"/>
</Patient>"##;
    same(
        &json(text),
        r##"{"resourceType":"Patient","id":"p1",
        "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Kari &amp; <b class=\"x\">Ola</b><br/></div>"},
        "contained":[{"resourceType":"Organization","id":"o","name":"Sykehus \"A\"\nB"}],
        "extension":[{"url":"http://x","valueDecimal":1.50}],
        "active":true,"_active":{"id":"a","extension":[{"url":"http://y","valueBoolean":false}]},
        "name":[{"id":"n","given":["Åse",null,"B"],"_given":[null,{"id":"g"},null]}],
        "_birthDate":{"extension":[{"url":"http://z","valueCode":"unknown"}]},
        "multipleBirthInteger":2}"##,
    );
    let again = xml(&json(text));
    assert_eq!(json(&again), json(text));
    assert_eq!(xml(&json(&again)), again);
}

#[test]
fn values_of_the_wrong_kind_and_unknown_elements_are_left_for_validation() {
    same(
        &json(&patient(r#"<active value="ja"/><multipleBirthInteger value="01"/>"#)),
        r#"{"resourceType":"Patient","active":"ja","multipleBirthInteger":"01"}"#,
    );
    same(
        &json(&patient(r#"<nickname value="x"/><gender value="a"/><gender value="b"/>"#)),
        r#"{"resourceType":"Patient","nickname":"x","gender":["a","b"]}"#,
    );
    same(
        &json(
            &patient("<birthDate/><name/>").replace("<birthDate/><name/>", "<name/><birthDate/>"),
        ),
        r#"{"resourceType":"Patient","name":[{}],"_birthDate":{}}"#,
    );
}

#[test]
fn what_json_cannot_carry_is_refused_with_its_reason_and_place() {
    use XmlErrorKind as E;
    let attribute = |name: &str| E::Attribute(name.to_owned());
    let end_tag = |found: &str, expected: Option<&str>| E::EndTag {
        found: found.to_owned(),
        expected: expected.map(str::to_owned),
    };
    for (inner, kind) in [
        (r#"<gender value="male" kind="x"/>"#, attribute("kind")),
        (r#"<name value="x"/>"#, attribute("value")),
        (r#"<gender url="x" value="male"/>"#, attribute("url")),
        (r#"<gender>male</gender>"#, E::Text),
        (r#"<gender value="male"/>&amp;"#, E::Text),
        (r#"<birthDate value="1970-01-01"/><gender value="male"/>"#, E::Order("gender".into())),
        (
            r#"<extension url="a"/><extension url="b"/><name/><extension url="c"/>"#,
            E::Order("extension".into()),
        ),
        (r#"<contained/>"#, E::OneResource("contained".into())),
        (r#"<text><div>x</div></text>"#, E::Text),
        (r#"<text><status value="empty"/><div/></text>"#, E::Xhtml),
        (r#"<x:a xmlns:x="http://elsewhere"/>"#, E::Namespace("a".into())),
        (r#"<gender value="&nbsp;"/>"#, E::Entity("nbsp".into())),
        (r#"<name>"#, end_tag("Patient", Some("name"))),
        (r#"<name></names>"#, end_tag("names", Some("name"))),
        (r#"</Patient></Patient>"#, end_tag("Patient", None)),
        (r#"<!ELEMENT name>"#, E::IllFormed(IllFormed::Markup)),
        (r#"<!DOCTYPE>"#, E::Doctype),
        // Of the characters that JSON forbids in a text XML has three, by themselves and by reference.
        ("<name><family value=\"a\u{1}\"/></name>", E::Character(1)),
        ("<name><family value=\"a&#31;\"/></name>", E::Character(31)),
        ("<name><family value=\"a\u{fffe}\"/></name>", E::Character(0xfffe)),
        ("\u{c}", E::Character(12)),
        ("<text><div xmlns=\"http://www.w3.org/1999/xhtml\">\u{b}</div></text>", E::Character(11)),
    ] {
        assert_eq!(refusal(&patient(inner)), kind, "{inner}");
    }
    assert_eq!(refusal(""), E::Empty);
    assert_eq!(refusal("<Patient/>"), E::Namespace("Patient".into()));
    assert_eq!(refusal("<!DOCTYPE x [<!ENTITY a \"b\">]><x/>"), E::Doctype);
    assert_eq!(refusal("<Patient xmlns=\"http://hl7.org/fhir\"><name>"), E::UnexpectedEnd);
    assert_eq!(refusal("<Patient xmlns=\"http://hl7.org/fhir\"><na"), E::UnexpectedEnd);
    let deep = format!("{}{}", "<extension url=\"a\">".repeat(200), "</extension>".repeat(200));
    assert_eq!(refusal(&patient(&deep)), E::TooDeep(100));
    let error = to_json(
        "<Patient xmlns=\"http://hl7.org/fhir\">\n  <gender value=\"æ\" x=\"\"/></Patient>"
            .as_bytes(),
        9,
    );
    let error = error.expect_err("an attribute");
    assert_eq!((error.location.line, error.location.column), (2, 3));
    assert!(
        to_json(b"<Patient xmlns=\"http://hl7.org/fhir\"><gender value=\"\xe6\"/></Patient>", 9)
            .is_err_and(|error| error.kind == E::NotUtf8)
    );
    let latin =
        r#"<?xml version="1.0" encoding="ISO-8859-1"?><Patient xmlns="http://hl7.org/fhir"/>"#;
    assert_eq!(refusal(latin), E::Declared("ISO-8859-1".to_owned()));
    // What is no name of an encoding is not repeated.
    for other in ["12855825599", "a b", &"x".repeat(41)] {
        assert_eq!(refusal(&latin.replace("ISO-8859-1", other)), E::NotUtf8, "{other}");
    }
}

#[test]
fn prefixes_of_namespaces_are_no_part_of_names() {
    let text = r#"<f:Patient xmlns:f="http://hl7.org/fhir" xmlns:h="http://www.w3.org/1999/xhtml"><f:text><f:status value="generated"/><h:div><h:p class="a">x</h:p></h:div></f:text></f:Patient>"#;
    same(
        &json(text),
        r#"{"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p class=\"a\">x</p></div>"}}"#,
    );
}

#[test]
fn a_place_in_the_json_is_known_in_the_xml() {
    let text = "<Patient xmlns=\"http://hl7.org/fhir\">\n  <name>\n    <family value=\"Berg\"/>\n  </name>\n  <gender value=\"x\"/>\n</Patient>";
    let converted = to_json(text.as_bytes(), 100).expect("converted");
    let at = |needle: &str| {
        let offset = converted.json.find(needle).expect("there");
        converted.map.location(offset).to_string()
    };
    assert_eq!(at("{\"resourceType"), "line 1, column 1");
    assert_eq!(at("\"Berg\""), "line 3, column 5");
    assert_eq!(at("\"x\""), "line 5, column 3");
}

#[test]
fn what_xml_cannot_hold_is_not_written() {
    let reason = |json: &str| {
        let document = Document::parse(json, &ParseOptions::strict()).expect("JSON");
        to_xml(document.root()).expect_err("must not be written").path
    };
    for (json, path) in [
        (r#"{"resourceType":"Patient","nickname":"x"}"#, "Patient.nickname"),
        (r#"{"resourceType":"Patient","gender":"\u0001"}"#, "Patient.gender"),
        (r#"{"resourceType":"Patient","gender":{}}"#, "Patient.gender"),
        (r#"{"resourceType":"Patient","name":["x"]}"#, "Patient.name[0]"),
        (r#"{"resourceType":"Patient","text":{"div":"<div>x</div>"}}"#, "Patient.text.div"),
        (
            r#"{"resourceType":"Patient","text":{"div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">"}}"#,
            "Patient.text.div",
        ),
        (
            r#"{"resourceType":"Patient","text":{"div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"/><x/>"}}"#,
            "Patient.text.div",
        ),
        (
            r#"{"resourceType":"Patient","text":{"div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">&nbsp;</div>"}}"#,
            "Patient.text.div",
        ),
        (
            r#"{"resourceType":"Patient","text":{"div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p class=a>x</p></div>"}}"#,
            "Patient.text.div",
        ),
        (
            r#"{"resourceType":"Patient","text":{"div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><x:p>x</x:p></div>"}}"#,
            "Patient.text.div",
        ),
    ] {
        assert_eq!(reason(json), path, "{json}");
    }
}

fn text() -> impl Strategy<Value = String> {
    // What XML and JSON both must escape, and what they must leave alone.
    proptest::collection::vec(
        prop_oneof![
            Just('&'),
            Just('<'),
            Just('>'),
            Just('"'),
            Just('\''),
            Just('\n'),
            Just('\r'),
            Just('\t'),
            Just('\\'),
            Just(' '),
            Just('æ'),
            Just('😀'),
            Just('\u{85}'),
            Just('\u{a0}'),
            proptest::char::range('a', 'z'),
        ],
        1..12,
    )
    .prop_map(|characters| characters.into_iter().collect())
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    lmr_fhir::escape_into(&mut out, text);
    out
}

fn extension() -> impl Strategy<Value = String> {
    prop_oneof![
        text().prop_map(|v| format!(r#"{{"url":"http://e","valueString":{}}}"#, quoted(&v))),
        "-?(0|[1-9][0-9]{0,5})(\\.[0-9]{1,6})?([eE][-+]?[0-9]{1,2})?"
            .prop_map(|v| format!(r#"{{"id":"x","url":"http://e","valueDecimal":{v}}}"#)),
        any::<bool>().prop_map(|v| format!(r#"{{"url":"http://e","valueBoolean":{v}}}"#)),
    ]
}

/// The members `name` and `_name` of a primitive that may repeat.
fn primitives(name: &'static str) -> impl Strategy<Value = String> {
    let item = (proptest::option::of(text()), proptest::option::of(extension()));
    proptest::collection::vec(item, 1..4).prop_map(move |items| {
        let items: Vec<_> =
            items.into_iter().filter(|(value, more)| value.is_some() || more.is_some()).collect();
        let list = |values: Vec<String>| format!("[{}]", values.join(","));
        let mut members = Vec::new();
        if items.iter().any(|(value, _)| value.is_some()) {
            let values = items.iter().map(|(v, _)| v.as_ref().map_or("null".into(), |v| quoted(v)));
            members.push(format!("\"{name}\":{}", list(values.collect())));
        }
        if items.iter().any(|(_, more)| more.is_some()) {
            let more = items.iter().map(|(_, more)| {
                more.as_ref().map_or("null".into(), |m| format!("{{\"extension\":[{m}]}}"))
            });
            members.push(format!("\"_{name}\":{}", list(more.collect())));
        }
        members.join(",")
    })
}

fn generated() -> impl Strategy<Value = String> {
    let name = (primitives("given"), proptest::option::of(text())).prop_map(|(given, family)| {
        let family = family.map(|f| format!("\"family\":{}", quoted(&f)));
        let members: Vec<String> =
            family.into_iter().chain((!given.is_empty()).then_some(given)).collect();
        format!("{{{}}}", members.join(","))
    });
    let contained = text().prop_map(|name| {
        format!(r#"{{"resourceType":"Organization","id":"o","name":{}}}"#, quoted(&name))
    });
    (
        proptest::collection::vec(extension(), 0..3),
        proptest::collection::vec(name, 0..3),
        proptest::collection::vec(contained, 0..2),
        proptest::option::of(extension()),
        any::<bool>(),
    )
        .prop_map(|(extensions, names, contained, birth_date, active)| {
            let mut members = vec![r#""resourceType":"Patient""#.to_owned()];
            let mut list = |name: &str, values: Vec<String>| {
                if !values.is_empty() {
                    members.push(format!("\"{name}\":[{}]", values.join(",")));
                }
            };
            list("contained", contained);
            list("extension", extensions);
            list("name", names.into_iter().filter(|name| name != "{}").collect());
            if let Some(more) = birth_date {
                members.push(format!("\"_birthDate\":{{\"extension\":[{more}]}}"));
            }
            members.push(format!("\"active\":{active}"));
            format!("{{{}}}", members.join(","))
        })
}

proptest! {
    #[test]
    fn json_to_xml_and_back_loses_nothing(resource in generated()) {
        let written = xml(&resource);
        let read = json(&written);
        same(&read, &resource);
        prop_assert_eq!(xml(&read), written);
    }

    #[test]
    fn no_text_makes_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = to_json(&bytes, 20);
        let around = [b"<Patient xmlns=\"http://hl7.org/fhir\">".as_slice(), &bytes, b"</Patient>"];
        let _ = to_json(&around.concat(), 20);
    }
}

/// What the XML parser of the JDK refuses too.
#[test]
fn what_is_not_well_formed_is_refused_by_its_rule() {
    let active = r#"<active value="true"/>"#;
    let narrative = |inner: &str| {
        patient(&format!(
            r#"<text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">{inner}</div></text>"#
        ))
    };
    let declared = |declaration: &str| format!("{declaration}{}", patient(active));
    let refused = [
        (IllFormed::Space, patient(r#"<active id="a"value="true"/>"#)),
        (IllFormed::Space, narrative(r#"<p id="a"class="b">x</p>"#)),
        (IllFormed::LessThan, patient(r#"<name><family value="a<b"/></name>"#)),
        (IllFormed::LessThan, narrative(r#"<p title='a<b'>x</p>"#)),
        (IllFormed::Comment, patient(&format!("<!-- a -- b -->{active}"))),
        (IllFormed::Comment, narrative("<!-- a --->")),
        (IllFormed::Target, patient(&format!("<??>{active}"))),
        (IllFormed::Target, patient(&format!("<? x?>{active}"))),
        (IllFormed::Target, patient(&format!("<?XML x?>{active}"))),
        (IllFormed::Target, patient(&format!(r#"<?xml version="1.0"?>{active}"#))),
        (IllFormed::Target, declared("\n<?xml version=\"1.0\"?>")),
        (IllFormed::Target, declared(r#"<?xml version="1.0"?><?xml version="1.0"?>"#)),
        (IllFormed::Declaration, declared(r#"<?xml encoding="UTF-8"?>"#)),
        (IllFormed::Declaration, declared(r#"<?xml encoding="UTF-8" version="1.0"?>"#)),
        (IllFormed::Declaration, declared(r#"<?xml version="1.0" standalone="maybe"?>"#)),
        (IllFormed::Declaration, declared(r#"<?xml version="1.0" foo="x"?>"#)),
        (IllFormed::Declaration, declared(r#"<?xml version="2.0"?>"#)),
        (IllFormed::SectionEnd, narrative("a ]]> b")),
        (IllFormed::Declaration, declared(r#"<?xml version="1.2"?>"#)),
        (IllFormed::Declaration, declared(r#"<?xml version="1.0" junk?>"#)),
        (IllFormed::Prefix, narrative("<x:p>x</x:p>")),
        (IllFormed::Prefix, narrative(r#"<p x:title="a">x</p>"#)),
        (IllFormed::Prefix, narrative(r#"<br x:title="a"/>"#)),
        (IllFormed::Prefix, patient(r#"<x:active value="true"/>"#)),
        (IllFormed::Prefix, patient(r#"<active x:id="a" value="true"/>"#)),
        (IllFormed::Prefix, patient(r#"<active xsi:schemaLocation="a b" value="true"/>"#)),
        (IllFormed::Prefix, patient(r#"<active xmlns:x="u"/><birthDate x:a="b"/>"#)),
        (IllFormed::Name, patient(r#"<1a value="x"/>"#)),
        (IllFormed::Name, patient(r#"<a:b:c value="x"/>"#)),
        (IllFormed::Name, patient(r#"<a: value="x"/>"#)),
        (IllFormed::Name, patient(r#"<active 1a="x"/>"#)),
        (IllFormed::Name, patient(r#"<active id:="x"/>"#)),
        (IllFormed::Name, patient(r#"<active xmlns:="x"/>"#)),
        (IllFormed::Name, patient(&format!("<?a+b c?>{active}"))),
        (IllFormed::Name, narrative("<p!>x</p!>")),
        (IllFormed::Name, narrative(r#"<p 1a="x">x</p>"#)),
        (IllFormed::Attribute, patient("<active value/>")),
        (IllFormed::Attribute, patient("<active value=true />")),
        (IllFormed::Attribute, patient(r#"<active id value="true"/>"#)),
        (IllFormed::Attribute, narrative("<p class>x</p>")),
        (IllFormed::Attribute, narrative("<p class=a>x</p>")),
        (IllFormed::Duplicate, patient(r#"<active value="true" value="false"/>"#)),
        (IllFormed::Duplicate, narrative(r#"<p class="a" class="b">x</p>"#)),
        (IllFormed::Duplicate, narrative(r#"<p xmlns:a="u" xmlns:b="u" a:c="1" b:c="2">x</p>"#)),
        (IllFormed::Binding, patient(r#"<active xmlns:f="" value="true"/>"#)),
        (IllFormed::Binding, patient(r#"<active xmlns:xml="u" value="true"/>"#)),
        (IllFormed::Binding, patient(r#"<active xmlns:xmlns="u" value="true"/>"#)),
        (
            IllFormed::Binding,
            patient(r#"<active xmlns:f="http://www.w3.org/XML/1998/namespace" value="true"/>"#),
        ),
        (IllFormed::Binding, narrative(r#"<p xmlns="http://www.w3.org/2000/xmlns/">x</p>"#)),
        (IllFormed::Reference, patient(r#"<active value="a & b"/>"#)),
        (IllFormed::Reference, patient(r#"<active value="&#x;"/>"#)),
        (IllFormed::Reference, narrative("a & b")),
        (IllFormed::Reference, narrative("&#+65;")),
        (IllFormed::Reference, narrative(r#"<p title="&1;">x</p>"#)),
    ];
    for (fault, text) in refused {
        assert_eq!(refusal(&text), XmlErrorKind::IllFormed(fault), "{text}");
    }
    for text in [
        declared(r#"<?xml version="1.0"?>"#),
        declared(r#"<?xml version='1.0' encoding = 'UTF-8' standalone='yes' ?>"#),
        declared("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>"),
        patient(&format!("<!-- a - b -->{active}<!---->")),
        patient("<active\n\tid = 'a'\r\nvalue=\"true\"></active >"),
        patient(r#"<name><family value="a>b"/></name>"#),
        narrative("a ]] > b<p xml:lang='nb' title=\"it's\">x</p><!-- x --><br />"),
        format!("{}<!-- x -->", patient(active)),
        patient(&format!("<?a:b c?>{active}")),
        patient(r#"<active xmlns:xml="http://www.w3.org/XML/1998/namespace" value="true"/>"#),
        narrative(r#"<p xmlns:a="u" xmlns:b="v" a:c="1" b:c="2">x</p>"#),
    ] {
        json(&text);
    }
    // What is well-formed by itself, and that a narrative cannot be.
    for (kind, inner) in [
        (XmlErrorKind::Entity("nbsp".into()), "a&nbsp;b"),
        (XmlErrorKind::Entity("nbsp".into()), r#"<p title="&nbsp;">x</p>"#),
        (XmlErrorKind::Character(0xd800), "&#xd800;"),
        (XmlErrorKind::Character(0), r#"<p title="&#0;">x</p>"#),
    ] {
        assert_eq!(refusal(&narrative(inner)), kind, "{inner}");
    }
}

#[test]
fn a_location_of_the_schema_is_passed_over_by_its_namespace() {
    let declared = |attributes: &str| {
        format!(
            r#"<Patient xmlns="http://hl7.org/fhir" {attributes}><active value="true"/></Patient>"#
        )
    };
    let instance = "http://www.w3.org/2001/XMLSchema-instance";
    for prefix in ["xsi", "s", "æ"] {
        let text =
            declared(&format!(r#"xmlns:{prefix}="{instance}" {prefix}:schemaLocation="a b""#));
        same(&json(&text), r#"{"resourceType":"Patient","active":true}"#);
    }
    for (attributes, name) in [
        (
            r#"xmlns:xsi="http://elsewhere" xsi:schemaLocation="a b""#.to_owned(),
            "xsi:schemaLocation",
        ),
        (r#"schemaLocation="a b""#.to_owned(), "schemaLocation"),
        (format!(r#"xmlns:xsi="{instance}" xsi:type="a""#), "xsi:type"),
        (r#"xmlns:f="http://hl7.org/fhir" f:value="a""#.to_owned(), "f:value"),
    ] {
        assert_eq!(refusal(&declared(&attributes)), XmlErrorKind::Attribute(name.to_owned()));
    }
    // A reference in the name of a namespace stands for its character.
    same(
        &json(
            r#"<f:Patient xmlns:f="&#104;ttp://hl7.org/fhir"><f:active value="true"/></f:Patient>"#,
        ),
        r#"{"resourceType":"Patient","active":true}"#,
    );
}

#[test]
fn a_declaration_names_utf_8_in_any_spelling() {
    let declared = |name: &str, text: &str| {
        format!(r#"<?xml version="1.0" encoding="{name}"?>{}"#, patient(text))
    };
    for name in ["UTF-8", "utf-8", "utf8", "UTF8", "Utf8", "US-ASCII"] {
        json(&declared(name, r#"<active value="true"/>"#));
    }
    json(&declared("utf8", r#"<name><family value="Åse"/></name>"#));
    assert_eq!(
        refusal(&declared("us-ascii", r#"<name><family value="Åse"/></name>"#)),
        XmlErrorKind::Declared("us-ascii".to_owned())
    );
}

#[test]
fn an_end_tag_that_closes_nothing_is_named_in_both_languages() {
    let kind = refusal(&patient("<name></names>"));
    for (language, expected) in [
        (Language::Bokmal, "slutt-taggen </names> står der </name> skal stå"),
        (Language::English, "the end tag </names> is where </name> should be"),
    ] {
        let text = kind.text(language);
        assert!(text.ends_with(expected), "{text}");
        let redacted = kind.clone().redacted();
        assert!(!redacted.text(language).contains("name"), "{redacted:?}");
    }
}
