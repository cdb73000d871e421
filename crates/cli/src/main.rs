//! The one binary, `lmr`.

fn main() {}
