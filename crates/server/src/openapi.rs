//! The interface's description (OpenAPI 3.1), made from the table of routes.

use crate::route::Route;
use serde_json::{Map, Value, json};

/// The document: paths and summaries from the table, each operation from its row.
#[must_use]
pub fn document(routes: &[Route]) -> Value {
    let mut paths = Map::new();
    for route in routes {
        let mut operation = (route.operation)();
        operation["summary"] = route.summary.into();
        paths.insert(route.path.to_owned(), json!({route.methods.operation(): operation}));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "FHIR-mottak",
            "description": "Receives medication data for Legemiddelregisteret as sealed FHIR bundles.",
            "version": env!("CARGO_PKG_VERSION"),
        },
        "paths": paths,
        "components": {
            "securitySchemes": {
                "helseid": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "Access token of HelseID (client credentials).",
                }
            },
            "schemas": {
                "SignertKryptertBundle": envelope(),
                "LegemiddelregisterBundle": {
                    "type": "object",
                    "description": "A FHIR R4 Bundle of type batch or transaction by the guide's profiles.",
                    "required": ["resourceType", "type", "entry"],
                    "properties": {
                        "resourceType": {"const": "Bundle"},
                        "type": {"enum": ["batch", "transaction"]},
                        "entry": {"type": "array", "items": {"type": "object"}},
                    },
                },
                "LegemiddelregisterBundleResponse": {
                    "type": "object",
                    "description": "A FHIR R4 Bundle with one entry per entry sent, in the same order.",
                    "required": ["resourceType", "type", "entry"],
                    "properties": {
                        "resourceType": {"const": "Bundle"},
                        "type": {"enum": ["batch-response", "transaction-response"]},
                        "entry": {"type": "array", "items": {"type": "object"}},
                    },
                },
                "OperationOutcome": {
                    "type": "object",
                    "description": "What is wrong: codes LMR-nnnn, texts in bokmål and English.",
                    "required": ["resourceType", "issue"],
                    "properties": {
                        "resourceType": {"const": "OperationOutcome"},
                        "issue": {"type": "array", "minItems": 1, "items": {"type": "object"}},
                    },
                },
            },
        },
    })
}

/// A route that takes a sealed message with a token.
pub(crate) fn sealed_message() -> Value {
    let mut operation = message("SignertKryptertBundle", "LegemiddelregisterBundleResponse");
    operation["security"] = json!([{"helseid": []}]);
    operation["responses"]["200"]["headers"] = json!({"LMR-Receipt": {
        "description": "Receipt of a message that is stored: a JWS that `lmr receipt verify` verifies with the register's certificate.",
        "schema": {"type": "string"},
    }});
    let responses = &mut operation["responses"];
    responses["401"] = outcome("No token, or one that is not accepted; see WWW-Authenticate.");
    responses["409"] = outcome("The message or its content has been used before.");
    operation
}

/// The route that takes a bare bundle without a token.
pub(crate) fn bare_bundle() -> Value {
    message("LegemiddelregisterBundle", "OperationOutcome")
}

fn message(request: &str, response: &str) -> Value {
    json!({
        "security": [],
        "requestBody": {"required": true, "content": content(request)},
        "responses": {
            "200": {"description": "Validated; each entry has its status.", "content": content(response)},
            "400": outcome("Not taken, or a transaction with a refused entry (then a LegemiddelregisterBundleResponse)."),
            "403": outcome("Address or scope."),
            "406": outcome("The caller takes no JSON."),
            "408": outcome("The body took too long."),
            "413": outcome("Too large."),
            "415": outcome("Not JSON in UTF-8."),
            "500": outcome("The register's own fault."),
            "503": outcome("Try again later; see Retry-After."),
        },
    })
}

/// The route that tells a sender what the register has of it.
pub(crate) fn newest_receipt() -> Value {
    let receipt = json!({"application/json": {"schema": {"type": "object"}}});
    json!({"security": [{"helseid": []}], "responses": {
        "200": {"description": "The payload of the newest receipt of this sender.", "content": receipt},
        "204": status("Nothing of this sender is stored."),
        "400": outcome("Credentials in the wrong place or shape."),
        "401": outcome("No token, or one that is not accepted; see WWW-Authenticate."),
        "403": outcome("Address or scope."),
        "500": outcome("The register's own fault."),
        "503": outcome("Try again later; see Retry-After."),
    }})
}

pub(crate) fn live() -> Value {
    json!({"security": [], "responses": {"200": status("The process answers.")}})
}

pub(crate) fn ready() -> Value {
    json!({"security": [], "responses": {
        "200": status("Messages can be taken."),
        "503": status("Messages cannot be taken; the members name what is missing."),
        "500": outcome("The register's own fault."),
    }})
}

pub(crate) fn metrics() -> Value {
    let text = json!({"text/plain": {"schema": {"type": "string"}}});
    json!({"security": [], "responses": {
        "200": {"description": "Prometheus text format 0.0.4.", "content": text},
        "403": outcome("The address is not on the list of those that may read metrics."),
    }})
}

pub(crate) fn metadata() -> Value {
    let fhir = json!({"application/fhir+json": {"schema": {"type": "object"}}});
    json!({"security": [], "responses": {
        "200": {"description": "A FHIR R4 CapabilityStatement.", "content": fhir},
    }})
}

pub(crate) fn codes() -> Value {
    json!({"security": [], "responses": {
        "200": {"description": "A FHIR R4 CodeSystem, or a page for browsers.", "content": {
            "application/fhir+json": {"schema": {"type": "object"}},
            "text/html": {"schema": {"type": "string"}},
        }},
    }})
}

pub(crate) fn certificates() -> Value {
    json!({"security": [], "responses": {
        "200": {"description": "Thumbprint, validity and PEM of each, or a page for browsers.", "content": {
            "application/json": {"schema": {"type": "object"}},
            "text/html": {"schema": {"type": "string"}},
        }},
    }})
}

pub(crate) fn page_folder() -> Value {
    json!({"security": [], "responses": {
        "308": {"description": "The page is at /validator/."},
        "404": outcome("The page is not given out here."),
    }})
}

pub(crate) fn page() -> Value {
    json!({"security": [], "responses": {
        "200": {"description": "The page.", "content": {"text/html": {"schema": {"type": "string"}}}},
        "304": {"description": "It has not changed since the ETag in If-None-Match."},
        "404": outcome("The page is not given out here."),
    }})
}

pub(crate) fn page_file() -> Value {
    json!({"security": [], "parameters": [
        {"name": "file", "in": "path", "required": true, "schema": {"type": "string"}},
    ], "responses": {
        "200": {"description": "Style sheet, script or WebAssembly module.", "content": {"*/*": {}}},
        "304": {"description": "It has not changed since the ETag in If-None-Match."},
        "404": outcome("There is no such file."),
    }})
}

/// What every route of the outlet may answer beside its own.
fn outlet(mut responses: Value) -> Value {
    responses["401"] = outcome("No token, or one that is not accepted; see WWW-Authenticate.");
    responses["403"] = outcome("Address or scope.");
    responses["500"] = outcome("The register's own fault.");
    responses["503"] = outcome("Try again later; see Retry-After.");
    json!({"security": [{"helseid": []}], "responses": responses})
}

pub(crate) fn lend() -> Value {
    let message = json!({"application/json": {"schema": {"type": "object"}}});
    outlet(json!({
        "200": {"description": "A message, lent until `allokertForOverføringTilOgMed`.", "content": message},
        "204": {"description": "Nothing waits."},
    }))
}

pub(crate) fn acknowledge() -> Value {
    let mut operation = outlet(json!({
        "200": status("Taken over, now or before."),
        "400": status("The body does not name a message."),
        "404": status("There is no such message."),
        "409": status("The message was never given out."),
        "413": outcome("Too large."),
    }));
    let text = json!({"type": "string"});
    operation["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": {
        "type": "object",
        "required": ["avsenderOrgnr", "meldingsId"],
        "properties": {"avsenderOrgnr": text.clone(), "meldingsId": text},
    }}}});
    operation
}

pub(crate) fn outlet_status() -> Value {
    let counts = json!({"application/json": {"schema": {"type": "object"}}});
    outlet(
        json!({"200": {"description": "How many messages wait and are lent.", "content": counts}}),
    )
}

pub(crate) fn description() -> Value {
    let document = json!({"application/json": {"schema": {"type": "object"}}});
    json!({"security": [], "responses": {
        "200": {"description": "This document.", "content": document},
    }})
}

fn status(description: &str) -> Value {
    let schema = json!({"type": "object", "required": ["status"], "properties": {
        "status": {"type": "string"},
    }});
    json!({"description": description, "content": {"application/json": {"schema": schema}}})
}

fn outcome(description: &str) -> Value {
    json!({"description": description, "content": content("OperationOutcome")})
}

fn content(schema: &str) -> Value {
    let media = json!({"schema": {"$ref": format!("#/components/schemas/{schema}")}});
    json!({"application/fhir+json": media.clone(), "application/json": media})
}

fn envelope() -> Value {
    let text = |description: &str| json!({"type": "string", "description": description});
    let base64 = |description: &str| json!({"type": "string", "contentEncoding": "base64", "description": description});
    let members = json!({
        "messageId": text("Unique id, preferably a UUID."),
        "senderOrganizationIdentifier": text("The sender's organisation number."),
        "messageFormatVersion": {"const": "1.0"},
        "rapporteringFra": text("Start of the reporting period, ISO 8601."),
        "rapporteringTil": text("End of the reporting period, ISO 8601."),
        "encryptedContent": base64("The compressed bundle, AES-256-GCM."),
        "encryptionCertificateThumbprint": text("SHA-1 of the register's certificate, 40 hex digits."),
        "encryptedKey": base64("The AES key, RSA-OAEP with SHA-256."),
        "nonce": base64("12 bytes."),
        "authenticationTag": base64("16 bytes."),
        "signatureCertificateThumbprint": text("SHA-1 of the sender's certificate, 40 hex digits."),
        "signature": base64("RSA PKCS#1 v1.5 with SHA-256 over encryptedContent's bytes."),
        "generatedAt": text("When the message was made, ISO 8601."),
    });
    let required: Vec<_> =
        members.as_object().map(|all| all.keys().cloned().collect()).unwrap_or_default();
    json!({"type": "object", "required": required, "properties": members})
}
