//! The rules for the XHTML of a narrative (invariants txt-1 and txt-2,
//! <https://hl7.org/fhir/R4/narrative.html#xhtml>).

use std::borrow::Cow;

const TAGS: [&str; 51] = [
    "p",
    "br",
    "div",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "a",
    "span",
    "b",
    "em",
    "i",
    "strong",
    "small",
    "big",
    "tt",
    "dfn",
    "q",
    "var",
    "abbr",
    "acronym",
    "cite",
    "blockquote",
    "hr",
    "address",
    "bdo",
    "kbd",
    "ul",
    "sub",
    "sup",
    "ol",
    "li",
    "dl",
    "dt",
    "dd",
    "pre",
    "table",
    "caption",
    "colgroup",
    "col",
    "thead",
    "tr",
    "tfoot",
    "tbody",
    "th",
    "td",
    "code",
    "samp",
    "img",
];
const MAP_TAGS: [&str; 2] = ["map", "area"];

/// On any tag.
const ATTRIBUTES: [&str; 23] = [
    "title",
    "style",
    "class",
    "id",
    "ID",
    "lang",
    "xml:lang",
    "xml:space",
    "dir",
    "accesskey",
    "tabindex",
    "span",
    "width",
    "align",
    "valign",
    "char",
    "charoff",
    "abbr",
    "axis",
    "headers",
    "scope",
    "rowspan",
    "colspan",
];

/// On one tag.
const TAG_ATTRIBUTES: [(&str, &[&str]); 10] = [
    ("a", &["href", "name", "charset", "type", "hreflang", "rel", "rev", "shape", "coords"]),
    ("img", &["src", "border", "alt", "longdesc", "height", "usemap", "ismap"]),
    ("blockquote", &["cite"]),
    ("q", &["cite"]),
    ("ol", &["start"]),
    ("map", &["name"]),
    ("area", &["shape", "coords", "href", "nohref", "alt"]),
    ("table", &["summary", "border", "frame", "rules", "cellspacing", "cellpadding"]),
    ("td", &["nowrap"]),
    ("th", &["nowrap"]),
];

/// Whether the text is one well-formed `div` with nothing but the tags and attributes of formatting.
pub(crate) fn is_narrative(text: &str) -> bool {
    let mut open: Vec<&str> = Vec::new();
    let mut roots = 0;
    let well_formed = scan(text, &mut |part| match part {
        Part::Text(t) => (!open.is_empty() || t.trim().is_empty()) && entities_known(t),
        Part::Data(_) => !open.is_empty(),
        Part::Start { tag, attributes, closed } => {
            let plain = without_prefix(tag);
            if open.is_empty() {
                roots += 1;
                if plain != "div" {
                    return false;
                }
            }
            if !closed {
                open.push(tag);
            }
            (TAGS.contains(&plain) || MAP_TAGS.contains(&plain))
                && attributes_allowed(plain, attributes)
        }
        Part::End(tag) => open.pop() == Some(tag),
    });
    well_formed && open.is_empty() && roots == 1
}

/// A tag without its prefix. Which namespace the prefix is for is no matter of formatting.
fn without_prefix(tag: &str) -> &str {
    tag.split_once(':').map_or(tag, |(_, name)| name)
}

/// Whether there is anything to read or see.
pub(crate) fn has_content(text: &str) -> bool {
    let mut found = false;
    scan(text, &mut |part| {
        match part {
            Part::Text(t) => found |= !resolved(t).trim_matches(is_blank).is_empty(),
            Part::Data(t) => found |= !t.trim_matches(is_blank).is_empty(),
            Part::Start { tag, .. } => found |= without_prefix(tag) == "img",
            Part::End(_) => {}
        }
        true
    });
    found
}

/// White space of XML, the characters that XML does not have, and the byte order mark: a space that does not
/// break is content.
fn is_blank(c: char) -> bool {
    c <= ' ' || c == '\u{feff}'
}

enum Part<'t> {
    /// Text with references.
    Text(&'t str),
    /// What is in a CDATA section, where nothing is a reference.
    Data(&'t str),
    Start {
        tag: &'t str,
        attributes: &'t str,
        closed: bool,
    },
    End(&'t str),
}

/// Passes the parts on; false when the text is not well-formed or the receiver stopped.
fn scan<'t>(text: &'t str, each: &mut dyn FnMut(Part<'t>) -> bool) -> bool {
    let mut rest = text;
    while let Some(n) = rest.find('<') {
        if n > 0 && !each(Part::Text(&rest[..n])) {
            return false;
        }
        rest = &rest[n..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            match comment.find("-->") {
                Some(end) => rest = &comment[end + 3..],
                None => return false,
            }
            continue;
        }
        if let Some(data) = rest.strip_prefix("<![CDATA[") {
            let Some(end) = data.find("]]>") else { return false };
            if !each(Part::Data(&data[..end])) {
                return false;
            }
            rest = &data[end + 3..];
            continue;
        }
        let Some(end) = tag_end(rest) else { return false };
        let inside = &rest[1..end];
        rest = &rest[end + 1..];
        let go_on = if let Some(name) = inside.strip_prefix('/') {
            each(Part::End(name.trim_end()))
        } else {
            let (inside, closed) = match inside.strip_suffix('/') {
                Some(inside) => (inside, true),
                None => (inside, false),
            };
            let name_end = inside.find(|c: char| c.is_whitespace()).unwrap_or(inside.len());
            let (tag, attributes) = inside.split_at(name_end);
            !tag.is_empty() && each(Part::Start { tag, attributes, closed })
        };
        if !go_on {
            return false;
        }
    }
    rest.is_empty() || each(Part::Text(rest))
}

/// The `>` that is not inside an attribute's quotes.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (i, b) in text.bytes().enumerate() {
        match (b, quote) {
            (b'"' | b'\'', None) => quote = Some(b),
            (b, Some(q)) if b == q => quote = None,
            (b'>', None) => return Some(i),
            (b'<', None) if i > 0 => return None,
            _ => {}
        }
    }
    None
}

fn attributes_allowed(tag: &str, attributes: &str) -> bool {
    let mut rest = attributes.trim();
    while !rest.is_empty() {
        let Some((name, tail)) = rest.split_once('=') else { return false };
        let tail = tail.trim_start();
        let Some(quote) = tail.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            return false;
        };
        let Some(end) = tail[1..].find(quote) else { return false };
        let value = &tail[1..=end];
        let name = name.trim();
        let own = TAG_ATTRIBUTES.iter().find(|(t, _)| *t == tag).map_or(&[][..], |(_, list)| list);
        let declares = name == "xmlns" || name.starts_with("xmlns:");
        let known = ATTRIBUTES.contains(&name) || own.contains(&name) || declares;
        if !known || is_script(value) || !entities_known(value) {
            return false;
        }
        rest = tail[end + 2..].trim_start();
    }
    true
}

/// Whether a value is the address of a script. Browsers pass over white space in it and know HTML's names of characters.
fn is_script(value: &str) -> bool {
    const SCHEME: &str = "javascript:";
    let value = resolved(value);
    let value = value.replace("&colon;", ":").replace("&Tab;", "").replace("&NewLine;", "");
    let mut characters = value.chars().filter(|c| *c > ' ').map(|c| c.to_ascii_lowercase());
    SCHEME.chars().all(|c| characters.next() == Some(c))
}

/// The character of a reference by number, if XML has it.
fn character(number: &str) -> Option<char> {
    let hex = number.strip_prefix('x');
    let radix = if hex.is_some() { 16 } else { 10 };
    let digits = hex.unwrap_or(number);
    if digits.starts_with('+') {
        return None;
    }
    let found = u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    found.filter(|c| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'..))
}

/// A text with the characters that its references by number stand for; what stands for none stays.
fn resolved(text: &str) -> Cow<'_, str> {
    if !text.contains("&#") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("&#") {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        // No further than its digits: a `;` may be far away, or nowhere.
        let number = &rest[2..];
        let end = number.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(number.len());
        let (number, behind) = number.split_at(end);
        let found = character(number).filter(|_| behind.starts_with(';'));
        match found.map(|found| (found, end + 3)) {
            Some((character, end)) => {
                out.push(character);
                rest = &rest[end..];
            }
            None => {
                out.push_str("&#");
                rest = &rest[2..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// XML's five entities and numbers; HTML's others need a DTD that FHIR does not allow, but the
/// reference validator lets the Latin ones pass.
fn entities_known(text: &str) -> bool {
    let mut rest = text;
    while let Some(n) = rest.find('&') {
        rest = &rest[n + 1..];
        let Some(end) = rest.find(';') else { return false };
        let name = &rest[..end];
        let ok = match name.strip_prefix('#') {
            Some(number) => character(number).is_some(),
            None => {
                !name.is_empty()
                    && name.len() <= 8
                    && name.bytes().all(|b| b.is_ascii_alphanumeric())
            }
        };
        if !ok {
            return false;
        }
        rest = &rest[end + 1..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formatting_is_a_narrative() {
        for text in [
            "<div xmlns=\"http://www.w3.org/1999/xhtml\">a &lt; b &#169;<br/></div>",
            "<div><p class='x'>1 <b>2</b></p><!-- c --><table border=\"1\"><tr><td>x</td></tr></table></div>",
            "<h:div xmlns:h=\"http://www.w3.org/1999/xhtml\"><h:p class='x'>1</h:p></h:div>",
            "<div xmlns:h='http://www.w3.org/1999/xhtml'><h:b>1</h:b><i xmlns:x=\"http://a.no\">1</i></div>",
            "<div><![CDATA[a & b <script>]]></div>",
            "<div><a href=\"http://example.org\" name=\"n\">x</a><img src=\"#i\" alt='a > b'/></div>",
        ] {
            assert!(is_narrative(text), "{text}");
        }
    }

    #[test]
    fn scripts_and_broken_markup_are_not() {
        for text in [
            "<div><script>x</script></div>",
            "<div onclick=\"x()\">x</div>",
            "<div><a href=\"javascript:x()\">x</a></div>",
            "<div><a href=\"&#106;ava&#x73;cript:x()\">x</a></div>",
            "<div><a href=\"javascript&colon;x()\">x</a></div>",
            "<div><a href=\"java&#9;script:x()\">x</a></div>",
            "<div><a href=\" java&Tab;s\ncript:x()\">x</a></div>",
            "<div xmlnsonclick=\"x\">x</div>",
            "<![CDATA[ ]]><div>x</div>",
            "<div><p>x</div>",
            "<h:div>x</div>",
            "<h:p>x</h:p>",
            "<h:div xmlns:h=\"http://www.w3.org/1999/xhtml\"><h:script>x</h:script></h:div>",
            "<p>x</p>",
            "<div>a</div><div>b</div>",
            "<div>a & b</div>",
            "<div>&#+97;</div>",
            "<div>&#1;</div>",
            "text",
            "<div",
            "",
        ] {
            assert!(!is_narrative(text), "{text}");
        }
    }

    #[test]
    fn content_is_text_or_an_image() {
        assert!(has_content("<div> a </div>") && has_content("<div><img src='x'/></div>"));
        assert!(has_content("<div><![CDATA[a]]></div>") && has_content("<div>&#97;</div>"));
        assert!(has_content("<div>&#160;</div>") && has_content("<div><![CDATA[&#32;]]></div>"));
        assert!(!has_content("<div>  <p/>\n</div>") && !has_content(""));
        assert!(!has_content("<div>&#32;&#xa;</div>") && !has_content("<div><![CDATA[ ]]></div>"));
    }
}
