//! The validator in the browser: the engine that is compiled to WebAssembly, and the page that uses it.
//!
//! [`Engine`] answers requests in JSON; `abi.rs` is the only way into it from JavaScript, in the page's worker
//! (`page/worker.js`), in Node and in bundlers (`bindings/npm`). `page` has the files that `lmr web`, the
//! receiver's `/validator` and `lmr web --export` give out. Nothing here reads a clock, a file or a network.
//!
//! ```
//! use lmr_browser::Engine;
//!
//! let mut engine = Engine::default();
//! let begin = br#"{"do":"begin","now":"2026-11-26T12:00:00Z","language":"en"}"#;
//! engine.answer(begin, b"");
//! let answer = engine.answer(br#"{"do":"check","file":"a.json"}"#, br#"{"resourceType":"Patient"}"#);
//! assert!(answer.starts_with(b"{\"ok\":"));
//! ```

#[cfg(target_family = "wasm")]
mod abi;
mod engine;
mod page;
mod request;
mod view;

pub use engine::Engine;
pub use page::{FILES, MODULE, MODULE_NAME, PageFile, SECURITY_HEADERS};
