//! What a file holds, by the endings of its name.

use std::path::Path;

/// How resources are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// One JSON text.
    Json,
    /// A JSON text a line.
    Lines,
    /// One XML text.
    Xml,
}

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Not at all.
    Plain(Content),
    /// By gzip.
    Gzip(Content),
    /// With others in a zip archive.
    Zip,
}

impl Format {
    /// What the name says; `None` for a file that is not read.
    pub(super) fn of(path: &Path) -> Option<Self> {
        match &*ending(path)? {
            "gz" => content(path.file_stem().map(Path::new)?).map(Self::Gzip),
            "zip" => Some(Self::Zip),
            _ => content(path).map(Self::Plain),
        }
    }
}

fn content(path: &Path) -> Option<Content> {
    match &*ending(path)? {
        "json" => Some(Content::Json),
        "ndjson" | "jsonl" => Some(Content::Lines),
        "xml" => Some(Content::Xml),
        _ => None,
    }
}

fn ending(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_ascii_lowercase())
}

/// Whether the name is one that programs give to a file while they write it.
pub(super) fn is_unfinished(path: &Path) -> bool {
    ending(path).is_some_and(|ending| {
        matches!(&*ending, "tmp" | "temp" | "part" | "partial" | "filepart" | "crdownload")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endings_say_what_a_file_holds() {
        use Content::{Json, Lines, Xml};
        for (name, format) in [
            ("a.json", Some(Format::Plain(Json))),
            ("A.JSON", Some(Format::Plain(Json))),
            ("a.ndjson", Some(Format::Plain(Lines))),
            ("a.jsonl.gz", Some(Format::Gzip(Lines))),
            ("a.xml.GZ", Some(Format::Gzip(Xml))),
            ("a.ndjson.zip", Some(Format::Zip)),
            ("a.gz", None),
            ("a.tar.gz", None),
            ("json", None),
            ("a.csv", None),
        ] {
            assert_eq!(Format::of(Path::new(name)), format, "{name}");
        }
        for name in ["a.json.tmp", "a.part", "a.json.FILEPART"] {
            assert!(is_unfinished(Path::new(name)), "{name}");
        }
        assert!(!is_unfinished(Path::new("part.json")));
    }
}
