//! Paths of Windows in double quotes whose backslashes happen to begin escapes that TOML knows: `"C:\temp\new"` has a TAB and
//! a line break in it, and no such file would ever be found.

use toml::de::{DeTable, DeValue};

use crate::text::{Text, text};

/// Keys whose values are paths, or have one in them, beside those that end in `_file`: no path has a control character.
const PATHS: [&str; 20] = [
    "archive",
    "authorities",
    "baseline",
    "certificate",
    "certificates",
    "column_key",
    "database",
    "database_url",
    "file",
    "hash_key",
    "key",
    "mapping",
    "marker",
    "module",
    "packages",
    "path",
    "revocations",
    "source",
    "terminology",
    "tls_ca",
];

/// Keys whose values are texts that mean what they say, and tables with names of the operator's own.
const TEXTS: [&str; 4] = ["query", "constants", "databases", "roles"];

fn is_path(key: &str) -> bool {
    key.ends_with("_file") || PATHS.contains(&key)
}

/// The first value of a configuration that is a path with a control character, or looks like a path of Windows with an escape
/// in it. Texts of several lines (`"""`) are none of these. A file that cannot be read has none: the reader says what is
/// wrong with it.
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
            let is_long = raw.starts_with("\"\"\"") || raw.starts_with("'''");
            let has_control = text.contains(char::is_control);
            if is_long || !(is_path(key) && has_control || is_windows_path(raw, text)) {
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

/// Whether a text in double quotes is a path of Windows, of a drive or a share, with an escape in it.
fn is_windows_path(raw: &str, text: &str) -> bool {
    let is_drive = |text: &str| {
        text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
            && text.get(1..3) == Some(":\\")
    };
    let Some(quoted) = raw.strip_prefix('"') else { return false };
    let begins_with_escape = is_drive(quoted) && quoted.as_bytes().get(3) != Some(&b'\\');
    let is_path = is_drive(text) || text.starts_with('\\');
    begins_with_escape || (is_path && text.contains(char::is_control))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> String {
        let page =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
        std::fs::read_to_string(page).unwrap()
    }

    /// The last parts of all keys that the page has.
    fn documented() -> std::collections::BTreeSet<String> {
        let page = page();
        let cells = page.lines().filter(|line| line.starts_with("| `"));
        let cells = cells.filter_map(|line| line.split('|').nth(1));
        let keys = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
        let last = keys.map(|key| key.rsplit('.').next().unwrap_or_default().to_owned());
        // Those of tables in one line, which no row has.
        last.chain(["secret_file".to_owned()]).collect()
    }

    #[test]
    fn a_control_character_is_a_fault_of_a_path_alone_whatever_the_key_is() {
        let keys = documented();
        assert!(keys.len() > 100, "{keys:?}");
        for key in &keys {
            for written in
                [r#""one\ntwo""#, r#"["one", "a\tb"]"#, r#"{ kind = "x", inner = "a\nb" }"#]
            {
                let is_table = written.starts_with('{');
                let found = fault(&format!("{key} = {written}\n")).is_some();
                assert_eq!(found, is_path(key) && !is_table, "{key} = {written}");
            }
            let found = fault(&format!("{key} = \"C:\\temp\\new\"\n")).is_some();
            assert_eq!(found, !TEXTS.contains(&key.as_str()), "{key}");
        }
        for path in PATHS {
            assert!(keys.contains(path), "{path} is no key");
        }
    }

    /// Every field of the configurations that is a path.
    #[test]
    fn every_path_of_a_configuration_is_known_as_one() {
        let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config")];
        let mut found = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                for line in std::fs::read_to_string(path).unwrap().lines() {
                    let field = line
                        .trim()
                        .strip_prefix("pub(crate) ")
                        .and_then(|line| line.split_once(": "));
                    let Some((key, kind)) = field else { continue };
                    if ["PathBuf,", "Option<PathBuf>,", "Vec<PathBuf>,"].contains(&kind) {
                        assert!(is_path(key), "{key}");
                        found += 1;
                    }
                }
            }
        }
        assert!(found > 30, "{found}");
    }

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
            (r#"{ path = "a\te" }"#, true),
            (r#"{ inner = "a\te" }"#, false),
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
                assert!(fault(&format!("{key} = {written}\n")).is_none(), "{key} = {written}");
            }
        }
        assert!(fault("path = \"C:\\q\"").is_none(), "the reader says so");
    }
}
