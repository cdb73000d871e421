//! To which slice an element belongs, and whether the slices are filled.

pub(crate) mod messages;

use lmr_fhir::{Element, Kind, Name, Node, Severity};
use smallvec::SmallVec;

use crate::check::{binding, fixed};
use crate::compile::{Profile, Shape, Slice, Slices, Step, Test, TypeRule};
use crate::definitions::SlicingRules;
use crate::messages::Message;
use crate::terminology::Membership;
use crate::validate::walk::{Def, Defs, SliceOrder, Walker, shown_path};

impl<'a> Walker<'a> {
    /// Finds the slice of an element and adds its rule; counts it.
    #[expect(clippy::too_many_arguments, reason = "one caller, everything differs per item")]
    pub(crate) fn place_in_slice(
        &mut self,
        item: Element<'a>,
        base: Def<'a>,
        slices: &'a Slices,
        scratch: usize,
        defs: &mut Defs<'a>,
        order: &mut SliceOrder,
        ty: Option<&'a TypeRule>,
    ) {
        let mut at = 0;
        let mut found: Option<(usize, &'a Slice, usize)> = None;
        for (i, slice) in slices.list.iter().enumerate() {
            let fits = self.in_slice(item, base, slices, slice, ty, order.before);
            if !fits && !order.untold {
                order.untold = self.untold(item, base, slice);
            }
            if fits {
                match found {
                    None => found = Some((i, slice, at)),
                    Some((_, first, _)) => {
                        self.issue(
                            Message::MatchMultiple {
                                profile: (&base.profile.canonical).into(),
                                first: (&first.name).into(),
                                second: (&slice.name).into(),
                            },
                            item.node(),
                            base.profile,
                        );
                    }
                }
            }
            at += 1 + slice.nested.as_ref().map_or(0, |n| n.count());
        }
        order.before += 1;
        let Some((index, slice, at)) = found else {
            self.outside(item, base, slices, order);
            return;
        };
        self.bump(scratch + at);
        if order.unsliced && slices.rules == SlicingRules::OpenAtEnd {
            self.issue(
                Message::SliceOrderOpenAtEnd { profile: (&base.profile.canonical).into() },
                item.node(),
                base.profile,
            );
        }
        if slices.ordered && index < order.last {
            self.issue(
                Message::SliceOrder {
                    profile: (&base.profile.canonical).into(),
                    slice: (&slice.name).into(),
                },
                item.node(),
                base.profile,
            );
        }
        order.last = order.last.max(index);
        let def = Def { profile: base.profile, rule: &base.profile.rules[slice.rule as usize] };
        defs.push(def);
        if let Some(nested) = &slice.nested {
            let mut inner = SliceOrder::default();
            self.place_in_slice(item, def, nested, scratch + at + 1, defs, &mut inner, ty);
        }
    }

    fn outside(
        &mut self,
        item: Element<'a>,
        base: Def<'a>,
        slices: &'a Slices,
        order: &mut SliceOrder,
    ) {
        order.unsliced = true;
        if slices.list.is_empty() && slices.rules != SlicingRules::Closed {
            return;
        }
        let profile = (&base.profile.canonical).into();
        let (message, inner) = match slices.rules {
            // Reasons of what is itself only a reason are not reported, and would be many.
            SlicingRules::Closed if self.probes == 0 => {
                (Message::NotSlice { profile }, self.why_not(item, base, slices))
            }
            SlicingRules::Closed => (Message::NotSlice { profile }, Vec::new()),
            _ if !self.options.hints || is_extension(base) => return,
            _ => (Message::NoSliceHint { profile }, Vec::new()),
        };
        self.issue(message, item.node(), base.profile).inner = inner;
    }

    /// For each slice what keeps the element out of it, the slice that it nearly fits first.
    fn why_not(
        &mut self,
        item: Element<'a>,
        base: Def<'a>,
        slices: &'a Slices,
    ) -> Vec<crate::Issue> {
        let mut by_slice: Vec<Vec<crate::Issue>> = Vec::new();
        for slice in slices.list.iter().take(5) {
            let def = Def { profile: base.profile, rule: &base.profile.rules[slice.rule as usize] };
            let mut reasons = Vec::new();
            for test in slice.tests.get().map_or(&[][..], |t| t) {
                match test {
                    Test::Fixed(steps, value, inside) | Test::Pattern(steps, value, inside) => {
                        let is_pattern = matches!(test, Test::Pattern(..));
                        if !self.compares(item, steps, value.json(), inside, is_pattern) {
                            reasons.push(self.wrong_value(item, def, steps, value.json()));
                        }
                    }
                    Test::Profile(steps, profiles) => {
                        for target in self.follow(item, steps).iter().take(1) {
                            for id in profiles
                                .iter()
                                .filter_map(|p| self.validator.profile(p).ok().flatten())
                            {
                                let issues = self.conformance(*target, *target, id);
                                reasons.extend(
                                    issues.into_iter().filter(|i| i.severity.is_error()).take(3),
                                );
                            }
                        }
                    }
                    _ => {}
                }
            }
            by_slice.push(reasons);
        }
        by_slice.sort_by_key(Vec::len);
        let mut out: Vec<crate::Issue> = by_slice.into_iter().flatten().collect();
        for issue in &mut out {
            issue.severity = Severity::Information;
        }
        out
    }

    /// A value that is not the one by which a slice is told.
    fn wrong_value(
        &self,
        item: Element<'a>,
        def: Def<'a>,
        steps: &[Step],
        want: Node<'_>,
    ) -> crate::Issue {
        let here = self.follow(item, steps);
        let shown = want.text().map_or_else(|| want.raw().to_owned(), std::borrow::Cow::into_owned);
        let found = here.first().and_then(|e| e.text()).unwrap_or_default().into_owned();
        let at = here.first().map_or(item.node(), |e| e.node());
        self.shared.issue(
            Message::FixedWrong {
                found: found.into(),
                expected: shown.into(),
                source: shown_path(def).into(),
            },
            at,
            Some(def.profile),
        )
    }

    /// Reports slices with too few or too many members.
    pub(crate) fn slice_counts(
        &mut self,
        owner: Node<'a>,
        profile: &'a Profile,
        slices: &'a Slices,
        count: &mut dyn FnMut(usize) -> u32,
    ) {
        let mut at = 0;
        for slice in &slices.list {
            let def = Def { profile, rule: &profile.rules[slice.rule as usize] };
            let have = count(at);
            let (found, element) = (have as usize, || shown_path(def).into());
            let limit = def.rule.min as usize;
            if have < def.rule.min {
                let message = match (magic_code(profile, def), self.extension_url(def)) {
                    (Some(code), _) => Message::ProfileMinimumMagic {
                        element: element(),
                        code: code.into(),
                        profile: (&profile.canonical).into(),
                    },
                    (None, Some(url)) => Message::ProfileMinimumSliceExt {
                        found,
                        element: element(),
                        limit,
                        url: url.into(),
                    },
                    (None, None) => Message::ProfileMinimumSlice {
                        found,
                        element: element(),
                        limit,
                        profile: (&profile.canonical).into(),
                    },
                };
                self.issue(message, owner, profile);
            }
            if have > def.rule.max {
                let message = Message::ProfileMaximum {
                    found,
                    element: element(),
                    limit: def.rule.max as usize,
                    profile: (&profile.canonical).into(),
                };
                self.issue(message, owner, profile);
            }
            at += 1;
            if let Some(nested) = &slice.nested {
                if have > 0 {
                    let base = at;
                    let counts: SmallVec<[u32; 8]> =
                        (0..nested.count()).map(|i| count(base + i)).collect();
                    self.slice_counts(owner, profile, nested, &mut |i| {
                        counts.get(i).copied().unwrap_or(0)
                    });
                }
                at += nested.count();
            }
        }
    }

    /// The URL of the extension that a slice is about: its profile's, or the one it fixes.
    fn extension_url(&self, def: Def<'a>) -> Option<String> {
        if !is_extension(def) {
            return None;
        }
        if let Some(profile) = def.rule.types.first().and_then(|t| t.of.profiles.first()) {
            return Some(profile.to_string());
        }
        let url = self
            .child_defs(def, "url")
            .into_iter()
            .rev()
            .find_map(|d| d.element().fixed.as_ref())?;
        url.json().text().map(std::borrow::Cow::into_owned)
    }

    fn in_slice(
        &mut self,
        item: Element<'a>,
        base: Def<'a>,
        slices: &'a Slices,
        slice: &'a Slice,
        ty: Option<&'a TypeRule>,
        place: u32,
    ) -> bool {
        let def = Def { profile: base.profile, rule: &base.profile.rules[slice.rule as usize] };
        let tests = slice.tests.get_or_init(|| self.tests(def, slices));
        !tests.is_empty() && tests.iter().all(|test| self.passes(item, test, ty, place))
    }

    /// A slice that no element can be told to be in is reported, not passed over.
    fn untold(&mut self, item: Element<'a>, base: Def<'a>, slice: &'a Slice) -> bool {
        let tests = slice.tests.get().map_or(&[][..], |t| t);
        let (name, canonical) = (&slice.name, &base.profile.canonical);
        let Some(message) = tests.iter().find_map(|test| match test {
            Test::NoElement(path, unknown) => Some(Message::SliceNoElement {
                discriminator: (&**path).into(),
                slice: name.into(),
                profile: canonical.into(),
                name: (&**unknown).into(),
            }),
            Test::Never(path) => Some(Message::SliceCannotEvaluate {
                discriminator: (&**path).into(),
                slice: name.into(),
                profile: canonical.into(),
            }),
            _ => None,
        }) else {
            return false;
        };
        self.issue(message, item.node(), base.profile);
        true
    }

    fn passes(
        &mut self,
        item: Element<'a>,
        test: &'a Test,
        ty: Option<&'a TypeRule>,
        place: u32,
    ) -> bool {
        match test {
            Test::Fixed(steps, value, inside) => {
                self.compares(item, steps, value.json(), inside, false)
            }
            Test::Pattern(steps, value, inside) => {
                self.compares(item, steps, value.json(), inside, true)
            }
            Test::Exists(steps, wanted) => self.follow(item, steps).is_empty() != *wanted,
            Test::Binding(steps, canonical) => {
                let set = self.validator.definitions().terminology().value_set(canonical);
                self.follow(item, steps).iter().any(|e| {
                    let one = |e: Element<'a>| match binding::system_and_code(e) {
                        (system, Some(code)) => {
                            matches!(set.validate(system.as_deref(), &code), Membership::Member(_))
                        }
                        _ => e.text().is_some_and(|c| {
                            matches!(set.validate(None, &c), Membership::Member(_))
                        }),
                    };
                    one(*e) || e.children_named(&Name::new("coding")).any(one)
                })
            }
            Test::Type(steps, types) => {
                if steps.is_empty()
                    && let Some(ty) = ty
                    && ty.shape != Shape::Resource
                {
                    return types.iter().any(|t| **t == *ty.name());
                }
                self.follow(item, steps).iter().any(|e| {
                    let found = match e.resource_type() {
                        Some(name) => name.into_owned(),
                        None => self.type_by_name(*e),
                    };
                    types.iter().any(|t| **t == *found || &**t == "Resource")
                })
            }
            Test::Profile(steps, profiles) => {
                let here = self.follow(item, steps);
                here.iter().any(|e| {
                    profiles.iter().any(|canonical| match self.validator.profile(canonical) {
                        Ok(Some(id)) => self.fits(*e, *e, id),
                        _ => false,
                    })
                })
            }
            Test::Position(from, to) => (*from..*to).contains(&place),
            Test::NoElement(..) | Test::Never(_) => false,
        }
    }

    fn compares(
        &self,
        item: Element<'a>,
        steps: &[Step],
        want: Node<'_>,
        inside: &[Name],
        pattern: bool,
    ) -> bool {
        let mut want = want;
        for name in inside {
            let Some(next) = want.get(name) else { return false };
            want = if next.kind() == Kind::Array {
                match next.members().next() {
                    Some(first) => first,
                    None => return false,
                }
            } else {
                next
            };
        }
        self.follow(item, steps).iter().any(|e| fixed::matches(*e, want, pattern))
    }

    /// Type of an element by its property name (`valueQuantity`).
    pub(crate) fn type_by_name(&self, item: Element<'a>) -> String {
        crate::validate::trail(item.node(), &self.validator.model)
            .last()
            .map(|w| lmr_fhirpath::Model::type_name(&self.validator.model, w.ty).to_owned())
            .unwrap_or_default()
    }

    /// The elements a discriminator's path leads to.
    pub(crate) fn follow(&self, item: Element<'a>, steps: &[Step]) -> SmallVec<[Element<'a>; 4]> {
        let mut here: SmallVec<[Element<'a>; 4]> = smallvec::smallvec![item];
        for step in steps {
            let mut next = SmallVec::new();
            for e in here {
                match step {
                    Step::Child(name) => {
                        let mut found = false;
                        for child in e.children_named(name) {
                            found = true;
                            next.push(child);
                        }
                        if !found {
                            // `value` for `value[x]`
                            next.extend(
                                e.children().filter(|c| {
                                    is_choice_of(c.name().unwrap_or(""), name.as_str())
                                }),
                            );
                        }
                    }
                    Step::Extension(url) => next.extend(
                        e.children_named(&Name::new("extension"))
                            .filter(|x| super::extension::url_of(*x).as_deref() == Some(&**url)),
                    ),
                    Step::Resolve => next.extend(self.target_of(e)),
                    Step::OfType(name) => {
                        if self.type_by_name(e) == **name
                            || e.resource_type().as_deref() == Some(&**name)
                        {
                            next.push(e);
                        }
                    }
                }
            }
            here = next;
        }
        here
    }

    fn bump(&mut self, at: usize) {
        self.count_at(at);
    }
}

fn is_extension(def: Def<'_>) -> bool {
    matches!(def.element().name(), "extension" | "modifierExtension")
}

/// Whether a property is a choice of `stem`: `valueQuantity` of `value`.
fn is_choice_of(property: &str, stem: &str) -> bool {
    property
        .strip_prefix(stem)
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// The fixed code of a core vital signs profile, if the slice is about it.
fn magic_code(profile: &Profile, def: Def<'_>) -> Option<String> {
    let is_magic = profile.definition.url.starts_with("http://hl7.org/fhir/StructureDefinition/")
        && def.element().path.ends_with(".code.coding")
        && &*profile.definition.type_name == "Observation";
    if !is_magic {
        return None;
    }
    let children = def.rule.children.as_ref()?;
    let code = children.slots.iter().find_map(|slot| {
        let element = profile.element(&profile.rules[slot.rule as usize]);
        (element.name() == "code").then(|| element.fixed.as_ref().or(element.pattern.as_ref()))?
    });
    Some(code.and_then(|value| value.json().text()).unwrap_or_default().into_owned())
}
