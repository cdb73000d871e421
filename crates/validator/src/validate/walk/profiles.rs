//! Rules that stand elsewhere: types, content references, profiles of types and of resources.

use std::sync::PoisonError;

use lmr_fhir::Element;
use lmr_fhirpath::TypeId;

use super::{Def, Defs, MAX_PROBES, Walker};
use crate::compile::{Linked, ProfileId, Rule, TypeRule};
use crate::issue::Issue;
use crate::messages::Message;
use crate::messages::field::Defined;
use crate::validate::job::{Found, ProfileIds, Role};

impl<'a> Walker<'a> {
    /// FHIRPath type of an element.
    pub(crate) fn type_id(&self, rule: &Rule, ty: Option<&TypeRule>) -> TypeId {
        let model = &self.validator.model;
        let unknown = TypeId::UNKNOWN;
        match (&rule.backbone, ty) {
            (Some(path), _) => {
                *rule.backbone_id.get_or_init(|| model.type_at(path).unwrap_or(unknown))
            }
            (None, Some(ty)) => {
                *ty.type_id.get_or_init(|| model.type_at(ty.name()).unwrap_or(unknown))
            }
            (None, None) => unknown,
        }
    }

    /// The definition of a complex or primitive type.
    pub(crate) fn type_def(&self, ty: &'a TypeRule) -> Option<Def<'a>> {
        let id = *ty.base.get_or_init(|| self.validator.type_profile(ty.name()));
        let profile = self.validator.get(id?)?;
        Some(Def { profile, rule: profile.root() })
    }

    /// Whether a type's definition asks for nothing but content.
    pub(crate) fn type_asks_only_content(&self, ty: &'a TypeRule) -> bool {
        *ty.base_only_content
            .get_or_init(|| self.type_def(ty).is_none_or(|def| def.rule.only_content))
    }

    /// The rule a content reference leads to.
    pub(crate) fn content_def(&self, def: Def<'a>) -> Option<Def<'a>> {
        let path = def.rule.content.as_deref()?;
        let (id, rule) = (*def.rule.content_rule.get_or_init(|| {
            let id = self.validator.type_profile(path.split('.').next().unwrap_or(path))?;
            let elements = &self.validator.get(id)?.definition.elements;
            let at = elements.iter().position(|e| &*e.path == path && e.slice_name.is_none())?;
            Some((id, u32::try_from(at).ok()?))
        }))?;
        let profile = self.validator.get(id)?;
        Some(Def { profile, rule: profile.rules.get(rule as usize)? })
    }

    pub(super) fn backbone_def(&self) -> Option<Def<'a>> {
        let profile = self.validator.get(self.validator.type_profile("BackboneElement")?)?;
        Some(Def { profile, rule: profile.root() })
    }

    /// The rule a type's profile means: its root, or the element after `#`.
    fn link(&self, canonical: &str) -> Linked {
        let (url, element) = match canonical.split_once('#') {
            Some((url, element)) => (url, Some(element)),
            None => (canonical, None),
        };
        let id = match self.validator.profile(url) {
            Ok(Some(id)) => id,
            Ok(None) => return Linked::Unknown,
            Err(reason) => return Linked::Broken(reason),
        };
        let Some(element) = element else { return Linked::Rule(id, 0) };
        let found = self
            .validator
            .get(id)
            .and_then(|p| p.definition.elements.iter().position(|e| &*e.id == element));
        match found.and_then(|at| u32::try_from(at).ok()) {
            Some(at) => Linked::Rule(id, at),
            None => Linked::Unknown,
        }
    }

    /// The rule a canonical means, if it can be used.
    pub(crate) fn profile_def(&self, canonical: &str) -> Option<Def<'a>> {
        let Linked::Rule(id, rule) = self.link(canonical) else { return None };
        let profile = self.validator.get(id)?;
        Some(Def { profile, rule: profile.rules.get(rule as usize)? })
    }

    /// Judges an element against a rule of a profile of its type.
    pub(crate) fn against_type_profile(
        &mut self,
        item: Element<'a>,
        def: Def<'a>,
        ty: Option<&'a TypeRule>,
    ) {
        let profile = def.profile;
        self.ignored_lines(item, profile);
        if let Some(children) = &def.rule.children {
            self.members(item, def, children, false);
        }
        let path = def.rule.backbone.as_deref().unwrap_or(&profile.definition.type_name);
        let id = self.validator.model.type_at(path).unwrap_or(TypeId::UNKNOWN);
        let rules: Defs<'a> = smallvec::smallvec![def];
        self.invariants(item, &rules, None, id);
        self.value_rules(item, def, ty);
    }

    /// `type.profile`: one must fit.
    pub(super) fn type_profiles(&mut self, item: Element<'a>, def: Def<'a>, ty: &'a TypeRule) {
        let profiles = &ty.of.profiles;
        if profiles.is_empty() {
            return;
        }
        let at = item.node();
        let linked = ty.profiles.get_or_init(|| profiles.iter().map(|p| self.link(p)).collect());
        let mut usable: Defs<'a> = smallvec::SmallVec::new();
        for (canonical, linked) in profiles.iter().zip(linked) {
            // What an extension says itself is judged by its url in any case.
            if ty.name() == "Extension"
                && crate::check::extension::url_of(item).as_deref() == Some(&**canonical)
            {
                return;
            }
            match linked {
                Linked::Rule(id, rule) => {
                    if let Some(profile) = self.validator.get(*id) {
                        usable.push(Def { profile, rule: &profile.rules[*rule as usize] });
                    }
                }
                Linked::Unknown => {
                    self.issue(
                        Message::ProfileUnknownHard { profile: canonical.into() },
                        at,
                        def.profile,
                    );
                }
                Linked::Broken(reason) => {
                    self.issue(
                        Message::ProfileNoSnapshot {
                            profile: canonical.into(),
                            reason: reason.to_string().into(),
                        },
                        at,
                        def.profile,
                    );
                }
            }
        }
        match usable.as_slice() {
            [] => {}
            [one] if profiles.len() == 1 => {
                let one = *one;
                self.against_type_profile(item, one, Some(ty));
            }
            several => {
                let several: Defs<'a> = several.iter().copied().collect();
                self.best_type_profile(item, def, ty, &several);
            }
        }
    }

    fn best_type_profile(
        &mut self,
        item: Element<'a>,
        def: Def<'a>,
        ty: &'a TypeRule,
        several: &[Def<'a>],
    ) {
        let at = item.node();
        let mut fits = Vec::new();
        let mut reasons = Vec::new();
        for one in several {
            let issues = self.probe(|w| w.against_type_profile(item, *one, Some(ty)));
            if issues.iter().any(|i| i.severity.is_error()) {
                reasons.extend(issues);
            } else {
                fits.push((one.profile, issues));
            }
        }
        let names = |list: &[&str]| Defined::from(list.join(", "));
        if fits.is_empty() {
            let all: Vec<&str> = several.iter().map(|d| &*d.profile.definition.url).collect();
            let issue = self.issue(Message::NoMatch { profiles: names(&all) }, at, def.profile);
            issue.inner.clone_from(&reasons);
            // The reference tells the reasons of every candidate as well.
            self.out.issues.extend(reasons);
            return;
        }
        if fits.len() > 1 {
            let all: Vec<&str> = fits.iter().map(|(p, _)| &*p.definition.url).collect();
            self.issue(
                Message::MultipleMatches { count: all.len(), profiles: names(&all) },
                at,
                def.profile,
            );
        }
        for (_, issues) in fits {
            self.out.issues.extend(issues);
        }
    }

    /// A resource inside the resource: left to a unit of its own.
    pub(super) fn inner_resource(&mut self, item: Element<'a>, def: Def<'a>, ty: &'a TypeRule) {
        let name = item.name().unwrap_or("");
        let role = match name {
            "contained" => Role::Contained,
            "resource" if def.element().path.ends_with("parameter.resource") => Role::Parameter,
            _ => Role::Entry,
        };
        let found_type = item.resource_type().unwrap_or_default();
        let wanted = ty.name();
        if !matches!(wanted, "Resource" | "DomainResource") && wanted != found_type {
            self.issue(
                Message::BundleEntryType {
                    found: found_type.to_string().into(),
                    allowed: wanted.to_owned().into(),
                },
                item.node(),
                def.profile,
            );
            return;
        }
        let mut profiles = ProfileIds::new();
        for canonical in &ty.of.profiles {
            match self.validator.profile(canonical) {
                Ok(Some(id)) => {
                    let of = self.validator.get(id).map_or("", |p| &p.definition.type_name);
                    if of != found_type && !matches!(of, "Resource" | "DomainResource") {
                        self.issue(
                            Message::BundleEntryType {
                                found: found_type.to_string().into(),
                                allowed: of.to_owned().into(),
                            },
                            item.node(),
                            def.profile,
                        );
                        continue;
                    }
                    profiles.push(id);
                }
                Ok(None) => {
                    self.issue(
                        Message::BundleEntryNoMatch { profile: canonical.into() },
                        item.node(),
                        def.profile,
                    );
                }
                Err(reason) => {
                    self.issue(
                        Message::ProfileNoSnapshot {
                            profile: canonical.into(),
                            reason: reason.to_string().into(),
                        },
                        item.node(),
                        def.profile,
                    );
                }
            }
        }
        if profiles.len() > 1 {
            profiles = self.fitting_profiles(item, def, &profiles);
        }
        let around = if role == Role::Contained { self.resource } else { item };
        self.out.found.push(Found { element: item, role, around, profiles });
    }

    /// Of several profiles one must fit; those that do not are dropped.
    fn fitting_profiles(
        &mut self,
        item: Element<'a>,
        def: Def<'a>,
        profiles: &[ProfileId],
    ) -> ProfileIds {
        let mut fits = ProfileIds::new();
        let mut reasons = Vec::new();
        for id in profiles {
            let issues = self.conformance(item, item, *id);
            if issues.iter().any(|i| i.severity.is_error()) {
                reasons.extend(issues);
            } else {
                fits.push(*id);
            }
        }
        if fits.is_empty() {
            let names: Vec<&str> = profiles
                .iter()
                .filter_map(|p| self.validator.get(*p))
                .map(|p| &*p.definition.url)
                .collect();
            let issue = self.issue(
                Message::NoMatch { profiles: names.join(", ").into() },
                item.node(),
                def.profile,
            );
            issue.inner = reasons;
        }
        fits
    }

    /// Whether a resource (or element) meets a profile. Of a resource it is found out once at each
    /// depth of asking: resources may refer to each other crosswise, and all ways are many.
    pub(crate) fn fits(&mut self, item: Element<'a>, around: Element<'a>, id: ProfileId) -> bool {
        let key = (item.node().index(), around.node().index(), id, self.probes);
        let is_resource = item.resource_type().is_some();
        let shared = self.shared;
        let known = || shared.fitting.lock().unwrap_or_else(PoisonError::into_inner);
        if is_resource && let Some(fits) = known().get(&key).copied() {
            return fits;
        }
        let fits = self.conformance(item, around, id).iter().all(|i| !i.severity.is_error());
        if is_resource {
            known().insert(key, fits);
        }
        fits
    }

    /// Issues of a resource (or element) against a profile, without reporting.
    pub(crate) fn conformance(
        &mut self,
        item: Element<'a>,
        around: Element<'a>,
        id: ProfileId,
    ) -> Vec<Issue> {
        let Some(profile) = self.validator.get(id) else { return Vec::new() };
        if self.probes >= MAX_PROBES {
            return Vec::new();
        }
        // The type counts, not `kind`: profiles of data types are published with either.
        let of = &*profile.definition.type_name;
        let is_resource = matches!(of, "Resource" | "DomainResource")
            || self.validator.definitions().is_resource_type(of);
        if is_resource {
            let found = item.resource_type().unwrap_or_default();
            if !matches!(of, "Resource" | "DomainResource") && of != found {
                return vec![self.shared.issue(
                    Message::ProfileWrongType {
                        expected: of.to_owned().into(),
                        found: found.into_owned().into(),
                        profile: (&profile.canonical).into(),
                    },
                    item.node(),
                    Some(profile),
                )];
            }
            let mut inner = Self::new(self.shared, item, around);
            inner.probes = self.probes + 1;
            inner.root(profile);
            let mut issues = std::mem::take(&mut inner.out.issues);
            let edges = std::mem::take(&mut inner.out.edges);
            for edge in edges {
                if !edge.profiles.iter().any(|p| inner.fits(edge.target, edge.around, *p)) {
                    issues.push(self.shared.issue(
                        Message::RefCantMatchChoice {
                            reference: edge.reference().into(),
                            profiles: String::new().into(),
                        },
                        edge.at.node(),
                        Some(profile),
                    ));
                }
            }
            return issues;
        }
        self.probe(|w| w.against_type_profile(item, Def { profile, rule: profile.root() }, None))
    }
}
