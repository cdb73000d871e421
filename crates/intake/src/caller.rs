//! Who calls, as the HTTP side knows it.

use lmr_identifiers::OrganisationNumber;
use std::net::IpAddr;

/// Identifies the caller by its connection and its verified token.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The organisation the token speaks for.
    pub organisation: OrganisationNumber,
    /// The OAuth client.
    pub client_id: String,
    /// Name of the trust profile that accepted the token.
    pub profile: String,
    /// The caller's address, where the server knows it for sure.
    pub address: Option<IpAddr>,
}
