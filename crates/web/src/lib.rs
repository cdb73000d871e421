//! Pages for people: the register's console, and the hospital's desk.
//!
//! Everything is made on the server: reading and acting work without script, a page asks for nothing outside its own
//! address, and one filter is one address. Texts are in bokmål and English, chosen by the visitor.
//!
//! | type | what it is |
//! |---|---|
//! | [`Console`], [`ConsoleParts`] | the operator's console as an axum router; what it is made of |
//! | [`Operator`], [`Role`], [`PasswordHash`], [`Passkey`] | who may sign in, and what they may do |
//! | [`OpenIdSignIn`] | the issuer at which others sign in, and their roles |
//! | [`Desk`], [`DeskParts`], [`Workplace`] | the hospital's desk; what it looks up and does |
//! | [`STYLE`] | the stylesheet that all pages share |
//!
//! ```
//! use lmr_web::{PasswordHash, Role};
//!
//! assert!(Role::Admin.may(Role::Read) && !Role::Read.may(Role::Act));
//! let hash = PasswordHash::make("a long enough sentence", &[7; 16])?;
//! assert!(hash.verify("a long enough sentence"));
//! assert!(PasswordHash::parse(&hash.to_string())?.verify("a long enough sentence"));
//! # Ok::<(), lmr_web::PasswordError>(())
//! ```

mod chart;
mod console;
mod cookie;
mod desk;
mod form;
mod frame;
mod json_view;
mod passkey;
mod password;
mod session;

pub use console::{CodeListInfo, Console, ConsoleParts, OpenIdSignIn, Operator, Role};
pub use desk::{Decision, Desk, DeskCause, DeskFinding, DeskParts, DeskRecord, Work, Workplace};
pub use passkey::{Passkey, PasskeyError};
pub use password::{PasswordError, PasswordHash};

/// The stylesheet that all pages share: light and dark, from 320 pixels on.
pub const STYLE: &str = include_str!("../assets/lmr.css");

/// What the browser does with passkeys; the only script of these pages.
const PASSKEY_SCRIPT: &str = include_str!("../assets/passkey.js");

/// The pages' icon.
const ICON: &str = include_str!("../assets/icon.svg");
