//! Why a definition cannot be used.

use lmr_fhir::Bilingual;

/// Why a definition that exists cannot be used. The fault is in the definition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionError {
    /// It is not JSON.
    #[error("{what} is not JSON: {reason}")]
    NotJson {
        /// The definition.
        what: String,
        /// What the parser says.
        reason: String,
    },
    /// It has no canonical URL.
    #[error("a definition has no url")]
    NoUrl,
    /// A member is missing or has a value that R4 does not know.
    #[error("{url}: {member} {}", value.as_ref().map_or("is missing".to_owned(), |value| format!("cannot be {value:?}")))]
    Unreadable {
        /// The definition.
        url: String,
        /// Which member.
        member: &'static str,
        /// The value that is there.
        value: Option<String>,
    },
    /// What it is based on is not among the definitions.
    #[error("{url} is based on {base}, which is not at hand: give the package that has it")]
    MissingBase {
        /// The definition.
        url: String,
        /// Its `baseDefinition`.
        base: String,
    },
    /// It has neither a snapshot nor a base.
    #[error("{url} has neither a snapshot nor a baseDefinition")]
    NoBase {
        /// The definition.
        url: String,
    },
    /// It walks into a type or profile that is not among the definitions.
    #[error(
        "{url}: {path} has the type {missing}, which is not at hand: give the package that has it"
    )]
    MissingType {
        /// The definition.
        url: String,
        /// The element whose children are constrained.
        path: String,
        /// The type or profile.
        missing: String,
    },
    /// It is based on itself, or walks into itself, directly or through others.
    #[error("definitions go round in a circle: {}", chain.join(" -> "))]
    Cyclic {
        /// The canonicals in the circle, the first one again at the end.
        chain: Vec<String>,
    },
    /// It constrains an element that its base does not have.
    #[error("{url}: there is no element {path}")]
    UnknownElement {
        /// The definition.
        url: String,
        /// The element in its differential.
        path: String,
    },
    /// It walks into an element that may have several types.
    #[error("{url}: {path} may have several types, so its children cannot be constrained")]
    AmbiguousType {
        /// The definition.
        url: String,
        /// The element whose children are constrained.
        path: String,
    },
    /// Its elements are nested too deeply.
    #[error("{url}: elements are nested more than {limit} deep")]
    TooDeep {
        /// The definition.
        url: String,
        /// How deep elements may be nested.
        limit: usize,
    },
    /// Its snapshot would have too many elements, or it imports too many value sets.
    #[error("{url} unfolds to more than {limit} parts")]
    TooLarge {
        /// The definition.
        url: String,
        /// How many parts are accepted.
        limit: usize,
    },
    /// Definitions build on each other in a chain that is too long.
    #[error("{url} builds on more than {limit} definitions, one after the other")]
    LongChain {
        /// The definition at which reading stopped.
        url: String,
        /// How long a chain may be.
        limit: usize,
    },
    /// The embedded R4 core cannot be read: a fault of this program.
    #[error("the embedded R4 core is damaged")]
    DamagedCore,
}

impl DefinitionError {
    /// The sentence in both languages. What a parser says stays in English.
    #[must_use]
    pub fn bilingual(&self) -> Bilingual<String> {
        Bilingual { nb: self.in_bokmal(), en: self.to_string() }
    }

    fn in_bokmal(&self) -> String {
        match self {
            Self::NotJson { what, reason } => format!("{what} er ikke JSON: {reason}"),
            Self::NoUrl => "en definisjon har ingen url".to_owned(),
            Self::Unreadable { url, member, value: None } => format!("{url}: {member} mangler"),
            Self::Unreadable { url, member, value: Some(value) } => {
                format!("{url}: {member} kan ikke være {value:?}")
            }
            Self::MissingBase { url, base } => {
                format!(
                    "{url} bygger på {base}, som ikke er tilgjengelig: oppgi pakken som har den"
                )
            }
            Self::NoBase { url } => format!("{url} har verken et snapshot eller en baseDefinition"),
            Self::MissingType { url, path, missing } => format!(
                "{url}: {path} har typen {missing}, som ikke er tilgjengelig: oppgi pakken som har den"
            ),
            Self::Cyclic { chain } => {
                format!("definisjonene går i ring: {}", chain.join(" -> "))
            }
            Self::UnknownElement { url, path } => format!("{url}: det er ikke noe element {path}"),
            Self::AmbiguousType { url, path } => format!(
                "{url}: {path} kan ha flere typer, så det som er under det, kan ikke begrenses"
            ),
            Self::TooDeep { url, limit } => {
                format!("{url}: elementene er nøstet mer enn {limit} nivåer")
            }
            Self::TooLarge { url, limit } => format!("{url} blir til mer enn {limit} deler"),
            Self::LongChain { url, limit } => {
                format!("{url} bygger på mer enn {limit} definisjoner, den ene etter den andre")
            }
            Self::DamagedCore => "den innebygde R4-kjernen er skadet".to_owned(),
        }
    }
}
