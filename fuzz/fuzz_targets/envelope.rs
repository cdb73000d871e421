//! Reading a sealed message before anything in it is trusted, and inflating what was decrypted.
//! The first byte chooses: a message's JSON, a certificate, a thumbprint, a time, or gzip.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lmr_envelope::{Certificate, Envelope, Limits, OrganisationNumber, Thumbprint};

const LIMITS: Limits = Limits { body: 1 << 20, compressed: 1 << 20, inflated: 4 << 20, ratio: 200 };

fuzz_target!(|data: &[u8]| {
    let Some((&kind, rest)) = data.split_first() else { return };
    match kind {
        b'c' => {
            if let Ok(certificate) = Certificate::read(rest) {
                let _ = (
                    certificate.thumbprint(),
                    certificate.organisation(),
                    certificate.common_name(),
                );
                assert!(Certificate::from_der(certificate.der()).is_ok());
            }
            let _ = Certificate::all_from_pem(rest);
        }
        b't' => {
            let Ok(text) = std::str::from_utf8(rest) else { return };
            if let Ok(time) = lmr_envelope::read_time(text) {
                let written = lmr_envelope::write_time(time);
                let again = lmr_envelope::read_time(&written).expect("a time we wrote is readable");
                assert_eq!(lmr_envelope::write_time(again), written);
            }
            if let Some(thumbprint) = Thumbprint::parse(text) {
                assert_eq!(Thumbprint::parse(&thumbprint.to_string()), Some(thumbprint));
            }
            if let Some(number) = OrganisationNumber::from_wire(text) {
                assert_eq!(OrganisationNumber::parse(number.as_str()), Some(number));
            }
        }
        0x1f => match lmr_envelope::primitives::inflate(data, &LIMITS) {
            Ok(content) => {
                assert!(
                    content.len() <= LIMITS.inflated && content.len() <= data.len() * LIMITS.ratio
                );
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        },
        _ => match Envelope::parse(data, &LIMITS) {
            Ok(envelope) => {
                assert!(!envelope.message_id().is_empty());
                assert!(envelope.content_len() <= LIMITS.compressed);
                let _ = (envelope.reporting_from(), envelope.reporting_to(), envelope.warnings());
                assert!(!format!("{envelope:?}").is_empty());
            }
            Err(error) => {
                assert!(error.to_string().len() < 400, "an error never repeats the content")
            }
        },
    }
});
