//! To which slice an element belongs, and whether the slices are filled.
//! Rule: <https://hl7.org/fhir/R4/profiling.html#slicing>.

pub(crate) mod discriminator;
pub(crate) mod messages;

use lmr_fhir::{Element, Node, Severity};
use smallvec::SmallVec;

use super::context::{Conformance, Context};
use crate::compile::{Def, Defs, Profile, Slice, Slices, TypeRule};
use crate::definitions::SlicingRules;
use crate::issue::Issue;
use crate::messages::Message;
use crate::messages::field::Text;

/// The slice of whatever fits no other one.
/// Rule: <https://hl7.org/fhir/R4/profiling.html#default-slice>.
const DEFAULT: &str = "@default";
/// Slices of which the reasons are named why an element does not fit.
const MAX_REASONS: usize = 5;

/// Order of slices met so far.
#[derive(Default)]
pub(crate) struct SliceOrder {
    last: usize,
    unsliced: bool,
    /// How many elements came before.
    before: u32,
    /// Whether an undecidable slicing was already reported.
    undecidable_reported: bool,
}

/// An element of a sliced list: what is known of it before its slice is.
#[derive(Clone, Copy)]
pub(crate) struct Candidate<'a> {
    pub(crate) item: Element<'a>,
    /// The type that its property name says.
    pub(crate) ty: Option<&'a TypeRule>,
    /// How many elements of the list come before it.
    pub(crate) position: u32,
}

/// Finds the slice of an element, counts it and adds its rule to `defs`.
pub(crate) fn place<'a>(
    walk: &mut dyn Conformance<'a>,
    item: Element<'a>,
    ty: Option<&'a TypeRule>,
    (base, slices, scratch): (Def<'a>, &'a Slices, usize),
    defs: &mut Defs<'a>,
    order: &mut SliceOrder,
) {
    let candidate = Candidate { item, ty, position: order.before };
    let mut at = 0;
    let mut found: Option<(usize, &'a Slice, usize)> = None;
    let mut default = None;
    for (i, slice) in slices.list.iter().enumerate() {
        if &*slice.name == DEFAULT {
            default = Some((i, slice, at));
            at += 1 + slice.nested.as_ref().map_or(0, |n| n.count());
            continue;
        }
        let fits = in_slice(walk, candidate, base, slices, slice);
        if !fits && !order.undecidable_reported {
            order.undecidable_reported = undecidable(walk.cx(), item, base, slices, slice);
        }
        if fits {
            match found {
                None => found = Some((i, slice, at)),
                Some((_, first, _)) => {
                    let message = Message::MatchMultiple {
                        profile: (&base.profile.canonical).into(),
                        first: (&first.name).into(),
                        second: (&slice.name).into(),
                    };
                    walk.cx().report(message, item.node(), base.profile);
                }
            }
        }
        at += 1 + slice.nested.as_ref().map_or(0, |n| n.count());
    }
    order.before += 1;
    let Some((index, slice, at)) = found.or(default) else {
        return outside(walk, item, base, slices, order);
    };
    walk.count_slice(scratch + at);
    let profile = || (&base.profile.canonical).into();
    if order.unsliced && slices.rules == SlicingRules::OpenAtEnd {
        let message = Message::SliceOrderOpenAtEnd { profile: profile() };
        walk.cx().report(message, item.node(), base.profile);
    }
    if slices.ordered && index < order.last {
        let message = Message::SliceOrder { profile: profile(), slice: (&slice.name).into() };
        walk.cx().report(message, item.node(), base.profile);
    }
    order.last = order.last.max(index);
    let def = slice.def(base.profile);
    defs.push(def);
    if let Some(nested) = &slice.nested {
        let mut inner = SliceOrder::default();
        place(walk, item, ty, (def, nested, scratch + at + 1), defs, &mut inner);
    }
}

/// Whether an element shows all that the discriminators ask of a slice's members.
fn in_slice<'a>(
    walk: &mut dyn Conformance<'a>,
    candidate: Candidate<'a>,
    base: Def<'a>,
    slices: &'a Slices,
    slice: &'a Slice,
) -> bool {
    let tests = discriminator::tests(walk.cx().profiles, base.profile, slices, slice);
    !tests.is_empty() && tests.iter().all(|test| test.matches(walk, candidate))
}

/// A slice to which no element can be shown to belong is reported, not passed over.
fn undecidable<'a>(
    cx: &mut Context<'a>,
    item: Element<'a>,
    base: Def<'a>,
    slices: &'a Slices,
    slice: &'a Slice,
) -> bool {
    let tests = discriminator::tests(cx.profiles, base.profile, slices, slice);
    let Some(message) =
        tests.iter().find_map(|test| test.undecidable(&slice.name, &base.profile.canonical))
    else {
        return false;
    };
    cx.report(message, item.node(), base.profile);
    true
}

/// An element of no slice: refused by a closed slicing, noted by others.
fn outside<'a>(
    walk: &mut dyn Conformance<'a>,
    item: Element<'a>,
    base: Def<'a>,
    slices: &'a Slices,
    order: &mut SliceOrder,
) {
    order.unsliced = true;
    if slices.list.is_empty() && slices.rules != SlicingRules::Closed {
        return;
    }
    let (message, inner) = match slices.rules {
        SlicingRules::Closed => {
            let message = refused(walk.cx(), item, base, slices);
            // Reasons of what is itself only a reason are not reported, and would be many.
            let is_reported = walk.cx().probes == 0;
            (message, if is_reported { why_not(walk, item, base, slices) } else { Vec::new() })
        }
        _ if !walk.cx().options.hints || is_extension(base) => return,
        _ => (Message::NoSliceHint { profile: (&base.profile.canonical).into() }, Vec::new()),
    };
    walk.cx().report(message, item.node(), base.profile).inner = inner;
}

/// The message of a closed slicing: what decides, what was found there, what each slice asks for.
fn refused<'a>(cx: &Context<'a>, item: Element<'a>, base: Def<'a>, slices: &'a Slices) -> Message {
    let by: Vec<&str> = slices.discriminators.iter().map(|d| &*d.path).collect();
    let (mut found, mut allowed) = (None, Vec::new());
    for slice in &slices.list {
        let tests = discriminator::tests(cx.profiles, base.profile, slices, slice);
        let mut wanted = Vec::new();
        for one in tests.iter().filter_map(|test| test.decides(cx, item)) {
            found = found.or(one.found);
            wanted.push(one.wanted);
        }
        allowed.push(if wanted.is_empty() { slice.name.to_string() } else { wanted.join(" + ") });
    }
    Message::NotSlice {
        element: (&*base.element().path).into(),
        by: by.join(", ").into(),
        found: found.unwrap_or_else(|| Text::defined("-")),
        allowed: allowed.join(", ").into(),
        profile: (&base.profile.canonical).into(),
    }
}

/// For each slice what keeps the element out of it, the slice that it nearly fits first.
fn why_not<'a>(
    walk: &mut dyn Conformance<'a>,
    item: Element<'a>,
    base: Def<'a>,
    slices: &'a Slices,
) -> Vec<Issue> {
    let mut by_slice: Vec<Vec<Issue>> = Vec::new();
    for slice in slices.list.iter().take(MAX_REASONS) {
        let def = slice.def(base.profile);
        let tests = discriminator::tests(walk.cx().profiles, base.profile, slices, slice);
        by_slice.push(tests.iter().flat_map(|test| test.why_not(walk, item, def)).collect());
    }
    by_slice.sort_by_key(Vec::len);
    let mut out: Vec<Issue> = by_slice.into_iter().flatten().collect();
    for issue in &mut out {
        issue.severity = Severity::Information;
    }
    out
}

/// Reports slices with too few or too many members.
pub(crate) fn check_counts<'a>(
    cx: &mut Context<'a>,
    owner: Node<'a>,
    profile: &'a Profile,
    slices: &Slices,
    count: &mut dyn FnMut(usize) -> u32,
) {
    let mut at = 0;
    for slice in &slices.list {
        let def = slice.def(profile);
        let have = count(at);
        let (found, element) = (have as usize, || (&*def.element().id).into());
        let limit = def.rule.min as usize;
        if have < def.rule.min {
            let message = match (magic_code(profile, def), extension_url(def)) {
                (Some(code), _) => Message::ProfileMinimumMagic {
                    element: element(),
                    code: code.into(),
                    profile: (&profile.canonical).into(),
                },
                (None, Some(url)) if is_profiled(def) => Message::ProfileMinimumSliceExt {
                    found,
                    element: element(),
                    limit,
                    url: url.into(),
                },
                (None, _) => Message::ProfileMinimumSlice {
                    found,
                    element: element(),
                    limit,
                    profile: (&profile.canonical).into(),
                },
            };
            cx.report(message, owner, profile);
        }
        if have > def.rule.max {
            let message = Message::ProfileMaximum {
                found,
                element: element(),
                limit: def.rule.max as usize,
                profile: (&profile.canonical).into(),
            };
            cx.report(message, owner, profile);
        }
        at += 1;
        if let Some(nested) = &slice.nested {
            if have > 0 {
                let base = at;
                let counts: SmallVec<[u32; 8]> =
                    (0..nested.count()).map(|i| count(base + i)).collect();
                check_counts(cx, owner, profile, nested, &mut |i| {
                    counts.get(i).copied().unwrap_or(0)
                });
            }
            at += nested.count();
        }
    }
}

/// The URL of the extension whose profile a slice has. Parts of a complex extension have none.
fn extension_url(def: Def<'_>) -> Option<String> {
    match (&*def.rule.types, is_extension(def)) {
        ([only], true) => match only.of.profiles.as_slice() {
            [profile] => Some(profile.to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a slice of extensions has its URL from a profile.
fn is_profiled(def: Def<'_>) -> bool {
    def.rule.types.first().is_some_and(|ty| !ty.of.profiles.is_empty())
}

fn is_extension(def: Def<'_>) -> bool {
    matches!(def.element().name(), "extension" | "modifierExtension")
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
