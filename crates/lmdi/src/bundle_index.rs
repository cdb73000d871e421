//! The entries of a bundle, indexed for the rules that hold them beside each other.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use lmr_fhir::{Bundle, BundleEntry, Element};

use crate::history::AdministrationFacts;
use crate::identity::Identity;
use crate::references::{Outgoing, outgoing, targets_of};
use crate::rules::identity_number_elsewhere::NumberPlaces;

/// A bundle's entries with what is looked up again and again.
pub(crate) struct BundleIndex<'d> {
    /// In order.
    pub(crate) entries: Vec<IndexedEntry<'d>>,
    /// Where identity numbers may be in it.
    pub(crate) number_places: NumberPlaces,
}

/// What the register joins the parts of a message by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JoinKey {
    /// Not an administration.
    NotNeeded,
    /// Its `fullUrl`.
    FullUrl,
    /// `MedicationAdministration/` and its id, since there is no `fullUrl`.
    Id,
    /// It has neither.
    Missing,
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
    /// Whether an earlier entry has this identity.
    pub(crate) repeats_identity: bool,
    /// Whether another entry has the same `fullUrl` and version.
    pub(crate) shares_full_url: bool,
    /// What the register joins it by.
    pub(crate) join_key: JoinKey,
    /// The key that the register joins an administration by.
    pub(crate) join_key_text: Option<Cow<'d, str>>,
    /// Whether another administration has the same.
    pub(crate) shares_join_key: bool,
    /// What it refers to.
    pub(crate) outgoing: Outgoing<'d>,
}

impl<'d> BundleIndex<'d> {
    /// Indexes a bundle.
    pub(crate) fn of(bundle: Bundle<'d>, entries: Vec<BundleEntry<'d>>) -> Self {
        let number_places =
            bundle.element().value().map_or(NumberPlaces::Anywhere, NumberPlaces::of);
        let outgoing = outgoing(bundle);
        let mut index = Self { entries: Vec::with_capacity(entries.len()), number_places };
        let mut versions = FirstOf::new(entries.len());
        let mut identities = FirstOf::new(entries.len());
        let mut join_keys = FirstOf::new(entries.len());
        for (at, (entry, outgoing)) in entries.into_iter().zip(outgoing).enumerate() {
            let resource = entry.resource();
            let full_url = entry.full_url();
            let version = full_url.clone().map(|url| (url, version_of(resource)));
            let same_version = version.and_then(|version| versions.note(version, at));
            let identity = resource.and_then(|r| Identity::of(r, full_url.as_deref()));
            let same_identity = identity.clone().and_then(|identity| identities.note(identity, at));
            let (join_key, join_key_text) = join_key(resource, full_url.clone());
            let same_key = join_key_text.clone().and_then(|key| join_keys.note(key, at));
            index.entries.push(IndexedEntry {
                entry,
                resource,
                full_url: full_url.map(Cow::into_owned),
                identity,
                repeats_identity: same_identity.is_some(),
                shares_full_url: same_version.is_some(),
                join_key,
                join_key_text,
                shares_join_key: same_key.is_some(),
                outgoing,
            });
            // The first of them learns of it too.
            if let Some(first) = same_version {
                index.entries[first].shares_full_url = true;
            }
            if let Some(first) = same_key {
                index.entries[first].shares_join_key = true;
            }
        }
        index
    }

    /// The resources that an entry refers to.
    pub(crate) fn targets(&self, entry: usize) -> impl Iterator<Item = Element<'d>> {
        targets_of(&self.entries[entry].outgoing.links)
            .into_iter()
            .filter_map(|target| self.entries[target].resource)
    }

    /// The entry that a reference of an entry leads to. `holder` is the Reference.
    pub(crate) fn target_of(&self, entry: usize, holder: Element<'_>) -> Option<usize> {
        let span = holder.value()?.span();
        let links = &self.entries[entry].outgoing.links;
        links.iter().find(|link| link.span == span).map(|link| link.target)
    }

    /// What the next version of an administration is held against.
    pub(crate) fn administration(&self, entry: usize) -> Option<AdministrationFacts> {
        let resource = self.entries[entry].resource?;
        if resource.resource_type()? != "MedicationAdministration" {
            return None;
        }
        let status = resource.child_by_name("status").and_then(Element::text);
        let subject = resource.child_by_name("subject");
        let patient = subject.and_then(|subject| self.target_of(entry, subject));
        Some(AdministrationFacts {
            is_annulled: status.as_deref() == Some("entered-in-error"),
            patient: patient.and_then(|patient| self.entries[patient].identity.clone()),
        })
    }
}

/// The first entry with something.
struct FirstOf<K>(HashMap<K, usize>);

impl<K: Eq + Hash> FirstOf<K> {
    fn new(entries: usize) -> Self {
        Self(HashMap::with_capacity(entries))
    }

    /// Notes what an entry has; gives the earlier entry that has the same.
    fn note(&mut self, key: K, entry: usize) -> Option<usize> {
        match self.0.entry(key) {
            Entry::Occupied(first) => Some(*first.get()),
            Entry::Vacant(place) => {
                place.insert(entry);
                None
            }
        }
    }
}

/// The kind of join key, and the key.
fn join_key<'d>(
    resource: Option<Element<'d>>,
    full_url: Option<Cow<'d, str>>,
) -> (JoinKey, Option<Cow<'d, str>>) {
    let is_administration =
        |r: &Element<'_>| r.resource_type().is_some_and(|name| name == "MedicationAdministration");
    let Some(resource) = resource.filter(is_administration) else {
        return (JoinKey::NotNeeded, None);
    };
    match (full_url, resource.child_by_name("id").and_then(Element::text)) {
        (Some(url), _) => (JoinKey::FullUrl, Some(url)),
        (None, Some(id)) => (JoinKey::Id, Some(format!("MedicationAdministration/{id}").into())),
        (None, None) => (JoinKey::Missing, None),
    }
}

fn version_of(resource: Option<Element<'_>>) -> Option<Cow<'_, str>> {
    resource?.child_by_name("meta")?.child_by_name("versionId")?.text()
}
