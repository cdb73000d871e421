//! The entries of a bundle, indexed for the rules that hold them beside each other.

use std::collections::HashMap;

use lmr_fhir::{Bundle, BundleEntry, Element};

use crate::history::AdministrationFacts;
use crate::identity::Identity;
use crate::references::{Outgoing, outgoing, targets_of};
use crate::rules::identity_number_elsewhere::NumberPlaces;

/// A bundle's entries with what is looked up again and again.
pub(crate) struct BundleIndex<'d> {
    /// In order.
    pub(crate) entries: Vec<IndexedEntry<'d>>,
    /// How often a `fullUrl` with a `meta.versionId` occurs.
    full_urls: HashMap<(String, Option<String>), usize>,
    /// The first entry of an identity.
    first_of: HashMap<Identity, usize>,
    /// How often a join key occurs.
    join_keys: HashMap<String, usize>,
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
            join_keys: HashMap::new(),
            number_places: bundle
                .element()
                .value()
                .map_or(NumberPlaces::Anywhere, NumberPlaces::of),
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
            if let (_, Some(key)) = join_key(resource, full_url.as_deref()) {
                *index.join_keys.entry(key).or_default() += 1;
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

    /// The entry that a reference of an entry leads to. `holder` is the Reference.
    pub(crate) fn target_of(&self, entry: usize, holder: Element<'_>) -> Option<usize> {
        let span = holder.value()?.span();
        let links = &self.entries[entry].outgoing.links;
        links.iter().find(|link| link.span == span).map(|link| link.target)
    }

    /// What the register joins an entry by.
    pub(crate) fn join_key(&self, entry: usize) -> JoinKey {
        let IndexedEntry { full_url, resource, .. } = &self.entries[entry];
        join_key(*resource, full_url.as_deref()).0
    }

    /// The key that the register joins an administration by.
    pub(crate) fn join_key_text(&self, entry: usize) -> Option<String> {
        let IndexedEntry { full_url, resource, .. } = &self.entries[entry];
        join_key(*resource, full_url.as_deref()).1
    }

    /// Whether another administration has the same join key.
    pub(crate) fn shares_join_key(&self, entry: usize) -> bool {
        let IndexedEntry { full_url, resource, .. } = &self.entries[entry];
        let key = join_key(*resource, full_url.as_deref()).1;
        key.is_some_and(|key| self.join_keys.get(&key) > Some(&1))
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

    /// Whether an earlier entry has the same identity.
    pub(crate) fn repeats_identity(&self, entry: usize) -> bool {
        let identity = self.entries[entry].identity.as_ref();
        identity.is_some_and(|identity| self.first_of.get(identity) != Some(&entry))
    }
}

/// The kind of join key, and the key.
fn join_key(resource: Option<Element<'_>>, full_url: Option<&str>) -> (JoinKey, Option<String>) {
    let is_administration =
        |r: &Element<'_>| r.resource_type().is_some_and(|name| name == "MedicationAdministration");
    let Some(resource) = resource.filter(is_administration) else {
        return (JoinKey::NotNeeded, None);
    };
    match (full_url, resource.child_by_name("id").and_then(Element::text)) {
        (Some(url), _) => (JoinKey::FullUrl, Some(url.to_owned())),
        (None, Some(id)) => (JoinKey::Id, Some(format!("MedicationAdministration/{id}"))),
        (None, None) => (JoinKey::Missing, None),
    }
}

fn version_of(resource: Option<Element<'_>>) -> Option<String> {
    let meta = resource?.child_by_name("meta")?;
    Some(meta.child_by_name("versionId")?.text()?.into_owned())
}
