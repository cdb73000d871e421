//! Reading FHIR XML: it ends within bounds, what is read is JSON whose every value has a place in the XML, and what is
//! written again from it is read as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lmr_fhir::{Document, Limits, ParseOptions};
use lmr_validator::xml::{to_json, to_xml};

const MAX_DEPTH: usize = 100;

fuzz_target!(|data: &[u8]| {
    let Ok(converted) = to_json(data, MAX_DEPTH) else { return };
    let limits = Limits { depth: 4 * MAX_DEPTH, ..Limits::default() };
    let options = ParseOptions::lenient().with_limits(limits);
    let document = Document::parse(converted.json.as_str(), &options).expect("what is made of XML is JSON");
    for index in 0..document.node_count() as u32 {
        let node = document.node(index).expect("a node for each index");
        let location = converted.map.location(node.span().start);
        assert!(location.line >= 1 && location.column >= 1);
    }
    // What XML cannot have is refused when it is written, never written wrongly.
    let Ok(xml) = to_xml(document.root()) else { return };
    let again = to_json(xml.as_bytes(), 2 * MAX_DEPTH).expect("what is written is read");
    assert_eq!(again.json, converted.json, "{xml}");
});
