//! A source of the rows of a query, and what is read of it: the same for every database.

use std::path::{Path, PathBuf};

use lmr_fhir::Language;
use lmr_sender::HashKey;
use lmr_sender::source::{Mapping, Scope, Source as _, SqlTable, TableRows, TableSource};
use zeroize::Zeroizing;

const MAPPING: &str = r#"
namespace = "n"
key = "id"

[[field]]
name = "amount"
column = "amount"
kind = "decimal"

[[field]]
name = "at"
column = "given_at"
kind = "date-time"
required = true

[[resource]]
name = "a"
type = "MedicationAdministration"
key = "${id}"
template = '{"identifier":[{"value":"${id}"}],"effectiveDateTime":"${at}","dosage":{"text":"${note}","dose":{"value":"${amount}"}}}'
"#;

/// The administrations of a query with the columns `id`, `amount`, `given_at` and `note`.
pub(crate) fn source(url: &str, password_file: Option<PathBuf>, query: &str) -> TableSource {
    let rows = TableRows::Sql(SqlTable {
        label: "administrations".to_owned(),
        url: url.to_owned(),
        password_file,
        query: query.to_owned(),
        overlap: jiff::SignedDuration::from_mins(60),
    });
    let mapping = Mapping::parse(MAPPING, Path::new(".")).expect("a mapping");
    TableSource::new(rows, mapping, HashKey::new(&Zeroizing::new([7; 32])))
}

/// The resources of the source, or why there are none, in English.
pub(crate) fn scan(source: &TableSource) -> Result<Vec<String>, String> {
    let mut texts = Vec::new();
    let scanned = source.scan(Scope::All, &mut |found| {
        texts.push(found.node.raw().to_owned());
        Ok(())
    });
    let scanned = scanned.map_err(|error| {
        // Both languages say something.
        assert!(!error.cause.text(Language::Bokmal).is_empty());
        error.cause.text(Language::English).into_owned()
    })?;
    assert_eq!(scanned.issues, []);
    Ok(texts)
}
