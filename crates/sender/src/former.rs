//! The versions that 0.1 gave to resources: until then hashes were kept whole, now their first 128 bits are, and a
//! version is a hash of hashes. What the register had confirmed by then is known again by this, so that an upgrade
//! sends nothing again that has not changed.

use std::collections::HashMap;

use lmr_fhir::{Element, Node};
use lmr_lmdi::Identity;

use crate::content::content_of;
use crate::identity::{Hash, HashKey, WholeHash};
use crate::index::{base_addresses, is_newer, shortened, updated_at};
use crate::source::{FoundResource, Scope, Source, SourceUnavailable};

/// The versions of 0.1, by identity.
pub(crate) type FormerVersions = HashMap<Hash, Hash>;

/// A resource as 0.1 knew it.
struct Former {
    identity: WholeHash,
    content: WholeHash,
    updated: i64,
    references: Vec<Vec<WholeHash>>,
}

struct Reader<'r> {
    key: &'r HashKey,
    own_addresses: Vec<String>,
    resources: Vec<Former>,
    positions: HashMap<WholeHash, usize>,
    names: HashMap<WholeHash, usize>,
}

/// Reads the source as 0.1 did.
pub(crate) fn versions(
    source: &dyn Source,
    own_addresses: &[String],
    key: &HashKey,
) -> Result<FormerVersions, SourceUnavailable> {
    let mut reader = Reader {
        key,
        own_addresses: base_addresses(own_addresses),
        resources: Vec::new(),
        positions: HashMap::new(),
        names: HashMap::new(),
    };
    source.scan(Scope::All, &mut |found| {
        reader.take(&found);
        Ok(())
    })?;
    let versions = reader.resources.iter().map(|resource| {
        (Hash::first_of(&resource.identity), Hash::first_of(&reader.version(resource)))
    });
    Ok(versions.collect())
}

impl Reader<'_> {
    fn take(&mut self, found: &FoundResource<'_>) {
        let FoundResource { node, resource_type, full_url, bundle, .. } = *found;
        // The index reports what has no identity.
        let Some(known) = Identity::of(Element::of(node), full_url) else { return };
        let key = self.key;
        let content = content_of(node);
        let resource = Former {
            identity: key.whole_hash("identity", &[resource_type.as_bytes(), known.key.as_bytes()]),
            content: key.whole_hash("content", &[&content.bytes]),
            updated: updated_at(node),
            references: content
                .references
                .iter()
                .map(|reference| self.lookups(*reference, bundle))
                .collect(),
        };
        let mut names = Vec::new();
        if let Some(id) = node.member("id").and_then(Node::as_str) {
            names.push(key.whole_hash("name", &[format!("{resource_type}/{id}").as_bytes()]));
        }
        if let Some(url) = full_url {
            names.push(key.whole_hash("name", &[&bundle.to_be_bytes(), url.as_bytes()]));
            names.push(key.whole_hash("name", &[shortened(&self.own_addresses, url).as_bytes()]));
        }
        let at = match self.positions.get(&resource.identity) {
            Some(&at) => {
                let kept = &mut self.resources[at];
                if kept.content != resource.content && is_newer(kept.updated, resource.updated) {
                    *kept = resource;
                }
                at
            }
            None => {
                self.positions.insert(resource.identity, self.resources.len());
                self.resources.push(resource);
                self.resources.len() - 1
            }
        };
        self.names.extend(names.into_iter().map(|name| (name, at)));
    }

    fn lookups(&self, reference: Node<'_>, bundle: u64) -> Vec<WholeHash> {
        let target = reference.as_str().unwrap_or_default();
        let mut lookups = Vec::with_capacity(2);
        if bundle != 0 {
            lookups.push(self.key.whole_hash("name", &[&bundle.to_be_bytes(), target.as_bytes()]));
        }
        let short = shortened(&self.own_addresses, &target);
        lookups.push(self.key.whole_hash("name", &[short.as_bytes()]));
        lookups
    }

    fn version(&self, resource: &Former) -> WholeHash {
        let mut parts = vec![resource.content];
        for lookups in &resource.references {
            let target = lookups.iter().find_map(|name| self.names.get(name));
            parts.push(match (target, lookups.last()) {
                (Some(at), _) => self.resources[*at].identity,
                // Not in the source: then the spelling is all there is.
                (None, Some(spelling)) => *spelling,
                (None, None) => [0; 32],
            });
        }
        self.key.whole_hash("version", &[parts.as_flattened()])
    }
}
