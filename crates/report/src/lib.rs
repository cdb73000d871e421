//! One text checked, and what was found written down.
//!
//! This is what `lmr validate`, the page in the browser, the npm package and the Python module share, so that
//! none of them has a verdict or a wording of its own. A [`Checker`] takes texts (JSON or XML) and gives
//! [`Checked`]: the findings and the rule set they are of. The other modules write findings in the formats
//! that programs and people read.
//!
//! ```
//! use lmr_fhir::Language;
//! use lmr_lmdi::CheckOptions;
//! use lmr_report::{Checker, Profiles, json};
//!
//! let options = CheckOptions::at("2026-11-26T12:00:00Z".parse()?);
//! let checker = Checker::of_register(None, options, Profiles::default(), false);
//! let checked = checker.check(br#"{"resourceType":"Patient","birthDate":"1990-02-30"}"#)?;
//! let first = &checked.findings[0];
//! let line = json::finding("patient.json", checked.rule_set, first, Language::English);
//! assert!(line.to_string().starts_with(r#"{"file":"patient.json","ruleSet":"#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod case;
mod checker;
mod fingerprint;
pub mod github;
pub mod html;
pub mod json;
pub mod junit;
pub mod lack;
mod layout;
pub mod outcome;
pub mod sarif;
mod visible;

pub use case::{Case, Reported, sentence};
pub use checker::{Checked, Checker, CheckerError, MAX_XML_DEPTH, Profiles, is_xml};
pub use fingerprint::Fingerprints;
pub use lack::Lack;
pub use layout::{Layout, Places};
pub use visible::{visible, visible_lines};

/// Colours, type and boxes that reports and the page in the browser share, as a style sheet.
pub const LOOK: &str = concat!(include_str!("tokens.css"), include_str!("look.css"));

/// The colours of all pages and reports, light and dark.
pub const TOKENS: &str = include_str!("tokens.css");
