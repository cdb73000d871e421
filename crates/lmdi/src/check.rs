//! How a rule set judges a bundle: the validator by the profiles, then the register's own rules.

use std::collections::{HashMap, HashSet};

use lmr_fhir::{Bundle, BundleEntry, Document, Element, Limits, Name, ParseOptions};

use crate::codes::{Code, Severity};
use crate::finding::Finding;
use crate::identity::Identity;
use crate::json_fault;
use crate::place::{Scope, spot_at};
use crate::references::{Link, Outgoing, dragged_down, outgoing, targets_of};
use crate::register::{self, syntax};
use crate::ruleset::{CheckOptions, ContentFault, RuleSet, RuleSetId};
use crate::verdict::{EntryVerdict, Verdict};

/// Reads a decrypted content: UTF-8, JSON, within the limits. Doubled members are noted, not refused:
/// they become findings of the entry they stand in.
///
/// # Errors
/// [`ContentFault`] with the place.
pub fn read_content(bytes: &[u8], limits: Limits) -> Result<Document<'_>, ContentFault> {
    Document::parse_bytes(bytes, &ParseOptions::strict().with_limits(limits)).map_err(|error| {
        ContentFault {
            code: json_fault::code_of(&error.kind),
            expression: String::new(),
            line: error.line,
            column: error.column,
        }
    })
}

/// The rule set that a document's `Bundle.type` asks for, unless the sender is bound to one.
///
/// # Errors
/// [`ContentFault`] when it is no FHIR, no Bundle, or of a type no rule set (or not the sender's) judges.
pub fn choose_rule_set(
    document: &Document<'_>,
    pinned: Option<RuleSetId>,
) -> Result<RuleSetId, ContentFault> {
    let root = document.root_element();
    let Some(kind) = root.resource_type() else { return Err(fault(Code::ContentNotFhir, root)) };
    let Some(bundle) = Bundle::of(document) else {
        let is_type = kind.bytes().all(|b| b.is_ascii_alphabetic()) && !kind.is_empty();
        return Err(fault(
            if is_type { Code::ContentNotBundle } else { Code::ContentNotFhir },
            root,
        ));
    };
    let place = root.child(&Name::new("type")).unwrap_or(root);
    let chosen = bundle.kind().as_deref().and_then(RuleSetId::for_bundle_type);
    match (chosen, pinned) {
        (None, _) => Err(fault(Code::BundleTypeWrong, place)),
        (Some(chosen), Some(pinned)) if chosen != pinned => {
            Err(fault(Code::BundleTypeNotAgreed, place))
        }
        (Some(chosen), _) => Ok(chosen),
    }
}

/// Judges a bundle by the rule set its type asks for.
///
/// # Errors
/// [`CheckError`]: the content's fault, or ours.
pub fn check_bundle(
    document: &Document<'_>,
    options: &CheckOptions,
) -> Result<Verdict, CheckError> {
    let id = choose_rule_set(document, options.pinned)?;
    Ok(RuleSet::get(id)?.check_bundle(document, options)?)
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The sender's fault: the content cannot be judged entry by entry.
    #[error(transparent)]
    Content(#[from] ContentFault),
    /// Our fault.
    #[error(transparent)]
    RuleSet(#[from] crate::ruleset::RuleSetError),
}

fn fault(code: Code, element: Element<'_>) -> ContentFault {
    let at = element.start();
    let expression = match code {
        Code::ContentNotFhir => String::new(),
        _ => element.raw_path(),
    };
    ContentFault { code, expression, line: at.line, column: element.end().column }
}

impl RuleSet {
    /// Judges a bundle of this rule set's type, entry by entry.
    ///
    /// # Errors
    /// [`ContentFault`] when it is no bundle of this type, is empty or has too many entries.
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
        let (mut about_bundle, mut about_entries) = self.by_profiles(document, &entries, options);
        about_bundle.retain(|finding| !is_told_per_entry(finding));
        let outgoing = outgoing(bundle);
        let graph: Vec<Vec<usize>> = outgoing.iter().map(|out| targets_of(&out.links)).collect();
        let resources: Vec<Option<Element<'_>>> =
            entries.iter().map(|entry| entry.resource()).collect();
        let mut verdicts: Vec<EntryVerdict> = entries
            .iter()
            .zip(graph)
            .enumerate()
            .map(|(index, (entry, depends_on))| {
                let full_url = entry.full_url().map(std::borrow::Cow::into_owned);
                let resource = entry.resource();
                let patient =
                    depends_on.iter().filter_map(|target| resources[*target]).find(is_patient);
                let findings = about_entries.get_mut(index).map(std::mem::take).unwrap_or_default();
                EntryVerdict {
                    index,
                    kind: resource
                        .and_then(|resource| Some(resource.resource_type()?.into_owned())),
                    identity: resource
                        .and_then(|resource| Identity::of(resource, full_url.as_deref())),
                    depends_on,
                    resource: resource.map(Element::span),
                    findings: match resource {
                        Some(resource) => {
                            let scope = Scope { resource, entry: Some(index) };
                            self.judge_entry(scope, patient, findings, options)
                        }
                        None => findings,
                    },
                    full_url,
                }
            })
            .collect();
        judge_together(&entries, &mut verdicts);
        for (verdict, (out, resource)) in verdicts.iter_mut().zip(outgoing.iter().zip(&resources)) {
            let Some(resource) = *resource else { continue };
            let scope = Scope { resource, entry: Some(verdict.index) };
            judge_outgoing(scope, out, &mut verdict.findings);
        }
        let links: Vec<Vec<Link>> = outgoing.into_iter().map(|out| out.links).collect();
        drop_echoes(&links, &mut verdicts);
        let mut bundle_findings = about_bundle;
        judge_timestamp(root, options, &mut bundle_findings);
        Ok(Verdict { rule_set: self.id(), bundle: bundle_findings, entries: verdicts })
    }

    /// Judges a single resource, or every entry of a bundle of whatever type.
    #[must_use]
    pub fn check_resource(&self, document: &Document<'_>, options: &CheckOptions) -> Vec<Finding> {
        let root = document.root_element();
        let scope = Scope { resource: root, entry: None };
        let is_bundle = root.resource_type().is_some_and(|kind| kind == "Bundle");
        let refused = match self.check_bundle(document, options) {
            Ok(verdict) => {
                let mut findings = verdict.bundle;
                findings.extend(verdict.entries.into_iter().flat_map(|entry| entry.findings));
                return findings;
            }
            Err(fault) => Some(fault).filter(|_| is_bundle),
        };
        let mut findings = refine(scope, self.by_profile(document, options));
        tell_once(&mut findings);
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
        register::judge(scope, None, options, &mut findings);
        findings
    }

    fn judge_entry(
        &self,
        scope: Scope<'_>,
        patient: Option<Element<'_>>,
        findings: Vec<Finding>,
        options: &CheckOptions,
    ) -> Vec<Finding> {
        let resource = scope.resource;
        let kind = resource.resource_type().unwrap_or_default();
        if self.id().profile_of(&kind).is_none() {
            // What else is wrong with it does not matter: the register does not want it.
            return vec![Finding::of(Code::ResourceKindNotAllowed, scope.spot(resource))];
        }
        let mut findings = refine(scope, findings);
        if self.id() == RuleSetId::Lmdi112 && !names_a_profile(resource, self.id()) {
            findings.push(Finding::of(Code::EntryProfileMissing, scope.spot(resource)));
        }
        register::judge(scope, patient, options, &mut findings);
        tell_once(&mut findings);
        findings
    }
}

/// Base definition and profile may find the same fault at the same place: one line is enough.
fn tell_once(findings: &mut Vec<Finding>) {
    if findings.len() < 2 {
        return;
    }
    let mut places: HashMap<(Code, &str), Vec<usize>> = HashMap::with_capacity(findings.len());
    let mut again = vec![false; findings.len()];
    for (index, finding) in findings.iter().enumerate() {
        let told = places.entry((finding.code, finding.full_expression.as_str())).or_default();
        // Texts are made only where code and place agree.
        let text = |at: usize| findings[at].text(crate::codes::Language::Bokmal);
        // A handful of different texts at one place is the most that rules give.
        again[index] = told.iter().take(8).any(|&earlier| text(earlier) == text(index));
        if !again[index] {
            told.push(index);
        }
    }
    let mut again = again.into_iter();
    findings.retain(|_| !again.next().unwrap_or(false));
}

fn is_patient(resource: &Element<'_>) -> bool {
    resource.resource_type().is_some_and(|kind| kind == "Patient")
}

/// Whether `meta.profile` has one of the rule set's profiles, to the letter and without version.
pub(crate) fn names_a_profile(resource: Element<'_>, id: RuleSetId) -> bool {
    let Some(meta) = resource.child(&Name::new("meta")) else { return false };
    meta.children_named(&Name::new("profile"))
        .filter_map(Element::text)
        .any(|profile| id.kinds().iter().any(|(_, known)| *known == profile))
}

/// Bundle-wide invariants that the entries tell better themselves.
fn is_told_per_entry(finding: &Finding) -> bool {
    finding
        .issue()
        .and_then(|issue| issue.id.constraint_key())
        .is_some_and(|key| matches!(key, "lr-allowed-resources" | "bdl-3" | "bdl-7"))
}

/// What only the entries together show: the same `fullUrl`, the same resource twice, no identity.
fn judge_together(entries: &[BundleEntry<'_>], verdicts: &mut [EntryVerdict]) {
    let mut urls: HashMap<(&str, Option<String>), usize> = HashMap::new();
    let version = |entry: &BundleEntry<'_>| {
        let meta = entry.resource()?.child(&Name::new("meta"))?;
        Some(meta.child(&Name::new("versionId"))?.text()?.into_owned())
    };
    let keys: Vec<_> = verdicts
        .iter()
        .map(|verdict| verdict.full_url.clone())
        .zip(entries.iter().map(version))
        .collect();
    for (url, version) in &keys {
        if let Some(url) = url {
            *urls.entry((url, version.clone())).or_default() += 1;
        }
    }
    let mut seen = HashSet::new();
    for (verdict, (entry, (url, version))) in verdicts.iter_mut().zip(entries.iter().zip(&keys)) {
        let index = verdict.index;
        if url.as_ref().is_some_and(|url| urls.get(&(url.as_str(), version.clone())) > Some(&1)) {
            let element = entry.element().child(&Name::new("fullUrl")).unwrap_or(entry.element());
            let place = spot_at(element, format!("Bundle.entry[{index}].fullUrl"));
            verdict.findings.push(Finding::of(Code::FullUrlDuplicate, place));
        }
        let Some(resource) = entry.resource() else { continue };
        let scope = Scope { resource, entry: Some(index) };
        match &verdict.identity {
            None if verdict.kind.is_some() => {
                verdict
                    .findings
                    .push(Finding::of(Code::ResourceWithoutIdentity, scope.spot(resource)));
            }
            Some(identity) if !seen.insert(identity.clone()) => {
                verdict
                    .findings
                    .push(Finding::of(Code::ResourceTwiceInBundle, scope.spot(resource)));
            }
            _ => {}
        }
    }
}

/// References that no entry answers to. An absolute address may mean something to others: told, not checked. A relative
/// one means nothing outside of the system it comes from, so the register could never follow it.
fn judge_outgoing(scope: Scope<'_>, out: &Outgoing<'_>, findings: &mut Vec<Finding>) {
    for holder in &out.outside {
        findings.push(Finding::of(Code::ReferenceNotResolvable, scope.spot(Element::of(*holder))));
    }
    for holder in &out.missing {
        let place = scope.spot(Element::of(*holder));
        // A text that is no reference at all has been told as that.
        let is_told = |finding: &Finding| {
            (3030..3040).contains(&finding.code.number())
                && finding.refuses()
                && finding.full_expression.starts_with(&place.full_expression)
        };
        if !findings.iter().any(is_told) {
            findings.push(Finding::of(Code::ReferenceDangling, place));
        }
    }
}

/// A reference to an entry with faults of its own fits no profile: an echo of those faults. The entry that
/// refers is correct itself and answered with 424, so the echo goes. What fits no profile for another
/// reason stays.
fn drop_echoes(links: &[Vec<Link>], verdicts: &mut [EntryVerdict]) {
    let target_of = |index: usize, finding: &Finding| -> Option<usize> {
        if finding.code != Code::ReferenceProfileMismatch || !finding.refuses() {
            return None;
        }
        let span = &finding.issue()?.span;
        links[index].iter().find(|link| link.span == *span).map(|link| link.target)
    };
    if !verdicts.iter().any(|v| v.findings.iter().any(|f| target_of(v.index, f).is_some())) {
        return;
    }
    let graph: Vec<Vec<usize>> = links.iter().map(|links| targets_of(links)).collect();
    let mut refused: Vec<bool> = verdicts
        .iter()
        .map(|v| v.findings.iter().any(|f| f.refuses() && target_of(v.index, f).is_none()))
        .collect();
    loop {
        let dragged = dragged_down(&graph, &refused);
        let falls = |target: usize| refused[target] || dragged[target].is_some();
        let genuine: Vec<usize> = verdicts
            .iter()
            .filter(|v| {
                let is_genuine =
                    |f: &Finding| target_of(v.index, f).is_some_and(|target| !falls(target));
                !falls(v.index) && v.findings.iter().any(is_genuine)
            })
            .map(|v| v.index)
            .collect();
        if genuine.is_empty() {
            for verdict in verdicts.iter_mut() {
                let index = verdict.index;
                verdict
                    .findings
                    .retain(|f| target_of(index, f).is_none_or(|target| !falls(target)));
            }
            return;
        }
        for index in genuine {
            refused[index] = true;
        }
    }
}

fn judge_timestamp(root: Element<'_>, options: &CheckOptions, findings: &mut Vec<Finding>) {
    let Some(element) = root.child(&Name::new("timestamp")) else { return };
    let latest = options.now.checked_add(options.clock_tolerance).unwrap_or(options.now);
    let moment = element.text().as_deref().and_then(register::dates::Moment::read);
    if moment.is_some_and(|moment| moment.first > latest) {
        findings
            .push(Finding::of(Code::BundleTimestampInFuture, spot_at(element, "Bundle.timestamp")));
    }
}

/// Settles what the validator must leave open without SNOMED CT: the required binding of routes.
/// Where it has the content and decides itself, its word stands.
fn refine(scope: Scope<'_>, mut findings: Vec<Finding>) -> Vec<Finding> {
    let resource = scope.resource;
    if resource.resource_type().is_none_or(|kind| kind != "MedicationAdministration") {
        return findings;
    }
    for (code, element) in route_codes(resource) {
        let place = scope.spot(element);
        let coding = place.expression.trim_end_matches(".code").to_owned();
        let is_here = |finding: &Finding| {
            finding.expression.starts_with(&coding) && (5000..5020).contains(&finding.code.number())
        };
        if findings.iter().any(|finding| is_here(finding) && finding.severity >= Severity::Error) {
            continue;
        }
        let open = findings.iter().any(|finding| is_here(finding) && is_open(finding));
        findings.retain(|finding| !(is_here(finding) && is_open(finding)));
        match syntax::route(&code) {
            syntax::Route::Member => {}
            syntax::Route::NotMember => findings.push(Finding::of(Code::RouteCodeRefused, place)),
            syntax::Route::Unknown if open => {
                findings.push(Finding::of(Code::RouteCodeNotDecided, place))
            }
            syntax::Route::Unknown => {}
        }
    }
    findings
}

fn is_open(finding: &Finding) -> bool {
    matches!(finding.code, Code::ValueSetNotAvailable | Code::CodeSystemNotAvailable)
}

/// The SNOMED codes of `dosage.route.coding`.
fn route_codes(administration: Element<'_>) -> Vec<(String, Element<'_>)> {
    let dosage = administration.child(&Name::new("dosage"));
    let route = dosage.and_then(|dosage| dosage.child(&Name::new("route")));
    let Some(route) = route else { return Vec::new() };
    route
        .children_named(&Name::new("coding"))
        .filter(|coding| {
            let system = coding.child(&Name::new("system")).and_then(Element::text);
            system.as_deref() == Some(syntax::SNOMED)
        })
        .filter_map(|coding| {
            let code = coding.child(&Name::new("code"))?;
            Some((code.text()?.into_owned(), code))
        })
        .collect()
}
