//! The clock, and parts of dates and times.

use lmr_fhir::SourceLocation;

use super::{Engine, EvalResult, Scope};
use crate::error::Unavailable;
use crate::item::Item;
use crate::syntax::{Expr, Function};
use crate::value::{Date, DateTime, Time};

impl<'a> Engine<'_, 'a> {
    pub(super) fn clock(
        &self,
        location: SourceLocation,
        function: Function,
    ) -> EvalResult<Option<Item<'a>>> {
        let Some(now) = self.env.now else {
            return self.unavailable(location, function.text(), Unavailable::Clock);
        };
        Ok(match function {
            Function::Now => Some(Item::DateTime(now)),
            Function::Today => Some(Item::Date(now.date())),
            _ => now.time().map(Item::Time),
        })
    }

    pub(super) fn part_of_time(
        &self,
        location: SourceLocation,
        function: Function,
        source: &'a Expr,
        s: Scope<'_, 'a>,
    ) -> EvalResult<Option<Item<'a>>> {
        use Function as F;
        let Some(item) = self.single_value(source, s, function.text())? else { return Ok(None) };
        let (moment, time): (Option<DateTime>, Option<Time>) = match &item {
            Item::Date(d) => (Some((*d).into()), None),
            Item::DateTime(d) => (Some(*d), d.time()),
            Item::Time(t) => (None, Some(*t)),
            _ => return self.type_error(location, function.text(), &item),
        };
        let date = moment.map(DateTime::date);
        let number = |n: Option<i64>| n.map(Item::Integer);
        Ok(match function {
            F::YearOf => number(date.map(|d| d.year().into())),
            F::MonthOf => number(date.and_then(Date::month).map(i64::from)),
            F::DayOf => number(date.and_then(Date::day).map(i64::from)),
            F::HourOf => number(time.map(|t| t.hour().into())),
            F::MinuteOf => number(time.and_then(Time::minute).map(i64::from)),
            F::SecondOf => number(time.and_then(Time::second).map(i64::from)),
            F::MillisecondOf => number(time.and_then(Time::millisecond).map(i64::from)),
            F::TimezoneOffsetOf => moment
                .and_then(DateTime::offset)
                .and_then(|o| rust_decimal::Decimal::from(o).checked_div(60.into()))
                .map(Item::Decimal),
            F::DateOf => date.map(Item::Date),
            _ => time.map(Item::Time),
        })
    }
}
