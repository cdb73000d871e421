//! DPoP (RFC 9449): proofs that the sender of a token holds the key it is bound to. One module makes
//! them, one checks them; nonces and the memory of used proofs are beside.

mod address;
mod check;
mod make;
mod nonce;
mod replay;

pub use address::PublicUrl;
pub use check::{MAX_PROOF, Proof, ProofExpectation, ProofWindow, check_proof};
pub use make::{ProofRequest, make_proof};
pub use nonce::{NonceIssuer, nonce_key};
pub use replay::{ProcessReplayMemory, ReplayMemory, ReplayMemoryError};

/// `typ` of a proof.
const PROOF_TYPE: &str = "dpop+jwt";

/// `ath`: base64url of the SHA-256 of the token's text.
fn token_digest(token: &str) -> String {
    crate::jose::base64url(
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes()).as_ref(),
    )
}
