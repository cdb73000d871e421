//! The table itself, by area.

use lmr_fhir::Severity;

use super::Entry;
use crate::issue::IssueCode;

catalogue! {
    // 1 structure
    ProfileMinimum "Validation_VAL_Profile_Minimum" Error Structure
        "{1}: at least {2} required, found {0}"
        "{1}: minst {2} kreves, fant {0}";
    ProfileMinimumSlice "Validation_VAL_Profile_Minimum_SLICE" Error Structure
        "Slice {1}: at least {2} required, found {0}"
        "Skiven {1}: minst {2} kreves, fant {0}";
    ProfileMinimumSliceExt "Validation_VAL_Profile_Minimum_SLICE_EXT" Error Structure
        "Extension {1} ({3}): at least {2} required, found {0}"
        "Utvidelsen {1} ({3}): minst {2} kreves, fant {0}";
    ProfileMinimumMagic "VALIDATION_VAL_PROFILE_MINIMUM_MAGIC" Error Structure
        "{0}: the vital signs profile {2} requires the code {1}, which is not given"
        "{0}: vitaltegnprofilen {2} krever koden {1}, som ikke er oppgitt";
    ProfileMaximum "Validation_VAL_Profile_Maximum" Error Structure
        "{1}: at most {2} allowed, found {0}"
        "{1}: høyst {2} er tillatt, fant {0}";
    UnrecognisedProperty "Unrecognised_property_" Error Structure
        "The property {0} is not known here{1}"
        "Egenskapen {0} er ukjent her{1}";
    IllegalProperty "ILLEGAL_PROPERTY" Error Invalid
        "The property {0} must not stand under a primitive element"
        "Egenskapen {0} kan ikke stå under et primitivt element";
    MustBeArray "This_property_must_be_an_Array_not_" Error Invalid
        "{1} must be a JSON array, not {0}"
        "{1} må være en JSON-liste, ikke {0}";
    MustBe "This_property_must_be__not_" Error Invalid
        "{2} must be {0}, not {1}"
        "{2} må være {0}, ikke {1}";
    MustBeSimple "This_property_must_be_an_simple_value_not_" Error Invalid
        "{1} must be a simple value, not {0}"
        "{1} må være en enkel verdi, ikke {0}";
    MustBeObject "This_property_must_be_an_object_not_" Error Invalid
        "{1} must be an object, not {0}"
        "{1} må være et objekt, ikke {0}";
    BaseMustBeArray "This_base_property_must_be_an_Array_not_" Error Invalid
        "{1} must be a JSON array like the property it belongs to, not {0}"
        "{1} må være en JSON-liste slik som egenskapen den hører til, ikke {0}";
    ProfileNoType "Validation_VAL_Profile_NoType" Error Structure
        "The type of {0} is not allowed here; allowed: {1}"
        "Typen til {0} er ikke tillatt her; tillatt: {1}";
    ProfileType "Extension_PROF_Type" Error Structure
        "The profile {0} allows the types {1}, found {2}"
        "Profilen {0} tillater typene {1}, fant {2}";
    ProfileNotAllowed "Validation_VAL_Profile_NotAllowed" Error NotSupported
        "This element is not allowed by the profile {0}"
        "Elementet er ikke tillatt i profilen {0}";
    ProfileWrongType "Validation_VAL_Profile_WrongType" Error Invalid
        "The profile {2} is for {0}, but the resource is {1}"
        "Profilen {2} gjelder {0}, men ressursen er {1}";
    ProfileNoDefinition "Validation_VAL_Profile_NoDefinition" Error Invalid
        "No definition is known for the resource type {0}"
        "Ingen definisjon er kjent for ressurstypen {0}";
    // 2 primitives
    DateValid "Type_Specific_Checks_DT_Date_Valid" Error Invalid
        "'{0}' is no valid date (YYYY, YYYY-MM or YYYY-MM-DD)"
        "'{0}' er ingen gyldig dato (ÅÅÅÅ, ÅÅÅÅ-MM eller ÅÅÅÅ-MM-DD)";
    DateTimeValid "Type_Specific_Checks_DT_DateTime_Valid" Error Invalid
        "'{0}' is no valid date and time"
        "'{0}' er ikke gyldig dato og klokkeslett";
    TimeValid "Type_Specific_Checks_DT_Time_Valid" Error Invalid
        "'{0}' is no valid time (hh:mm:ss)"
        "'{0}' er ikke et gyldig klokkeslett (tt:mm:ss)";
    InstantValid "Type_Specific_Checks_DT_Instant_Valid" Error Invalid
        "'{0}' is no valid instant"
        "'{0}' er ikke et gyldig tidspunkt (instant)";
    DateTimeRegex "Type_Specific_Checks_DT_DateTime_Regex" Error Invalid
        "The instant '{0}' must be exact to the second with a time zone"
        "Tidspunktet '{0}' må ha sekunder og tidssone";
    DateTimeTz "Type_Specific_Checks_DT_DateTime_TZ" Error Invalid
        "A date with a time must have a time zone"
        "Dato med klokkeslett må ha tidssone";
    DateTimeReasonable "Type_Specific_Checks_DT_DateTime_Reasonable" Warning Invalid
        "The year in '{0}' is outside the plausible range"
        "Årstallet i '{0}' er utenfor rimelig område";
    IntegerValid "Type_Specific_Checks_DT_Integer_Valid" Error Invalid
        "'{0}' is no valid integer of 32 bits"
        "'{0}' er ikke et gyldig heltall på 32 bit";
    IntegerLt0 "Type_Specific_Checks_DT_Integer_LT0" Error Invalid
        "The value must be 0 or more"
        "Verdien må være 0 eller mer";
    IntegerLt1 "Type_Specific_Checks_DT_Integer_LT1" Error Invalid
        "The value must be 1 or more"
        "Verdien må være 1 eller mer";
    DecimalValid "Type_Specific_Checks_DT_Decimal_Valid" Error Invalid
        "'{0}' is no valid decimal"
        "'{0}' er ikke et gyldig desimaltall";
    DecimalRange "Type_Specific_Checks_DT_Decimal_Range" Warning Value
        "'{0}' has more digits than systems are required to keep"
        "'{0}' har flere sifre enn systemer må ta vare på";
    BooleanValue "Type_Specific_Checks_DT_Boolean_Value" Error Invalid
        "A boolean must be true or false"
        "En boolsk verdi må være true eller false";
    CodeWs "Type_Specific_Checks_DT_Code_WS" Error Invalid
        "The code '{0}' has white space where none is allowed"
        "Koden '{0}' har mellomrom der det ikke er tillatt";
    IdValid "Type_Specific_Checks_DT_ID_Valid" Error Invalid
        "'{0}' is no valid id (1-64 of A-Z a-z 0-9 - .)"
        "'{0}' er ikke en gyldig id (1-64 av A-Z a-z 0-9 - .)";
    ResourceIdChars "Resource_RES_ID_Malformed_Chars" Error Invalid
        "The resource id '{0}' has characters that are not allowed"
        "Ressursens id '{0}' har tegn som ikke er tillatt";
    ResourceIdLength "Resource_RES_ID_Malformed_Length" Error Invalid
        "The resource id is {0} characters long, at most 64 are allowed"
        "Ressursens id er på {0} tegn, høyst 64 er tillatt";
    ResourceIdExtended "FHIR_RESOURCE_ID_CANT_BE_EXTENDED" Error BusinessRule
        "A resource id cannot have extensions"
        "En ressurs sin id kan ikke ha utvidelser";
    OidStart "Type_Specific_Checks_DT_OID_Start" Error Invalid
        "An OID must start with urn:oid:"
        "En OID må begynne med urn:oid:";
    OidValid "Type_Specific_Checks_DT_OID_Valid" Error Invalid
        "'{0}' is no valid OID"
        "'{0}' er ikke en gyldig OID";
    UuidStart "Type_Specific_Checks_DT_UUID_Strat" Error Invalid
        "A UUID must start with urn:uuid:"
        "En UUID må begynne med urn:uuid:";
    UuidValid "Type_Specific_Checks_DT_UUID_Valid" Error Invalid
        "'{0}' is no valid UUID (lower case, 8-4-4-4-12)"
        "'{0}' er ikke en gyldig UUID (små bokstaver, 8-4-4-4-12)";
    UriOid "Type_Specific_Checks_DT_URI_OID" Error Invalid
        "'{0}' is an OID and must start with urn:oid:"
        "'{0}' er en OID og må begynne med urn:oid:";
    UriUuid "Type_Specific_Checks_DT_URI_UUID" Error Invalid
        "'{0}' is a UUID and must start with urn:uuid:"
        "'{0}' er en UUID og må begynne med urn:uuid:";
    UriWs "Type_Specific_Checks_DT_URI_WS" Error Invalid
        "The address '{0}' must not contain white space"
        "Adressen '{0}' kan ikke inneholde mellomrom";
    CanonicalAbsolute "TYPE_SPECIFIC_CHECKS_CANONICAL_ABSOLUTE" Error Invalid
        "A canonical must be absolute or a fragment, not '{0}'"
        "En kanonisk adresse må være absolutt eller et fragment, ikke '{0}'";
    UrlExample "TYPE_SPECIFIC_CHECKS_DT_URL_EXAMPLE" Error Invalid
        "Example addresses are not allowed here: '{0}'"
        "Eksempeladresser er ikke tillatt her: '{0}'";
    IdentifierSystem "Type_Specific_Checks_DT_Identifier_System" Error CodeInvalid
        "Identifier.system must be an absolute address, not a relative one"
        "Identifier.system må være en absolutt adresse, ikke en relativ";
    IdentifierIetf "TYPE_SPECIFIC_CHECKS_DT_IDENTIFIER_IETF_SYSTEM_VALUE" Error CodeInvalid
        "With system urn:ietf:rfc:3986 the value must be a full URI"
        "Med system urn:ietf:rfc:3986 må verdien være en full URI";
    IdentifierIetfWrong "TYPE_SPECIFIC_CHECKS_DT_IDENTIFIER_IETF_SYSTEM_WRONG" Warning CodeInvalid
        "'{0}' is not the way to name the system of a URI; use urn:ietf:rfc:3986"
        "'{0}' er ikke måten å angi system for en URI på; bruk urn:ietf:rfc:3986";
    IdentifierIetfWrong2 "TYPE_SPECIFIC_CHECKS_DT_IDENTIFIER_IETF_SYSTEM_WRONG_2" Warning CodeInvalid
        "'{0}' should not be the system of the UUID '{1}'; put urn:uuid: before it and use urn:ietf:rfc:3986"
        "'{0}' bør ikke være system for UUID-en '{1}'; sett urn:uuid: foran og bruk urn:ietf:rfc:3986";
    Base64Valid "Type_Specific_Checks_DT_Base64_Valid" Error Invalid
        "The base64 value cannot be decoded"
        "Base64-verdien kan ikke dekodes";
    Base64Ws "TYPE_SPECIFIC_CHECKS_DT_BASE64_NO_WS_WARNING" Warning Invalid
        "A base64 value should not contain white space"
        "En base64-verdi bør ikke inneholde mellomrom";
    AttachmentSize "TYPE_SPECIFIC_CHECKS_DT_ATT_SIZE_CORRECT" Error Structure
        "The attachment says {0} bytes but holds {1}"
        "Vedlegget oppgir {0} byte, men inneholder {1}";
    AttachmentNoContent "TYPE_SPECIFIC_CHECKS_DT_ATT_NO_CONTENT" Warning Structure
        "The attachment has neither data nor url, nor contentType or language"
        "Vedlegget har verken data eller url, og heller ikke contentType eller language";
    PrimitiveNotEmpty "Type_Specific_Checks_DT_Primitive_NotEmpty" Error Invalid
        "A value must not be empty"
        "En verdi kan ikke være tom";
    PrimitiveWs "Type_Specific_Checks_DT_Primitive_WS" Warning Invalid
        "A value should not be white space only"
        "En verdi bør ikke bestå av bare mellomrom";
    StringWs "Type_Specific_Checks_DT_String_WS" Warning Invalid
        "The value '{0}' starts or ends with white space"
        "Verdien '{0}' begynner eller slutter med mellomrom";
    PrimitiveValueExt "Type_Specific_Checks_DT_Primitive_ValueExt" Error Invalid
        "A primitive element must have a value or an extension"
        "Et primitivt element må ha en verdi eller en utvidelse";
    StringLength "Type_Specific_Checks_DT_String_Length" Error Invalid
        "The value is longer than 1 MB (1048576 bytes)"
        "Verdien er lengre enn 1 MB (1048576 byte)";
    PrimitiveLength "Type_Specific_Checks_DT_Primitive_Length" Error Invalid
        "The value is longer than the {0} characters allowed"
        "Verdien er lengre enn de {0} tegnene som er tillatt";
    PrimitiveRegex "Type_Specific_Checks_DT_Primitive_Regex" Error Invalid
        "The value '{0}' does not have the form {1}"
        "Verdien '{0}' har ikke formen {1}";
    PrimitiveRegexType "Type_Specific_Checks_DT_Primitive_Regex_Type" Error Invalid
        "The value '{0}' does not have the form of the type {1}: {2}"
        "Verdien '{0}' har ikke formen til typen {1}: {2}";
    SecurityStringWarning "SECURITY_STRING_CONTENT_WARNING" Information Invalid
        "The text looks as if it holds HTML tags"
        "Teksten ser ut til å inneholde HTML-koder";
    SecurityStringError "SECURITY_STRING_CONTENT_ERROR" Error Invalid
        "The text looks as if it holds HTML tags, which is not allowed for security reasons"
        "Teksten ser ut til å inneholde HTML-koder, og det er ikke tillatt av sikkerhetsgrunner";
    MarkdownHtml "TYPE_SPECIFIC_CHECKS_DT_MARKDOWN_HTML" Warning Invalid
        "The markdown looks as if it holds an HTML tag"
        "Markdown-teksten ser ut til å inneholde en HTML-kode";
    UrlInternal "TYPE_SPECIFIC_CHECKS_DT_URL_INTERNAL_WARN" Information Invalid
        "The address '{0}' points inside the resource, but nothing there has that id"
        "Adressen '{0}' peker inn i ressursen, men ingenting der har den id-en";
    // 3 fixed, pattern, min, max
    FixedWrong "_DT_Fixed_Wrong" Error Value
        "The value is '{0}', but {2} fixes it to '{1}'"
        "Verdien er '{0}', men {2} fastsetter den til '{1}'";
    FixedMissing "Profile_VAL_MissingElement" Error Value
        "{0} is missing, but the fixed value or pattern of {1} has it"
        "{0} mangler, men den faste verdien eller mønsteret i {1} har det";
    PatternCoding "TYPE_CHECKS_PATTERN_CC" Error Value
        "No {0} is {2}, which the pattern of {1} asks for"
        "Ingen {0} er {2}, som mønsteret i {1} krever";
    FixedCodings "Terminology_TX_Coding_Count" Error Value
        "{2} asks for {0} codings, found {1}"
        "{2} krever {0} kodinger, fant {1}";
    FixedNotAllowed "Profile_VAL_NotAllowed" Error Value
        "{0} is given, but the fixed value of {1} does not have it"
        "{0} er oppgitt, men den faste verdien i {1} har det ikke";
    DecimalGt "Type_Specific_Checks_DT_Decimal_GT" Error Invalid
        "The value is above the maximum {0}"
        "Verdien er over maksimum {0}";
    DecimalLt "Type_Specific_Checks_DT_Decimal_LT" Error Invalid
        "The value is below the minimum {0}"
        "Verdien er under minimum {0}";
    IntegerGt "Type_Specific_Checks_DT_Integer_GT" Error Invalid
        "The value is above the maximum {0}"
        "Verdien er over maksimum {0}";
    IntegerLt "Type_Specific_Checks_DT_Integer_LT" Error Invalid
        "The value is below the minimum {0}"
        "Verdien er under minimum {0}";
    DateGt "TYPE_SPECIFIC_CHECKS_DT_DT_GT" Error Invalid
        "The time is after the latest permitted {0}"
        "Tidspunktet er etter det seneste tillatte {0}";
    DateLt "TYPE_SPECIFIC_CHECKS_DT_DT_LT" Error Invalid
        "The time is before the earliest permitted {0}"
        "Tidspunktet er før det tidligste tillatte {0}";
    QuantityMax "TYPE_SPECIFIC_CHECKS_DT_QTY_MAX_VALUE_WRONG" Error Invalid
        "The value {0} is above the maximum {1}"
        "Verdien {0} er over maksimum {1}";
    QuantityMaxUcum "TYPE_SPECIFIC_CHECKS_DT_QTY_MAX_VALUE_WRONG_UCUM" Error Invalid
        "The value {0} is above the maximum {1} after conversion of units"
        "Verdien {0} er over maksimum {1} etter omregning av enhet";
    QuantityMin "TYPE_SPECIFIC_CHECKS_DT_QTY_MIN_VALUE_WRONG" Error Invalid
        "The value {0} is below the minimum {1}"
        "Verdien {0} er under minimum {1}";
    QuantityMinUcum "TYPE_SPECIFIC_CHECKS_DT_QTY_MIN_VALUE_WRONG_UCUM" Error Invalid
        "The value {0} is below the minimum {1} after conversion of units"
        "Verdien {0} er under minimum {1} etter omregning av enhet";
    QuantityGtMax "TYPE_SPECIFIC_CHECKS_DT_QTY_GT_MAX" Error Invalid
        "The time '{0}' is later than {1} from now"
        "Tidspunktet '{0}' er senere enn {1} fra nå";
    QuantityLtMin "TYPE_SPECIFIC_CHECKS_DT_QTY_LT_MIN" Error Invalid
        "The time '{0}' is earlier than {1} from now"
        "Tidspunktet '{0}' er tidligere enn {1} fra nå";
    QuantityMaxNoValue "TYPE_SPECIFIC_CHECKS_DT_QTY_MAX_VALUE_NO_VALUE" Warning Invalid
        "The maximum {0} cannot be checked: the instance has no value"
        "Maksimum {0} kan ikke kontrolleres: instansen har ingen verdi";
    QuantityMinNoValue "TYPE_SPECIFIC_CHECKS_DT_QTY_MIN_VALUE_NO_VALUE" Warning Invalid
        "The minimum {0} cannot be checked: the instance has no value"
        "Minimum {0} kan ikke kontrolleres: instansen har ingen verdi";
    QuantityMinUnitUnknown "TYPE_SPECIFIC_CHECKS_DT_QTY_MIN_VALUE_NO_UCUM_INST" Warning Invalid
        "The minimum {0} cannot be checked: the unit of the instance is not comparable"
        "Minimum {0} kan ikke kontrolleres: enheten i instansen kan ikke sammenlignes";
    QuantityMaxUnitUnknown "TYPE_SPECIFIC_CHECKS_DT_QTY_MAX_VALUE_NO_UCUM_INST" Warning Invalid
        "The maximum {0} cannot be checked: the unit of the instance is not comparable"
        "Maksimum {0} kan ikke kontrolleres: enheten i instansen kan ikke sammenlignes";
    // 4 slicing
    NotSlice "Validation_VAL_Profile_NotSlice" Error Invalid
        "This element fits none of the slices of {0}, and no others are allowed"
        "Elementet passer ikke i noen av skivene i {0}, og andre er ikke tillatt";
    NoSliceHint "This_element_does_not_match_any_known_slice_" Information Informational
        "This element fits none of the slices of {0}"
        "Elementet passer ikke i noen av skivene i {0}";
    MatchMultiple "Validation_VAL_Profile_MatchMultiple" Error Invalid
        "This element fits both the slice {1} and the slice {2} of {0}"
        "Elementet passer både i skiven {1} og i skiven {2} i {0}";
    SliceOrder "Validation_VAL_Profile_SliceOrder" Error Invalid
        "The slices of {0} must stand in their order: {1} is out of place"
        "Skivene i {0} må stå i rekkefølge: {1} er på feil plass";
    SliceOrderOpenAtEnd "Validation_VAL_Profile_NotSlice_AtEnd" Error Invalid
        "Elements outside the slices of {0} must stand last"
        "Elementer utenfor skivene i {0} må stå til slutt";
    Details "Details_for__matching_against_Profile_" Information Structure
        "{0} does not fit the profile {1}"
        "{0} passer ikke med profilen {1}";
    NoMatch "Validation_VAL_Profile_NoMatch" Error Structure
        "The element fits none of the profiles {0}"
        "Elementet passer ikke med noen av profilene {0}";
    MultipleMatches "Validation_VAL_Profile_MultipleMatches" Warning Structure
        "The element fits {0} profiles: {1}"
        "Elementet passer med {0} profiler: {1}";
    SliceCannotEvaluate "Discriminator__is_based_on_element_existence_but_slice__neither_sets_min1_or_max0" Error Processing
        "The discriminator {0} of the slice {1} in {2} cannot be evaluated"
        "Skillekriteriet {0} for skiven {1} i {2} kan ikke avgjøres";
    SliceNoElement "LMRV_DISCRIMINATOR_UNKNOWN_ELEMENT" Error Processing
        "The discriminator {0} of the slice {1} in {2} cannot be evaluated: no element there has the name {3}"
        "Skillekriteriet {0} for skiven {1} i {2} kan ikke avgjøres: ikke noe element der har navnet {3}";
    // 5 terminology
    CodeNotInRequired "Terminology_TX_NoValid_16" Error CodeInvalid
        "'{0}' is not in the value set {1}, which is required{2}"
        "'{0}' er ikke i verdisettet {1}, som er påkrevd{2}";
    CodeNotInExtensible "Terminology_TX_NoValid_17" Warning CodeInvalid
        "'{0}' is not in the value set {1}; a code from it should be used if there is a fitting one"
        "'{0}' er ikke i verdisettet {1}; en kode derfra bør brukes hvis en passer";
    CodeNotInPreferred "Terminology_TX_NoValid_18" Information CodeInvalid
        "'{0}' is not in the value set {1}, which is recommended"
        "'{0}' er ikke i verdisettet {1}, som er anbefalt";
    CodeNotChecked "Terminology_TX_NoValid_15" Information CodeInvalid
        "'{0}' was not checked: the content of the value set {1} is not at hand"
        "'{0}' ble ikke kontrollert: innholdet i verdisettet {1} er ikke tilgjengelig";
    ConceptNotInRequired "Terminology_TX_NoValid_1_CC" Error CodeInvalid
        "None of the codings is in the value set {0}, which is required{1}"
        "Ingen av kodingene er i verdisettet {0}, som er påkrevd{1}";
    ConceptNotInExtensible "Terminology_TX_NoValid_2_CC" Warning CodeInvalid
        "None of the codings is in the value set {0}; one from it should be used if there is a fitting one{1}"
        "Ingen av kodingene er i verdisettet {0}; en derfra bør brukes hvis en passer{1}";
    ConceptNotInPreferred "Terminology_TX_NoValid_3_CC" Information CodeInvalid
        "None of the codings is in the value set {0}, which is recommended{1}"
        "Ingen av kodingene er i verdisettet {0}, som er anbefalt{1}";
    CodingNotInRequired "Terminology_TX_Confirm_4a" Error CodeInvalid
        "The code {0} is not in the value set {1}, which is required{2}"
        "Koden {0} er ikke i verdisettet {1}, som er påkrevd{2}";
    CodingNotInExtensible "Terminology_TX_Confirm_5" Warning CodeInvalid
        "The code {0} is not in the value set {1}; a code from it should be used if there is a fitting one{2}"
        "Koden {0} er ikke i verdisettet {1}; en kode derfra bør brukes hvis en passer{2}";
    CodingNotInPreferred "Terminology_TX_Confirm_6" Information CodeInvalid
        "The code {0} is not in the value set {1}, which is recommended{2}"
        "Koden {0} er ikke i verdisettet {1}, som er anbefalt{2}";
    CodingNotInMax "Terminology_TX_NoValid_8" Error CodeInvalid
        "None of the codings is in the maximum value set {0}"
        "Ingen av kodingene er i det største tillatte verdisettet {0}";
    CodingNotInMaxSingle "Terminology_TX_NoValid_11" Error CodeInvalid
        "'{0}' is not in the maximum value set {1}"
        "'{0}' er ikke i det største tillatte verdisettet {1}";
    OneCodingNotInRequired "Terminology_TX_NoValid_12" Error CodeInvalid
        "The code {0} is not in the value set {1}, which is required{2}"
        "Koden {0} er ikke i verdisettet {1}, som kreves{2}";
    OneCodingNotInExtensible "Terminology_TX_NoValid_13" Warning CodeInvalid
        "The code {0} is not in the value set {1}; a code from it should be used if there is a fitting one{2}"
        "Koden {0} er ikke i verdisettet {1}; en kode derfra bør brukes hvis en passer{2}";
    OneCodingNotInPreferred "Terminology_TX_NoValid_14" Information CodeInvalid
        "The code {0} is not in the value set {1}, which is recommended{2}"
        "Koden {0} er ikke i verdisettet {1}, som anbefales{2}";
    CodeMissingRequired "Terminology_TX_Code_ValueSet" Error CodeInvalid
        "No code is given, but one of the value set {0} is required"
        "Ingen kode er oppgitt, men en fra verdisettet {0} er påkrevd";
    CodeOnlyExtended "Terminology_TX_Code_ValueSet_MISSING" Error CodeInvalid
        "No code is given, only extensions, but one of the value set {0} is required"
        "Ingen kode er oppgitt, bare utvidelser, men en fra verdisettet {0} er påkrevd";
    CodeMissingExtensible "Terminology_TX_Code_ValueSet_Ext" Warning CodeInvalid
        "No code is given, but one of the value set {0} should be if there is a fitting one"
        "Ingen kode er oppgitt, men en fra verdisettet {0} bør oppgis hvis en passer";
    ValueSetNotFound "Terminology_TX_ValueSet_NotFound" Warning CodeInvalid
        "The value set {0} is not known, so the code was not checked"
        "Verdisettet {0} er ukjent, så koden ble ikke kontrollert";
    ValueSetNoContent "LMRV_VALUESET_WITHOUT_CONTENT" Warning NotFound
        "The value set {0} is known, but not all of its content is at hand ({1}); the code was not checked"
        "Verdisettet {0} er kjent, men ikke alt innholdet er tilgjengelig ({1}); koden ble ikke kontrollert";
    BindingNoServer "Terminology_TX_Binding_NoServer" Information CodeInvalid
        "The code {0} was not checked"
        "Koden {0} ble ikke kontrollert";
    BindingNoSource "Terminology_TX_Binding_NoSource" Information CodeInvalid
        "The binding of {0} names no value set"
        "Bindingen for {0} oppgir ikke noe verdisett";
    UnknownCodeSystem "UNKNOWN_CODESYSTEM" Warning NotFound
        "The code system {0} is not known, so the code was not checked"
        "Kodeverket {0} er ukjent, så koden ble ikke kontrollert";
    CodeSystemNoContent "LMRV_CODESYSTEM_WITHOUT_CONTENT" Information NotFound
        "The content of the code system {0} is not at hand, so the code was not checked"
        "Innholdet i kodeverket {0} er ikke tilgjengelig, så koden ble ikke kontrollert";
    UnknownCode "Unknown_Code_in_Version" Error CodeInvalid
        "The code {0} is not in the code system {1} version {2}{3}"
        "Koden {0} finnes ikke i kodeverket {1} versjon {2}{3}";
    UnknownCodeNoVersion "Unknown_Code_in" Error CodeInvalid
        "The code {0} is not in the code system {1}{2}"
        "Koden {0} finnes ikke i kodeverket {1}{2}";
    InferCodeSystem "UNABLE_TO_INFER_CODESYSTEM" Error NotFound
        "No code system of the value set {1} has the code '{0}'"
        "Ingen av kodeverkene i verdisettet {1} har koden '{0}'";
    DisplayWrong "Display_Name_for__should_be_one_of__instead_of" Error Invalid
        "'{3}' is not the display of {0}#{1}; expected {2}"
        "'{3}' er ikke visningsteksten til {0}#{1}; ventet {2}";
    SystemRelative "Terminology_TX_System_Relative" Error Invalid
        "Coding.system must be absolute, not relative"
        "Coding.system må være absolutt, ikke relativ";
    SystemIsValueSet "Terminology_TX_System_ValueSet2" Error Invalid
        "Coding.system names a value set ({0}), not a code system"
        "Coding.system angir et verdisett ({0}), ikke et kodeverk";
    CodingNoSystem "Coding_has_no_system__cannot_validate" Warning Invalid
        "The coding has a code but no system, so it was not checked"
        "Kodingen har kode, men ikke system, og ble ikke kontrollert";
    CodeNoSystem "TERMINOLOGY_TX_SYSTEM_NO_CODE" Warning CodeInvalid
        "A code without a system has no meaning and cannot be checked"
        "En kode uten system har ingen mening og kan ikke kontrolleres";
    NoCodeProvided "NO_CODE_PROVIDED" Warning Value
        "No code is given for the code system {0}"
        "Ingen kode er oppgitt for kodeverket {0}";
    UcumSyntax "LMRV_UCUM_SYNTAX" Warning CodeInvalid
        "'{0}' is no valid UCUM unit"
        "'{0}' er ikke en gyldig UCUM-enhet";
    LanguageCode "LMRV_LANGUAGE_CODE" Warning CodeInvalid
        "'{0}' is no valid language tag"
        "'{0}' er ikke en gyldig språkkode";
    // 6 references
    RefCantResolve "Reference_REF_CantResolve" Error Structure
        "The reference '{0}' leads nowhere"
        "Referansen '{0}' fører ikke til noe";
    RefBadTargetType "Reference_REF_BadTargetType" Error Structure
        "The reference leads to a {0}, but must lead to one of: {1}"
        "Referansen peker på {0}, men må peke på en av: {1}";
    RefBadTargetType2 "Reference_REF_BadTargetType2" Error Structure
        "The reference '{1}' says it leads to a {0}, but it must lead to one of: {2}"
        "Referansen '{1}' sier at den peker på {0}, men den må peke på en av: {2}";
    RefWrongTarget "Reference_REF_WrongTarget" Error Structure
        "Reference.type is {0}, but must be one of: {1}"
        "Reference.type er {0}, men må være en av: {1}";
    RefResourceType "Reference_REF_ResourceType" Error Required
        "The reference '{0}' leads to a {1}, not to the type it names"
        "Referansen '{0}' peker på {1}, ikke på typen den oppgir";
    RefCantMatchChoice "Reference_REF_CantMatchChoice" Error Structure
        "The target of '{0}' fits none of the profiles: {1}"
        "Målet for '{0}' passer ikke med noen av profilene: {1}";
    RefMultipleMatches "Reference_REF_MultipleMatches" Warning Structure
        "The target of '{0}' fits several profiles: {1}"
        "Målet for '{0}' passer med flere profiler: {1}";
    RefCantResolveProfile "Reference_REF_CantResolveProfile" Error Structure
        "The target profile {0} is not known, so the reference was not checked"
        "Målprofilen {0} er ukjent, så referansen ble ikke kontrollert";
    RefAggregation "Reference_REF_Aggregation" Error Structure
        "The reference is {0}, but must be {1}"
        "Referansen er {0}, men må være {1}";
    RefNotFoundBundle "Reference_REF_NotFound_Bundle" Error Required
        "The target of '{0}' must be in the bundle or contained, but is not"
        "Målet for '{0}' må være i bundlen eller innebygd, men er det ikke";
    RefFormat1 "Reference_REF_Format1" Error Invalid
        "The relative reference '{0}' does not have the form type/id"
        "Den relative referansen '{0}' har ikke formen type/id";
    RefFormat2 "Reference_REF_Format2" Error Invalid
        "The relative reference '{0}' does not have the form type/id"
        "Den relative referansen '{0}' har ikke formen type/id eller [base]/type/id";
    RefSuspicious "REFERENCE_REF_SUSPICIOUS" Warning Structure
        "The reference '{0}' does not look right"
        "Referansen '{0}' ser ikke riktig ut";
    RefNoDisplay "Reference_REF_NoDisplay" Warning Structure
        "A reference without reference or identifier should have a display"
        "En referanse uten reference eller identifier bør ha display";
    ContainedOrphan "CONTAINED_ORPHAN_DOM3" Error Invalid
        "The contained resource '{0}' is not referred to from anywhere in the resource"
        "Den innebygde ressursen '{0}' blir ikke vist til fra noe sted i ressursen";
    DuplicateId "DUPLICATE_ID" Error BusinessRule
        "The id '{0}' stands more than once in the resource"
        "Id-en '{0}' står mer enn én gang i ressursen";
    ResourceIdMissing "Resource_RES_ID_Missing" Error Invalid
        "The resource must have an id"
        "Ressursen må ha en id";
    // 7 extensions
    ExtUnknownNotHere "Extension_EXT_Unknown_NotHere" Error Structure
        "The extension {0} is not known and therefore not allowed here"
        "Utvidelsen {0} er ukjent og derfor ikke tillatt her";
    ExtUnknown "Extension_EXT_Unknown" Information Structure
        "The extension {0} is not known"
        "Utvidelsen {0} er ukjent";
    ExtType "Extension_EXT_Type" Error Structure
        "The extension {0} allows the types {1}, found {2}"
        "Utvidelsen {0} tillater typene {1}, fant {2}";
    ExtSimpleAbsent "Extension_EXT_Simple_ABSENT" Error Structure
        "The extension {0} must have a value"
        "Utvidelsen {0} må ha en verdi";
    ExtSimpleWrong "Extension_EXT_Simple_WRONG" Error Structure
        "The extension {0} is simple: it must have a value and no extensions inside"
        "Utvidelsen {0} er enkel: den må ha en verdi og ingen utvidelser inni seg";
    ExtModifierN "Extension_EXT_Modifier_N" Error Structure
        "The extension {0} changes the meaning and must be a modifierExtension"
        "Utvidelsen {0} endrer meningen og må være en modifierExtension";
    ExtModifierY "Extension_EXT_Modifier_Y" Error Structure
        "The extension {0} must not be a modifierExtension"
        "Utvidelsen {0} kan ikke være en modifierExtension";
    ExtUrlNotFound "Extension_EXT_Url_NotFound" Error Invalid
        "An extension must have a url"
        "En utvidelse må ha url";
    ExtUrlAbsolute "Extension_EXT_URL_Absolute" Error Invalid
        "Extension.url must be an absolute address"
        "Extension.url må være en absolutt adresse";
    ExtSubInvalid "Extension_EXT_SubExtension_Invalid" Error Invalid
        "The extension {1} does not define the part '{0}'"
        "Utvidelsen {1} har ingen del '{0}'";
    ExtContextWrong "Extension_EXTP_Context_Wrong" Error Structure
        "The extension {0} is allowed on {1}, not here ({2})"
        "Utvidelsen {0} er tillatt på {1}, ikke her ({2})";
    ExtContextWrongVer "Extension_EXTP_Context_Wrong_VER" Error Structure
        "The extension {0} version {3} is allowed on {1}, not here ({2})"
        "Utvidelsen {0} versjon {3} er tillatt på {1}, ikke her ({2})";
    ExtModifierContextWrongVer "Extension_EXTM_Context_Wrong_VER" Error Structure
        "The modifier extension {0} is not allowed here ({2}); allowed: {1}"
        "Modifiserende utvidelse {0} er ikke tillatt her ({2}); tillatt: {1}";
    ExtNotHere "Profile_EXT_Not_Here" Error Structure
        "The extension {0} is not allowed here: its condition '{1}' is not met"
        "Utvidelsen {0} er ikke tillatt her: betingelsen '{1}' er ikke oppfylt";
    // 8 bundle
    BundleNoFirst "Bundle_BUNDLE_Entry_NoFirst" Error Invalid
        "A {0} bundle must have a first entry"
        "En bundle av typen {0} må ha en første oppføring";
    BundleNoFirstResource "Bundle_BUNDLE_Entry_NoFirstResource" Error Invalid
        "The first entry of a {0} bundle must have a resource"
        "Første oppføring i en bundle av typen {0} må ha en ressurs";
    BundleDocument "Bundle_BUNDLE_Entry_Document" Error Invalid
        "The first resource of a document must be a Composition"
        "Første ressurs i et dokument må være en Composition";
    BundleMessage "Bundle_BUNDLE_Entry_MessageHeader" Error Invalid
        "The first resource of a message must be a MessageHeader"
        "Første ressurs i en melding må være en MessageHeader";
    BundleFullUrlRequired "BUNDLE_BUNDLE_ENTRY_FULLURL_REQUIRED" Error Invalid
        "Except in transactions and batches, every entry of a bundle must have a fullUrl"
        "Bortsett fra i transaksjoner og batcher må hver oppføring i en bundle ha fullUrl";
    BundleUrlAbsolute "BUNDLE_ENTRY_URL_ABSOLUTE" Error Invalid
        "fullUrl must be absolute, not '{0}'"
        "fullUrl må være absolutt, ikke '{0}'";
    BundleUrlNoId "BUNDLE_ENTRY_URL_MATCHES_NO_ID" Error Invalid
        "The fullUrl '{0}' looks like a server address, but the resource has no id"
        "fullUrl '{0}' ser ut som en serveradresse, men ressursen har ingen id";
    BundleUrlTypeId "BUNDLE_ENTRY_URL_MATCHES_TYPE_ID" Error Invalid
        "The fullUrl '{0}' looks like a server address and must end in /{1}/{2}"
        "fullUrl '{0}' ser ut som en serveradresse og må slutte på /{1}/{2}";
    BundleMultipleMatches "Bundle_BUNDLE_MultipleMatches" Error Forbidden
        "Several entries fit the reference '{0}'"
        "Flere oppføringer passer med referansen '{0}'";
    BundleNotFound "Bundle_BUNDLE_Entry_NotFound" Error NotFound
        "'{0}' is not in the bundle ({1})"
        "'{0}' finnes ikke i bundlen ({1})";
    BundleFoundMultiple "BUNDLE_BUNDLE_ENTRY_FOUND_MULTIPLE" Error Invalid
        "{0} entries fit '{1}' ({2})"
        "{0} oppføringer passer med '{1}' ({2})";
    BundleFragmentMultiple "BUNDLE_BUNDLE_ENTRY_FOUND_MULTIPLE_FRAGMENT" Error Invalid
        "{0} elements have the id '{1}' in the resource '{2}'"
        "{0} elementer har id-en '{1}' i ressursen '{2}'";
    BundleNotFoundApparent "BUNDLE_BUNDLE_ENTRY_NOTFOUND_APPARENT" Error Invalid
        "'{1}' is not in the bundle ({2}); {0} entries have that type and id, but their fullUrl does not fit"
        "'{1}' finnes ikke i bundlen ({2}); {0} oppføringer har den typen og id-en, men fullUrl passer ikke";
    BundleNotFoundCannot "BUNDLE_BUNDLE_ENTRY_NOTFOUND_CANNOT" Error Invalid
        "'{1}' is not in the bundle ({2}); {0} entries have that type and id, but the fullUrl '{3}' of the source gives no server address to compare with"
        "'{1}' finnes ikke i bundlen ({2}); {0} oppføringer har den typen og id-en, men kildens fullUrl '{3}' gir ingen serveradresse å sammenligne med";
    BundlePossibleWrongUrl "BUNDLE_BUNDLE_POSSIBLE_MATCH_WRONG_FU" Warning Required
        "Entry {0} has the type and id of '{1}', but its fullUrl {2} is not {3}"
        "Oppføring {0} har typen og id-en til '{1}', men fullUrl {2} er ikke {3}";
    BundlePossibleMatches "BUNDLE_POSSSIBLE_MATCHES" Warning Required
        "No entry fits '{0}' by fullUrl, but several have the type and id {1}"
        "Ingen oppføring passer med '{0}' etter fullUrl, men flere har type og id {1}";
    BundleFullUrlMissing "Bundle_BUNDLE_FullUrl_Missing" Error Required
        "The relative reference '{0}' stands in an entry without fullUrl and cannot be resolved"
        "Den relative referansen '{0}' står i en oppføring uten fullUrl og kan ikke følges";
    BundleNotLocal "Bundle_BUNDLE_Not_Local" Warning Required
        "The urn reference '{0}' has no entry in the bundle"
        "Urn-referansen '{0}' har ingen oppføring i bundlen";
    BundleOrphanDocument "Bundle_BUNDLE_Entry_Orphan_DOCUMENT" Error Informational
        "The entry '{0}' cannot be reached from the Composition"
        "Oppføringen '{0}' kan ikke nås fra Composition";
    BundleReverseDocument "BUNDLE_BUNDLE_ENTRY_REVERSE_R4" Warning Invalid
        "The entry '{0}' can be reached only backwards from the Composition; only Provenance should be"
        "Oppføringen '{0}' kan bare nås bakover fra Composition; det bør bare gjelde Provenance";
    BundleOrphanMessage "Bundle_BUNDLE_Entry_Orphan_MESSAGE" Warning Informational
        "The entry '{0}' cannot be reached from the MessageHeader"
        "Oppføringen '{0}' kan ikke nås fra MessageHeader";
    BundleReverseMessage "BUNDLE_BUNDLE_ENTRY_REVERSE_MSG" Information Informational
        "The entry '{0}' can be reached only backwards from the MessageHeader"
        "Oppføringen '{0}' kan bare nås bakover fra MessageHeader";
    BundleEntryType "Bundle_BUNDLE_Entry_Type2" Error Informational
        "A {0} is not allowed here; allowed: {1}"
        "{0} er ikke tillatt her; tillatt: {1}";
    BundleSearchNoSelf "BUNDLE_SEARCH_NOSELF" Warning Invalid
        "A search result should have a self link"
        "Et søkeresultat bør ha en self-lenke";
    BundleSearchSelfNotUnderstood "BUNDLE_SEARCH_SELF_NOT_UNDERSTOOD" Information Invalid
        "The self link of the search result does not tell which types were searched for, so they were not checked"
        "Self-lenken i søkeresultatet sier ikke hvilke typer det ble søkt etter, så de ble ikke kontrollert";
    BundleSearchNoMode "BUNDLE_SEARCH_NO_MODE" Warning Invalid
        "The entries of a search result should say their search mode"
        "Oppføringene i et søkeresultat bør oppgi search.mode";
    BundleSearchNoResource "BUNDLE_SEARCH_ENTRY_NO_RESOURCE" Error Invalid
        "An entry of a search result must have a resource"
        "En oppføring i et søkeresultat må ha en ressurs";
    BundleSearchNoId "BUNDLE_SEARCH_ENTRY_NO_RESOURCE_ID" Error Invalid
        "A resource in a search result must have an id"
        "En ressurs i et søkeresultat må ha id";
    BundleSearchWrongOutcome "BUNDLE_SEARCH_ENTRY_WRONG_RESOURCE_TYPE_OUTCOME" Error Invalid
        "An entry of mode outcome must be an OperationOutcome, not {0}"
        "En oppføring med modus outcome må være OperationOutcome, ikke {0}";
    BundleSearchWrongType "BUNDLE_SEARCH_ENTRY_WRONG_RESOURCE_TYPE_MODE" Error Invalid
        "{0} does not fit the search, which was for {1}"
        "{0} passer ikke med søket, som gjaldt {1}";
    BundleSearchWrongTypeNoMode "BUNDLE_SEARCH_ENTRY_WRONG_RESOURCE_TYPE_NO_MODE" Warning Invalid
        "{0} does not fit the search for {1}, and the entry says no mode"
        "{0} passer ikke med søket etter {1}, og oppføringen oppgir ikke modus";
    BundleLinkDuplicate "BUNDLE_LINK_SEARCH_NO_DUPLICATES" Error Invalid
        "The link relation '{0}' stands more than once"
        "Lenkerelasjonen '{0}' står mer enn én gang";
    BundleLinkProhibited "BUNDLE_LINK_SEARCH_PROHIBITED" Error Invalid
        "The link relation '{0}' is not allowed in a {1} bundle"
        "Lenkerelasjonen '{0}' er ikke tillatt i en bundle av typen {1}";
    BundleEntryNoMatch "Bundle_BUNDLE_Entry_NoProfile_EXPL" Error NotFound
        "The profile {0} expected of this entry is not known"
        "Profilen {0} som ventes av denne oppføringen, er ukjent";
    // 9 invariants and profiles
    ConstraintCannotEvaluate "LMRV_CONSTRAINT_NOT_EVALUATED" Error Exception
        "The constraint {0} could not be evaluated ({1}); this is our fault, not the sender's"
        "Regelen {0} kunne ikke evalueres ({1}); feilen er vår, ikke avsenderens";
    ConstraintMalformed "LMRV_CONSTRAINT_MALFORMED_DATA" Error Invariant
        "The constraint {0} cannot be judged, since a date, time or number in the element is malformed"
        "Regelen {0} kan ikke vurderes, fordi en dato, et klokkeslett eller et tall i elementet er feil skrevet";
    ConstraintDoubtful "LMRV_CONSTRAINT_UNKNOWN_NAME" Warning NotSupported
        "The constraint {0} of {1} speaks of something that is not defined, so it may say nothing: {2}"
        "Regelen {0} i {1} nevner noe som ikke er definert, og sier kanskje ingenting: {2}";
    ConstraintSyntax "Problem_processing_expression__in_profile__path__" Error Invariant
        "The constraint {0} of {1} is not valid FHIRPath: {2}"
        "Regelen {0} i {1} er ikke gyldig FHIRPath: {2}";
    ProfileUnknown "VALIDATION_VAL_PROFILE_UNKNOWN_NOT_POLICY" Warning Structure
        "The profile {0} is not known, so the resource was not checked against it"
        "Profilen {0} er ukjent, så ressursen ble ikke kontrollert mot den";
    ProfileUnknownHard "Validation_VAL_Unknown_Profile" Error Structure
        "The profile {0} is not known"
        "Profilen {0} er ikke kjent";
    ProfileNoSnapshot "LMRV_PROFILE_NOT_USABLE" Error Exception
        "The profile {0} cannot be used: {1}"
        "Profilen {0} kan ikke brukes: {1}";
    ProfileLinesIgnored "LMRV_PROFILE_LINES_IGNORED" Warning BusinessRule
        "The profile {0} was applied without what it says of elements that do not exist: {1}"
        "Profilen {0} ble brukt uten det den sier om elementer som ikke finnes: {1}";
    Signpost "VALIDATION_VAL_PROFILE_SIGNPOST" Information Informational
        "Checked against the profile {0}"
        "Kontrolleres mot profilen {0}";
    SignpostGlobal "VALIDATION_VAL_PROFILE_SIGNPOST_GLOBAL" Information Informational
        "Checked against the profile {0}, global in {1}"
        "Kontrolleres mot profilen {0}, som er global i {1}";
    SignpostObs "VALIDATION_VAL_PROFILE_SIGNPOST_OBS" Information Informational
        "The code {2} makes this Observation a vital sign: checked against {0} ({1})"
        "Koden {2} gjør denne observasjonen til et vitaltegn: kontrolleres mot {0} ({1})";
    BestSubject "All_observations_should_have_a_subject" Warning Invalid
        "An Observation should have a subject (best practice)"
        "En Observation bør ha subject (god praksis)";
    BestPerformer "All_observations_should_have_a_performer" Warning Invalid
        "An Observation should have a performer (best practice)"
        "En Observation bør ha performer (god praksis)";
    BestEffective "All_observations_should_have_an_effectiveDateTime_or_an_effectivePeriod" Warning Invalid
        "An Observation should have effectiveDateTime or effectivePeriod (best practice)"
        "En Observation bør ha effectiveDateTime eller effectivePeriod (god praksis)";
    TooManyIssues "LMRV_TOO_MANY_ISSUES" Error Processing
        "More than {0} issues: the rest is left out"
        "Mer enn {0} funn: resten er utelatt";
    TooDeep "LMRV_TOO_DEEP" Error Processing
        "Nested deeper than {0} levels: the content below was not checked"
        "Nøstet dypere enn {0} nivåer: innholdet under ble ikke kontrollert";
    ParametersWrongType "PARAMETERS_STD_WRONG_TYPE" Information BusinessRule
        "The parameter '{0}' has the name of a standard parameter of another type"
        "Parameteren '{0}' har navnet til en standardparameter av en annen type";
    // 10 narrative
    XhtmlElement "XHTML_XHTML_Element_Illegal" Error Invalid
        "The element <{0}> is not allowed in a narrative"
        "Elementet <{0}> er ikke tillatt i en fortellende tekst";
    XhtmlAttribute "XHTML_XHTML_Attribute_Illegal" Error Invalid
        "The attribute {0} is not allowed on <{1}> in a narrative"
        "Attributtet {0} er ikke tillatt på <{1}> i en fortellende tekst";
    XhtmlEntity "XHTML_XHTML_Entity_Illegal" Error Invalid
        "The entity {0} is not allowed in a narrative"
        "Entiteten {0} er ikke tillatt i en fortellende tekst";
    XhtmlName "XHTML_XHTML_Name_Invalid" Error Invalid
        "The narrative must be a div, not <{0}>"
        "Den fortellende teksten må være en div, ikke <{0}>";
    XhtmlNamespace "XHTML_XHTML_NS_InValid" Error Invalid
        "The narrative is in the wrong namespace '{0}'"
        "Den fortellende teksten er i feil navnerom '{0}'";
    XhtmlSyntax "Error_parsing_XHTML_" Error Invalid
        "The narrative is no well-formed XHTML: {0}"
        "Den fortellende teksten er ikke velformet XHTML: {0}";
    XhtmlComment "XHTML_XHTML_DOCTYPE_ILLEGAL" Error Invalid
        "A narrative must not hold a document type or processing instruction"
        "En fortellende tekst kan ikke ha dokumenttype eller prosesseringsinstruks";
    XhtmlHref "TYPE_SPECIFIC_CHECKS_DT_XHTML_LITERAL_HREF" Error Invalid
        "The link '{1}' uses the scheme '{0}', which a reader cannot follow"
        "Lenken '{1}' bruker skjemaet '{0}', som en leser ikke kan følge";
    XhtmlResolve "Type_Specific_Checks_DT_XHTML_Resolve" Error Invalid
        "The link '{0}' in the narrative leads nowhere"
        "Lenken '{0}' i den fortellende teksten fører ikke til noe";
    XhtmlMultipleMatches "TYPE_SPECIFIC_CHECKS_DT_XHTML_MULTIPLE_MATCHES" Warning Invalid
        "The link '{0}' in the narrative has several targets"
        "Lenken '{0}' i den fortellende teksten har flere mål";
    XhtmlLangDifferent "Language_XHTML_Lang_Different1" Warning BusinessRule
        "The resource is in the language {0}, the narrative says lang {1}"
        "Ressursen har språket {0}, den fortellende teksten har lang {1}";
    XhtmlLangDifferent2 "Language_XHTML_Lang_Different2" Warning BusinessRule
        "The resource is in the language {0}, the narrative says xml:lang {1}"
        "Ressursen har språket {0}, den fortellende teksten har xml:lang {1}";
    XhtmlLangMissing "Language_XHTML_Lang_Missing1" Warning BusinessRule
        "The resource has a language, but the narrative has neither lang nor xml:lang"
        "Ressursen har et språk, men den fortellende teksten har verken lang eller xml:lang";
    XhtmlLangMissing2 "Language_XHTML_Lang_Missing2" Warning BusinessRule
        "The narrative has xml:lang but no lang"
        "Den fortellende teksten har xml:lang, men ikke lang";
    XhtmlLangMissing3 "Language_XHTML_Lang_Missing3" Warning BusinessRule
        "The narrative has lang but no xml:lang"
        "Den fortellende teksten har lang, men ikke xml:lang";
    XhtmlMixedLang "XHTML_XHTML_MIXED_LANG" Warning BusinessRule
        "The narrative has sections by language ({0}) and content outside them"
        "Den fortellende teksten har deler etter språk ({0}) og innhold utenfor dem";
    XhtmlControlNoSource "XHTML_CONTROL_NO_SOURCE" Error BusinessRule
        "Part of the narrative ('{0}') does not say its source by a class, which the profile requires"
        "En del av den fortellende teksten ('{0}') oppgir ikke kilden med en class, slik profilen krever";
    XhtmlControlSourceNotAllowed "XHTML_CONTROL_SOURCE_WRONG" Error BusinessRule
        "Part of the narrative ('{0}') has a source the profile does not allow: {1}"
        "En del av den fortellende teksten ('{0}') har en kilde profilen ikke tillater: {1}";
    XhtmlLangsRequired "XHTML_CONTROL_LANGS_REQUIRED" Error BusinessRule
        "The narrative has no sections by language, but the profile {0} requires them"
        "Den fortellende teksten har ingen deler etter språk, men profilen {0} krever det";
    XhtmlLangsRequiredDef "XHTML_CONTROL_LANGS_REQUIRED_DEF" Error BusinessRule
        "The profile {0} requires a section of the narrative in the resource's language"
        "Profilen {0} krever en del av den fortellende teksten på ressursens språk";
    XhtmlNoLangs "XHTML_CONTROL_NO_LANGS" Error BusinessRule
        "The narrative has sections by language ({0}), but the profile {1} prohibits them"
        "Den fortellende teksten har deler etter språk ({0}), men profilen {1} tillater det ikke";
    // 11 JSON
    JsonParse "Error_parsing_JSON_" Fatal Invalid
        "The JSON cannot be read: {0}"
        "JSON-en kan ikke leses: {0}";
    JsonDuplicate "DUPLICATE_JSON_PROPERTY_KEY" Error Invalid
        "The property {0} stands twice"
        "Egenskapen {0} står to ganger";
    JsonEmptyArray "ARRAY_CANNOT_BE_EMPTY" Error Invalid
        "An array must not be empty"
        "En liste kan ikke være tom";
    JsonEmptyObject "Object_must_have_some_content" Error Invalid
        "An object must have content"
        "Et objekt må ha innhold";
    JsonInvalidArray "JSON_PROPERTY_INVALID_ARRAY" Error Invalid
        "Item {1} of {0} has neither a value nor an extension"
        "Ledd {1} i {0} har verken verdi eller utvidelse";
    JsonCommaExtra "JSON_COMMA_EXTRA" Error Invalid
        "There is a comma too many at the end of the {0}"
        "Det er et komma for mye på slutten av {0}";
    JsonCommaMissing "JSON_COMMA_MISSING" Error Invalid
        "A comma is missing"
        "Et komma mangler";
    JsonComments "JSON_COMMENTS_NOT_ALLOWED" Error Invalid
        "Comments are not allowed in JSON"
        "Kommentarer er ikke tillatt i JSON";
    JsonNoQuotes "JSON_PROPERTY_NO_QUOTES" Error Invalid
        "The property name {0} has no quotes"
        "Egenskapsnavnet {0} mangler anførselstegn";
    JsonValueNoQuotes "JSON_PROPERTY_VALUE_NO_QUOTES" Error Invalid
        "The value of {0} has no quotes"
        "Verdien til {0} mangler anførselstegn";
    JsonOther "LMRV_JSON_SYNTAX" Error Invalid
        "The JSON is not correct here: {0}"
        "JSON-en er ikke riktig her: {0}";
    JsonNotBoolean "Error_parsing_JSON_the_primitive_value_must_be_a_boolean" Error Invalid
        "The value must be a JSON boolean (true or false)"
        "Verdien må være boolsk i JSON (true eller false)";
    JsonNotNumber "Error_parsing_JSON_the_primitive_value_must_be_a_number" Error Invalid
        "The value must be a JSON number"
        "Verdien må være et tall i JSON";
    JsonNotString "Error_parsing_JSON_the_primitive_value_must_be_a_string" Error Invalid
        "The value must be a JSON string"
        "Verdien må være en tekst i JSON";
    NoResourceType "Unable_to_find_resourceType_property" Fatal Invalid
        "There is no resourceType"
        "resourceType mangler";
    ResourceTypeWrong "RESOURCETYPE_PROPERTY_WRONG_TYPE" Fatal Invalid
        "resourceType must be a string, not {0}"
        "resourceType må være en tekst, ikke {0}";
    ResourceTypeUnknown "This_does_not_appear_to_be_a_FHIR_resource_unknown_name_" Fatal Structure
        "'{0}' is no FHIR resource type{1}"
        "'{0}' er ikke en FHIR-ressurstype{1}";
    ResourceTypeUnknownInside "Contained_resource_does_not_appear_to_be_a_FHIR_resource_unknown_name_" Fatal Invalid
        "'{0}' is no FHIR resource type{1}"
        "'{0}' er ingen FHIR-ressurstype{1}";
}
