//! The table of routes. A new route is one row here and its handler below `routes/`.

pub(crate) mod message;
pub(crate) mod operation;

use crate::openapi;
use crate::route::{Methods, Route};
use axum::routing::on;

/// Every route there is.
pub static ROUTES: [Route; 8] = [
    Route {
        path: "/fhirmottak/v1",
        methods: Methods::Post,
        summary: "Take a SignertKryptertBundle and store what it holds",
        handler: |methods| on(methods, message::receive),
        operation: openapi::sealed_message,
    },
    Route {
        path: "/api/v1",
        methods: Methods::Post,
        summary: "The same under the path of the first guide",
        handler: |methods| on(methods, message::receive),
        operation: openapi::sealed_message,
    },
    Route {
        path: "/fhirmottak/v1/validate",
        methods: Methods::Post,
        summary: "Validate a SignertKryptertBundle, store nothing",
        handler: |methods| on(methods, message::check),
        operation: openapi::sealed_message,
    },
    Route {
        path: "/fhirmottak/v1/validateLegemiddelregisterBundle",
        methods: Methods::Post,
        summary: "Validate a bare LegemiddelregisterBundle, store nothing; takes no credentials",
        handler: |methods| on(methods, message::check_bundle),
        operation: openapi::bare_bundle,
    },
    Route {
        path: "/health/live",
        methods: Methods::Get,
        summary: "Whether the process answers",
        handler: |methods| on(methods, operation::live),
        operation: openapi::live,
    },
    Route {
        path: "/health/ready",
        methods: Methods::Get,
        summary: "Whether it can take messages",
        handler: |methods| on(methods, operation::ready),
        operation: openapi::ready,
    },
    Route {
        path: "/metrics",
        methods: Methods::Get,
        summary: "Counters for Prometheus",
        handler: |methods| on(methods, operation::metrics),
        operation: openapi::metrics,
    },
    Route {
        path: "/openapi.json",
        methods: Methods::Get,
        summary: "This document",
        handler: |methods| on(methods, operation::openapi),
        operation: openapi::description,
    },
];
