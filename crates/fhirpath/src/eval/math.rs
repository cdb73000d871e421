//! Functions on numbers (N1, section 5.7), and sums.

use lmr_fhir::SourceLocation;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, MathematicalOps};

use super::arithmetic::integer;
use super::compare::number;
use super::{Engine, EvalResult, Scope};
use crate::error::EvalErrorKind;
use crate::item::Item;
use crate::syntax::{Expr, Function};
use crate::value::{Quantity, from_f64, round_to_scale};

impl<'a> Engine<'_, 'a> {
    pub(super) fn math(
        &self,
        location: SourceLocation,
        function: Function,
        source: &'a Expr,
        args: &'a [Expr],
        s: Scope<'_, 'a>,
    ) -> EvalResult<Option<Item<'a>>> {
        use Function as F;
        let what = function.text();
        let Some(item) = self.single_value(source, s, what)? else { return Ok(None) };
        let argument = match args.first() {
            Some(arg) => match self.single_value(arg, s, what)? {
                Some(arg) => Some(arg),
                None if function == F::Round => None,
                None => return Ok(None),
            },
            None => None,
        };
        if let Item::Quantity(q) = &item {
            let value = match function {
                F::Abs => q.value.abs(),
                F::Ceiling => q.value.ceil(),
                F::Floor => q.value.floor(),
                F::Truncate => q.value.trunc(),
                F::Round => round_to_scale(q.value, self.scale(location, argument.as_ref())?),
                _ => return self.type_error(location, what, &item),
            };
            return Ok(Some(Item::Quantity(Box::new(Quantity { value, unit: q.unit.clone() }))));
        }
        let Some(value) = number(&item) else { return self.type_error(location, what, &item) };
        let argument_number = match &argument {
            Some(arg) => match number(arg) {
                Some(n) => Some(n),
                None => return self.type_error(location, what, arg),
            },
            None => None,
        };
        Ok(match function {
            F::Abs => match item {
                Item::Integer(n) => integer(n.checked_abs()),
                _ => Some(Item::Decimal(value.abs())),
            },
            F::Ceiling => integer(value.ceil().to_i64()),
            F::Floor => integer(value.floor().to_i64()),
            F::Truncate => integer(value.trunc().to_i64()),
            F::Round => {
                let scale = self.scale(location, argument.as_ref())?;
                match item {
                    Item::Integer(_) => Some(Item::Integer(value.to_i64().unwrap_or_default())),
                    _ => Some(Item::Decimal(round_to_scale(value, scale))),
                }
            }
            F::Sqrt => value.sqrt().map(|d| Item::Decimal(d.normalize())),
            F::Exp => value.to_f64().and_then(|v| from_f64(v.exp())).map(Item::Decimal),
            F::Ln => logarithm(value, None),
            F::Log => logarithm(value, argument_number),
            F::Power => power(&item, value, argument.as_ref(), argument_number),
            _ => None,
        })
    }

    /// Digits after the point, 0 to 28.
    fn scale(&self, location: SourceLocation, argument: Option<&Item<'a>>) -> EvalResult<u32> {
        let scale = match argument {
            None => Some(0),
            Some(Item::Integer(n)) => u32::try_from(*n).ok(),
            Some(other) => return self.type_error(location, "round()", other),
        };
        match scale {
            Some(scale) => Ok(scale.min(28)),
            None => self.fail(location, EvalErrorKind::Argument { what: "round()" }),
        }
    }

    /// `sum()`, `min()`, `max()`, `avg()`
    pub(super) fn fold(
        &self,
        location: SourceLocation,
        function: Function,
        source: &'a Expr,
        s: Scope<'_, 'a>,
    ) -> EvalResult<Option<Item<'a>>> {
        use Function as F;
        let what = function.text();
        let mut total: Option<Item<'a>> = None;
        let mut count = 0u64;
        let mut overflow = false;
        self.stream(source, s, &mut |item| {
            self.step(location)?;
            let Some(item) = self.value_of(&item) else { return Ok(true) };
            count += 1;
            total = match total.take() {
                None => Some(item),
                Some(held) if matches!(function, F::Min | F::Max) => {
                    let order = self.compare(location, what, &item, &held)?;
                    let better = order
                        .is_some_and(|o| if function == F::Min { o.is_lt() } else { o.is_gt() });
                    Some(if better { item } else { held })
                }
                Some(held) => {
                    let sum = match (&held, &item) {
                        (Item::Quantity(a), Item::Quantity(b)) => {
                            a.plus(b, false).map(|q| Item::Quantity(Box::new(q)))
                        }
                        (Item::Integer(a), Item::Integer(b)) => integer(a.checked_add(*b)),
                        _ => match (number(&held), number(&item)) {
                            (Some(a), Some(b)) => a.checked_add(b).map(Item::Decimal),
                            _ => return self.type_error(location, what, &item),
                        },
                    };
                    overflow |= sum.is_none();
                    sum
                }
            };
            Ok(!overflow)
        })?;
        if overflow {
            return Ok(None);
        }
        let Some(total) = total else { return Ok(None) };
        if matches!(function, F::Sum | F::Avg)
            && number(&total).is_none()
            && !matches!(total, Item::Quantity(_))
        {
            return self.type_error(location, what, &total);
        }
        if function != F::Avg {
            return Ok(Some(total));
        }
        let count = Decimal::from(count);
        Ok(match total {
            Item::Quantity(q) => q
                .value
                .checked_div(count)
                .map(|value| value.normalize())
                .map(|value| Item::Quantity(Box::new(Quantity { value, unit: q.unit }))),
            other => number(&other)
                .and_then(|n| n.checked_div(count))
                .map(|n| Item::Decimal(n.normalize())),
        })
    }
}

fn logarithm<'a>(value: Decimal, base: Option<Decimal>) -> Option<Item<'a>> {
    if value <= Decimal::ZERO {
        return None;
    }
    let v = value.to_f64()?;
    let result = match base {
        None => v.ln(),
        Some(base) if base == Decimal::from(10) => v.log10(),
        Some(base) if base == Decimal::TWO => v.log2(),
        Some(base) if base > Decimal::ZERO && base != Decimal::ONE => v.ln() / base.to_f64()?.ln(),
        Some(_) => return None,
    };
    from_f64(result).map(Item::Decimal)
}

/// Exact for whole exponents; negative numbers have no other powers.
fn power<'a>(
    base_item: &Item<'a>,
    base: Decimal,
    exponent_item: Option<&Item<'a>>,
    exponent: Option<Decimal>,
) -> Option<Item<'a>> {
    let exponent = exponent?;
    let whole = if exponent.fract().is_zero() { exponent.to_i64() } else { None };
    if let Some(whole) = whole {
        let mut result = Decimal::ONE;
        // Beyond, only powers of 0 and 1 are of any use, and they end the loop at once.
        let times = whole.unsigned_abs();
        if times > 100_000 && !base.is_zero() && base.abs() != Decimal::ONE {
            return None;
        }
        for _ in 0..times {
            result = result.checked_mul(base)?;
            if result.is_zero() || base.abs() == Decimal::ONE {
                break;
            }
        }
        if base == Decimal::NEGATIVE_ONE {
            result = if whole % 2 == 0 { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
        }
        if whole < 0 {
            result = Decimal::ONE.checked_div(result)?.normalize();
        }
        let integers =
            matches!((base_item, exponent_item), (Item::Integer(_), Some(Item::Integer(_))));
        if integers && whole >= 0 {
            return integer(result.to_i64());
        }
        return Some(Item::Decimal(result));
    }
    from_f64(base.to_f64()?.powf(exponent.to_f64()?)).map(Item::Decimal)
}
