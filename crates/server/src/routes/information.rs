//! What anybody who may connect can read: capabilities, error codes, the register's certificates.

use crate::answer::plain;
use crate::state::Shared;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lmr_intake::Certificate;
use lmr_lmdi::codes::render;
use serde_json::json;
use std::fmt::Write as _;
use std::sync::Arc;

const FHIR: &str = "application/fhir+json; fhirVersion=4.0";
const HTML: &str = "text/html; charset=utf-8";
/// Columns of base64 in PEM (RFC 7468 section 2).
const PEM_WIDTH: usize = 64;

/// Whether the caller would rather have a page than FHIR: browsers name HTML first.
fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

pub(crate) async fn metadata(State(shared): State<Arc<Shared>>) -> Response {
    let statement = json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": shared.now().to_string(),
        "publisher": "lmr",
        "kind": "instance",
        "software": {"name": "lmr", "version": env!("CARGO_PKG_VERSION")},
        "implementation": {"description": "FHIR-mottak for Legemiddelregisteret"},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [{
            "mode": "server",
            "documentation": "Bundles are posted in a SignertKryptertBundle to /fhirmottak/v1; nothing stored can be read here.",
            "security": {
                "description": format!(
                    "Access token in the header Authorization ({}); allowed addresses only.",
                    shared.verifier.schemes().iter().map(|s| s.name()).collect::<Vec<_>>().join(", ")
                ),
            },
            "interaction": [{"code": "transaction"}, {"code": "batch"}],
        }],
    });
    plain(StatusCode::OK, FHIR, statement.to_string())
}

pub(crate) async fn codes(headers: HeaderMap) -> Response {
    if wants_page(&headers) {
        return plain(StatusCode::OK, HTML, render::html());
    }
    plain(StatusCode::OK, FHIR, render::code_system())
}

pub(crate) async fn certificates(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
) -> Response {
    let certificates = shared.receiver.certificates();
    if !wants_page(&headers) {
        let list: Vec<_> = certificates
            .iter()
            .map(|certificate| {
                json!({
                    "thumbprint": certificate.thumbprint().to_string(),
                    "subject": certificate.common_name(),
                    "organisation": certificate.organisation().map(|number| number.to_string()),
                    "notBefore": certificate.not_before().to_string(),
                    "notAfter": certificate.not_after().to_string(),
                    "pem": pem(certificate),
                })
            })
            .collect();
        let body = json!({ "certificates": list }).to_string();
        return plain(StatusCode::OK, "application/json", body);
    }
    let mut page = String::from(
        "<!doctype html>\n<html lang=\"nb\"><meta charset=\"utf-8\"><title>Registerets sertifikat</title>\n\
         <h1>Registerets sertifikat</h1>\n<p>Meldinger krypteres for det første. Tommelavtrykket (SHA-1) \
         står i <code>encryptionCertificateThumbprint</code>.</p>\n",
    );
    for certificate in &certificates {
        // Writing to a String does not fail.
        let _ = write!(
            page,
            "<h2>{}</h2>\n<p>Tommelavtrykk <code>{}</code><br>Gyldig fra {} til {}</p>\n<pre>{}</pre>\n",
            escaped(certificate.common_name().unwrap_or("-")),
            certificate.thumbprint(),
            certificate.not_before(),
            certificate.not_after(),
            pem(certificate),
        );
    }
    page.push_str("</html>\n");
    plain(StatusCode::OK, HTML, page)
}

fn pem(certificate: &Certificate) -> String {
    let text = STANDARD.encode(certificate.der());
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(PEM_WIDTH));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
