//! `lowBoundary()`, `highBoundary()`, `precision()`, `comparable()`.

use lmr_fhir::SourceLocation;

use rust_decimal::Decimal;

use super::{Engine, EvalResult, Scope};
use crate::item::Item;
use crate::syntax::{Expr, Function};
use crate::value::{Quantity, boundary, significant_digits};

/// Digits a decimal boundary has when none are asked for.
const DECIMAL_DIGITS: i64 = 8;
/// The most digits a decimal holds.
const MOST_DIGITS: u32 = 28;

impl<'a> Engine<'_, 'a> {
    pub(super) fn boundary(
        &self,
        location: SourceLocation,
        function: Function,
        source: &'a Expr,
        args: &'a [Expr],
        s: Scope<'_, 'a>,
    ) -> EvalResult<Option<Item<'a>>> {
        let what = function.text();
        let Some(item) = self.single_value(source, s, what)? else { return Ok(None) };
        if function == Function::Precision {
            let digits = match item {
                Item::Integer(_) => 0,
                Item::Decimal(d) => significant_digits(d),
                Item::Date(d) => d.precision().into(),
                Item::DateTime(d) => d.precision().into(),
                Item::Time(t) => t.precision().into(),
                Item::Quantity(q) => significant_digits(q.value),
                other => return self.type_error(location, what, &other),
            };
            return Ok(Some(Item::Integer(digits)));
        }
        let high = function == Function::HighBoundary;
        let digits = match args.first() {
            Some(arg) => match self.integer_arg(arg, s, what)? {
                Some(n) => Some(n),
                None => return Ok(None),
            },
            None => None,
        };
        let decimal = |value: Decimal| {
            let digits = u32::try_from(digits.unwrap_or(DECIMAL_DIGITS))
                .ok()
                .filter(|d| *d <= MOST_DIGITS)?;
            boundary(value, digits, high)
        };
        let temporal = |full: u8| u8::try_from(digits.unwrap_or(i64::from(full))).ok();
        Ok(match item {
            Item::Integer(n) => decimal(Decimal::from(n)).map(Item::Decimal),
            Item::Decimal(d) => decimal(d).map(Item::Decimal),
            Item::Quantity(q) => decimal(q.value)
                .map(|value| Item::Quantity(Box::new(Quantity { value, unit: q.unit }))),
            Item::Date(d) => temporal(8).and_then(|n| d.boundary(n, high)).map(Item::Date),
            Item::DateTime(d) => temporal(17).and_then(|n| d.boundary(n, high)).map(Item::DateTime),
            Item::Time(t) => temporal(9).and_then(|n| t.boundary(n, high)).map(Item::Time),
            other => return self.type_error(location, what, &other),
        })
    }

    pub(super) fn comparable(
        &self,
        location: SourceLocation,
        source: &'a Expr,
        args: &'a [Expr],
        s: Scope<'_, 'a>,
    ) -> EvalResult<Option<bool>> {
        let own = self.single_value(source, s, "comparable()")?;
        let other = match args.first() {
            Some(arg) => self.single_value(arg, s, "comparable()")?,
            None => None,
        };
        match (own, other) {
            (Some(Item::Quantity(a)), Some(Item::Quantity(b))) => Ok(Some(a.comparable(&b))),
            (Some(Item::Quantity(_)) | None, Some(other)) | (Some(other), _)
                if !matches!(other, Item::Quantity(_)) =>
            {
                self.type_error(location, "comparable()", &other)
            }
            _ => Ok(None),
        }
    }
}
