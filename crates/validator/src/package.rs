//! FHIR packages: `.tgz` files, folders, single JSON files, and what a program embeds.
//!
//! Only definitions are kept: StructureDefinitions, value sets and code systems that are
//! directly in `package/`. Examples and everything else are left aside.
//!
//! - [`Package`] is one package; [`load`] reads several with what they depend on, from a
//!   [`PackageCache`] where there is one. Nothing is fetched from a network.
//! - [`write_archive`] makes a package of definitions that a program has.
//!
//! ```
//! use lmr_validator::package::{Package, write_archive};
//!
//! let folder = tempfile::tempdir()?;
//! let file = folder.path().join("example.tgz");
//! let list = r#"{"resourceType":"CodeSystem","url":"http://example.org/wards","status":"active",
//!   "content":"complete","concept":[{"code":"a"}]}"#;
//! write_archive(&file, "example", "1.0.0", &[list.to_owned()])?;
//!
//! let package = Package::open(&file)?;
//! assert_eq!((package.name(), package.version()), ("example", "1.0.0"));
//! assert_eq!(package.definitions().next().map(|(_, url)| url), Some("http://example.org/wards"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::{
    borrow::Cow,
    collections::HashMap,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use lmr_fhir::{Document, Node, ParseError, ParseOptions};

use crate::{
    canonical::contained_url,
    json::{items, text},
};

mod archive;
mod cache;
mod write;

pub use cache::{Cached, MissingDependency, PackageCache, load};
pub use write::write_archive;

/// Most bytes that one file of a package may have.
pub const MAX_FILE: u64 = 64 << 20;

/// Why a package cannot be used. The fault is in the package or in reading it.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// It cannot be read from the disk.
    #[error("cannot read {path}", path = path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is not a gzipped tar file, or a damaged one.
    #[error("{path} is not a .tgz file that can be read: {reason}", path = path.display())]
    NotAnArchive {
        /// The file.
        path: PathBuf,
        /// What the reader says.
        reason: String,
    },
    /// A file in the archive would land outside the package.
    #[error("{path} holds a file whose name is a path outside it: {name:?}", path = path.display())]
    UnsafePath {
        /// The archive.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// A definition in the archive is a link or a device.
    #[error("{path} holds a link or a device where a file must be: {name:?}", path = path.display())]
    NotAFile {
        /// The archive.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// Two files in the archive have one name and differ.
    #[error("{path} holds two different files of the name {name:?}", path = path.display())]
    TwoFiles {
        /// The archive.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// It is larger than is accepted.
    #[error("{path} is larger than {limit} bytes (inflated, if it is an archive)", path = path.display())]
    TooLarge {
        /// The archive or file.
        path: PathBuf,
        /// Most bytes that are accepted.
        limit: u64,
    },
    /// It holds more files than are accepted.
    #[error("{path} holds more than {limit} files", path = path.display())]
    TooManyFiles {
        /// The archive or folder.
        path: PathBuf,
        /// Most files that are accepted.
        limit: usize,
    },
    /// It has no `package/package.json`.
    #[error("{path} has no package.json, so it is not a FHIR package", path = path.display())]
    NoManifest {
        /// The archive or folder.
        path: PathBuf,
    },
    /// The manifest has no name or no version, or one that cannot be a folder's name.
    #[error("package.json of {path} has no usable {member}", path = path.display())]
    BadManifest {
        /// The archive or folder.
        path: PathBuf,
        /// `name` or `version`.
        member: &'static str,
    },
    /// A file in it is not JSON.
    #[error("{} is not JSON: {reason}", location(path, file))]
    NotJson {
        /// The package.
        path: PathBuf,
        /// The file in it; empty for a file given by itself.
        file: String,
        /// What the parser says.
        reason: String,
    },
    /// A file given by itself holds no StructureDefinition, value set or code system.
    #[error("{path} holds no StructureDefinition, ValueSet or CodeSystem", path = path.display())]
    NoDefinition {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be written.
    #[error("cannot write {path}", path = path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A definition in it has no canonical URL.
    #[error("{} has no url", location(path, file))]
    NoUrl {
        /// The package.
        path: PathBuf,
        /// The file in it; empty for a file given by itself.
        file: String,
    },
    /// Neither a file or folder nor an installed package.
    #[error(
        "{name} is not a file or folder, and no package of that name is installed (lmr package list)"
    )]
    Nowhere {
        /// What was asked for.
        name: String,
    },
    /// The package is installed already.
    #[error(
        "{name} {version} is installed already; remove its folder from the cache to install another one"
    )]
    Installed {
        /// The package's name.
        name: String,
        /// The package's version.
        version: String,
    },
}

/// The kinds of definitions that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResourceKind {
    /// StructureDefinition.
    Structure,
    /// ValueSet.
    ValueSet,
    /// CodeSystem.
    CodeSystem,
}

/// A package in memory.
#[derive(Debug)]
pub struct Package {
    pub(crate) name: Box<str>,
    pub(crate) version: Box<str>,
    pub(crate) dependencies: Vec<(String, String)>,
    pub(crate) fhir_versions: Vec<String>,
    pub(crate) drops_snapshots: bool,
    pub(crate) entries: Vec<Entry>,
}

/// One definition in a package.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) kind: ResourceKind,
    pub(crate) url: Arc<str>,
    pub(crate) version: Option<Arc<str>>,
    pub(crate) name: Arc<str>,
    pub(crate) type_name: Arc<str>,
    pub(crate) is_profile: bool,
    pub(crate) is_resource: bool,
    pub(crate) json: Box<str>,
}

/// Name and JSON of one file of a package.
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

impl Package {
    /// Reads a `.tgz` file, a folder with `package.json` (in it or in `package/`), or a single
    /// JSON file with a definition or a Bundle of definitions, packed as `.json.gz` or not.
    ///
    /// # Errors
    /// [`PackageError`] names the file and what is wrong with it.
    pub fn open(path: &Path) -> Result<Self, PackageError> {
        let unreadable = |source| PackageError::Unreadable { path: path.to_owned(), source };
        let metadata = fs::metadata(path).map_err(unreadable)?;
        if metadata.is_dir() {
            return Self::from_files(path, archive::files_of_folder(path)?);
        }
        let is_one_file = has_ending(path, &["gz"])
            && path.file_stem().is_some_and(|inner| has_ending(Path::new(inner), &["json"]));
        if is_one_file {
            let packed = fs::File::open(path).map_err(unreadable)?;
            let mut bytes = Vec::new();
            let mut file = flate2::read::MultiGzDecoder::new(packed).take(MAX_FILE + 1);
            file.read_to_end(&mut bytes).map_err(unreadable)?;
            if bytes.len() as u64 > MAX_FILE {
                return Err(PackageError::TooLarge { path: path.to_owned(), limit: MAX_FILE });
            }
            return Self::of_one_file(path, bytes);
        }
        if has_ending(path, &["tgz", "gz"]) {
            let archive = fs::File::open(path).map_err(unreadable)?;
            return Self::from_files(path, archive::files_of_archive(path, archive)?);
        }
        if metadata.len() > MAX_FILE {
            return Err(PackageError::TooLarge { path: path.to_owned(), limit: MAX_FILE });
        }
        let bytes = fs::read(path).map_err(unreadable)?;
        Self::of_one_file(path, bytes)
    }

    /// Reads a `.tgz` file or a single JSON file that is in memory already, as a browser has it. What its first
    /// bytes say counts, not its name, which errors repeat.
    ///
    /// # Errors
    /// [`PackageError`] names the file and what is wrong with it.
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self, PackageError> {
        let path = Path::new(name);
        if bytes.starts_with(&[0x1f, 0x8b]) {
            return Self::from_files(path, archive::files_of_archive(path, bytes)?);
        }
        if bytes.len() as u64 > MAX_FILE {
            return Err(PackageError::TooLarge { path: path.to_owned(), limit: MAX_FILE });
        }
        Self::of_one_file(path, bytes.to_vec())
    }

    /// A definition, or a Bundle of definitions, by itself.
    fn of_one_file(path: &Path, bytes: Vec<u8>) -> Result<Self, PackageError> {
        let mut package = Self::bare("", "");
        package.add(path, &File { name: String::new(), bytes })?;
        if package.entries.is_empty() {
            return Err(PackageError::NoDefinition { path: path.to_owned() });
        }
        Ok(package)
    }

    /// Puts together a package from definitions that a program carries with it.
    ///
    /// # Errors
    /// [`PackageError`] if one is not JSON or has no URL.
    pub fn embedded<'j>(
        name: &str,
        version: &str,
        definitions: impl IntoIterator<Item = &'j str>,
    ) -> Result<Self, PackageError> {
        let mut package = Self::bare(name, version);
        let path = Path::new(name);
        for (number, json) in definitions.into_iter().enumerate() {
            package.add_text(path, &format!("definition {number}"), json)?;
        }
        Ok(package)
    }

    /// The same package, its snapshots to be made from the differentials instead of read.
    #[must_use]
    pub fn without_snapshots(mut self) -> Self {
        self.drops_snapshots = true;
        self
    }

    /// Name in `package.json`; empty for a single file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Version in `package.json`; empty for a single file.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Names and versions of the packages that it builds on.
    pub fn dependencies(&self) -> impl Iterator<Item = (&str, &str)> {
        self.dependencies.iter().map(|(name, version)| (&**name, &**version))
    }

    /// The versions of FHIR that `package.json` says it is for; none where it says nothing, as of a single file.
    pub fn fhir_versions(&self) -> impl Iterator<Item = &str> {
        self.fhir_versions.iter().map(String::as_str)
    }

    /// Whether it says that it is for other versions of FHIR than R4 alone.
    pub fn is_of_other_fhir(&self) -> bool {
        !self.fhir_versions.is_empty()
            && !self.fhir_versions.iter().any(|version| version.starts_with("4.0"))
    }

    /// Canonical URLs of what it defines, with the kind of each.
    pub fn definitions(&self) -> impl Iterator<Item = (ResourceKind, &str)> {
        self.entries.iter().map(|entry| (entry.kind, &*entry.url))
    }

    /// Its definitions of one kind as JSON texts.
    pub fn texts(&self, kind: ResourceKind) -> impl Iterator<Item = &str> {
        self.entries.iter().filter(move |entry| entry.kind == kind).map(|entry| &*entry.json)
    }

    /// The address of a definition that the other one has too, in the same version and with other content: only one of them
    /// can be meant. Of packages of the same name and version one that only one of them has is that too.
    pub fn differing<'p>(&'p self, other: &'p Self) -> Option<&'p str> {
        let is_same_package =
            !self.name.is_empty() && (&self.name, &self.version) == (&other.name, &other.version);
        // Packages of other names may repeat what they build on.
        let are_without_name = self.name.is_empty() && other.name.is_empty();
        if !is_same_package && !are_without_name {
            return None;
        }
        let by_key = |package: &'p Self| -> HashMap<_, &'p Entry> {
            let entries = package.entries.iter();
            entries
                .map(|entry| ((entry.kind, &*entry.url, entry.version.as_deref()), entry))
                .collect()
        };
        let (own, others) = (by_key(self), by_key(other));
        let missing = |of: &HashMap<_, &'p Entry>, here: &HashMap<_, &'p Entry>| {
            of.keys().filter(|key| !here.contains_key(*key)).map(|(_, url, _)| *url).min()
        };
        let differs = own.iter().filter_map(|(key, entry)| {
            let other = others.get(key)?;
            (!is_same_content(&entry.json, &other.json)).then_some(key.1)
        });
        differs.min().or_else(|| {
            is_same_package.then(|| missing(&own, &others).or_else(|| missing(&others, &own)))?
        })
    }

    fn bare(name: &str, version: &str) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            dependencies: Vec::new(),
            fhir_versions: Vec::new(),
            drops_snapshots: false,
            entries: Vec::new(),
        }
    }

    fn from_files(path: &Path, files: Vec<File>) -> Result<Self, PackageError> {
        let manifest = files
            .iter()
            .find(|file| file.name == "package.json")
            .ok_or_else(|| PackageError::NoManifest { path: path.to_owned() })?;
        let mut package = Self::with_manifest(path, manifest)?;
        for file in files.iter().filter(|file| is_definition_file(&file.name)) {
            package.add(path, file)?;
        }
        Ok(package)
    }

    fn with_manifest(path: &Path, file: &File) -> Result<Self, PackageError> {
        let document = parse(path, file)?;
        let root = document.root();
        let member = |member: &'static str| {
            text(root, member)
                .filter(|text| archive::is_plain_name(text))
                .ok_or_else(|| PackageError::BadManifest { path: path.to_owned(), member })
        };
        let mut package = Self::bare(&member("name")?, &member("version")?);
        for member in ["fhirVersions", "fhir-version-list"] {
            let versions = items(root, member).filter_map(Node::as_str);
            package.fhir_versions.extend(versions.map(Cow::into_owned));
        }
        for dependency in root.member("dependencies").into_iter().flat_map(Node::members) {
            if let (Some(name), Some(version)) = (dependency.key(), dependency.as_str()) {
                package.dependencies.push((name.into_owned(), version.into_owned()));
            }
        }
        Ok(package)
    }

    fn add(&mut self, path: &Path, file: &File) -> Result<(), PackageError> {
        self.add_document(path, &file.name, &parse(path, file)?)
    }

    fn add_text(&mut self, path: &Path, file: &str, json: &str) -> Result<(), PackageError> {
        let document = Document::parse(Cow::Borrowed(json), &ParseOptions::default())
            .map_err(|error| not_json(path, file, &error))?;
        self.add_document(path, file, &document)
    }

    fn add_document(
        &mut self,
        path: &Path,
        file: &str,
        document: &Document<'_>,
    ) -> Result<(), PackageError> {
        let root = document.root();
        if text(root, "resourceType").as_deref() == Some("Bundle") {
            for entry in items(root, "entry") {
                if let Some(resource) = entry.member("resource") {
                    self.add_resource(path, file, resource)?;
                }
            }
            return Ok(());
        }
        self.add_resource(path, file, root)
    }

    fn add_resource(
        &mut self,
        path: &Path,
        file: &str,
        resource: Node<'_>,
    ) -> Result<(), PackageError> {
        let Some(entry) = Entry::of(path, file, resource)? else { return Ok(()) };
        if entry.kind == ResourceKind::Structure {
            self.entries.extend(
                items(resource, "contained")
                    .filter_map(|inner| Entry::of_contained(&entry.url, inner)),
            );
        }
        self.entries.push(entry);
        Ok(())
    }
}

impl Entry {
    /// A value set or code system contained in a profile. A value set is known by the profile's
    /// URL and its id, a code system by its own URL.
    fn of_contained(owner: &str, resource: Node<'_>) -> Option<Self> {
        let (kind, url) = match text(resource, "resourceType").as_deref()? {
            "ValueSet" => (
                ResourceKind::ValueSet,
                contained_url(owner, &text(resource, "id")?).as_str().into(),
            ),
            "CodeSystem" => (ResourceKind::CodeSystem, text(resource, "url")?),
            _ => return None,
        };
        Some(Self {
            kind,
            url,
            version: text(resource, "version"),
            name: text(resource, "name").unwrap_or_default(),
            type_name: "".into(),
            is_profile: false,
            is_resource: false,
            json: resource.raw().into(),
        })
    }

    /// `None` for a resource that is not a definition.
    fn of(path: &Path, file: &str, resource: Node<'_>) -> Result<Option<Self>, PackageError> {
        let kind = match text(resource, "resourceType").as_deref() {
            Some("StructureDefinition") => ResourceKind::Structure,
            Some("ValueSet") => ResourceKind::ValueSet,
            Some("CodeSystem") => ResourceKind::CodeSystem,
            _ => return Ok(None),
        };
        let url = text(resource, "url")
            .ok_or_else(|| PackageError::NoUrl { path: path.to_owned(), file: file.to_owned() })?;
        Ok(Some(Self {
            kind,
            url,
            version: text(resource, "version"),
            name: text(resource, "name").unwrap_or_default(),
            type_name: text(resource, "type").unwrap_or_default(),
            is_profile: text(resource, "derivation").as_deref() == Some("constraint"),
            is_resource: text(resource, "kind").as_deref() == Some("resource"),
            json: resource.raw().into(),
        }))
    }
}

/// Files that packages carry beside their definitions, or that hold none.
fn is_definition_file(name: &str) -> bool {
    name.ends_with(".json") && !name.starts_with('.') && name != "package.json"
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    path.extension()
        .is_some_and(|ending| endings.iter().any(|wanted| ending.eq_ignore_ascii_case(wanted)))
}

fn parse<'f>(path: &Path, file: &'f File) -> Result<Document<'f>, PackageError> {
    Document::parse_bytes(&file.bytes, &ParseOptions::default())
        .map_err(|error| not_json(path, &file.name, &error))
}

fn not_json(path: &Path, file: &str, reason: &ParseError) -> PackageError {
    PackageError::NotJson {
        path: path.to_owned(),
        file: file.to_owned(),
        reason: reason.to_string(),
    }
}

/// A file in a package, or the one file that was given.
fn location(path: &Path, file: &str) -> String {
    if file.is_empty() {
        path.display().to_string()
    } else {
        format!("{file} in {}", path.display())
    }
}

/// Whether two texts are the same JSON: packing a package may write it without white space.
fn is_same_content(one: &str, other: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    one.trim() == other.trim() || read(one).is_some_and(|one| read(other) == Some(one))
}
