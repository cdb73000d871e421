//! Every example and definition in the packages at hand, from JSON to XML and back.
//!
//! Needs `LMR_SHARED`; without it nothing is run.

use lmr_fhir::{Document, Kind, Node, ParseOptions};
use lmr_validator::xml::{to_json, to_xml};

fn json(xml: &str) -> String {
    to_json(xml.as_bytes(), 100).unwrap_or_else(|error| panic!("{error}\n{xml}")).json
}

fn xml(json: &str) -> String {
    let document = Document::parse(json, &ParseOptions::strict()).expect("JSON");
    to_xml(document.root()).unwrap_or_else(|error| panic!("{error}\n{json}"))
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
fn examples_of_packages_survive_both_ways() {
    #[expect(
        clippy::disallowed_methods,
        reason = "the environment names the folder of the material"
    )]
    let Ok(shared) = std::env::var("LMR_SHARED") else {
        println!("left out: LMR_SHARED is not set");
        return;
    };
    let mut count = 0;
    for name in ["hl7.fhir.no.lmdi-1.1.2.tgz", "hl7.fhir.no.basis-2.2.0-snapshots.tgz"] {
        let path = std::path::Path::new(&shared).join("packages").join(name);
        let file = std::fs::File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
        for entry in archive.entries().expect("a package") {
            let mut entry = entry.expect("an entry");
            let mut text = String::new();
            if std::io::Read::read_to_string(&mut entry, &mut text).is_err()
                || !text.contains("\"resourceType\"")
                // Large definitions say nothing that small ones do not.
                || text.len() > 60_000
            {
                continue;
            }
            let Ok(document) = Document::parse(text.as_str(), &ParseOptions::strict()) else {
                continue;
            };
            if document.root_element().resource_type().is_none() {
                continue;
            }
            let written = match to_xml(document.root()) {
                Ok(written) => written,
                // Definitions may have narratives that are not XML; nothing else may be in the way.
                Err(error) => {
                    assert!(error.reason.contains("narrative"), "{error}");
                    continue;
                }
            };
            let read = json(&written);
            same(&read, &text);
            assert_eq!(xml(&read), written);
            count += 1;
        }
    }
    assert!(count > 50, "{count} resources");
}
