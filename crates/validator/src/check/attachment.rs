//! Attachments: their size and hash, and that there is something to attach.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use lmr_fhir::{Element, Name};
use sha1::{Digest as _, Sha1};

use super::context::Context;
use super::primitive;
use crate::compile::Def;
use crate::messages::Message;

/// Size and hash are those of the decoded data.
pub(crate) fn check<'a>(cx: &mut Context<'a>, item: Element<'a>, def: Def<'a>) {
    let text = |n: &str| item.child(&Name::new(n)).and_then(Element::text);
    let has = |n: &str| item.children_named(&Name::new(n)).next().is_some();
    let data = text("data");
    let hash = text("hash");
    let mut is_decodable = true;
    // What is not base64 at all is reported of the value.
    for (name, value) in [("data", &data), ("hash", &hash)] {
        let is_spaced = value.as_ref().is_some_and(|value| {
            value.contains(|c: char| c.is_ascii_whitespace())
                && decoded(value).is_some_and(|bytes| !bytes.is_empty())
        });
        if is_spaced {
            is_decodable = false;
            cx.report(Message::AttachmentDecode { element: name.into() }, item.node(), def.profile);
        }
    }
    if is_decodable
        && let (Some(data), Some(size)) = (&data, text("size"))
        && let Some(actual) = primitive::decoded_len(data)
        && let Ok(stated) = size.parse::<i64>()
        && i64::try_from(actual) != Ok(stated)
    {
        cx.report(
            Message::AttachmentSize { stated: stated.to_string().into(), actual },
            item.node(),
            def.profile,
        );
    }
    if is_decodable
        && let (Some(data), Some(stated)) = (&data, hash)
        && let Some(bytes) = decoded(data)
        // What is not base64 is reported as such.
        && decoded(&stated).is_some()
    {
        let actual = STANDARD.encode(Sha1::digest(bytes));
        if stated != actual {
            let stated = stated.into_owned().into();
            cx.report(
                Message::AttachmentHash { stated, actual: actual.into() },
                item.node(),
                def.profile,
            );
        }
    }
    if data.is_none() && !["url", "data", "contentType", "language"].into_iter().any(has) {
        cx.report(Message::AttachmentNoContent, item.node(), def.profile);
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    STANDARD.decode(digits).ok()
}
