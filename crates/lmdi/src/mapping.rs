//! From what the validator says to the register's code.

use lmr_validator::messages::Message;
use lmr_validator::{Arg, Issue, MessageId};

use crate::codes::{Code, Language};

/// The code of one issue: its message decides, and for a few messages what they speak of.
pub(crate) fn code_of(issue: &Issue) -> Code {
    match &issue.id {
        MessageId::Constraint(_) => {
            issue.id.constraint_key().map_or(Code::InvariantFailed, code_of_invariant)
        }
        MessageId::Catalogue(message) => {
            by_subject(*message, issue).unwrap_or_else(|| code_of_message(*message))
        }
    }
}

/// The code of a failed invariant, by key.
pub(crate) fn code_of_invariant(key: &str) -> Code {
    match key {
        "lr-allowed-resources" => Code::EntryProfileMissing,
        "time-required" => Code::TimeOfDayRequired,
        "lmdi-org-identifier" => Code::OrganisationIdentifierRequired,
        "npr-episode-at-least-one" => Code::EpisodeIdentifierRequired,
        "lmdi-medication-code-or-ingredient" => Code::MedicationCodeOrIngredient,
        "ele-1" => Code::ElementEmpty,
        "ext-1" => Code::ExtensionInvalid,
        "per-1" => Code::PeriodReversed,
        "ref-1" | "dom-2" | "dom-3" | "dom-4" | "dom-5" => Code::ContainedInvalid,
        "dom-6" => Code::BestPractice,
        "bdl-3" => Code::EntryRequestMissing,
        "bdl-5" => Code::EntryResourceMissing,
        "bdl-7" => Code::FullUrlDuplicate,
        "bdl-8" => Code::FullUrlInvalid,
        "bdl-1" | "bdl-2" | "bdl-4" => Code::BundleInvalid,
        "txt-1" | "txt-2" => Code::NarrativeInvalid,
        _ => Code::InvariantFailed,
    }
}

/// Bundle members have codes of their own, because the sender's remedy differs.
fn by_subject(message: Message, issue: &Issue) -> Option<Code> {
    match message {
        Message::ProfileMinimum => match element_path(issue)? {
            "Bundle.identifier" => Some(Code::BundleIdentifierMissing),
            "Bundle.entry" => Some(Code::BundleEmpty),
            "Bundle.entry.resource" => Some(Code::EntryResourceMissing),
            "Bundle.entry.request" | "Bundle.entry.request.method" => {
                Some(Code::EntryRequestMissing)
            }
            _ => None,
        },
        Message::ProfileMaximum if issue.args.get(2).is_some_and(is_zero) => {
            Some(Code::ElementForbidden)
        }
        Message::FixedWrong => match place_without_indices(&issue.expression).as_str() {
            "Bundle.type" => Some(Code::BundleTypeWrong),
            "Bundle.entry.request.method" => Some(Code::EntryMethodNotPost),
            _ => None,
        },
        _ => None,
    }
}

fn is_zero(arg: &Arg) -> bool {
    match arg {
        Arg::Count(count) => *count == 0,
        Arg::Name(text) | Arg::Text(text) => text == "0",
        _ => false,
    }
}

/// The element a cardinality message speaks of.
fn element_path(issue: &Issue) -> Option<&str> {
    match issue.args.get(1)? {
        Arg::Name(path) | Arg::Text(path) => Some(path),
        _ => None,
    }
}

fn place_without_indices(expression: &str) -> String {
    let mut out = String::with_capacity(expression.len());
    let mut inside = false;
    for c in expression.chars() {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            _ if !inside => out.push(c),
            _ => {}
        }
    }
    out
}

/// The code of a message of the validator. What is not listed lands on the catch-all; a test keeps the
/// list complete.
pub(crate) fn code_of_message(message: Message) -> Code {
    listed(message).unwrap_or(Code::RuleBroken)
}

fn listed(message: Message) -> Option<Code> {
    use Message as M;
    Some(match message {
        M::ProfileMinimum
        | M::ProfileMinimumSlice
        | M::ProfileMinimumSliceExt
        | M::ProfileMinimumMagic => Code::ElementMissing,
        M::ProfileMaximum => Code::ElementTooMany,
        M::UnrecognisedProperty | M::IllegalProperty => Code::ElementUnknown,
        M::MustBeArray | M::MustBe | M::MustBeSimple | M::MustBeObject | M::BaseMustBeArray => {
            Code::JsonWrongShape
        }
        M::ProfileNoType | M::ProfileType => Code::TypeNotAllowed,
        M::ProfileNotAllowed => Code::ElementForbidden,
        M::ProfileWrongType
        | M::NoMatch
        | M::MultipleMatches
        | M::Details
        | M::BundleEntryNoMatch => Code::ProfileNotMatched,
        M::ProfileNoDefinition
        | M::ResourceTypeUnknown
        | M::ResourceTypeUnknownInside
        | M::NoResourceType
        | M::ResourceTypeWrong => Code::ResourceTypeUnknown,
        M::DateValid => Code::DateInvalid,
        M::DateTimeValid | M::InstantValid | M::DateTimeRegex | M::DateTimeReasonable => {
            Code::DateTimeInvalid
        }
        M::DateTimeTz => Code::TimeZoneMissing,
        M::TimeValid => Code::TimeInvalid,
        M::IntegerValid
        | M::IntegerLt0
        | M::IntegerLt1
        | M::DecimalValid
        | M::DecimalRange
        | M::JsonNotNumber => Code::NumberInvalid,
        M::BooleanValue | M::JsonNotBoolean => Code::BooleanInvalid,
        M::CodeWs => Code::CodeFormatInvalid,
        M::IdValid
        | M::ResourceIdChars
        | M::ResourceIdLength
        | M::ResourceIdExtended
        | M::ResourceIdMissing => Code::IdInvalid,
        M::OidStart | M::OidValid | M::UriOid => Code::OidInvalid,
        M::UuidStart | M::UuidValid | M::UriUuid => Code::UuidInvalid,
        M::UriWs
        | M::CanonicalAbsolute
        | M::UrlExample
        | M::UrlInternal
        | M::IdentifierSystem
        | M::IdentifierIetf
        | M::IdentifierIetfWrong
        | M::IdentifierIetfWrong2 => Code::UriInvalid,
        M::Base64Valid | M::Base64Ws | M::AttachmentSize | M::AttachmentNoContent => {
            Code::Base64Invalid
        }
        M::PrimitiveNotEmpty
        | M::PrimitiveWs
        | M::StringWs
        | M::PrimitiveValueExt
        | M::SecurityStringWarning
        | M::SecurityStringError
        | M::MarkdownHtml
        | M::JsonNotString => Code::StringInvalid,
        M::StringLength | M::PrimitiveLength => Code::StringTooLong,
        M::PrimitiveRegex | M::PrimitiveRegexType => Code::PrimitiveInvalid,
        M::FixedWrong | M::FixedNotAllowed => Code::FixedValueWrong,
        M::FixedMissing | M::PatternCoding | M::FixedCodings => Code::PatternMismatch,
        M::DecimalGt
        | M::DecimalLt
        | M::IntegerGt
        | M::IntegerLt
        | M::DateGt
        | M::DateLt
        | M::QuantityMax
        | M::QuantityMaxUcum
        | M::QuantityMin
        | M::QuantityMinUcum
        | M::QuantityGtMax
        | M::QuantityLtMin
        | M::QuantityMaxNoValue
        | M::QuantityMinNoValue
        | M::QuantityMinUnitUnknown
        | M::QuantityMaxUnitUnknown => Code::ValueOutOfRange,
        M::NotSlice => Code::SliceClosed,
        M::NoSliceHint => Code::SliceUnmatched,
        M::MatchMultiple => Code::SliceAmbiguous,
        M::SliceOrder | M::SliceOrderOpenAtEnd => Code::SliceOrder,
        M::CodeNotInRequired
        | M::ConceptNotInRequired
        | M::CodingNotInRequired
        | M::OneCodingNotInRequired
        | M::CodingNotInMax
        | M::CodingNotInMaxSingle
        | M::InferCodeSystem => Code::CodeNotInRequiredSet,
        M::CodeNotInExtensible
        | M::ConceptNotInExtensible
        | M::CodingNotInExtensible
        | M::OneCodingNotInExtensible => Code::CodeNotInExtensibleSet,
        M::CodeNotInPreferred
        | M::ConceptNotInPreferred
        | M::CodingNotInPreferred
        | M::OneCodingNotInPreferred => Code::CodeNotInPreferredSet,
        M::CodeMissingRequired
        | M::CodeMissingExtensible
        | M::CodeOnlyExtended
        | M::NoCodeProvided => Code::CodeMissing,
        M::ValueSetNotFound | M::ValueSetNoContent | M::BindingNoServer | M::BindingNoSource => {
            Code::ValueSetNotAvailable
        }
        M::UnknownCodeSystem | M::CodeSystemNoContent | M::CodeNotChecked => {
            Code::CodeSystemNotAvailable
        }
        M::UnknownCode | M::UnknownCodeNoVersion | M::LanguageCode => Code::CodeUnknown,
        M::DisplayWrong => Code::DisplayWrong,
        M::SystemRelative | M::SystemIsValueSet => Code::SystemInvalid,
        M::CodingNoSystem | M::CodeNoSystem => Code::SystemMissing,
        M::UcumSyntax => Code::UnitInvalid,
        M::BundleNotLocal
        | M::RefCantResolve
        | M::RefNotFoundBundle
        | M::BundleNotFound
        | M::BundleNotFoundApparent
        | M::BundleNotFoundCannot
        | M::BundlePossibleWrongUrl
        | M::BundlePossibleMatches => Code::ReferenceDangling,
        M::RefBadTargetType | M::RefBadTargetType2 | M::RefWrongTarget => Code::ReferenceWrongKind,
        M::RefCantMatchChoice | M::RefMultipleMatches | M::RefCantResolveProfile => {
            Code::ReferenceProfileMismatch
        }
        M::RefResourceType
        | M::RefAggregation
        | M::RefFormat1
        | M::RefFormat2
        | M::RefSuspicious
        | M::RefNoDisplay
        | M::BundleFullUrlMissing => Code::ReferenceInvalid,
        M::ContainedOrphan => Code::ContainedInvalid,
        M::DuplicateId => Code::IdDuplicate,
        M::ExtUnknownNotHere | M::ExtUnknown | M::ExtSubInvalid => Code::ExtensionUnknown,
        M::ExtContextWrong
        | M::ExtContextWrongVer
        | M::ExtModifierContextWrongVer
        | M::ExtNotHere => Code::ExtensionNotAllowedHere,
        M::ExtModifierN | M::ExtModifierY => Code::ExtensionModifierMisuse,
        M::ExtType
        | M::ExtSimpleAbsent
        | M::ExtSimpleWrong
        | M::ExtUrlNotFound
        | M::ExtUrlAbsolute => Code::ExtensionInvalid,
        M::BundleFullUrlRequired | M::BundleUrlAbsolute | M::BundleUrlNoId | M::BundleUrlTypeId => {
            Code::FullUrlInvalid
        }
        M::BundleMultipleMatches | M::BundleFoundMultiple | M::BundleFragmentMultiple => {
            Code::FullUrlDuplicate
        }
        M::BundleNoFirst
        | M::BundleNoFirstResource
        | M::BundleDocument
        | M::BundleMessage
        | M::BundleOrphanDocument
        | M::BundleReverseDocument
        | M::BundleOrphanMessage
        | M::BundleReverseMessage
        | M::BundleEntryType
        | M::BundleSearchNoSelf
        | M::BundleSearchSelfNotUnderstood
        | M::BundleSearchNoMode
        | M::BundleSearchNoResource
        | M::BundleSearchNoId
        | M::BundleSearchWrongOutcome
        | M::BundleSearchWrongType
        | M::BundleSearchWrongTypeNoMode
        | M::BundleLinkDuplicate
        | M::BundleLinkProhibited => Code::BundleInvalid,
        M::ConstraintMalformed => Code::InvariantFailed,
        M::ConstraintCannotEvaluate
        | M::ConstraintSyntax
        | M::ConstraintDoubtful
        | M::ProfileNoSnapshot
        | M::ProfileLinesIgnored
        | M::SliceNoElement
        | M::SliceCannotEvaluate => Code::RuleNotEvaluated,
        M::ProfileUnknown | M::ProfileUnknownHard => Code::ProfileUnknown,
        M::Signpost
        | M::SignpostGlobal
        | M::SignpostObs
        | M::BestSubject
        | M::BestPerformer
        | M::BestEffective
        | M::ParametersWrongType => Code::BestPractice,
        M::TooManyIssues | M::TooDeep => Code::StepBudgetExhausted,
        M::XhtmlElement
        | M::XhtmlAttribute
        | M::XhtmlEntity
        | M::XhtmlName
        | M::XhtmlNamespace
        | M::XhtmlSyntax
        | M::XhtmlComment
        | M::XhtmlHref
        | M::XhtmlResolve
        | M::XhtmlMultipleMatches
        | M::XhtmlLangDifferent
        | M::XhtmlLangDifferent2
        | M::XhtmlLangMissing
        | M::XhtmlLangMissing2
        | M::XhtmlLangMissing3
        | M::XhtmlMixedLang
        | M::XhtmlControlNoSource
        | M::XhtmlControlSourceNotAllowed
        | M::XhtmlLangsRequired
        | M::XhtmlLangsRequiredDef
        | M::XhtmlNoLangs => Code::NarrativeInvalid,
        M::JsonParse
        | M::JsonCommaExtra
        | M::JsonCommaMissing
        | M::JsonComments
        | M::JsonNoQuotes
        | M::JsonValueNoQuotes
        | M::JsonOther => Code::ContentNotJson,
        M::JsonDuplicate => Code::JsonDuplicateKey,
        M::JsonEmptyArray | M::JsonEmptyObject | M::JsonInvalidArray => Code::JsonEmptyValue,
        _ => return None,
    })
}

/// The sentence of an invariant in our words: the guide's own and R4's, whose definitions speak
/// English only.
pub(crate) fn own_text(issue: &Issue, language: Language) -> Option<String> {
    let key = issue.id.constraint_key()?;
    let (nb, en) = invariant_text(key)?;
    Some(match language {
        Language::Bokmal => format!("Regelen {key} er ikke oppfylt: {nb}"),
        Language::English => format!("Constraint {key} is not met: {en}"),
    })
}

fn invariant_text(key: &str) -> Option<(&'static str, &'static str)> {
    Some(match key {
        "lr-allowed-resources" => (
            "hver ressurs skal være av et slag veiledningen tar imot og oppgi det i meta.profile.",
            "every resource shall be of a kind the guide accepts and say so in meta.profile.",
        ),
        "time-required" => ("klokkeslettet skal være med.", "the time of day shall be given."),
        "lmdi-org-identifier" => (
            "en organisasjon skal ha organisasjonsnummer (ENH) eller RESH-id.",
            "an organisation shall have an organisation number (ENH) or a RESH id.",
        ),
        "npr-episode-at-least-one" => (
            "episodeidentifikatoren skal ha tekst, UUID eller begge.",
            "the episode identifier shall have a string, a UUID or both.",
        ),
        "lmdi-medication-code-or-ingredient" => (
            "et legemiddel skal ha kode eller ingrediens.",
            "a medication shall have a code or an ingredient.",
        ),
        "ele-1" => (
            "et element skal ha verdi eller underelementer.",
            "an element shall have a value or children.",
        ),
        "ext-1" => (
            "en utvidelse skal ha enten verdi eller underutvidelser, ikke begge.",
            "an extension shall have either a value or nested extensions, not both.",
        ),
        "per-1" => (
            "perioden kan ikke slutte før den begynner.",
            "the period cannot end before it starts.",
        ),
        "qty-3" => ("en enhetskode skal ha system.", "a unit code shall have a system."),
        "sqty-1" => {
            ("mengden kan ikke ha sammenligningstegn.", "the quantity cannot have a comparator.")
        }
        "rat-1" => (
            "teller og nevner skal være med begge to, eller ingen av dem.",
            "numerator and denominator shall both be there, or neither.",
        ),
        "rng-2" => {
            ("nedre grense kan ikke være over øvre.", "the low limit cannot be above the high one.")
        }
        "drt-1" => (
            "en varighet skal ha verdi og enhet i UCUM.",
            "a duration shall have a value and a unit in UCUM.",
        ),
        "mad-1" => ("dosering skal ha dose eller rate.", "a dosage shall have a dose or a rate."),
        "con-1" => (
            "stage skal ha summary eller assessment.",
            "stage shall have a summary or an assessment.",
        ),
        "con-3" => (
            "en problemlistediagnose bør ha klinisk status.",
            "a problem-list condition should have a clinical status.",
        ),
        "con-4" => (
            "en avsluttet tilstand skal ha klinisk status inactive, resolved eller remission.",
            "an abated condition shall have the clinical status inactive, resolved or remission.",
        ),
        "con-5" => (
            "klinisk status kan ikke være med når diagnosen er feilregistrert.",
            "the clinical status cannot be there when the condition was entered in error.",
        ),
        "org-1" => (
            "organisasjonen skal ha navn eller identifikator.",
            "the organisation shall have a name or an identifier.",
        ),
        "org-2" => (
            "en organisasjon kan ikke ha hjemmeadresse.",
            "an organisation cannot have a home address.",
        ),
        "pat-1" => (
            "en kontakt skal ha navn, adresse, telekom eller organisasjon.",
            "a contact shall have a name, address, telecom or organisation.",
        ),
        "dom-2" => (
            "en innkapslet ressurs kan ikke ha innkapslede.",
            "a contained resource cannot contain others.",
        ),
        "dom-3" => {
            ("innkapslede ressurser skal vises til.", "contained resources shall be referred to.")
        }
        "dom-4" => (
            "innkapslede ressurser kan ikke ha versjon eller endringstid.",
            "contained resources cannot have a version or a time of change.",
        ),
        "dom-5" => (
            "innkapslede ressurser kan ikke ha sikkerhetsmerke.",
            "contained resources cannot have a security label.",
        ),
        "ref-1" => (
            "en #-referanse skal peke på en innkapslet ressurs.",
            "a #-reference shall point to a contained resource.",
        ),
        "bdl-1" => (
            "total brukes bare i søkesvar og historikk.",
            "total is only for search results and history.",
        ),
        "bdl-2" => {
            ("entry.search brukes bare i søkesvar.", "entry.search is only for search results.")
        }
        "bdl-3" => ("hver entry skal ha request.", "every entry shall have a request."),
        "bdl-4" => ("entry.response brukes bare i svar.", "entry.response is only for answers."),
        "bdl-5" => ("en entry skal ha innhold.", "an entry shall have content."),
        "bdl-7" => ("fullUrl skal være unik i bundlen.", "fullUrl shall be unique in the bundle."),
        "bdl-8" => {
            ("fullUrl kan ikke peke på en bestemt versjon.", "fullUrl cannot point to a version.")
        }
        "tim-1" => ("varighet skal ha enhet.", "a duration shall have a unit."),
        "tim-2" => ("periode skal ha enhet.", "a period shall have a unit."),
        "tim-4" => ("varighet kan ikke være negativ.", "a duration cannot be negative."),
        "tim-5" => ("periode kan ikke være negativ.", "a period cannot be negative."),
        "tim-6" => ("periodMax krever period.", "periodMax needs period."),
        "tim-7" => ("durationMax krever duration.", "durationMax needs duration."),
        "tim-8" => ("countMax krever count.", "countMax needs count."),
        "tim-9" => (
            "offset krever when, og ikke C, CM, CD eller CV.",
            "offset needs when, and not C, CM, CD or CV.",
        ),
        "tim-10" => (
            "timeOfDay og when kan ikke brukes sammen.",
            "timeOfDay and when cannot be used together.",
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use lmr_validator::messages;

    #[test]
    fn every_message_of_the_validator_has_a_code_of_its_own() {
        let missing: Vec<&str> = messages::ALL
            .iter()
            .filter(|message| listed(**message).is_none())
            .map(|m| m.id())
            .collect();
        assert!(missing.is_empty(), "messages without a code: {missing:?}");
    }

    #[test]
    fn places_lose_their_indices_before_they_are_compared() {
        assert_eq!(
            place_without_indices("Bundle.entry[12].request.method"),
            "Bundle.entry.request.method"
        );
    }
}
