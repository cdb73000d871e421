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
pub use desk::{
    Decision, Desk, DeskCause, DeskEnd, DeskFinding, DeskParts, DeskRecord, DeskStatus, DeskTrial,
    Work, Workplace,
};
pub use passkey::{Passkey, PasskeyError};
pub use password::{PasswordError, PasswordHash};
pub use session::LONGEST_MINUTES;

use std::sync::LazyLock;

/// The stylesheet that all pages share: light and dark, from 320 pixels on.
///
/// Its colours are those of reports and of the page that checks files in the browser.
pub static STYLE: LazyLock<String> =
    LazyLock::new(|| [lmr_report::TOKENS, include_str!("../assets/lmr.css")].concat());

/// What the browser does with passkeys; the only script of these pages.
const PASSKEY_SCRIPT: &str = include_str!("../assets/passkey.js");

/// The pages' icon.
const ICON: &str = include_str!("../assets/icon.svg");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_the_shared_ones_and_no_others() {
        let own = STYLE.strip_prefix(lmr_report::TOKENS).unwrap();
        let used: Vec<&str> =
            own.split("var(").skip(1).filter_map(|rest| rest.split(')').next()).collect();
        assert!(used.len() > 50, "{used:?}");
        for name in used {
            assert_eq!(lmr_report::TOKENS.matches(&format!("{name}:")).count(), 2, "{name}");
        }
        assert!(!own.contains('#') && !own.contains("rgb") && !own.contains(":root"));
    }
}
