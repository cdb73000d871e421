//! Makes the embedded R4 core from the npm package.

fn main() {}
