//! What a route is: one row of the table in `routes`.

use crate::state::Shared;
use axum::routing::{MethodFilter, MethodRouter};
use serde_json::Value;
use std::sync::Arc;

/// The methods a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Methods {
    /// Reads; HEAD comes with it.
    Get,
    /// Takes a body.
    Post,
}

impl Methods {
    /// As in the header `Allow`.
    #[must_use]
    pub const fn allow(self) -> &'static str {
        match self {
            Self::Get => "GET, HEAD",
            Self::Post => "POST",
        }
    }

    /// As a key of an OpenAPI path item.
    #[must_use]
    pub const fn operation(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
        }
    }

    pub(crate) const fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
        }
    }
}

/// One route of the receiver: everything that router, metrics and OpenAPI document know of it.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// Its path.
    pub path: &'static str,
    /// The methods it takes.
    pub methods: Methods,
    /// Whether what is posted is only tried: nothing of it is stored, and neither what is refused of it nor a call that is
    /// refused as a whole counts among those of deliveries.
    pub is_trial: bool,
    /// What it does, for people.
    pub summary: &'static str,
    /// Puts the handler behind the route's methods.
    pub(crate) handler: fn(MethodFilter) -> MethodRouter<Arc<Shared>>,
    /// Request and responses as an OpenAPI operation, without the summary.
    pub(crate) operation: fn() -> Value,
}
