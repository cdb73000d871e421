//! The text of a value: HTML, years, addresses, narratives.

use std::borrow::Cow;
use std::sync::LazyLock;

use lmr_fhir::{Element, Name, Severity};
use lmr_fhirpath::Model as _;

use super::contained;
use super::context::Context;
use super::narrative;
use super::primitive::{self, Primitive};
use crate::compile::Def;
use crate::messages::Message;
use crate::options::HtmlInMarkdown;

static PUBLISHER: LazyLock<Name> = LazyLock::new(|| Name::new("publisher"));

/// Text that has the form of its type.
pub(crate) fn check<'a>(
    cx: &mut Context<'a>,
    item: Element<'a>,
    kind: Primitive,
    text: &str,
    def: Def<'a>,
) {
    let node = item.node();
    if kind != Primitive::Xhtml
        && (kind != Primitive::Markdown || cx.options.security_checks)
        && text.contains('<')
        && primitive::looks_like_html(text)
    {
        let message = if cx.options.security_checks {
            Message::SecurityStringError
        } else {
            Message::SecurityStringWarning
        };
        cx.report(message, node, def.profile);
    }
    match kind {
        Primitive::Date | Primitive::DateTime | Primitive::Instant => {
            if let Some(now) = &cx.options.now
                && primitive::year_of(text)
                    .is_some_and(|year| year > u32::from(now.date().year()) + 80)
            {
                cx.report(
                    Message::DateTimeReasonable { value: text.to_owned().into() },
                    node,
                    def.profile,
                );
            }
        }
        Primitive::Markdown if text.contains('<') && primitive::looks_like_html(text) => {
            let severity = match cx.options.html_in_markdown {
                HtmlInMarkdown::Ignore => return,
                HtmlInMarkdown::Warning => Severity::Warning,
                HtmlInMarkdown::Error => Severity::Error,
            };
            cx.report(Message::MarkdownHtml, node, def.profile).severity = severity;
        }
        Primitive::Xhtml => narrative::check(cx, item, text, def),
        // A definition is known by an absolute address
        // (<https://hl7.org/fhir/R4/references.html#canonical>).
        Primitive::Uri if !primitive::is_absolute(text) && is_own_address(cx, def) => {
            let value = primitive::shown(text).into_owned().into();
            cx.report(Message::CanonicalAbsolute { value }, node, def.profile);
        }
        Primitive::Uri | Primitive::Url
            if text.starts_with('#') && !narrative::has_id(cx, &text[1..]) =>
        {
            let value = primitive::shown(text).into_owned().into();
            let issue = cx.report(Message::UrlInternal { value }, node, def.profile);
            // Servers write identifiers of their own there, with a fragment.
            if &*def.element().path == "Meta.source" {
                issue.severity = Severity::Information;
            }
        }
        Primitive::Canonical if text.starts_with('#') && !narrative::has_id(cx, &text[1..]) => {
            let value = primitive::shown(text).into_owned().into();
            cx.report(Message::CanonicalInternal { value }, node, def.profile);
        }
        Primitive::Uri | Primitive::Url | Primitive::Oid
            if text.starts_with(HL7)
                && !text.starts_with(SYSTEM_TYPE)
                && !is_defined(cx, text)
                && !defines_address(cx, def) =>
        {
            let message = Message::UrlResolve { value: primitive::shown(text).into_owned().into() };
            cx.report(message, node, def.profile);
        }
        Primitive::Canonical => canonical_type(cx, item, text, def),
        Primitive::Uri | Primitive::Url | Primitive::Oid
            if !cx.options.example_urls && is_example(text) =>
        {
            cx.report(
                Message::UrlExample { value: primitive::shown(text).into_owned().into() },
                node,
                def.profile,
            );
        }
        _ => {}
    }
}

/// Characters that no text should have.
pub(crate) fn check_characters<'a>(
    cx: &mut Context<'a>,
    item: Element<'a>,
    text: &str,
    def: Def<'a>,
) {
    let node = item.node();
    if !ends_directions(text) {
        cx.report(Message::BidiUnterminated, node, def.profile);
    }
    // Rule: <https://hl7.org/fhir/R4/datatypes.html#string>: no code point below 32 but tab, CR, LF.
    // Unescaped they are not JSON, which the reader reports.
    if node.is_escaped()
        && let Some(control) =
            text.bytes().find(|b| *b < 0x20 && !matches!(b, b'\t' | b'\r' | b'\n'))
    {
        let message = Message::ControlCharacter { code_point: usize::from(control) };
        cx.report(message, node, def.profile);
    }
}

/// Whether every embedding, override and isolate of the text's direction is ended within it
/// (<https://www.unicode.org/reports/tr9/>, CVE-2021-42574).
fn ends_directions(text: &str) -> bool {
    // All of these characters begin with E2.
    if memchr::memchr(0xe2, text.as_bytes()).is_none() {
        return true;
    }
    let mut open = Vec::new();
    for c in text.chars() {
        match c {
            '\u{202a}' | '\u{202b}' | '\u{202d}' | '\u{202e}' => open.push('\u{202c}'),
            '\u{2066}'..='\u{2068}' => open.push('\u{2069}'),
            '\u{202c}' | '\u{2069}' if open.pop() != Some(c) => return false,
            _ => {}
        }
    }
    open.is_empty()
}

/// Whether an address is one that examples use.
pub(crate) fn is_example(url: &str) -> bool {
    ["example.org", "acme.com"].iter().any(|e| url.contains(e))
}

/// Where HL7's own definitions have their addresses.
pub(crate) const HL7: &str = "http://hl7.org/fhir";

/// Beginning of the names of FHIRPath's own types, which the definitions of R4 have as types.
pub(crate) const SYSTEM_TYPE: &str = "http://hl7.org/fhirpath/System.";

/// Addresses below HL7's that are no definition at hand, and right all the same: identifier systems,
/// names of mappings and workflows, the tools' extensions, and definitions that the core is without.
const OTHERS: &[&str] = &[
    "/sid/",
    "/test",
    "/tools/",
    "/SearchParameter/",
    "/OperationDefinition/",
    "/CompartmentDefinition/",
    "/ConceptMap/",
    "/NamingSystem/",
    "/CapabilityStatement/",
    "/CodeSystem/",
    "/ImplementationGuide/",
    "/StructureMap/",
    "/GraphDefinition/",
    "/Questionnaire/",
    "/us/",
    "/uv/",
];
const NAMES: &[&str] = &[
    "/auditevent",
    "/composition",
    "/consent",
    "/documentreference",
    "/fivews",
    "/interface",
    "/logical",
    "/object-implementation",
    "/provenance",
    "/rr",
    "/w5",
    "/workflow",
];

/// Whether an address below HL7's is one that is known.
fn is_defined<'a>(cx: &Context<'a>, url: &str) -> bool {
    // A fragment is a part of what the address before it names.
    let url = url.split('#').next().unwrap_or(url);
    let below = url.strip_prefix(HL7).unwrap_or(url);
    // Extensions that stand for elements of other versions.
    let is_of_version = below.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    is_of_version
        || OTHERS.iter().any(|start| below.starts_with(start))
        || NAMES.contains(&below)
        || kind_of_definition(cx, url).is_some()
}

/// What kind of definition at hand has this canonical.
pub(crate) fn kind_of_definition<'a>(cx: &Context<'a>, canonical: &str) -> Option<&'static str> {
    let definitions = cx.profiles.definitions();
    if matches!(definitions.structure(canonical), Ok(Some(_)) | Err(_)) {
        return Some("StructureDefinition");
    }
    let terminology = definitions.terminology();
    if terminology.code_system(canonical).is_some() {
        return Some("CodeSystem");
    }
    terminology.has_value_set(canonical).then_some("ValueSet")
}

/// The address of an entry, and the one by which a definition is known: it need not be known before.
fn defines_address<'a>(cx: &Context<'a>, def: Def<'a>) -> bool {
    &*def.element().path == "Bundle.entry.fullUrl" || is_own_address(cx, def)
}

/// The address by which a definition is known: `url` of a resource that somebody publishes. That of a device or
/// a contract is another.
fn is_own_address<'a>(cx: &Context<'a>, def: Def<'a>) -> bool {
    let model = &cx.profiles.model;
    let Some(of) = def.element().path.strip_suffix(".url") else { return false };
    cx.profiles.definitions().is_resource_type(of)
        && model.type_at(of).is_some_and(|ty| model.child(ty, &PUBLISHER).is_some())
}

/// Whether the address is one that structure definitions have.
fn is_structure(canonical: &str) -> bool {
    canonical.contains("/StructureDefinition/")
}

/// A canonical leads to a definition of the types that the element allows.
fn canonical_type<'a>(cx: &mut Context<'a>, item: Element<'a>, text: &str, def: Def<'a>) {
    let Some(ty) = def.element().types.iter().find(|ty| ty.name() == "canonical") else { return };
    if ty.target_profiles.is_empty() {
        return;
    }
    // Nearly always the type is a profile's, and no list is needed.
    if is_structure(text)
        && ty.target_profiles.iter().any(|one| one.ends_with("/StructureDefinition"))
    {
        return;
    }
    let allowed: Vec<&str> = ty
        .target_profiles
        .iter()
        .filter_map(|profile| profile.rsplit('/').next())
        .map(|name| name.split('|').next().unwrap_or(name))
        .collect();
    if allowed.iter().any(|name| matches!(*name, "Resource" | "CanonicalResource")) {
        return;
    }
    if is_structure(text) && allowed.contains(&"StructureDefinition") {
        return;
    }
    let contained = text.strip_prefix('#').and_then(|id| contained::find(cx, id));
    let found = match contained.and_then(Element::resource_type) {
        Some(found) => Some(found),
        None => kind_of_definition(cx, text).map(Cow::Borrowed),
    };
    if let Some(found) = found.filter(|found| !allowed.contains(&&**found)) {
        let message = Message::CanonicalType {
            value: primitive::shown(text).into_owned().into(),
            found: found.into_owned().into(),
            allowed: allowed.join(", ").into(),
        };
        cx.report(message, item.node(), def.profile);
    }
}
