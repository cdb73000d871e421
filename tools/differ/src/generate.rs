//! Input of several kinds: instances of profiles, mutations of them, other spellings of one document,
//! profiles, and definitions.

pub(crate) mod bundle;
pub(crate) mod codes;
pub(crate) mod conformance;
pub(crate) mod containers;
pub(crate) mod example;
pub(crate) mod expressions;
pub(crate) mod instance;
pub(crate) mod mutation;
pub(crate) mod narratives;
pub(crate) mod primitive;
pub(crate) mod profile;
pub(crate) mod regexes;
pub(crate) mod spelling;
pub(crate) mod texts;
pub(crate) mod variant;

use serde_json::{Map, Value};

/// A JSON object whose members keep their order.
pub(crate) type Object = Map<String, Value>;
