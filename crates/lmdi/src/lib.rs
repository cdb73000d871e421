//! The LMDI guide as data: rule sets, register rules, error codes, the answer.

pub mod codes;
