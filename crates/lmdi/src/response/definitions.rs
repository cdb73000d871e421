//! Definitions of what our outcomes carry: who validates an answer has nothing to look for.

use super::{
    COLUMN, CORRELATION_EXTENSION, DIGEST_EXTENSION, FILE_EXTENSION, LINE, LINKS_EXTENSION,
    MESSAGE_ID, RETRY_EXTENSION, RULE_SET_EXTENSION, parts_of,
};
use crate::codes::render::code_system;
use crate::links::LinkCounts;

/// The extensions of our OperationOutcomes, HL7's own for validators among them, with the type of
/// their value and where they stand. HL7 publishes its four outside the R4 core:
/// <http://hl7.org/fhir/extensions/extension-registry.html>.
const EXTENSIONS: [(&str, &str, &[&str]); 8] = [
    (MESSAGE_ID, "code", &["OperationOutcome.issue"]),
    (LINE, "integer", &["OperationOutcome.issue"]),
    (COLUMN, "integer", &["OperationOutcome.issue"]),
    (FILE_EXTENSION, "string", &["OperationOutcome"]),
    (RETRY_EXTENSION, "code", &["OperationOutcome.issue"]),
    (CORRELATION_EXTENSION, "string", &["OperationOutcome"]),
    (RULE_SET_EXTENSION, "code", &["OperationOutcome", "Meta"]),
    (DIGEST_EXTENSION, "string", &["OperationOutcome", "Meta"]),
];

/// The error codes as a CodeSystem and the extensions as StructureDefinitions, one JSON text each.
#[must_use]
pub fn definitions() -> Vec<String> {
    let simple = |(url, ty, contexts): &(&str, &str, &[&str])| {
        let elements = format!(
            "{{\"id\":\"Extension.extension\",\"path\":\"Extension.extension\",\"max\":\"0\"}},\
             {{\"id\":\"Extension.url\",\"path\":\"Extension.url\",\"fixedUri\":\"{url}\"}},\
             {{\"id\":\"Extension.value[x]\",\"path\":\"Extension.value[x]\",\"min\":1,\"type\":[{{\"code\":\"{ty}\"}}]}}"
        );
        extension(url, contexts, &elements)
    };
    let parts: String = parts_of(LinkCounts::default())
        .into_iter()
        .map(|(part, _)| {
            let id = format!("Extension.extension:{part}");
            format!(
                "{{\"id\":\"{id}\",\"path\":\"Extension.extension\",\"sliceName\":\"{part}\",\"min\":1,\"max\":\"1\"}},\
                 {{\"id\":\"{id}.extension\",\"path\":\"Extension.extension.extension\",\"max\":\"0\"}},\
                 {{\"id\":\"{id}.url\",\"path\":\"Extension.extension.url\",\"fixedUri\":\"{part}\"}},\
                 {{\"id\":\"{id}.value[x]\",\"path\":\"Extension.extension.value[x]\",\"min\":1,\"type\":[{{\"code\":\"integer\"}}]}},"
            )
        })
        .collect();
    let links = extension(
        LINKS_EXTENSION,
        &["Meta"],
        &format!(
            "{{\"id\":\"Extension.extension\",\"path\":\"Extension.extension\",\
             \"slicing\":{{\"discriminator\":[{{\"type\":\"value\",\"path\":\"url\"}}],\"ordered\":false,\"rules\":\"closed\"}}}},\
             {parts}\
             {{\"id\":\"Extension.url\",\"path\":\"Extension.url\",\"fixedUri\":\"{LINKS_EXTENSION}\"}},\
             {{\"id\":\"Extension.value[x]\",\"path\":\"Extension.value[x]\",\"max\":\"0\"}}"
        ),
    );
    EXTENSIONS.iter().map(simple).chain([links, code_system()]).collect()
}

/// The StructureDefinition of an extension, from its url, the elements it may be on, and its differential.
fn extension(url: &str, contexts: &[&str], elements: &str) -> String {
    let name = url.rsplit('/').next().unwrap_or(url);
    let contexts: Vec<String> = contexts
        .iter()
        .map(|context| format!("{{\"type\":\"element\",\"expression\":\"{context}\"}}"))
        .collect();
    let contexts = contexts.join(",");
    format!(
        "{{\"resourceType\":\"StructureDefinition\",\"id\":\"{name}\",\"url\":\"{url}\",\"name\":\"{name}\",\
             \"status\":\"draft\",\"kind\":\"complex-type\",\"abstract\":false,\
             \"context\":[{contexts}],\"type\":\"Extension\",\
             \"baseDefinition\":\"http://hl7.org/fhir/StructureDefinition/Extension\",\"derivation\":\"constraint\",\
             \"differential\":{{\"element\":[{elements}]}}}}"
    )
}
