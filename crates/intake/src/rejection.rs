//! Why a message is not taken at all.

use crate::store::StoreError;
use jiff::Timestamp;
use lmr_envelope::{
    CertificateError, DecryptError, InflateError, ParseError, Thumbprint, TrustError,
};
use lmr_identifiers::OrganisationNumber;
use lmr_lmdi::{
    ContentFault, Finding, RuleSetId,
    codes::{Code, Severity},
};
use std::net::IpAddr;
use thiserror::Error;

/// Where in the envelope or the decrypted bundle the fault is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// FHIRPath from the bundle, or the envelope member's name.
    pub expression: Option<String>,
    /// Line and column in the decrypted JSON, from 1.
    pub line_column: Option<(u32, u32)>,
}

/// Why a message was not taken at all. `Display` is for the receiver's log; callers get [`Rejection::code`] and
/// [`Rejection::location`] only.
#[derive(Debug, Error)]
pub enum Rejection {
    /// The caller's address is not one of the sender's.
    #[error("the address {address} is not registered for the sender {sender}")]
    AddressNotAllowed {
        /// The sender in token and message.
        sender: OrganisationNumber,
        /// Where the call comes from.
        address: IpAddr,
    },
    /// The text is not an envelope.
    #[error("envelope: {0}")]
    Envelope(#[from] ParseError),
    /// The reporting period ends before it starts.
    #[error("the reporting period ends before it starts")]
    PeriodReversed,
    /// A time of the message lies in the future.
    #[error("`{member}` lies in the future: {time}")]
    InFuture {
        /// Which one.
        member: &'static str,
        /// Its value.
        time: Timestamp,
    },
    /// It was refused before, and would be taken now without a change: a time of it that lay in the future has come. It stays
    /// refused, since its data have gone in another message meanwhile, which may have been followed by newer ones.
    #[error(
        "the message was refused before, when a time of it lay in the future, and stays refused"
    )]
    RefusedBefore,
    /// Nobody with that number is registered.
    #[error("the sender {sender} is not registered")]
    SenderUnknown {
        /// The sender in the message.
        sender: OrganisationNumber,
    },
    /// Registered, but not allowed to send now.
    #[error("the sender {sender} is not active")]
    SenderInactive {
        /// The sender in the message.
        sender: OrganisationNumber,
    },
    /// Token and message name different organisations.
    #[error("the token is for {token}, the message says {message}")]
    OrganisationMismatch {
        /// In the token.
        token: OrganisationNumber,
        /// In the message.
        message: OrganisationNumber,
    },
    /// The certificate names another organisation than the message.
    #[error("the certificate {thumbprint} does not name {sender}")]
    CertificateOrganisationMismatch {
        /// The certificate.
        thumbprint: Thumbprint,
        /// The sender in the message.
        sender: OrganisationNumber,
    },
    /// Not registered for this sender.
    #[error("the signing certificate {thumbprint} is not registered for {sender}")]
    CertificateUnknown {
        /// The certificate.
        thumbprint: Thumbprint,
        /// The sender in the message.
        sender: OrganisationNumber,
    },
    /// Registered, but not usable.
    #[error("signing certificate: {0}")]
    Certificate(#[from] CertificateError),
    /// Revoked or not under a configured authority.
    #[error("signing certificate: {0}")]
    Trust(#[from] TrustError),
    /// The signature does not fit.
    #[error("the signature does not fit the encrypted content")]
    SignatureInvalid,
    /// The sender has used this message id for another content.
    #[error("the message id was used for another content")]
    MessageIdReused,
    /// The same content came under another message id.
    #[error("the encrypted content came under another message id")]
    ContentReplayed,
    /// The sender has used this bundle identifier in another message.
    #[error("the bundle identifier was used in another message")]
    BundleIdentifierReused,
    /// Encrypted for a certificate that is not ours.
    #[error("encrypted for the certificate {thumbprint}, whose key is not here")]
    EncryptionCertificateUnknown {
        /// The certificate.
        thumbprint: Thumbprint,
    },
    /// Key or tag do not fit.
    #[error("{source}: {}", source.detail())]
    Decryption {
        /// What failed, for the log only.
        #[from]
        source: DecryptError,
    },
    /// Not gzip, or too large.
    #[error("{0}")]
    Inflate(#[from] InflateError),
    /// The decrypted content cannot be taken as a bundle.
    #[error("content: {code}")]
    Content {
        /// What is wrong.
        code: Code,
        /// Where.
        location: Location,
        /// Everything found about the bundle as a whole, where it could be validated.
        findings: Vec<Finding>,
        /// The rule set that refused it; none where it could not be read as a bundle.
        rule_set: Option<RuleSetId>,
    },
    /// The database failed.
    #[error("store: {0}")]
    Store(#[from] StoreError),
    /// The work was asked to stop, because nobody waits for it any more.
    #[error("the work was stopped while {doing}")]
    Stopped {
        /// What was being done.
        doing: &'static str,
    },
    /// A panic in the work on this message.
    #[error("a panic while {doing}")]
    Panicked {
        /// What was being done.
        doing: &'static str,
    },
    /// Something broke that should not be able to.
    #[error("internal fault while {doing}")]
    Internal {
        /// What was being done.
        doing: &'static str,
    },
}

impl Rejection {
    /// The catalogue's code, which decides status, text and retry class.
    pub fn code(&self) -> Code {
        match self {
            Self::AddressNotAllowed { .. } => Code::AddressNotAllowed,
            Self::Envelope(error) => envelope_code(error),
            Self::PeriodReversed => Code::EnvelopePeriodReversed,
            Self::InFuture { .. } | Self::RefusedBefore => Code::EnvelopeInFuture,
            Self::SenderUnknown { .. } => Code::SenderUnknown,
            Self::SenderInactive { .. } => Code::SenderInactive,
            Self::OrganisationMismatch { .. } => Code::OrganisationMismatch,
            Self::CertificateOrganisationMismatch { .. } => Code::CertificateOrganisationMismatch,
            Self::CertificateUnknown { .. } => Code::CertificateUnknown,
            Self::Certificate(error) => match error {
                CertificateError::Expired { .. } => Code::CertificateExpired,
                CertificateError::NotYetValid { .. } => Code::CertificateNotYetValid,
                CertificateError::NoPem
                | CertificateError::Unreadable
                | CertificateError::NotRsa { .. }
                | CertificateError::WrongUsage { .. } => Code::CertificateUnsuitable,
            },
            Self::Trust(error) => match error {
                TrustError::Revoked { .. } => Code::CertificateRevoked,
                TrustError::UnknownIssuer { .. } | TrustError::IssuerNotValid { .. } => {
                    Code::CertificateChainUntrusted
                }
                // The receiver's own files are at fault, not the sender.
                TrustError::Unreadable { .. } | TrustError::NoCurrentRevocationList { .. } => {
                    Code::InternalFault
                }
            },
            Self::SignatureInvalid => Code::SignatureInvalid,
            Self::MessageIdReused => Code::MessageIdReused,
            Self::ContentReplayed => Code::ContentReplayed,
            Self::BundleIdentifierReused => Code::BundleIdentifierReused,
            Self::EncryptionCertificateUnknown { .. } => Code::EncryptionCertificateUnknown,
            Self::Decryption { .. } => Code::DecryptionFailed,
            Self::Inflate(error) => match error {
                InflateError::NotGzip => Code::CompressionInvalid,
                InflateError::TooLarge { .. } => Code::InflatedTooLarge,
                InflateError::RatioTooHigh { .. } => Code::CompressionRatioTooHigh,
            },
            Self::Content { code, .. } => *code,
            Self::Store(StoreError::Unavailable(_)) => Code::StorageUnavailable,
            Self::Store(StoreError::Closing) => Code::ShuttingDown,
            Self::Stopped { .. } => Code::Overloaded,
            Self::Store(StoreError::Damaged { .. })
            | Self::Panicked { .. }
            | Self::Internal { .. } => Code::InternalFault,
        }
    }

    /// A bundle that breaks a rule as a whole.
    pub(crate) fn of_bundle(refusal: &Finding, all: &[Finding], rule_set: RuleSetId) -> Self {
        // A profile's rule has the status of an entry; here it ends the call.
        let ends_call = refusal.code.severity() == Severity::Fatal;
        Self::Content {
            code: if ends_call { refusal.code } else { Code::BundleInvalid },
            location: location(&refusal.full_expression, refusal.line, refusal.column),
            findings: all.to_vec(),
            rule_set: Some(rule_set),
        }
    }

    /// The rule set whose rules refused the content, if any did.
    pub fn rule_set(&self) -> Option<RuleSetId> {
        match self {
            Self::Content { rule_set, .. } => *rule_set,
            _ => None,
        }
    }

    /// What was found about the bundle as a whole, for the answer: empty where [`Rejection::code`] says it all.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Content { findings, .. } => findings,
            _ => &[],
        }
    }

    /// Where the fault is, as far as the sender may know.
    pub fn location(&self) -> Location {
        match self {
            Self::Envelope(ParseError::NotJson { line, column }) => Location {
                expression: None,
                line_column: u32::try_from(*line).ok().zip(u32::try_from(*column).ok()),
            },
            Self::Envelope(error) => {
                Location { expression: error.member().map(str::to_owned), line_column: None }
            }
            Self::InFuture { member, .. } => {
                Location { expression: Some((*member).to_owned()), line_column: None }
            }
            Self::Content { location, .. } => location.clone(),
            _ => Location::default(),
        }
    }
}

impl From<ContentFault> for Rejection {
    fn from(fault: ContentFault) -> Self {
        let location = location(&fault.expression, fault.line, fault.column);
        Self::Content { code: fault.code, location, findings: Vec::new(), rule_set: None }
    }
}

fn location(expression: &str, line: u32, column: u32) -> Location {
    Location {
        expression: (!expression.is_empty()).then(|| expression.to_owned()),
        line_column: (line > 0).then_some((line, column)),
    }
}

fn envelope_code(error: &ParseError) -> Code {
    match error {
        ParseError::BodyTooLarge { .. } => Code::BodyTooLarge,
        ParseError::NotJson { .. } | ParseError::NotAnObject => Code::EnvelopeNotJson,
        ParseError::Missing { .. } => Code::EnvelopeMemberMissing,
        ParseError::Duplicate { .. } => Code::EnvelopeMemberDuplicate,
        ParseError::NotAString { .. } => Code::EnvelopeMemberWrongType,
        ParseError::NotBase64 { .. } => Code::EnvelopeBase64Invalid,
        ParseError::WrongLength { member: "nonce", .. } => Code::EnvelopeNonceInvalid,
        ParseError::WrongLength { .. } => Code::EnvelopeTagInvalid,
        ParseError::NotAThumbprint { .. } => Code::EnvelopeThumbprintInvalid,
        ParseError::NotATime { .. } => Code::EnvelopeTimeInvalid,
        ParseError::NotAnOrganisation => Code::EnvelopeSenderInvalid,
        ParseError::UnusableMessageId => Code::EnvelopeMessageIdInvalid,
        ParseError::UnsupportedVersion => Code::EnvelopeVersionUnsupported,
        ParseError::ContentTooLarge { .. } => Code::CompressedTooLarge,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lmr_lmdi::ElementLocation;

    fn place(expression: Option<&str>, line_column: Option<(u32, u32)>) -> Location {
        Location { expression: expression.map(str::to_owned), line_column }
    }

    #[test]
    fn every_fault_that_has_a_place_says_it_and_no_other() {
        let location = |error: ParseError| Rejection::from(error).location();
        assert_eq!(location(ParseError::NotJson { line: 3, column: 7 }), place(None, Some((3, 7))));
        assert_eq!(location(ParseError::NotBase64 { member: "nonce" }), place(Some("nonce"), None));
        assert_eq!(location(ParseError::NotAnObject), Location::default());
        let time = Timestamp::UNIX_EPOCH;
        let ahead = Rejection::InFuture { member: "generatedAt", time };
        assert_eq!(ahead.location(), place(Some("generatedAt"), None));
        assert_eq!(Rejection::SignatureInvalid.location(), Location::default());
        assert_eq!(Rejection::PeriodReversed.location(), Location::default());
    }

    #[test]
    fn a_fault_of_content_names_expression_line_and_column_where_they_are_known() {
        for (expression, line, column, wanted) in [
            ("Bundle.entry", 4, 9, place(Some("Bundle.entry"), Some((4, 9)))),
            ("", 1, 1, place(None, Some((1, 1)))),
            ("Bundle", 0, 0, place(Some("Bundle"), None)),
            ("", 0, 5, Location::default()),
        ] {
            let code = Code::BundleInvalid;
            let expression_of = expression.to_owned();
            let fault = ContentFault { code, expression: expression_of, line, column, span: None };
            let rejection = Rejection::from(fault);
            assert_eq!(rejection.location(), wanted, "{expression:?} {line}");
            assert_eq!(rejection.code(), code);
            assert!(rejection.findings().is_empty() && rejection.rule_set().is_none());
        }
    }

    #[test]
    fn a_bundle_is_refused_by_its_own_code_only_where_that_ends_a_call() {
        for (code, wanted) in [
            (Code::ElementMissing, Code::BundleInvalid),
            (Code::BundleTooManyEntries, Code::BundleTooManyEntries),
        ] {
            let mut found = Finding::of(code, ElementLocation::default());
            found.full_expression = "Bundle.type".to_owned();
            (found.line, found.column) = (2, 3);
            let all = [found.clone(), found.clone()];
            let rejection = Rejection::of_bundle(&found, &all, RuleSetId::Lmdi112);
            assert_eq!(rejection.code(), wanted);
            assert_eq!(rejection.findings().len(), 2);
            assert_eq!(rejection.rule_set(), Some(RuleSetId::Lmdi112));
            assert_eq!(rejection.location(), place(Some("Bundle.type"), Some((2, 3))));
        }
        assert!(Rejection::SignatureInvalid.findings().is_empty());
    }
}
