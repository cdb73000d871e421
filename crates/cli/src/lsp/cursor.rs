//! Where in a JSON text a cursor is, also while the text is being written and is no JSON yet.

/// A place in a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The objects and arrays around it, outermost first.
    pub(super) frames: Vec<Frame>,
    /// The member whose name or value it is at; `None` where a name would begin, and in arrays.
    pub(super) member: Option<String>,
    /// Whether it is at a name, not at a value.
    pub(super) is_at_name: bool,
    /// Whether it is between quotation marks.
    pub(super) is_in_string: bool,
}

/// An object or an array around the cursor.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) is_array: bool,
    /// The member that it is the value of.
    pub(super) name: Option<String>,
    /// Its members with their values where these are strings, behind the cursor too.
    pub(super) members: Vec<(String, Option<String>)>,
}

impl Frame {
    /// The text of a member.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.members.iter().find(|(of, _)| of == name)?.1.as_deref()
    }
}

/// A piece of text. Everything that is no mark and no string is a word.
enum Token {
    Mark(u8),
    /// Without its quotation marks, and whether the second one is there.
    String {
        text: String,
        is_closed: bool,
    },
    Word,
}

/// Finds the place. `offset` is in bytes.
pub(super) fn at(text: &str, offset: usize) -> Cursor {
    let mut scan = Scan::default();
    let mut cursor: Option<Cursor> = None;
    // Frames that were open at the cursor and still are: their later members belong to it too.
    let mut still_open = 0;
    let bytes = text.as_bytes();
    let mut from = 0;
    while from < bytes.len() {
        let byte = bytes[from];
        if byte.is_ascii_whitespace() {
            from += 1;
            continue;
        }
        let (token, to) = next(text, from);
        if cursor.is_none() && offset <= from {
            cursor = Some(scan.cursor(None));
            still_open = scan.frames.len();
        }
        let is_open = matches!(&token, Token::String { is_closed: false, .. });
        let is_inside = offset < to && !matches!(token, Token::Mark(_));
        // Behind a string that is not closed one is still in it.
        if cursor.is_none() && (is_inside || (offset == to && is_open)) {
            cursor = Some(scan.cursor(Some(&token)));
            still_open = scan.frames.len();
        }
        let before = scan.frames.len();
        scan.take(token);
        if let Some(cursor) = &mut cursor {
            let kept = scan.frames.len().min(still_open);
            if before <= still_open {
                for (own, seen) in cursor.frames.iter_mut().zip(&scan.frames[..kept]) {
                    if seen.members.len() > own.members.len()
                        || seen.members.last() != own.members.last()
                    {
                        own.members.clone_from(&seen.members);
                    }
                }
            }
            still_open = kept;
            if still_open == 0 {
                break;
            }
        }
        from = to;
    }
    cursor.unwrap_or_else(|| scan.cursor(None))
}

/// The token that begins here, and where it ends.
fn next(text: &str, from: usize) -> (Token, usize) {
    let bytes = text.as_bytes();
    match bytes[from] {
        mark @ (b'{' | b'}' | b'[' | b']' | b':' | b',') => (Token::Mark(mark), from + 1),
        b'"' => {
            let mut to = from + 1;
            while to < bytes.len() && bytes[to] != b'"' && bytes[to] != b'\n' {
                to += if bytes[to] == b'\\' { 2 } else { 1 };
            }
            let mut inner = to.min(bytes.len());
            while !text.is_char_boundary(inner) {
                inner -= 1;
            }
            let is_closed = bytes.get(inner) == Some(&b'"');
            let token = Token::String { text: text[from + 1..inner].to_owned(), is_closed };
            (token, inner + usize::from(is_closed))
        }
        _ => {
            let is_end = |c: char| c.is_ascii_whitespace() || "{}[]:,\"".contains(c);
            let to = text[from..].find(is_end).map_or(text.len(), |length| from + length);
            (Token::Word, to.max(from + text[from..].chars().next().map_or(1, char::len_utf8)))
        }
    }
}

/// What has been seen.
#[derive(Default)]
struct Scan {
    frames: Vec<Frame>,
    /// The name whose value is awaited.
    name: Option<String>,
    /// Whether the colon behind it was there.
    is_behind_colon: bool,
}

impl Scan {
    fn take(&mut self, token: Token) {
        match token {
            Token::Mark(b'{') => self.open(false),
            Token::Mark(b'[') => self.open(true),
            Token::Mark(b'}' | b']') => {
                self.frames.pop();
                (self.name, self.is_behind_colon) = (None, false);
            }
            Token::Mark(b':') => self.is_behind_colon = self.name.is_some(),
            Token::Mark(_) => (self.name, self.is_behind_colon) = (None, false),
            Token::String { text, .. } => {
                let Some(frame) = self.frames.last_mut().filter(|frame| !frame.is_array) else {
                    return;
                };
                if self.is_behind_colon {
                    if let Some(name) = self.name.take() {
                        match frame.members.iter_mut().rfind(|(of, _)| *of == name) {
                            Some(member) => member.1 = Some(text),
                            None => frame.members.push((name, Some(text))),
                        }
                    }
                    self.is_behind_colon = false;
                } else {
                    frame.members.push((text.clone(), None));
                    self.name = Some(text);
                }
            }
            Token::Word => {
                if self.is_behind_colon {
                    (self.name, self.is_behind_colon) = (None, false);
                }
            }
        }
    }

    fn open(&mut self, is_array: bool) {
        let name = self.name.take().filter(|_| self.is_behind_colon);
        self.is_behind_colon = false;
        self.frames.push(Frame { is_array, name, members: Vec::new() });
    }

    /// The place before the next token, or in it.
    fn cursor(&self, inside: Option<&Token>) -> Cursor {
        let frames = self.frames.iter().map(|frame| Frame {
            is_array: frame.is_array,
            name: frame.name.clone(),
            members: frame.members.clone(),
        });
        let is_in_object = self.frames.last().is_some_and(|frame| !frame.is_array);
        let is_at_name = is_in_object && !self.is_behind_colon;
        Cursor {
            frames: frames.collect(),
            member: match inside {
                Some(Token::String { text, .. }) if is_at_name => Some(text.clone()),
                _ if self.is_behind_colon => self.name.clone(),
                _ => None,
            },
            is_at_name,
            is_in_string: matches!(inside, Some(Token::String { .. })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place of `|` in a text.
    fn cursor(text: &str) -> Cursor {
        let offset = text.find('|').expect("a mark");
        at(&text.replacen('|', "", 1), offset)
    }

    #[test]
    fn names_and_values_are_distinguished_in_whole_and_in_half_written_texts() {
        for (text, member, is_at_name, is_in_string, depth) in [
            (r#"{"gen|der":"male"}"#, Some("gender"), true, true, 1),
            (r#"{"gender":"ma|le"}"#, Some("gender"), false, true, 1),
            (r#"{"gender":"|"}"#, Some("gender"), false, true, 1),
            (r#"{"gender":"|"#, Some("gender"), false, true, 1),
            (r#"{"gender": | }"#, Some("gender"), false, false, 1),
            (r#"{"gender":"male", |}"#, None, true, false, 1),
            (r#"{"a":1,"|"#, Some(""), true, true, 1),
            (r#"{"name":[{"fam|"#, Some("fam"), true, true, 3),
            (r#"{"name":[|]}"#, None, false, false, 2),
            (r#"{"name":["a|b"]}"#, None, false, true, 2),
            (r#"{"active":tr|ue}"#, Some("active"), false, false, 1),
            ("|", None, false, false, 0),
        ] {
            let cursor = cursor(text);
            assert_eq!(
                (
                    cursor.member.as_deref(),
                    cursor.is_at_name,
                    cursor.is_in_string,
                    cursor.frames.len()
                ),
                (member, is_at_name, is_in_string, depth),
                "{text}"
            );
        }
    }

    #[test]
    fn members_behind_the_cursor_belong_to_its_objects() {
        let cursor = cursor(
            r#"{"entry":[{"resource":{"|":1,"x":{"y":"z"},"resourceType":"Patient"}}],"resourceType":"Bundle"}"#,
        );
        assert_eq!(cursor.frames.len(), 4);
        assert_eq!(cursor.frames[3].text("resourceType"), Some("Patient"));
        assert_eq!(cursor.frames[0].text("resourceType"), Some("Bundle"));
        assert_eq!(cursor.frames[3].name.as_deref(), Some("resource"));
    }

    #[test]
    fn no_text_and_no_place_is_too_broken() {
        let text = "{\"a\\\":[{}]æ\u{1F600}\"\\u00\n}}],,::\"\\";
        for offset in 0..=text.len() {
            at(text, offset);
        }
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            at(&text[..end], end);
        }
    }
}
