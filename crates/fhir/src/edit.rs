//! Edits a text without serialising it again: everything not touched keeps its bytes, decimals and
//! member order included.

use std::ops::Range;

/// Replacements in a source text.
#[derive(Clone, Debug, Default)]
pub struct Edits {
    list: Vec<(Range<usize>, String)>,
}

/// Two replacements touch the same bytes, or one lies outside the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("two edits touch the same bytes, or one lies outside the text")]
pub struct OverlappingEdits;

impl Edits {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether nothing is to be changed.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Replaces these bytes by this text; an empty range inserts. Inserts at one offset keep the
    /// order in which they were given.
    pub fn replace(&mut self, span: Range<usize>, text: impl Into<String>) {
        self.list.push((span, text.into()));
    }

    /// Replaces these bytes by this string as JSON, quotes included.
    pub fn replace_string(&mut self, span: Range<usize>, value: &str) {
        let mut text = String::with_capacity(value.len() + 2);
        escape_into(&mut text, value);
        self.replace(span, text);
    }

    /// The changed text.
    ///
    /// # Errors
    /// [`OverlappingEdits`]; also for spans that do not lie on character borders.
    pub fn apply(mut self, source: &str) -> Result<String, OverlappingEdits> {
        self.list.sort_by_key(|(span, _)| (span.start, span.end));
        let mut out = String::with_capacity(
            source.len() + self.list.iter().map(|(_, t)| t.len()).sum::<usize>(),
        );
        let mut at = 0;
        for (span, text) in &self.list {
            if span.start < at || span.end < span.start {
                return Err(OverlappingEdits);
            }
            out.push_str(source.get(at..span.start).ok_or(OverlappingEdits)?);
            out.push_str(text);
            at = span.end;
        }
        out.push_str(source.get(at..).ok_or(OverlappingEdits)?);
        Ok(out)
    }
}

/// Appends a string as JSON, quotes included (RFC 8259 section 7).
pub fn escape_into(out: &mut String, value: &str) {
    out.push('"');
    let mut from = 0;
    for (i, byte) in value.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 => "",
            _ => continue,
        };
        out.push_str(&value[from..i]);
        if escape.is_empty() {
            let hex = b"0123456789abcdef";
            out.push_str("\\u00");
            out.push(char::from(hex[usize::from(byte >> 4)]));
            out.push(char::from(hex[usize::from(byte & 15)]));
        } else {
            out.push_str(escape);
        }
        from = i + 1;
    }
    out.push_str(&value[from..]);
    out.push('"');
}
