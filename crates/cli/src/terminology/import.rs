//! `lmr terminology import`: from code lists to one FHIR package.
//!
//! What is imported again replaces what was imported before. A list that has become much shorter,
//! or older, is more likely a cut or wrong file than news: it withdraws nothing and is refused.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use lmr_lmdi::fest;
use lmr_validator::package::{Package, ResourceKind, write_archive};
use lmr_validator::terminology::{CodeList, Content};

use super::{EXTRACT, SOURCE, named};
use crate::output::{Language, print};
use crate::text::{Explain, fail, text};

/// Most bytes of a CSV file.
const MAX_CSV: u64 = 512 << 20;

#[derive(Args)]
pub(super) struct Import {
    /// Code lists: FEST, CSV, FHIR files, folders or packages
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The package to write
    #[arg(long, short, value_name = "FILE.tgz")]
    output: PathBuf,
    /// URL of the code system that a CSV file lists
    #[arg(long, value_name = "URL")]
    system: Option<String>,
    /// Name of the code system that a CSV file lists; the file's name if left out
    #[arg(long)]
    title: Option<String>,
    /// Version of the code system that a CSV file lists
    #[arg(long)]
    system_version: Option<String>,
    /// URL of the value set that a CSV file makes: all of its codes; made from --system if left out
    #[arg(long, value_name = "URL")]
    value_set: Option<String>,
    /// The lists hold a part of the codes only: one that is not in them may still exist
    #[arg(long)]
    partial: bool,
    /// Which extract a FEST file is; taken from the name it is published under if left out
    #[arg(long, value_enum)]
    extract: Option<Extract>,
    /// The package that was imported before; the output's own, if it exists
    #[arg(long, value_name = "FILE.tgz")]
    previous: Option<PathBuf>,
    /// Take lists that have lost more than a fifth of their codes, and drop lists that are missing
    #[arg(long)]
    allow_smaller: bool,
    /// Take a FEST file that is older than the one imported before
    #[arg(long)]
    allow_older: bool,
    /// Name of the package
    #[arg(long, default_value = "lmr.terminology")]
    name: String,
    /// Version of the package
    #[arg(long, default_value = "1.0.0")]
    package_version: String,
    /// Language of the texts, given for all commands
    #[arg(skip)]
    lang: Language,
}

/// The extracts that DMP publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Extract {
    /// For hospitals and nursing homes (fest251_inst)
    Institution,
    /// For prescribers outside institutions (fest251)
    Prescriber,
    /// For animals (fest251_vet)
    Veterinary,
}

impl Extract {
    /// By the name under which the file is published, zip and XML alike.
    fn by_name(path: &Path) -> Option<Self> {
        let stem = path.file_stem()?.to_str()?.to_lowercase();
        let rest = stem.strip_prefix("fest")?;
        match rest.trim_start_matches(|c: char| c.is_ascii_digit()) {
            "_inst" => Some(Self::Institution),
            "_vet" => Some(Self::Veterinary),
            "" if !rest.is_empty() => Some(Self::Prescriber),
            _ => None,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Institution => "institution",
            Self::Prescriber => "prescriber",
            Self::Veterinary => "veterinary",
        }
    }
}

/// What a file gives: lists that become code systems, or resources as they are.
enum Imported {
    List(CodeList),
    Resource(String),
}

/// The first code of a list whose first line names no columns. It is as good as others, and with the wrong column, or the
/// wrong file, every real code would be refused.
fn first_code_of_unnamed(text: &str) -> Option<&str> {
    let first = text.strip_prefix('\u{feff}').unwrap_or(text).lines().next()?;
    let mut cells = first.split([',', ';', '\t']).map(|cell| cell.trim().trim_matches('"'));
    let is_named = cells
        .clone()
        .any(|cell| cell.eq_ignore_ascii_case("code") || cell.eq_ignore_ascii_case("kode"));
    if is_named { None } else { cells.next() }
}

impl Import {
    pub(super) fn run(mut self, lang: Language) -> anyhow::Result<ExitCode> {
        self.lang = lang;
        let mut out = String::new();
        let mut imported = Vec::new();
        for file in &self.files {
            let name = || text!("{file}", "{file}", file = file.display());
            let found = self.read(file, &mut out).explain(name)?;
            imported.extend(found);
        }
        let previous = self.previous()?;
        let mut definitions = Vec::new();
        for found in imported {
            match found {
                Imported::Resource(text) => definitions.push(text),
                Imported::List(mut list) => {
                    if let Some(before) = previous.get(&list.url) {
                        self.replace(before, &mut list, &mut out)?;
                    }
                    let named = || text!("listen {url}", "the list {url}", url = list.url);
                    definitions.push(list.to_code_system().explain(named)?);
                    definitions.extend(list.to_value_set());
                }
            }
        }
        let package = Package::embedded(
            &self.name,
            &self.package_version,
            definitions.iter().map(String::as_str),
        )?;
        let mut seen = HashSet::new();
        for (kind, url) in package.definitions() {
            if !seen.insert((kind, url.to_owned())) {
                fail!("{url} er definert mer enn én gang", "{url} is defined more than once");
            }
        }
        self.refuse_missing(&previous, &seen)?;
        write_archive(&self.output, &self.name, &self.package_version, &definitions)?;
        let path = self.output.display();
        match self.lang {
            Language::Bokmal => writeln!(
                out,
                "skrev {path}: bruk den med `terminology` i sender.toml og receiver.toml, eller med --package"
            )?,
            Language::English => writeln!(
                out,
                "wrote {path}: use it with `terminology` in sender.toml and receiver.toml, or with --package"
            )?,
        }
        print(&out)?;
        Ok(ExitCode::SUCCESS)
    }

    fn read(&self, path: &Path, out: &mut String) -> anyhow::Result<Vec<Imported>> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let mut lists = match ending.as_deref() {
            Some("xml" | "zip") => self.read_fest(path, out)?,
            Some("csv" | "tsv" | "txt") => vec![self.read_csv(path, out)?],
            _ => {
                let package = Package::open(path)?;
                let texts: Vec<Imported> = [ResourceKind::CodeSystem, ResourceKind::ValueSet]
                    .into_iter()
                    .flat_map(|kind| package.texts(kind))
                    .map(|text| Imported::Resource(text.to_owned()))
                    .collect();
                if texts.is_empty() {
                    fail!(
                        "det er ikke noe CodeSystem eller ValueSet i den",
                        "there is no CodeSystem and no ValueSet in it"
                    );
                }
                let (path, count) = (path.display(), texts.len());
                match self.lang {
                    Language::Bokmal => writeln!(out, "{path}: {count} kodeverk og verdisett")?,
                    Language::English => {
                        writeln!(out, "{path}: {count} code systems and value sets")?;
                    }
                }
                return Ok(texts);
            }
        };
        for list in &mut lists {
            if self.partial {
                list.content = Content::Fragment;
            }
            let is_whole = list.content == Content::Complete;
            let (path, count) = (path.display(), list.len());
            let of = named(&list.title, &list.url);
            match self.lang {
                Language::Bokmal => {
                    let extent = if is_whole { "fullstendig" } else { "en del" };
                    writeln!(out, "{path}: {count} koder i {of}, {extent}")?;
                }
                Language::English => {
                    let extent = if is_whole { "complete" } else { "a part" };
                    writeln!(out, "{path}: {count} codes of {of}, {extent}")?;
                }
            }
            if let Some(value_set) = &list.value_set {
                match self.lang {
                    Language::Bokmal => writeln!(out, "  verdisett {value_set}")?,
                    Language::English => writeln!(out, "  value set {value_set}")?,
                }
            }
        }
        Ok(lists.into_iter().map(Imported::List).collect())
    }

    fn read_fest(&self, path: &Path, out: &mut String) -> anyhow::Result<Vec<CodeList>> {
        let file = fest::read(BufReader::new(File::open(path)?))?;
        if !self.partial && !file.is_full() {
            let absent = file.absent.join(", ");
            fail!(
                "filen mangler {absent}, som en full fil har: den er en endringsfil eller et utdrag, og kan ikke \
                 erstatte en liste. Bruk den fulle filen, eller si med --partial at kodene er noen av flere",
                "the file lacks {absent}, which a full file has: it is an increment or an excerpt, and cannot \
                 replace a list. Take the full file, or say with --partial that its codes are some of many"
            );
        }
        let extract = self
            .extract
            .or_else(|| Extract::by_name(path))
            .or_else(|| file.is_veterinary.then_some(Extract::Veterinary));
        let version = file.version.map_or("fest", |version| match version {
            fest::FestVersion::V2_4 => "fest-2.4",
            fest::FestVersion::V2_5_0 => "fest-2.5.0",
            fest::FestVersion::V2_5_1 => "fest-2.5.1",
        });
        self.describe_fest(path, &file, extract, out)?;
        let mut lists = file.lists;
        for list in &mut lists {
            list.tags.push((SOURCE.to_owned(), version.to_owned()));
            if let Some(extract) = extract {
                list.tags.push((EXTRACT.to_owned(), extract.as_str().to_owned()));
            }
            // What only hospitals can get is not in the other extracts.
            if extract.is_some_and(|extract| extract != Extract::Institution) {
                list.content = Content::Fragment;
            }
        }
        Ok(lists)
    }

    /// Says what file it is, and what it is not good for.
    fn describe_fest(
        &self,
        path: &Path,
        file: &fest::FestFile,
        extract: Option<Extract>,
        out: &mut String,
    ) -> anyhow::Result<()> {
        let path = path.display();
        let nb = self.lang == Language::Bokmal;
        let version = file.version.map_or(
            if nb { "uten navnerom, lest som 2.5.1" } else { "without a namespace, read as 2.5.1" },
            fest::FestVersion::as_str,
        );
        let date = file.retrieved.as_deref().unwrap_or("?");
        let which = match extract {
            Some(Extract::Institution) if nb => "institusjonsuttrekket",
            Some(Extract::Prescriber) if nb => "rekvirentuttrekket",
            Some(Extract::Veterinary) if nb => "veterinæruttrekket",
            Some(extract) => extract.as_str(),
            None if nb => "ukjent uttrekk",
            None => "unknown extract",
        };
        writeln!(out, "{path}: FEST M30 {version}, HentetDato {date}, {which}")?;
        let remark = match extract {
            Some(Extract::Institution) => None,
            Some(Extract::Veterinary) if nb => Some(
                "ADVARSEL: dette er legemidler til dyr; hent institusjonsuttrekket (fest251_inst.zip). Listene \
                 regnes som en del av kodene",
            ),
            Some(Extract::Veterinary) => Some(
                "WARNING: these are medicines for animals; fetch the institution extract \
                 (fest251_inst.zip). The lists count as a part of the codes",
            ),
            Some(Extract::Prescriber) if nb => Some(
                "ADVARSEL: varer som bare institusjoner kan bestille, er ikke med; hent \
                 institusjonsuttrekket (fest251_inst.zip). Listene regnes som en del av kodene",
            ),
            Some(Extract::Prescriber) => Some(
                "WARNING: goods that only institutions can order are not in it; fetch the institution \
                 extract (fest251_inst.zip). The lists count as a part of the codes",
            ),
            None if nb => Some(
                "hvilket uttrekk det er, står ikke i filen; oppgi det med --extract. Sykehus trenger \
                 institusjonsuttrekket (fest251_inst.zip)",
            ),
            None => Some(
                "the file does not say which extract it is; give it with --extract. Hospitals need the \
                 institution extract (fest251_inst.zip)",
            ),
        };
        if let Some(remark) = remark {
            writeln!(out, "{path}: {remark}")?;
        }
        if !file.absent.is_empty() {
            let names = file.absent.join(", ");
            match self.lang {
                Language::Bokmal => writeln!(
                    out,
                    "{path}: filen har ikke {names}; kodene derfra blir ikke kontrollert"
                )?,
                Language::English => {
                    writeln!(
                        out,
                        "{path}: the file has no {names}; codes from there are not checked"
                    )?;
                }
            }
        }
        Ok(())
    }

    fn read_csv(&self, path: &Path, out: &mut String) -> anyhow::Result<CodeList> {
        if fs::metadata(path)?.len() > MAX_CSV {
            fail!("filen har mer enn {MAX_CSV} byte", "the file has more than {MAX_CSV} bytes");
        }
        let Some(system) = &self.system else {
            fail!(
                "si med --system hvilket kodeverk listen er for",
                "say with --system what code system the list is of"
            );
        };
        let text = String::from_utf8(fs::read(path)?).ok().explain(|| {
            text!(
                "filen er ikke UTF-8; lagre den som \"CSV UTF-8\"",
                "the file is not UTF-8; save it as \"CSV UTF-8\""
            )
        })?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let mut list = CodeList::new(system, self.title.as_deref().unwrap_or(&stem));
        list.version.clone_from(&self.system_version);
        list.value_set = Some(self.value_set.clone().unwrap_or_else(|| value_set_of(system)));
        list.tags.push((SOURCE.to_owned(), "csv".to_owned()));
        list.read_csv(&text)?;
        if let Some(first) = first_code_of_unnamed(&text) {
            let path = path.display();
            match self.lang {
                Language::Bokmal => writeln!(
                    out,
                    "{path}: ADVARSEL: første linje nevner ingen kolonner (kode, navn), så kodene er tatt fra første kolonne, \
                     og den første er {first}"
                )?,
                Language::English => writeln!(
                    out,
                    "{path}: WARNING: the first line names no columns (code, display), so the codes were taken from the first \
                     column, and the first is {first}"
                )?,
            }
        }
        Ok(list)
    }

    /// The code systems that were imported before, by URL.
    fn previous(&self) -> anyhow::Result<HashMap<String, CodeList>> {
        let path = match &self.previous {
            Some(path) => path,
            // A pipe or a device is an output, not a list.
            None if fs::metadata(&self.output).is_ok_and(|there| there.is_file()) => &self.output,
            None => return Ok(HashMap::new()),
        };
        let unusable = || {
            text!(
                "{path}: det som ble importert før, kan ikke leses; flytt filen for å begynne på nytt",
                "{path}: what was imported before cannot be read; move it away to begin again",
                path = path.display()
            )
        };
        let package = Package::open(path).explain(unusable)?;
        package
            .texts(ResourceKind::CodeSystem)
            .map(|text| {
                let list = CodeList::from_code_system(text).explain(unusable)?;
                Ok((list.url.clone(), list))
            })
            .collect()
    }

    /// Puts a list in the place of the one that was imported before.
    fn replace(
        &self,
        before: &CodeList,
        list: &mut CodeList,
        out: &mut String,
    ) -> anyhow::Result<()> {
        let (old, new) = (before.active(), list.active());
        let title = &list.title;
        if !self.allow_smaller && new.saturating_mul(5) < old.saturating_mul(4) {
            fail!(
                "{title}: {new} koder nå, {old} før; en liste som har mistet mer enn en femdel, er heller kuttet enn \
                 endret, så ingenting er trukket tilbake og ingenting ble skrevet. Hent filen på nytt, eller si med \
                 --allow-smaller at den er riktig",
                "{title}: {new} codes now, {old} before; a list that has lost more than a fifth is rather cut than \
                 changed, so nothing is withdrawn and nothing was written. Fetch the file again, or say with \
                 --allow-smaller that it is right"
            );
        }
        let is_fest = list.tag(SOURCE).is_some_and(|source| source.starts_with("fest"));
        if !is_fest {
            return Ok(());
        }
        if !self.allow_older && before.version.is_some() && list.version < before.version {
            fail!(
                "{title}: filen er fra {new}, listen som ble importert før, er fra {old}; ingenting ble skrevet. Gå \
                 tilbake med --allow-older",
                "{title}: the file is of {new}, the list imported before of {old}; nothing was written. Give \
                 --allow-older to go back",
                new = list.version.as_deref().unwrap_or("?"),
                old = before.version.as_deref().unwrap_or("?")
            );
        }
        let withdrawn = list.keep_withdrawn(before);
        if withdrawn > 0 {
            let title = &list.title;
            match self.lang {
                Language::Bokmal => writeln!(
                    out,
                    "{title}: {withdrawn} koder er utgått; de beholdes som inaktive og gir advarsel"
                )?,
                Language::English => writeln!(
                    out,
                    "{title}: {withdrawn} codes were withdrawn; they are kept as inactive and give a warning"
                )?,
            }
        }
        Ok(())
    }

    /// A list that was imported before and is missing now would be withdrawn as a whole.
    fn refuse_missing(
        &self,
        previous: &HashMap<String, CodeList>,
        seen: &HashSet<(ResourceKind, String)>,
    ) -> anyhow::Result<()> {
        let mut missing: Vec<&str> = previous
            .keys()
            .filter(|url| !seen.contains(&(ResourceKind::CodeSystem, (*url).clone())))
            .map(String::as_str)
            .collect();
        missing.sort_unstable();
        if !self.allow_smaller && !missing.is_empty() {
            let missing = missing.join(", ");
            fail!(
                "{missing} ble importert før og er ikke i noen av filene; ingenting ble skrevet. Importer filen dens \
                 også, skriv til en annen --output, eller si med --allow-smaller at den skal bort",
                "{missing} was imported before and is in none of the files; nothing was written. Import its file \
                 too, write to another --output, or say with --allow-smaller that it shall go"
            );
        }
        Ok(())
    }
}

/// The value set of all codes of a system, as FHIR names it: beside the code system where its URL
/// says that it is one, else the implicit one.
fn value_set_of(system: &str) -> String {
    for kind in ["/CodeSystem/", "/NamingSystem/"] {
        if system.contains(kind) {
            return system.replacen(kind, "/ValueSet/", 1);
        }
    }
    format!("{system}?fhir_vs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extract_is_known_by_its_published_name() {
        for (name, extract) in [
            ("fest251_inst.xml", Some(Extract::Institution)),
            ("FEST251_INST.xml", Some(Extract::Institution)),
            ("fest251.xml", Some(Extract::Prescriber)),
            ("fest251_vet.xml", Some(Extract::Veterinary)),
            ("fest.xml", None),
            ("uttrekk.xml", None),
        ] {
            assert_eq!(Extract::by_name(Path::new(name)), extract, "{name}");
        }
    }
}
