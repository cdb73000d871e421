//! Collections as sets: distinct, subset, intersection.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use lmr_fhir::{Element, Kind as Json, SourceLocation};
use smallvec::SmallVec;

use super::compare::{COMPARED, number as number_of};
use super::{Engine, EvalResult};
use crate::item::{Collection, Item};
use crate::value::Decimal;

/// From this size on, items are filed by hash instead of compared with each other.
const HASH_FROM: usize = 12;

/// Where items are filed that may equal items of another form: dates of several precisions,
/// quantities. They are compared with everything.
const LOOSE: u64 = 0;

fn any<'i, 'a: 'i>(
    items: impl IntoIterator<Item = &'i Item<'a>>,
    test: impl Fn(&Item<'a>) -> EvalResult<bool>,
) -> EvalResult<bool> {
    for item in items {
        if test(item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A set that finds an equal item.
pub(super) struct Set<'a> {
    items: Collection<'a>,
    index: HashMap<u64, SmallVec<[u32; 1]>>,
}

impl<'a> Set<'a> {
    pub(super) fn new() -> Self {
        Self { items: Collection::new(), index: HashMap::new() }
    }

    pub(super) fn of(
        engine: &Engine<'_, 'a>,
        location: SourceLocation,
        items: &[Item<'a>],
    ) -> EvalResult<Self> {
        let mut set = Self::new();
        for item in items {
            set.insert(engine, location, engine.copy(item))?;
        }
        Ok(set)
    }

    pub(super) fn contains(
        &self,
        engine: &Engine<'_, 'a>,
        location: SourceLocation,
        item: &Item<'a>,
    ) -> EvalResult<bool> {
        let equals = |own: &Item<'a>| Ok(engine.equal(location, own, item)? == Some(true));
        let filed = |hash: u64| self.index.get(&hash).into_iter().flatten();
        match engine.hash_of(item).filter(|_| !self.index.is_empty()) {
            None => any(&self.items, equals),
            Some(hash) => any(
                filed(hash).chain(filed(LOOSE)).filter_map(|&i| self.items.get(i as usize)),
                equals,
            ),
        }
    }

    /// Whether the item was new.
    pub(super) fn insert(
        &mut self,
        engine: &Engine<'_, 'a>,
        location: SourceLocation,
        item: Item<'a>,
    ) -> EvalResult<bool> {
        if self.contains(engine, location, &item)? {
            return Ok(false);
        }
        self.items.push(item);
        if self.items.len() >= HASH_FROM {
            let from = if self.index.is_empty() { 0 } else { self.items.len() - 1 };
            for i in from..self.items.len() {
                let hash = engine.hash_of(&self.items[i]).unwrap_or(LOOSE);
                self.index.entry(hash).or_default().push(u32::try_from(i).unwrap_or(u32::MAX));
            }
        }
        Ok(true)
    }

    pub(super) fn into_items(self) -> Collection<'a> {
        self.items
    }
}

impl<'a> Engine<'_, 'a> {
    /// The first of equal items each, in order.
    pub(super) fn distinct(
        &self,
        location: SourceLocation,
        items: Collection<'a>,
    ) -> EvalResult<Collection<'a>> {
        if items.len() < 2 {
            return Ok(items);
        }
        let mut set = Set::new();
        for item in items {
            set.insert(self, location, item)?;
        }
        Ok(set.into_items())
    }

    /// Whether every item of `part` is in `whole`.
    pub(super) fn is_subset(
        &self,
        location: SourceLocation,
        part: &[Item<'a>],
        whole: &[Item<'a>],
    ) -> EvalResult<bool> {
        let whole = Set::of(self, location, whole)?;
        for item in part {
            if !whole.contains(self, location, item)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Equal items have equal hashes, or one of them has none because it equals items of other forms.
    fn hash_of(&self, item: &Item<'a>) -> Option<u64> {
        let mut hasher = DefaultHasher::new();
        match self.value_of(item).as_ref().unwrap_or(item) {
            Item::Element(typed) => {
                let mut seen = 0;
                let hash = content_hash(typed.element, &mut seen);
                self.owe(seen / 16);
                return Some(hash);
            }
            Item::String(text) => {
                self.charge(text.len() / COMPARED);
                text.hash(&mut hasher);
            }
            Item::Boolean(b) => b.hash(&mut hasher),
            Item::Type(info) => info.hash(&mut hasher),
            number @ (Item::Integer(_) | Item::Decimal(_)) => number_of(number).hash(&mut hasher),
            Item::Date(_) | Item::DateTime(_) | Item::Time(_) | Item::Quantity(_) => return None,
        }
        // Never that of the loose ones, so that they are not looked through twice.
        Some(hasher.finish().max(LOOSE + 1))
    }
}

/// Of everything in an element, and how many elements that are; the order of members does not count,
/// that of repetitions does.
fn content_hash(element: Element<'_>, seen: &mut usize) -> u64 {
    *seen += 1;
    let mut hasher = DefaultHasher::new();
    if let Some(text) = element.text() {
        let number = element
            .value()
            .filter(|v| v.kind() == Json::Number)
            .and_then(|_| Decimal::parse(&text));
        match number {
            Some(n) => n.hash(&mut hasher),
            None => text.hash(&mut hasher),
        }
    }
    let mut sum = 0u64;
    for child in element.children() {
        let mut own = DefaultHasher::new();
        (child.name_hash(), child.index().unwrap_or(0), content_hash(child, seen)).hash(&mut own);
        sum = sum.wrapping_add(own.finish());
    }
    sum.hash(&mut hasher);
    hasher.finish()
}
