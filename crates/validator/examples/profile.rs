//! Prints the elements of a profile, its snapshot made whole: bounds, types and required codes.
//!
//! `cargo run -p lmr-validator --example profile -- URL [PACKAGE.tgz ...]`

use std::error::Error;
use std::path::PathBuf;

use lmr_validator::definitions::{BindingStrength, Definitions, TypeRef};
use lmr_validator::package::load;

#[expect(clippy::print_stdout, reason = "a program for people")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("which profile?")?;
    let paths: Vec<PathBuf> = arguments.map(PathBuf::from).collect();
    let (packages, _) = load(&paths, None)?;
    let definitions = Definitions::builder().packages(packages).build();
    let profile = definitions.structure(&url)?.ok_or("no package has it")?;
    for element in &profile.elements {
        let types: Vec<&str> = element.types.iter().map(TypeRef::name).collect();
        println!("{} {}..{} {}", element.id, element.min, element.max, types.join(" | "));
        let Some(binding) = &element.binding else { continue };
        let (BindingStrength::Required, Some(canonical)) = (binding.strength, &binding.value_set)
        else {
            continue;
        };
        let codes = definitions.terminology().value_set(canonical).codes(5);
        println!("    {canonical}: {} codes or more", codes.len());
    }
    Ok(())
}
