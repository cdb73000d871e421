//! `+`, `-`, `*`, `/`, `div`, `mod`, `&` (N1, section 6.6). Overflow gives nothing.

use std::borrow::Cow;

use lmr_fhir::SourceLocation;

use super::compare::number;
use super::{Engine, EvalResult, SMALL, Scope};
use crate::error::EvalErrorKind;
use crate::item::Item;
use crate::syntax::{Expr, Operator};
use crate::value::{Decimal, Quantity, TemporalError};

/// An integer result, if it stays within 32 bits.
pub(super) fn integer<'a>(value: Option<i64>) -> Option<Item<'a>> {
    value.filter(|n| i32::try_from(*n).is_ok()).map(Item::Integer)
}

impl<'a> Engine<'_, 'a> {
    pub(super) fn arithmetic(
        &self,
        location: SourceLocation,
        operator: Operator,
        left: &'a Expr,
        right: &'a Expr,
        s: Scope<'_, 'a>,
    ) -> EvalResult<Option<Item<'a>>> {
        self.step(location)?;
        let what = operator.text();
        let a = self.enclosed(|| self.single_value(left, s, what))?;
        let b = self.enclosed(|| self.single_value(right, s, what))?;
        if operator == Operator::Concatenate {
            return self.concatenate(location, a, b);
        }
        let (Some(a), Some(b)) = (a, b) else { return Ok(None) };
        let (x, y) = match (&a, &b) {
            (Item::Integer(x), Item::Integer(y)) => return Ok(integers(operator, *x, *y)),
            (Item::String(x), Item::String(y)) if operator == Operator::Add => {
                self.within_size(location, what, x.len() + y.len())?;
                return Ok(Some(Item::String(Cow::Owned(format!("{x}{y}")))));
            }
            (Item::Date(_) | Item::DateTime(_) | Item::Time(_), Item::Quantity(q))
                if matches!(operator, Operator::Add | Operator::Subtract) =>
            {
                return self.move_in_time(location, operator, &a, q, &b);
            }
            (Item::Quantity(x), Item::Quantity(y)) => ((**x).clone(), (**y).clone()),
            (Item::Quantity(x), other) | (other, Item::Quantity(x)) if number(other).is_some() => {
                let plain = Quantity::ucum(number(other).unwrap_or(Decimal::ZERO), "1");
                if matches!(a, Item::Quantity(_)) {
                    ((**x).clone(), plain)
                } else {
                    (plain, (**x).clone())
                }
            }
            _ => {
                return match (number(&a), number(&b)) {
                    (Some(x), Some(y)) => {
                        self.reckon(location, x.extent() + y.extent())?;
                        Ok(decimals(operator, &x, &y))
                    }
                    _ => self.types_error(location, what, &a, &b),
                };
            }
        };
        self.reckon_quantities(location, &x, &y)?;
        let result = match operator {
            Operator::Add => x.plus(&y, false),
            Operator::Subtract => x.plus(&y, true),
            Operator::Multiply => x.times(&y, false),
            Operator::Divide => x.times(&y, true),
            _ => return self.types_error(location, what, &a, &b),
        };
        Ok(result.map(|q| Item::Quantity(Box::new(q))))
    }

    /// Before arithmetic on so many digits ([`Decimal::extent`]): long numbers take more than a step, and
    /// twice as long ones more than twice as much.
    pub(super) fn reckon(&self, location: SourceLocation, digits: usize) -> EvalResult<()> {
        if digits <= SMALL {
            return Ok(());
        }
        self.steps(location, digits / 16 * (1 + digits / 1024))
    }

    /// Before arithmetic on quantities, or before they are compared: their units are read as well.
    pub(super) fn reckon_quantities(
        &self,
        location: SourceLocation,
        a: &Quantity,
        b: &Quantity,
    ) -> EvalResult<()> {
        self.reckon(location, a.value.extent() + b.value.extent())?;
        self.steps(location, unit_steps(a.code()) + unit_steps(b.code()))
    }

    #[cold]
    fn types_error<T>(
        &self,
        location: SourceLocation,
        what: &'static str,
        a: &Item<'a>,
        b: &Item<'a>,
    ) -> EvalResult<T> {
        let model = self.env.model;
        let (left, right) = (a.type_name(model).into_owned(), b.type_name(model).into_owned());
        self.fail(location, EvalErrorKind::Types { what, left, right })
    }

    fn concatenate(
        &self,
        location: SourceLocation,
        a: Option<Item<'a>>,
        b: Option<Item<'a>>,
    ) -> EvalResult<Option<Item<'a>>> {
        match (a, b) {
            (None, None) => Ok(Some(Item::from(""))),
            (Some(Item::String(x)), Some(Item::String(y))) => {
                self.within_size(location, "&", x.len() + y.len())?;
                Ok(Some(Item::String(Cow::Owned(format!("{x}{y}")))))
            }
            (Some(Item::String(x)), None) | (None, Some(Item::String(x))) => {
                Ok(Some(Item::String(x)))
            }
            (Some(Item::String(_)) | None, Some(other)) | (Some(other), _) => {
                self.type_error(location, "&", &other)
            }
        }
    }

    fn move_in_time(
        &self,
        location: SourceLocation,
        operator: Operator,
        moment: &Item<'a>,
        amount: &Quantity,
        amount_item: &Item<'a>,
    ) -> EvalResult<Option<Item<'a>>> {
        self.reckon(location, amount.value.extent())?;
        let minus = operator == Operator::Subtract;
        let moved = match moment {
            Item::Date(d) => d.plus(amount, minus).map(Item::Date),
            Item::DateTime(d) => d.plus(amount, minus).map(Item::DateTime),
            Item::Time(t) => t.plus(amount, minus).map(Item::Time),
            _ => Err(TemporalError::NotDuration),
        };
        match moved {
            Ok(item) => Ok(Some(item)),
            Err(TemporalError::OutOfRange) => Ok(None),
            Err(TemporalError::Definite(unit)) => {
                self.fail(location, EvalErrorKind::DefiniteDuration(unit))
            }
            Err(TemporalError::NotDuration) => {
                self.types_error(location, operator.text(), moment, amount_item)
            }
        }
    }

    pub(super) fn negate(
        &self,
        location: SourceLocation,
        inner: &'a Expr,
        s: Scope<'_, 'a>,
    ) -> EvalResult<Option<Item<'a>>> {
        Ok(match self.single_value(inner, s, "-")? {
            None => None,
            Some(Item::Integer(n)) => integer(n.checked_neg()),
            Some(Item::Decimal(d)) => Some(Item::Decimal(d.negated())),
            Some(Item::Quantity(q)) => {
                Some(Item::Quantity(Box::new(Quantity { value: q.value.negated(), unit: q.unit })))
            }
            Some(other) => return self.type_error(location, "-", &other),
        })
    }
}

/// What reading a unit takes: its factors and exponents multiply.
pub(super) fn unit_steps(code: &str) -> usize {
    code.len() * code.len() / 4
}

fn integers<'a>(operator: Operator, x: i64, y: i64) -> Option<Item<'a>> {
    match operator {
        Operator::Add => integer(x.checked_add(y)),
        Operator::Subtract => integer(x.checked_sub(y)),
        Operator::Multiply => integer(x.checked_mul(y)),
        Operator::Div => integer(x.checked_div(y)),
        Operator::Mod => integer(x.checked_rem(y)),
        _ => decimals(operator, &Decimal::from(x), &Decimal::from(y)),
    }
}

fn decimals<'a>(operator: Operator, x: &Decimal, y: &Decimal) -> Option<Item<'a>> {
    let result = match operator {
        Operator::Add => x.plus(y),
        Operator::Subtract => x.minus(y),
        Operator::Multiply => x.times(y),
        // A quotient has no written precision: trailing zeros are dropped.
        Operator::Divide => x.divided_by(y),
        Operator::Mod => x.remainder(y),
        Operator::Div => return integer(x.whole_quotient(y)?.to_i64()),
        _ => None,
    };
    result.map(Item::Decimal)
}
