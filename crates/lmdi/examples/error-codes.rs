//! Writes docs/error-codes.md from the catalogue.

fn main() -> std::io::Result<()> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/error-codes.md");
    std::fs::write(page, lmr_lmdi::codes::render::markdown())
}
