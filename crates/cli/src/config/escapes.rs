//! Paths of Windows in double quotes whose backslashes happen to begin escapes that TOML knows: `"C:\temp\new"` has a TAB and
//! a line break in it, and no such file would ever be found.

use toml::de::{DeTable, DeValue};

use crate::text::{Text, text};

/// Keys whose values are texts that may have several lines; no other value has a control character.
const TEXTS: [&str; 5] = ["query", "text", "expression", "reason", "message"];

/// The first value of a configuration that has a control character, or a drive's name before an escape. Texts of several
/// lines (`"""`) are none of these. A file that cannot be read has none: the reader says what is wrong with it.
pub(super) fn fault(toml: &str) -> Option<Text> {
    let root = DeTable::parse(toml).ok()?;
    in_table(root.get_ref(), toml)
}

fn in_table(table: &DeTable<'_>, toml: &str) -> Option<Text> {
    table.iter().find_map(|(key, value)| {
        let key = key.get_ref();
        if TEXTS.contains(&&**key) {
            None
        } else {
            in_value(key, value.span(), value.get_ref(), toml)
        }
    })
}

fn in_value(
    key: &str,
    span: std::ops::Range<usize>,
    value: &DeValue<'_>,
    toml: &str,
) -> Option<Text> {
    match value {
        DeValue::Table(inner) => in_table(inner, toml),
        DeValue::Array(items) => {
            items.iter().find_map(|item| in_value(key, item.span(), item.get_ref(), toml))
        }
        DeValue::String(text) => {
            let raw = toml.get(span.clone())?;
            let has_drive = raw.as_bytes().get(1).is_some_and(u8::is_ascii_alphabetic)
                && raw.get(2..4) == Some(":\\")
                && raw.starts_with('"')
                && raw.as_bytes().get(4) != Some(&b'\\');
            let is_long = raw.starts_with("\"\"\"") || raw.starts_with("'''");
            if is_long || !(has_drive || text.contains(char::is_control)) {
                return None;
            }
            let line = toml.get(..span.start)?.matches('\n').count() + 1;
            Some(text!(
                "linje {line}: verdien av {key} har et kontrolltegn eller en kode: mellom doble anførselstegn er \\t en tabulator \
                 og \\n et linjeskift; skriv stien med /, eller i enkle anførselstegn",
                "line {line}: the value of {key} has a control character or an escape: in double quotes \\t is a TAB and \\n a \
                 line break; write the path with /, or in single quotes"
            ))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_that_an_escape_has_changed_is_named_with_its_line_and_nothing_else() {
        for (written, is_fault) in [
            (r#""C:\temp\new""#, true),
            (r#""C:\\temp\new""#, true),
            (r#""data\new""#, true),
            (r#""\\server\\share\\b\f""#, true),
            (r#""C:\u0041""#, true),
            (r#""D:\x41""#, true),
            (r#"["a", "C:\bin\report"]"#, true),
            (r#"{ inner = "a\te" }"#, true),
            ("\"a\tb\"", true),
            ("'a\tb'", true),
            (r"'C:\temp\new'", false),
            (r#""C:/temp/new""#, false),
            (r#""C:\\temp\\new""#, false),
            (r#""\\\\server\\share""#, false),
            ("\"\"\"SELECT 1\n\tFROM a\"\"\"", false),
            (r#""\u00e5""#, false),
            ("1", false),
        ] {
            for (before, line) in [("", 1), ("a = 1\n\n", 3), ("[[source]]\n", 2)] {
                let fault = fault(&format!("{before}path = {written}\n"));
                assert_eq!(fault.is_some(), is_fault, "{written}: {fault:?}");
                if let Some(Text { nb, en }) = fault {
                    assert!(en.starts_with(&format!("line {line}: ")), "{en}");
                    assert!(nb.contains("enkle anførselstegn") && en.contains("single quotes"));
                }
            }
            for key in TEXTS {
                assert!(
                    fault(&format!("{key} = {written}\n")).is_none() || written.contains("inner")
                );
            }
        }
        assert!(fault("path = \"C:\\q\"").is_none(), "the reader says so");
    }
}
