//! Which of a caller's wishes met something: one that never did may be misspelt, and what it was to check was not checked.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::Options;

/// Wishes that are about something in the documents, and whether it was there. Kept over any number of documents and threads.
///
/// ```
/// use std::sync::Arc;
/// use lmr_validator::{Options, Unused, Used, Validator};
///
/// let mut options = Options::default();
/// options.entry_profiles.insert(7, vec!["http://hl7.org/fhir/StructureDefinition/Patient".to_owned()]);
/// let used = Arc::new(Used::of(&options));
/// options.used = Some(Arc::clone(&used));
/// let bundle = r#"{"resourceType":"Bundle","type":"collection"}"#;
/// Validator::builder().build().validate_text(bundle, &options);
///
/// assert_eq!(used.unused().collect::<Vec<_>>(), [Unused::Entry(7)]);
/// ```
#[derive(Debug, Default)]
pub struct Used {
    entries: BTreeMap<usize, AtomicBool>,
    types: BTreeMap<String, AtomicBool>,
    external: BTreeMap<String, AtomicBool>,
    extensions: BTreeMap<String, AtomicBool>,
}

/// A wish that met nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unused<'u> {
    /// Of [`Options::entry_profiles`]: no bundle has an entry of this index with a resource.
    Entry(usize),
    /// Of [`Options::global_profiles`]: no resource is of this type.
    Type(&'u str),
    /// Of [`Options::external`]: no reference that was followed leads there.
    External(&'u str),
    /// Of [`Options::extension_domains`]: no unknown extension begins like that.
    Extensions(&'u str),
}

impl Used {
    /// The wishes of these options, none of which has met anything yet.
    #[must_use]
    pub fn of(options: &Options) -> Self {
        let named = |names: &mut dyn Iterator<Item = &String>| {
            names.map(|name| (name.clone(), AtomicBool::default())).collect()
        };
        Self {
            entries: options.entry_profiles.keys().map(|at| (*at, AtomicBool::default())).collect(),
            types: named(&mut options.global_profiles.keys()),
            external: named(&mut options.external.keys()),
            extensions: named(&mut options.extension_domains.iter()),
        }
    }

    /// Those that met nothing so far.
    pub fn unused(&self) -> impl Iterator<Item = Unused<'_>> {
        let entries = unmet(&self.entries).map(|at| Unused::Entry(*at));
        let types = unmet(&self.types).map(|of| Unused::Type(of));
        let external = unmet(&self.external).map(|to| Unused::External(to));
        let extensions = unmet(&self.extensions).map(|of| Unused::Extensions(of));
        entries.chain(types).chain(external).chain(extensions)
    }

    pub(crate) fn entry(&self, index: usize) {
        met(self.entries.get(&index));
    }

    pub(crate) fn type_name(&self, name: &str) {
        met(self.types.get(name));
    }

    pub(crate) fn external(&self, reference: &str) {
        met(self.external.get(reference));
    }

    pub(crate) fn extensions(&self, prefix: &str) {
        met(self.extensions.get(prefix));
    }
}

fn met(wish: Option<&AtomicBool>) {
    if let Some(wish) = wish {
        wish.store(true, Ordering::Relaxed);
    }
}

fn unmet<K>(wishes: &BTreeMap<K, AtomicBool>) -> impl Iterator<Item = &K> {
    wishes.iter().filter(|(_, met)| !met.load(Ordering::Relaxed)).map(|(name, _)| name)
}
