//! HTTP for the receiver: connections, routes, limits, credentials, and one table from a fault to its answer.
//!
//! [`serve`] runs a receiver on a listening socket until it is asked to stop. The order of the checks
//! is that of the register's guide: address, token, size, then `intake`. No body, token or key is ever
//! logged; each request leaves one line.
//!
//! | type | what it is |
//! |---|---|
//! | [`Services`] | what a receiver's HTTP side is made of |
//! | [`HttpSettings`] | addresses and limits, each with its default |
//! | [`OutletService`], [`serve_outlet`] | the way out, on a listener of its own |
//! | [`PageSettings`], [`serve_pages`] | pages for people, on a listener of their own |
//! | [`Route`], [`ROUTES`] | one row a route: path, methods, handler, OpenAPI operation |
//! | [`StaticFiles`], [`serve_files`] | files given out as they are: the validator's page |
//! | [`Tls`] | TLS of our own, replaceable while it runs |
//!
//! ```
//! use lmr_server::{HttpSettings, Methods, ROUTES};
//!
//! let settings = HttpSettings { concurrent: 64, ..HttpSettings::default() };
//! assert!(settings.concurrent_per_sender < settings.concurrent);
//! let mut posts = ROUTES.iter().filter(|route| route.methods == Methods::Post);
//! assert!(posts.any(|route| route.path == "/fhirmottak/v1"));
//! ```

mod address;
mod admission;
mod answer;
mod audience;
mod body;
mod call;
mod connections;
mod errors;
mod files;
mod media;
mod message;
mod metrics;
mod observe;
mod openapi;
mod outlet;
mod pages;
mod refusals;
mod replays;
mod route;
mod router;
mod routes;
mod serve;
mod settings;
mod slots;
mod state;
mod stream;
mod telemetry;
mod tls;

pub use address::ProxyHeader;
pub use files::{SmallerFile, StaticFile, StaticFiles, serve_files};
pub use openapi::document as openapi_document;
pub use outlet::OutletService;
pub use pages::{PageSettings, serve_pages};
pub use replays::StoreReplays;
pub use route::{Methods, Route};
pub use routes::{OUTLET_ROUTES, ROUTES};
pub use serve::{ServeError, serve, serve_outlet};
pub use settings::HttpSettings;
pub use state::Services;
pub use telemetry::{CallObserver, CallRecord, Stage};
pub use tls::{Tls, TlsError};
