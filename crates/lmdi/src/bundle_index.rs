//! The entries of a bundle, indexed for the rules that hold them beside each other.

use std::collections::HashMap;

use lmr_fhir::{Bundle, BundleEntry, Element, Name};

use crate::identity::Identity;
use crate::references::{Outgoing, outgoing, targets_of};

/// A bundle's entries with what is looked up again and again.
pub(crate) struct BundleIndex<'d> {
    /// In order.
    pub(crate) entries: Vec<IndexedEntry<'d>>,
    /// How often a `fullUrl` with a `meta.versionId` occurs.
    full_urls: HashMap<(String, Option<String>), usize>,
    /// The first entry of an identity.
    first_of: HashMap<Identity, usize>,
}

/// One entry.
pub(crate) struct IndexedEntry<'d> {
    /// The entry.
    pub(crate) entry: BundleEntry<'d>,
    /// Its resource.
    pub(crate) resource: Option<Element<'d>>,
    /// Its `fullUrl`.
    pub(crate) full_url: Option<String>,
    /// Its identity at the register.
    pub(crate) identity: Option<Identity>,
    /// What it refers to.
    pub(crate) outgoing: Outgoing<'d>,
}

impl<'d> BundleIndex<'d> {
    /// Indexes a bundle.
    pub(crate) fn of(bundle: Bundle<'d>, entries: Vec<BundleEntry<'d>>) -> Self {
        let mut index = Self {
            entries: Vec::with_capacity(entries.len()),
            full_urls: HashMap::new(),
            first_of: HashMap::new(),
        };
        for (at, (entry, outgoing)) in entries.into_iter().zip(outgoing(bundle)).enumerate() {
            let resource = entry.resource();
            let full_url = entry.full_url().map(std::borrow::Cow::into_owned);
            if let Some(url) = &full_url {
                *index.full_urls.entry((url.clone(), version_of(resource))).or_default() += 1;
            }
            let identity = resource.and_then(|r| Identity::of(r, full_url.as_deref()));
            if let Some(identity) = &identity {
                index.first_of.entry(identity.clone()).or_insert(at);
            }
            index.entries.push(IndexedEntry { entry, resource, full_url, identity, outgoing });
        }
        index
    }

    /// The resources that an entry refers to.
    pub(crate) fn targets(&self, entry: usize) -> impl Iterator<Item = Element<'d>> {
        targets_of(&self.entries[entry].outgoing.links)
            .into_iter()
            .filter_map(|target| self.entries[target].resource)
    }

    /// Whether another entry has the same `fullUrl` and version.
    pub(crate) fn shares_full_url(&self, entry: usize) -> bool {
        let IndexedEntry { full_url, resource, .. } = &self.entries[entry];
        full_url
            .as_ref()
            .is_some_and(|url| self.full_urls.get(&(url.clone(), version_of(*resource))) > Some(&1))
    }

    /// Whether an earlier entry has the same identity.
    pub(crate) fn repeats_identity(&self, entry: usize) -> bool {
        let identity = self.entries[entry].identity.as_ref();
        identity.is_some_and(|identity| self.first_of.get(identity) != Some(&entry))
    }
}

fn version_of(resource: Option<Element<'_>>) -> Option<String> {
    let meta = resource?.child(&Name::new("meta"))?;
    Some(meta.child(&Name::new("versionId"))?.text()?.into_owned())
}
