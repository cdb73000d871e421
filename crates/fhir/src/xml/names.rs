//! Names, characters and white space as XML has them. Rule: <https://www.w3.org/TR/xml/> (fifth edition).

/// Whether a character begins a name. Rule: <https://www.w3.org/TR/xml/#NT-NameStartChar>.
const fn begins_a_name(c: char) -> bool {
    matches!(c,
        ':' | '_' | 'A'..='Z' | 'a'..='z'
        | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}'
        | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}'
        | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

/// Whether a character goes on with a name. Rule: <https://www.w3.org/TR/xml/#NT-NameChar>.
const fn is_in_a_name(c: char) -> bool {
    begins_a_name(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

/// Whether a text is a name, with colons wherever they are. Rule: <https://www.w3.org/TR/xml/#NT-Name>.
pub(super) fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(begins_a_name) && characters.all(is_in_a_name)
}

/// Whether a text is a name without a colon. Rule: <https://www.w3.org/TR/xml-names/#NT-NCName>.
pub(super) fn is_plain_name(text: &str) -> bool {
    is_name(text) && !text.contains(':')
}

/// Whether a text is a name that may have a prefix. Rule: <https://www.w3.org/TR/xml-names/#NT-QName>.
pub(super) fn is_qualified_name(text: &str) -> bool {
    match text.split_once(':') {
        Some((prefix, local)) => is_plain_name(prefix) && is_plain_name(local),
        None => is_plain_name(text),
    }
}

/// White space of markup. Rule: <https://www.w3.org/TR/xml/#NT-S>.
pub(super) const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// What differs between the two versions of XML.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Version {
    /// 1.0, and a text without a declaration.
    #[default]
    First,
    /// 1.1: two more characters end a line, and control characters have to be references.
    Second,
}

impl Version {
    /// The version that a declaration names. Rule: <https://www.w3.org/TR/xml/#NT-VersionNum>; of the others that it
    /// allows nobody knows what they mean.
    pub(super) fn of(number: &str) -> Option<Self> {
        match number {
            "1.0" => Some(Self::First),
            "1.1" => Some(Self::Second),
            _ => None,
        }
    }

    /// The first character of a text that may not be written in it, and where it is.
    pub(super) fn first_forbidden(self, text: &str) -> Option<(usize, u32)> {
        let is_forbidden = |c: char| {
            !is_character(c)
                || (self == Self::Second && matches!(c, '\x7f'..='\u{84}' | '\u{86}'..='\u{9f}'))
        };
        text.char_indices().find(|(_, c)| is_forbidden(*c)).map(|(at, c)| (at, u32::from(c)))
    }

    /// Whether a character is white space, or ends a line and so becomes some.
    pub(super) fn is_blank(self, c: char) -> bool {
        is_space(c) || (self == Self::Second && matches!(c, '\u{85}' | '\u{2028}'))
    }
}

/// Whether XML 1.0 has a character; 1.1 has references to more, which FHIR has not.
/// Rule: <https://www.w3.org/TR/xml/#NT-Char>.
pub(super) const fn is_character(c: char) -> bool {
    !matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}')
}
