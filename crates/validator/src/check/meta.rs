//! What a resource says of itself.

use std::collections::HashSet;
use std::sync::LazyLock;

use lmr_fhir::{Element, Name};

use super::context::Context;
use crate::compile::Profile;
use crate::messages::Message;

static META: LazyLock<Name> = LazyLock::new(|| Name::new("meta"));
static SECURITY: LazyLock<Name> = LazyLock::new(|| Name::new("security"));
static SYSTEM: LazyLock<Name> = LazyLock::new(|| Name::new("system"));
static CODE: LazyLock<Name> = LazyLock::new(|| Name::new("code"));

/// Security labels are a set: none is there twice, by system and code.
/// Rule: <https://hl7.org/fhir/R4/resource-definitions.html#Meta.security>.
pub(crate) fn check_labels<'a>(cx: &mut Context<'a>, base: &'a Profile) {
    let Some(meta) = cx.resource.child(&META) else { return };
    let mut rest = meta.children_named(&SECURITY);
    // Most resources have none, or one.
    let (Some(first), Some(second)) = (rest.next(), rest.next()) else { return };
    let text = |label: Element<'a>, part: &Name| {
        label.child(part).and_then(Element::text).unwrap_or_default()
    };
    let mut seen = HashSet::new();
    for label in [first, second].into_iter().chain(rest) {
        let (system, code) = (text(label, &SYSTEM), text(label, &CODE));
        if !code.is_empty() && !seen.insert((system.clone(), code.clone())) {
            let message = Message::SecurityLabelTwice { label: format!("{system}#{code}").into() };
            cx.report(message, label.node(), base);
        }
    }
}
