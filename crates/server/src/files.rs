//! A few files given out as they are: the page of the validator in the browser.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use bytes::Bytes;
use std::future::Future;
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::Arc;
use tokio::net::TcpListener;

use crate::serve::ServeError;

/// One file that is given out.
#[derive(Clone, Debug)]
pub struct StaticFile {
    /// Its name below the folder's address.
    pub name: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// What it holds.
    pub bytes: Bytes,
    /// Its content in a smaller form, for those who take it.
    pub smaller: Option<SmallerFile>,
}

/// The content of a file, packed with brotli (RFC 7932). Browsers take it by https and on their own machine.
#[derive(Clone, Debug)]
pub struct SmallerFile {
    /// Media type of what is unpacked.
    pub media_type: &'static str,
    /// What it holds, packed.
    pub brotli: Bytes,
}

/// A folder of files in memory, the first of which is its page, with the headers that go with each.
#[derive(Clone, Debug)]
pub struct StaticFiles {
    files: Arc<[Tagged]>,
    headers: &'static [(&'static str, &'static str)],
}

/// A file with the tags of its forms.
#[derive(Debug)]
struct Tagged {
    file: StaticFile,
    tag: HeaderValue,
    smaller_tag: HeaderValue,
}

fn tag(bytes: &[u8]) -> HeaderValue {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    let tag = format!("\"{:016x}\"", hasher.finish());
    HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// Whether `Accept-Encoding` names brotli, and not with a weight of nothing or one that cannot be read (RFC 9110 section
/// 12.5.3).
fn takes_brotli(asked: &HeaderMap) -> bool {
    let lines = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|one| {
        let (coding, weight) = one.split_once(';').unwrap_or((one, ""));
        let is_refused = weight.trim().split_once('=').is_some_and(|(name, value)| {
            let is_taken = value.trim().parse::<f32>().is_ok_and(|weight| weight > 0.0);
            name.trim().eq_ignore_ascii_case("q") && !is_taken
        });
        coding.trim().eq_ignore_ascii_case("br") && !is_refused
    })
}

impl StaticFiles {
    /// The folder with these files.
    pub fn new(
        files: impl IntoIterator<Item = StaticFile>,
        headers: &'static [(&'static str, &'static str)],
    ) -> Self {
        let tagged = |file: StaticFile| Tagged {
            tag: tag(&file.bytes),
            smaller_tag: tag(file.smaller.as_ref().map_or(&[], |smaller| &smaller.brotli)),
            file,
        };
        Self { files: files.into_iter().map(tagged).collect(), headers }
    }

    /// The file of this name, the page for none; `None` where there is no such file. Whoever has it already is
    /// answered so.
    pub(crate) fn answer(&self, name: &str, asked: &HeaderMap) -> Option<Response> {
        let Tagged { file, tag, smaller_tag } = match name {
            "" => self.files.first(),
            name => self.files.iter().find(|one| one.file.name == name),
        }?;
        let smaller = file.smaller.as_ref().filter(|_| takes_brotli(asked));
        let (tag, media_type, bytes) = match smaller {
            Some(smaller) => (smaller_tag, smaller.media_type, &smaller.brotli),
            None => (tag, file.media_type, &file.bytes),
        };
        let has_it = asked.get(header::IF_NONE_MATCH) == Some(tag);
        let body = if has_it { Body::empty() } else { Body::from(bytes.clone()) };
        let mut response = Response::new(body);
        if has_it {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        if smaller.is_some() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
        }
        if file.smaller.is_some() {
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        headers.insert(header::ETAG, tag.clone());
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        for (name, value) in self.headers {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        Some(response)
    }
}

/// Gives out the files at the root of `listener`, over HTTP/1.1, until `shutdown` is done.
///
/// # Errors
/// [`ServeError`] when the socket fails.
pub async fn serve_files(
    listener: TcpListener,
    files: StaticFiles,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let answer = move |method: Method, uri: Uri, headers: HeaderMap| {
        let files = files.clone();
        async move {
            let mut response = if !matches!(method, Method::GET | Method::HEAD) {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
                response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
                response
            } else if let Some(response) =
                files.answer(uri.path().trim_start_matches('/'), &headers)
            {
                response
            } else {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::NOT_FOUND;
                response
            };
            if method == Method::HEAD {
                *response.body_mut() = Body::empty();
            }
            response
        }
    };
    axum::serve(listener, Router::new().fallback(answer)).with_graceful_shutdown(shutdown).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn the_smaller_form_goes_to_those_who_take_it() {
        let smaller =
            SmallerFile { media_type: "application/wasm", brotli: Bytes::from_static(b"small") };
        let file = StaticFile {
            name: "a",
            media_type: "text/plain",
            bytes: Bytes::from_static(b"large"),
            smaller: Some(smaller),
        };
        let files = StaticFiles::new([file], &[]);
        let encoding = |value: &str| {
            let answer = files.answer("a", &asked(header::ACCEPT_ENCODING, value)).unwrap();
            assert_eq!(answer.headers()[header::VARY], "accept-encoding");
            let is_brotli = answer.headers().get(header::CONTENT_ENCODING).is_some();
            let media_type = if is_brotli { "application/wasm" } else { "text/plain" };
            assert_eq!(answer.headers()[header::CONTENT_TYPE], media_type);
            is_brotli
        };
        for taken in ["br", "gzip, deflate, br, zstd", "gzip;q=1.0, BR;q=0.5", "br;q=1"] {
            assert!(encoding(taken), "{taken}");
        }
        for refused in
            ["", "gzip", "identity", "br;q=0", "br;Q=0", "br;q=x", "br;q=0.0", "brotli", "*"]
        {
            assert!(!encoding(refused), "{refused}");
        }
        // The two forms have tags of their own.
        let tag_of = |headers: &HeaderMap| {
            files.answer("a", headers).unwrap().headers()[header::ETAG].clone()
        };
        let (plain, packed) =
            (tag_of(&HeaderMap::new()), tag_of(&asked(header::ACCEPT_ENCODING, "br")));
        assert_ne!(plain, packed);
        let mut again = asked(header::ACCEPT_ENCODING, "br");
        again.insert(header::IF_NONE_MATCH, plain);
        assert_eq!(files.answer("a", &again).unwrap().status(), StatusCode::OK);
        again.insert(header::IF_NONE_MATCH, packed);
        assert_eq!(files.answer("a", &again).unwrap().status(), StatusCode::NOT_MODIFIED);
    }
}
