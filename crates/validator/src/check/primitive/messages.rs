//! Messages: the form of primitive values.

/// Passes its rows on; see `messages.rs`.
macro_rules! primitive_messages {
    ($next:ident $($rest:tt)*) => {
        $next! { $($rest)*
            DateValid { value: Value }
                "Type_Specific_Checks_DT_Date_Valid" Error Invalid
                en "'{value}' is not a valid date (YYYY, YYYY-MM or YYYY-MM-DD)"
                nb "'{value}' er ikke en gyldig dato (ÅÅÅÅ, ÅÅÅÅ-MM eller ÅÅÅÅ-MM-DD)";
            DateTimeValid { value: Value }
                "Type_Specific_Checks_DT_DateTime_Valid" Error Invalid
                en "'{value}' is not a valid date and time"
                nb "'{value}' er ikke gyldig dato og klokkeslett";
            TimeValid { value: Value }
                "Type_Specific_Checks_DT_Time_Valid" Error Invalid
                en "'{value}' is not a valid time (hh:mm:ss)"
                nb "'{value}' er ikke et gyldig klokkeslett (tt:mm:ss)";
            InstantValid { value: Value }
                "Type_Specific_Checks_DT_Instant_Valid" Error Invalid
                en "'{value}' is not a valid instant"
                nb "'{value}' er ikke et gyldig tidspunkt (instant)";
            DateTimeRegex { value: Value }
                "Type_Specific_Checks_DT_DateTime_Regex" Error Invalid
                en "The instant '{value}' must be exact to the second with a time zone"
                nb "Tidspunktet '{value}' må ha sekunder og tidssone";
            DateTimeTz
                "Type_Specific_Checks_DT_DateTime_TZ" Error Invalid
                en "A date with a time must have a time zone"
                nb "Dato med klokkeslett må ha tidssone";
            DateTimeReasonable { value: Value }
                "Type_Specific_Checks_DT_DateTime_Reasonable" Warning Invalid
                en "The year in '{value}' is outside the plausible range"
                nb "Årstallet i '{value}' er utenfor rimelig område";
            IntegerValid { value: Value }
                "Type_Specific_Checks_DT_Integer_Valid" Error Invalid
                en "'{value}' is not a valid integer of 32 bits"
                nb "'{value}' er ikke et gyldig heltall på 32 bit";
            IntegerLt0
                "Type_Specific_Checks_DT_Integer_LT0" Error Invalid
                en "The value must be 0 or more"
                nb "Verdien må være 0 eller mer";
            IntegerLt1
                "Type_Specific_Checks_DT_Integer_LT1" Error Invalid
                en "The value must be 1 or more"
                nb "Verdien må være 1 eller mer";
            DecimalValid { value: Value }
                "Type_Specific_Checks_DT_Decimal_Valid" Error Invalid
                en "'{value}' is not a valid decimal"
                nb "'{value}' er ikke et gyldig desimaltall";
            DecimalRange { value: Value }
                "Type_Specific_Checks_DT_Decimal_Range" Warning Value
                en "'{value}' has more digits than systems are required to keep"
                nb "'{value}' har flere sifre enn systemer må ta vare på";
            BooleanValue
                "Type_Specific_Checks_DT_Boolean_Value" Error Invalid
                en "A boolean must be true or false"
                nb "En boolsk verdi må være true eller false";
            CodeWs { code: Value }
                "Type_Specific_Checks_DT_Code_WS" Error Invalid
                en "The code '{code}' has white space where none is allowed"
                nb "Koden '{code}' har mellomrom der det ikke er tillatt";
            IdValid { value: Value }
                "Type_Specific_Checks_DT_ID_Valid" Error Invalid
                en "'{value}' is not a valid id (1-64 of A-Z a-z 0-9 - .)"
                nb "'{value}' er ikke en gyldig id (1-64 av A-Z a-z 0-9 - .)";
            ResourceIdChars { value: Value }
                "Resource_RES_ID_Malformed_Chars" Error Invalid
                en "The resource id '{value}' has characters that are not allowed"
                nb "Ressursens id '{value}' har tegn som ikke er tillatt";
            ResourceIdLength { length: usize }
                "Resource_RES_ID_Malformed_Length" Error Invalid
                en "The resource id is {length} characters long, at most 64 are allowed"
                nb "Ressursens id er på {length} tegn, høyst 64 er tillatt";
            ResourceIdExtended
                "FHIR_RESOURCE_ID_CANT_BE_EXTENDED" Error BusinessRule
                en "A resource id cannot have extensions"
                nb "En ressurs sin id kan ikke ha utvidelser";
            OidStart
                "Type_Specific_Checks_DT_OID_Start" Error Invalid
                en "An OID must start with urn:oid:"
                nb "En OID må begynne med urn:oid:";
            OidValid { value: Value }
                "Type_Specific_Checks_DT_OID_Valid" Error Invalid
                en "'{value}' is not a valid OID"
                nb "'{value}' er ikke en gyldig OID";
            UuidStart
                "Type_Specific_Checks_DT_UUID_Strat" Error Invalid
                en "A UUID must start with urn:uuid:"
                nb "En UUID må begynne med urn:uuid:";
            UuidValid { value: Value }
                "Type_Specific_Checks_DT_UUID_Valid" Error Invalid
                en "'{value}' is not a valid UUID (lower case, 8-4-4-4-12)"
                nb "'{value}' er ikke en gyldig UUID (små bokstaver, 8-4-4-4-12)";
            UriOid { value: Value }
                "Type_Specific_Checks_DT_URI_OID" Error Invalid
                en "'{value}' is an OID and must start with urn:oid:"
                nb "'{value}' er en OID og må begynne med urn:oid:";
            UriUuid { value: Value }
                "Type_Specific_Checks_DT_URI_UUID" Error Invalid
                en "'{value}' is a UUID and must start with urn:uuid:"
                nb "'{value}' er en UUID og må begynne med urn:uuid:";
            UriWs { value: Value }
                "Type_Specific_Checks_DT_URI_WS" Error Invalid
                en "The address '{value}' must not contain white space"
                nb "Adressen '{value}' kan ikke inneholde mellomrom";
            CanonicalAbsolute { value: Value }
                "TYPE_SPECIFIC_CHECKS_CANONICAL_ABSOLUTE" Error Invalid
                en "A canonical must be absolute or a fragment, not '{value}'"
                nb "En kanonisk adresse må være absolutt eller et fragment, ikke '{value}'";
            UrlExample { value: Value }
                "TYPE_SPECIFIC_CHECKS_DT_URL_EXAMPLE" Error Invalid
                en "Example addresses are not allowed here: '{value}'"
                nb "Eksempeladresser er ikke tillatt her: '{value}'";
            IdentifierSystem
                "Type_Specific_Checks_DT_Identifier_System" Error CodeInvalid
                en "Identifier.system must be an absolute address, not a relative one"
                nb "Identifier.system må være en absolutt adresse, ikke en relativ";
            IdentifierIetf
                "TYPE_SPECIFIC_CHECKS_DT_IDENTIFIER_IETF_SYSTEM_VALUE" Error CodeInvalid
                en "With system urn:ietf:rfc:3986 the value must be a full URI"
                nb "Med system urn:ietf:rfc:3986 må verdien være en full URI";
            IdentifierIetfWrong { system: Canonical }
                "TYPE_SPECIFIC_CHECKS_DT_IDENTIFIER_IETF_SYSTEM_WRONG" Warning CodeInvalid
                en "'{system}' is not the way to name the system of a URI; use urn:ietf:rfc:3986"
                nb "'{system}' er ikke måten å angi system for en URI på; bruk urn:ietf:rfc:3986";
            IdentifierIetfWrong2 { system: Canonical, value: Value }
                "TYPE_SPECIFIC_CHECKS_DT_IDENTIFIER_IETF_SYSTEM_WRONG_2" Warning CodeInvalid
                en "'{system}' should not be the system of the UUID '{value}'; put urn:uuid: before it and use urn:ietf:rfc:3986"
                nb "'{system}' bør ikke være system for UUID-en '{value}'; sett urn:uuid: foran og bruk urn:ietf:rfc:3986";
            Base64Valid
                "Type_Specific_Checks_DT_Base64_Valid" Error Invalid
                en "The base64 value cannot be decoded"
                nb "Base64-verdien kan ikke dekodes";
            Base64Ws
                "TYPE_SPECIFIC_CHECKS_DT_BASE64_NO_WS_WARNING" Warning Invalid
                en "A base64 value should not contain white space"
                nb "En base64-verdi bør ikke inneholde mellomrom";
            AttachmentSize { stated: Value, actual: usize }
                "TYPE_SPECIFIC_CHECKS_DT_ATT_SIZE_CORRECT" Error Structure
                en "The attachment says {stated} bytes but holds {actual}"
                nb "Vedlegget oppgir {stated} byte, men inneholder {actual}";
            AttachmentDecode { element: Defined }
                "TYPE_SPECIFIC_CHECKS_DT_ATT_B64_DECODE_FAIL" Error Structure
                en "The base64 of {element} has white space: FHIR's form of the type permits it, but HL7's validator does not decode it in an attachment. Write it without"
                nb "base64-innholdet i {element} har mellomrom eller linjeskift: FHIRs form for typen tillater det, men HL7s validator dekoder det ikke i et vedlegg. Skriv det uten";
            AttachmentHash { stated: Value, actual: Value }
                "TYPE_SPECIFIC_CHECKS_DT_ATT_HASH_MISMATCH" Error Structure
                en "The attachment's hash is '{stated}', but the SHA-1 of its data is '{actual}'"
                nb "Vedleggets hash er '{stated}', men SHA-1 av innholdet er '{actual}'";
            AttachmentNoContent
                "TYPE_SPECIFIC_CHECKS_DT_ATT_NO_CONTENT" Warning Structure
                en "The attachment has neither data nor url, nor contentType or language"
                nb "Vedlegget har verken data eller url, og heller ikke contentType eller language";
            PrimitiveNotEmpty
                "Type_Specific_Checks_DT_Primitive_NotEmpty" Error Invalid
                en "A value must not be empty"
                nb "En verdi kan ikke være tom";
            PrimitiveWs
                "Type_Specific_Checks_DT_Primitive_WS" Warning Invalid
                en "A value should not be white space only"
                nb "En verdi bør ikke bestå av bare mellomrom";
            StringWs { value: Value }
                "Type_Specific_Checks_DT_String_WS" Warning Invalid
                en "The value '{value}' starts or ends with white space"
                nb "Verdien '{value}' begynner eller slutter med mellomrom";
            StringWsAll
                "Type_Specific_Checks_DT_String_WS_ALL" Warning Invalid
                en "A value should not be white space only"
                nb "En verdi bør ikke bestå av bare mellomrom";
            PrimitiveValueExt
                "Type_Specific_Checks_DT_Primitive_ValueExt" Error Invalid
                en "A primitive element must have a value or an extension"
                nb "Et primitivt element må ha en verdi eller en utvidelse";
            StringLength
                "Type_Specific_Checks_DT_String_Length" Error Invalid
                en "The value is longer than 1 MB (1048576 bytes)"
                nb "Verdien er lengre enn 1 MB (1048576 byte)";
            PrimitiveLength { limit: usize }
                "Type_Specific_Checks_DT_Primitive_Length" Error Invalid
                en "The value is longer than the {limit} characters allowed"
                nb "Verdien er lengre enn de {limit} tegnene som er tillatt";
            PrimitiveRegex { value: Value, pattern: Defined }
                "Type_Specific_Checks_DT_Primitive_Regex" Error Invalid
                en "The value '{value}' does not have the form {pattern}"
                nb "Verdien '{value}' har ikke formen {pattern}";
            PrimitiveRegexType { value: Value, type_name: Defined, pattern: Defined }
                "Type_Specific_Checks_DT_Primitive_Regex_Type" Error Invalid
                en "The value '{value}' does not have the form of the type {type_name}: {pattern}"
                nb "Verdien '{value}' har ikke formen til typen {type_name}: {pattern}";
            SecurityStringWarning
                "SECURITY_STRING_CONTENT_WARNING" Information Invalid
                en "The text looks as if it holds HTML tags"
                nb "Teksten ser ut til å inneholde HTML-koder";
            SecurityStringError
                "SECURITY_STRING_CONTENT_ERROR" Error Invalid
                en "The text looks as if it holds HTML tags, which is not allowed for security reasons"
                nb "Teksten ser ut til å inneholde HTML-koder, og det er ikke tillatt av sikkerhetsgrunner";
            MarkdownHtml
                "TYPE_SPECIFIC_CHECKS_DT_MARKDOWN_HTML" Warning Invalid
                en "The markdown looks as if it holds an HTML tag"
                nb "Markdown-teksten ser ut til å inneholde en HTML-kode";
            BidiUnterminated
                "UNICODE_BIDI_CONTROLS_CHARS_MATCH" Warning Invalid
                en "The text changes its direction with control characters and does not change it back"
                nb "Teksten skifter retning med kontrolltegn og skifter ikke tilbake";
            UrlResolve { value: Canonical }
                "Type_Specific_Checks_DT_URL_Resolve" Error Invalid
                en "HL7 defines nothing with the address '{value}'"
                nb "HL7 definerer ikke noe med adressen '{value}'";
            CanonicalType { value: Canonical, found: TypeName, allowed: Defined }
                "TYPE_SPECIFIC_CHECKS_DT_CANONICAL_TYPE" Error Invalid
                en "'{value}' is the address of a {found}, but one of {allowed} is wanted"
                nb "'{value}' er adressen til en {found}, men en av {allowed} kreves";
            CanonicalInternal { value: Value }
                "TYPE_SPECIFIC_CHECKS_DT_URL_INTERNAL" Error Invalid
                en "The canonical '{value}' names something within the resource, but nothing there has that id"
                nb "Den kanoniske adressen '{value}' angir noe i ressursen, men ingenting der har den id-en";
            UrlInternal { value: Value }
                "TYPE_SPECIFIC_CHECKS_DT_URL_INTERNAL_WARN" Warning Invalid
                en "The address '{value}' points inside the resource, but nothing there has that id"
                nb "Adressen '{value}' peker inn i ressursen, men ingenting der har den id-en";
            ControlCharacter { code_point: usize }
                "UNICODE_XML_BAD_CHARS" Warning Invalid
                en "The value has the control character number {code_point}, which many systems refuse"
                nb "Verdien har styretegnet med nummer {code_point}, som mange systemer avviser";
            PrimitiveTooShort { limit: usize }
                "PRIMITIVE_TOO_SHORT" Error Invalid
                en "The value is shorter than the {limit} characters required"
                nb "Verdien er kortere enn de {limit} tegnene som kreves";
            MustHaveValue { element: Defined, profile: Defined }
                "PRIMITIVE_MUSTHAVEVALUE_MESSAGE" Error Invalid
                en "{element} must have a value, not only extensions ({profile})"
                nb "{element} må ha en verdi, ikke bare utvidelser ({profile})";
            ValueAlternatives { element: Defined, alternatives: Defined, profile: Defined }
                "PRIMITIVE_VALUE_ALTERNATIVES_MESSAGE" Error Invalid
                en "{element} must have a value or one of the extensions {alternatives} ({profile})"
                nb "{element} må ha en verdi eller en av utvidelsene {alternatives} ({profile})";
        }
    };
}
pub(crate) use primitive_messages;
