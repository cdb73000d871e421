//! `lmr terminology`: codes that users bring.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use clap::{Args, Subcommand};
use lmr_validator::package::{Package, ResourceKind, write_archive};
use lmr_validator::terminology::{CodeList, Content};

use crate::output::print;

/// Most bytes of a CSV file.
const MAX_CSV: u64 = 512 << 20;

/// Bring code lists, so that codes are checked for real.
#[derive(Args)]
pub(crate) struct Terminology {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Turn code lists into one FHIR package, to be given with --package
    ///
    /// Takes FEST M30 (.xml), lists of code, display and parent (.csv, with --system), and FHIR
    /// CodeSystem and ValueSet files, folders and packages (.json, .tgz).
    Import(Import),
}

#[derive(Args)]
struct Import {
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
    /// The lists hold a part of the codes only: one that is not in them may still exist
    #[arg(long)]
    partial: bool,
    /// Name of the package
    #[arg(long, default_value = "lmr.terminology")]
    name: String,
    /// Version of the package
    #[arg(long, default_value = "1.0.0")]
    package_version: String,
}

impl Terminology {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Import(import) => import.run(),
        }
    }
}

impl Import {
    fn run(self) -> anyhow::Result<ExitCode> {
        let mut definitions = Vec::new();
        let mut out = String::new();
        for file in &self.files {
            let found = self.read(file, &mut out).with_context(|| file.display().to_string())?;
            definitions.extend(found);
        }
        let package = Package::embedded(
            &self.name,
            &self.package_version,
            definitions.iter().map(String::as_str),
        )?;
        let mut seen = HashSet::new();
        for (kind, url) in package.definitions() {
            ensure!(seen.insert((kind, url.to_owned())), "{url} is defined twice");
        }
        write_archive(&self.output, &self.name, &self.package_version, &definitions)?;
        writeln!(out, "wrote {}: use it with --package {0}", self.output.display())?;
        print(&out)?;
        Ok(ExitCode::SUCCESS)
    }

    fn read(&self, path: &Path, out: &mut String) -> anyhow::Result<Vec<String>> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let lists = match ending.as_deref() {
            Some("xml") => lmr_lmdi::fest::read(BufReader::new(File::open(path)?))?,
            Some("csv" | "tsv" | "txt") => vec![self.read_csv(path)?],
            _ => {
                let package = Package::open(path)?;
                let texts: Vec<String> = [ResourceKind::CodeSystem, ResourceKind::ValueSet]
                    .into_iter()
                    .flat_map(|kind| package.texts(kind))
                    .map(str::to_owned)
                    .collect();
                ensure!(!texts.is_empty(), "there is no CodeSystem and no ValueSet in it");
                writeln!(out, "{}: {} code systems and value sets", path.display(), texts.len())?;
                return Ok(texts);
            }
        };
        let mut texts = Vec::new();
        for mut list in lists {
            if self.partial {
                list.content = Content::Fragment;
            }
            writeln!(
                out,
                "{}: {} codes of {} ({})",
                path.display(),
                list.len(),
                list.title,
                list.url
            )?;
            texts.push(list.to_code_system()?);
        }
        Ok(texts)
    }

    fn read_csv(&self, path: &Path) -> anyhow::Result<CodeList> {
        ensure!(
            std::fs::metadata(path)?.len() <= MAX_CSV,
            "the file has more than {MAX_CSV} bytes"
        );
        let Some(system) = &self.system else {
            bail!("say with --system what code system the list is of");
        };
        let text = String::from_utf8(std::fs::read(path)?)
            .map_err(|_| anyhow::anyhow!("the file is not UTF-8; save it as \"CSV UTF-8\""))?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let mut list = CodeList::new(system, self.title.as_deref().unwrap_or(&stem));
        list.version.clone_from(&self.system_version);
        list.read_csv(&text)?;
        Ok(list)
    }
}
