//! `minValue[x]` and `maxValue[x]`: compared by value, quantities with UCUM.

use lmr_fhir::{Element, Name};
use lmr_fhirpath::{
    CalendarUnit, Date, DateTime, Decimal, Env, Expression, Item, Quantity, Time, Unit,
};

use super::coding::system_and_code;
use super::context::Context;
use super::grammar::UCUM;
use crate::compile::Def;
use crate::definitions::Value;
use crate::messages::Message;
use crate::messages::field::{Defined, Text};

/// How a value compares with a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Within,
    Beyond,
    Unknown,
}

/// Why a quantity says nothing of a limit: a warning, as with the reference. Units are known by a system and
/// a code on both sides, and only those of UCUM can be converted.
#[derive(Clone, Copy, Debug)]
enum Incomparable<'a> {
    LimitNoSystem,
    NoSystem,
    OtherSystem(&'a str),
    LimitNoCode,
    NoCode,
    OtherCode,
}

impl Incomparable<'_> {
    fn message(self, limit: Defined, least: bool) -> Message {
        match (self, least) {
            (Self::LimitNoSystem, true) => Message::QuantityMinLimitNoSystem { limit },
            (Self::LimitNoSystem, false) => Message::QuantityMaxLimitNoSystem { limit },
            (Self::NoSystem, true) => Message::QuantityMinNoSystem { limit },
            (Self::NoSystem, false) => Message::QuantityMaxNoSystem { limit },
            (Self::OtherSystem(system), true) => {
                Message::QuantityMinOtherSystem { limit, system: system.to_owned().into() }
            }
            (Self::OtherSystem(system), false) => {
                Message::QuantityMaxOtherSystem { limit, system: system.to_owned().into() }
            }
            (Self::LimitNoCode, true) => Message::QuantityMinLimitNoCode { limit },
            (Self::LimitNoCode, false) => Message::QuantityMaxLimitNoCode { limit },
            (Self::NoCode, true) => Message::QuantityMinNoCode { limit },
            (Self::NoCode, false) => Message::QuantityMaxNoCode { limit },
            (Self::OtherCode, true) => Message::QuantityMinUnitUnknown { limit },
            (Self::OtherCode, false) => Message::QuantityMaxUnitUnknown { limit },
        }
    }
}

/// Checks an element's least and greatest value.
pub(crate) fn check<'a>(cx: &mut Context<'a>, item: Element<'a>, def: Def<'a>) {
    let element = def.element();
    if let Some(min) = &element.min_value {
        limit(cx, item, min, true, def);
    }
    if let Some(max) = &element.max_value {
        limit(cx, item, max, false, def);
    }
}

fn limit<'a>(cx: &mut Context<'a>, item: Element<'a>, limit: &Value, least: bool, def: Def<'a>) {
    let at = item.node();
    match limit.type_name() {
        "decimal" | "integer" | "positiveInt" | "unsignedInt" => {
            let wanted = limit.json().text().and_then(|t| Decimal::parse(&t));
            let found = item.text().and_then(|t| Decimal::parse(&t));
            if let (Some(wanted), Some(found)) = (wanted, found)
                && (if least { found < wanted } else { found > wanted })
            {
                let decimal = limit.type_name() == "decimal";
                let limit = wanted.to_string().into();
                let message = match (decimal, least) {
                    (true, true) => Message::DecimalLt { limit },
                    (true, false) => Message::DecimalGt { limit },
                    (false, true) => Message::IntegerLt { limit },
                    (false, false) => Message::IntegerGt { limit },
                };
                cx.report(message, at, def.profile);
            }
        }
        "date" | "dateTime" | "instant" | "time" => {
            let (Some(found), Some(wanted)) = (
                item.text().and_then(|t| moment(&t)),
                limit.json().text().and_then(|t| moment(&t)),
            ) else {
                return;
            };
            let comparison = compare(found, wanted, least);
            if comparison == Comparison::Unknown {
                not_evaluated(cx, item, &limit.json().text().unwrap_or_default(), def);
            }
            if comparison == Comparison::Beyond {
                let limit = Defined::from(&*limit.json().text().unwrap_or_default());
                let message =
                    if least { Message::DateLt { limit } } else { Message::DateGt { limit } };
                cx.report(message, at, def.profile);
            }
        }
        "Duration" | "Quantity" if item.value().is_some_and(|v| v.as_str().is_some()) => {
            relative(cx, item, limit, least, def);
        }
        "Quantity" | "Duration" | "Age" | "Count" | "Distance" | "SimpleQuantity" => {
            quantity(cx, item, limit, least, def);
        }
        _ => {}
    }
}

/// A limit that says nothing of a value: dates of different precision, for example. Reported, never
/// passed.
fn not_evaluated<'a>(cx: &mut Context<'a>, item: Element<'a>, limit: &str, def: Def<'a>) {
    cx.report(Message::LimitNotEvaluated { limit: limit.into() }, item.node(), def.profile);
}

fn quantity<'a>(cx: &mut Context<'a>, item: Element<'a>, limit: &Value, least: bool, def: Def<'a>) {
    let at = item.node();
    let shown = Defined::from(shown(limit.element()));
    let wanted = quantity_of(limit.element());
    let Some(found) = quantity_of(item) else {
        let message = if least {
            Message::QuantityMinNoValue { limit: shown }
        } else {
            Message::QuantityMaxNoValue { limit: shown }
        };
        cx.report(message, at, def.profile);
        return;
    };
    let Some(wanted) = wanted else {
        cx.report(Message::LimitNotEvaluated { limit: shown }, at, def.profile);
        return;
    };
    let (system, code) = system_and_code(item);
    let (wanted_system, wanted_code) = system_and_code(limit.element());
    let reason = match (&wanted_system, &system, &wanted_code, &code) {
        (None, ..) => Some(Incomparable::LimitNoSystem),
        (_, None, ..) => Some(Incomparable::NoSystem),
        (Some(wanted), Some(system), ..) if system != wanted => {
            Some(Incomparable::OtherSystem(system))
        }
        (_, _, None, _) => Some(Incomparable::LimitNoCode),
        (.., None) => Some(Incomparable::NoCode),
        (_, Some(system), wanted, code) if **system != *UCUM && wanted != code => {
            Some(Incomparable::OtherCode)
        }
        _ => None,
    };
    if let Some(reason) = reason {
        cx.report(reason.message(shown, least), at, def.profile);
        return;
    }
    let same_unit = code == wanted_code;
    let comparison = if same_unit {
        let beyond = if least { found.value < wanted.value } else { found.value > wanted.value };
        if beyond { Comparison::Beyond } else { Comparison::Within }
    } else {
        compare(Item::Quantity(Box::new(found.clone())), Item::Quantity(Box::new(wanted)), least)
    };
    match comparison {
        Comparison::Within => {}
        Comparison::Unknown => {
            let unit = code.as_deref().unwrap_or_default();
            let value = format!("{} {unit}", found.value).into();
            let message = if least {
                Message::QuantityMinNoConversion { value, limit: shown }
            } else {
                Message::QuantityMaxNoConversion { value, limit: shown }
            };
            cx.report(message, at, def.profile);
        }
        Comparison::Beyond => {
            let (value, limit) = (found.value.to_string().into(), shown);
            let message = match (least, same_unit) {
                (true, true) => Message::QuantityMin { value, limit },
                (true, false) => Message::QuantityMinUcum { value, limit },
                (false, true) => Message::QuantityMax { value, limit },
                (false, false) => Message::QuantityMaxUcum { value, limit },
            };
            cx.report(message, at, def.profile);
        }
    }
}

/// A limit of a date relative to the moment of validation.
fn relative<'a>(cx: &mut Context<'a>, item: Element<'a>, limit: &Value, least: bool, def: Def<'a>) {
    let at = item.node();
    let shown = shown(limit.element());
    let span = limit.element();
    let value = span.child(&Name::new("value")).and_then(Element::text);
    let unit = system_and_code(span).1.as_deref().and_then(calendar);
    let (Some(value), Some(unit), Some(found)) =
        (value.and_then(|v| Decimal::parse(&v)), unit, item.text().and_then(|t| moment(&t)))
    else {
        return;
    };
    let Some(now) = cx.options.now else {
        cx.report(
            Message::ConstraintCannotEvaluate {
                rule: shown.into(),
                reason: Text::defined("no clock given"),
            },
            at,
            def.profile,
        );
        return;
    };
    let amount = Quantity { value: value.abs(), unit: Unit::Calendar(unit) };
    let back = least != value.is_negative();
    let text = if back { "$this - %amount" } else { "$this + %amount" };
    let Ok(expression) = Expression::parse(text) else { return };
    let mut env = Env::new();
    env.define("amount", smallvec::smallvec![Item::Quantity(Box::new(amount))]);
    let Ok(edge) = expression.evaluate_on(&[Item::DateTime(now)], &env) else { return };
    let is_beyond = match edge.first() {
        Some(Item::DateTime(edge)) => {
            let edge = match &found {
                Item::Date(_) => Item::Date(edge.date()),
                _ => Item::DateTime(*edge),
            };
            compare(found, edge, least) == Comparison::Beyond
        }
        // Before year 1 or after 9999: all dates are on the same side of it.
        _ => least != back,
    };
    if is_beyond {
        let (value, limit) = (item.text().unwrap_or_default().into(), shown.into());
        let message = if least {
            Message::QuantityLtMin { value, limit }
        } else {
            Message::QuantityGtMax { value, limit }
        };
        cx.report(message, at, def.profile);
    }
}

/// Whether `found` keeps to `limit`, asked in FHIRPath so that units and
/// precisions count as they do there.
fn compare(found: Item<'_>, limit: Item<'_>, least: bool) -> Comparison {
    let text = if least { "$this >= %limit" } else { "$this <= %limit" };
    let Ok(expression) = Expression::parse(text) else { return Comparison::Unknown };
    let mut env = Env::new();
    env.define("limit", smallvec::smallvec![limit]);
    match expression.evaluate_on(&[found], &env).as_deref() {
        Ok([Item::Boolean(true)]) => Comparison::Within,
        Ok([Item::Boolean(false)]) => Comparison::Beyond,
        _ => Comparison::Unknown,
    }
}

fn moment(text: &str) -> Option<Item<'static>> {
    if let Some(date) = Date::parse(text) {
        return Some(Item::Date(date));
    }
    DateTime::parse(text).map(Item::DateTime).or_else(|| Time::parse(text).map(Item::Time))
}

fn quantity_of(item: Element<'_>) -> Option<Quantity> {
    let value = item.child(&Name::new("value"))?.text()?;
    let value = Decimal::parse(&value)?;
    let code = system_and_code(item).1;
    Some(Quantity::ucum(value, code.as_deref().unwrap_or("1")))
}

fn calendar(code: &str) -> Option<CalendarUnit> {
    Some(match code {
        "a" => CalendarUnit::Year,
        "mo" => CalendarUnit::Month,
        "wk" => CalendarUnit::Week,
        "d" => CalendarUnit::Day,
        "h" => CalendarUnit::Hour,
        "min" => CalendarUnit::Minute,
        "s" => CalendarUnit::Second,
        "ms" => CalendarUnit::Millisecond,
        _ => return None,
    })
}

fn shown(limit: Element<'_>) -> String {
    let value =
        limit.child(&Name::new("value")).and_then(Element::text).unwrap_or_default().into_owned();
    let code = system_and_code(limit).1.unwrap_or_default();
    format!("{value} {code}").trim().to_owned()
}
