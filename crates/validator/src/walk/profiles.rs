//! Rules that stand elsewhere: types, content references, profiles of types and of resources.

use std::sync::PoisonError;

use lmr_fhir::Element;
use lmr_fhirpath::TypeId;

use super::{MAX_PROBES, Walker};
use crate::check::outcome::{Found, ProfileIds, Role};
use crate::check::{self, extension, invariant};
use crate::compile::{Def, Defs, Linked, ProfileId, TypeRule};
use crate::issue::{Issue, reason_of};
use crate::messages::Message;
use crate::messages::field::{Because, Defined, Text};

impl<'a> Walker<'a> {
    /// Validates an element against a rule of a profile of its type.
    pub(crate) fn against_type_profile(
        &mut self,
        item: Element<'a>,
        def: Def<'a>,
        ty: Option<&'a TypeRule>,
    ) {
        let profile = def.profile;
        self.ignored_lines(item, profile);
        let mut names = None;
        if let Some(children) = &def.rule.children {
            names = Some(self.members(item, def, children, false));
        }
        let path = def.rule.backbone.as_deref().unwrap_or(&profile.definition.type_name);
        let id = self.cx.profiles.model.type_at(path).unwrap_or(TypeId::UNKNOWN);
        let rules: Defs<'a> = smallvec::smallvec![def];
        invariant::check(&mut self.cx, item, &rules, None, id, names, &mut []);
        check::value(&mut self.cx, item, def, ty);
    }

    /// `type.profile`: one must fit.
    pub(super) fn type_profiles(&mut self, item: Element<'a>, def: Def<'a>, ty: &'a TypeRule) {
        let profiles = &ty.of.profiles;
        if profiles.is_empty() {
            return;
        }
        let at = item.node();
        let linked =
            ty.profiles.get_or_init(|| profiles.iter().map(|p| self.cx.profiles.link(p)).collect());
        let mut usable: Defs<'a> = smallvec::SmallVec::new();
        for (canonical, linked) in profiles.iter().zip(linked) {
            // What an extension says itself is checked by its url in any case.
            if ty.name() == "Extension" && extension::url_of(item).as_deref() == Some(&**canonical)
            {
                return;
            }
            match linked {
                Linked::Rule(id, rule) => {
                    if let Some(profile) = self.cx.profiles.get(*id) {
                        usable.push(Def { profile, rule: &profile.rules[*rule as usize] });
                    }
                }
                Linked::Unknown => {
                    self.cx.report(
                        Message::ProfileUnknownHard { profile: canonical.into() },
                        at,
                        def.profile,
                    );
                }
                Linked::Broken(reason) => {
                    self.cx.report(
                        Message::ProfileNoSnapshot {
                            profile: canonical.into(),
                            reason: reason.bilingual().into(),
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
        // Of the profile that fits best.
        let mut nearest: Vec<Issue> = Vec::new();
        for one in several {
            let issues = self.probe(|w| w.against_type_profile(item, *one, Some(ty)));
            if issues.iter().any(Issue::is_against_profile) {
                if nearest.is_empty() || issues.len() < nearest.len() {
                    nearest.clone_from(&issues);
                }
                reasons.extend(issues);
            } else {
                fits.push((one.profile, issues));
            }
        }
        let names = |list: &[&str]| Defined::from(list.join(", "));
        if fits.is_empty() {
            let all: Vec<&str> = several.iter().map(|d| &*d.profile.definition.url).collect();
            let message = Message::NoMatch { profiles: names(&all), because: reason_of(&nearest) };
            let issue = self.cx.report(message, at, def.profile);
            issue.inner.clone_from(&reasons);
            // The reference reports the reasons of every candidate as well.
            self.cx.out.issues.extend(reasons);
            return;
        }
        if fits.len() > 1 {
            let all: Vec<&str> = fits.iter().map(|(p, _)| &*p.definition.url).collect();
            self.cx.report(
                Message::MultipleMatches { count: all.len(), profiles: names(&all) },
                at,
                def.profile,
            );
        }
        for (_, issues) in fits {
            self.cx.out.issues.extend(issues);
        }
    }

    /// A resource inside the resource: left to a task of its own.
    pub(super) fn inner_resource(&mut self, item: Element<'a>, def: Def<'a>, ty: &'a TypeRule) {
        let name = item.name().unwrap_or("");
        let role = match name {
            "contained" => Role::Contained,
            "resource" if def.element().path.ends_with("parameter.resource") => Role::Parameter,
            _ => Role::Entry,
        };
        let found_type = item.resource_type().unwrap_or_default();
        let wanted = ty.name();
        if !lmr_fhir::is_abstract_resource(wanted) && wanted != found_type {
            self.other_resource(item, def, &found_type);
            return;
        }
        let mut profiles = ProfileIds::new();
        for canonical in &ty.of.profiles {
            match self.cx.profiles.profile(canonical) {
                Ok(Some(id)) => {
                    let of = self.cx.profiles.get(id).map_or("", |p| &p.definition.type_name);
                    if of != found_type && !lmr_fhir::is_abstract_resource(of) {
                        self.cx.report(
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
                    self.cx.report(
                        Message::BundleEntryNoMatch { profile: canonical.into() },
                        item.node(),
                        def.profile,
                    );
                }
                Err(reason) => {
                    self.cx.report(
                        Message::ProfileNoSnapshot {
                            profile: canonical.into(),
                            reason: reason.bilingual().into(),
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
        let container = if role == Role::Contained { self.cx.resource } else { item };
        let own = self.own_profiles(item);
        self.cx.out.found.push(Found { element: item, role, container, profiles, own });
    }

    /// A resource of a type that the profile does not allow: the reference says it as of any element, and as of a
    /// resource.
    fn other_resource(&mut self, item: Element<'a>, def: Def<'a>, found: &str) {
        let mut allowed: Vec<&str> = def.rule.types.iter().map(TypeRule::name).collect();
        allowed.dedup();
        let general = match allowed.as_slice() {
            [one] => Message::ProfileType {
                profile: (&def.profile.canonical).into(),
                allowed: (*one).to_owned().into(),
                // What the instance calls its type may be anything.
                found: match self.cx.profiles.definitions().is_resource_type(found) {
                    true => Text::defined(found.to_owned()),
                    false => Text::given(found.to_owned()),
                },
            },
            _ => Message::ResourceTypeOther { found: found.to_owned().into() },
        };
        self.cx.report(general, item.node(), def.profile);
        let (found, allowed) = (found.to_owned().into(), allowed.join(", ").into());
        self.cx.report(Message::BundleEntryOther { found, allowed }, item.node(), def.profile);
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
        // Of the profile that fits best.
        let mut nearest: Vec<Issue> = Vec::new();
        for id in profiles {
            let issues = self.conformance(item, item, *id);
            if issues.iter().any(Issue::is_against_profile) {
                if nearest.is_empty() || issues.len() < nearest.len() {
                    nearest.clone_from(&issues);
                }
                reasons.extend(issues);
            } else {
                fits.push(*id);
            }
        }
        if fits.is_empty() {
            let names: Vec<&str> = profiles
                .iter()
                .filter_map(|p| self.cx.profiles.get(*p))
                .map(|p| &*p.definition.url)
                .collect();
            let issue = self.cx.report(
                Message::NoMatch {
                    profiles: names.join(", ").into(),
                    because: reason_of(&nearest),
                },
                item.node(),
                def.profile,
            );
            issue.inner.clone_from(&reasons);
            // As of an element: the reasons of every candidate.
            self.cx.out.issues.extend(reasons);
        } else if fits.len() > 1 {
            let names: Vec<&str> = fits
                .iter()
                .filter_map(|p| self.cx.profiles.get(*p))
                .map(|p| &*p.definition.url)
                .collect();
            self.cx.report(
                Message::MultipleMatches { count: fits.len(), profiles: names.join(", ").into() },
                item.node(),
                def.profile,
            );
        }
        fits
    }

    /// Whether a resource (or element) meets a profile. Of a resource it is found out once at each
    /// depth of asking: resources may refer to each other crosswise, and all ways are many.
    pub(super) fn fits_profile(
        &mut self,
        item: Element<'a>,
        container: Element<'a>,
        id: ProfileId,
    ) -> bool {
        let key = (item.node().index(), container.node().index(), id, self.cx.probes);
        let is_resource = item.resource_type().is_some();
        let shared = self.cx.shared;
        let known = || shared.fitting.lock().unwrap_or_else(PoisonError::into_inner);
        if is_resource && let Some(fits) = known().get(&key).copied() {
            return fits;
        }
        let fits = !self.conformance(item, container, id).iter().any(Issue::is_against_profile);
        if is_resource {
            known().insert(key, fits);
        }
        fits
    }

    /// Issues of a resource (or element) against a profile, without reporting.
    pub(super) fn conformance(
        &mut self,
        item: Element<'a>,
        container: Element<'a>,
        id: ProfileId,
    ) -> Vec<Issue> {
        let Some(profile) = self.cx.profiles.get(id) else { return Vec::new() };
        if self.cx.probes >= MAX_PROBES {
            return Vec::new();
        }
        // The type counts, not `kind`: profiles of data types are published with either.
        let of = &*profile.definition.type_name;
        let is_resource = lmr_fhir::is_abstract_resource(of)
            || self.cx.profiles.definitions().is_resource_type(of);
        if is_resource {
            let found = item.resource_type().unwrap_or_default();
            if !lmr_fhir::is_abstract_resource(of) && of != found {
                return vec![self.cx.shared.issue(
                    Message::ProfileWrongType {
                        expected: of.to_owned().into(),
                        found: found.into_owned().into(),
                        profile: (&profile.canonical).into(),
                    },
                    item.node(),
                    Some(profile),
                )];
            }
            let mut inner = Self::new(self.cx.shared, item, container);
            inner.cx.probes = self.cx.probes + 1;
            inner.root(profile);
            let mut issues = std::mem::take(&mut inner.cx.out.issues);
            let pending = std::mem::take(&mut inner.cx.out.pending);
            for target in pending {
                if !target
                    .profiles
                    .iter()
                    .any(|p| inner.fits_profile(target.target, target.container, *p))
                {
                    issues.push(self.cx.shared.issue(
                        Message::RefCantMatchChoice {
                            reference: target.reference().into(),
                            profiles: String::new().into(),
                            because: Because::default(),
                        },
                        target.at.node(),
                        Some(profile),
                    ));
                }
            }
            return issues;
        }
        self.probe(|w| w.against_type_profile(item, Def { profile, rule: profile.root() }, None))
    }
}
