//! Quantities in UCUM units: exact conversion to base units.

mod table;

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use num_bigint::BigInt;
use table::{Meaning, PREFIXES, UNITS};

use crate::value::Decimal;

/// Longest unit code that is read.
const MAX_CODE: usize = 200;
/// Largest exponent of a unit in a code.
const MAX_EXPONENT: i32 = 60;
/// Longest numerator or denominator, in bits.
const MAX_BITS: u64 = 8192;

/// An exact fraction; the denominator is above zero, common factors are not removed.
#[derive(Clone, Debug)]
pub(crate) struct Fraction {
    numerator: BigInt,
    denominator: BigInt,
}

impl Fraction {
    fn one() -> Self {
        Self { numerator: 1.into(), denominator: 1.into() }
    }

    /// `None` for a number that is too long for arithmetic.
    fn of_decimal(value: &Decimal) -> Option<Self> {
        let (numerator, denominator) = value.ratio()?;
        Some(Self { numerator, denominator })
    }

    /// Reads `0.00012`; only for the table, whose numbers may be longer than a decimal.
    fn of_text(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let scale = u32::try_from(fraction.len()).ok()?;
        let numerator = format!("{whole}{fraction}").parse().ok()?;
        Some(Self { numerator, denominator: BigInt::from(10).pow(scale) })
    }

    fn times(&self, other: &Self) -> Option<Self> {
        let product = Self {
            numerator: &self.numerator * &other.numerator,
            denominator: &self.denominator * &other.denominator,
        };
        (product.numerator.bits() <= MAX_BITS && product.denominator.bits() <= MAX_BITS)
            .then_some(product)
    }

    fn inverse(self) -> Self {
        Self { numerator: self.denominator, denominator: self.numerator }
    }

    fn plus(&self, other: &Self) -> Self {
        Self {
            numerator: &self.numerator * &other.denominator + &other.numerator * &self.denominator,
            denominator: &self.denominator * &other.denominator,
        }
    }

    fn power(&self, exponent: i32) -> Option<Self> {
        let base = if exponent < 0 { self.clone().inverse() } else { self.clone() };
        let mut result = Self::one();
        for _ in 0..exponent.unsigned_abs() {
            result = result.times(&base)?;
        }
        Some(result)
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        (&self.numerator * &other.denominator).cmp(&(&other.numerator * &self.denominator))
    }

    /// Exact where 28 digits are enough.
    pub(crate) fn to_decimal(&self) -> Option<Decimal> {
        Decimal::of_ratio(&self.numerator, &self.denominator)
    }
}

/// Powers of base and arbitrary units.
type Dimension = BTreeMap<&'static str, i32>;

/// What one of a unit is in base units.
#[derive(Clone, Debug)]
struct Resolved {
    factor: Fraction,
    dimension: Dimension,
    /// Of temperature scales: added before the factor applies.
    shift: Option<Fraction>,
}

impl Resolved {
    fn number(factor: Fraction) -> Self {
        Self { factor, dimension: Dimension::new(), shift: None }
    }

    /// A scale with a zero of its own cannot be part of a product.
    fn linear(self) -> Option<Self> {
        self.shift.is_none().then_some(self)
    }

    fn times(self, other: &Self, exponent: i32) -> Option<Self> {
        let factor = self.factor.times(&other.factor.power(exponent)?)?;
        let mut dimension = self.dimension;
        for (unit, power) in &other.dimension {
            let sum = dimension.entry(unit).or_insert(0);
            *sum = sum.checked_add(power.checked_mul(exponent)?)?;
            if *sum == 0 {
                dimension.remove(unit);
            }
        }
        Some(Self { factor, dimension, shift: None })
    }
}

/// A quantity in base units.
#[derive(Clone, Debug)]
pub(crate) struct Canonical {
    pub(crate) value: Fraction,
    dimension: Dimension,
}

impl Canonical {
    /// `value` of the unit `code`; `None` if the code is not UCUM.
    pub(crate) fn new(value: &Decimal, code: &str) -> Option<Self> {
        let unit = resolve(code)?;
        let mut value = Fraction::of_decimal(value)?;
        if let Some(shift) = &unit.shift {
            value = value.plus(shift);
        }
        Some(Self { value: value.times(&unit.factor)?, dimension: unit.dimension })
    }

    /// Whether both have the same dimension.
    pub(crate) fn comparable(&self, other: &Self) -> bool {
        self.dimension == other.dimension
    }
}

/// Whether a text is a unit of UCUM, <https://ucum.org>: its grammar, of symbols that are defined.
pub fn is_valid(code: &str) -> bool {
    // Nearly all units in use are symbols and quotients of symbols.
    let is_plain = |part: &str| units().contains_key(part) || prefixed(part).is_some();
    (code.len() <= MAX_CODE && code.split('/').all(is_plain)) || resolve(code).is_some()
}

/// The prefix and the unit of a symbol such as `mg`.
fn prefixed(symbol: &str) -> Option<(u32, i32, &'static str)> {
    PREFIXES.iter().find_map(|(prefix, base, exponent)| {
        let (code, (metric, _)) = units().get_key_value(symbol.strip_prefix(prefix)?)?;
        metric.then_some((*base, *exponent, *code))
    })
}

/// Converts between units of one kind, to 28 digits.
pub(crate) fn convert(value: &Decimal, from: &str, to: &str) -> Option<Decimal> {
    if from == to {
        return Some(value.clone());
    }
    let source = Canonical::new(value, from)?;
    let target = resolve(to)?;
    if source.dimension != target.dimension {
        return None;
    }
    let mut result = source.value.times(&target.factor.inverse())?;
    if let Some(shift) = target.shift {
        let negative = Fraction { numerator: -shift.numerator, denominator: shift.denominator };
        result = result.plus(&negative);
    }
    result.to_decimal()
}

/// The code of a product or quotient, written in base units: `cm` times `m` is `m2`, with the factor
/// that the value takes.
pub(crate) fn combine(left: &str, right: &str, divide: bool) -> Option<(Decimal, String)> {
    let right_unit = resolve(right)?.linear()?;
    let product = resolve(left)?.linear()?.times(&right_unit, if divide { -1 } else { 1 })?;
    let mut code = String::new();
    for (unit, power) in product.dimension.iter().filter(|(_, p)| **p > 0) {
        if !code.is_empty() {
            code.push('.');
        }
        code.push_str(unit);
        if *power != 1 {
            code.push_str(&power.to_string());
        }
    }
    for (unit, power) in product.dimension.iter().filter(|(_, p)| **p < 0) {
        code.push('/');
        code.push_str(unit);
        if *power != -1 {
            code.push_str(&power.unsigned_abs().to_string());
        }
    }
    if code.is_empty() {
        code.push('1');
    }
    Some((product.factor.to_decimal()?, code))
}

fn units() -> &'static HashMap<&'static str, (bool, Meaning)> {
    static INDEX: OnceLock<HashMap<&'static str, (bool, Meaning)>> = OnceLock::new();
    INDEX.get_or_init(|| {
        UNITS.iter().map(|(code, metric, meaning)| (*code, (*metric, *meaning))).collect()
    })
}

fn resolve(code: &str) -> Option<Resolved> {
    if code.len() > MAX_CODE || !code.bytes().all(|b| (0x21..0x7f).contains(&b)) {
        return None;
    }
    resolve_at(code, 0)
}

/// The table refers to itself a few levels deep; brackets in a code count as well.
fn resolve_at(code: &str, depth: u8) -> Option<Resolved> {
    if depth > 24 {
        return None;
    }
    let mut reader = Reader { rest: code, depth };
    let unit = reader.term()?;
    reader.rest.is_empty().then_some(unit)
}

struct Reader<'c> {
    rest: &'c str,
    depth: u8,
}

impl Reader<'_> {
    fn eat(&mut self, c: char) -> bool {
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn term(&mut self) -> Option<Resolved> {
        if self.eat('/') {
            let first = self.component()?.linear()?;
            let inverse = Resolved::number(Fraction::one()).times(&first, -1)?;
            return self.products(inverse);
        }
        let first = self.component()?;
        self.products(first)
    }

    fn products(&mut self, first: Resolved) -> Option<Resolved> {
        let mut result = first;
        loop {
            let exponent = if self.eat('.') {
                1
            } else if self.eat('/') {
                -1
            } else {
                return Some(result);
            };
            let next = self.component()?.linear()?;
            result = result.linear()?.times(&next, exponent)?;
        }
    }

    fn component(&mut self) -> Option<Resolved> {
        if self.eat('(') {
            self.depth += 1;
            if self.depth > 24 {
                return None;
            }
            let inner = self.term()?;
            self.depth -= 1;
            return self.eat(')').then_some(inner);
        }
        if self.rest.starts_with('{') {
            self.annotation()?;
            return Some(Resolved::number(Fraction::one()));
        }
        let ten = self.rest.starts_with("10*") || self.rest.starts_with("10^");
        if !ten && self.rest.starts_with(|c: char| c.is_ascii_digit()) {
            let n = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
            let number =
                Fraction { numerator: self.rest[..n].parse().ok()?, denominator: 1.into() };
            if number.numerator == BigInt::from(0) {
                return None;
            }
            self.rest = &self.rest[n..];
            self.annotation()?;
            return Some(Resolved::number(number));
        }
        let n = if ten { 3 } else { self.symbol_length()? };
        let unit = self.atom(&self.rest[..n])?;
        self.rest = &self.rest[n..];
        let exponent = self.exponent()?;
        self.annotation()?;
        if exponent == 1 {
            return Some(unit);
        }
        Resolved::number(Fraction::one()).times(&unit.linear()?, exponent)
    }

    /// A symbol ends before an operator, a sign or a digit, unless in square brackets.
    fn symbol_length(&self) -> Option<usize> {
        let mut bracket = false;
        let mut n = 0;
        for b in self.rest.bytes() {
            match b {
                b'[' if bracket => return None,
                b'[' => bracket = true,
                b']' => bracket = false,
                b'.' | b'/' | b'(' | b')' | b'{' | b'}' | b'+' | b'-' | b'0'..=b'9' if !bracket => {
                    break;
                }
                _ => {}
            }
            n += 1;
        }
        (n > 0 && !bracket).then_some(n)
    }

    fn exponent(&mut self) -> Option<i32> {
        let signed = self.rest.starts_with(['+', '-']);
        let from = usize::from(signed);
        let tail = &self.rest[from..];
        let digits = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
        if digits == 0 {
            return if signed { None } else { Some(1) };
        }
        let exponent: i32 = self.rest[..from + digits].parse().ok()?;
        self.rest = &self.rest[from + digits..];
        (exponent != 0 && exponent.abs() <= MAX_EXPONENT).then_some(exponent)
    }

    fn annotation(&mut self) -> Option<()> {
        while self.rest.starts_with('{') {
            let end = self.rest.find('}')?;
            if self.rest[1..end].contains('{') {
                return None;
            }
            self.rest = &self.rest[end + 1..];
        }
        Some(())
    }

    fn atom(&self, symbol: &str) -> Option<Resolved> {
        if let Some((code, _)) = units().get_key_value(symbol) {
            return self.whole(code, None);
        }
        let (base, exponent, code) = prefixed(symbol)?;
        let power = Fraction { numerator: base.into(), denominator: 1.into() }.power(exponent)?;
        self.whole(code, Some(power))
    }

    fn whole(&self, code: &'static str, prefix: Option<Fraction>) -> Option<Resolved> {
        let (_, meaning) = units().get(code)?;
        let mut unit = match meaning {
            Meaning::Own => Resolved {
                factor: Fraction::one(),
                dimension: Dimension::from([(code, 1)]),
                shift: None,
            },
            Meaning::Times(number, of) => {
                let of = resolve_at(of, self.depth + 1)?;
                Resolved::number(Fraction::of_text(number)?).times(&of, 1)?
            }
            Meaning::Scale { shift, numerator, denominator } => {
                let factor =
                    Fraction { numerator: (*numerator).into(), denominator: (*denominator).into() };
                let mut shift = Fraction::of_text(shift)?;
                if let Some(prefix) = &prefix {
                    // value in millidegrees: shift counts in millidegrees as well.
                    shift = shift.times(&prefix.clone().inverse())?;
                }
                Resolved { factor, dimension: Dimension::from([("K", 1)]), shift: Some(shift) }
            }
        };
        if let Some(prefix) = prefix {
            unit.factor = unit.factor.times(&prefix)?;
        }
        Some(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dec(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn every_unit_of_the_table_resolves() {
        for (code, ..) in UNITS {
            assert!(is_valid(code), "{code}");
        }
    }

    #[test]
    fn conversions_are_exact() {
        for (value, from, to, expected) in [
            ("1", "[lb_av]", "g", "453.59237"),
            ("4", "g", "mg", "4000"),
            ("1", "mg/dL", "g/L", "0.01"),
            ("37", "Cel", "K", "310.15"),
            ("98.6", "[degF]", "Cel", "37"),
            ("1", "[in_i]", "cm", "2.54"),
            ("120", "mm[Hg]", "kPa", "15.99864"),
            ("1", "mmol/L", "umol/mL", "1"),
            ("1", "wk", "h", "168"),
            ("1000", "10*3/uL", "10*9/L", "1000"),
            ("1", "kg.m/s2", "N", "1"),
            ("5", "ug/kg/min", "mg/kg/h", "0.3"),
            ("1", "(mg/mL)/h", "mg/(mL.h)", "1"),
        ] {
            assert_eq!(
                convert(&dec(value), from, to),
                Some(dec(expected)),
                "{value} {from} to {to}"
            );
        }
    }

    #[test]
    fn codes_that_are_not_ucum_are_refused() {
        for code in [
            "", "tsp_us", "mmHg", "[", "m[", "kg/", "m0", "m9999", "µg", "mg dl", "{a", "(m", "m)",
            "k[in_i]",
        ] {
            assert!(!is_valid(code), "{code}");
        }
        assert!(!is_valid(&"(".repeat(150)));
    }

    #[test]
    fn annotations_and_arbitrary_units_are_read() {
        assert!(
            is_valid("{tablet}")
                && is_valid("mg{total}/d")
                && is_valid("10*6/L")
                && is_valid("k[iU]/L")
        );
        assert_eq!(convert(&dec("1"), "[iU]", "g"), None);
        assert_eq!(convert(&dec("2"), "k[iU]", "[iU]"), Some(dec("2000")));
    }

    #[test]
    fn products_are_written_in_base_units() {
        assert_eq!(combine("cm", "m", false), Some((dec("0.01"), "m2".to_owned())));
        assert_eq!(combine("g", "m", true), Some((dec("1"), "g/m".to_owned())));
        assert_eq!(combine("m", "m", true), Some((dec("1"), "1".to_owned())));
    }
}
