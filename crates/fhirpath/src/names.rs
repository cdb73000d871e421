//! Member names the evaluator itself needs.

use std::sync::LazyLock;

use lmr_fhir::Name;

macro_rules! names {
    ($($constant:ident $text:literal,)*) => {
        $(pub(crate) static $constant: LazyLock<Name> = LazyLock::new(|| Name::new($text));)*
    };
}

names! {
    CODE "code",
    COMPARATOR "comparator",
    CONTAINED "contained",
    ENTRY "entry",
    EXTENSION "extension",
    FULL_URL "fullUrl",
    ID "id",
    REFERENCE "reference",
    RESOURCE "resource",
    SYSTEM "system",
    UNIT "unit",
    URL "url",
    VALUE "value",
}
