//! `toX()` and `convertsToX()` (N1, section 5.5).

use std::borrow::Cow;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::compare::number;
use super::{Engine, EvalResult, Scope};
use crate::item::Item;
use crate::syntax::{Expr, Function};
use crate::value::{Date, DateTime, Quantity, Time, parse_decimal};

impl<'a> Engine<'_, 'a> {
    /// `convertsToX()`, and `toBoolean()`, which yields a boolean itself.
    pub(super) fn converts(
        &self,
        function: Function,
        item: Item<'a>,
        args: &'a [Expr],
        s: Scope<'_, 'a>,
    ) -> EvalResult<Option<bool>> {
        use Function as F;
        let to = match function {
            F::ToBoolean => return Ok(to_boolean(&item)),
            F::ConvertsToBoolean => return Ok(Some(to_boolean(&item).is_some())),
            F::ConvertsToInteger => F::ToInteger,
            F::ConvertsToLong => F::ToLong,
            F::ConvertsToDecimal => F::ToDecimal,
            F::ConvertsToText => F::ToText,
            F::ConvertsToDate => F::ToDate,
            F::ConvertsToDateTime => F::ToDateTime,
            F::ConvertsToTime => F::ToTime,
            _ => F::ToQuantity,
        };
        Ok(Some(self.convert(to, item, args, s)?.is_some()))
    }

    pub(super) fn convert(
        &self,
        function: Function,
        item: Item<'a>,
        args: &'a [Expr],
        s: Scope<'_, 'a>,
    ) -> EvalResult<Option<Item<'a>>> {
        use Function as F;
        Ok(match function {
            F::ToInteger => {
                to_integer(&item).filter(|n| i32::try_from(*n).is_ok()).map(Item::Integer)
            }
            F::ToLong => to_integer(&item).map(Item::Integer),
            F::ToDecimal => match &item {
                Item::Boolean(b) => Some(Item::Decimal(Decimal::from(u8::from(*b)))),
                Item::String(text) => {
                    parse_decimal(text.strip_prefix('+').unwrap_or(text)).map(Item::Decimal)
                }
                other => number(other).map(Item::Decimal),
            },
            F::ToText => text_of(&item).map(Item::String),
            F::ToDate => match &item {
                Item::Date(_) => Some(item),
                Item::DateTime(d) => Some(Item::Date(d.date())),
                Item::String(text) => {
                    // A full dateTime gives its date, as the specification has it.
                    Date::parse(text)
                        .or_else(|| DateTime::parse(text).map(DateTime::date))
                        .map(Item::Date)
                }
                _ => None,
            },
            F::ToDateTime => match &item {
                Item::DateTime(_) => Some(item),
                Item::Date(d) => Some(Item::DateTime((*d).into())),
                Item::String(text) => DateTime::parse(text).map(Item::DateTime),
                _ => None,
            },
            F::ToTime => match &item {
                Item::Time(_) => Some(item),
                Item::String(text) => {
                    Time::parse(text.strip_prefix('T').unwrap_or(text)).map(Item::Time)
                }
                _ => None,
            },
            _ => {
                let quantity = match &item {
                    Item::Quantity(q) => Some((**q).clone()),
                    Item::Boolean(b) => Some(Quantity::ucum(Decimal::from(u8::from(*b)), "1")),
                    Item::String(text) => Quantity::parse(text),
                    other => number(other).map(|n| Quantity::ucum(n, "1")),
                };
                let unit = match args.first() {
                    Some(arg) => self.text_arg(arg, s, "toQuantity()")?,
                    None => None,
                };
                let converted = match (quantity, unit) {
                    (Some(q), Some(unit)) => crate::ucum::convert(q.value, q.code(), &unit)
                        .map(|value| Quantity::ucum(value, &unit)),
                    (quantity, _) => quantity,
                };
                converted.map(|q| Item::Quantity(Box::new(q)))
            }
        })
    }
}

fn to_boolean(item: &Item<'_>) -> Option<bool> {
    match item {
        Item::Boolean(b) => Some(*b),
        Item::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "1" | "1.0" => Some(true),
            "false" | "f" | "no" | "n" | "0" | "0.0" => Some(false),
            _ => None,
        },
        other => match number(other) {
            Some(n) if n == Decimal::ONE => Some(true),
            Some(n) if n.is_zero() => Some(false),
            _ => None,
        },
    }
}

fn to_integer(item: &Item<'_>) -> Option<i64> {
    match item {
        Item::Integer(n) => Some(*n),
        Item::Boolean(b) => Some(i64::from(*b)),
        Item::Decimal(d) if d.fract().is_zero() => d.to_i64(),
        Item::String(text) => {
            let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
            if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            text.parse().ok()
        }
        _ => None,
    }
}

/// How a value is written; `None` for elements that are no primitives.
pub(super) fn text_of<'a>(item: &Item<'a>) -> Option<Cow<'a, str>> {
    Some(match item {
        Item::String(text) => text.clone(),
        Item::Boolean(b) => Cow::Borrowed(if *b { "true" } else { "false" }),
        Item::Integer(n) => Cow::Owned(n.to_string()),
        Item::Decimal(d) => Cow::Owned(d.to_string()),
        Item::Date(d) => Cow::Owned(d.to_string()),
        Item::DateTime(d) => Cow::Owned(d.to_string()),
        Item::Time(t) => Cow::Owned(t.to_string()),
        Item::Quantity(q) => Cow::Owned(q.to_string()),
        Item::Element(_) | Item::Type(_) => return None,
    })
}
