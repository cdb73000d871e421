//! The receiver's domain: who may send, what is accepted, what is remembered.
//!
//! [`Receiver::receive`] takes a message from a [`Caller`] whose address and token the server has already
//! checked, and goes the rest of the way: envelope, sender, signature, decryption, bundle, every entry,
//! storage, answer. [`Receiver::check`] goes the same way and stores nothing. Plaintext never leaves this
//! crate except into the [`Store`], whose implementations encrypt it. HTTP is unknown here: a [`Rejection`]
//! has a code of the catalogue, the server turns it into a status.
//!
//! | type | what it is |
//! |---|---|
//! | [`Receiver`], [`Parts`], [`Settings`] | the receiver, what it is made of, what the operator may set |
//! | [`Avsender`], [`AllowList`] | a registered sender; addresses |
//! | [`Store`], [`Delivery`] | what is remembered, as a trait; a message to be committed as a whole |
//! | [`Outlet`], [`Archive`] | messages on their way out; what is stored, for export, erasure and retention |
//! | [`Insight`] | sums by hour, pages of messages: what the operator looks at |
//! | [`AuditLog`], [`Act`] | who sent, read, changed or exported what |
//! | [`Reply`], [`Rejection`] | the answer entry by entry, or why there is none |
//!
//! ```
//! use lmr_intake::{AllowList, Avsender, AvsenderRecord};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let record = AvsenderRecord {
//!     organisation: "310000019".into(),
//!     name: "Oppdiktet sykehus".into(),
//!     active: true,
//!     certificates: vec![],
//!     addresses: vec!["192.0.2.0/24".into()],
//!     rule_set: None,
//!     start_date: None,
//!     database: None,
//! };
//! let avsender = Avsender::try_from(&record)?;
//! assert!(avsender.addresses.contains("192.0.2.7".parse()?));
//! assert!(AllowList::parse(["192.0.2"]).is_err());
//! # Ok(())
//! # }
//! ```

mod activity;
mod address;
mod admission;
mod answer_size;
mod archive;
mod audit;
mod avsender;
mod background;
mod caller;
mod delivery;
mod directory;
mod insight;
mod message_name;
mod outlet;
mod receiver;
mod rejection;
mod reply;
mod settings;
mod store;
mod turns;
mod validation;
mod work;

/// The day in Norway: what is kept by the day is kept by this one.
pub use lmr_identifiers::norwegian_date;

pub use activity::{
    Activity, CertificateEnd, CertificateUse, DayState, Days, Span, Sums, certificate_ends,
    compare_periods, expects_delivery,
};
pub use address::{AddressError, AllowList};
pub use archive::{
    Archive, ArchiveFilter, ArchivedMessage, ArchivedVersion, BundleResource, Erasure, Partition,
    Removed, Retention, Rewritten, resources_of,
};
pub use audit::{
    Act, Action, AuditEntry, AuditFault, AuditFilter, AuditHead, AuditLog, AuditProblem,
    AuditReport, ChainCheck, REGISTER_CHAIN,
};
pub use avsender::{
    Avsender, AvsenderError, AvsenderRecord, CertificateRecord, RegisteredCertificate,
};
pub use background::{Background, BackgroundTask, TaskState};
pub use caller::Caller;
pub use directory::AddressStatus;
pub use insight::{
    AlertNote, CodeCounts, CodesOfDay, CodesOfSender, DayCount, HourCodes, Insight, InvalidCursor,
    ListedMessage, MessageCursor, MessageDetail, MessageFilter, MessageState, Period,
};
pub use lmr_envelope::{
    Certificate, RECEIPT_HEADER, RandomSource, RandomnessUnavailable, Receipt, ReceiptDigest, Usage,
};
pub use lmr_identifiers::OrganisationNumber;
pub use lmr_lmdi::split::blank;
pub use lmr_lmdi::{AdministrationFacts, RuleSetId, identifying_places};
pub use message_name::message_name;
pub use outlet::{Acknowledged, HandedOver, MOST_UNREADABLE, Outlet, OutletForm, OutletStatus};
pub use receiver::Receiver;
pub use rejection::{Location, Rejection};
pub use reply::{Answer, Counts, Outcome, Reply};
pub use settings::{Material, Parts, Settings};
pub use store::{
    Asked, BundleContent, CodeCount, Committed, Current, Database, Delivery, DeliveryFilter,
    DeliverySummary, Identity, Known, MessageHead, NewVersion, RefusedCall, Seen, Store,
    StoreError, StoredVersion,
};
pub use work::Work;
