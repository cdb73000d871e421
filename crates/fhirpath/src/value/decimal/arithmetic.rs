//! Arithmetic, exact as far as a result ends.

use num_bigint::{BigInt, Sign};

use super::{Decimal, POWERS, Repr, Rounding};

/// Longest operand of arithmetic, in digits before and after the point.
const MAX_DIGITS: i64 = 4096;
/// Digits that a quotient or root has, where it does not end earlier.
const QUOTIENT_DIGITS: i64 = 28;

impl Decimal {
    /// Mantissa and scale, where the number is not too long for arithmetic.
    pub(super) fn big(&self) -> Option<(BigInt, i64)> {
        if let Repr::Short { mantissa, scale } = &self.0 {
            return Some((BigInt::from(*mantissa), i64::from(*scale)));
        }
        self.view(|view| {
            if view.digits.len() as i64 > MAX_DIGITS || view.scale.abs() > MAX_DIGITS {
                return None;
            }
            let sign = if view.negative { Sign::Minus } else { Sign::Plus };
            let digits: Vec<u8> = view.digits.iter().map(|d| d - b'0').collect();
            Some((BigInt::from_radix_be(sign, &digits, 10).unwrap_or_default(), view.scale))
        })
    }

    /// Digits that arithmetic reckons with: those of the number and the zeros up to its point. None for the
    /// usual short ones, and for those that are too long for it.
    #[inline]
    pub(crate) fn extent(&self) -> usize {
        match &self.0 {
            Repr::Short { .. } => 0,
            Repr::Long(long) => {
                let zeros = long.scale.unsigned_abs();
                let sum = zeros.saturating_add(long.digits.len() as u64);
                if long.digits.len() as i64 > MAX_DIGITS || zeros > MAX_DIGITS as u64 {
                    return 0;
                }
                usize::try_from(sum).unwrap_or(0)
            }
        }
    }

    /// As [`Self::extent`], of the power and all that leads to it.
    pub(crate) fn extent_of_power(&self, exponent: &Self) -> usize {
        let Some(times) = exponent.to_i64().map(i64::unsigned_abs) else { return self.extent() };
        let base = self.normalized();
        if base.abs() == Self::ONE {
            return self.extent();
        }
        let digits = base.view(|view| view.digits.len() as u64) + base.scale().unsigned_abs();
        // What is longer is not reckoned.
        match digits.saturating_mul(times) {
            power if power <= 3 * MAX_DIGITS as u64 => usize::try_from(power).unwrap_or(0),
            _ => self.extent(),
        }
    }

    /// Both mantissas at one scale.
    fn aligned(&self, other: &Self) -> Option<(BigInt, BigInt, i64)> {
        let ((a, a_scale), (b, b_scale)) = (self.big()?, other.big()?);
        let scale = a_scale.max(b_scale);
        Some((a * power_of_ten(scale - a_scale), b * power_of_ten(scale - b_scale), scale))
    }

    pub(crate) fn plus(&self, other: &Self) -> Option<Self> {
        if let (
            Repr::Short { mantissa: a, scale: a_scale },
            Repr::Short { mantissa: b, scale: b_scale },
        ) = (&self.0, &other.0)
        {
            let scale = *a_scale.max(b_scale);
            let at_scale = |mantissa: i64, own: u8| {
                i128::from(mantissa) * i128::from(POWERS[usize::from(scale - own)])
            };
            return Some(Self::of_i128(at_scale(*a, *a_scale) + at_scale(*b, *b_scale), scale));
        }
        let (a, b, scale) = self.aligned(other)?;
        Some(Self::of_big(&(a + b), scale))
    }

    pub(crate) fn minus(&self, other: &Self) -> Option<Self> {
        self.plus(&other.negated())
    }

    pub(crate) fn times(&self, other: &Self) -> Option<Self> {
        if let (
            Repr::Short { mantissa: a, scale: a_scale },
            Repr::Short { mantissa: b, scale: b_scale },
        ) = (&self.0, &other.0)
        {
            return Some(Self::of_i128(i128::from(*a) * i128::from(*b), a_scale + b_scale));
        }
        let ((a, a_scale), (b, b_scale)) = (self.big()?, other.big()?);
        Some(Self::of_big(&(a * b), a_scale + b_scale))
    }

    /// Exact where the quotient ends within [`QUOTIENT_DIGITS`] digits, else rounded to them.
    pub(crate) fn divided_by(&self, other: &Self) -> Option<Self> {
        let (a, b, _) = self.aligned(other)?;
        Self::of_ratio(&a, &b)
    }

    /// As [`Self::divided_by`]; `None` where the denominator is zero.
    pub(crate) fn of_ratio(numerator: &BigInt, denominator: &BigInt) -> Option<Self> {
        if denominator.sign() == Sign::NoSign {
            return None;
        }
        // Zeros behind the point do not count as digits. 10^3 is a little less than 2^10.
        let small = denominator.bits().saturating_sub(numerator.bits());
        let scale = QUOTIENT_DIGITS + i64::try_from(small * 3 / 10).ok()?;
        let scaled = numerator * power_of_ten(scale);
        // Half away from zero: of both signs alike.
        let (dividend, divisor) = (scaled.magnitude(), denominator.magnitude());
        let quotient = BigInt::from((dividend * 2u8 + divisor) / (divisor * 2u8));
        let is_negative = (numerator.sign() == Sign::Minus) != (denominator.sign() == Sign::Minus);
        let quotient = if is_negative { -quotient } else { quotient };
        Some(Self::of_big(&quotient, scale).normalized())
    }

    /// What is left of the whole quotient, with the sign of the dividend.
    pub(crate) fn remainder(&self, other: &Self) -> Option<Self> {
        let (a, b, scale) = self.aligned(other)?;
        (b.sign() != Sign::NoSign).then(|| Self::of_big(&(a % b), scale))
    }

    /// The whole quotient, towards zero.
    pub(crate) fn whole_quotient(&self, other: &Self) -> Option<Self> {
        let (a, b, _) = self.aligned(other)?;
        (b.sign() != Sign::NoSign).then(|| Self::of_big(&(a / b), 0))
    }

    /// Exact. `None` for a negative power of zero and for results that are too long.
    pub(crate) fn power(&self, exponent: i64) -> Option<Self> {
        let (base, scale) = self.normalized().big()?;
        let times = exponent.unsigned_abs();
        let is_one = base.magnitude() == &1u8.into() && scale == 0;
        let times = if is_one { times % 2 } else { times };
        if base.sign() == Sign::NoSign && times > 0 {
            return (exponent > 0).then_some(Self::ZERO);
        }
        // A digit is more than three bits.
        let longest = u128::from(base.bits()) * u128::from(times) / 3;
        let scale = i128::from(scale) * i128::from(times);
        if longest > MAX_DIGITS as u128 || scale.unsigned_abs() > MAX_DIGITS as u128 {
            return None;
        }
        let power = base.pow(u32::try_from(times).ok()?);
        let power = Self::of_big(&power, i64::try_from(scale).ok()?);
        if exponent < 0 { Self::ONE.divided_by(&power) } else { Some(power) }
    }

    /// To [`QUOTIENT_DIGITS`] digits behind the point; `None` below zero.
    pub(crate) fn root(&self) -> Option<Self> {
        let (mantissa, scale) = self.big()?;
        if mantissa.sign() == Sign::Minus {
            return None;
        }
        // An even scale of at least twice the digits wanted.
        let wanted = (2 * QUOTIENT_DIGITS).max(scale + scale.rem_euclid(2));
        let scaled = mantissa * power_of_ten(wanted - scale);
        Some(Self::of_big(&scaled.sqrt(), wanted / 2).normalized())
    }

    /// The end of the interval that the written digits may have been rounded from, rounded outwards
    /// to `scale` digits.
    pub(crate) fn boundary(&self, scale: u32, high: bool) -> Option<Self> {
        let half = Self::of_digits(false, vec![b'5'], self.scale().max(0) + 1);
        let (end, rounding) = if high {
            (self.plus(&half)?, Rounding::Ceiling)
        } else {
            (self.minus(&half)?, Rounding::Floor)
        };
        Some(end.rounded(scale.into(), rounding).padded(scale))
    }

    /// Numerator and denominator, where it is not too long for arithmetic.
    pub(crate) fn ratio(&self) -> Option<(BigInt, BigInt)> {
        let (mantissa, scale) = self.big()?;
        Some((mantissa * power_of_ten(-scale), power_of_ten(scale)))
    }
}

/// 1 for exponents below zero.
pub(super) fn power_of_ten(exponent: i64) -> BigInt {
    BigInt::from(10).pow(u32::try_from(exponent.max(0)).unwrap_or(u32::MAX))
}
