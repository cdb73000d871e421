//! Codes that nothing raises yet: number and meaning are fixed, so that senders can prepare for them.

use super::{Bilingual, Code};

impl Code {
    /// Why nothing raises this code yet; `None` for a code in use.
    #[must_use]
    pub const fn reserved(self) -> Option<Bilingual> {
        Some(match self {
            Self::DpopProofMissing
            | Self::DpopProofInvalid
            | Self::DpopProofReplayed
            | Self::DpopBindingMismatch
            | Self::DpopNonceRequired => Bilingual {
                nb: "Tas i bruk når mottaket tar imot DPoP-bundne token.",
                en: "Comes into use when the receiver takes DPoP-bound tokens.",
            },
            Self::TooManyRequests => Bilingual {
                nb: "Tas i bruk når mottaket teller kall per avsender; i dag svarer et fullt mottak LMR-9003.",
                en: "Comes into use when the receiver counts calls per sender; today a full one answers LMR-9003.",
            },
            Self::StoredNew => {
                Bilingual { nb: "Status 201 sier det samme.", en: "Status 201 says the same." }
            }
            _ => return None,
        })
    }
}
