//! The register's code for what the validator reports.

use lmr_validator::Issue;
use lmr_validator::messages::Message;

use crate::codes::Code;
use crate::expression::without_indices;
use crate::invariants;

/// The code of one issue: its message decides, and for a few messages what they are about.
pub(crate) fn code_of(issue: &Issue) -> Code {
    by_subject(issue).unwrap_or_else(|| code_of_message(&issue.message))
}

/// Bundle members have codes of their own, because the sender's remedy differs.
fn by_subject(issue: &Issue) -> Option<Code> {
    match &issue.message {
        Message::ProfileMinimum { element, .. } => match element.as_str() {
            "Bundle.identifier" => Some(Code::BundleIdentifierMissing),
            "Bundle.entry" => Some(Code::BundleEmpty),
            "Bundle.entry.resource" => Some(Code::EntryResourceMissing),
            "Bundle.entry.request" | "Bundle.entry.request.method" => {
                Some(Code::EntryRequestMissing)
            }
            _ => None,
        },
        Message::ProfileMaximum { limit: 0, .. } => Some(Code::ElementForbidden),
        // Only notes were left out.
        Message::TooManyIssues { .. } if !issue.severity.is_error() => Some(Code::FindingsLeftOut),
        Message::FixedWrong { .. } => match without_indices(&issue.expression).as_str() {
            "Bundle.type" => Some(Code::BundleTypeWrong),
            "Bundle.entry.request.method" => Some(Code::EntryMethodNotPost),
            _ => None,
        },
        _ => None,
    }
}

/// The code of a message of the validator. A message without one does not compile.
pub(crate) fn code_of_message(message: &Message) -> Code {
    use Message as M;
    match message {
        M::Invariant { id, .. } => invariants::code_of(id),
        M::ProfileMinimum { .. }
        | M::ProfileMinimumSlice { .. }
        | M::ProfileMinimumSliceExt { .. }
        | M::ProfileMinimumMagic { .. } => Code::ElementMissing,
        M::ProfileMaximum { .. } | M::SecurityLabelTwice { .. } => Code::ElementTooMany,
        M::UnrecognisedProperty { .. } | M::IllegalProperty { .. } => Code::ElementUnknown,
        M::MustBeArray { .. }
        | M::MustBe { .. }
        | M::MustBeSimple { .. }
        | M::MustBeObject { .. }
        | M::BaseMustBeArray { .. } => Code::JsonWrongShape,
        M::DefinitionOtherType { .. }
        | M::DefinitionProfileWrong { .. }
        | M::DefinitionTargetWrong { .. }
        | M::DefinitionNoTarget { .. }
        | M::DefinitionLinesUnknown { .. }
        | M::DefinitionLinesLooser { .. }
        | M::DefinitionValueType { .. }
        | M::DefinitionNoTypes { .. }
        | M::ProfileNoType { .. }
        | M::ResourceTypeOther { .. }
        | M::ProfileType { .. } => Code::TypeNotAllowed,
        M::ProfileWrongType { .. }
        | M::NoMatch { .. }
        | M::MultipleMatches { .. }
        | M::Details { .. }
        | M::BundleEntryNoMatch { .. } => Code::ProfileNotMatched,
        M::ProfileNoDefinition { .. }
        | M::ResourceTypeUnknown { .. }
        | M::ResourceTypeUnknownInside { .. }
        | M::NoResourceType
        | M::ResourceTypeWrong { .. } => Code::ResourceTypeUnknown,
        M::DateValid { .. } => Code::DateInvalid,
        M::DateTimeValid { .. }
        | M::InstantValid { .. }
        | M::DateTimeRegex { .. }
        | M::DateTimeReasonable { .. } => Code::DateTimeInvalid,
        M::DateTimeTz => Code::TimeZoneMissing,
        M::TimeValid { .. } => Code::TimeInvalid,
        M::IntegerValid { .. }
        | M::IntegerLt0
        | M::IntegerLt1
        | M::DecimalValid { .. }
        | M::DecimalRange { .. }
        | M::JsonNotNumber => Code::NumberInvalid,
        M::BooleanValue | M::JsonNotBoolean => Code::BooleanInvalid,
        M::CodeWs { .. } => Code::CodeFormatInvalid,
        M::IdValid { .. }
        | M::ResourceIdChars { .. }
        | M::ResourceIdLength { .. }
        | M::ResourceIdExtended
        | M::ResourceIdMissing => Code::IdInvalid,
        M::OidStart | M::OidValid { .. } | M::UriOid { .. } => Code::OidInvalid,
        M::UuidStart | M::UuidValid { .. } | M::UriUuid { .. } => Code::UuidInvalid,
        M::DefinitionExtensionNoUrl { .. }
        | M::DefinitionExtensionOtherUrl { .. }
        | M::UriWs { .. }
        | M::CanonicalAbsolute { .. }
        | M::UrlExample { .. }
        | M::UrlResolve { .. }
        | M::CanonicalType { .. }
        | M::CanonicalInternal { .. }
        | M::UrlInternal { .. }
        | M::IdentifierSystem
        | M::IdentifierIetf
        | M::IdentifierIetfWrong { .. }
        | M::IdentifierIetfWrong2 { .. } => Code::UriInvalid,
        M::Base64Valid
        | M::Base64Ws
        | M::AttachmentSize { .. }
        | M::AttachmentDecode { .. }
        | M::AttachmentHash { .. }
        | M::AttachmentNoContent => Code::Base64Invalid,
        M::MustHaveValue { .. }
        | M::ValueAlternatives { .. }
        | M::PrimitiveTooShort { .. }
        | M::PrimitiveNotEmpty
        | M::ControlCharacter { .. }
        | M::BidiUnterminated
        | M::PrimitiveWs
        | M::StringWs { .. }
        | M::StringWsAll
        | M::PrimitiveValueExt
        | M::SecurityStringWarning
        | M::SecurityStringError
        | M::MarkdownHtml
        | M::JsonNotString => Code::StringInvalid,
        M::StringLength | M::PrimitiveLength { .. } => Code::StringTooLong,
        M::PrimitiveRegex { .. } | M::PrimitiveRegexType { .. } => Code::PrimitiveInvalid,
        M::FixedWrong { .. } | M::ExtFixedBanned { .. } | M::FixedNotAllowed { .. } => {
            Code::FixedValueWrong
        }
        M::FixedMissing { .. }
        | M::PatternCoding { .. }
        | M::FixedCodings { .. }
        | M::ExtensionCount { .. } => Code::PatternMismatch,
        M::DecimalGt { .. }
        | M::DecimalLt { .. }
        | M::IntegerGt { .. }
        | M::IntegerLt { .. }
        | M::DateGt { .. }
        | M::DateLt { .. }
        | M::QuantityMax { .. }
        | M::QuantityMaxUcum { .. }
        | M::QuantityMin { .. }
        | M::QuantityMinUcum { .. }
        | M::QuantityGtMax { .. }
        | M::QuantityLtMin { .. }
        | M::QuantityMaxNoValue { .. }
        | M::QuantityMinNoValue { .. }
        | M::QuantityMinUnitUnknown { .. }
        | M::QuantityMinLimitNoSystem { .. }
        | M::QuantityMaxLimitNoSystem { .. }
        | M::QuantityMinLimitNoCode { .. }
        | M::QuantityMaxLimitNoCode { .. }
        | M::QuantityMinNoSystem { .. }
        | M::QuantityMaxNoSystem { .. }
        | M::QuantityMinOtherSystem { .. }
        | M::QuantityMaxOtherSystem { .. }
        | M::QuantityMinNoCode { .. }
        | M::QuantityMaxNoCode { .. }
        | M::QuantityMinNoConversion { .. }
        | M::QuantityMaxNoConversion { .. }
        | M::QuantityMaxUnitUnknown { .. } => Code::ValueOutOfRange,
        M::NotSlice { .. } => Code::SliceClosed,
        M::NoSliceHint { .. } => Code::SliceUnmatched,
        M::MatchMultiple { .. } => Code::SliceAmbiguous,
        M::SliceOrder { .. } | M::SliceOrderOpenAtEnd { .. } => Code::SliceOrder,
        M::CodeNotInRequired { .. }
        | M::ConceptNotInRequired { .. }
        | M::CodingNotInRequired { .. }
        | M::OneCodingNotInRequired { .. }
        | M::CodingNotInMax { .. }
        | M::CodingNotInMaxSingle { .. }
        | M::InferCodeSystem { .. } => Code::CodeNotInRequiredSet,
        M::CodeNotInExtensible { .. }
        | M::ConceptNotInExtensible { .. }
        | M::CodingNotInExtensible { .. }
        | M::OneCodingNotInExtensible { .. } => Code::CodeNotInExtensibleSet,
        M::CodeNotInPreferred { .. }
        | M::ConceptNotInPreferred { .. }
        | M::CodingNotInPreferred { .. }
        | M::OneCodingNotInPreferred { .. } => Code::CodeNotInPreferredSet,
        M::CodeMissingRequired { .. }
        | M::CodeMissingExtensible { .. }
        | M::CodeMissingMaximum { .. }
        | M::CodeOnlyExtended { .. }
        | M::NoCodeProvided { .. }
        | M::NoCodeProvidedVersion { .. } => Code::CodeMissing,
        M::DefinitionValueSetUnknown { .. }
        | M::DefinitionNotValueSet { .. }
        | M::DefinitionNotBindable { .. }
        | M::ValueSetImportUnknown { .. }
        | M::ValueSetImportWrong { .. }
        | M::ValueSetNotFound { .. }
        | M::ValueSetPartUnknown { .. }
        | M::BoundToCodeSystem { .. }
        | M::ValueSetNoContent { .. }
        | M::BindingNoSource { .. } => Code::ValueSetNotAvailable,
        M::UnknownCodeSystem { .. }
        | M::UnknownCodeSystemVersion { .. }
        | M::UnknownCodeSystemVersionNone { .. }
        | M::ValueSetOtherVersion { .. }
        | M::CodeSystemNoContent { .. }
        | M::CodeNotInPart { .. }
        | M::CodeSystemUnusable { .. } => Code::CodeSystemNotAvailable,
        M::ValueSetCodeUnknown { .. }
        | M::ValueSetFilterCode { .. }
        | M::CodeSystemSupplementCode { .. }
        | M::UnknownCode { .. }
        | M::UnknownCodeNoVersion { .. }
        | M::ConceptInactive { .. }
        | M::ConceptDeprecated { .. }
        | M::LanguageCode { .. } => Code::CodeUnknown,
        M::DisplayWrong { .. } => Code::DisplayWrong,
        M::ValueSetSystemRelative { .. }
        | M::ValueSetSystemLocal { .. }
        | M::ValueSetSystemVersion { .. }
        | M::ValueSetSystemVersionTwice { .. }
        | M::ValueSetSystemIsValueSet { .. }
        | M::ValueSetSystemIsSupplement { .. }
        | M::CodeSystemNoSupplemented
        | M::CodeSystemNotSupplement
        | M::CodeSystemContentPresent
        | M::CodeSystemCountWrong { .. }
        | M::CodeSystemFragmentWhole { .. }
        | M::CodeSystemEmpty
        | M::CodeSystemPropertyTwice { .. }
        | M::CodeSystemPropertyUndefined { .. }
        | M::CodeSystemPropertyType { .. }
        | M::SystemRelative
        | M::SystemInvalid { .. }
        | M::SystemIsSupplement { .. }
        | M::SystemUnknown { .. }
        | M::SystemHttps { .. }
        | M::SystemIsValueSet { .. } => Code::SystemInvalid,
        M::CodeNoSystem => Code::SystemMissing,
        M::UcumSyntax { .. } => Code::UnitInvalid,
        M::BundleNotLocal { .. }
        | M::RefCantResolve { .. }
        | M::RefNotFoundBundle { .. }
        | M::BundleNotFound { .. }
        | M::BundleNotFoundApparent { .. }
        | M::BundleNotFoundCannot { .. }
        | M::BundlePossibleWrongUrl { .. }
        | M::BundlePossibleNoUrl { .. }
        | M::BundleNeedVersion { .. }
        | M::BundlePossibleMatches { .. } => Code::ReferenceDangling,
        M::RefBadTargetType { .. } | M::RefBadTargetType2 { .. } | M::RefWrongTarget { .. } => {
            Code::ReferenceWrongKind
        }
        M::RefCantMatchChoice { .. }
        | M::RefMultipleMatches { .. }
        | M::RefCantResolveProfile { .. } => Code::ReferenceProfileMismatch,
        M::RefResourceType { .. }
        | M::RefInvalid { .. }
        | M::RefQueryInvalid { .. }
        | M::RefAggregation { .. }
        | M::RefFormat1 { .. }
        | M::RefFormat2 { .. }
        | M::RefSuspicious { .. }
        | M::RefNoDisplay
        | M::BundleFullUrlMissing { .. } => Code::ReferenceInvalid,
        M::ContainedOrphan { .. } => Code::ContainedInvalid,
        M::DuplicateId { .. } => Code::IdDuplicate,
        M::ExtUnknownNotHere { .. } | M::ExtUnknown { .. } | M::ExtSubInvalid { .. } => {
            Code::ExtensionUnknown
        }
        M::ExtContextWrong { .. }
        | M::ExtModifierContextWrong { .. }
        | M::ExtContextWrongVer { .. }
        | M::ExtModifierContextWrongVer { .. }
        | M::ExtNotHere { .. } => Code::ExtensionNotAllowedHere,
        M::ExtModifierN { .. } | M::ExtModifierY { .. } => Code::ExtensionModifierMisuse,
        M::ExtType { .. }
        | M::ExtVersion { .. }
        | M::ExtVersionOther { .. }
        | M::ExtSimpleAbsent { .. }
        | M::ExtSimpleWrong { .. }
        | M::ExtUrlNotFound
        | M::ExtUrlAbsolute => Code::ExtensionInvalid,
        M::BundleFullUrlRequired
        | M::BundleUrlAbsolute { .. }
        | M::BundleUrlNoId { .. }
        | M::BundleUrlTypeId { .. } => Code::FullUrlInvalid,
        M::BundleMultipleMatches { .. }
        | M::BundleFoundMultiple { .. }
        | M::BundleFragmentMultiple { .. } => Code::FullUrlDuplicate,
        M::BundleNoFirst { .. }
        | M::BundleNoFirstResource { .. }
        | M::BundleDocument
        | M::BundleMessage
        | M::BundleOrphanDocument { .. }
        | M::BundleReverseDocument { .. }
        | M::BundleOrphanMessage { .. }
        | M::BundleReverseMessage { .. }
        | M::BundleEntryOther { .. }
        | M::BundleEntryType { .. }
        | M::BundleSearchNoSelf
        | M::BundleSearchSelfNotUnderstood
        | M::BundleSearchNoMode
        | M::BundleSearchNoResource
        | M::BundleSearchNoId
        | M::BundleSearchWrongOutcome { .. }
        | M::BundleSearchWrongType { .. }
        | M::BundleSearchWrongTypeNoMode { .. }
        | M::BundleLinkDuplicate { .. }
        | M::BundleStyleSheetExternal { .. }
        | M::BundleStyleSheetInsecure { .. }
        | M::BundleStyleSheetLinkable { .. }
        | M::BundleStyleSheetNotFound { .. }
        | M::BundleLinkProhibited { .. } => Code::BundleInvalid,
        M::ConstraintMalformed { .. } => Code::InvariantFailed,
        M::DefinitionConstraintWrong { .. }
        | M::DefinitionDiscriminatorWrong { .. }
        | M::DefinitionDiscriminatorUnreadable { .. }
        | M::ConstraintCannotEvaluate { .. }
        | M::LimitNotEvaluated { .. }
        | M::ConstraintSyntax { .. }
        | M::ConstraintDoubtful { .. }
        | M::ProfileNoSnapshot { .. }
        | M::ProfileLinesIgnored { .. }
        | M::ProfileLinesLooser { .. }
        | M::SliceNoElement { .. }
        | M::SliceCannotEvaluate { .. } => Code::RuleNotEvaluated,
        M::DefinitionNoBase { .. }
        | M::DefinitionProfileUnknown { .. }
        | M::ProfileImposedUnknown { .. }
        | M::ProfileUnknown { .. }
        | M::ProfileUnknownHard { .. } => Code::ProfileUnknown,
        M::DefinitionComplexFixed { .. }
        | M::DefinitionFixedRepeats
        | M::SignpostObs { .. }
        | M::BestSubject
        | M::BestPerformer
        | M::BestEffective => Code::BestPractice,
        M::TooManyIssues { .. } | M::TooDeep { .. } | M::Stopped => Code::StepBudgetExhausted,
        M::XhtmlElement { .. }
        | M::XhtmlAttribute { .. }
        | M::XhtmlEntity { .. }
        | M::XhtmlName { .. }
        | M::XhtmlNamespace { .. }
        | M::XhtmlSyntax { .. }
        | M::XhtmlComment
        | M::XhtmlHref { .. }
        | M::XhtmlActiveHref { .. }
        | M::XhtmlBlockInPara { .. }
        | M::XhtmlIllegalInPara { .. }
        | M::XhtmlRecursion { .. }
        | M::XhtmlNoChildren { .. }
        | M::XhtmlIllegalChildren { .. }
        | M::XhtmlOutOfPlace { .. }
        | M::XhtmlDuplicateIds { .. }
        | M::XhtmlAddress { .. }
        | M::XhtmlImageResolve { .. }
        | M::XhtmlResolve { .. }
        | M::XhtmlMultipleMatches { .. }
        | M::XhtmlLangDifferent { .. }
        | M::XhtmlLangDifferent2 { .. }
        | M::XhtmlLangMissing
        | M::XhtmlLangMissing2
        | M::XhtmlLangMissing3
        | M::XhtmlMixedLang { .. }
        | M::XhtmlControlNoSource { .. }
        | M::XhtmlLangsRequired { .. }
        | M::XhtmlLangsRequiredDef { .. }
        | M::XhtmlNoLangs { .. } => Code::NarrativeInvalid,
        M::JsonParse { .. }
        | M::JsonCommaExtra { .. }
        | M::JsonCommaMissing
        | M::JsonComments
        | M::JsonNoQuotes { .. }
        | M::JsonValueNoQuotes { .. }
        | M::JsonOther { .. } => Code::ContentNotJson,
        M::JsonDuplicate { .. } => Code::JsonDuplicateKey,
        M::JsonEmptyArray | M::JsonEmptyObject | M::JsonInvalidArray { .. } => Code::JsonEmptyValue,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_of_the_validator_has_a_code_of_its_own() {
        let missing: Vec<String> = Message::samples()
            .iter()
            .filter(|message| code_of_message(message) == Code::RuleBroken)
            .map(|message| message.id().to_owned())
            .collect();
        assert!(missing.is_empty(), "messages without a code: {missing:?}");
    }

    #[test]
    fn places_lose_their_indices_before_they_are_compared() {
        assert_eq!(
            without_indices("Bundle.entry[12].request.method"),
            "Bundle.entry.request.method"
        );
    }
}
