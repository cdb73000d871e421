//! Attachments: their size and hash, and that there is something to attach.

use base64::{
    Engine as _, alphabet,
    engine::{GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use lmr_fhir::{Element, Name};
use sha1::{Digest as _, Sha1};

use super::context::Context;
use super::primitive;
use crate::compile::Def;
use crate::messages::Message;

/// Reads what the form of a value permits: bits behind the last byte too, as the reference does.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Whether a definition is that of base64 in an attachment, where white space is reported by [`check`].
pub(crate) fn is_content(def: Def<'_>) -> bool {
    let element = def.element();
    let path = element.base.as_ref().map_or(&*element.path, |base| &*base.path);
    matches!(path, "Attachment.data" | "Attachment.hash")
}

/// Size and hash are those of the decoded data. White space is an error here because the reference's
/// decoder of attachments takes none; the form of the type permits it
/// (<https://hl7.org/fhir/R4/datatypes.html#base64Binary>), so it is left aside when decoding.
pub(crate) fn check<'a>(cx: &mut Context<'a>, item: Element<'a>, def: Def<'a>) {
    let text = |n: &str| item.child(&Name::new(n)).and_then(Element::text);
    let has = |n: &str| item.children_named(&Name::new(n)).next().is_some();
    // What is not base64 at all is reported of the value.
    let base64 = |n: &str| text(n).filter(|value| primitive::decoded_len(value).is_some());
    let data = base64("data");
    let hash = base64("hash");
    for (name, value) in [("data", &data), ("hash", &hash)] {
        if value.as_ref().is_some_and(|value| value.contains(|c: char| c.is_ascii_whitespace())) {
            cx.report(Message::AttachmentDecode { element: name.into() }, item.node(), def.profile);
        }
    }
    if let (Some(data), Some(size)) = (&data, text("size"))
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
    if let (Some(data), Some(hash)) = (&data, hash)
        && let Ok(bytes) = LENIENT.decode(digits(data))
    {
        let (stated, actual) = (digits(&hash), STANDARD.encode(Sha1::digest(bytes)));
        if stated != actual {
            cx.report(
                Message::AttachmentHash { stated: stated.into(), actual: actual.into() },
                item.node(),
                def.profile,
            );
        }
    }
    if text("data").is_none() && !["url", "data", "contentType", "language"].into_iter().any(has) {
        cx.report(Message::AttachmentNoContent, item.node(), def.profile);
    }
}

/// A base64 text without its white space.
fn digits(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_whitespace()).collect()
}
