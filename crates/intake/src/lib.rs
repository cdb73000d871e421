//! The receiver's domain: who may send, what is accepted, what is remembered.
//!
//! [`Receiver::receive`] takes a message from a caller whose address and token the server has already
//! checked, and goes the rest of the way: envelope, sender, signature, decryption, bundle, every entry,
//! storage, answer. [`Receiver::check`] goes the same way and stores nothing. Plaintext never leaves this
//! crate except into the [`Store`], whose implementations encrypt it.
//!
//! HTTP is unknown here: a [`Rejection`] has a code of the catalogue, the server turns it into a status.

mod address;
mod answer;
mod avsender;
mod directory;
mod opening;
mod receiver;
mod rejection;
mod reply;
mod store;

pub use address::{AddressError, AllowList};
pub use avsender::{
    Avsender, AvsenderError, AvsenderRecord, CertificateRecord, RegisteredCertificate,
};
pub use lmr_envelope::{Certificate, RandomSource};
pub use lmr_identifiers::OrganisationNumber;
pub use lmr_lmdi::RuleSetId;
pub use receiver::{Caller, Parts, Receiver, Settings};
pub use rejection::{Place, Rejection};
pub use reply::{Counts, Outcome, Reply};
pub use store::{
    Answer, Committed, Current, Delivery, DeliveryFilter, DeliverySummary, Identity, NewVersion,
    Store, StoreError, StoredVersion,
};
