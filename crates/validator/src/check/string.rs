//! The text of a value: HTML, years, addresses, narratives.

use lmr_fhir::{Element, Severity};

use super::context::Context;
use super::narrative;
use super::primitive::{self, Primitive};
use crate::compile::Def;
use crate::messages::Message;
use crate::options::HtmlInMarkdown;

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
    // Rule: <https://hl7.org/fhir/R4/datatypes.html#string>: no code point below 32 but tab, CR, LF.
    // Unescaped they are not JSON, which the reader reports.
    if node.is_escaped()
        && let Some(control) =
            text.bytes().find(|b| *b < 0x20 && !matches!(b, b'\t' | b'\r' | b'\n'))
    {
        let message = Message::ControlCharacter { code_point: usize::from(control) };
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
        Primitive::Uri | Primitive::Url
            if text.starts_with('#') && cx.options.hints && !narrative::has_id(cx, &text[1..]) =>
        {
            cx.report(
                Message::UrlInternal { value: primitive::shown(text).into_owned().into() },
                node,
                def.profile,
            );
        }
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

/// Whether an address is one that examples use.
pub(crate) fn is_example(url: &str) -> bool {
    ["example.org", "acme.com"].iter().any(|e| url.contains(e))
}
