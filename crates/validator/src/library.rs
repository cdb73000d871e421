//! The packages and where each canonical is in them.

use std::{collections::HashMap, sync::Arc};

use crate::{
    canonical::{answers, compare_versions, split_canonical},
    definitions::structure::StructureSummary,
    package::{Entry, Package, ResourceKind},
};

/// The packages and where each canonical is in them.
#[derive(Debug)]
pub(crate) struct Library {
    pub(crate) packages: Vec<Arc<Package>>,
    structures: HashMap<Arc<str>, Vec<EntryLocation>>,
    value_sets: HashMap<Arc<str>, Vec<EntryLocation>>,
    code_systems: HashMap<Arc<str>, Vec<EntryLocation>>,
}

/// One definition in one package.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntryLocation {
    pub(crate) package: usize,
    pub(crate) entry: usize,
}

impl Library {
    pub(crate) fn new(packages: Vec<Arc<Package>>) -> Self {
        let mut library = Self {
            packages,
            structures: HashMap::new(),
            value_sets: HashMap::new(),
            code_systems: HashMap::new(),
        };
        for (number, package) in library.packages.iter().enumerate() {
            for (entry, found) in package.entries.iter().enumerate() {
                let map = match found.kind {
                    ResourceKind::Structure => &mut library.structures,
                    ResourceKind::ValueSet => &mut library.value_sets,
                    ResourceKind::CodeSystem => &mut library.code_systems,
                };
                map.entry(found.url.clone())
                    .or_default()
                    .push(EntryLocation { package: number, entry });
            }
        }
        // Packages of one name are one group, in the position of the first of them; inside a
        // group the latest version comes first.
        let rank = |location: &EntryLocation| {
            let name = &library.packages[location.package].name;
            library
                .packages
                .iter()
                .position(|package| package.name == *name)
                .unwrap_or(location.package)
        };
        for map in [&mut library.structures, &mut library.value_sets, &mut library.code_systems] {
            for locations in map.values_mut() {
                locations.sort_by(|a, b| {
                    let version = |location: &EntryLocation| {
                        library.packages[location.package].entries[location.entry]
                            .version
                            .as_deref()
                    };
                    let package = |location: &EntryLocation| {
                        Some(&*library.packages[location.package].version)
                    };
                    rank(a)
                        .cmp(&rank(b))
                        .then_with(|| compare_versions(package(b), package(a)))
                        .then_with(|| compare_versions(version(b), version(a)))
                });
            }
        }
        library
    }

    /// Canonical URLs of one kind of definitions.
    pub(crate) fn urls(&self, kind: ResourceKind) -> impl Iterator<Item = &str> {
        match kind {
            ResourceKind::Structure => &self.structures,
            ResourceKind::ValueSet => &self.value_sets,
            ResourceKind::CodeSystem => &self.code_systems,
        }
        .keys()
        .map(|url| &**url)
    }

    /// The structure definitions that count: the first of each canonical.
    pub(crate) fn structures(&self) -> impl Iterator<Item = StructureSummary<'_>> {
        self.structures.values().filter_map(|locations| {
            let entry = self.entry(*locations.first()?);
            Some(StructureSummary {
                url: &entry.url,
                version: entry.version.as_deref(),
                name: &entry.name,
                type_name: &entry.type_name,
                is_profile: entry.is_profile,
                is_resource: entry.is_resource,
            })
        })
    }

    /// The definition at this location.
    pub(crate) fn entry(&self, location: EntryLocation) -> &Entry {
        &self.packages[location.package].entries[location.entry]
    }

    /// The definition that answers the canonical; exact versions before those that only begin
    /// like it.
    pub(crate) fn find(&self, kind: ResourceKind, canonical: &str) -> Option<EntryLocation> {
        let (url, version) = split_canonical(canonical);
        let locations = match kind {
            ResourceKind::Structure => &self.structures,
            ResourceKind::ValueSet => &self.value_sets,
            ResourceKind::CodeSystem => &self.code_systems,
        }
        .get(url)?;
        let exact = locations.iter().find(|location| {
            version.is_some() && self.entry(**location).version.as_deref() == version
        });
        exact
            .or_else(|| {
                locations
                    .iter()
                    .find(|location| answers(self.entry(**location).version.as_deref(), version))
            })
            .copied()
    }
}
