//! The copy of the workspace into which the changes are compiled.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    ops::Range,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::{
    mutant::Mutant,
    rewrite::{File, Rendered},
};

/// The module that is added to each changed crate.
const SWITCH: &str = include_str!("../switch.rs");
/// After a changed library.
const MODULE: &str = "\n#[allow(warnings, clippy::all)]\nmod __mutants;\n";
/// Before a changed library: a change may be wrong in ways that lints refuse before any test runs.
const LINTS: &str = "#![allow(warnings, arithmetic_overflow, unconditional_panic, clippy::all)] ";
/// Each round takes out what the compiler refused; later errors are seen only when earlier ones are gone.
const MAX_ROUNDS: usize = 60;

/// Why a change is not compiled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Dropped {
    /// The compiler refuses what only the change has.
    DoesNotCompile,
    /// There is no way to have it beside the original: it is tried alone.
    NotSwitched,
}

/// The copy, its files with their changes, and what became of those that are not in it.
pub(crate) struct Tree {
    pub(crate) root: PathBuf,
    target: PathBuf,
    /// Arguments for cargo.
    settings: Vec<String>,
    files: BTreeMap<String, File>,
    rendered: BTreeMap<String, Rendered>,
    pub(crate) dropped: BTreeMap<u32, Dropped>,
}

#[derive(Deserialize)]
struct Line {
    reason: String,
    message: Option<Message>,
    executable: Option<PathBuf>,
    target: Option<Target>,
    manifest_path: Option<PathBuf>,
    profile: Option<Profile>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

#[derive(Deserialize)]
struct Message {
    level: String,
    rendered: Option<String>,
    spans: Vec<Span>,
    #[serde(default)]
    children: Vec<Message>,
}

#[derive(Deserialize)]
struct Span {
    file_name: String,
    byte_start: usize,
    byte_end: usize,
    is_primary: bool,
    expansion: Option<Box<Expansion>>,
}

#[derive(Deserialize)]
struct Expansion {
    span: Span,
}

/// A test executable and the folder that its tests expect to run in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Executable {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) folder: PathBuf,
}

impl Tree {
    /// Copies the files of the workspace that git knows or would add, and puts the changes in. A file whose text is
    /// the same is not touched, so that little is compiled again.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or written, or is not Rust.
    pub(crate) fn new(
        workspace: &Path,
        output: &Path,
        optimised: &[String],
        mutants: &[Mutant],
    ) -> Result<Self> {
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(workspace)
            .output()
            .context("git does not start")?;
        ensure!(
            listed.status.success(),
            "git ls-files fails: {}",
            String::from_utf8_lossy(&listed.stderr)
        );
        let names = String::from_utf8(listed.stdout).context("a file name that is not UTF-8")?;
        let names: BTreeSet<_> =
            names.split('\0').filter(|name| workspace.join(name).is_file()).collect();

        // What an earlier copy has and the workspace no longer.
        let kept = output.join("files");
        let before = fs::read_to_string(&kept).unwrap_or_default();
        for gone in before.lines().filter(|name| !names.contains(name)) {
            let copy = output.join("tree").join(gone);
            if copy.exists() {
                fs::remove_file(&copy).with_context(|| copy.display().to_string())?;
            }
        }
        let list: Vec<_> = names.iter().copied().collect();
        write(&kept, list.join("\n").as_bytes())?;

        let mut by_file: BTreeMap<&str, Vec<&Mutant>> = BTreeMap::new();
        for mutant in mutants {
            by_file.entry(&mutant.file).or_default().push(mutant);
        }
        let libraries: BTreeSet<PathBuf> =
            by_file.keys().filter_map(|file| library(workspace, file)).collect();

        let mut tree = Self {
            root: output.join("tree"),
            target: output.join("build"),
            settings: optimised
                .iter()
                .flat_map(|package| {
                    ["--config".to_owned(), format!("profile.dev.package.{package}.opt-level=1")]
                })
                .collect(),
            files: BTreeMap::new(),
            rendered: BTreeMap::new(),
            dropped: BTreeMap::new(),
        };
        for name in names {
            let content =
                fs::read(workspace.join(name)).with_context(|| format!("{name} cannot be read"))?;
            if let Some(mutants) = by_file.get(name) {
                let source =
                    String::from_utf8(content).with_context(|| format!("{name} is not UTF-8"))?;
                let file = File::new(source, mutants).with_context(|| name.to_owned())?;
                tree.dropped.extend(
                    file.unswitched.iter().map(|(number, _)| (*number, Dropped::NotSwitched)),
                );
                tree.dropped.extend(
                    file.uncompilable.iter().map(|number| (*number, Dropped::DoesNotCompile)),
                );
                tree.files.insert(name.to_owned(), file);
            } else if !libraries.contains(Path::new(name)) {
                let copy = tree.root.join(name);
                write(&copy, &content)?;
                fs::set_permissions(&copy, fs::metadata(workspace.join(name))?.permissions())?;
            }
        }
        for library in &libraries {
            let name = library.to_string_lossy();
            if !tree.files.contains_key(&*name) {
                let source = fs::read_to_string(workspace.join(library))
                    .with_context(|| format!("{name} cannot be read"))?;
                tree.files.insert(
                    name.clone().into_owned(),
                    File::new(source, &[]).with_context(|| name.into_owned())?,
                );
            }
            write(&tree.root.join(library.with_file_name("__mutants.rs")), SWITCH.as_bytes())?;
        }
        for name in tree.files.keys().cloned().collect::<Vec<_>>() {
            tree.render(&name)?;
        }
        Ok(tree)
    }

    /// Writes one file with the changes that are kept.
    fn render(&mut self, name: &str) -> Result<()> {
        let mut rendered = self.files[name].render(|number| !self.dropped.contains_key(&number));
        if is_library(name) {
            rendered.put_before(LINTS);
            rendered.text.push_str(MODULE);
        }
        write(&self.root.join(name), rendered.text.as_bytes())?;
        self.rendered.insert(name.to_owned(), rendered);
        Ok(())
    }

    /// Compiles and takes out what the compiler refuses, until it refuses nothing.
    ///
    /// # Errors
    ///
    /// When an error has nothing to do with a change.
    pub(crate) fn settle(&mut self, packages: &BTreeSet<&str>) -> Result<()> {
        self.compile(&["check", "--keep-going"], packages).map(drop)
    }

    fn compile(&mut self, command: &[&str], packages: &BTreeSet<&str>) -> Result<Vec<Line>> {
        let mut arguments = command.to_vec();
        for package in packages {
            arguments.extend(["-p", package]);
        }
        for round in 1..=MAX_ROUNDS {
            let before = self.dropped.len();
            let (passed, lines) = self.cargo(&arguments)?;
            if passed {
                return Ok(lines);
            }
            let mut touched = BTreeSet::new();
            for message in lines.iter().filter_map(|line| line.message.as_ref()) {
                if message.level == "error" {
                    self.blame(message, &mut touched);
                }
            }
            if self.dropped.len() == before {
                bail!("errors that no change explains:\n{}", errors(&lines));
            }
            eprintln!("  round {round}: {} changes do not compile in", self.dropped.len());
            for name in touched {
                self.render(&name)?;
            }
        }
        bail!("does not compile after {MAX_ROUNDS} rounds");
    }

    /// Drops the change, or the place, that an error is in.
    fn blame(&mut self, message: &Message, touched: &mut BTreeSet<String>) {
        let mut spans: Vec<&Span> = vec![];
        let primary_first = message
            .spans
            .iter()
            .filter(|s| s.is_primary)
            .chain(message.spans.iter().filter(|s| !s.is_primary));
        for span in primary_first.chain(message.children.iter().flat_map(|child| &child.spans)) {
            let mut span = Some(span);
            while let Some(one) = span {
                spans.push(one);
                span = one.expansion.as_ref().map(|expansion| &expansion.span);
            }
        }
        for span in spans {
            let Some(rendered) = self.rendered.get(&span.file_name) else { continue };
            let within = |range: &&Range<usize>| {
                range.start <= span.byte_start && span.byte_end <= range.end
            };
            let piece = rendered
                .pieces
                .iter()
                .filter(|(range, _)| within(&range))
                .min_by_key(|(range, _)| range.len());
            let place = rendered
                .places
                .iter()
                .filter(|(range, _)| within(&range))
                .min_by_key(|(range, _)| range.len());
            let numbers = match (piece, place) {
                (Some((piece, number)), place)
                    if place.is_none_or(|(place, _)| piece.len() <= place.len()) =>
                {
                    self.dropped.insert(*number, Dropped::DoesNotCompile);
                    touched.insert(span.file_name.clone());
                    return;
                }
                (_, Some((_, numbers))) => numbers.clone(),
                _ => continue,
            };
            self.dropped.extend(numbers.iter().map(|number| (*number, Dropped::NotSwitched)));
            touched.insert(span.file_name.clone());
            return;
        }
        // An error elsewhere that a change has caused, such as a type that an early return has decided: the places
        // that overlap it, or the nearest before it, are taken out.
        for span in message.spans.iter().filter(|span| span.is_primary) {
            let Some(rendered) = self.rendered.get(&span.file_name) else { continue };
            let overlaps =
                |range: &Range<usize>| range.start < span.byte_end && span.byte_start < range.end;
            let mut blamed: Vec<_> =
                rendered.places.iter().filter(|(range, _)| overlaps(range)).collect();
            if blamed.is_empty() {
                let before =
                    rendered.places.iter().filter(|(range, _)| range.end <= span.byte_start);
                blamed.extend(before.max_by_key(|(range, _)| range.end));
            }
            // What is missing from a match is reported at its head, before the arms.
            if blamed.is_empty() {
                blamed.extend(rendered.places.iter().min_by_key(|(range, _)| range.start));
            }
            let numbers = blamed.iter().flat_map(|(_, numbers)| numbers.iter().copied());
            let before = self.dropped.len();
            self.dropped
                .extend(numbers.map(|number| (number, Dropped::NotSwitched)).collect::<Vec<_>>());
            if self.dropped.len() > before {
                touched.insert(span.file_name.clone());
            }
        }
    }

    /// Compiles the tests of these packages, taking out what the compiler refuses only now.
    ///
    /// # Errors
    ///
    /// When they do not compile.
    pub(crate) fn executables(&mut self, packages: &BTreeSet<&str>) -> Result<Vec<Executable>> {
        let lines = self.compile(&["test", "--no-run"], packages)?;
        Ok(found(lines))
    }

    /// Compiles the tests as the files are; nothing where they do not compile.
    ///
    /// # Errors
    ///
    /// When cargo does not run.
    pub(crate) fn executables_as_is(&self, package: &str) -> Result<Option<Vec<Executable>>> {
        let (passed, lines) = self.cargo(&["test", "--no-run", "-p", package])?;
        Ok(passed.then(|| found(lines)))
    }

    fn cargo(&self, arguments: &[&str]) -> Result<(bool, Vec<Line>)> {
        let output = Command::new("cargo")
            .args(arguments)
            .args(["--message-format=json", "--quiet"])
            .args(&self.settings)
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.target)
            .stderr(Stdio::null())
            .output()
            .context("cargo does not start")?;
        let lines = String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter(|line| line.starts_with('{'))
            .map(serde_json::from_str)
            .collect::<Result<_, _>>()
            .context("cargo's messages")?;
        Ok((output.status.success(), lines))
    }

    /// Puts one change into the text of its file, without any switch there.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub(crate) fn change_text(&self, mutant: &Mutant) -> Result<()> {
        let mut text = self.files[&mutant.file].with_text_changed(mutant);
        if is_library(&mutant.file) {
            text.insert_str(0, LINTS);
            text.push_str(MODULE);
        }
        write(&self.root.join(&mutant.file), text.as_bytes())
    }

    /// Takes a change of the text back.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub(crate) fn restore(&mut self, mutant: &Mutant) -> Result<()> {
        self.render(&mutant.file.clone())
    }
}

/// The test executables among what cargo has made.
fn found(lines: Vec<Line>) -> Vec<Executable> {
    let mut found: Vec<_> = lines
        .into_iter()
        .filter(|line| line.reason == "compiler-artifact")
        .filter(|line| line.profile.as_ref().is_some_and(|profile| profile.test))
        .filter_map(|line| {
            let folder = line.manifest_path?.parent()?.to_owned();
            let package = folder.file_name()?.to_string_lossy().into_owned();
            let name = format!("{package}/{}", line.target?.name);
            Some(Executable { name, path: line.executable?, folder })
        })
        .collect();
    found.sort();
    found
}

/// The texts of the errors among cargo's messages.
fn errors(lines: &[Line]) -> String {
    let messages = lines.iter().filter_map(|line| line.message.as_ref());
    messages
        .filter(|message| message.level == "error")
        .filter_map(|m| m.rendered.as_deref())
        .collect()
}

/// Whether a file is the root of a library, or of a program without one.
fn is_library(name: &str) -> bool {
    name.ends_with("src/lib.rs") || name.ends_with("src/main.rs")
}

/// The root of the library that a file belongs to.
fn library(workspace: &Path, file: &str) -> Option<PathBuf> {
    let folder = Path::new(file)
        .ancestors()
        .find(|folder| folder.file_name().is_some_and(|name| name == "src"))?;
    ["lib.rs", "main.rs"]
        .map(|root| folder.join(root))
        .into_iter()
        .find(|root| workspace.join(root).is_file())
}

/// Writes a file unless it has this content already.
fn write(path: &Path, content: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == content) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, content).with_context(|| format!("{} cannot be written", path.display()))
}
