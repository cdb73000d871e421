//! Reading JSON, strictly and leniently: every view of the tree must hold together, strict reading
//! must agree with another parser on what JSON is, and writing every string again must change nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lmr_fhir::{Bundle, Document, Edits, Element, Kind, Node, ParseErrorKind, ParseOptions};

/// Paths cost their depth, so only so many are made per input.
const PATHS: usize = 64;

fuzz_target!(|data: &[u8]| {
    let strict = Document::parse_bytes(data, &ParseOptions::strict());
    let lenient = Document::parse_bytes(data, &ParseOptions::lenient());

    if let Ok(text) = std::str::from_utf8(data) {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let other = serde_json::from_str::<serde::de::IgnoredAny>(text);
        match (&strict, other) {
            (Ok(_), Err(e)) => panic!("strict reading accepts what is not JSON: {e}"),
            (Err(ours), Ok(_)) => assert!(
                // The other parser does not look at surrogates in what it skips, and has no bounds.
                matches!(
                    ours.kind,
                    ParseErrorKind::LoneSurrogate
                        | ParseErrorKind::TooDeep(_)
                        | ParseErrorKind::NameTooLong
                ),
                "strict reading refuses JSON: {ours}"
            ),
            _ => {}
        }
    } else {
        assert!(strict.is_err(), "strict reading accepts what is not UTF-8");
    }

    match (&strict, &lenient) {
        (Ok(a), Ok(b)) => {
            assert_eq!(a.node_count(), b.node_count());
            assert_eq!(a.syntax_issues(), b.syntax_issues());
        }
        (Ok(_), Err(e)) => panic!("lenient reading refuses what strict reading accepts: {e}"),
        _ => {}
    }
    if let Ok(document) = &strict {
        walk(document);
        rewrite(document);
    } else if let Ok(document) = &lenient {
        walk(document);
    }
});

fn walk(document: &Document<'_>) {
    let mut seen = 0_usize;
    let mut stack = vec![document.root()];
    while let Some(node) = stack.pop() {
        seen += 1;
        check_node(document, node);
        stack.extend(node.members());
    }
    assert_eq!(seen, document.node_count(), "every node is some node's member");

    for problem in document.syntax_issues() {
        assert!(problem.offset as usize <= document.source().len());
        assert!(document.node(problem.node).is_some());
    }

    let mut elements: Vec<Element<'_>> = vec![document.root_element()];
    let mut paths = 0;
    while let Some(element) = elements.pop() {
        assert!(element.value().is_some() || element.sibling().is_some());
        let _ = (element.name(), element.name_hash(), element.text(), element.has_value());
        let _ = (element.resource_type(), element.index(), element.span());
        if paths < PATHS {
            paths += 1;
            let _ = (element.raw_path(), element.start(), element.end());
        }
        for child in element.children() {
            assert_eq!(child.name(), child.name());
            assert!(child.parent().is_some(), "a child has a parent");
            elements.push(child);
        }
    }

    if let Some(bundle) = Bundle::of(document) {
        let _ = (bundle.kind(), bundle.timestamp(), bundle.identifier().is_some());
        for entry in bundle.entries() {
            let _ =
                (entry.full_url(), entry.method(), entry.request_url(), entry.resource().is_some());
        }
    }
}

fn check_node<'d>(document: &'d Document<'d>, node: Node<'d>) {
    let span = node.span();
    assert!(span.start <= span.end && span.end <= document.source().len());
    let member = node.member_span();
    assert!(member.start <= span.start && member.end == span.end);
    assert_eq!(&document.source()[span], node.raw());
    if let Some(parent) = node.parent() {
        let parent = parent.span();
        assert!(
            parent.start <= member.start && member.end <= parent.end,
            "a member lies in its container"
        );
    }
    if let Some(sibling) = node.sibling() {
        assert_eq!(sibling.sibling(), Some(node), "x and _x know each other");
        assert_ne!(sibling.is_underscore(), node.is_underscore());
    }
    let _ = (
        node.key(),
        node.name(),
        node.as_str(),
        node.text(),
        node.as_bool(),
        node.start(),
        node.end(),
    );
}

/// Replaces every string by itself: the text read again is the same document.
fn rewrite(document: &Document<'_>) {
    let mut edits = Edits::new();
    for index in 0..document.node_count() {
        let node = document.node(index as u32).expect("a node for each index");
        if node.kind() == Kind::String {
            edits.replace_string(node.span(), &node.as_str().expect("a string's text"));
        }
    }
    let text = edits.apply(document.source()).expect("spans of strings never overlap");
    let again = Document::parse(text, &ParseOptions::strict()).expect("rewritten JSON is JSON");
    assert_eq!(again.node_count(), document.node_count());
    for index in 0..document.node_count() as u32 {
        let (a, b) = (document.node(index).expect("node"), again.node(index).expect("node"));
        assert_eq!(a.kind(), b.kind());
        assert_eq!(a.text(), b.text());
        assert_eq!(a.key(), b.key());
    }
}
