//! Narratives: vocabulary, links, languages, and what profiles ask of them.

pub(crate) mod messages;
mod structure;

use std::collections::HashMap;
use std::sync::LazyLock;

use lmr_fhir::{Element, Kind, Name, Node};

use super::context::Context;
use super::primitive::decoded_len;
use super::shared::Anchors;
use super::xhtml::{XKind, XNode, Xhtml};
use crate::compile::{Def, Defs, Profile};
use crate::messages::Message;
use crate::messages::field::Defined;

static LANGUAGE: LazyLock<Name> = LazyLock::new(|| Name::new("language"));

/// Checks the XHTML of a narrative.
pub(crate) fn check<'a>(cx: &mut Context<'a>, item: Element<'a>, text: &str, def: Def<'a>) {
    let at = item.node();
    let xhtml = match Xhtml::parse(text) {
        Ok(xhtml) => xhtml,
        Err(error) => {
            cx.report(Message::XhtmlSyntax { reason: error.words() }, at, def.profile);
            return;
        }
    };
    let mut faults = Vec::new();
    xhtml.vocabulary(&mut |message| faults.push(message));
    for message in faults {
        cx.report(message, at, def.profile);
    }
    for message in structure::faults(&xhtml).into_iter().chain(structure::duplicates(&xhtml)) {
        cx.report(message, at, def.profile);
    }
    links_of(cx, &xhtml, at, def);
    addresses(cx, &xhtml, at, def);
    mixed_languages(cx, &xhtml, at, def);
}

fn links_of<'a>(cx: &mut Context<'a>, xhtml: &Xhtml<'_>, at: Node<'a>, def: Def<'a>) {
    // Made for the first link within the text.
    let mut own: Option<HashMap<&str, usize>> = None;
    for (i, node) in xhtml.nodes.iter().enumerate() {
        if node.name() != Some("a") {
            continue;
        }
        let Some(href) = node.attribute("href") else { continue };
        if let Some(id) = href.strip_prefix('#') {
            if id.is_empty() {
                continue;
            }
            let own = own.get_or_insert_with(|| {
                let mut ids = HashMap::new();
                for node in &xhtml.nodes {
                    let (id, name) = (node.attribute("id"), node.attribute("name"));
                    for one in id.into_iter().chain(name.filter(|n| Some(*n) != id)) {
                        *ids.entry(one).or_default() += 1;
                    }
                }
                ids
            });
            let (href, path, text) = (href.into(), xhtml.path(i).into(), xhtml.text(i).into());
            let message = match own.get(id).copied().unwrap_or(0) {
                0 if !has_id(cx, id) => Message::XhtmlResolve { href, path, text },
                0 | 1 => continue,
                _ => Message::XhtmlMultipleMatches { href, path, text },
            };
            cx.report(message, at, def.profile);
        } else if let Some((scheme, _)) = href.split_once(':')
            && let Some(is_program) = unfit_scheme(scheme)
        {
            let (path, text) = (xhtml.path(i).into(), xhtml.text(i).into());
            let (scheme, href) = (scheme.to_owned(), href.to_owned().into());
            let message = if is_program {
                Message::XhtmlActiveHref { scheme: scheme.into(), href, path, text }
            } else {
                Message::XhtmlHref { scheme: scheme.into(), href, path, text }
            };
            cx.report(message, at, def.profile);
        }
    }
}

/// Whether a scheme that a link must not have runs a program; `None` of one that it may have. Schemes are in either case
/// (RFC 3986, section 3.1).
fn unfit_scheme(scheme: &str) -> Option<bool> {
    let is_one_of = |list: &[&str]| list.iter().any(|one| scheme.eq_ignore_ascii_case(one));
    // `urn:` is a name and `cid:` a part of an e-mail: a browser can open neither.
    is_one_of(&["javascript", "vbscript"])
        .then_some(true)
        .or_else(|| is_one_of(&["urn", "cid"]).then_some(false))
}

/// The addresses of links and images: something that can be one, and for images within the document
/// something that is there. Rule: <https://hl7.org/fhir/R4/narrative.html#img>.
fn addresses<'a>(cx: &mut Context<'a>, xhtml: &Xhtml<'_>, at: Node<'a>, def: Def<'a>) {
    for (i, node) in xhtml.nodes.iter().enumerate() {
        let attribute = match node.name() {
            Some("a") => "href",
            Some("img") => "src",
            _ => continue,
        };
        let Some(address) = node.attribute(attribute) else { continue };
        if !is_address(address) {
            let (address, path) = (address.into(), xhtml.path(i).into());
            cx.report(Message::XhtmlAddress { address, path }, at, def.profile);
        } else if attribute == "src"
            && let Some(id) = address.strip_prefix('#')
            && !has_id(cx, id)
        {
            let (source, path) = (address.into(), xhtml.path(i).into());
            cx.report(Message::XhtmlImageResolve { source, path }, at, def.profile);
        }
    }
}

/// Whether a text can be an address: characters of RFC 3986, letters of other scripts as browsers take
/// them, and `|`, which canonicals have; behind `data:` a comma and the content.
fn is_address(text: &str) -> bool {
    if let Some(data) = text.strip_prefix("data:") {
        return match data.split_once(',') {
            Some((kind, content)) if kind.ends_with(";base64") => decoded_len(content).is_some(),
            Some((_, content)) => !content.is_empty() && !content.contains(','),
            None => false,
        };
    }
    let is_known = |c: char| c.is_alphanumeric() || ";?:@&=+$.,/%-_~#[]!'()*|".contains(c);
    !text.is_empty() && text.chars().all(is_known)
}

/// Whether anything in the resource, or in the one that holds it, has the id.
pub(crate) fn has_id(cx: &Context<'_>, id: &str) -> bool {
    cx.anchors().contains_key(id)
}

fn mixed_languages<'a>(cx: &mut Context<'a>, xhtml: &Xhtml<'_>, at: Node<'a>, def: Def<'a>) {
    let sections = sections(xhtml);
    if sections.is_empty() {
        return;
    }
    let outside = xhtml.children(0).any(|c| {
        let node = &xhtml.nodes[c];
        match node.name() {
            None => {
                !xhtml.text(c).is_empty()
                    || matches!(&node.kind, XKind::Text(t) if !t.trim().is_empty())
            }
            Some("div") => node.attribute("lang").is_none() && node.attribute("xml:lang").is_none(),
            Some(_) => true,
        }
    });
    if outside {
        cx.report(
            Message::XhtmlMixedLang { languages: sections.join(", ").into() },
            at,
            def.profile,
        );
    }
}

/// What extensions on the narrative's definition ask of it.
pub(crate) fn check_controls<'a>(cx: &mut Context<'a>, item: Element<'a>, defs: &Defs<'a>) {
    let Some(div) = item.child(&Name::new("div")).and_then(Element::text) else { return };
    for def in defs {
        let element = def.element();
        let (language, source) = (&element.narrative_language, &element.narrative_source);
        if language.is_none() && source.is_none() {
            continue;
        }
        let Ok(xhtml) = Xhtml::parse(&div) else { return };
        let profile = || Defined::from(&def.profile.definition.url);
        let sections = sections(&xhtml);
        match language.as_deref() {
            Some("_yes") if sections.is_empty() => {
                cx.report(
                    Message::XhtmlLangsRequired { profile: profile() },
                    item.node(),
                    def.profile,
                );
            }
            Some("_no") if !sections.is_empty() => {
                cx.report(
                    Message::XhtmlNoLangs {
                        languages: sections.join(", ").into(),
                        profile: profile(),
                    },
                    item.node(),
                    def.profile,
                );
            }
            Some("_resource") => {
                let own = cx.resource.child(&Name::new("language")).and_then(Element::text);
                if let Some(own) = own
                    && !sections.iter().any(|s| s == &*own)
                {
                    cx.report(
                        Message::XhtmlLangsRequiredDef { profile: profile() },
                        item.node(),
                        def.profile,
                    );
                }
            }
            _ => {}
        }
        if source.is_some() {
            let without: Vec<String> = xhtml
                .children(0)
                .filter(|c| {
                    let node = &xhtml.nodes[*c];
                    let class = node.attribute("class").unwrap_or("");
                    !class.split(' ').any(|c| matches!(c, "boilerplate" | "generated" | "original"))
                })
                .map(|c| match &xhtml.nodes[c].kind {
                    XKind::Text(t) => t.trim().to_owned(),
                    XKind::Element { .. } => xhtml.text(c),
                })
                .filter(|t| !t.is_empty())
                .collect();
            for text in without {
                let message = Message::XhtmlControlNoSource { text: text.into() };
                cx.report(message, item.node(), def.profile);
            }
        }
    }
}

/// Whether the narrative is in the resource's language.
pub(crate) fn check_language<'a>(cx: &mut Context<'a>, profile: &Profile) {
    let Some(language) = cx.resource.child(&LANGUAGE).and_then(Element::text) else { return };
    let div = cx
        .resource
        .child(&Name::new("text"))
        .and_then(|t| t.child(&Name::new("div")))
        .and_then(Element::text);
    let Some(div) = div else { return };
    let Ok(xhtml) = Xhtml::parse(&div) else { return };
    let Some(outer) = xhtml.nodes.first() else { return };
    // Language sections speak for the whole where the outer div does not.
    let sections: Vec<usize> =
        xhtml.children(0).filter(|c| xhtml.nodes[*c].name() == Some("div")).collect();
    let either = |n: &XNode<'_>| {
        (n.attribute("lang").map(str::to_owned), n.attribute("xml:lang").map(str::to_owned))
    };
    let (mut lang, mut xml_lang) = either(outer);
    if lang.is_none()
        && xml_lang.is_none()
        && let Some(first) = sections
            .iter()
            .map(|c| either(&xhtml.nodes[*c]))
            .find(|(l, x)| l.is_some() || x.is_some())
    {
        (lang, xml_lang) = first;
        // One of several sections may be in the resource's language.
        if sections.iter().any(|c| xhtml.nodes[*c].attribute("lang") == Some(&*language)) {
            return;
        }
    }
    let at = cx.resource.node();
    let missing = match (&lang, &xml_lang) {
        (None, None) => Some(Message::XhtmlLangMissing),
        (None, Some(_)) => Some(Message::XhtmlLangMissing2),
        (Some(_), None) => Some(Message::XhtmlLangMissing3),
        (Some(_), Some(_)) => None,
    };
    if let Some(message) = missing {
        cx.report(message, at, profile);
    }
    // What is given is another language, whether the other attribute is there or not.
    let differs = |given: &Option<String>| given.clone().filter(|given| *given != *language);
    let language = || language.to_string().into();
    if let Some(lang) = differs(&lang) {
        let message = Message::XhtmlLangDifferent { language: language(), lang: lang.into() };
        cx.report(message, at, profile);
    } else if let Some(lang) = differs(&xml_lang) {
        let message = Message::XhtmlLangDifferent2 { language: language(), lang: lang.into() };
        cx.report(message, at, profile);
    }
}

/// The ids of all elements under a node, of data and of narratives, and how often each occurs.
pub(crate) fn anchors(root: Node<'_>) -> Anchors {
    let mut found = Anchors::new();
    let mut stack = vec![root];
    while let Some(node) = stack.pop() {
        for member in node.members() {
            match member.kind() {
                Kind::Object | Kind::Array => stack.push(member),
                Kind::String if member.name() == Some("id") => {
                    if let Some(id) = member.as_str() {
                        *found.entry((*id).into()).or_default() += 1;
                    }
                }
                Kind::String if member.name() == Some("div") => {
                    for id in ids(&member.as_str().unwrap_or_default()) {
                        *found.entry(id.into()).or_default() += 1;
                    }
                }
                _ => {}
            }
        }
    }
    found
}

/// The ids and names of a narrative's elements, each as often as it occurs.
fn ids(text: &str) -> Vec<String> {
    let Ok(xhtml) = Xhtml::parse(text) else {
        return ["id=", "name="].iter().flat_map(|attribute| written(text, attribute)).collect();
    };
    let of = |node: &XNode<'_>| {
        let (id, name) = (node.attribute("id"), node.attribute("name"));
        id.into_iter().chain(name.filter(|n| Some(*n) != id)).map(str::to_owned).collect::<Vec<_>>()
    };
    xhtml.nodes.iter().flat_map(of).collect()
}

/// The ids that a narrative's links and images refer to within the resource.
pub(crate) fn fragments(text: &str) -> Vec<String> {
    let fragment = |address: &str| address.strip_prefix('#').map(str::to_owned);
    let Ok(xhtml) = Xhtml::parse(text) else {
        let found = ["href=", "src="].iter().flat_map(|attribute| written(text, attribute));
        return found.filter_map(|address| fragment(&address)).collect();
    };
    let of = |node: &XNode<'_>| match node.name()? {
        "a" => node.attribute("href").and_then(fragment),
        "img" => node.attribute("src").and_then(fragment),
        _ => None,
    };
    xhtml.nodes.iter().filter_map(of).collect()
}

/// The values that stand behind an attribute's name in a text that is not well-formed.
fn written(text: &str, attribute: &str) -> Vec<String> {
    let value = |(at, _): (usize, &str)| {
        let rest = &text[at + attribute.len()..];
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        Some(rest[1..].split_once(quote)?.0.to_owned())
    };
    text.match_indices(attribute).filter_map(value).collect()
}

/// Languages of the sections directly under the outermost div.
fn sections(xhtml: &Xhtml<'_>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for child in xhtml.children(0) {
        let node = &xhtml.nodes[child];
        if node.name() == Some("div")
            && let Some(lang) = node.attribute("lang").or(node.attribute("xml:lang"))
        {
            out.push(lang.to_owned());
        }
    }
    out.sort();
    out.dedup();
    out
}
