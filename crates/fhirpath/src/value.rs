//! The System types: what literals and computed results are made of.

mod decimal;
mod quantity;
mod temporal;

pub use quantity::{CalendarUnit, Quantity, Unit};
pub use temporal::{Date, DateTime, Time};

pub(crate) use decimal::{boundary, from_f64, parse_decimal, round_to_scale, significant_digits};
pub(crate) use temporal::TemporalError;
