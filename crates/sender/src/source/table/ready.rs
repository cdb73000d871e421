//! Mappings that come with the program, to be printed and filled in.

/// A mapping that comes with the program.
#[derive(Debug, Clone, Copy)]
pub struct ReadyMapping {
    /// Its name.
    pub name: &'static str,
    /// The mapping file.
    pub text: &'static str,
}

macro_rules! ready {
    ($($name:literal),* $(,)?) => {
        &[$(ReadyMapping {
            name: $name,
            text: include_str!(concat!("../../../mappings/", $name, ".toml")),
        }),*]
    };
}

/// The municipal CSV, and the tables of a hospital.
#[must_use]
pub fn ready_mappings() -> &'static [ReadyMapping] {
    ready![
        "municipal",
        "hospital-patients",
        "hospital-episodes",
        "hospital-diagnoses",
        "hospital-orders",
        "hospital-administrations",
    ]
}
