//! The catalogue of the register's answers: one code, one meaning, one remedy.
//!
//! The register promises "specific error codes" but publishes no list, so this one is the
//! project's own. A code never changes its meaning; a retired one is never used again.
//! What a program decides on (status, retry class) stands in this file; what people read
//! stands beside it in `text`, one file per area.

mod connection;
mod content;
mod envelope;
mod profile;
mod register;
pub mod render;
mod reserved;
mod terminology;
mod text;

pub use lmr_fhir::{Bilingual, Language, Severity};
pub use text::Text;

use std::fmt;

/// Canonical URL of the code system that carries the codes in an `OperationOutcome`.
pub const CODE_SYSTEM: &str = "http://fhi.no/fhir/lmr/CodeSystem/feilkode";

/// What the sender does about it (extension `retry` of an issue).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Stop and call a person: configuration, certificate or access.
    Never,
    /// Hold the resource until its source has changed or an operator releases it.
    AfterCorrection,
    /// A communication error: up to three new attempts about an hour apart.
    Later,
}

impl Retry {
    /// Wire value of the `retry` extension.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::AfterCorrection => "after-correction",
            Self::Later => "later",
        }
    }

    /// Reads the wire value.
    #[must_use]
    pub fn from_wire(value: &str) -> Option<Self> {
        match value {
            "never" => Some(Self::Never),
            "after-correction" => Some(Self::AfterCorrection),
            "later" => Some(Self::Later),
            _ => None,
        }
    }
}

/// The part of the chain a code belongs to: its thousands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Area {
    /// 1xxx: address, token, limits of the call.
    Connection,
    /// 2xxx: envelope, certificates, signature, decryption, compression.
    Envelope,
    /// 3xxx: JSON and bundle.
    Content,
    /// 4xxx: resource against profile.
    Profile,
    /// 5xxx: terminology.
    Terminology,
    /// 6xxx: the register's rules beyond the profiles.
    Register,
    /// 9xxx: the register's own faults.
    Own,
}

macro_rules! codes {
    ($( $(#[$meta:meta])* $name:ident = $number:literal, $severity:ident, $http:expr, $retry:ident, $fhir:literal; )*) => {
        /// One entry of the catalogue.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Code { $( $(#[$meta])* #[doc = concat!("LMR-", stringify!($number))] $name = $number, )* }

        impl Code {
            /// Every code, in order of number.
            pub const ALL: &'static [Code] = &[ $( Code::$name, )* ];

            /// `LMR-nnnn`, as it stands on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Code::$name => concat!("LMR-", stringify!($number)), )* }
            }

            /// Severity when the rule that raises it says nothing else.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $( Code::$name => Severity::$severity, )* }
            }

            /// HTTP status when this code ends the call, or the status of the entry it
            /// refuses; `None` for what is only told.
            #[must_use]
            pub const fn http_status(self) -> Option<u16> {
                match self { $( Code::$name => $http, )* }
            }

            /// What the sender does about it.
            #[must_use]
            pub const fn retry(self) -> Retry {
                match self { $( Code::$name => Retry::$retry, )* }
            }

            /// FHIR `issue-type` code.
            #[must_use]
            pub const fn issue_type(self) -> &'static str {
                match self { $( Code::$name => $fhir, )* }
            }
        }
    };
}

codes! {
    // 1xxx: before the body is read. Order of the receiver's checks.
    AddressNotAllowed = 1001, Fatal, Some(403), Never, "forbidden";
    EndpointUnknown = 1002, Fatal, Some(404), Never, "not-found";
    MethodNotAllowed = 1003, Fatal, Some(405), Never, "not-supported";
    MediaTypeUnsupported = 1004, Fatal, Some(415), Never, "not-supported";
    MediaTypeNotAcceptable = 1005, Fatal, Some(406), Never, "not-supported";
    RequestMalformed = 1006, Fatal, Some(400), Never, "invalid";
    TokenMissing = 1010, Fatal, Some(401), Never, "login";
    TokenMalformed = 1011, Fatal, Some(401), Never, "security";
    TokenExpired = 1012, Fatal, Some(401), Never, "expired";
    TokenNotYetValid = 1013, Fatal, Some(401), Never, "security";
    TokenIssuerUnknown = 1014, Fatal, Some(401), Never, "security";
    TokenAudienceWrong = 1015, Fatal, Some(401), Never, "security";
    TokenSignatureInvalid = 1016, Fatal, Some(401), Never, "security";
    TokenKeyUnknown = 1017, Fatal, Some(401), Never, "security";
    TokenAlgorithmNotAllowed = 1018, Fatal, Some(401), Never, "security";
    TokenTypeWrong = 1019, Fatal, Some(401), Never, "security";
    TokenScopeMissing = 1020, Fatal, Some(403), Never, "forbidden";
    TokenOrganisationMissing = 1021, Fatal, Some(403), Never, "forbidden";
    TokenLifetimeTooLong = 1022, Fatal, Some(401), Never, "security";
    TokenSchemeWrong = 1023, Fatal, Some(401), Never, "security";
    TokenKindWrong = 1024, Fatal, Some(401), Never, "security";
    DpopProofMissing = 1030, Fatal, Some(401), Never, "security";
    DpopProofInvalid = 1031, Fatal, Some(401), Never, "security";
    DpopProofReplayed = 1032, Fatal, Some(401), Never, "security";
    DpopBindingMismatch = 1033, Fatal, Some(401), Never, "security";
    DpopNonceRequired = 1034, Fatal, Some(401), Never, "security";
    BodyMissing = 1040, Fatal, Some(400), AfterCorrection, "required";
    BodyTooLarge = 1041, Fatal, Some(413), AfterCorrection, "too-long";
    BodyIncomplete = 1042, Fatal, Some(400), Later, "incomplete";
    RequestTimeout = 1043, Fatal, Some(408), Later, "timeout";
    TooManyRequests = 1044, Fatal, Some(429), Later, "throttled";

    // 2xxx: the SignertKryptertBundle.
    EnvelopeNotJson = 2001, Fatal, Some(400), AfterCorrection, "structure";
    EnvelopeMemberMissing = 2002, Fatal, Some(400), AfterCorrection, "required";
    EnvelopeMemberDuplicate = 2003, Fatal, Some(400), AfterCorrection, "structure";
    EnvelopeMemberWrongType = 2004, Fatal, Some(400), AfterCorrection, "structure";
    EnvelopeMemberUnknown = 2005, Warning, None, AfterCorrection, "informational";
    EnvelopeVersionUnsupported = 2006, Fatal, Some(400), Never, "not-supported";
    EnvelopeBase64Invalid = 2007, Fatal, Some(400), AfterCorrection, "value";
    EnvelopeTimeInvalid = 2008, Fatal, Some(400), AfterCorrection, "value";
    EnvelopePeriodReversed = 2009, Fatal, Some(400), AfterCorrection, "value";
    EnvelopeInFuture = 2010, Fatal, Some(400), AfterCorrection, "value";
    EnvelopeMessageIdInvalid = 2011, Fatal, Some(400), AfterCorrection, "value";
    EnvelopeNonceInvalid = 2012, Fatal, Some(400), AfterCorrection, "value";
    EnvelopeTagInvalid = 2013, Fatal, Some(400), AfterCorrection, "value";
    EnvelopeThumbprintInvalid = 2014, Fatal, Some(400), Never, "value";
    EnvelopeSenderInvalid = 2015, Fatal, Some(400), Never, "value";
    SenderUnknown = 2020, Fatal, Some(400), Never, "forbidden";
    SenderInactive = 2021, Fatal, Some(400), Never, "forbidden";
    OrganisationMismatch = 2022, Fatal, Some(400), Never, "forbidden";
    CertificateOrganisationMismatch = 2023, Fatal, Some(400), Never, "security";
    CertificateUnknown = 2030, Fatal, Some(400), Never, "security";
    CertificateExpired = 2031, Fatal, Some(400), Never, "expired";
    CertificateNotYetValid = 2032, Fatal, Some(400), Never, "security";
    CertificateRevoked = 2033, Fatal, Some(400), Never, "security";
    CertificateChainUntrusted = 2034, Fatal, Some(400), Never, "security";
    CertificateUnsuitable = 2035, Fatal, Some(400), Never, "security";
    SignatureInvalid = 2040, Fatal, Some(400), Never, "security";
    EncryptionCertificateUnknown = 2050, Fatal, Some(400), Never, "security";
    DecryptionFailed = 2051, Fatal, Some(400), Never, "security";
    CompressionInvalid = 2060, Fatal, Some(400), AfterCorrection, "structure";
    CompressedTooLarge = 2061, Fatal, Some(413), AfterCorrection, "too-long";
    InflatedTooLarge = 2062, Fatal, Some(413), AfterCorrection, "too-long";
    CompressionRatioTooHigh = 2063, Fatal, Some(413), AfterCorrection, "too-costly";

    // 3xxx: JSON and bundle.
    ContentNotUtf8 = 3001, Fatal, Some(400), AfterCorrection, "structure";
    ContentNotJson = 3002, Fatal, Some(400), AfterCorrection, "structure";
    JsonDuplicateKey = 3003, Error, Some(422), AfterCorrection, "invalid";
    JsonTooDeep = 3004, Fatal, Some(400), AfterCorrection, "too-costly";
    JsonEmptyValue = 3005, Error, Some(422), AfterCorrection, "invalid";
    JsonWrongShape = 3006, Error, Some(422), AfterCorrection, "structure";
    JsonTooLarge = 3007, Fatal, Some(413), AfterCorrection, "too-costly";
    ContentNotFhir = 3010, Fatal, Some(400), AfterCorrection, "structure";
    ContentNotBundle = 3011, Fatal, Some(400), AfterCorrection, "structure";
    BundleTypeWrong = 3012, Fatal, Some(400), AfterCorrection, "value";
    BundleTypeNotAgreed = 3013, Fatal, Some(400), Never, "business-rule";
    BundleEmpty = 3014, Fatal, Some(400), AfterCorrection, "required";
    BundleTooManyEntries = 3015, Fatal, Some(413), AfterCorrection, "too-costly";
    BundleIdentifierMissing = 3016, Fatal, Some(400), AfterCorrection, "required";
    BundleInvalid = 3017, Fatal, Some(400), AfterCorrection, "structure";
    EntryResourceMissing = 3020, Error, Some(422), AfterCorrection, "required";
    EntryRequestMissing = 3021, Error, Some(422), AfterCorrection, "required";
    EntryMethodNotPost = 3022, Error, Some(422), AfterCorrection, "not-supported";
    ResourceKindNotAllowed = 3023, Error, Some(422), AfterCorrection, "business-rule";
    EntryProfileMissing = 3024, Error, Some(422), AfterCorrection, "required";
    FullUrlDuplicate = 3025, Error, Some(422), AfterCorrection, "duplicate";
    FullUrlInvalid = 3026, Error, Some(422), AfterCorrection, "value";
    ReferenceDangling = 3030, Error, Some(422), AfterCorrection, "not-found";
    ReferenceWrongKind = 3031, Error, Some(422), AfterCorrection, "structure";
    ReferenceNotResolvable = 3032, Warning, None, AfterCorrection, "not-found";
    ReferenceInvalid = 3033, Error, Some(422), AfterCorrection, "invalid";
    ReferenceProfileMismatch = 3034, Error, Some(422), AfterCorrection, "structure";
    ContainedInvalid = 3035, Error, Some(422), AfterCorrection, "invalid";
    IdDuplicate = 3036, Error, Some(422), AfterCorrection, "duplicate";
    DependencyRefused = 3040, Error, Some(424), AfterCorrection, "conflict";
    TransactionAborted = 3041, Error, Some(424), AfterCorrection, "conflict";

    // 4xxx: a resource against its profile.
    ElementMissing = 4001, Error, Some(422), AfterCorrection, "required";
    ElementTooMany = 4002, Error, Some(422), AfterCorrection, "structure";
    ElementForbidden = 4003, Error, Some(422), AfterCorrection, "structure";
    ElementUnknown = 4004, Error, Some(422), AfterCorrection, "structure";
    TypeNotAllowed = 4005, Error, Some(422), AfterCorrection, "structure";
    ResourceTypeUnknown = 4006, Error, Some(422), AfterCorrection, "structure";
    DateInvalid = 4010, Error, Some(422), AfterCorrection, "value";
    DateTimeInvalid = 4011, Error, Some(422), AfterCorrection, "value";
    TimeZoneMissing = 4012, Error, Some(422), AfterCorrection, "value";
    TimeInvalid = 4013, Error, Some(422), AfterCorrection, "value";
    NumberInvalid = 4014, Error, Some(422), AfterCorrection, "value";
    BooleanInvalid = 4015, Error, Some(422), AfterCorrection, "value";
    CodeFormatInvalid = 4016, Error, Some(422), AfterCorrection, "value";
    IdInvalid = 4017, Error, Some(422), AfterCorrection, "value";
    OidInvalid = 4018, Error, Some(422), AfterCorrection, "value";
    UuidInvalid = 4019, Error, Some(422), AfterCorrection, "value";
    UriInvalid = 4020, Error, Some(422), AfterCorrection, "value";
    Base64Invalid = 4021, Error, Some(422), AfterCorrection, "value";
    StringInvalid = 4022, Error, Some(422), AfterCorrection, "value";
    StringTooLong = 4023, Error, Some(422), AfterCorrection, "too-long";
    PrimitiveInvalid = 4024, Error, Some(422), AfterCorrection, "value";
    FixedValueWrong = 4030, Error, Some(422), AfterCorrection, "value";
    PatternMismatch = 4031, Error, Some(422), AfterCorrection, "value";
    ValueOutOfRange = 4032, Error, Some(422), AfterCorrection, "value";
    SliceClosed = 4040, Error, Some(422), AfterCorrection, "structure";
    SliceAmbiguous = 4041, Error, Some(422), AfterCorrection, "structure";
    SliceOrder = 4042, Error, Some(422), AfterCorrection, "structure";
    SliceUnmatched = 4043, Information, None, AfterCorrection, "informational";
    ExtensionUnknown = 4050, Error, Some(422), AfterCorrection, "extension";
    ExtensionNotAllowedHere = 4051, Error, Some(422), AfterCorrection, "extension";
    ExtensionModifierMisuse = 4052, Error, Some(422), AfterCorrection, "extension";
    ExtensionInvalid = 4053, Error, Some(422), AfterCorrection, "extension";
    InvariantFailed = 4060, Error, Some(422), AfterCorrection, "invariant";
    TimeOfDayRequired = 4061, Error, Some(422), AfterCorrection, "invariant";
    OrganisationIdentifierRequired = 4062, Error, Some(422), AfterCorrection, "invariant";
    EpisodeIdentifierRequired = 4063, Error, Some(422), AfterCorrection, "invariant";
    MedicationCodeOrIngredient = 4064, Error, Some(422), AfterCorrection, "invariant";
    ElementEmpty = 4065, Error, Some(422), AfterCorrection, "invariant";
    PeriodReversed = 4066, Error, Some(422), AfterCorrection, "invariant";
    BestPractice = 4067, Information, None, AfterCorrection, "informational";
    ProfileUnknown = 4070, Warning, None, AfterCorrection, "not-found";
    ProfileNotMatched = 4071, Error, Some(422), AfterCorrection, "structure";
    NarrativeInvalid = 4072, Error, Some(422), AfterCorrection, "invalid";
    RuleBroken = 4090, Error, Some(422), AfterCorrection, "processing";

    // 5xxx: terminology.
    CodeNotInRequiredSet = 5001, Error, Some(422), AfterCorrection, "code-invalid";
    CodeNotInExtensibleSet = 5002, Warning, None, AfterCorrection, "code-invalid";
    CodeNotInPreferredSet = 5003, Information, None, AfterCorrection, "code-invalid";
    CodeMissing = 5004, Error, Some(422), AfterCorrection, "code-invalid";
    CodeSystemNotAvailable = 5005, Warning, None, AfterCorrection, "not-found";
    ValueSetNotAvailable = 5006, Warning, None, AfterCorrection, "not-found";
    CodeUnknown = 5007, Error, Some(422), AfterCorrection, "code-invalid";
    DisplayWrong = 5008, Error, Some(422), AfterCorrection, "code-invalid";
    SystemInvalid = 5009, Error, Some(422), AfterCorrection, "code-invalid";
    SystemMissing = 5010, Warning, None, AfterCorrection, "code-invalid";
    RouteCodeRefused = 5011, Error, Some(422), AfterCorrection, "code-invalid";
    RouteCodeNotDecided = 5012, Warning, None, AfterCorrection, "not-found";
    AtcSyntax = 5020, Warning, None, AfterCorrection, "code-invalid";
    Icd10Syntax = 5021, Warning, None, AfterCorrection, "code-invalid";
    Icd11Syntax = 5022, Warning, None, AfterCorrection, "code-invalid";
    Icpc2Syntax = 5023, Warning, None, AfterCorrection, "code-invalid";
    SnomedSyntax = 5024, Warning, None, AfterCorrection, "code-invalid";
    SnomedCheckDigit = 5025, Warning, None, AfterCorrection, "code-invalid";
    FestIdSyntax = 5026, Warning, None, AfterCorrection, "code-invalid";
    LmrSerialSyntax = 5027, Warning, None, AfterCorrection, "code-invalid";
    ItemNumberSyntax = 5028, Warning, None, AfterCorrection, "code-invalid";
    MunicipalitySyntax = 5029, Warning, None, AfterCorrection, "code-invalid";
    UrbanDistrictSyntax = 5030, Warning, None, AfterCorrection, "code-invalid";
    VolvenCodeSyntax = 5031, Warning, None, AfterCorrection, "code-invalid";
    UnitInvalid = 5032, Warning, None, AfterCorrection, "code-invalid";

    // 6xxx: the register's rules beyond the profiles.
    PersonNumberFormat = 6001, Error, Some(422), AfterCorrection, "value";
    PersonNumberCheckDigit = 6002, Error, Some(422), AfterCorrection, "value";
    PersonNumberDate = 6003, Error, Some(422), AfterCorrection, "value";
    PersonNumberWrongSystem = 6004, Error, Some(422), AfterCorrection, "value";
    PersonNumberReal = 6005, Error, Some(422), Never, "business-rule";
    PersonNumberSynthetic = 6006, Error, Some(422), Never, "business-rule";
    PersonNumber2032 = 6007, Warning, None, AfterCorrection, "business-rule";
    BirthDateMismatch = 6008, Warning, None, AfterCorrection, "business-rule";
    HprNumberInvalid = 6010, Error, Some(422), AfterCorrection, "value";
    HprNumberLength = 6011, Warning, None, AfterCorrection, "value";
    OrganisationNumberFormat = 6012, Error, Some(422), AfterCorrection, "value";
    OrganisationNumberCheckDigit = 6013, Error, Some(422), AfterCorrection, "value";
    ReshIdInvalid = 6014, Error, Some(422), AfterCorrection, "value";
    AdministeredInFuture = 6020, Error, Some(422), AfterCorrection, "business-rule";
    AdministeredBeforeBirth = 6021, Error, Some(422), AfterCorrection, "business-rule";
    BirthDateInFuture = 6022, Error, Some(422), AfterCorrection, "business-rule";
    OutsideReportingPeriod = 6023, Warning, None, AfterCorrection, "business-rule";
    OrderedInFuture = 6025, Warning, None, AfterCorrection, "business-rule";
    BundleTimestampInFuture = 6026, Warning, None, AfterCorrection, "business-rule";
    ResourceTwiceInBundle = 6030, Error, Some(422), AfterCorrection, "duplicate";
    ResourceWithoutIdentity = 6031, Error, Some(422), AfterCorrection, "required";
    MessageIdReused = 6040, Fatal, Some(409), Never, "duplicate";
    ContentReplayed = 6041, Fatal, Some(409), Never, "duplicate";
    BundleIdentifierReused = 6042, Fatal, Some(409), Never, "duplicate";
    StoredNew = 6080, Information, None, AfterCorrection, "informational";
    StoredNewVersion = 6081, Information, None, AfterCorrection, "informational";
    AlreadyStored = 6082, Information, None, AfterCorrection, "informational";
    CheckedOnly = 6083, Information, None, AfterCorrection, "informational";

    // 9xxx: the register's own faults.
    InternalFault = 9001, Fatal, Some(500), Later, "exception";
    StorageUnavailable = 9002, Fatal, Some(503), Later, "transient";
    Overloaded = 9003, Fatal, Some(503), Later, "throttled";
    ShuttingDown = 9004, Fatal, Some(503), Later, "transient";
    AuthorityUnavailable = 9005, Fatal, Some(503), Later, "transient";
    RuleNotEvaluated = 9006, Error, Some(422), Later, "exception";
    StepBudgetExhausted = 9007, Error, Some(422), AfterCorrection, "too-costly";
}

impl Code {
    /// The four digits.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// The area the thousands stand for.
    #[must_use]
    pub const fn area(self) -> Area {
        match self.number() / 1000 {
            1 => Area::Connection,
            2 => Area::Envelope,
            3 => Area::Content,
            4 => Area::Profile,
            5 => Area::Terminology,
            6 => Area::Register,
            _ => Area::Own,
        }
    }

    /// Finds a code by `LMR-1001`, `lmr1001` or `1001`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text
            .get(..3)
            .filter(|prefix| prefix.eq_ignore_ascii_case("lmr"))
            .map_or(text, |_| text[3..].trim_start_matches('-'));
        if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number: u16 = digits.parse().ok()?;
        Self::ALL
            .binary_search_by_key(&number, |code| code.number())
            .ok()
            .map(|index| Self::ALL[index])
    }

    /// What people read about this code.
    #[must_use]
    pub fn text(self) -> &'static Text {
        text::of(self)
    }

    /// Title in the language asked for: short enough for a list.
    #[must_use]
    pub fn title(self, language: Language) -> &'static str {
        self.text().title.in_language(language)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_by_number_with_and_without_prefix() {
        assert_eq!(Code::parse("LMR-1001"), Some(Code::AddressNotAllowed));
        assert_eq!(Code::parse("lmr1001"), Some(Code::AddressNotAllowed));
        assert_eq!(Code::parse(" 1001 "), Some(Code::AddressNotAllowed));
        for wrong in ["", "LMR", "LMR-", "LMR-100", "LMR-10010", "æøå", "LMR-+001"] {
            assert_eq!(Code::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn codes_stand_in_order_and_write_their_number() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
        for code in Code::ALL {
            assert_eq!(code.as_str(), format!("LMR-{:04}", code.number()));
        }
    }

    #[test]
    fn retry_class_agrees_with_the_status_that_ends_the_call() {
        for code in Code::ALL {
            match code.http_status() {
                Some(401 | 403 | 404 | 405 | 406 | 409 | 415) => {
                    assert_eq!(code.retry(), Retry::Never, "{code}");
                }
                Some(408 | 429 | 500 | 503) => assert_eq!(code.retry(), Retry::Later, "{code}"),
                Some(413 | 424) => assert_eq!(code.retry(), Retry::AfterCorrection, "{code}"),
                _ => {}
            }
            if code.http_status().is_none() {
                assert!(code.severity() <= Severity::Warning, "{code} refuses without a status");
            }
        }
    }
}
