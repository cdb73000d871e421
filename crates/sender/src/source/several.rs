//! Several sources side by side, as one.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::{
    DoubtfulNumbers, FoundResource, PartLocation, PassedOver, Place, Scanned, Scope, Source,
    SourceIssue, SourceIssueKind, SourceLocation, SourcePart, SourceUnavailable,
};

/// Sources that are read one after the other. A resource of one may refer to one of another.
///
/// If one of them cannot be read, none is used: what refers to what is missing would be held for nothing.
pub struct Sources(Vec<(String, Box<dyn Source>)>);

impl Sources {
    /// Takes the sources with the names that lists show before the places in them.
    #[must_use]
    pub fn new(sources: Vec<(String, Box<dyn Source>)>) -> Self {
        Self(sources)
    }
}

impl Source for Sources {
    fn name(&self) -> String {
        self.0.iter().map(|(_, source)| source.name()).collect::<Vec<_>>().join(", ")
    }

    fn question(&self) -> String {
        let all = self.0.iter().map(|(name, source)| format!("{name:?} {:?}", source.question()));
        all.collect::<Vec<_>>().join(", ")
    }

    fn scan(
        &self,
        scope: Scope<'_>,
        visit: &mut dyn FnMut(FoundResource<'_>) -> Result<(), SourceIssueKind>,
    ) -> Result<Scanned, SourceUnavailable> {
        let mut all = Scanned::default();
        let mut bundles = 0;
        for (number, (name, source)) in self.0.iter().enumerate() {
            let own = match scope {
                Scope::All => None,
                Scope::Parts(labels) => Some(below(name, labels)),
            };
            let scope = match &own {
                None => Scope::All,
                Some(labels) if labels.is_empty() => continue,
                Some(labels) => Scope::Parts(labels),
            };
            // Consecutive resources share a part, so the last one is all that is kept of them.
            let mut last: Option<(Arc<SourcePart>, Arc<SourcePart>)> = None;
            let mut highest = 0;
            let scanned = source.scan(scope, &mut |mut found| {
                let inner = &found.location.part;
                let part = match &last {
                    Some((known, part)) if Arc::ptr_eq(known, inner) => Arc::clone(part),
                    _ => {
                        let part = Arc::new(SourcePart {
                            label: format!("{name}: {}", inner.label).into(),
                            place: PartLocation::Of { source: number, part: Arc::clone(inner) },
                        });
                        last = Some((Arc::clone(inner), Arc::clone(&part)));
                        part
                    }
                };
                found.location.part = part;
                if found.bundle > 0 {
                    highest = highest.max(found.bundle);
                    found.bundle += bundles;
                }
                visit(found)
            })?;
            bundles += highest;
            let named = |place: String| format!("{name}: {place}");
            all.files += scanned.files;
            all.resources += scanned.resources;
            all.empty.extend(scanned.empty);
            all.issues.extend(
                scanned
                    .issues
                    .into_iter()
                    .map(|issue| SourceIssue { file: named(issue.file), ..issue }),
            );
            all.passed_over.extend(
                scanned
                    .passed_over
                    .into_iter()
                    .map(|over| PassedOver { example: named(over.example), ..over }),
            );
            all.doubtful_numbers.extend(
                scanned
                    .doubtful_numbers
                    .into_iter()
                    .map(|of| DoubtfulNumbers { example: named(of.example), ..of }),
            );
            all.places.extend(
                scanned
                    .places
                    .into_iter()
                    .map(|place| Place { below: place.below.map(named), ..place }),
            );
            if !scanned.empty_in_full.is_empty() {
                all.empty_in_full.push(name.clone());
            }
            if scanned.resources == 0 && own.is_none() {
                all.empty.push(name.clone());
            }
        }
        Ok(all)
    }

    fn read(&self, location: &SourceLocation) -> Result<String, SourceIssueKind> {
        let PartLocation::Of { source, part } = &location.part.place else {
            return Err(SourceIssueKind::ChangedMeanwhile);
        };
        let (_, source) = self.0.get(*source).ok_or(SourceIssueKind::ChangedMeanwhile)?;
        source.read(&SourceLocation { part: Arc::clone(part), ..location.clone() })
    }

    fn begin(&self, since: Option<Timestamp>) {
        for (_, source) in &self.0 {
            source.begin(since);
        }
    }

    fn archives(&self) -> bool {
        self.0.iter().any(|(_, source)| source.archives())
    }

    fn id_space<'s>(&'s self, label: &str) -> Option<&'s str> {
        // Of two names that one label begins with, the longer one is its source's.
        let named = self.0.iter().filter_map(|(name, source)| {
            own_label(name, label).map(|own| (name.as_str(), source, own))
        });
        let (name, source, own) = named.max_by_key(|(name, ..)| name.len())?;
        // A server's is its own under every name.
        source.id_space(own).map(|space| if space.is_empty() { name } else { space })
    }

    fn archives_part(&self, label: &str) -> bool {
        self.0.iter().any(|(name, source)| {
            own_label(name, label).is_some_and(|own| source.archives_part(own))
        })
    }

    fn archive(&self, finished: &BTreeSet<String>) -> Vec<SourceIssue> {
        let mut issues = Vec::new();
        for (name, source) in self.0.iter().filter(|(_, source)| source.archives()) {
            let own = source.archive(&below(name, finished));
            issues.extend(
                own.into_iter()
                    .map(|issue| SourceIssue { file: format!("{name}: {}", issue.file), ..issue }),
            );
        }
        issues
    }
}

/// What a source itself calls a part of its own.
fn own_label<'l>(name: &str, label: &'l str) -> Option<&'l str> {
    label.strip_prefix(name)?.strip_prefix(": ")
}

/// The labels of one source's own, without its name.
fn below(name: &str, labels: &BTreeSet<String>) -> BTreeSet<String> {
    labels.iter().filter_map(|label| own_label(name, label)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source with stable ids, or without.
    struct Ids(bool);

    impl Source for Ids {
        fn name(&self) -> String {
            "ids".to_owned()
        }

        fn scan(
            &self,
            _: Scope<'_>,
            _: &mut dyn FnMut(FoundResource<'_>) -> Result<(), SourceIssueKind>,
        ) -> Result<Scanned, SourceUnavailable> {
            Ok(Scanned::default())
        }

        fn id_space<'s>(&'s self, _: &str) -> Option<&'s str> {
            self.0.then_some("")
        }
    }

    #[test]
    fn each_source_has_ids_of_its_own() {
        let sources = [("a", true), ("a: b", true), ("files", false)];
        let sources = sources
            .map(|(name, stable)| (name.to_owned(), Box::new(Ids(stable)) as Box<dyn Source>));
        let sources = Sources::new(sources.into());
        for (label, space) in [
            ("a: Patient", Some("a")),
            ("a: b: Patient", Some("a: b")),
            ("files: patients.ndjson", None),
            ("of a source that is no longer there: Patient", None),
        ] {
            assert_eq!(sources.id_space(label), space, "{label}");
        }
    }
}
