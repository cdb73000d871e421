//! Codes: bindings, code systems and displays, as far as content is at hand.
//! Rule: <https://hl7.org/fhir/R4/terminologies.html#strength>. What has no
//! content is told, never judged.

pub(crate) mod messages;

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use lmr_fhir::{Element, Name, Node, Severity};

use crate::check::grammar::{self, LANGUAGES, MEDIA_TYPES, UCUM};
use crate::check::suggest;
use crate::compile::TypeRule;
use crate::definitions::BindingStrength;
use crate::issue::Issue;
use crate::messages::Message;
use crate::messages::field::{Defined, Value};
use crate::messages::issue_code::IssueCode;
use crate::terminology::{Gap, Membership, ValueSet};
use crate::validate::walk::{Def, Walker, name};

/// Systems everybody knows whose content nobody ships: their codes are not
/// checked, and that is no news.
const EXTERNAL: &[&str] = &[
    "http://snomed.info/sct",
    "http://loinc.org",
    UCUM,
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "http://www.ama-assn.org/go/cpt",
    "http://hl7.org/fhir/sid/icd-10",
    "http://hl7.org/fhir/sid/icd-10-cm",
    "http://hl7.org/fhir/sid/icd-9-cm",
    "http://hl7.org/fhir/sid/ndc",
    "http://hl7.org/fhir/sid/cvx",
    "http://hl7.org/fhir/sid/mvx",
    "http://hl7.org/fhir/ndfrt",
    "http://fdasis.nlm.nih.gov",
    "http://dicom.nema.org/resources/ontology/DCM",
    "http://nucc.org/provider-taxonomy",
    "http://www.whocc.no/atc",
    MEDIA_TYPES,
    LANGUAGES,
    "urn:ietf:rfc:3986",
    "urn:iso:std:iso:3166",
    "urn:iso:std:iso:3166:-2",
    "urn:iso:std:iso:4217",
    "urn:iso:std:iso:11073:10101",
];

/// What a binding has to say about one element.
#[derive(Clone, Copy)]
enum Kind {
    Code,
    Coding,
    Concept,
}

impl<'a> Walker<'a> {
    /// Checks the binding of an element's rule.
    pub(crate) fn binding(&mut self, item: Element<'a>, def: Def<'a>, ty: &'a TypeRule) {
        let Some(binding) = &def.element().binding else { return };
        let kind = match ty.name() {
            "code" | "string" | "uri" | "url" | "canonical" => Kind::Code,
            "Coding" | "Quantity" | "Age" | "Duration" | "Distance" | "Count"
            | "SimpleQuantity" | "Money" => Kind::Coding,
            "CodeableConcept" => Kind::Concept,
            _ => return,
        };
        if let Some(canonical) = &binding.value_set
            && binding.strength != BindingStrength::Example
            && (binding.strength != BindingStrength::Preferred
                || def.profile.definition.is_profile())
        {
            let set = def
                .rule
                .value_set
                .get_or_init(|| self.validator.definitions().terminology().value_set(canonical));
            let told = self.out.issues.len();
            self.bound(item, def, kind, binding.strength, canonical, set);
            if binding.strength == BindingStrength::Preferred
                && self.out.issues.len() > told
                && !self.is_own_binding(def)
            {
                self.out.issues.truncate(told);
            }
        }
        if binding.value_set.is_none()
            && binding.max_value_set.is_none()
            && binding.strength != BindingStrength::Example
        {
            self.issue(
                Message::BindingNoSource { element: def.element().id.to_string().into() },
                item.node(),
                def.profile,
            );
        }
        if let Some(canonical) = &binding.max_value_set {
            let set = self.validator.definitions().terminology().value_set(canonical);
            self.maximum(item, def, kind, canonical, &set);
        }
        for more in &binding.additional {
            let strength = match &*more.purpose {
                "required" => BindingStrength::Required,
                "extensible" => BindingStrength::Extensible,
                "preferred" => BindingStrength::Preferred,
                "maximum" => {
                    let set = self.validator.definitions().terminology().value_set(&more.value_set);
                    self.maximum(item, def, kind, &more.value_set, &set);
                    continue;
                }
                _ => continue,
            };
            let set = self.validator.definitions().terminology().value_set(&more.value_set);
            self.bound(item, def, kind, strength, &more.value_set, &set);
        }
    }

    /// Whether a profile sets the value set. What the base definition recommends is no news to
    /// anybody, and the reference is silent about it.
    fn is_own_binding(&self, def: Def<'a>) -> bool {
        let element = def.element();
        let path = element.base.as_ref().map_or(&*element.path, |base| &*base.path);
        let owner = path.split('.').next().unwrap_or(path);
        let Ok(Some(base)) = self.validator.definitions().type_definition(owner) else {
            return true;
        };
        let known =
            base.elements.iter().find(|e| &*e.path == path).and_then(|e| e.binding.as_ref());
        known.map(|b| &b.value_set) != element.binding.as_ref().map(|b| &b.value_set)
    }

    fn bound(
        &mut self,
        item: Element<'a>,
        def: Def<'a>,
        kind: Kind,
        strength: BindingStrength,
        canonical: &str,
        set: &ValueSet,
    ) {
        match kind {
            Kind::Code => self.bound_code(item, def, strength, canonical, set),
            Kind::Coding => self.bound_coding(item, def, strength, canonical, set),
            Kind::Concept => self.bound_concept(item, def, strength, canonical, set),
        }
    }

    fn bound_code(
        &mut self,
        item: Element<'a>,
        def: Def<'a>,
        strength: BindingStrength,
        canonical: &str,
        set: &ValueSet,
    ) {
        let Some(code) = item.text().filter(|t| !t.is_empty()) else { return };
        let at = item.node();
        match syntax(canonical, &code).unwrap_or_else(|| set.validate(None, &code)) {
            Membership::Member(_) => {}
            Membership::Unknown(gap) => self.gap(at, def, strength, canonical, &gap),
            Membership::NotMember => {
                let shown = Value::from(&*code);
                let named = named(set, canonical);
                match strength {
                    BindingStrength::Required => {
                        let near = set.codes(2000);
                        let near = suggest::nearest(&code, near.iter().map(|(_, c, _)| &**c))
                            .map(str::to_owned);
                        self.issue(
                            Message::InferCodeSystem {
                                code: shown.clone(),
                                value_set: named.clone(),
                            },
                            at,
                            def.profile,
                        );
                        self.issue(
                            Message::CodeNotInRequired {
                                code: shown,
                                value_set: named,
                                hint: near.as_deref().into(),
                            },
                            at,
                            def.profile,
                        );
                    }
                    BindingStrength::Extensible => {
                        self.issue(
                            Message::CodeNotInExtensible { code: shown, value_set: named },
                            at,
                            def.profile,
                        );
                    }
                    BindingStrength::Preferred => {
                        self.issue(
                            Message::CodeNotInPreferred { code: shown, value_set: named },
                            at,
                            def.profile,
                        );
                    }
                    BindingStrength::Example => {}
                }
            }
        }
    }

    fn bound_coding(
        &mut self,
        item: Element<'a>,
        def: Def<'a>,
        strength: BindingStrength,
        canonical: &str,
        set: &ValueSet,
    ) {
        let at = item.node();
        let (system, code) = system_and_code(item);
        let Some(code) = code else {
            // A quantity without code has no coded unit; only a Coding must have one.
            if def.element().types.iter().any(|t| t.name() == "Coding") {
                self.no_code(at, def, strength, canonical, set);
            }
            return;
        };
        match set.validate(system.as_deref(), &code) {
            Membership::Member(member) => self.named_by(item, set, &member.system, &code),
            Membership::Unknown(gap) => self.gap(at, def, strength, canonical, &gap),
            Membership::NotMember => {
                let code = Value::from(format!("{}#{code}", system.as_deref().unwrap_or("")));
                // Of a system nobody knows it can only be said that the set does not have it.
                let is_coding = def.element().types.iter().any(|t| t.name() == "Coding")
                    && system.as_deref().is_some_and(|s| {
                        self.validator.definitions().terminology().code_system(s).is_some()
                    });
                let value_set = named(set, canonical);
                let message = match (strength, is_coding) {
                    (BindingStrength::Required, false) => {
                        Message::CodingNotInRequired { code, value_set }
                    }
                    (BindingStrength::Extensible, false) => {
                        Message::CodingNotInExtensible { code, value_set }
                    }
                    (BindingStrength::Preferred, false) => {
                        Message::CodingNotInPreferred { code, value_set }
                    }
                    (BindingStrength::Required, true) => {
                        Message::OneCodingNotInRequired { code, value_set }
                    }
                    (BindingStrength::Extensible, true) => {
                        Message::OneCodingNotInExtensible { code, value_set }
                    }
                    (BindingStrength::Preferred, true) => {
                        Message::OneCodingNotInPreferred { code, value_set }
                    }
                    (BindingStrength::Example, _) => return,
                };
                self.issue(message, at, def.profile);
            }
        }
    }

    fn bound_concept(
        &mut self,
        item: Element<'a>,
        def: Def<'a>,
        strength: BindingStrength,
        canonical: &str,
        set: &ValueSet,
    ) {
        let at = item.node();
        let (mut any, mut member, mut unknown) = (false, false, None);
        let mut codes = Vec::new();
        let mut misnamed = Vec::new();
        for coding in item.children_named(&CODING) {
            let (system, code) = system_and_code(coding);
            let Some(code) = code else { continue };
            any = true;
            let shown = || format!("{}#{code}", system.as_deref().unwrap_or(""));
            match set.validate(system.as_deref(), &code) {
                Membership::Member(found) => {
                    member = true;
                    self.named_by(coding, set, &found.system, &code);
                }
                Membership::Unknown(gap) => unknown = unknown.or(Some(gap)),
                Membership::NotMember => codes.push(shown()),
            }
            if let Some(display) = self.wrong_display(coding) {
                misnamed.push(format!("{} {display:?}", shown()));
            }
        }
        // With the reference, a concept of which one coding is misnamed has no valid coding.
        if member && misnamed.is_empty() {
            return;
        }
        if member {
            codes = misnamed;
            unknown = None;
        }
        if !any {
            self.no_code(at, def, strength, canonical, set);
            return;
        }
        if let Some(gap) = unknown {
            return self.gap(at, def, strength, canonical, &gap);
        }
        let (value_set, codes) = (named(set, canonical), codes.join(", ").into());
        let message = match strength {
            BindingStrength::Required => Message::ConceptNotInRequired { value_set, codes },
            BindingStrength::Extensible => Message::ConceptNotInExtensible { value_set, codes },
            BindingStrength::Preferred => Message::ConceptNotInPreferred { value_set, codes },
            BindingStrength::Example => return,
        };
        self.issue(message, at, def.profile);
    }

    /// The display of a coding, if it has been reported as an error.
    fn wrong_display(&self, coding: Element<'a>) -> Option<Cow<'a, str>> {
        if !self.out.issues.iter().any(is_wrong_display) {
            return None;
        }
        let display = coding.child(&DISPLAY)?;
        let span = display.node().span();
        let told = |i: &Issue| is_wrong_display(i) && i.span == span && i.severity.is_error();
        self.out.issues.iter().any(told).then(|| display.text()).flatten()
    }

    /// A display that the bound value set gives the code is right, whatever the code system calls
    /// it: a finding made of the Coding alone is withdrawn.
    fn named_by(&mut self, coding: Element<'a>, set: &ValueSet, system: &str, code: &str) {
        let Some(display) = coding.child(&DISPLAY) else { return };
        let span = display.node().span();
        if !self.out.issues.iter().any(|i| is_wrong_display(i) && i.span == span) {
            return;
        }
        let Some(text) = display.text() else { return };
        if set.texts(system, code).iter().any(|known| same_display(known, &text)) {
            self.out.issues.retain(|i| !is_wrong_display(i) || i.span != span);
        }
    }

    fn no_code(
        &mut self,
        at: Node<'a>,
        def: Def<'a>,
        strength: BindingStrength,
        canonical: &str,
        set: &ValueSet,
    ) {
        let message = match strength {
            BindingStrength::Required => {
                Message::CodeMissingRequired { value_set: named(set, canonical) }
            }
            BindingStrength::Extensible => {
                Message::CodeMissingExtensible { value_set: named(set, canonical) }
            }
            _ => return,
        };
        self.issue(message, at, def.profile);
    }

    fn maximum(
        &mut self,
        item: Element<'a>,
        def: Def<'a>,
        kind: Kind,
        canonical: &str,
        set: &ValueSet,
    ) {
        let at = item.node();
        let mut verdicts = Vec::new();
        let shown = match kind {
            Kind::Code => {
                let Some(code) = item.text() else { return };
                verdicts
                    .push(syntax(canonical, &code).unwrap_or_else(|| set.validate(None, &code)));
                code.into_owned()
            }
            Kind::Coding => {
                let (system, Some(code)) = system_and_code(item) else { return };
                verdicts.push(set.validate(system.as_deref(), &code));
                code.into_owned()
            }
            Kind::Concept => {
                for coding in item.children_named(&CODING) {
                    if let (system, Some(code)) = system_and_code(coding) {
                        verdicts.push(set.validate(system.as_deref(), &code));
                    }
                }
                String::new()
            }
        };
        if verdicts.is_empty() || verdicts.iter().any(|v| matches!(v, Membership::Member(_))) {
            return;
        }
        if let Some(Membership::Unknown(gap)) =
            verdicts.iter().find(|v| matches!(v, Membership::Unknown(_)))
        {
            return self.gap(at, def, BindingStrength::Required, canonical, gap);
        }
        let named = named(set, canonical);
        if matches!(kind, Kind::Concept) {
            self.issue(Message::CodingNotInMax { value_set: named }, at, def.profile);
        } else {
            self.issue(
                Message::CodingNotInMaxSingle { code: shown.into(), value_set: named },
                at,
                def.profile,
            );
        }
    }

    /// Tells that a value set could not be asked.
    fn gap(
        &mut self,
        at: Node<'a>,
        def: Def<'a>,
        strength: BindingStrength,
        canonical: &str,
        gap: &Gap,
    ) {
        match gap {
            Gap::NoValueSet(_) => {
                self.issue(
                    Message::ValueSetNotFound { value_set: canonical.to_owned().into() },
                    at,
                    def.profile,
                );
            }
            // Units have a grammar of their own, languages and media types too.
            Gap::NoCodeSystem(system)
                if matches!(system.as_str(), UCUM | MEDIA_TYPES | LANGUAGES) => {}
            gap => {
                let issue = self.issue(
                    Message::ValueSetNoContent {
                        value_set: canonical.to_owned().into(),
                        reason: gap.to_string().into(),
                    },
                    at,
                    def.profile,
                );
                if strength != BindingStrength::Required {
                    issue.severity = Severity::Information;
                }
            }
        }
    }

    /// Checks the unit of a Quantity by itself, whatever it is bound to.
    pub(crate) fn quantity_unit(&mut self, item: Element<'a>, def: Def<'a>) {
        let Some(code) = item.child(&CODE) else { return };
        if let (Some(system), Some(text)) =
            (item.child(&SYSTEM).and_then(Element::text), code.text())
            && system == UCUM
            && !text.is_empty()
        {
            self.code_syntax(code, &system, &text, def);
        }
    }

    /// Checks a Coding by itself, whatever it is bound to.
    pub(crate) fn coding(&mut self, item: Element<'a>, def: Def<'a>) {
        let system_at = item.child(&SYSTEM);
        let code_at = item.child(&CODE);
        let (system, code) = system_and_code(item);
        let Some(system) = system else {
            if code.is_some() {
                self.issue(Message::CodeNoSystem, item.node(), def.profile);
            }
            return;
        };
        let system_node = system_at.map_or(item.node(), Element::node);
        if !super::primitive::is_absolute(&system) {
            self.issue(Message::SystemRelative, system_node, def.profile);
            return;
        }
        if let Some(code) = &code
            && matches!(&*system, UCUM | LANGUAGES)
        {
            self.code_syntax(code_at.unwrap_or(item), &system, code, def);
        }
        let terminology = self.validator.definitions().terminology();
        let Some(known) = terminology.code_system(&system) else {
            if terminology.has_value_set(&system) {
                self.issue(
                    Message::SystemIsValueSet { system: system.into_owned().into() },
                    system_node,
                    def.profile,
                );
            } else if !EXTERNAL.contains(&&*system) && code.is_some() {
                let element = def.element();
                let is_bound = element.name() == "coding"
                    || element
                        .binding
                        .as_ref()
                        .is_some_and(|b| b.strength != BindingStrength::Example);
                let issue = self.issue(
                    Message::UnknownCodeSystem { system: system.into_owned().into() },
                    system_node,
                    def.profile,
                );
                // With the reference, a Coding of its own that nothing binds is but noted.
                if !is_bound {
                    (issue.severity, issue.code) = (Severity::Information, IssueCode::Unknown);
                }
            }
            return;
        };
        let Some(code) = code else {
            let issue = self.issue(
                Message::NoCodeProvided { system: system.into_owned().into() },
                item.node(),
                def.profile,
            );
            // The place where the code should stand.
            issue.expression.push_str(".code");
            issue.local_expression.push_str(".code");
            return;
        };
        let code_node = code_at.map_or(item.node(), Element::node);
        match known.concept(&code) {
            None if known.is_complete() => {
                let near = suggest::nearest(&code, known.concepts().iter().map(|c| &*c.code));
                let hint = near.into();
                let (code, system) = (code.into(), system.into_owned().into());
                match &known.version {
                    Some(version) => {
                        self.issue(
                            Message::UnknownCode { code, system, version: version.into(), hint },
                            code_node,
                            def.profile,
                        );
                    }
                    None => {
                        self.issue(
                            Message::UnknownCodeNoVersion { code, system, hint },
                            code_node,
                            def.profile,
                        );
                    }
                }
            }
            None => {
                if !EXTERNAL.contains(&&*system) {
                    self.issue(
                        Message::CodeSystemNoContent { system: system.into_owned().into() },
                        code_node,
                        def.profile,
                    );
                }
            }
            Some(concept) => {
                let Some(shown) = item.child(&DISPLAY) else { return };
                let Some(text) = shown.text() else { return };
                if let Some(display) = &concept.display
                    && !same_display(display, &text)
                    && !concept.designations.iter().any(|known| same_display(known, &text))
                    && !other_language(self.options.language.as_deref())
                {
                    let severity = self.options.wrong_display;
                    self.issue(
                        Message::DisplayWrong {
                            system: system.into_owned().into(),
                            code: code.into_owned().into(),
                            expected: display.to_string().into(),
                            found: text.into_owned().into(),
                        },
                        shown.node(),
                        def.profile,
                    )
                    .severity = severity;
                }
            }
        }
    }
}

/// Displays at hand are English; in another language they prove nothing.
fn other_language(language: Option<&str>) -> bool {
    language.is_some_and(|l| !l.split(',').any(|one| one.trim().starts_with("en")))
}

/// Case and white space do not matter.
fn same_display(a: &str, b: &str) -> bool {
    let norm = |s: &str| s.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    a == b || norm(a) == norm(b)
}

/// Value sets that are a grammar, not a list.
fn syntax(canonical: &str, code: &str) -> Option<Membership> {
    let name = canonical.strip_prefix("http://hl7.org/fhir/ValueSet/")?;
    let valid = match name.split_once('|').map_or(name, |(name, _)| name) {
        "mimetypes" => grammar::is_media_type(code),
        "all-languages" => grammar::is_language(code),
        _ => return None,
    };
    if valid {
        return Some(Membership::Unknown(Gap::NoCodeSystem(MEDIA_TYPES.to_owned())));
    }
    Some(Membership::NotMember)
}

/// Whether an issue is about the display of a code.
fn is_wrong_display(issue: &Issue) -> bool {
    matches!(issue.message, Message::DisplayWrong { .. })
}

fn named(set: &ValueSet, canonical: &str) -> Defined {
    let title: Option<&Arc<str>> = set.title.as_ref().or(set.name.as_ref());
    match title {
        Some(title) => format!("{title} ({canonical})").into(),
        None => canonical.into(),
    }
}

static SYSTEM: LazyLock<Name> = LazyLock::new(|| name("system"));
static CODE: LazyLock<Name> = LazyLock::new(|| name("code"));
static DISPLAY: LazyLock<Name> = LazyLock::new(|| name("display"));
static CODING: LazyLock<Name> = LazyLock::new(|| name("coding"));

/// System and code of a Coding or Quantity.
pub(crate) fn system_and_code<'a>(
    item: Element<'a>,
) -> (Option<Cow<'a, str>>, Option<Cow<'a, str>>) {
    let text = |n: &Name| item.child(n).and_then(Element::text).filter(|t| !t.is_empty());
    (text(&SYSTEM), text(&CODE))
}
