//! HTTP for the receiver: routes, limits, credentials, and one table from a fault to its answer.
//!
//! [`serve`] runs a receiver on a listening socket until it is told to stop. The order of the checks
//! is that of the register's guide: address, token, size, then `intake`. No body, token or key is ever
//! logged; each request leaves one line.

mod address;
mod answer;
mod body;
mod connections;
mod errors;
mod media;
mod metrics;
mod observe;
mod openapi;
mod router;
mod routes;
mod serve;
mod state;

pub use address::ProxyHeader;
pub use router::{ROUTES, RouteInfo};
pub use serve::{ServeError, Tls, TlsError, serve};
pub use state::{HttpSettings, Services};
