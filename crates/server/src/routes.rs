//! The table of routes. A new route is one row here and its handler below `routes/`.

pub(crate) mod information;
pub(crate) mod message;
pub(crate) mod operation;
pub(crate) mod outlet;
pub(crate) mod page;

use crate::openapi;
use crate::route::{Methods, Route};
use axum::routing::on;

/// Every route of the receiver.
pub static ROUTES: [Route; 15] = [
    Route {
        path: "/fhirmottak/v1",
        methods: Methods::Post,
        is_trial: false,
        summary: "Take a SignertKryptertBundle and store what it holds",
        handler: |methods| on(methods, message::receive),
        operation: openapi::sealed_message,
    },
    Route {
        path: "/api/v1",
        methods: Methods::Post,
        is_trial: false,
        summary: "The same under the path of the first guide",
        handler: |methods| on(methods, message::receive),
        operation: openapi::sealed_message,
    },
    Route {
        path: "/fhirmottak/v1/validate",
        methods: Methods::Post,
        is_trial: true,
        summary: "Validate a SignertKryptertBundle, store nothing",
        handler: |methods| on(methods, message::check),
        operation: openapi::sealed_message,
    },
    Route {
        path: "/fhirmottak/v1/validateLegemiddelregisterBundle",
        methods: Methods::Post,
        is_trial: true,
        summary: "Validate a bare LegemiddelregisterBundle, store nothing; takes no credentials",
        handler: |methods| on(methods, message::check_bundle),
        operation: openapi::bare_bundle,
    },
    Route {
        path: "/fhirmottak/v1/receipt",
        methods: Methods::Get,
        is_trial: false,
        summary: "The sender's newest receipt, by which it finds out whether the register still has all",
        handler: |methods| on(methods, message::newest_receipt),
        operation: openapi::newest_receipt,
    },
    Route {
        path: "/health/live",
        methods: Methods::Get,
        is_trial: false,
        summary: "Whether the process answers",
        handler: |methods| on(methods, operation::live),
        operation: openapi::live,
    },
    Route {
        path: "/health/ready",
        methods: Methods::Get,
        is_trial: false,
        summary: "Whether it can take messages",
        handler: |methods| on(methods, operation::ready),
        operation: openapi::ready,
    },
    Route {
        path: "/metrics",
        methods: Methods::Get,
        is_trial: false,
        summary: "Counters for Prometheus",
        handler: |methods| on(methods, operation::metrics),
        operation: openapi::metrics,
    },
    Route {
        path: "/openapi.json",
        methods: Methods::Get,
        is_trial: false,
        summary: "This document",
        handler: |methods| on(methods, operation::openapi),
        operation: openapi::description,
    },
    Route {
        path: "/metadata",
        methods: Methods::Get,
        is_trial: false,
        summary: "What the receiver takes, as a FHIR CapabilityStatement",
        handler: |methods| on(methods, information::metadata),
        operation: openapi::metadata,
    },
    Route {
        path: "/feilkoder",
        methods: Methods::Get,
        is_trial: false,
        summary: "The error codes, as a page or as a FHIR CodeSystem",
        handler: |methods| on(methods, information::codes),
        operation: openapi::codes,
    },
    Route {
        path: "/sertifikat",
        methods: Methods::Get,
        is_trial: false,
        summary: "The register's certificates that messages are encrypted for",
        handler: |methods| on(methods, information::certificates),
        operation: openapi::certificates,
    },
    Route {
        path: "/validator",
        methods: Methods::Get,
        is_trial: false,
        summary: "The way to the page below, where the operator gives it out",
        handler: |methods| on(methods, page::folder),
        operation: openapi::page_folder,
    },
    Route {
        path: "/validator/",
        methods: Methods::Get,
        is_trial: false,
        summary: "A page that checks files in the browser; nothing is sent here",
        handler: |methods| on(methods, page::index),
        operation: openapi::page,
    },
    Route {
        path: "/validator/{file}",
        methods: Methods::Get,
        is_trial: false,
        summary: "The files of that page",
        handler: |methods| on(methods, page::file),
        operation: openapi::page_file,
    },
];

/// Every route of the outlet.
pub static OUTLET_ROUTES: [Route; 8] = [
    Route {
        path: "/outlet/v1/next",
        methods: Methods::Post,
        is_trial: false,
        summary: "Lend the message that has waited longest",
        handler: |methods| on(methods, outlet::lend),
        operation: openapi::lend,
    },
    Route {
        path: "/institusjonsmeldinger/allokerneste",
        methods: Methods::Post,
        is_trial: false,
        summary: "The same under the name of Folkehelseinstituttet's receiver",
        handler: |methods| on(methods, outlet::lend),
        operation: openapi::lend,
    },
    Route {
        path: "/outlet/v1/acknowledge",
        methods: Methods::Post,
        is_trial: false,
        summary: "Say that a message has been taken over",
        handler: |methods| on(methods, outlet::acknowledge),
        operation: openapi::acknowledge,
    },
    Route {
        path: "/institusjonsmeldinger/merksomoverfort",
        methods: Methods::Post,
        is_trial: false,
        summary: "The same under the name of Folkehelseinstituttet's receiver",
        handler: |methods| on(methods, outlet::acknowledge),
        operation: openapi::acknowledge,
    },
    Route {
        path: "/outlet/v1/status",
        methods: Methods::Get,
        is_trial: false,
        summary: "How much waits",
        handler: |methods| on(methods, outlet::status),
        operation: openapi::outlet_status,
    },
    Route {
        path: "/health/live",
        methods: Methods::Get,
        is_trial: false,
        summary: "Whether the process answers",
        handler: |methods| on(methods, operation::live),
        operation: openapi::live,
    },
    Route {
        path: "/health/ready",
        methods: Methods::Get,
        is_trial: false,
        summary: "Whether it can hand messages over",
        handler: |methods| on(methods, operation::ready),
        operation: openapi::ready,
    },
    Route {
        path: "/openapi.json",
        methods: Methods::Get,
        is_trial: false,
        summary: "This document",
        handler: |methods| on(methods, operation::openapi),
        operation: openapi::description,
    },
];
