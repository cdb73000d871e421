//! The System types: what literals and computed results are made of.

mod decimal;
mod quantity;
mod temporal;

pub use quantity::{CalendarUnit, Quantity, Unit};
pub use temporal::{Date, DateTime, Time};

pub use decimal::Decimal;
pub(crate) use decimal::Rounding;
pub(crate) use temporal::TemporalError;
