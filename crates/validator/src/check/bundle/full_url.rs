//! The addresses of entries.

use lmr_fhir::Kind;

use super::entries::{Links, type_and_id};
use crate::check::context::Context;
use crate::check::primitive;
use crate::compile::Profile;
use crate::messages::Message;

/// Every entry has an absolute address, and that of a server ends in type and id.
pub(crate) fn check<'a>(cx: &mut Context<'a>, links: &Links<'a>, base: &'a Profile) {
    let optional =
        matches!(&*links.kind, "transaction" | "transaction-response" | "batch" | "batch-response");
    for entry in &links.entries {
        let Some(url) = entry.full_url.as_deref() else {
            // What is no object at all has been reported as that.
            if !optional && entry.node.kind() == Kind::Object {
                cx.report(Message::BundleFullUrlRequired, entry.node, base);
            }
            continue;
        };
        // So has an empty address.
        if url.is_empty() {
            continue;
        }
        if !primitive::is_absolute(url) {
            cx.report(Message::BundleUrlAbsolute { url: url.to_owned().into() }, entry.node, base);
            continue;
        }
        // An entry without a type is reported as that.
        if !url.starts_with("http") || entry.resource.is_none() || entry.type_name.is_empty() {
            continue;
        }
        let plain = url.split("/_history/").next().unwrap_or(url);
        let Some((type_name, _)) = type_and_id(plain) else { continue };
        if !cx.profiles.definitions().is_resource_type(&type_name) {
            continue;
        }
        match &entry.id {
            None => {
                cx.report(Message::BundleUrlNoId { url: url.to_owned().into() }, entry.node, base);
            }
            Some(id) if !url.ends_with(&format!("/{}/{id}", entry.type_name)) => {
                cx.report(
                    Message::BundleUrlTypeId {
                        url: url.to_owned().into(),
                        type_name: entry.type_name.to_string().into(),
                        id: id.to_string().into(),
                    },
                    entry.node,
                    base,
                );
            }
            Some(_) => {}
        }
    }
}
