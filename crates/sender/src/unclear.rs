//! Why a resource cannot go as the source has it: the source does not say what it refers to, or which resource it is.

use lmr_lmdi::codes::Code;

use crate::outbox::HeldFinding;
use crate::source::SourceLocation;

/// It refers to something that the source does not hold.
pub(crate) fn dangling(path: String) -> HeldFinding {
    let text = Code::ReferenceDangling.text();
    HeldFinding {
        code: Some(Code::ReferenceDangling.as_str().to_owned()),
        path: Some(path),
        text_nb: text.explanation.nb.to_owned(),
        text_en: text.explanation.en.to_owned(),
    }
}

/// Several resources of the source answer to a reference, and nothing says which of them is meant.
pub(crate) fn reference(path: String, places: &[SourceLocation; 2]) -> HeldFinding {
    let [one, other] = places.each_ref().map(place);
    HeldFinding {
        code: Some(Code::ReferenceDangling.as_str().to_owned()),
        path: Some(path),
        text_nb: format!(
            "Referansen passer på flere ressurser i kilden, {one} og {other}, og ingenting sier hvilken som er ment. Legg \
             ressursen i samme Bundle, eller gi hver sin id."
        ),
        text_en: format!(
            "Several resources of the source answer to the reference, {one} and {other}, and nothing says which is meant. \
             Put the resource into the same Bundle, or give each an id of its own."
        ),
    }
}

/// Two different resources of the source have the identity of this one.
pub(crate) fn identity(places: &[SourceLocation; 2]) -> HeldFinding {
    let [one, other] = places.each_ref().map(place);
    HeldFinding {
        code: None,
        path: None,
        text_nb: format!(
            "To ulike ressurser i kilden har samme identitet, {one} og {other}, og ingenting sier hvilken som gjelder. Gi \
             hver sin identifikator, eller meta.lastUpdated hvis den ene er en rettelse av den andre."
        ),
        text_en: format!(
            "Two different resources of the source have one identity, {one} and {other}, and nothing says which holds. Give \
             each an identifier of its own, or meta.lastUpdated if one is a correction of the other."
        ),
    }
}

fn place(location: &SourceLocation) -> String {
    format!("{}:{}", location.label(), location.line())
}
