//! What a caller can decide about a validation.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lmr_fhir::{Document, Severity};

use crate::statistics::Statistics;
use crate::used::Used;

/// How far references to other resources are checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReferenceCheck {
    /// Not at all.
    Ignore,
    /// Local and bundled targets must have an allowed type (the default).
    #[default]
    Type,
    /// Targets must exist too: an unresolvable one is an error.
    ExistsAndType,
    /// Targets must exist and fit one of the target profiles.
    ExistsAndValid,
}

/// What is done with contained resources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContainedPolicy {
    /// Validated like any other resource (the default).
    #[default]
    Validate,
    /// Only against the base definition of their type.
    BaseOnly,
    /// Not looked into.
    Ignore,
}

/// What a broken best-practice rule (dom-6 and the like) gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BestPractice {
    /// Nothing (the default).
    #[default]
    Ignore,
    /// An information.
    Hint,
    /// A warning.
    Warning,
    /// An error.
    Error,
}

/// What HTML tags in markdown give.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HtmlInMarkdown {
    /// Not looked for.
    Ignore,
    /// A warning (the default).
    #[default]
    Warning,
    /// An error.
    Error,
}

/// A validation's settings. [`Options::default`] follows the reference
/// validator's defaults without a network.
#[derive(Clone, Debug)]
pub struct Options {
    /// Profiles the root resource must meet in addition to its `meta.profile`.
    pub profiles: Vec<String>,
    /// Profiles a bundle entry's resource must meet, by entry index.
    pub entry_profiles: HashMap<usize, Vec<String>>,
    /// Profiles every bundle entry's resource of a type must meet, by type name.
    pub type_profiles: HashMap<String, Vec<String>>,
    /// Profiles every resource of a type must meet wherever it is
    /// (`ImplementationGuide.global`).
    pub global_profiles: HashMap<String, Vec<String>>,
    /// Whether `meta.profile` is followed (off: only explicit profiles).
    pub follow_meta_profile: bool,
    /// How far references are checked.
    pub references: ReferenceCheck,
    /// Whether a reference of the shape `[base/]Type/id` may be taken for what
    /// it says without looking it up.
    pub assume_valid_rest_references: bool,
    /// Whether a `urn:uuid:`/`urn:oid:` reference without a target in the
    /// bundle is an error (the reference validator: a warning).
    pub dangling_urn_is_error: bool,
    /// Whether `ElementDefinition.type.aggregation` is checked.
    pub aggregation: bool,
    /// What is done with contained resources.
    pub contained: ContainedPolicy,
    /// Best-practice rules.
    pub best_practice: BestPractice,
    /// Whether example.org and similar addresses are allowed.
    pub example_urls: bool,
    /// Prefixes of extension URLs that may be unknown.
    pub extension_domains: Vec<String>,
    /// Whether any unknown extension is tolerated.
    pub any_extensions: bool,
    /// Severity of a `meta.profile` that is not known.
    pub unknown_profile: Severity,
    /// Whether `//` comments in JSON are allowed.
    pub allow_comments: bool,
    /// Whether strings that look like HTML are errors.
    pub security_checks: bool,
    /// HTML in markdown.
    pub html_in_markdown: HtmlInMarkdown,
    /// Language for displays (BCP-47); displays in other languages are not checked.
    pub language: Option<String>,
    /// Severity of a wrong display.
    pub wrong_display: Severity,
    /// Whether informational issues are made at all.
    pub hints: bool,
    /// Documents that references outside the document lead to, by reference as
    /// written; nothing else is ever fetched.
    pub external: HashMap<String, Arc<Document<'static>>>,
    /// How many steps references are followed into [`Options::external`].
    pub external_depth: usize,
    /// Whether the document's own resource must have an id.
    pub ids_required: bool,
    /// The moment of validation, for `now()` and limits relative to it;
    /// without it such rules are reported as not evaluated.
    pub now: Option<lmr_fhirpath::DateTime>,
    /// Leaves every value of the instance out of issues and resource ids out of
    /// paths: for answers and logs of a receiver.
    pub redact_values: bool,
    /// Leaves the addresses of profiles, extensions and code systems in issues without values, where they have the
    /// form of one: for people who look at their own data.
    pub show_canonicals: bool,
    /// Threads for large bundles; 0 = as many as the machine has cores.
    pub threads: usize,
    /// Issues after which the rest is dropped with a notice; bounds memory on
    /// hostile input.
    pub max_issues: usize,
    /// Issues of one resource against one profile after which only its first error is kept; bounds memory while many
    /// are validated side by side.
    pub max_issues_per_resource: usize,
    /// Set by a caller that no longer waits: what is not validated yet is left out, so the result then says nothing.
    pub stop: Option<Arc<AtomicBool>>,
    /// Where to count what costs time; not measured without it.
    pub statistics: Option<Arc<Statistics>>,
    /// Where to note which of these wishes met something; not noted without it.
    pub used: Option<Arc<Used>>,
}

impl Options {
    /// Sets the moment of validation, a FHIR dateTime: its offset says which day `today()` is. What is not one is none.
    pub fn set_now(&mut self, now: &str) {
        self.now = lmr_fhirpath::DateTime::parse(now);
    }

    /// The document that a reference leads to, of those that the caller gave.
    pub(crate) fn external_document(&self, reference: &str) -> Option<&Arc<Document<'static>>> {
        let document = self.external.get(reference)?;
        if let Some(used) = &self.used {
            used.external(reference);
        }
        Some(document)
    }

    /// Whether extensions of this address may be unknown.
    pub(crate) fn may_be_unknown(&self, url: &str) -> bool {
        let prefix = self.extension_domains.iter().find(|prefix| url.starts_with(prefix.as_str()));
        if let (Some(used), Some(prefix)) = (&self.used, prefix) {
            used.extensions(prefix);
        }
        self.any_extensions || prefix.is_some()
    }

    /// Whether the caller has given up waiting.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed))
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            profiles: Vec::new(),
            entry_profiles: HashMap::new(),
            type_profiles: HashMap::new(),
            global_profiles: HashMap::new(),
            follow_meta_profile: true,
            references: ReferenceCheck::Type,
            assume_valid_rest_references: false,
            dangling_urn_is_error: false,
            aggregation: true,
            contained: ContainedPolicy::Validate,
            best_practice: BestPractice::Ignore,
            example_urls: true,
            extension_domains: Vec::new(),
            any_extensions: false,
            unknown_profile: Severity::Warning,
            allow_comments: false,
            security_checks: false,
            html_in_markdown: HtmlInMarkdown::Warning,
            language: None,
            wrong_display: Severity::Error,
            hints: true,
            external: HashMap::new(),
            external_depth: 4,
            ids_required: false,
            now: None,
            redact_values: false,
            show_canonicals: false,
            threads: 1,
            max_issues: 10_000,
            max_issues_per_resource: usize::MAX,
            stop: None,
            statistics: None,
            used: None,
        }
    }
}
