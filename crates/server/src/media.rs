//! Media types: what a caller may send and what it gets.

use axum::http::{HeaderMap, HeaderValue, header};

/// How an answer is labelled; the bytes are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Label {
    /// `application/fhir+json; fhirVersion=4.0`
    #[default]
    Fhir,
    /// `application/json`, for callers that ask for it.
    Json,
}

impl Label {
    pub(crate) fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Fhir => "application/fhir+json; fhirVersion=4.0",
            Self::Json => "application/json",
        })
    }
}

/// The label the caller prefers; `None` when it takes neither. Without `Accept` it is FHIR's.
pub(crate) fn preferred(headers: &HeaderMap) -> Option<Label> {
    let mut best: Option<(f32, Label)> = None;
    let mut any = false;
    for value in headers.get_all(header::ACCEPT) {
        let Ok(line) = value.to_str() else { continue };
        for range in line.split(',').map(str::trim).filter(|range| !range.is_empty()) {
            any = true;
            let Some((quality, label)) = offer(range) else { continue };
            // The first of equals wins.
            if quality > 0.0 && best.is_none_or(|(known, _)| quality > known) {
                best = Some((quality, label));
            }
        }
    }
    match (best, any) {
        (Some((_, label)), _) => Some(label),
        (None, false) => Some(Label::default()),
        (None, true) => None,
    }
}

fn offer(range: &str) -> Option<(f32, Label)> {
    let mut parts = range.split(';').map(str::trim);
    let label = match parts.next()?.to_ascii_lowercase().as_str() {
        "application/fhir+json" | "application/*" | "*/*" => Label::Fhir,
        "application/json" => Label::Json,
        _ => return None,
    };
    let mut quality = 1.0;
    for parameter in parts {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = value.trim().trim_matches('"');
        if name.trim().eq_ignore_ascii_case("q") {
            quality = value.parse().unwrap_or(0.0);
        } else if name.trim().eq_ignore_ascii_case("fhirversion") && !is_r4(value) {
            return None;
        }
    }
    Some((quality, label))
}

/// Whether the body is said to be JSON in UTF-8 without content coding. Saying nothing is fine.
pub(crate) fn sends_json(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or("?"));
    if text(header::CONTENT_ENCODING)
        .is_some_and(|coding| !coding.trim().eq_ignore_ascii_case("identity"))
    {
        return false;
    }
    let Some(kind) = text(header::CONTENT_TYPE) else { return true };
    let mut parts = kind.split(';').map(str::trim);
    let known = parts.next().is_some_and(|name| {
        name.eq_ignore_ascii_case("application/json")
            || name.eq_ignore_ascii_case("application/fhir+json")
    });
    known
        && parts.all(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "charset" => value.eq_ignore_ascii_case("utf-8"),
                "fhirversion" => is_r4(value),
                _ => true,
            }
        })
}

fn is_r4(version: &str) -> bool {
    version == "4.0" || version == "4.0.1"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn the_label_follows_accept() {
        let label = |value: &str| preferred(&with(header::ACCEPT, value));
        assert_eq!(preferred(&HeaderMap::new()), Some(Label::Fhir));
        assert_eq!(label("*/*"), Some(Label::Fhir));
        assert_eq!(label("application/json"), Some(Label::Json));
        assert_eq!(label("application/json;q=0.1, application/fhir+json"), Some(Label::Fhir));
        assert_eq!(label("text/html, application/json;q=0.9, */*;q=0.8"), Some(Label::Json));
        assert_eq!(label("application/fhir+json; fhirVersion=4.0"), Some(Label::Fhir));
        for neither in [
            "text/xml",
            "application/fhir+xml",
            "application/fhir+json; fhirVersion=5.0",
            "*/*;q=0",
        ] {
            assert_eq!(label(neither), None, "{neither}");
        }
    }

    #[test]
    fn only_json_in_utf_8_may_be_sent() {
        let sends = |value: &str| sends_json(&with(header::CONTENT_TYPE, value));
        assert!(sends_json(&HeaderMap::new()));
        for right in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/fhir+json;fhirVersion=4.0",
        ] {
            assert!(sends(right), "{right}");
        }
        for wrong in [
            "text/xml",
            "application/json; charset=iso-8859-1",
            "application/fhir+xml",
            "",
            "multipart/form-data",
        ] {
            assert!(!sends(wrong), "{wrong}");
        }
        assert!(!sends_json(&with(header::CONTENT_ENCODING, "gzip")));
    }
}
