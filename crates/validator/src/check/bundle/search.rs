//! Search results: modes, types and what the self link searched for.

use std::borrow::Cow;

use lmr_fhir::{Name, Node, Severity};

use super::entries::Links;
use super::text_of;
use crate::check::context::Context;
use crate::compile::Profile;
use crate::messages::Message;
use crate::messages::field::TypeName;

/// Every entry is a match, included or an outcome.
pub(crate) fn check<'a>(cx: &mut Context<'a>, links: &Links<'a>, base: &'a Profile) {
    let at = cx.resource.node();
    let own = cx
        .resource
        .children_named(&Name::new("link"))
        .find(|l| text_of(*l, "relation").as_deref() == Some("self"))
        .and_then(|l| text_of(l, "url"));
    // Nothing found and nothing to say of it: a result without entries is as good without.
    if own.is_none() && !links.entries.is_empty() {
        cx.report(Message::BundleSearchNoSelf, at, base);
    }
    let types = own.as_deref().map(|url| searched_types(cx, url)).unwrap_or_default();
    if own.is_some() && types.is_empty() && cx.options.hints {
        cx.report(Message::BundleSearchSelfNotUnderstood, at, base);
    }
    let modes: Vec<_> = links.entries.iter().map(|e| search_mode(e.node)).collect();
    if !modes.is_empty() && modes.iter().all(Option::is_none) {
        without_modes(cx, links, &types, base);
        return;
    }
    for (entry, mode) in links.entries.iter().zip(modes) {
        if mode.is_none() {
            cx.report(Message::BundleSearchNoMode, entry.node, base);
        }
        let Some(resource) = entry.resource else {
            cx.report(Message::BundleSearchNoResource, entry.node, base);
            continue;
        };
        let Some(mode) = mode else { continue };
        if matches!(&*mode, "match" | "include") && entry.id.is_none() {
            cx.report(Message::BundleSearchNoId, resource.node(), base);
        }
        let type_name = || TypeName::from(&*entry.type_name);
        match &*mode {
            "match" if !types.is_empty() && !types.iter().any(|t| **t == *entry.type_name) => {
                cx.report(
                    Message::BundleSearchWrongType {
                        found: type_name(),
                        searched: types.join(", ").into(),
                    },
                    resource.node(),
                    base,
                );
            }
            "outcome" if entry.type_name != "OperationOutcome" => {
                cx.report(
                    Message::BundleSearchWrongOutcome { found: type_name() },
                    resource.node(),
                    base,
                );
            }
            _ => {}
        }
    }
}

/// A search result of which no entry says its mode: that is well where all fit the search.
fn without_modes<'a>(cx: &mut Context<'a>, links: &Links<'a>, types: &[String], base: &'a Profile) {
    let mut in_doubt = types.is_empty();
    let mut first_type: Option<&str> = None;
    for entry in &links.entries {
        let Some(resource) = entry.resource else {
            cx.report(Message::BundleSearchNoResource, entry.node, base);
            continue;
        };
        let is_outcome = entry.type_name == "OperationOutcome";
        if !types.is_empty() && !is_outcome && !types.iter().any(|t| **t == *entry.type_name) {
            in_doubt = true;
            cx.report(
                Message::BundleSearchWrongTypeNoMode {
                    found: entry.type_name.to_string().into(),
                    searched: types.join(", ").into(),
                },
                resource.node(),
                base,
            );
            continue;
        }
        if is_outcome {
            continue;
        }
        if entry.id.is_none() {
            let issue = cx.report(Message::BundleSearchNoId, resource.node(), base);
            // Whether it is what was searched for is not known.
            if types.is_empty() {
                issue.severity = Severity::Warning;
            }
        }
        in_doubt |= **first_type.get_or_insert(&*entry.type_name) != *entry.type_name;
    }
    // Entries without a resource are reported as such.
    in_doubt &= links.entries.iter().any(|entry| entry.resource.is_some());
    let issue = cx.report(Message::BundleSearchNoMode, cx.resource.node(), base);
    if !in_doubt {
        issue.severity = Severity::Information;
    }
}

/// The types a search address names: its last segment, or the parameter `_type`.
fn searched_types<'a>(cx: &Context<'a>, url: &str) -> Vec<String> {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
    if cx.profiles.definitions().is_resource_type(last) {
        return vec![last.to_owned()];
    }
    let listed = query.split('&').filter_map(|part| part.strip_prefix("_type="));
    listed.flat_map(|list| list.split(',')).map(str::to_owned).collect()
}

/// How an entry came into a search result.
fn search_mode<'a>(entry: Node<'a>) -> Option<Cow<'a, str>> {
    entry.member("search")?.member("mode")?.as_str()
}
