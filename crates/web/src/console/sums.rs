//! The sums of some days, by day in Norway.

use super::Shared;
use crate::chart::Bar;
use jiff::Timestamp;
use jiff::civil::Date;
use lmr_intake::{
    Avsender, DayCount, DayState, Days, OrganisationNumber, StoreError, expects_delivery,
};
use std::collections::BTreeMap;

/// What was received within some days, by sender and day.
pub(super) struct Sums {
    pub(super) days: Days,
    /// The days, oldest first.
    pub(super) dates: Vec<Date>,
    /// Senders and their days, in the order of `dates`.
    pub(super) by_sender: BTreeMap<OrganisationNumber, Vec<DaySum>>,
}

/// What was received of one sender on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct DaySum {
    pub(super) accepted: u64,
    pub(super) refused_messages: u64,
    pub(super) entries: u64,
    pub(super) stored: u64,
    /// Stored, or identical to what is stored.
    pub(super) taken: u64,
    pub(super) refused: u64,
    pub(super) dependent: u64,
    /// The last hour with a message that was taken.
    pub(super) last: Option<Timestamp>,
}

impl DaySum {
    fn add(&mut self, other: &Self) {
        self.accepted += other.accepted;
        self.refused_messages += other.refused_messages;
        self.entries += other.entries;
        self.stored += other.stored;
        self.taken += other.taken;
        self.refused += other.refused;
        self.dependent += other.dependent;
        self.last = self.last.max(other.last);
    }

    fn of(day: &DayCount) -> Self {
        Self {
            accepted: day.accepted,
            refused_messages: day.refused_messages,
            entries: day.entries,
            stored: day.stored,
            taken: day.taken(),
            refused: day.refused,
            dependent: day.dependent,
            last: day.last,
        }
    }

    pub(super) fn messages(&self) -> Bar {
        Bar { taken: self.accepted, refused: self.refused_messages }
    }
}

impl Sums {
    /// Reads the sums of these senders.
    pub(super) async fn load(
        shared: &Shared,
        senders: &[OrganisationNumber],
        days: Days,
    ) -> Result<Self, StoreError> {
        let dates = days.all();
        let found = shared.store.day_counts(senders, days.range()).await?;
        let mut by_sender: BTreeMap<OrganisationNumber, Vec<DaySum>> = BTreeMap::new();
        for sender in senders {
            by_sender.insert(*sender, vec![DaySum::default(); dates.len()]);
        }
        for day in &found {
            let place = dates.binary_search(&day.day).ok();
            let sums = by_sender.get_mut(&day.sender);
            if let Some(sum) = place.and_then(|place| sums?.get_mut(place)) {
                sum.add(&DaySum::of(day));
            }
        }
        Ok(Self { days, dates, by_sender })
    }

    /// The same of the last days only.
    pub(super) fn last(&self, count: u16) -> Self {
        let from = self.dates.len().saturating_sub(usize::from(count));
        let of = |sums: &Vec<DaySum>| sums.get(from..).unwrap_or_default().to_vec();
        Self {
            days: Days { count, ..self.days.clone() },
            dates: self.dates.get(from..).unwrap_or_default().to_vec(),
            by_sender: self.by_sender.iter().map(|(sender, sums)| (*sender, of(sums))).collect(),
        }
    }

    /// All senders together, day by day.
    pub(super) fn by_day(&self) -> Vec<DaySum> {
        let mut all = vec![DaySum::default(); self.dates.len()];
        for sums in self.by_sender.values() {
            for (day, sum) in all.iter_mut().zip(sums) {
                day.add(sum);
            }
        }
        all
    }

    /// One sender's days.
    pub(super) fn of(&self, sender: OrganisationNumber) -> &[DaySum] {
        self.by_sender.get(&sender).map_or(&[], Vec::as_slice)
    }

    /// What each day of a sender was like. Without a registration nothing is expected.
    pub(super) fn calendar(
        &self,
        sender: OrganisationNumber,
        avsender: Option<&Avsender>,
    ) -> Vec<(Date, DayState)> {
        let today = self.days.now.to_zoned(self.days.zone.clone()).date();
        let day = |(date, sum): (&Date, &DaySum)| {
            let messages = sum.accepted + sum.refused_messages;
            let is_expected = expects_delivery(avsender, *date, today);
            (*date, DayState::of(messages, sum.taken, is_expected))
        };
        self.dates.iter().zip(self.of(sender)).map(day).collect()
    }
}

/// The sum of some days.
pub(super) fn total(sums: &[DaySum]) -> DaySum {
    let mut total = DaySum::default();
    sums.iter().for_each(|sum| total.add(sum));
    total
}
