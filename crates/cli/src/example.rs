//! `lmr example`: an instance of a profile that the profile itself takes.

mod bundle;
mod instance;
mod values;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use lmr_fhir::Severity;
use lmr_report::sentence;
use lmr_validator::definitions::{StructureDefinition, StructureKind};
use serde_json::Value;

use self::instance::Maker;
use crate::explain::Source;
use crate::output::{self, Language, print};
use crate::text::{fail, text};
use crate::validate::RuleSetChoice;

/// Write an example of a profile, checked by the profile itself.
///
/// The same on every run, with synthetic persons. Without a profile it is a whole message of the guide: an administration
/// and all that it refers to. Exit status 1 if no example without errors was found: what remains is named.
#[derive(Args)]
pub(crate) struct Example {
    /// A profile's URL or name, or a type; `lmr explain` lists the profiles
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
    /// Only what must be there
    #[arg(long, conflicts_with = "full")]
    least: bool,
    /// Everything that may be there
    #[arg(long)]
    full: bool,
    /// The guide whose profiles are meant; `none` is plain R4 plus what --package names
    #[arg(long, value_parser = RuleSetChoice::parser())]
    ruleset: Option<RuleSetChoice>,
    /// FHIR package (.tgz), folder or single definition to load in addition, or the name of an installed package
    /// (name#version); may be repeated
    #[arg(long, value_name = "P")]
    package: Vec<PathBuf>,
    /// Folder with installed FHIR packages, for dependencies; ~/.fhir/packages if left out
    #[arg(long, value_name = "FOLDER")]
    package_cache: Option<PathBuf>,
}

/// How much an example has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// What must be there.
    Least,
    /// That, and what the profile says that systems must be able to handle.
    Usual,
    /// Everything that may be there.
    Full,
}

impl Example {
    pub(crate) fn run(self, lang: Language) -> anyhow::Result<ExitCode> {
        let source = Source::with_packages(
            self.ruleset,
            &self.package,
            self.package_cache.as_deref(),
            lang,
        )?;
        let extent = match (self.least, self.full) {
            (true, _) => Extent::Least,
            (_, true) => Extent::Full,
            _ => Extent::Usual,
        };
        let example = match &self.profile {
            None if source.guide().is_some() => bundle::make(&source, extent, lang)?,
            None => fail!(
                "--profile mangler: uten veileder finnes det ingen melding å lage et eksempel på",
                "--profile is missing: without a guide there is no message to make an example of"
            ),
            Some(profile) => {
                let Some(structure) = source.structure(profile)? else {
                    let near = source.near(profile);
                    if near.is_empty() {
                        fail!(
                            "«{profile}» er verken en profil eller en type; lmr explain viser profilene",
                            "\"{profile}\" is neither a profile nor a type; lmr explain lists the profiles"
                        );
                    }
                    fail!(
                        "{profile} er verken en profil eller en type; nærmest er {near}",
                        "{profile} is neither a profile nor a type; the nearest are {near}"
                    );
                };
                if structure.kind != StructureKind::Resource || structure.is_abstract {
                    fail!(
                        "{profile} er ikke en ressurs: bare ressurser kan stå alene",
                        "{profile} is not a resource: only resources can exist on their own"
                    );
                }
                match source.guide() {
                    Some(guide) if *structure.url == *guide.bundle_profile() => {
                        bundle::make(&source, extent, lang)?
                    }
                    _ => of(&source, &structure, extent, lang)?,
                }
            }
        };
        let mut out = serde_json::to_string_pretty(&example.document)?;
        out.push('\n');
        print(&out)?;
        if example.errors.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        for error in &example.errors {
            output::complain(error);
        }
        let remaining = text!(
            "eksempelet er ikke uten feil ({errors}): det som står over, må rettes for hånd",
            "the example is not without errors ({errors}): what is above must be corrected by hand",
            errors = example.errors.len()
        );
        output::complain(remaining.get(lang));
        Ok(ExitCode::from(1))
    }
}

/// An example, and what its profile still says against it.
struct Made {
    document: Value,
    errors: Vec<String>,
}

/// What a check says of an example: errors and warnings.
type Verdict = (usize, usize);

fn verdict(source: &Source, document: &Value) -> anyhow::Result<Verdict> {
    let checked = source.check(&serde_json::to_vec(document)?)?;
    let warnings = checked.findings.iter().filter(|f| f.severity == Severity::Warning).count();
    Ok((checked.errors(), warnings))
}

fn errors(source: &Source, document: &Value, lang: Language) -> anyhow::Result<Vec<String>> {
    let checked = source.check(&serde_json::to_vec(document)?)?;
    Ok(checked
        .findings
        .iter()
        .filter(|finding| finding.refuses())
        .map(|finding| sentence(finding, lang).into_owned())
        .collect())
}

/// The example of a resource: what must be there, then elements one by one, each kept only if the check does not find
/// more than before.
fn of(
    source: &Source,
    structure: &Arc<StructureDefinition>,
    extent: Extent,
    lang: Language,
) -> anyhow::Result<Made> {
    let maker = Maker::new(source.definitions(), Arc::clone(structure));
    let mut wanted = BTreeSet::new();
    let mut best = Value::Object(maker.make(&wanted));
    let mut found = verdict(source, &best)?;
    let optional = maker.optional();
    // What an invariant asks for is among what may be left out, or further in: the first that helps is taken.
    let further = if found.0 > 0 { maker.further() } else { Vec::new() };
    while found.0 > 0 {
        let mut helped = false;
        for id in optional.iter().chain(&further) {
            let Some((document, now)) = with(source, &maker, &mut wanted, id)? else { continue };
            if now.0 < found.0 {
                (best, found, helped) = (document, now, true);
                break;
            }
            wanted.remove(id);
        }
        if !helped {
            break;
        }
    }
    for id in &optional {
        let asked = match extent {
            Extent::Least => break,
            Extent::Usual => maker.must_support(id),
            Extent::Full => true,
        };
        let Some((document, now)) = with(source, &maker, &mut wanted, id)? else { continue };
        // What is not asked for is taken where the check says that it should be there.
        if now.0 <= found.0 && (now.1 < found.1 || (asked && now.1 == found.1)) {
            (best, found) = (document, now);
        } else {
            wanted.remove(id);
        }
    }
    let errors = errors(source, &best, lang)?;
    Ok(Made { document: best, errors })
}

/// The example with one more element, and what the check says of it; `None` if it is wanted already.
fn with(
    source: &Source,
    maker: &Maker<'_>,
    wanted: &mut BTreeSet<Arc<str>>,
    id: &Arc<str>,
) -> anyhow::Result<Option<(Value, Verdict)>> {
    if !wanted.insert(Arc::clone(id)) {
        return Ok(None);
    }
    let document = Value::Object(maker.make(wanted));
    let now = verdict(source, &document)?;
    Ok(Some((document, now)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Types whose example has errors, with the reason.
    const WITH_ERRORS: &[(&str, &str)] = &[(
        "StructureDefinition",
        "A differential's elements must have paths that begin with the type that another element names.",
    )];

    #[test]
    fn every_concrete_resource_type_takes_its_example() {
        let source = Source::with_packages(Some(RuleSetChoice::None), &[], None, Language::English)
            .expect("plain R4");
        let types: BTreeSet<String> = source
            .definitions()
            .structures()
            .filter(|of| of.is_resource && !of.is_profile)
            .map(|of| of.url.to_owned())
            .collect();
        let mut tried = 0;
        let mut wrong = Vec::new();
        for url in &types {
            let structure = source.structure(url).expect("readable").expect("known");
            if structure.is_abstract {
                continue;
            }
            tried += 1;
            let is_listed = WITH_ERRORS.iter().any(|(of, _)| *structure.type_name == **of);
            for extent in [Extent::Least, Extent::Usual] {
                let made = of(&source, &structure, extent, Language::English).expect("an example");
                if made.errors.is_empty() == is_listed {
                    wrong.push(format!(
                        "{} {extent:?}: {:#?}\n{}",
                        structure.type_name, made.errors, made.document
                    ));
                }
            }
        }
        assert!(tried >= 140, "{tried}");
        assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    }
}
