//! Lays a rule of a differential over an element so that the element never becomes looser.
//!
//! A profile may only restrict what it is based on
//! (<https://hl7.org/fhir/R4/profiling.html#limitations>). A rule that would allow more is not
//! applied; the aspect is named, so that a warning can say so.

use std::{cmp::Ordering, sync::Arc};

use lmr_fhir::{Kind, Node};

use super::Bases;
use crate::{
    canonical::{self, split_canonical},
    definitions::structure::{
        Binding, BindingStrength, Max, Slicing, SlicingRules, TypeRef, Value, Versioning,
    },
};

/// How many definitions up a base is looked for.
const MAX_STEPS: usize = 16;

/// The aspects of an element whose rules were not applied.
pub(super) type Refused = Vec<&'static str>;

/// The greater minimum; a smaller one is refused.
pub(super) fn min(slot: &mut u32, wanted: u32, refused: &mut Refused) {
    if wanted < *slot { refused.push("min") } else { *slot = wanted }
}

/// The smaller maximum; a greater one is refused.
pub(super) fn max(slot: &mut Max, wanted: Max, refused: &mut Refused) {
    if smaller(*slot, wanted) == *slot && *slot != wanted {
        refused.push("max");
    } else {
        *slot = wanted;
    }
}

/// The smaller of two maxima.
pub(super) fn smaller(a: Max, b: Max) -> Max {
    match (a, b) {
        (Max::Unbounded, other) | (other, Max::Unbounded) => other,
        (Max::Count(a), Max::Count(b)) => Max::Count(a.min(b)),
    }
}

/// A number of characters that may only become smaller.
pub(super) fn max_length(slot: &mut Option<u32>, wanted: u32, refused: &mut Refused) {
    match *slot {
        Some(before) if before < wanted => refused.push("maxLength"),
        _ => *slot = Some(wanted),
    }
}

/// Whether something holds once it was true; that it shall no longer is refused.
pub(super) fn flag(slot: &mut bool, wanted: bool, name: &'static str, refused: &mut Refused) {
    if *slot && !wanted { refused.push(name) } else { *slot = wanted }
}

/// A fixed value stays the same.
pub(super) fn fixed(slot: &mut Option<Arc<Value>>, wanted: &Arc<Value>, refused: &mut Refused) {
    match slot {
        Some(before) if before != wanted => refused.push("fixed"),
        _ => *slot = Some(wanted.clone()),
    }
}

/// A pattern may only become larger.
pub(super) fn pattern(slot: &mut Option<Arc<Value>>, wanted: &Arc<Value>, refused: &mut Refused) {
    match slot {
        Some(before) if !holds(wanted.json(), before.json()) => refused.push("pattern"),
        _ => *slot = Some(wanted.clone()),
    }
}

/// A bound of a range may only move inwards.
pub(super) fn bound(
    slot: &mut Option<Arc<Value>>,
    wanted: &Arc<Value>,
    inwards: Ordering,
    name: &'static str,
    refused: &mut Refused,
) {
    let is_tighter = slot.as_ref().is_none_or(|before| {
        before == wanted
            || compare(wanted, before)
                .is_some_and(|order| order == inwards || order == Ordering::Equal)
    });
    if is_tighter { *slot = Some(wanted.clone()) } else { refused.push(name) }
}

/// Whether a value has all that a pattern has.
fn holds(value: Node<'_>, pattern: Node<'_>) -> bool {
    match pattern.kind() {
        Kind::Object => pattern.members().all(|wanted| {
            wanted
                .key()
                .and_then(|key| value.member(&key))
                .is_some_and(|found| holds(found, wanted))
        }),
        Kind::Array => {
            pattern.members().all(|wanted| value.members().any(|found| holds(found, wanted)))
        }
        kind => kind == value.kind() && value.text() == pattern.text(),
    }
}

/// The order of two values of one type, if they have one: numbers, dates and times of the same
/// precision, quantities in the same unit.
fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    if a.type_name() != b.type_name() {
        return None;
    }
    if a.json().kind() == Kind::Object {
        let unit = |node: Node<'_>| {
            ["system", "code", "unit"].map(|member| {
                node.member(member).and_then(Node::text).map(std::borrow::Cow::into_owned)
            })
        };
        if unit(a.json()) != unit(b.json()) {
            return None;
        }
        return decimals(&a.json().member("value")?.text()?, &b.json().member("value")?.text()?);
    }
    let (a, kind, b) = (a.json().text()?, a.json().kind(), b.json().text()?);
    match kind {
        Kind::Number => decimals(&a, &b),
        // Written to the same precision and in the same zone, they are in order as texts.
        _ if a.len() == b.len() && a.get(19..) == b.get(19..) => Some(a.cmp(&b)),
        _ => None,
    }
}

/// The order of two decimals, whatever their length. Numbers with exponents have none here.
fn decimals(a: &str, b: &str) -> Option<Ordering> {
    fn parts(text: &str) -> Option<(bool, &str, &str)> {
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_plain = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        (is_plain(whole) && is_plain(fraction)).then(|| {
            let is_zero = whole.is_empty() && fraction.is_empty();
            (is_negative && !is_zero, whole, fraction)
        })
    }
    let (a, b) = (parts(a)?, parts(b)?);
    let size = |one: (bool, &str, &str), other: (bool, &str, &str)| {
        one.1
            .len()
            .cmp(&other.1.len())
            .then_with(|| one.1.cmp(other.1))
            .then_with(|| one.2.cmp(other.2))
    };
    Some(match (a.0, b.0) {
        (false, false) => size(a, b),
        (true, true) => size(b, a),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    })
}

/// How the slices are distinguished: order and rules may only become stricter; the discriminators
/// that the slices of the base need stay.
pub(super) fn slicing(
    slot: &mut Option<Arc<Slicing>>,
    wanted: &Arc<Slicing>,
    has_slices: bool,
    refused: &mut Refused,
) {
    let Some(before) = slot else {
        *slot = Some(wanted.clone());
        return;
    };
    let rank = |rules: SlicingRules| match rules {
        SlicingRules::Open => 0,
        SlicingRules::OpenAtEnd => 1,
        SlicingRules::Closed => 2,
    };
    let mut made = Slicing::clone(wanted);
    if rank(made.rules) < rank(before.rules) {
        refused.push("slicing.rules");
        made.rules = before.rules;
    }
    if before.ordered && !made.ordered {
        refused.push("slicing.ordered");
        made.ordered = true;
    }
    let keeps = before.discriminators.iter().all(|one| made.discriminators.contains(one));
    if !keeps && has_slices {
        // Without any it only says more of the rules.
        if !made.discriminators.is_empty() {
            refused.push("slicing.discriminator");
        }
        made.discriminators.clone_from(&before.discriminators);
    } else if made.discriminators.is_empty() {
        made.discriminators.clone_from(&before.discriminators);
    }
    *slot = Some(Arc::new(made));
}

/// A binding over the one before it: as strong at least, and no value set that is known to be
/// wider than a required one.
pub(super) fn binding(
    made: &mut Binding,
    before: Option<&Binding>,
    bases: &dyn Bases,
    refused: &mut Refused,
) {
    let Some(before) = before else { return };
    let rank = |strength: BindingStrength| match strength {
        BindingStrength::Example => 0,
        BindingStrength::Preferred => 1,
        BindingStrength::Extensible => 2,
        BindingStrength::Required => 3,
    };
    if rank(made.strength) < rank(before.strength) {
        refused.push("binding.strength");
        // What is recommended beside it is another value set: the one that binds stays.
        made.strength = before.strength;
        made.value_set.clone_from(&before.value_set);
        made.max_value_set.clone_from(&before.max_value_set);
    }
    let is_wider = |wanted: &Arc<str>, before: &Arc<str>| {
        wanted != before && bases.is_subset(wanted, before) == Some(false)
    };
    if before.strength == BindingStrength::Required
        && let (Some(wanted), Some(base)) = (&made.value_set, &before.value_set)
        && is_wider(wanted, base)
    {
        refused.push("binding.valueSet");
        made.value_set = Some(base.clone());
    }
    match (&made.max_value_set, &before.max_value_set) {
        (None, Some(base)) => made.max_value_set = Some(base.clone()),
        (Some(wanted), Some(base)) if is_wider(wanted, base) => {
            refused.push("binding.maxValueSet");
            made.max_value_set = Some(base.clone());
        }
        _ => {}
    }
    let kept = before.additional.iter().filter(|one| !made.additional.contains(one)).cloned();
    let kept: Vec<_> = kept.collect();
    made.additional.extend(kept);
}

/// The wanted types as far as the types before allow them. A type that says nothing of profiles,
/// targets or aggregation keeps what was said before.
pub(super) fn types(
    before: &[TypeRef],
    wanted: &[TypeRef],
    bases: &dyn Bases,
    refused: &mut Refused,
) -> Vec<TypeRef> {
    let mut made = Vec::new();
    for one in wanted {
        let same: Vec<&TypeRef> = before.iter().filter(|base| base.name() == one.name()).collect();
        if same.is_empty() {
            // What is of the type `Element` has its children in the definition itself.
            let mut open = before.iter().filter(|base| !is_backbone(base.name()));
            if open.any(|base| is_a(one.name(), base.name(), bases)) {
                made.push(one.clone());
            } else {
                refused.push("type");
            }
            continue;
        }
        let mut one = one.clone();
        let profiles: Vec<&Arc<str>> = same.iter().flat_map(|base| &base.profiles).collect();
        narrow(&mut one.profiles, &profiles, "type.profile", bases, refused);
        // One of several entries of a type without targets allows any.
        if same.iter().all(|base| !base.target_profiles.is_empty()) {
            let targets: Vec<&Arc<str>> =
                same.iter().flat_map(|base| &base.target_profiles).collect();
            narrow(&mut one.target_profiles, &targets, "type.targetProfile", bases, refused);
        }
        if let [base] = same.as_slice() {
            if !base.aggregation.is_empty() {
                let allowed = one.aggregation.iter().filter(|way| base.aggregation.contains(way));
                let allowed: Vec<_> = allowed.copied().collect();
                if allowed.len() < one.aggregation.len() {
                    refused.push("type.aggregation");
                }
                one.aggregation =
                    if allowed.is_empty() { base.aggregation.clone() } else { allowed };
            }
            match (base.versioning, one.versioning) {
                (Some(before), None) => one.versioning = Some(before),
                (Some(before), Some(now)) if before != now && before != Versioning::Either => {
                    refused.push("type.versioning");
                    one.versioning = Some(before);
                }
                _ => {}
            }
            one.fhir_type = one.fhir_type.or_else(|| base.fhir_type.clone());
            one.regex = base.regex.clone().or(one.regex);
        }
        made.push(one);
    }
    if made.is_empty() { before.to_vec() } else { made }
}

/// Profiles as far as each of them is one of those before or based on one. What is not known is
/// kept: that it cannot be used is reported when an instance needs it.
fn narrow(
    wanted: &mut Vec<Arc<str>>,
    before: &[&Arc<str>],
    name: &'static str,
    bases: &dyn Bases,
    refused: &mut Refused,
) {
    if before.is_empty() {
        return;
    }
    let any = canonical::core("Resource");
    let count = wanted.len();
    wanted.retain(|one| {
        before.iter().any(|base| {
            split_canonical(base).0 == any || is_based_on(one, base, bases) != Some(false)
        })
    });
    if wanted.len() < count {
        refused.push(name);
    }
    if wanted.is_empty() {
        *wanted = before.iter().map(|one| Arc::clone(one)).collect();
    }
}

/// Whether a profile is another one or based on it; `None` if a definition in between is not
/// known.
fn is_based_on(profile: &str, base: &str, bases: &dyn Bases) -> Option<bool> {
    let url = |canonical: &'_ str| {
        let whole = split_canonical(canonical).0;
        whole.split('#').next().unwrap_or(whole).to_owned()
    };
    let base = url(base);
    let mut next = url(profile);
    for _ in 0..MAX_STEPS {
        if next == base {
            return Some(true);
        }
        match bases.parent(&next) {
            Some(Some(parent)) => next = url(&parent),
            Some(None) => return Some(false),
            None => return None,
        }
    }
    None
}

fn is_backbone(name: &str) -> bool {
    matches!(name, "Element" | "BackboneElement")
}

/// Whether a type is a specialisation of another one (`Patient` of `Resource`).
pub(super) fn is_a(name: &str, base: &str, bases: &dyn Bases) -> bool {
    is_based_on(&canonical::core(name), &canonical::core(base), bases) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_of_any_length_are_ordered() {
        for (a, b, order) in [
            ("1.0", "1", Ordering::Equal),
            ("-0", "0.00", Ordering::Equal),
            ("0.1", "0.09", Ordering::Greater),
            ("-2", "-10", Ordering::Greater),
            ("-1", "1", Ordering::Less),
            (
                "12345678901234567890123456789012345.1",
                "12345678901234567890123456789012345.2",
                Ordering::Less,
            ),
        ] {
            assert_eq!(decimals(a, b), Some(order), "{a} {b}");
            assert_eq!(decimals(b, a), Some(order.reverse()), "{b} {a}");
        }
        assert_eq!(decimals("1e3", "2"), None);
    }
}
