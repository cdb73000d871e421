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
}

/// A folder of files in memory, the first of which is its page, with the headers that go with each.
#[derive(Clone, Debug)]
pub struct StaticFiles {
    files: Arc<[(StaticFile, HeaderValue)]>,
    headers: &'static [(&'static str, &'static str)],
}

impl StaticFiles {
    /// The folder with these files.
    pub fn new(
        files: impl IntoIterator<Item = StaticFile>,
        headers: &'static [(&'static str, &'static str)],
    ) -> Self {
        let tagged = |file: StaticFile| {
            let mut hasher = DefaultHasher::new();
            hasher.write(&file.bytes);
            let tag = format!("\"{:016x}\"", hasher.finish());
            let tag = HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"0\""));
            (file, tag)
        };
        Self { files: files.into_iter().map(tagged).collect(), headers }
    }

    /// The file of this name, the page for none; `None` where there is no such file. Whoever has it already is
    /// answered so.
    pub(crate) fn answer(&self, name: &str, asked: &HeaderMap) -> Option<Response> {
        let (file, tag) = match name {
            "" => self.files.first(),
            name => self.files.iter().find(|(file, _)| file.name == name),
        }?;
        let has_it = asked.get(header::IF_NONE_MATCH) == Some(tag);
        let body = if has_it { Body::empty() } else { Body::from(file.bytes.clone()) };
        let mut response = Response::new(body);
        if has_it {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.media_type));
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
