//! How a rule set checks a bundle: the validator by the profiles, then the register's own rules.

use lmr_fhir::{Bundle, BundleEntry, Document, Element, Limits, ParseOptions};

use crate::bundle_index::BundleIndex;
use crate::codes::Code;
use crate::echoes::drop_echoes;
use crate::finding::{ContentFault, ElementLocation, Finding};
use crate::guide::RuleSetId;
use crate::json_fault;
use crate::links;
use crate::location::Scope;
use crate::options::CheckOptions;
use crate::references::targets_of;
use crate::rule_set::{RuleSet, RuleSetError};
use crate::rules::{self, BundleContext, Context, EntryContext};
use crate::verdict::{EntryVerdict, Verdict};

/// Reads a decrypted content: UTF-8, JSON, within the limits. Duplicate members are noted, not refused:
/// they become findings of the entry they are in.
///
/// # Errors
/// [`ContentFault`] with the location.
pub fn read_content(bytes: &[u8], limits: Limits) -> Result<Document<'_>, ContentFault> {
    Document::parse_bytes(bytes, &ParseOptions::strict().with_limits(limits)).map_err(|error| {
        ContentFault {
            code: json_fault::code_of(&error.kind),
            expression: String::new(),
            line: error.line,
            column: error.column,
            span: None,
        }
    })
}

/// The rule set that a document's `Bundle.type` asks for: the newest, unless the sender is pinned to one.
///
/// # Errors
/// [`ContentFault`] when it is not FHIR, not a Bundle, or of a type no rule set (or not the sender's) is for.
pub fn choose_rule_set(
    document: &Document<'_>,
    pinned: Option<RuleSetId>,
) -> Result<RuleSetId, ContentFault> {
    let root = document.root_element();
    let Some(name) = root.resource_type() else { return Err(fault(Code::ContentNotFhir, root)) };
    let Some(bundle) = Bundle::of(document) else {
        let is_type = name.bytes().all(|b| b.is_ascii_alphabetic()) && !name.is_empty();
        return Err(fault(
            if is_type { Code::ContentNotBundle } else { Code::ContentNotFhir },
            root,
        ));
    };
    let element = root.child_by_name("type").unwrap_or(root);
    let newest = bundle.kind().as_deref().and_then(RuleSetId::for_bundle_type);
    match (newest, pinned) {
        (None, _) => Err(fault(Code::BundleTypeWrong, element)),
        (Some(newest), Some(pinned)) if newest.bundle_type() != pinned.bundle_type() => {
            Err(fault(Code::BundleTypeNotAgreed, element))
        }
        (Some(newest), pinned) => Ok(pinned.unwrap_or(newest)),
    }
}

/// Checks a bundle by the rule set its type asks for.
///
/// # Errors
/// [`CheckError`]: the content's fault, or ours.
pub fn check_bundle(
    document: &Document<'_>,
    options: &CheckOptions,
) -> Result<Verdict, CheckError> {
    let id = choose_rule_set(document, options.pinned)?;
    Ok(options.rule_sets.get(id)?.check_bundle(document, options)?)
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The sender's fault: the content cannot be checked entry by entry.
    #[error(transparent)]
    Content(#[from] ContentFault),
    /// Our fault.
    #[error(transparent)]
    RuleSet(#[from] RuleSetError),
}

fn fault(code: Code, element: Element<'_>) -> ContentFault {
    let at = element.start();
    let expression = match code {
        Code::ContentNotFhir => String::new(),
        _ => element.raw_path(),
    };
    let (line, column, span) = (at.line, element.end().column, Some(element.span()));
    ContentFault { code, expression, line, column, span }
}

impl RuleSet {
    /// Checks a bundle of this rule set's type, entry by entry.
    ///
    /// # Errors
    /// [`ContentFault`] when it is not a bundle of this type, is empty or has too many entries.
    pub fn check_bundle(
        &self,
        document: &Document<'_>,
        options: &CheckOptions,
    ) -> Result<Verdict, ContentFault> {
        let root = document.root_element();
        choose_rule_set(document, Some(self.id()))?;
        let Some(bundle) = Bundle::of(document) else {
            return Err(fault(Code::ContentNotBundle, root));
        };
        let entries: Vec<BundleEntry<'_>> = bundle.entries().collect();
        if entries.is_empty() {
            return Err(fault(Code::BundleEmpty, root));
        }
        if entries.len() > options.max_entries {
            return Err(fault(Code::BundleTooManyEntries, root));
        }
        let (mut about_bundle, about_entries) = self.by_profiles(document, &entries, options);
        about_bundle.retain(|finding| !is_reported_per_entry(finding));
        for finding in &mut about_bundle {
            // Each entry keeps its first fault, so what was left out refuses nothing that is not refused already.
            if finding.code == Code::StepBudgetExhausted && finding.is_about_number_of_findings() {
                *finding = Finding::of(Code::FindingsLeftOut, ElementLocation::default());
            }
        }
        let index = BundleIndex::of(bundle, entries);
        let mut verdicts: Vec<EntryVerdict> = about_entries
            .into_iter()
            .chain(std::iter::repeat_with(Vec::new))
            .take(index.entries.len())
            .enumerate()
            .map(|(at, findings)| self.check_entry(&index, at, findings, options))
            .collect();
        drop_echoes(&index, &mut verdicts);
        rules::check_bundle(&BundleContext { root, index: &index, options }, &mut about_bundle);
        let links = links::count(&index);
        Ok(Verdict { rule_set: self.id(), bundle: about_bundle, entries: verdicts, links })
    }

    /// One entry: what the validator found, then the register's rules.
    fn check_entry<'a>(
        &self,
        bundle: &'a BundleIndex<'a>,
        index: usize,
        mut findings: Vec<Finding>,
        options: &'a CheckOptions,
    ) -> EntryVerdict {
        let entry = &bundle.entries[index];
        if let Some(resource) = entry.resource {
            let is_patient =
                |r: &Element<'_>| r.resource_type().is_some_and(|name| name == "Patient");
            let resource_type = resource.resource_type();
            let context = Context {
                rule_set: self.id(),
                scope: Scope { resource, entry: Some(index) },
                resource_type: resource_type.as_deref(),
                patient: bundle.targets(index).find(is_patient),
                entry: Some(EntryContext { index, bundle }),
                options,
            };
            match rules::check_resource_type(&context) {
                Some(finding) => findings = vec![finding],
                None => rules::check_resource(&context, &mut findings),
            }
        }
        let resource_type = entry.resource.and_then(|r| Some(r.resource_type()?.into_owned()));
        EntryVerdict {
            index,
            full_url: entry.full_url.clone(),
            resource_type,
            identity: entry.identity.clone(),
            depends_on: targets_of(&entry.outgoing.links),
            resource: entry.resource.map(Element::span),
            administration: bundle.administration(index),
            findings,
        }
    }

    /// Checks a single resource, or every entry of a bundle of whatever type.
    #[must_use]
    pub fn check_resource(&self, document: &Document<'_>, options: &CheckOptions) -> Vec<Finding> {
        let root = document.root_element();
        let is_bundle = root.resource_type().is_some_and(|name| name == "Bundle");
        let refused = match self.check_bundle(document, options) {
            Ok(verdict) => {
                let mut findings = verdict.bundle;
                findings.extend(verdict.entries.into_iter().flat_map(|entry| entry.findings));
                return findings;
            }
            Err(fault) => Some(fault).filter(|_| is_bundle),
        };
        let mut findings = self.by_profile(document, options);
        let name = root.resource_type();
        let context = Context {
            rule_set: self.id(),
            scope: Scope { resource: root, entry: None },
            resource_type: name.as_deref(),
            patient: None,
            entry: None,
            options,
        };
        rules::check_resource(&context, &mut findings);
        // In a bundle nothing else would be said of it; alone, the rest is what it was checked for too.
        if !is_bundle
            && self.definitions().is_resource_type(name.as_deref().unwrap_or_default())
            && let Some(finding) = rules::check_resource_type(&context)
        {
            findings.insert(0, finding);
        }
        // What refuses a bundle as a whole, unless the profile has said the same: nobody is bound to
        // anything here, so the other rule set's type is just the wrong one.
        let says_the_same = |finding: &Finding, fault: &ContentFault| match fault.code {
            Code::BundleTypeNotAgreed => finding.code == Code::BundleTypeWrong,
            code => finding.code == code,
        };
        if let Some(fault) =
            refused.filter(|fault| !findings.iter().any(|f| says_the_same(f, fault)))
        {
            findings.insert(0, Finding::from_fault(&fault));
        }
        findings
    }
}

/// Invariants of the bundle that the entries report better themselves.
fn is_reported_per_entry(finding: &Finding) -> bool {
    finding
        .issue()
        .and_then(|issue| issue.constraint_key())
        .is_some_and(|key| matches!(key, "lr-allowed-resources" | "bdl-3" | "bdl-7"))
}
