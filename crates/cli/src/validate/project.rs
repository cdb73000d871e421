//! `.lmr.toml`: what `lmr validate` uses in a folder and below, so that people, editors and build services use the
//! same. Unknown keys are errors; paths are relative to the file.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::Deserialize;
use serde::de::Error as _;

use super::RuleSetChoice;
use crate::config::WhichAdvice;
use crate::text::{Explain as _, fail, text};

/// The file's name.
pub(super) const FILE_NAME: &str = ".lmr.toml";

/// A file that has been found and read.
#[derive(Debug, Default)]
pub(super) struct Project {
    /// `None` where there is none.
    pub(super) path: Option<PathBuf>,
    pub(super) keys: Keys,
}

/// Its keys.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Keys {
    #[serde(deserialize_with = "rule_set")]
    pub(super) ruleset: Option<RuleSetChoice>,
    pub(super) packages: Vec<PathBuf>,
    pub(super) profiles: Vec<String>,
    pub(super) advice: Option<WhichAdvice>,
    pub(super) baseline: Option<PathBuf>,
    pub(super) ignore: Vec<Ignore>,
    #[serde(rename = "rule")]
    pub(super) rules: Vec<HouseRule>,
}

/// Findings that are left out for a while, and why.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ignore {
    /// Code of the catalogue.
    pub(super) code: Option<String>,
    /// Message id of the validator, or the key of a rule.
    pub(super) message: Option<String>,
    /// The element, and all below it: `Patient.name`, from the resource, with or without indexes.
    pub(super) at: Option<String>,
    /// The file, `*` and `**` allowed, from the project file's folder.
    pub(super) file: Option<String>,
    pub(super) reason: String,
    /// The last day.
    #[serde(deserialize_with = "date")]
    pub(super) until: Date,
}

/// A rule of one's own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HouseRule {
    /// Its key, which findings name.
    pub(super) id: String,
    /// The element that it is about: `Patient`, `Patient.name`.
    pub(super) at: String,
    /// FHIRPath; true is right.
    pub(super) expression: String,
    pub(super) severity: RuleSeverity,
    /// What is wrong where it is not met.
    pub(super) text: String,
}

/// What a broken rule gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum RuleSeverity {
    Error,
    Warning,
}

impl Project {
    /// The file named, or the nearest above the working folder; a folder with `.git` is the last that is looked at.
    pub(super) fn find(named: Option<&Path>) -> anyhow::Result<Self> {
        if let Some(path) = named {
            return Self::read(path);
        }
        let path = std::env::current_dir().ok().and_then(|folder| Self::above(&folder));
        path.map_or_else(|| Ok(Self::default()), |path| Self::read(&path))
    }

    /// The nearest file in a folder or above it. A folder of that name, and a link to nothing, are found too: to read them
    /// is an error, and without what the project has agreed on the verdict would be another one.
    pub(super) fn above(folder: &Path) -> Option<PathBuf> {
        Self::places_above(folder).into_iter().find(|path| path.symlink_metadata().is_ok())
    }

    /// Where the file of the working folder may be.
    pub(super) fn places() -> Vec<PathBuf> {
        std::env::current_dir().map(|folder| Self::places_above(&folder)).unwrap_or_default()
    }

    fn places_above(folder: &Path) -> Vec<PathBuf> {
        let mut places = Vec::new();
        for folder in folder.ancestors() {
            places.push(folder.join(FILE_NAME));
            if folder.join(".git").exists() {
                break;
            }
        }
        places
    }

    fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        if !path.exists() || path.is_dir() {
            // Why it is none the system says: it is not there, or a folder.
            crate::config::read_text(path).explain(|| {
                text!(
                    "prosjektfilen (--project sier hvilken, --no-project bruker ingen)",
                    "the project file (--project says which one, --no-project uses none)"
                )
            })?;
        }
        let (mut keys, folder): (Keys, _) = crate::config::read(path)?;
        for package in &mut keys.packages {
            let beside = folder.join(&*package);
            // What is not there is the name of an installed package, if it can be one.
            let is_path = package.components().count() > 1
                || package.extension().is_some_and(|ending| ending == "tgz" || ending == "json");
            if is_path || beside.exists() {
                *package = beside;
            }
        }
        if let Some(baseline) = &mut keys.baseline {
            *baseline = folder.join(&*baseline);
        }
        for ignore in &mut keys.ignore {
            // The names that are compared with begin in the folder.
            if let Some(file) = ignore.file.as_mut()
                && let Some(rest) = file.strip_prefix("./")
            {
                *file = rest.to_owned();
            }
        }
        for (number, ignore) in (1..).zip(&keys.ignore) {
            if ignore.reason.trim().is_empty() {
                fail!(
                    "{shown}: [[ignore]] nummer {number} har ingen grunn (reason)",
                    "{shown}: [[ignore]] number {number} has no reason"
                );
            }
            if [&ignore.code, &ignore.message, &ignore.at].iter().all(|key| key.is_none()) {
                fail!(
                    "{shown}: [[ignore]] nummer {number} må ha code, message eller at; ellers ville alle funn bli utelatt",
                    "{shown}: [[ignore]] number {number} needs code, message or at; otherwise every finding would be left out"
                );
            }
            if let Some(code) = &ignore.code
                && lmr_lmdi::codes::Code::parse(code).is_none()
            {
                fail!(
                    "{shown}: [[ignore]] nummer {number}: koden {code} finnes ikke (lmr codes viser dem)",
                    "{shown}: [[ignore]] number {number}: there is no code {code} (lmr codes lists them)"
                );
            }
            if let Some(file) = &ignore.file
                && let Err(error) = glob::Pattern::new(file)
            {
                fail!(
                    "{shown}: [[ignore]] nummer {number}: {file} er ikke et gyldig mønster",
                    "{shown}: [[ignore]] number {number}: {file} is not a valid pattern: {error}"
                );
            }
        }
        Ok(Self { path: Some(path.to_owned()), keys })
    }

    /// The folder that its paths start from.
    pub(super) fn folder(&self) -> &Path {
        let folder = self.path.as_deref().and_then(Path::parent);
        folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    /// Its name in messages.
    pub(super) fn name(&self) -> String {
        self.path.as_ref().map_or_else(|| FILE_NAME.to_owned(), |path| path.display().to_string())
    }
}

/// Between the name and those that there are; in English, as the other errors of keys, and put into bokmål with them.
pub(crate) const NO_RULE_SET: &str = " is not a rule set; there are ";
/// After what is not a date.
pub(crate) const NO_DATE: &str = " is not a date: write until = 2027-01-31";

fn rule_set<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<RuleSetChoice>, D::Error> {
    let name = String::deserialize(from)?;
    RuleSetChoice::parse(&name)
        .map(Some)
        .ok_or_else(|| D::Error::custom(format!("{name}{NO_RULE_SET}{}", RuleSetChoice::names())))
}

/// A date of TOML, or text.
fn date<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Date, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Toml(toml::value::Datetime),
        Text(String),
    }
    let written = match Written::deserialize(from) {
        Ok(Written::Toml(date)) => date.to_string(),
        Ok(Written::Text(text)) => text,
        Err(_) => return Err(D::Error::custom(format!("the value{NO_DATE}"))),
    };
    written.parse().map_err(|_| D::Error::custom(format!("{written}{NO_DATE}")))
}
