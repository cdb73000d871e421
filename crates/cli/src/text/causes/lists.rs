//! Errors of code lists and packages in bokmål.

use std::error::Error;
use std::path::Path;

use lmr_lmdi::fest::FestError;
use lmr_validator::ProfileError;
use lmr_validator::package::PackageError;
use lmr_validator::terminology::CodeListError;

use crate::text::io_error;
use lmr_fhir::Language;

/// The error in bokmål, where there is a sentence for it.
pub(super) fn in_bokmal(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<FestError>() {
        return Some(fest(error));
    }
    if let Some(error) = error.downcast_ref::<CodeListError>() {
        return Some(code_list(error));
    }
    if let Some(error) = error.downcast_ref::<ProfileError>() {
        return Some(error.bilingual().nb);
    }
    error.downcast_ref::<PackageError>().map(package)
}

fn fest(error: &FestError) -> String {
    match error {
        FestError::Unreadable(error) => {
            format!("filen kan ikke leses: {}", io_error(error, Language::Bokmal))
        }
        FestError::Zip => "dette er en zip-fil; pakk den ut og oppgi XML-filen i den".to_owned(),
        FestError::Encoding(encoding) => {
            format!(
                "filen er i {encoding}, men FEST gis ut i UTF-8; bruk filen slik den er publisert"
            )
        }
        FestError::NotUtf8 { at } => format!(
            "byte {at}: det som begynner her, har byte som ikke er UTF-8, som FEST gis ut i; bruk filen slik den er publisert"
        ),
        FestError::Doctype { at } => {
            format!("byte {at}: en dokumenttypeerklæring, som FEST-filer ikke har")
        }
        FestError::NotXml { at, reason } => format!("byte {at}: ikke gyldig XML: {reason}"),
        FestError::NotFest(root) => format!("rotelementet er {root:?}, ikke FEST"),
        FestError::SecondRoot => "det står mer etter slutten av rotelementet".to_owned(),
        FestError::TooDeep { limit } => format!("elementene er nøstet mer enn {limit} nivåer"),
        FestError::Truncated => {
            "filen slutter inne i et element, så en del av den mangler; hent den på nytt".to_owned()
        }
        FestError::UnknownVersion { namespace } => format!(
            "navnerommet {namespace:?} hører ikke til en kjent versjon av FEST M30 (2.4, 2.5.0, 2.5.1); bruk en av \
             disse, eller en nyere lmr"
        ),
        FestError::Increment { entry, .. } => format!(
            "dette er en endringsfil, ikke en full fil (se {entry}); den kan ikke erstatte en liste. Bruk den fulle \
             filen som DMP gir ut"
        ),
        FestError::Codes(error) => code_list(error),
    }
}

fn code_list(error: &CodeListError) -> String {
    match error {
        CodeListError::NotCsv { line, reason } => format!("linje {line}: {reason}"),
        CodeListError::OpenQuote { line } => format!(
            "linje {line}: anførselstegnet som åpner et felt her, lukkes ikke ved slutten av feltet; lukk det, og \
             skriv hvert anførselstegn inne i feltet to ganger"
        ),
        CodeListError::NoCode { line } => format!("linje {line} har ingen kode"),
        CodeListError::Contradiction { code } => format!(
            "koden {code:?} står mer enn én gang, med ulik visning eller overordnet kode; behold én av radene"
        ),
        CodeListError::NoParent { code, parent } => {
            format!("koden {code:?} har den overordnede koden {parent:?}, som ikke er i listen")
        }
        CodeListError::NotCodeSystem { reason } => {
            format!("det er ikke et CodeSystem med en liste av koder: {reason}")
        }
        CodeListError::Empty => "det er ingen koder i den".to_owned(),
        CodeListError::TooMany { limit } => format!("det er mer enn {limit} koder i den"),
    }
}

/// The place at the beginning of what a parser says in English.
fn place(reason: &str) -> Option<String> {
    let (line, rest) = reason.strip_prefix("line ")?.split_once(", column ")?;
    let (column, _) = rest.split_once(':')?;
    Some(format!("linje {line}, kolonne {column}"))
}

/// What is wrong with a package.
fn package(error: &PackageError) -> String {
    let file = |path: &Path, file: &str| match file {
        "" => path.display().to_string(),
        file => format!("{file} i {}", path.display()),
    };
    match error {
        PackageError::Unreadable { path, .. } => format!("kan ikke lese {}", path.display()),
        PackageError::NotAnArchive { path, .. } => {
            // What the reader says is English, and no remedy: the file is got again.
            format!("{} er ikke en hel, lesbar .tgz-fil: hent den på nytt", path.display())
        }
        PackageError::UnsafePath { path, name } => {
            format!("{} har en fil med en sti ut av pakken: {name:?}", path.display())
        }
        PackageError::NotAFile { path, name } => {
            format!("{} har en lenke eller enhet der en fil skal være: {name:?}", path.display())
        }
        PackageError::TwoFiles { path, name } => {
            format!("{} har to ulike filer med navnet {name:?}", path.display())
        }
        PackageError::TooLarge { path, limit } => {
            format!("{} er større enn {limit} byte (utpakket, om det er et arkiv)", path.display())
        }
        PackageError::TooManyFiles { path, limit } => {
            format!("{} har mer enn {limit} filer", path.display())
        }
        PackageError::NoManifest { path } => {
            format!("{} har ingen package.json, så det er ikke en FHIR-pakke", path.display())
        }
        PackageError::BadManifest { path, member } => {
            format!("package.json i {} har ingen brukbar {member}", path.display())
        }
        PackageError::NotJson { path, file: name, reason } => {
            let at = place(reason).map(|place| format!(": {place}")).unwrap_or_default();
            format!("{} er ikke JSON{at}", file(path, name))
        }
        PackageError::NoDefinition { path } => {
            format!("{} har verken StructureDefinition, ValueSet eller CodeSystem", path.display())
        }
        PackageError::Unwritable { path, .. } => format!("kan ikke skrive {}", path.display()),
        PackageError::NoUrl { path, file: name } => format!("{} har ingen url", file(path, name)),
        PackageError::Nowhere { name } => format!(
            "{name} er ikke en fil eller mappe, og ingen pakke med det navnet er installert (lmr package list)"
        ),
        PackageError::Installed { name, version } => format!(
            "{name} {version} er installert fra før; fjern mappen fra lageret for å installere en annen"
        ),
    }
}
