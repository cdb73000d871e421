//! `[otlp]` of the receiver's file: where traces and metrics go.

use serde::Deserialize;

/// A collector of traces and metrics.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    not(feature = "otlp"),
    expect(dead_code, reason = "a program without it reads the keys, to say that it is without")
)]
pub(crate) struct OtlpSection {
    /// The collector's address, `http://127.0.0.1:4318`: `/v1/traces` and `/v1/metrics` are below it.
    pub(crate) endpoint: String,
    /// How messages are written.
    #[serde(default)]
    pub(crate) protocol: OtlpProtocol,
    /// `service.name` of what is sent.
    #[serde(default = "lmr")]
    pub(crate) service_name: String,
    /// Seconds between two exports of the metrics.
    #[serde(default = "a_minute")]
    pub(crate) interval_seconds: u32,
    /// The share of calls of which a trace is sent, 0 to 1.
    #[serde(default = "all")]
    pub(crate) sample: f64,
}

fn lmr() -> String {
    "lmr".to_owned()
}

fn a_minute() -> u32 {
    60
}

fn all() -> f64 {
    1.0
}

/// The two forms of OTLP over HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) enum OtlpProtocol {
    /// Protocol Buffers.
    #[default]
    #[serde(rename = "http/protobuf")]
    Protobuf,
    /// JSON.
    #[serde(rename = "http/json")]
    Json,
}
