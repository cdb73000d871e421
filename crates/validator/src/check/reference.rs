//! References: shape, target type, target profile, aggregation.
//! Rule: <https://hl7.org/fhir/R4/references.html>; the order of checks is the
//! reference validator's.

pub(crate) mod messages;

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use lmr_fhir::{Element, Kind, Name, Node, Severity};
use smallvec::SmallVec;

use crate::check::links::{Fault, type_and_id};
use crate::check::primitive;
use crate::check::value::is_example;
use crate::compile::{Targets, TypeRule};
use crate::definitions::Aggregation;
use crate::messages::Message;
use crate::messages::field::{Defined, Text, Value};
use crate::messages::issue_code::IssueCode;
use crate::options::ReferenceCheck;
use crate::validate::job::Edge;
use crate::validate::walk::{Def, Walker, name};

static REFERENCE: LazyLock<Name> = LazyLock::new(|| name("reference"));
static IDENTIFIER: LazyLock<Name> = LazyLock::new(|| name("identifier"));
static DISPLAY: LazyLock<Name> = LazyLock::new(|| name("display"));
static SYSTEM: LazyLock<Name> = LazyLock::new(|| name("system"));
static VALUE: LazyLock<Name> = LazyLock::new(|| name("value"));
static TYPE: LazyLock<Name> = LazyLock::new(|| name("type"));

const BASE: &str = "http://hl7.org/fhir/StructureDefinition/";

/// How many entries are named that nearly fit a reference.
const MAX_NEAR: usize = 20;

/// Where a reference leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Where {
    Contained,
    Bundled,
    Remote,
}

impl<'a> Walker<'a> {
    /// Judges a Reference.
    pub(crate) fn reference(&mut self, item: Element<'a>, def: Def<'a>, ty: &'a TypeRule) {
        let at = item.node();
        let Some(text) = item.child(&REFERENCE).and_then(Element::text).filter(|t| !t.is_empty())
        else {
            let has_text = |of: Element<'a>, name: &Name| {
                of.child(name).and_then(Element::text).is_some_and(|t| !t.is_empty())
            };
            let identified = item
                .child(&IDENTIFIER)
                .is_some_and(|i| has_text(i, &SYSTEM) || has_text(i, &VALUE));
            if !identified && !has_text(item, &DISPLAY) {
                self.issue(Message::RefNoDisplay, at, def.profile);
            }
            return;
        };
        if self.options.references == ReferenceCheck::Ignore {
            return;
        }
        if self.options.assume_valid_rest_references && self.suspicious(&text) {
            self.issue(
                Message::RefSuspicious { reference: text.to_string().into() },
                at,
                def.profile,
            );
        }
        let (found, place) = self.locate(item, &text, def, true);
        if place == Where::Contained && found.is_none() {
            self.issue(
                Message::RefCantResolve { reference: text.to_string().into() },
                at,
                def.profile,
            );
            self.aggregation(at, def, ty, &text, Where::Remote);
            return;
        }
        let exists = matches!(
            self.options.references,
            ReferenceCheck::ExistsAndType | ReferenceCheck::ExistsAndValid
        );
        let external = if found.is_none() { self.external_type(&text) } else { None };
        if found.is_none()
            && exists
            && external.is_none()
            && !text.contains('?')
            && !self.options.assume_valid_rest_references
            && !(self.options.example_urls && is_example(&text))
        {
            self.issue(
                Message::RefCantResolve { reference: text.to_string().into() },
                at,
                def.profile,
            );
        }
        let target_type: Option<Cow<'_, str>> =
            found.and_then(Element::resource_type).or_else(|| external.map(Cow::Owned));
        self.target_type(item, def, ty, &text, target_type.as_deref());
        self.aggregation(at, def, ty, &text, place);
        if let Some(target) = found {
            self.target_profiles(item, def, ty, target, place);
        } else {
            self.remote_profiles(item, def, ty, &text);
        }
    }

    /// The target profiles of a reference's type, looked up once.
    fn targets(&self, ty: &'a TypeRule) -> &'a Targets {
        ty.targets.get_or_init(|| {
            let mut out = Targets::default();
            let mut any = ty.of.target_profiles.is_empty();
            for canonical in &ty.of.target_profiles {
                match self.validator.profile(canonical) {
                    Ok(Some(id)) => {
                        let Some(profile) = self.validator.get(id) else { continue };
                        let of = &profile.definition.type_name;
                        any |= matches!(&**of, "Resource" | "DomainResource");
                        if !out.types.contains(of) {
                            out.types.push(Arc::clone(of));
                        }
                        out.profiles.push((Arc::clone(of), id, profile.definition.is_profile()));
                    }
                    Ok(None) => out.faults.push((Arc::clone(canonical), None)),
                    Err(reason) => out.faults.push((Arc::clone(canonical), Some(reason))),
                }
            }
            out.any = any;
            out
        })
    }

    fn target_type(
        &mut self,
        item: Element<'a>,
        def: Def<'a>,
        ty: &'a TypeRule,
        text: &str,
        found: Option<&str>,
    ) {
        let at = item.node();
        let targets = self.targets(ty);
        let told = match found {
            Some(found) => Some(Cow::Borrowed(found)),
            None => type_and_id(text.split("/_history/").next().unwrap_or(text))
                .map(|(told, _)| told)
                .filter(|told| self.validator.definitions().is_resource_type(told))
                .map(Cow::Owned),
        };
        self.stated_type(item, def, targets, told.as_deref());
        for (canonical, reason) in &targets.faults {
            let url = Defined::from(canonical);
            match reason {
                None => {
                    let issue = self.issue(
                        Message::RefCantResolveProfile { profile: url },
                        at,
                        def.profile,
                    );
                    // The reference asks for the profile only when there is something to judge by it.
                    if found.is_none() {
                        issue.severity = Severity::Information;
                    }
                }
                Some(reason) => {
                    self.issue(
                        Message::ProfileNoSnapshot {
                            profile: url,
                            reason: reason.to_string().into(),
                        },
                        at,
                        def.profile,
                    );
                }
            };
        }
        let allowed = &targets.types;
        let Some(told) = told.filter(|t| !targets.any && !allowed.iter().any(|a| **a == **t))
        else {
            return;
        };
        if found.is_some() {
            let unknown = targets.faults.iter().map(|(canonical, _)| canonical);
            let wanted: Vec<&str> = allowed.iter().chain(unknown).map(|w| &**w).collect();
            self.issue(
                Message::RefBadTargetType {
                    found: told.into_owned().into(),
                    allowed: Text::defined(wanted.join(", ")),
                },
                at,
                def.profile,
            );
        } else if targets.faults.is_empty() {
            let assumed = self.options.assume_valid_rest_references;
            let issue = self.issue(
                Message::RefBadTargetType2 {
                    found: told.into_owned().into(),
                    reference: text.to_owned().into(),
                    allowed: allowed.join(", ").into(),
                },
                at,
                def.profile,
            );
            // What an address says is taken for true by option only.
            if !assumed {
                issue.severity = Severity::Information;
            }
        }
    }

    /// `Reference.type`: one that is allowed, and the target's.
    fn stated_type(
        &mut self,
        item: Element<'a>,
        def: Def<'a>,
        targets: &Targets,
        told: Option<&str>,
    ) {
        let Some(stated) = item.child(&TYPE).and_then(Element::text) else { return };
        let stated = stated.strip_prefix(BASE).unwrap_or(&stated);
        let at = item.node();
        if !targets.any && !targets.types.iter().any(|t| **t == *stated) {
            for (canonical, _) in &targets.faults {
                let url = Defined::from(canonical);
                self.issue(Message::RefCantResolveProfile { profile: url }, at, def.profile).code =
                    IssueCode::NotFound;
            }
            self.issue(
                Message::RefWrongTarget {
                    stated: stated.to_owned().into(),
                    allowed: targets.types.join(", ").into(),
                },
                at,
                def.profile,
            );
        }
        if let Some(told) = told.filter(|told| *told != stated) {
            self.issue(
                Message::RefBadTargetType {
                    found: told.to_owned().into(),
                    allowed: Text::given(stated),
                },
                at,
                def.profile,
            );
        }
    }

    fn aggregation(
        &mut self,
        at: Node<'a>,
        def: Def<'a>,
        ty: &'a TypeRule,
        text: &str,
        place: Where,
    ) {
        let modes = &ty.of.aggregation;
        if modes.is_empty() || !self.options.aggregation {
            return;
        }
        let is = match place {
            Where::Contained => Aggregation::Contained,
            Where::Bundled => Aggregation::Bundled,
            Where::Remote => Aggregation::Referenced,
        };
        if modes.contains(&is)
            || (is == Aggregation::Bundled && modes.contains(&Aggregation::Referenced))
        {
            return;
        }
        if place == Where::Remote && !modes.contains(&Aggregation::Referenced) {
            self.issue(
                Message::RefNotFoundBundle { reference: text.to_owned().into() },
                at,
                def.profile,
            );
            return;
        }
        let word = |a: &Aggregation| match a {
            Aggregation::Contained => "contained",
            Aggregation::Referenced => "referenced",
            Aggregation::Bundled => "bundled",
        };
        let allowed: Vec<&str> = modes.iter().map(word).collect();
        self.issue(
            Message::RefAggregation {
                found: word(&is).to_owned().into(),
                allowed: allowed.join(", ").into(),
            },
            at,
            def.profile,
        );
    }

    fn target_profiles(
        &mut self,
        item: Element<'a>,
        def: Def<'a>,
        ty: &'a TypeRule,
        target: Element<'a>,
        place: Where,
    ) {
        let mut profiles = SmallVec::new();
        let found = target.resource_type();
        for (of, id, more) in &self.targets(ty).profiles {
            if found.as_deref() == Some(&**of) || matches!(&**of, "Resource" | "DomainResource") {
                // A base definition is met by whatever is of its type: its own faults are told there.
                if !more {
                    return;
                }
                profiles.push(*id);
            }
        }
        if profiles.is_empty() {
            return;
        }
        let around = if place == Where::Contained { self.around } else { target };
        self.edge(Edge { at: item, target, around, profiles, by: def.profile });
    }

    /// Finds the target inside the document; with `tell`, reports what is odd
    /// about a reference in a bundle.
    fn locate(
        &mut self,
        item: Element<'a>,
        text: &str,
        def: Def<'a>,
        tell: bool,
    ) -> (Option<Element<'a>>, Where) {
        if let Some(id) = text.strip_prefix('#') {
            return (self.contained(id), Where::Contained);
        }
        let at = item.node();
        let Some(links) = &self.shared.links else {
            let found = self.shared.parameter(text);
            return (found, if found.is_some() { Where::Bundled } else { Where::Remote });
        };
        let Some(source) = links.entry_of(at) else {
            // A reference of the bundle itself (signature).
            let first =
                links.with_url(text).first().and_then(|i| links.entries[*i as usize].resource);
            return (first, if first.is_some() { Where::Bundled } else { Where::Remote });
        };
        // The plain case: an address that one entry has.
        if let [one] = links.with_url(text)
            && primitive::is_absolute(text)
        {
            return (links.entries[*one as usize].resource, Where::Bundled);
        }
        let from = links.entries[source].full_url.as_deref();
        let sought = links.seek(text, from);
        let resource = sought
            .matches
            .first()
            .and_then(|i| links.entries.get(*i as usize))
            .and_then(|e| e.resource);
        if !tell {
            return (resource, if resource.is_some() { Where::Bundled } else { Where::Remote });
        }
        let value = || Value::from(text);
        let transaction = matches!(&*links.kind, "transaction" | "batch");
        match sought.fault {
            Some(Fault::NoFullUrl) => {
                let answer = matches!(&*links.kind, "batch-response" | "transaction-response");
                let conditional = transaction && text.contains('?');
                if !answer && !conditional {
                    self.issue(
                        Message::BundleFullUrlMissing { reference: value() },
                        at,
                        def.profile,
                    );
                }
                return (None, Where::Remote);
            }
            Some(Fault::Shape) => {
                if transaction && text.contains('?') {
                    return (None, Where::Remote);
                }
                let message = if transaction {
                    Message::RefFormat1 { reference: value() }
                } else {
                    Message::RefFormat2 { reference: value() }
                };
                self.issue(message, at, def.profile);
                return (None, Where::Remote);
            }
            None => {}
        }
        if sought.matches.len() > 1 {
            self.issue(Message::BundleMultipleMatches { reference: value() }, at, def.profile);
        }
        let Some(resource) = resource else {
            self.near_misses(at, text, &sought, def);
            return (None, Where::Remote);
        };
        if let Some((told, _)) = &sought.type_and_id
            && !primitive::is_absolute(text)
            && let Some(found) = resource.resource_type()
            && found != *told
        {
            self.issue(
                Message::RefResourceType { reference: value(), found: found.into_owned().into() },
                at,
                def.profile,
            );
        }
        (Some(resource), Where::Bundled)
    }

    /// What in the bundle nearly fits a reference that fits nothing.
    fn near_misses(
        &mut self,
        at: Node<'a>,
        text: &str,
        sought: &crate::check::links::Sought,
        def: Def<'a>,
    ) {
        let Some(links) = &self.shared.links else { return };
        if text.starts_with("urn:") {
            if self.options.dangling_urn_is_error {
                self.issue(
                    Message::RefCantResolve { reference: text.to_owned().into() },
                    at,
                    def.profile,
                );
            } else {
                self.issue(
                    Message::BundleNotLocal { reference: text.to_owned().into() },
                    at,
                    def.profile,
                );
            }
        }
        let Some((type_name, id)) = &sought.type_and_id else { return };
        let near = links.with_id(type_name, id);
        let (ambiguous, near): (bool, Vec<u32>) =
            (near.len() > 1, near.iter().take(MAX_NEAR).copied().collect());
        let url = sought.url.clone().unwrap_or_default();
        let short = match &sought.version {
            Some(version) => format!("{type_name}/{id}/_history/{version}"),
            None => format!("{type_name}/{id}"),
        };
        if ambiguous {
            self.issue(
                Message::BundlePossibleMatches {
                    reference: url.clone().into(),
                    target: short.clone().into(),
                },
                at,
                def.profile,
            );
        }
        for entry in near {
            let full_url = self
                .shared
                .links
                .as_ref()
                .and_then(|l| l.entries.get(entry as usize))
                .and_then(|e| e.full_url.as_deref())
                .unwrap_or("")
                .to_owned();
            self.issue(
                Message::BundlePossibleWrongUrl {
                    entry: entry as usize,
                    reference: short.clone().into(),
                    full_url: full_url.into(),
                    expected: url.clone().into(),
                },
                at,
                def.profile,
            );
        }
    }

    /// The contained resource with this id; `#` alone is the container.
    fn contained(&self, id: &str) -> Option<Element<'a>> {
        if id.is_empty() {
            return Some(self.around);
        }
        let around = self.around;
        let locals = self.locals.get_or_init(|| self.shared.locals_of(around));
        self.shared.document.node(*locals.get(id)?).map(Element::of)
    }

    /// ref-1: a reference within the resource leads to a contained one, or to the container.
    pub(crate) fn leads_to_contained(&self, item: Element<'a>) -> bool {
        let text = item.child(&REFERENCE).and_then(Element::text);
        let id = text.as_deref().and_then(|text| text.strip_prefix('#'));
        id.is_none_or(|id| self.contained(id).is_some())
    }

    /// Neither absolute, nor a fragment, nor `Type/id` (with a version or not), nor a search.
    fn suspicious(&self, text: &str) -> bool {
        if primitive::is_absolute(text) || text.starts_with('#') || text.contains('?') {
            return false;
        }
        let is_type = |name: &str| self.validator.definitions().is_resource_type(name);
        match *text.split('/').collect::<SmallVec<[&str; 4]>>() {
            [of, id] => !is_type(of) || !primitive::is_id(id),
            [of, id, "_history", version] => {
                !is_type(of) || !primitive::is_id(id) || !primitive::is_id(version)
            }
            _ => true,
        }
    }

    /// The resource a Reference (or a reference text) leads to, quietly.
    pub(crate) fn target_of(&self, item: Element<'a>) -> Option<Element<'a>> {
        let text = match item.value().map(Node::kind) {
            Some(Kind::Object) => item.child(&REFERENCE)?.text()?,
            _ => item.text()?,
        };
        if let Some(id) = text.strip_prefix('#') {
            return self.contained(id);
        }
        match &self.shared.links {
            Some(links) => links.resolve(&text, item.node())?.resource,
            None => self.shared.parameter(&text),
        }
    }

    /// Type of a target outside the document, if the caller gave it.
    fn external_type(&self, text: &str) -> Option<String> {
        let document = self.options.external.get(text)?;
        document.root_element().resource_type().map(Cow::into_owned)
    }

    /// Target profiles of a target outside the document, if the caller gave it.
    fn remote_profiles(&mut self, item: Element<'a>, def: Def<'a>, ty: &'a TypeRule, text: &str) {
        if self.options.references != ReferenceCheck::ExistsAndValid
            || self.options.external_depth == 0
        {
            return;
        }
        let document = self.options.external.get(text);
        let found = match document {
            Some(document) => document.root_element().resource_type().map(Cow::into_owned),
            None => type_and_id(text.split("/_history/").next().unwrap_or(text)).map(|(t, _)| t),
        };
        let Some(found) = found else { return };
        let mut names = Vec::new();
        let mut inner = Vec::new();
        for canonical in &ty.of.target_profiles {
            let Ok(Some(id)) = self.validator.profile(canonical) else { continue };
            let Some(profile) = self.validator.get(id) else { continue };
            if *profile.definition.type_name != *found {
                continue;
            }
            if !profile.definition.is_profile() {
                return;
            }
            names.push(canonical.to_string());
            // What is not at hand cannot be shown to fit.
            let Some(document) = document else { continue };
            let options = crate::Options {
                profiles: vec![canonical.to_string()],
                external_depth: self.options.external_depth - 1,
                ..self.options.clone()
            };
            let issues = self.validator.validate(document, &options);
            if issues.iter().all(|i| !i.severity.is_error()) {
                return;
            }
            inner.extend(issues.into_iter().filter(|i| i.severity.is_error()));
        }
        if !names.is_empty() {
            let issue = self.issue(
                Message::RefCantMatchChoice {
                    reference: text.to_owned().into(),
                    profiles: names.join(", ").into(),
                },
                item.node(),
                def.profile,
            );
            issue.severity = Severity::Error;
            issue.inner = inner;
        }
    }
}
