//! Reading JSON text into the tree, at the public border.

use lmr_fhir::{
    Bundle, Document, Edits, Element, Kind, Limits, Name, Node, OperationOutcome, OtherEncoding,
    OutcomeExtension, OutcomeIssue, OutcomeValue, ParseErrorKind, ParseOptions, SourceLocation,
    SyntaxIssueKind,
};

fn strict(text: &str) -> Document<'_> {
    Document::parse(text, &ParseOptions::strict()).expect("readable")
}

fn refusal(text: &str) -> ParseErrorKind {
    Document::parse(text, &ParseOptions::strict()).expect_err("must be refused").kind
}

fn syntax_issues(text: &str) -> Vec<SyntaxIssueKind> {
    let document =
        Document::parse(text, &ParseOptions::lenient()).expect("lenient reading goes on");
    document.syntax_issues().iter().map(|p| p.kind).collect()
}

fn names(element: Element<'_>) -> Vec<String> {
    element.children().map(|c| c.name().unwrap_or_default().to_owned()).collect()
}

#[test]
fn values_keep_their_text_and_location() {
    let document = strict("{\n  \"æ\": [1.00, -2e3, true, null, \"a\\u00e6\\n\\ud83d\\ude00\"]\n}");
    let list = document.root().members().next().expect("one member");
    assert_eq!(list.key().as_deref(), Some("æ"));
    let items: Vec<_> = list.members().collect();
    assert_eq!(items[0].raw(), "1.00");
    assert_eq!(items[1].raw(), "-2e3");
    assert_eq!(items[2].as_bool(), Some(true));
    assert_eq!(items[3].kind(), Kind::Null);
    assert_eq!(items[4].as_str().as_deref(), Some("aæ\n😀"));
    assert_eq!((items[0].start().line, items[0].start().column), (2, 9));
    assert_eq!((document.root().end().line, document.root().end().column), (3, 2));
}

#[test]
fn what_is_not_json_is_refused_with_its_reason() {
    use ParseErrorKind as E;
    for (text, kind) in [
        ("", E::Empty),
        ("  \n", E::Empty),
        ("{", E::UnexpectedEnd),
        ("[1", E::UnexpectedEnd),
        ("\"abc", E::UnexpectedEnd),
        ("[1}", E::WrongBracket),
        ("{\"a\":1]", E::WrongBracket),
        ("[1,]", E::TrailingComma),
        ("[1 2]", E::ExpectedCommaOrEnd),
        ("{a:1}", E::ExpectedName),
        ("{\"a\" 1}", E::ExpectedColon),
        ("{'a':1}", E::ExpectedName),
        ("[NaN]", E::BareWord),
        ("[01]", E::Number),
        ("[1.]", E::Number),
        ("[.5]", E::Number),
        ("[+1]", E::Number),
        ("[1e]", E::Number),
        ("[--1]", E::Number),
        ("[\"\t\"]", E::ControlCharacter),
        ("[\"\\x\"]", E::Escape),
        ("[\"\\u12g4\"]", E::Escape),
        ("[\"\\ud800\"]", E::LoneSurrogate),
        ("[\"\\udc00\\ud800\"]", E::LoneSurrogate),
        ("[1] x", E::TrailingText),
        ("[1] // x", E::Comment),
        ("/* x */ 1", E::Comment),
        ("}", E::ExpectedValue),
        ("[,1]", E::ExpectedValue),
    ] {
        assert_eq!(refusal(text), kind, "{text}");
    }
    let error =
        Document::parse_bytes(b"[\"\xff\"]", &ParseOptions::strict()).expect_err("not UTF-8");
    assert_eq!((error.kind, error.offset), (E::NotUtf8, 2));
    let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| {
        text.encode_utf16().flat_map(bytes).collect::<Vec<_>>()
    };
    let utf32 = |text: &str, bytes: fn(u32) -> [u8; 4]| {
        text.chars().flat_map(|c| bytes(u32::from(c))).collect::<Vec<_>>()
    };
    let [in_utf16, in_utf32] = [OtherEncoding::Utf16, OtherEncoding::Utf32].map(E::OtherEncoding);
    for (bytes, kind) in [
        (b"\xef\xbb\xbf\n <Bundle/>".to_vec(), E::Xml),
        (b"<a>\xff</a>".to_vec(), E::NotUtf8),
        (utf16("{\"a\":1}", u16::to_le_bytes), in_utf16),
        (utf16("{\"a\":1}", u16::to_be_bytes), in_utf16),
        (utf16("{\"a\":\"å\"}", u16::to_le_bytes), in_utf16),
        (utf16("\u{feff}{}", u16::to_le_bytes), in_utf16),
        (utf16("\u{feff}{}", u16::to_be_bytes), in_utf16),
        (utf32("{\"a\":\"å\"}", u32::to_le_bytes), in_utf32),
        (utf32("{\"a\":\"å\"}", u32::to_be_bytes), in_utf32),
        (utf32("\u{feff}{}", u32::to_le_bytes), in_utf32),
        (utf32("\u{feff}{}", u32::to_be_bytes), in_utf32),
        (b"\0\0".to_vec(), E::ExpectedValue),
        (b"[<]".to_vec(), E::ExpectedValue),
    ] {
        for options in [ParseOptions::strict(), ParseOptions::lenient()] {
            let error = Document::parse_bytes(&bytes, &options).expect_err("not JSON");
            assert_eq!(error.kind, kind, "{bytes:?}");
        }
    }
}

#[test]
fn lenient_reading_goes_on_and_notes_what_it_met() {
    assert_eq!(syntax_issues("{\"a\":1,}"), [SyntaxIssueKind::TrailingComma]);
    assert_eq!(syntax_issues("{\"a\":1 \"b\":2}"), [SyntaxIssueKind::MissingComma]);
    assert_eq!(syntax_issues("{a:NaN}"), [SyntaxIssueKind::BareName, SyntaxIssueKind::BareValue]);
    assert_eq!(
        syntax_issues("{ // x\n \"a\": 1 // y\n}"),
        [SyntaxIssueKind::Comment, SyntaxIssueKind::Comment]
    );
    assert_eq!(syntax_issues("[\"\\ud800\"]"), [SyntaxIssueKind::LoneSurrogate]);
    assert_eq!(syntax_issues("[00.1, 925.]"), []);
    assert!(Document::parse("/* x */ 1", &ParseOptions::lenient()).is_err());
    assert!(Document::parse("{'a':1}", &ParseOptions::lenient()).is_err());
}

#[test]
fn a_duplicate_name_is_reported_and_the_first_one_counts() {
    let document = strict(r#"{"a":1,"b":2,"\u0061":3}"#);
    assert_eq!(document.syntax_issues().len(), 1);
    assert_eq!(document.syntax_issues()[0].kind, SyntaxIssueKind::DuplicateKey);
    let a = document.root_element().child(&Name::new("a")).expect("a");
    assert_eq!(a.text().as_deref(), Some("1"));
    assert_eq!(names(document.root_element()), ["a", "b"]);
}

#[test]
fn names_are_paired_and_duplicates_found_among_many_members() {
    let mut text = String::from("{");
    for i in 0..5000 {
        text.push_str(&format!("\"n{i}\":{i},\"_n{i}\":{{\"id\":\"x{i}\"}},"));
    }
    text.push_str("\"n7\":0,\"_n8\":{}}");
    let document = strict(&text);
    assert_eq!(document.syntax_issues().len(), 2);
    let element = document.root_element().child(&Name::new("n4999")).expect("there");
    assert_eq!(element.child(&Name::new("id")).and_then(Element::text).as_deref(), Some("x4999"));
    assert_eq!(document.root_element().children().count(), 5000);
}

#[test]
fn a_primitive_and_its_companion_are_one_element() {
    let document = strict(
        r#"{"resourceType":"Patient","birthDate":"1970-01-01","_birthDate":{"id":"b"},
            "_active":{"extension":[{"url":"u"}]},
            "given":["a",null,"c"],"_given":[null,{"id":"g1"},{"id":"g2"},{"id":"g3"}]}"#,
    );
    let patient = document.root_element();
    assert_eq!(patient.resource_type().as_deref(), Some("Patient"));
    assert_eq!(names(patient), ["birthDate", "active", "given", "given", "given", "given"]);
    let birth = patient.child(&Name::new("birthDate")).expect("there");
    assert_eq!(birth.text().as_deref(), Some("1970-01-01"));
    assert_eq!(names(birth), ["id"]);
    let active = patient.child(&Name::new("active")).expect("there");
    assert!(!active.has_value());
    assert_eq!(names(active), ["extension"]);
    let given: Vec<_> = patient.children_named(&Name::new("given")).collect();
    let seen: Vec<_> = given
        .iter()
        .map(|g| (g.index(), g.text(), g.child(&Name::new("id")).and_then(Element::text)))
        .collect();
    assert_eq!(seen[0], (Some(0), Some("a".into()), None));
    assert_eq!(seen[1], (Some(1), None, Some("g1".into())));
    assert_eq!(seen[2], (Some(2), Some("c".into()), Some("g2".into())));
    assert_eq!(seen[3], (Some(3), None, Some("g3".into())));
    assert_eq!(given[2].child(&Name::new("id")).expect("id").raw_path(), "Patient.given[2].id");
    assert!(
        given[2].child(&Name::new("id")).expect("id").parent().expect("parent").is_same(given[2])
    );
}

#[test]
fn limits_hold_while_reading() {
    let deep = "[".repeat(1_000_000);
    assert_eq!(refusal(&deep), ParseErrorKind::TooDeep(500));
    let limits = Limits { depth: 3, nodes: 5, bytes: 40 };
    let read = |text: &str| {
        Document::parse(text.to_owned(), &ParseOptions::strict().with_limits(limits))
            .map_err(|e| e.kind)
            .err()
    };
    assert_eq!(read("[[[1]]]"), None);
    assert_eq!(read("[[[[1]]]]"), Some(ParseErrorKind::TooDeep(3)));
    assert_eq!(read("[1,2,3,4,5]"), Some(ParseErrorKind::TooManyNodes(5)));
    assert_eq!(read(&" ".repeat(41)), Some(ParseErrorKind::TooLarge(40)));
    let long_name = format!("{{\"{}\":1}}", "n".repeat(70_000));
    assert_eq!(refusal(&long_name), ParseErrorKind::NameTooLong);
}

#[test]
fn positions_on_a_very_long_line_are_right() {
    let text = format!("[{}1]", "\"æ\",".repeat(50_000));
    let document = strict(&text);
    let last = document.root().members().last().expect("an item");
    assert_eq!(last.start().column, 1 + 50_000 * 4 + 1);
}

#[test]
fn members_of_long_containers_know_their_number() {
    for length in [1, 63, 64, 65, 66, 300] {
        let list: Vec<String> = (0..length).map(|i| format!("[{i}]")).collect();
        let members: Vec<String> = (0..length).map(|i| format!("\"m{i}\":{i}")).collect();
        let text = format!("{{\"a\":[{0}],\"_a\":[{0}],{1}}}", list.join(","), members.join(","));
        let document = strict(&text);
        let root = document.root();
        assert_eq!(root.ordinal(), None);
        for container in [root, root.member("a").expect("an array")] {
            for (number, member) in container.members().enumerate() {
                assert_eq!(member.ordinal(), Some(number), "{length}");
                assert_eq!(container.nth(number), Some(member), "{length}");
            }
            assert_eq!(container.nth(container.members().count()), None, "{length}");
        }
        let last = root.member("_a").and_then(|a| a.members().last()).expect("an item");
        let element = Element::of(last);
        assert_eq!(element.index(), Some(length - 1));
        assert_eq!(element.value(), root.member("a").and_then(|a| a.members().last()));
    }
}

#[test]
fn positions_count_characters_and_lines() {
    let text = format!("[\"{}\",\n\n  \"{}\", 1]", "å€😀".repeat(500), "æ".repeat(5000));
    let document = strict(&text);
    for (offset, _) in text.char_indices() {
        let before = &text[..offset];
        let line = before.matches('\n').count() as u32 + 1;
        let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) as u32 + 1;
        assert_eq!(document.location(offset), SourceLocation { line, column });
    }
}

#[test]
fn a_bundle_is_a_view_of_the_document() {
    let document = strict(
        r#"{"resourceType":"Bundle","type":"batch","entry":[{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient"},
           "request":{"method":"POST","url":"Patient"}},{}]}"#,
    );
    let bundle = Bundle::of(&document).expect("a bundle");
    assert_eq!(bundle.kind().as_deref(), Some("batch"));
    let entries: Vec<_> = bundle.entries().collect();
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0].full_url().as_deref(), Some("urn:uuid:1"));
    assert_eq!(entries[0].method().as_deref(), Some("POST"));
    assert!(entries[1].resource().is_none());
    assert!(Bundle::of(&strict("{}")).is_none());
    assert!(Bundle::of(&strict("[]")).is_none());
}

#[test]
fn edits_leave_every_other_byte_alone() {
    let text = r#"{ "a" : 1.00 , "b":"x" }"#;
    let document = strict(text);
    let b = document.root().member("b").expect("b");
    let mut edits = Edits::new();
    edits.replace_string(b.span(), "y\"\u{1}");
    assert_eq!(edits.apply(text).expect("apart"), "{ \"a\" : 1.00 , \"b\":\"y\\\"\\u0001\" }");
    let mut edits = Edits::new();
    edits.replace(0..3, "");
    edits.replace(2..4, "");
    assert!(edits.apply(text).is_err());
}

#[test]
fn an_outcome_is_written_as_fhir_json() {
    let outcome = OperationOutcome {
        extension: Vec::new(),
        issue: vec![OutcomeIssue {
            extension: vec![OutcomeExtension::new("u", OutcomeValue::Integer(3))],
            severity: "error",
            code: "structure".into(),
            coding: vec![("s".into(), "LMR-4001".into(), None)],
            text: Some("tekst".into()),
            translations: vec![("en", "text".into())],
            diagnostics: None,
            expression: vec!["Patient.name".into()],
        }],
    };
    let text = outcome.to_json();
    let document = strict(&text);
    let issue = document.root().member("issue").and_then(|i| i.members().next()).expect("an issue");
    assert_eq!(issue.member("severity").and_then(Node::as_str).as_deref(), Some("error"));
    let details = issue.member("details").expect("details");
    assert_eq!(details.member("text").and_then(Node::as_str).as_deref(), Some("tekst"));
    assert!(details.member("_text").is_some());
}

#[test]
fn debug_shows_spans_and_no_values() {
    let document = strict(r#"{"name":"Kari Nordmann"}"#);
    let shown = format!("{:?} {:?}", document.root(), document.root_element());
    assert!(!shown.contains("Kari"));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "[\\[\\]{}\",:0-9a-z_\\\\u/ \n.eE+-]{0,60}") {
        for options in [ParseOptions::strict(), ParseOptions::lenient()] {
            if let Ok(document) = Document::parse(text.as_str(), &options) {
                let mut todo = vec![document.root_element()];
                while let Some(element) = todo.pop() {
                    let _ = (element.raw_path(), element.text(), element.end());
                    todo.extend(element.children());
                }
            }
        }
    }
}

#[test]
fn an_escaped_name_is_the_name() {
    let text = r#"{"resource\u0054ype":"Patient","giv\u0065n":["Ada"],"\u005fgiven":[{"id":"n1"}],"a\/b":1}"#;
    let document = Document::parse(text, &ParseOptions::strict()).unwrap();
    let root = document.root_element();
    assert_eq!(root.resource_type().as_deref(), Some("Patient"));
    let names: Vec<_> = root.children().map(|child| child.name().unwrap()).collect();
    assert_eq!(names, ["given", "a/b"]);
    let given = root.child_by_name("given").unwrap();
    assert_eq!(given.text().as_deref(), Some("Ada"));
    assert_eq!(given.child_text("id").as_deref(), Some("n1"));
    let keys: Vec<_> = document.root().members().map(|member| member.key().unwrap()).collect();
    assert_eq!(keys, ["resourceType", "given", "_given", "a/b"]);
}
