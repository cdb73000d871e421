//! Results as JSON.

use std::fmt::Write as _;

use lmr_fhir::escape_into;

use crate::item::Item;
use crate::model::Model;

/// One item as `{"type":"...","value":...}`: elements as they are in the document, numbers and
/// booleans as such, everything else as text. A quantity is written as in an expression (`1 'mg'`).
/// A primitive that has no value but extensions gives `null`.
pub fn to_json(item: &Item<'_>, model: Option<&dyn Model>) -> String {
    let mut out = String::from("{\"type\":");
    quote(&item.type_name(model), &mut out);
    out.push_str(",\"value\":");
    match item {
        Item::Element(typed) => match typed.element.value() {
            Some(node) => out.push_str(node.raw()),
            None => out.push_str("null"),
        },
        Item::Boolean(b) => out.push_str(if *b { "true" } else { "false" }),
        Item::Integer(n) => drop(write!(out, "{n}")),
        Item::Decimal(d) => drop(write!(out, "{d}")),
        Item::String(text) => quote(text, &mut out),
        Item::Date(d) => drop(write!(out, "\"{d}\"")),
        Item::DateTime(d) => drop(write!(out, "\"{d}\"")),
        Item::Time(t) => drop(write!(out, "\"{t}\"")),
        Item::Quantity(q) => quote(&q.to_string(), &mut out),
        Item::Type(info) => quote(&format!("{}.{}", info.namespace, info.name), &mut out),
    }
    out.push('}');
    out
}

fn quote(text: &str, out: &mut String) {
    escape_into(out, text);
}
