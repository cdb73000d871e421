//! Exact decimals of any size.
//!
//! FHIR R4 limits neither the digits of a decimal nor its exponent
//! (<https://hl7.org/fhir/R4/datatypes.html#decimal>). Comparison, rounding and printing are exact
//! for all of them. Arithmetic is exact up to 4096 digits; beyond that it overflows, and an
//! overflow has no result (N1, section 6.6).

mod arithmetic;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use num_bigint::{BigInt, Sign};

/// Largest exponent that is read. Beyond it no text is long enough to hold a second digit.
const MAX_EXPONENT: i64 = 1_000_000_000_000_000;
/// Longest number that is printed without an exponent, in digits.
const MAX_PLAIN: i64 = 1000;

/// Digits of the largest `i128`.
const LONGEST_INTEGER: i64 = 39;

const POWERS: [i64; 19] = {
    let mut powers = [1; 19];
    let mut i = 1;
    while i < 19 {
        powers[i] = powers[i - 1] * 10;
        i += 1;
    }
    powers
};

/// A decimal number with the digits it was written with: `1.50` keeps its zero, and equals `1.5`.
///
/// ```
/// use lmr_fhirpath::Decimal;
///
/// let parse = |text| Decimal::parse(text).expect("a decimal");
/// assert!(parse("1E-30") < parse("0.000000000000000000000000000002"));
/// assert_eq!(parse("1.50"), parse("15e-1"));
/// assert_eq!(parse("1.50").to_string(), "1.50");
/// ```
#[derive(Clone)]
pub struct Decimal(Repr);

/// Nearly all decimals have at most 18 digits; the others are kept as their digits.
#[derive(Clone)]
enum Repr {
    /// `mantissa / 10^scale`, the scale at most 18.
    Short { mantissa: i64, scale: u8 },
    /// What does not fit.
    Long(Box<Long>),
}

/// `digits / 10^scale`.
#[derive(Clone)]
struct Long {
    negative: bool,
    /// ASCII digits without leading zeros; none for zero.
    digits: Box<[u8]>,
    scale: i64,
}

/// The digits of either form.
struct View<'d> {
    negative: bool,
    digits: &'d [u8],
    scale: i64,
}

impl View<'_> {
    /// Digits before the point; below zero, the zeros behind it. Only of numbers above zero.
    fn magnitude(&self) -> i64 {
        self.digits.len() as i64 - self.scale
    }

    fn compare_absolute(&self, other: &Self) -> Ordering {
        match (self.digits.is_empty(), other.digits.is_empty()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => {}
        }
        self.magnitude().cmp(&other.magnitude()).then_with(|| {
            let common = self.digits.len().min(other.digits.len());
            let (own, rest) = self.digits.split_at(common);
            let (others, others_rest) = other.digits.split_at(common);
            let above_zero = |digits: &[u8]| digits.iter().any(|d| *d != b'0');
            own.cmp(others).then(above_zero(rest).cmp(&above_zero(others_rest)))
        })
    }

    /// Without zeros at the end.
    fn significant(&self) -> &[u8] {
        let end = self.digits.iter().rposition(|d| *d != b'0').map_or(0, |last| last + 1);
        &self.digits[..end]
    }
}

/// How a number is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rounding {
    /// Half away from zero, as the specification's `round()`.
    HalfUp,
    /// Towards zero.
    Truncate,
    /// Towards negative infinity.
    Floor,
    /// Towards positive infinity.
    Ceiling,
}

impl Decimal {
    pub(crate) const ZERO: Self = Self(Repr::Short { mantissa: 0, scale: 0 });
    pub(crate) const ONE: Self = Self(Repr::Short { mantissa: 1, scale: 0 });

    /// Reads a FHIR decimal: `12.50`, `-1E-3`. Zeros at the end are kept. `None` for what is not a
    /// decimal, and for exponents beyond 10^15.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix('-');
        let (negative, rest) = (unsigned.is_some(), unsigned.unwrap_or(text));
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (mantissa, ""),
        };
        let are_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !are_digits(whole) || !are_digits(fraction) {
            return None;
        }
        if !(-MAX_EXPONENT..=MAX_EXPONENT).contains(&exponent) {
            return None;
        }
        let scale = i64::try_from(fraction.len()).ok()? - exponent;
        if let Some(short) = Self::short(negative, whole.bytes().chain(fraction.bytes()), scale) {
            return Some(short);
        }
        let digits = whole.bytes().chain(fraction.bytes()).skip_while(|d| *d == b'0').collect();
        Some(Self::of_digits(negative, digits, scale))
    }

    /// Where 18 digits hold it; digits may have zeros in front.
    fn short(negative: bool, digits: impl Iterator<Item = u8>, scale: i64) -> Option<Self> {
        let mut mantissa = 0i64;
        for digit in digits {
            if mantissa >= POWERS[17] {
                return None;
            }
            mantissa = mantissa * 10 + i64::from(digit - b'0');
        }
        let mut scale = scale;
        if scale < 0 {
            // Zero has no exponent.
            let factor =
                if mantissa == 0 { 1 } else { *POWERS.get(usize::try_from(-scale).ok()?)? };
            mantissa = mantissa.checked_mul(factor)?;
            scale = 0;
        }
        let scale = u8::try_from(scale).ok().filter(|scale| *scale <= 18)?;
        Some(Self(Repr::Short { mantissa: if negative { -mantissa } else { mantissa }, scale }))
    }

    /// From digits without zeros in front.
    fn of_digits(negative: bool, digits: Vec<u8>, scale: i64) -> Self {
        if let Some(short) = Self::short(negative, digits.iter().copied(), scale) {
            return short;
        }
        let digits = digits.into_boxed_slice();
        Self(Repr::Long(Box::new(Long { negative, digits, scale })))
    }

    fn of_i128(mantissa: i128, scale: u8) -> Self {
        match i64::try_from(mantissa) {
            Ok(mantissa) if scale <= 18 => Self(Repr::Short { mantissa, scale }),
            _ => Self::of_big(&mantissa.into(), scale.into()),
        }
    }

    fn of_big(mantissa: &BigInt, scale: i64) -> Self {
        let digits = mantissa.magnitude().to_str_radix(10).into_bytes();
        let digits = if digits == b"0" { Vec::new() } else { digits };
        Self::of_digits(mantissa.sign() == Sign::Minus, digits, scale)
    }

    /// Looks at the digits, whichever form they have.
    fn view<T>(&self, look: impl FnOnce(View<'_>) -> T) -> T {
        match &self.0 {
            Repr::Long(long) => {
                look(View { negative: long.negative, digits: &long.digits, scale: long.scale })
            }
            Repr::Short { mantissa, scale } => {
                let mut buffer = [0u8; 20];
                let mut start = buffer.len();
                let mut rest = mantissa.unsigned_abs();
                while rest > 0 {
                    start -= 1;
                    buffer[start] = b'0' + (rest % 10) as u8;
                    rest /= 10;
                }
                let negative = *mantissa < 0;
                look(View { negative, digits: &buffer[start..], scale: (*scale).into() })
            }
        }
    }

    /// Whether it is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.view(|view| view.digits.is_empty())
    }

    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.view(|view| view.negative && !view.digits.is_empty())
    }

    /// Without its sign.
    #[must_use]
    pub fn abs(&self) -> Self {
        if self.is_negative() { self.negated() } else { self.clone() }
    }

    pub(crate) fn negated(&self) -> Self {
        match &self.0 {
            Repr::Short { mantissa, scale } => Self::of_i128(-i128::from(*mantissa), *scale),
            Repr::Long(long) => {
                let mut long = long.clone();
                long.negative = !long.negative;
                Self(Repr::Long(long))
            }
        }
    }

    /// Digits that a copy takes on the heap.
    #[inline]
    pub(crate) fn size(&self) -> usize {
        match &self.0 {
            Repr::Short { .. } => 0,
            Repr::Long(long) => long.digits.len(),
        }
    }

    /// Digits behind the point, as written; below zero for a large number with an exponent.
    pub(crate) fn scale(&self) -> i64 {
        match &self.0 {
            Repr::Short { scale, .. } => (*scale).into(),
            Repr::Long(long) => long.scale,
        }
    }

    /// One unit of the last digit as written.
    pub(crate) fn step(&self) -> Self {
        Self::of_digits(false, vec![b'1'], self.scale())
    }

    /// Without zeros at the end of the fraction.
    pub(crate) fn normalized(&self) -> Self {
        self.view(|view| {
            let zeros = view.digits.len() - view.significant().len();
            let drop = if view.digits.is_empty() {
                view.scale.max(0)
            } else {
                (zeros as i64).min(view.scale.max(0))
            };
            let kept = view.digits.len().saturating_sub(usize::try_from(drop).unwrap_or(0));
            Self::of_digits(view.negative, view.digits[..kept].to_vec(), view.scale - drop)
        })
    }

    /// Cut to so many digits behind the point; unchanged where it has no more.
    pub(crate) fn rounded(&self, scale: i64, rounding: Rounding) -> Self {
        if self.scale() <= scale {
            return self.clone();
        }
        self.view(|view| {
            let drop = usize::try_from(view.scale - scale).unwrap_or(usize::MAX);
            let kept = view.digits.len().saturating_sub(drop);
            let (head, tail) = view.digits.split_at(kept);
            let is_inexact = tail.iter().any(|d| *d != b'0');
            // Where more is dropped than there is, the first dropped digit is a zero.
            let first = if drop > view.digits.len() { b'0' } else { tail[0] };
            let away = match rounding {
                Rounding::HalfUp => first >= b'5',
                Rounding::Truncate => false,
                Rounding::Floor => view.negative && is_inexact,
                Rounding::Ceiling => !view.negative && is_inexact,
            };
            let mut digits = head.to_vec();
            if away {
                increment(&mut digits);
            }
            Self::of_digits(view.negative, digits, scale)
        })
    }

    /// With exactly so many digits behind the point, which must not be fewer than it has.
    fn padded(&self, scale: u32) -> Self {
        let scale = i64::from(scale);
        self.view(|view| {
            let mut digits = view.digits.to_vec();
            if !digits.is_empty() {
                let zeros = usize::try_from(scale - view.scale).unwrap_or(0);
                digits.resize(digits.len() + zeros, b'0');
            }
            // Unlike in `short`, the zeros asked for stay.
            Self::of_digits(view.negative, digits, scale)
        })
    }

    pub(crate) fn truncated(&self) -> Self {
        self.rounded(0, Rounding::Truncate)
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.normalized().scale() <= 0
    }

    /// The whole part, where it fits.
    pub(crate) fn to_i128(&self) -> Option<i128> {
        if let Repr::Short { mantissa, scale } = &self.0 {
            return Some(i128::from(mantissa / POWERS[usize::from(*scale)]));
        }
        // What is longer than any of them is not worth its arithmetic.
        if self.view(|view| !view.digits.is_empty() && view.magnitude() > LONGEST_INTEGER) {
            return None;
        }
        let (mantissa, scale) = self.truncated().big()?;
        i128::try_from(mantissa * arithmetic::power_of_ten(-scale)).ok()
    }

    /// The whole part, where it fits.
    pub(crate) fn to_i64(&self) -> Option<i64> {
        self.to_i128().and_then(|n| i64::try_from(n).ok())
    }

    /// The nearest double.
    pub(crate) fn to_f64(&self) -> Option<f64> {
        self.view(|view| {
            let digits = std::str::from_utf8(view.digits).ok().filter(|d| !d.is_empty());
            let sign = if view.negative { "-" } else { "" };
            format!("{sign}{}e{}", digits.unwrap_or("0"), -view.scale).parse().ok()
        })
    }

    /// A computed approximation, to the 15 digits that a double holds for certain.
    pub(crate) fn from_f64(value: f64) -> Option<Self> {
        value.is_finite().then(|| Self::parse(&format!("{value:.14e}")))?.map(|d| d.normalized())
    }
}

/// Adds one to the last digit.
fn increment(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return;
        }
        *digit = b'0';
    }
    digits.insert(0, b'1');
}

macro_rules! from_integers {
    ($($integer:ty)*) => {
        $(impl From<$integer> for Decimal {
            fn from(value: $integer) -> Self {
                Self(Repr::Short { mantissa: value.into(), scale: 0 })
            }
        })*
    };
}

from_integers!(u8 i16 i32 i64);

impl PartialEq for Decimal {
    /// By value: `1.0` equals `1`.
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        if let (
            Repr::Short { mantissa: a, scale: a_scale },
            Repr::Short { mantissa: b, scale: b_scale },
        ) = (&self.0, &other.0)
        {
            // Each by the other's power of ten: at most 37 digits.
            let (a_power, b_power) = (POWERS[usize::from(*a_scale)], POWERS[usize::from(*b_scale)]);
            return (i128::from(*a) * i128::from(b_power))
                .cmp(&(i128::from(*b) * i128::from(a_power)));
        }
        match (self.is_negative(), other.is_negative()) {
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (negative, _) => {
                let order = self.view(|own| other.view(|others| own.compare_absolute(&others)));
                if negative { order.reverse() } else { order }
            }
        }
    }
}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.view(|view| {
            if !view.digits.is_empty() {
                (view.negative, view.magnitude(), view.significant()).hash(state);
            }
        });
    }
}

impl fmt::Display for Decimal {
    /// As written; with an exponent where a thousand digits would not be enough.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.view(|view| {
            let digits = std::str::from_utf8(view.digits).map_err(|_| fmt::Error)?;
            let sign = if view.negative && !digits.is_empty() { "-" } else { "" };
            if view.scale.abs() > MAX_PLAIN {
                let digits = if digits.is_empty() { "0" } else { digits };
                return write!(f, "{sign}{digits}E{}", -view.scale);
            }
            let scale = usize::try_from(view.scale).unwrap_or(0);
            let zeros = usize::try_from(-view.scale).unwrap_or(0);
            match digits.len().checked_sub(scale) {
                Some(point) if point > 0 || scale == 0 => {
                    let (whole, fraction) = digits.split_at(point);
                    let whole = if whole.is_empty() { "0" } else { whole };
                    write!(f, "{sign}{whole}{}", "0".repeat(zeros))?;
                    if fraction.is_empty() { Ok(()) } else { write!(f, ".{fraction}") }
                }
                _ => write!(f, "{sign}0.{digits:0>scale$}"),
            }
        })
    }
}

impl fmt::Debug for Decimal {
    /// Shows the form only: a value may be personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Decimal")
    }
}

#[cfg(test)]
mod tests;
